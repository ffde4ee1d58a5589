"""Is a data set too easy or too odd? A trivial baseline, and who lies near whom.

The *signal* is that of :mod:`foilseg.data.defects`: the tilt of the normals in degrees, or the
distance from the median brightness.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import ndimage

from foilseg.data.components import components
from foilseg.data.dataset import Dataset, Foil, LabelClass
from foilseg.data.defects import mask_of, signal


def threshold_baseline(
    foils: Sequence[Foil],
    classes: Sequence[LabelClass],
    truth: bool = False,
    thresholds: np.ndarray | None = None,
) -> pd.DataFrame:
    """How far a threshold on the signal gets: any defect where the signal is above it.

    Parameters
    ----------
    thresholds : in the unit of the signal; by default 200 from 0 to its 99.99% quantile.

    Returns
    -------
    One row a threshold: ``threshold``, pooled ``TPR``, ``FPR`` and ``precision`` of defect against
    background, ``youden`` (TPR - FPR), and one column per defect with its TPR. Undefined ratios
    are NaN. :func:`best` picks a row.

    Raises
    ------
    ValueError
        If there is no foil, or a foil lacks the truth asked for.
    """
    if not foils:
        raise ValueError("foils: none given; a threshold needs a picture")
    signals = [signal(foil.image) for foil in foils]
    if thresholds is None:
        top = max(float(np.quantile(s, 0.9999)) for s in signals)
        thresholds = np.linspace(0, top, 200)
    thresholds = np.sort(np.asarray(thresholds, float))
    above = np.zeros((len(classes), len(thresholds)), np.int64)
    total = np.zeros(len(classes), np.int64)
    for foil, values in zip(foils, signals):
        mask = mask_of(foil, truth)
        for c in classes:
            own = foil.without_ignored(mask == c.index)
            inside = np.searchsorted(thresholds, values[own], "left")
            steps = np.bincount(inside, minlength=len(thresholds) + 1)
            above[c.index] += steps[::-1].cumsum()[::-1][1:]
            total[c.index] += len(inside)
    return _rates(thresholds, above, total, classes)


def _rates(thresholds, above, total, classes) -> pd.DataFrame:
    def ratio(a, b):
        b = np.asarray(b, float)
        return np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=b > 0)

    found = above[1:].sum(0)
    frame = pd.DataFrame({"threshold": thresholds})
    frame["TPR"] = ratio(found, total[1:].sum())
    frame["FPR"] = ratio(above[0], total[0])
    frame["precision"] = ratio(found, found + above[0])
    frame["youden"] = frame["TPR"] - frame["FPR"]
    for c in classes:
        if c.index:
            frame[c.name] = ratio(above[c.index], total[c.index])
    return frame


def best(curve: pd.DataFrame) -> pd.Series:
    """The row of :func:`threshold_baseline` with the largest ``youden``.

    If no pixel is one of a defect none has any, and it is the first row.
    """
    youden = curve["youden"]
    return curve.loc[youden.idxmax() if youden.notna().any() else curve.index[0]]


def easiest(row: pd.Series, defects: Sequence[LabelClass]) -> tuple[str, float]:
    """The defect that such a row finds most of, and its TPR; ``("none", nan)`` without any."""
    found = row[[c.name for c in defects]].astype(float).dropna()
    return (str(found.idxmax()), float(found.max())) if len(found) else ("none", float("nan"))


def co_occurrence(
    dataset: Dataset, of: str = "cavity", near: str = "agglomeration", truth: bool = False
) -> pd.DataFrame:
    """How near the objects of one class are to another class, against random placement.

    Random placement means: anywhere on the foil outside the class ``near``, with equal
    probability; its distribution of distances is counted over all those pixels.

    Returns
    -------
    One row an object of the class ``of``: ``foil``, ``distance`` (pixels from its centre to the
    nearest pixel of ``near``), ``expected`` (mean distance if placed at random) and ``rank``
    (share of random places that are nearer, uniform on [0, 1] if placement were random). All
    three are NaN on foils without the class ``near``.

    Raises
    ------
    ValueError
        If the data set has no class of that name.
    """
    index = {c.name: c.index for c in dataset.classes}
    for name in (of, near):
        if name not in index:
            raise ValueError(f"no class {name!r}; the data set has {', '.join(index)}")
    parts = [_co_occurrence(f, mask_of(f, truth), index[of], index[near]) for f in dataset.foils]
    return pd.concat(parts, ignore_index=True)


def _co_occurrence(foil: Foil, mask: np.ndarray, of: int, near: int) -> pd.DataFrame:
    numbers, n = components(mask == of)
    centres = ndimage.center_of_mass(numbers > 0, numbers, range(1, n + 1))
    places = np.rint(np.array(centres).reshape(n, 2)).astype(int)
    frame = pd.DataFrame({"foil": [foil.name] * n, "distance": np.nan, "expected": np.nan})
    frame["rank"] = np.nan
    if not (mask == near).any():
        return frame
    distance = ndimage.distance_transform_edt(mask != near)
    chance = np.sort(distance[mask != near])
    found = distance[places[:, 0], places[:, 1]]
    frame["distance"] = found
    frame["expected"] = chance.mean() if chance.size else np.nan
    middle = np.searchsorted(chance, found, "left") + np.searchsorted(chance, found, "right")
    frame["rank"] = middle / 2 / max(chance.size, 1)
    return frame


def nearness(pairs: pd.DataFrame, of: str, near: str) -> str:
    """A sentence that reads :func:`co_occurrence`."""
    known = pairs.dropna(subset="rank")
    if known.empty:
        return f"No image has both {of} and {near}, so these data say nothing about their distance."
    half = (known["rank"] < 0.5).mean()
    distances = known["distance"].median(), known["expected"].median()
    return (
        f"Half of the {of} objects lie within {distances[0]:.0f} pixels of {near}. Placed at"
        f" random, half of them would have mean distances of up to {distances[1]:.0f} pixels."
        f" Nearer than the median random place lie {half:.0%} of the objects, and not 50%."
    )
