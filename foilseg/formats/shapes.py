"""Polygons, circles and rectangles of annotation tools <-> pixels.

Tools measure from the upper left corner of the upper left pixel, so the middle of the pixel in row
r and column c is (c + 0.5, r + 0.5). A pixel belongs to a shape if its middle does. A shape that
holds no such middle becomes the one pixel in which its own middle lies: nothing annotated is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from skimage import draw, measure

HALF = 0.5


def polygon(points: Sequence[Sequence[float]], size: tuple[int, int]) -> np.ndarray:
    """bool (H, W) of a polygon of (x, y) in pixels; what lies outside of the picture is cut off.

    Raises
    ------
    ValueError
        If it has fewer than three points, or one that is no pair of finite numbers.
    """
    corners = _corners(points)
    if len(corners) < 3:
        raise ValueError(f"a polygon of {len(corners)} points")
    rows, columns = draw.polygon(corners[:, 1] - HALF, corners[:, 0] - HALF, size)
    return _drawn(rows, columns, corners, size)


def rectangle(points: Sequence[Sequence[float]], size: tuple[int, int]) -> np.ndarray:
    """bool (H, W) of the rectangle between two opposite corners, or of all four.

    Raises
    ------
    ValueError
        If it has another number of points.
    """
    corners = _corners(points)
    if len(corners) == 4:
        return polygon(points, size)
    if len(corners) != 2:
        raise ValueError(f"a rectangle of {len(corners)} points")
    (a, b), (c, d) = corners
    return polygon([(a, b), (c, b), (c, d), (a, d)], size)


def circle(points: Sequence[Sequence[float]], size: tuple[int, int]) -> np.ndarray:
    """bool (H, W) of a circle, given by its middle and a point on it."""
    corners = _corners(points)
    if len(corners) != 2:
        raise ValueError(f"a circle of {len(corners)} points")
    middle, rim = corners
    radius = float(np.hypot(*(rim - middle)))
    rows, columns = draw.disk((middle[1] - HALF, middle[0] - HALF), radius, shape=size)
    return _drawn(rows, columns, middle[None], size)


def _corners(points: Sequence[Sequence[float]]) -> np.ndarray:
    corners = np.asarray(points, float)
    if corners.ndim != 2 or corners.shape[1] != 2 or not np.isfinite(corners).all():
        raise ValueError("points that are no pairs of numbers")
    return corners


def _drawn(rows, columns, corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[rows, columns] = True
    if not len(rows):
        across, down = corners.mean(axis=0)
        inside = 0 <= down < size[0] and 0 <= across < size[1]
        if inside:
            mask[int(down), int(across)] = True
    return mask


def outlines(mask: np.ndarray) -> list[list[tuple[float, float]]]:
    """The outer outline of each object of a bool mask (H, W) as (x, y) corners of polygons.

    They pass half-way between the middles of pixels inside and outside, so :func:`polygon` gives
    back every object that has no hole, exactly. Pixels that touch with a corner alone are objects
    of their own here. Holes are not told: see :func:`has_holes`.
    """
    padded = np.pad(mask, 1).astype(float)
    found = measure.find_contours(padded, HALF, fully_connected="low", positive_orientation="high")
    outer = [ring for ring in found if _area(ring) > 0]
    return [[(float(c) - HALF, float(r) - HALF) for r, c in ring[:-1]] for ring in outer]


def _area(ring: np.ndarray) -> float:
    """Twice the area that a closed line of (row, column) goes round; negative round a hole."""
    row, column = ring[:-1].T
    return float((row * np.roll(column, -1) - np.roll(row, -1) * column).sum())


def has_holes(mask: np.ndarray) -> bool:
    """Whether an object of a mask goes all round some pixels that do not belong to it."""
    return bool((ndimage.binary_fill_holes(mask, np.ones((3, 3))) != mask).any())
