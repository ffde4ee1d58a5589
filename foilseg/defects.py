"""What the defects of a data set are like: objects, siblings, a trivial baseline, neighbours.

Everything here counts and measures; nothing is drawn. An object is a connected component (eight
neighbours) of one class. The *signal* of a picture is what a threshold could work on: the tilt
of the normal in degrees, or for a grey picture the distance from the median grey value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.segmentation import expand_labels

from foilseg.dataset import Dataset, Foil, LabelClass

_EIGHT = np.ones((3, 3), int)
_RING = 4
FEATURES = ("area", "elongation", "contrast")


def signal(image: np.ndarray) -> np.ndarray:
    """Tilt of the normals in degrees, or distance from the median grey: float32 (H, W).

    ``image`` is (3, H, W) normals, of any length, or (1, H, W) grey values.
    """
    if image.shape[0] == 1:
        return np.abs(image[0] - np.median(image[0])) if image.size else image[0]
    flat = np.hypot(image[0], image[1])
    return np.rad2deg(np.arctan2(flat, image[2]))


def _mask(foil: Foil, truth: bool) -> np.ndarray:
    if truth and foil.truth is None:
        raise ValueError(f"{foil.name}: has no truth; use the labels (truth=False)")
    return foil.truth if truth else foil.mask


def objects(mask: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the objects of a mask.

    Returns
    -------
    (numbers, kinds) : int32 (H, W), 0 for the background and then 1, 2, ...; and the class index
        of each object, kinds[0] being 0.
    """
    numbers, kinds = np.zeros(mask.shape, np.int32), [np.zeros(1, int)]
    for kind in range(1, n_classes):
        found, n = ndimage.label(mask == kind, _EIGHT)
        hit = found > 0
        numbers[hit] = found[hit] + sum(len(k) for k in kinds) - 1
        kinds.append(np.full(n, kind))
    return numbers, np.concatenate(kinds)


def table(
    foils: Sequence[Foil], classes: Sequence[LabelClass], truth: bool = False
) -> pd.DataFrame:
    """One row an object.

    Columns
    -------
    foil, index, name : the foil's name, class index and class name.
    row, column : centre of mass, pixels from the foil's first pixel.
    area : pixels.
    length, width : axes of the ellipse of the same second moments, pixels.
    elongation : length / width, at least 1.
    tilt : mean signal inside.
    contrast : (mean signal inside - mean within 4 pixels around, defects left out) / standard
        deviation of the signal over the foil's background; NaN where nothing is around.

    No object gives a table of no rows.

    Raises
    ------
    ValueError
        If ``truth`` is asked for and a foil has none.
    """
    names = {c.index: c.name for c in classes}
    parts = [_table(foil, _mask(foil, truth), len(classes)) for foil in foils]
    columns = ["foil", "index", "row", "column", "area", "length", "width", "elongation"]
    frame = pd.DataFrame(columns=[*columns, "tilt", "contrast"])
    parts = [p for p in parts if len(p)]
    frame = pd.concat(parts, ignore_index=True) if parts else frame
    frame.insert(2, "name", frame["index"].map(names))
    return frame


def _table(foil: Foil, mask: np.ndarray, n_classes: int) -> pd.DataFrame:
    numbers, kinds = objects(mask, n_classes)
    n = len(kinds)
    rows, columns = np.nonzero(numbers)
    which = numbers[rows, columns]
    area = np.maximum(np.bincount(which, minlength=n), 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(which, values, minlength=n) / area

    row, column = mean(rows), mean(columns)
    y, x = rows - row[which], columns - column[which]
    # a pixel is a square, not a point: its own second moment is 1/12
    yy, xx, xy = mean(y * y) + 1 / 12, mean(x * x) + 1 / 12, mean(x * y)
    root = np.sqrt(((yy - xx) / 2) ** 2 + xy**2)
    middle = (yy + xx) / 2
    length, width = 4 * np.sqrt(middle + root), 4 * np.sqrt(np.maximum(middle - root, 1 / 12))
    tilt = signal(foil.image)
    inside = mean(tilt[rows, columns])
    around, noise = _around(tilt, numbers, n)
    columns = {
        "foil": foil.name,
        "index": kinds,
        "row": row,
        "column": column,
        "area": area,
        "length": length,
        "width": width,
        "elongation": length / width,
        "tilt": inside,
        "contrast": (inside - around) / noise,
    }
    return pd.DataFrame(columns, index=range(n)).iloc[1:]


def _around(tilt: np.ndarray, numbers: np.ndarray, n: int) -> tuple[np.ndarray, float]:
    """Mean signal in the ring around each object, and the background's standard deviation."""
    near = expand_labels(numbers, _RING)
    ring = (numbers == 0) & (near > 0)
    which = near[ring]
    count = np.bincount(which, minlength=n).astype(float)
    total = np.bincount(which, tilt[ring], minlength=n)
    background = tilt[numbers == 0]
    noise = float(background.std()) if background.size else np.nan
    count[count == 0] = np.nan
    return total / count, noise if noise > 0 else np.nan


def siblings(objects_table: pd.DataFrame) -> pd.DataFrame:
    """The most similar object of the same class in another foil, for each object.

    Similar means near in the logarithms of area and elongation and in the contrast, each divided
    by its standard deviation within the class.

    Returns
    -------
    Columns ``sibling`` (index label in the table given, -1 if the class has no object in another
    foil) and ``distance`` (NaN then), with the table's index.
    """
    result = pd.DataFrame({"sibling": -1, "distance": np.nan}, index=objects_table.index)
    for _, group in objects_table.groupby("index"):
        points = np.column_stack([np.log(group["area"]), np.log(group["elongation"])])
        points = np.column_stack([points, group["contrast"].fillna(0)])
        spread = points.std(0)
        points = points / np.where(spread > 0, spread, 1)
        for foil in group["foil"].unique():
            own = (group["foil"] == foil).to_numpy()
            if own.all():
                continue
            distance, nearest = cKDTree(points[~own]).query(points[own])
            result.loc[group.index[own], "sibling"] = group.index[~own][nearest]
            result.loc[group.index[own], "distance"] = distance
    return result


def window(foil: Foil, row: float, column: float, size: int) -> Foil:
    """A square of ``size`` pixels around a place, moved so that it lies inside the foil.

    Raises
    ------
    ValueError
        If the foil is smaller than the square.
    """
    height, width = foil.shape
    if not 0 < size <= min(height, width):
        raise ValueError(f"size: {size} does not fit into {foil.name} of {height} x {width}")
    top = int(np.clip(round(row) - size // 2, 0, height - size))
    left = int(np.clip(round(column) - size // 2, 0, width - size))
    return foil.crop(top, left, size, size)


def threshold_baseline(
    foils: Sequence[Foil],
    classes: Sequence[LabelClass],
    truth: bool = False,
    thresholds: np.ndarray | None = None,
) -> pd.DataFrame:
    """How far a threshold on the signal gets: any defect where the signal is above it.

    Parameters
    ----------
    thresholds : in the unit of the signal; by default 200 from 0 to its 99.99 % quantile.

    Returns
    -------
    One row a threshold: ``threshold``, pooled ``TPR``, ``FPR`` and ``precision`` of defect against
    background, ``youden`` (TPR - FPR), and one column per defect with its TPR. Undefined ratios
    are NaN. The best row is ``frame.loc[frame["youden"].idxmax()]``.

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
        mask = _mask(foil, truth)
        for c in classes:
            inside = np.searchsorted(thresholds, values[mask == c.index], "left")
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
    parts = [_co_occurrence(f, _mask(f, truth), index[of], index[near]) for f in dataset.foils]
    return pd.concat(parts, ignore_index=True)


def _co_occurrence(foil: Foil, mask: np.ndarray, of: int, near: int) -> pd.DataFrame:
    numbers, n = ndimage.label(mask == of, _EIGHT)
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
