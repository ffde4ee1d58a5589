"""A study counted otherwise: what its evidence would be with another way of counting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from foilseg import curves, evidence, metrics, stability
from foilseg.curves import Histograms
from foilseg.evidence import RATES, Evidence
from foilseg.findings import Findings, as_published, gather, thesis_names
from foilseg.study import Study


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
    is what :func:`foilseg.findings.gather` returned for the other arguments.
    """
    other = next(kind for kind in metrics.AVERAGES if kind != average)
    result = {f"{other} rates": found.evidence(other)}
    if study.dataset.has_truth:
        kind, words = ("truth", "truth") if against == "label" else ("label", "annotation")
        result[f"judged by the {words}"] = gather(study, names, kind, tested).evidence(average)
    for c in study.dataset.defects if len(study.dataset.defects) > 1 else ():
        result[f"without {c.name}"] = found.without(c.name).evidence(average)
    joined = as_published(study.joined_counts(names, against), study, names)
    result["One-vs-Rest joined"] = evidence.from_counts(joined, average)
    titles = thesis_names(study, names)
    histograms = {titles[m.title]: m.histograms() for m in map(study.model, names)}
    here = evidence.from_counts(found.counts, average)
    result["all models at one FPR"] = at_one_fpr(here, histograms, study, against)
    for seed in stability.seeds(study)[1:]:
        again = study.with_seed(seed)
        made = [name for name in names if not again.missing([name])]
        if len(made) > 1:
            counts = as_published(again.counts(made, against), again, made)
            result[f"trained with seed {seed}"] = evidence.from_counts(counts, average)
    return result


def at_one_fpr(
    here: Evidence, histograms: Mapping[str, Histograms], study: Study, against: str = "label"
) -> Evidence:
    """Rates of every model at the threshold that gives, for each defect, the models' median FPR.

    The FPR itself is then the same for all and says nothing: NaN, so claims about it are open.
    """
    rates = np.full(here.rates.shape, np.nan)
    for j, c in enumerate(study.dataset.defects):
        own = here.rates[:, j, RATES.index("FPR")]
        level = float(np.median(own[~np.isnan(own)])) if not np.isnan(own).all() else np.nan
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
