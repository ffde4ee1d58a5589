"""How far pixels are from a mask: of a whole picture, or of a few pixels without the rest."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

FEW = 6  # pixels; up to here looking around a pixel is cheaper than a map of distances


def distance_to(mask: np.ndarray) -> np.ndarray:
    """Distance (Euclidean) of each pixel to the nearest one of a mask: float64 (H, W).

    Infinite if the mask has none.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return ndimage.distance_transform_edt(~mask)


def distances(mask: np.ndarray, points: np.ndarray, reach: float) -> np.ndarray:
    """What :func:`distance_to` says of some pixels: float64 (n,); infinite if over ``reach``.

    Parameters
    ----------
    points : bool (H, W), the pixels, in reading order.
    reach : the largest distance that counts, at least 0.
    """
    if reach > FEW:
        found = distance_to(mask)[points]
        return np.where(found <= reach, found, np.inf)
    width = int(reach)
    padded = np.pad(mask, width)
    rows, columns = np.nonzero(points)
    place = (rows + width) * padded.shape[1] + columns + width
    found, lacking = np.full(len(place), np.inf), np.arange(len(place))
    for far, row, column in _around(width):
        if far > reach or not len(lacking):
            break
        hit = padded.ravel()[place[lacking] + (row * padded.shape[1] + column)]
        found[lacking[hit]] = far
        lacking = lacking[~hit]
    return found


def _around(width: int) -> list[tuple[float, int, int]]:
    """Distance, row and column of the pixels around one, the nearest first."""
    steps = range(-width, width + 1)
    return sorted((float(np.sqrt(y * y + x * x)), y, x) for y in steps for x in steps)
