"""What the defects of a data set are like: a table of objects and their most similar siblings.

Nothing is drawn here. An object is a connected component of one class
(:mod:`foilseg.data.components`). The *signal* of a picture is what a threshold could work on: the
tilt of the normal in degrees, or of any other picture the distance from the median brightness.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.measure import regionprops_table
from skimage.segmentation import expand_labels

from foilseg.data.components import components, objects
from foilseg.data.dataset import Foil, LabelClass
from foilseg.data.photometric import are_normals, brightness

_RING = 4
QUARTILES = (0.25, 0.5, 0.75)


def signal(image: np.ndarray) -> np.ndarray:
    """Tilt of the normals in degrees, or distance from the median brightness: float32 (H, W).

    ``image`` is (3, H, W) normals or colours, or (1, H, W) grey values.
    """
    if not are_normals(image):
        grey = brightness(image)
        return np.abs(grey - np.median(grey)) if image.size else grey
    flat = np.hypot(image[0], image[1])
    return np.rad2deg(np.arctan2(flat, image[2]))


def mask_of(foil: Foil, truth: bool) -> np.ndarray:
    """The foil's labels, or its truth; a ValueError names a foil that has none."""
    if truth and foil.truth is None:
        raise ValueError(f"{foil.name}: has no truth; use the labels (truth=False)")
    return foil.truth if truth else foil.mask


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
    parts = [_table(foil, mask_of(foil, truth), len(classes)) for foil in foils]
    columns = ["foil", "index", "row", "column", "area", "length", "width", "elongation"]
    frame = pd.DataFrame(columns=[*columns, "tilt", "contrast"])
    parts = [p for p in parts if len(p)]
    frame = pd.concat(parts, ignore_index=True) if parts else frame
    frame.insert(2, "name", frame["index"].map(names))
    return frame


def _table(foil: Foil, mask: np.ndarray, n_classes: int) -> pd.DataFrame:
    numbers, kinds = objects(mask, n_classes)
    tilt = signal(foil.image)
    measured = ("area", "centroid", "inertia_tensor_eigvals", "intensity_mean")
    found = regionprops_table(numbers, tilt, properties=measured)
    # a pixel is a square, not a point: its own second moment is 1/12
    axes = [4 * np.sqrt(found[f"inertia_tensor_eigvals-{i}"] + 1 / 12) for i in (0, 1)]
    around, noise = _around(tilt, numbers, len(kinds))
    columns = {
        "foil": foil.name,
        "index": kinds[1:],
        "row": found["centroid-0"],
        "column": found["centroid-1"],
        "area": found["area"].astype(int),
        "length": axes[0],
        "width": axes[1],
        "elongation": axes[0] / axes[1],
        "tilt": found["intensity_mean"],
        "contrast": (found["intensity_mean"] - around[1:]) / noise,
    }
    return pd.DataFrame(columns, index=range(1, len(kinds)))


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


def at_quartiles(objects_table: pd.DataFrame, index: int) -> list[pd.Series]:
    """The rows of a class at the quartiles of its area; none if it has no object."""
    group = objects_table[objects_table["index"] == index].sort_values("area", kind="stable")
    return [group.iloc[int(part * (len(group) - 1))] for part in QUARTILES if len(group)]


def pixels_of(foil: Foil, row: pd.Series) -> np.ndarray:
    """The pixels of an object of :func:`table`: bool (H, W) of its foil.

    Raises
    ------
    ValueError
        If the labels of the foil have no object of the row's class.
    """
    numbers, n = components(foil.mask == row["index"])
    if not n:
        raise ValueError(f"{foil.name}: has no object of class {row['index']}")
    centres = np.array(ndimage.center_of_mass(numbers > 0, numbers, range(1, n + 1)))
    away = np.abs(centres - [row["row"], row["column"]]).sum(axis=1)
    away += np.abs(np.bincount(numbers.ravel())[1:] - row["area"])  # of those with one centre
    return numbers == 1 + away.argmin()


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
