"""A study counted otherwise: what its evidence would be with another way of counting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from foilseg.analysis import stability
from foilseg.analysis.gather import Findings, as_published, gather, thesis_names
from foilseg.claims import evidence
from foilseg.claims.evidence import RATES, Evidence
from foilseg.data.dataset import LabelClass
from foilseg.evaluation import curves, metrics
from foilseg.evaluation.curves import Histograms
from foilseg.studies.study import Study


def of(
    study: Study,
    names: Sequence[str],
    found: Findings,
    against: str = "label",
    average: str = "pooled",
    tested: Sequence[str] = (),
) -> dict[str, Evidence]:
    """The study counted otherwise, a name for each change -> evidence.

    The other reference, the other average, each defect left out, One-vs-Rest predictions joined,
    every model at the same FPR, and each other training of the models that have one. ``found``
    is what :func:`foilseg.analysis.gather.gather` returned for the other arguments.
    """
    other = next(kind for kind in metrics.AVERAGES if kind != average)
    result = {f"{other} rates": found.evidence(other)}
    if study.dataset.has_truth:
        kind, words = ("truth", "truth") if against == "label" else ("label", "annotation")
        result[f"judged by the {words}"] = gather(study, names, kind, tested).evidence(average)
    for c in study.dataset.defects if len(study.dataset.defects) > 1 else ():
        result[f"without {c.name}"] = found.without(c.name).evidence(average)
    joined = as_published(study.counts(names, against, joined=True), study, names)
    result["One-vs-Rest joined"] = evidence.from_counts(joined, average)
    titles = thesis_names(study, names)
    histograms = {titles[m.title]: m.histograms() for m in map(study.model, names)}
    here = evidence.from_counts(found.counts, average)
    result["all models at one FPR"] = at_one_fpr(here, histograms, study.dataset.defects, against)
    for seed in stability.seeds(study)[1:]:
        again = study.with_seed(seed)
        made = [name for name in names if not again.missing([name])]
        if len(made) > 1:
            counts = as_published(again.counts(made, against), again, made)
            result[f"trained with seed {seed}"] = evidence.from_counts(counts, average)
    return result


def common_fpr(here: Evidence) -> np.ndarray:
    """float64 (defects,): the median FPR of the models; NaN where none is defined."""
    each = pd.DataFrame(here.rates[:, :, RATES.index("FPR")])
    return each.median().to_numpy()


def at_one_fpr(
    here: Evidence,
    histograms: Mapping[str, Histograms],
    defects: Sequence[LabelClass],
    against: str = "label",
    levels: np.ndarray | None = None,
) -> Evidence:
    """Rates of every model at the threshold that gives a common FPR for each defect.

    ``levels`` : float64 (defects,), the common FPR; the models' median of ``here`` unless told.
    The FPR itself is then the same for all and says nothing: NaN, so claims about it are open.
    """
    levels = common_fpr(here) if levels is None else levels
    rates = np.full(here.rates.shape, np.nan)
    for j, (c, level) in enumerate(zip(defects, levels)):
        for i, model in enumerate(here.models):
            total = histograms[model].total(c.name, against)
            negatives, positives = total.sum(axis=0)
            tpr = curves.tpr_at(total, level)
            claimed = tpr * positives + level * negatives
            rates[i, j, RATES.index("TPR")] = tpr
            rates[i, j, RATES.index("precision")] = (
                tpr * positives / claimed if claimed > 0 else np.nan
            )
    return Evidence(here.models, here.defects, rates)


def without_each_image(
    counts: pd.DataFrame, average: str = "pooled"
) -> Iterable[tuple[str, Evidence]]:
    """Every image's name and evidence of all others; rates only. Nothing for a single image."""
    images = list(dict.fromkeys(counts["foil"]))
    weights = 1 - np.eye(len(images), dtype=np.int64)
    left = evidence.reweighted(counts, weights, average) if len(images) > 1 else ()
    return zip(images, left)


def matched(record: Evidence, same: Evidence) -> pd.DataFrame:
    """Mean TPR of each model at its own threshold and at the FPR of all: model, and both.

    ``same`` : of :func:`at_one_fpr`, with the models of ``record``.
    """
    rows = [(m, record.mean(m, "TPR"), same.mean(m, "TPR")) for m in record.models]
    return pd.DataFrame(rows, columns=["model", "own threshold", "common FPR"])


def matched_seeds(study: Study, names: Sequence[str], against: str = "label") -> pd.DataFrame:
    """:func:`matched` of every training of some models: model, seed, and both TPRs.

    The common FPR is, for all seeds, the median of the models with the study's own.
    """
    tables, levels = [], None
    for seed in stability.seeds(study):
        other = study.with_seed(seed)
        made = [name for name in names if not other.missing([name])]
        models = [other.model(name) for name in made]
        if models:
            here = evidence.from_counts(other.counts(made, against).astype({"model": str}))
            found = {model.title: model.histograms() for model in models}
            levels = common_fpr(here) if levels is None else levels
            same = at_one_fpr(here, found, study.dataset.defects, against, levels)
            tables.append(matched(here, same).assign(seed=seed))
    return pd.concat(tables, ignore_index=True)[["model", "seed", "own threshold", "common FPR"]]
