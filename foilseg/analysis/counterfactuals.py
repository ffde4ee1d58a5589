"""A study counted otherwise: what its evidence would be with another way of counting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from foilseg.analysis import stability, trainings
from foilseg.analysis.gather import Findings, as_published, gather
from foilseg.claims import evidence
from foilseg.claims.evidence import RATES, Evidence
from foilseg.evaluation import metrics
from foilseg.evaluation.bootstrap import TRAINING
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
    even = as_published(trainings.of_study(study, names, against).even, study, names)
    result["all models at one FPR"] = at_one_fpr(even, average)
    for seed in stability.seeds(study)[1:]:
        again = study.with_seed(seed)
        made = [name for name in names if not again.missing([name])]
        if len(made) > 1:
            counts = as_published(again.counts(made, against), again, made)
            result[f"trained with seed {seed}"] = evidence.from_counts(counts, average)
    return result


def at_one_fpr(counts: pd.DataFrame, average: str = "pooled") -> Evidence:
    """Evidence of models that were set to a common FPR for each defect.

    ``counts`` : of :attr:`foilseg.analysis.trainings.Compared.even`. The FPR itself is then the
    same for all where thresholds are set and says nothing: NaN, so claims about it are open.
    """
    found = evidence.from_counts(counts, average)
    rates = found.rates.copy()
    rates[:, :, RATES.index("FPR")] = np.nan
    return Evidence(found.models, found.defects, rates)


def without_each_image(
    counts: pd.DataFrame, average: str = "pooled"
) -> Iterable[tuple[str, Evidence]]:
    """Every image's name and evidence of all others; rates only. Nothing for a single image.

    Of several trainings it is left out of each.
    """
    images = list(dict.fromkeys(counts["foil"]))
    trainings = counts[TRAINING].nunique() if TRAINING in counts else 1
    weights = np.tile(1 - np.eye(len(images), dtype=np.int64), (1, trainings))
    left = evidence.reweighted(counts, weights, average) if len(images) > 1 else ()
    return zip(images, left)
