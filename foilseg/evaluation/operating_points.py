"""Thresholds that are chosen on one part of the data and judged on another.

A threshold that is chosen where it is judged promises too much. Here each training of a model has
two histograms (:mod:`foilseg.evaluation.curves`): on the first the threshold is chosen, on the
second it is judged. Where there is no second part, both are the same, and the caller says so.

A *place* is a number on the axis of thresholds, 0 where nothing is reported and
:data:`foilseg.evaluation.curves.BINS` where everything is. Between two whole numbers it stands for
a mixture of two neighbouring thresholds in that proportion, which has counts in the same
proportion: so an FPR can be met exactly where it is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from foilseg.evaluation import metrics
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.curves import BINS, Histograms

ROUNDING = 1e-6  # pixels; a share of pixels that were counted gives their number back


class Trainings(NamedTuple):
    """The histograms of a model, one of each part a training, in the same order."""

    chosen_on: tuple[Histograms, ...]
    judged_on: tuple[Histograms, ...]


def _falling(counts: np.ndarray) -> np.ndarray:
    """int64 (..., BINS + 1, 2): false and true positives from the highest threshold on."""
    summed = np.cumsum(counts[..., ::-1, :], axis=-2)
    return np.concatenate([np.zeros_like(summed[..., :1, :]), summed], axis=-2)


def place_of_fpr(counts: np.ndarray, fpr: float) -> float:
    """The place of a histogram (BINS, 2) with this FPR, of several the one with the highest TPR.

    NaN without a negative pixel.
    """
    false = _falling(counts)[:, 0].astype(float)
    if not false[-1]:
        return float("nan")
    target = fpr * false[-1]
    below = int(np.searchsorted(false, target + ROUNDING, side="right")) - 1
    if below >= BINS:
        return float(BINS)
    part = (target - false[below]) / (false[below + 1] - false[below])
    return below + max(0.0, float(part))


def counts_at(histograms: Histograms, defect: str, place: float, against: str) -> pd.DataFrame:
    """Counts at a place: a row a foil with tp, fp, fn, tn (float64; NaN if the place is)."""
    rows = ((histograms.keys["defect"] == defect) & (histograms.keys["against"] == against)).values
    reported = _falling(histograms.counts[rows]).astype(float)
    table = pd.DataFrame({"foil": histograms.keys["foil"].values[rows]})
    if np.isnan(place):
        return table.assign(**dict.fromkeys(metrics.COUNTS, np.nan))
    low, part = min(int(place), BINS - 1), place - min(int(place), BINS - 1)
    fp, tp = ((1 - part) * reported[:, low] + part * reported[:, low + 1]).T
    negative, positive = reported[:, -1].T
    return table.assign(tp=tp, fp=fp, fn=positive - tp, tn=negative - fp)


def common_fpr(counts: pd.DataFrame) -> dict[str, float]:
    """Defect -> the median of the models' FPRs, pooled over images and trainings."""
    rates = metrics.score(counts.astype({"defect": str}), ["model", "defect"], scores=["FPR"])
    return rates.groupby("defect", sort=False)["FPR"].median().to_dict()


def at_one_fpr(
    models: Mapping[str, Trainings], levels: Mapping[str, float], against: str = "label"
) -> pd.DataFrame:
    """Counts of every model where its threshold is judged, chosen for a common FPR.

    Parameters
    ----------
    models : title -> trainings.
    levels : defect -> FPR, such as :func:`common_fpr`.

    Returns
    -------
    model, training, foil, defect, and the counts (float64): what
    :mod:`foilseg.evaluation.bootstrap` takes.
    """
    parts = []
    for model, number, here, there in _each(models):
        for defect, level in levels.items():
            place = place_of_fpr(here.total(defect, against), level)
            counts = counts_at(there, defect, place, against)
            parts.append(counts.assign(model=model, training=number, defect=defect))
    heads = ["model", TRAINING, "foil", "defect", *metrics.COUNTS]
    return pd.concat(parts, ignore_index=True)[heads]


def where_judged(
    models: Mapping[str, Trainings], levels: Mapping[str, float], against: str = "label"
) -> pd.DataFrame:
    """Counts of every model at one FPR that it has on the images that judge: thresholds from there.

    Those that :func:`at_one_fpr` chooses elsewhere may realise another FPR. Nobody could use these,
    but a difference that they take away was one of false alarms. Takes and returns what it does.
    """
    same = {title: Trainings(part.judged_on, part.judged_on) for title, part in models.items()}
    return at_one_fpr(same, levels, against)


def _each(models: Mapping[str, Trainings]) -> Iterator[tuple[str, int, Histograms, Histograms]]:
    for model, trainings in models.items():
        for number, (here, there) in enumerate(zip(*trainings, strict=True)):
            yield model, number, here, there


def realised(counts: pd.DataFrame, levels: Mapping[str, float]) -> pd.DataFrame:
    """What became of the promised FPR: defect, promised, and the ratio realised / promised.

    ``counts`` : of :func:`at_one_fpr`. Of the ratios of all models and trainings the least, the
    median and the largest, and the share from a half to two.
    """
    keys = ["model", TRAINING, "defect"]
    table = metrics.score(counts, keys, scores=["FPR"])
    table["ratio"] = table["FPR"] / table["defect"].map(levels)
    rows = [
        (defect, levels[defect], *part.quantile([0, 0.5, 1]), part.between(0.5, 2).mean())
        for defect, part in table.groupby("defect", sort=False)["ratio"]
    ]
    return pd.DataFrame(
        rows, columns=["defect", "promised FPR", "least", "median", "largest", "within half to two"]
    )


def costs(
    models: Mapping[str, Trainings],
    defects: Sequence[str],
    prices: Sequence[float],
    against: str = "label",
) -> pd.DataFrame:
    """What each model costs where its thresholds are judged: a row a price, a column a model.

    A missed pixel costs the price, a falsely reported one 1; the threshold of each training and
    defect is the cheapest where it is chosen. The cost is a share of that of reporting nothing,
    pooled over the images, and the mean over defects (those with a pixel) and trainings.
    """
    rows, each = [], np.asarray(prices, float)
    for model, _, here, there in _each(models):
        shares = [_cost(here.total(d, against), there.total(d, against), each) for d in defects]
        rows.append(pd.DataFrame(shares).mean().rename(model))
    table = pd.DataFrame(rows).groupby(level=0, sort=False).mean().T
    return table.set_axis(pd.Index(prices, name="price of a miss"))


def _cost(here: np.ndarray, there: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """Of each price; of equally cheap thresholds the highest is taken."""
    here, there = _falling(here).astype(float), _falling(there).astype(float)
    missed, price = here[-1, 1] - here[:, 1], prices[:, None]
    place = np.argmin(price * missed + here[:, 0], axis=1)
    positive = there[-1, 1]
    if not positive:
        return np.full(len(prices), np.nan)
    return (prices * (positive - there[place, 1]) + there[place, 0]) / (prices * positive)
