"""Rules that pick windows by what lies in them, so that nobody picks them by hand.

As those of :mod:`foilseg.evaluation.example_rules` they return a
:class:`foilseg.evaluation.examples.Pick`. The thesis shows places where many defects are not
annotated (Fig. 5.2), chosen by eye.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from foilseg.data.components import boxes, components, corner_and_size
from foilseg.data.dataset import Foil, LabelClass
from foilseg.evaluation.examples import LEAST, Box, Pick
from foilseg.evaluation.label_audit_quality import missed

WINDOW = 48  # pixels a side of a place where objects are counted
SEEN = (LEAST, 8)  # pixels a side of a window that is enlarged, and from one to the next


def most_unlabelled(
    foils: Sequence[Foil], classes: Sequence[LabelClass], number: int = 3, side: int = WINDOW
) -> list[Pick]:
    """The windows with most objects that are not annotated as anything, each of another foil.

    An object counts in the window that holds the middle of its box; windows lie on a grid of half
    their side. Fewer than ``number`` foils with such an object give fewer picks; data without a
    truth give none.
    """
    picks = []
    for foil in foils:
        if foil.truth is None:
            return []
        box, count = _fullest(_middles(foil, classes), foil.shape, side)
        if count:
            rule = f"most defects that are not annotated, in a window of {side} pixels"
            picks.append(Pick(rule, foil.name, float(count), box=box, unit="objects"))
    return sorted(picks, key=lambda pick: -pick.value)[:number]


def fullest(foils: Sequence[Foil], c: LabelClass, side: int = WINDOW, step: int = 0) -> Pick | None:
    """The window with most annotated objects of a class, counted as in :func:`most_unlabelled`.

    None if no foil has one. ``step`` : pixels from one window to the next, half a side unless told.
    """
    best = None
    for foil in foils:
        box, count = _fullest(_annotated(foil, c), foil.shape, side, step)
        if count > (best.value if best else 0):
            rule = f"most annotated objects of a class, in a window of {side} pixels"
            best = Pick(rule, foil.name, float(count), c.name, box=box, unit="objects")
    return best


def densest(pixels: np.ndarray, side: int = WINDOW) -> Box:
    """The first window of ``side`` pixels that holds most pixels of a bool array (H, W)."""
    height, width = (min(side, n) for n in pixels.shape)
    sums = np.pad(pixels.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
    counts = inside + sums[:-height, :-width]
    row, column = np.unravel_index(counts.argmax(), counts.shape)
    return (int(row), int(column), height, width)


def close_up(foil: Foil, c: LabelClass) -> Pick | None:
    """The :func:`fullest` window of a foil to look at, with its objects in the middle.

    Its size and the steps between windows are :data:`SEEN`; None without an annotated object.
    """
    pick = fullest([foil], c, *SEEN)
    if pick is None:
        return None
    corner, size = np.array(pick.box[:2]), np.array(pick.box[2:])
    far = _annotated(foil, c) - corner
    inside = far[((far >= 0) & (far < size)).all(axis=1)]
    moved = corner + (inside.min(axis=0) + inside.max(axis=0) - size) / 2
    top, left = np.clip(moved.round().astype(int), 0, foil.shape - size)
    return replace(pick, box=(int(top), int(left), *pick.box[2:]))


def of_rarest(foil: Foil, foils: Sequence[Foil], classes: Sequence[LabelClass]) -> Pick | None:
    """The :func:`close_up` of the rarest defect that is annotated in a foil; None without any.

    ``foils`` : in whose masks pixels are counted; the class with fewest is the rarest, of equals
    the first.
    """
    pixels = {c: sum(int((f.mask == c.index).sum()) for f in foils) for c in classes if c.index}
    own = [c for c in pixels if (foil.mask == c.index).any()]
    return close_up(foil, min(own, key=pixels.__getitem__)) if own else None


def _annotated(foil: Foil, c: LabelClass) -> np.ndarray:
    """Row and column of the middle of every annotated object of a class: (n, 2)."""
    places = map(corner_and_size, boxes(components(foil.mask == c.index)[0]))
    return np.array([(top + h / 2, left + w / 2) for top, left, h, w in places]).reshape(-1, 2)


def _middles(foil: Foil, classes: Sequence[LabelClass]) -> np.ndarray:
    """Row and column of the middle of every missed object: (n, 2)."""
    points = []
    for c in (c for c in classes if c.index):
        numbers, chosen = missed(foil, c.index, anything=True)
        places = boxes(numbers)
        corners = [corner_and_size(places[k - 1]) for k in chosen]
        points += [(top + h / 2, left + w / 2) for top, left, h, w in corners]
    return np.array(points).reshape(-1, 2)


def _fullest(
    points: np.ndarray, shape: tuple[int, int], side: int, step: int = 0
) -> tuple[Box, int]:
    """Of the windows on a grid (of half a side), the first with most points, and how many."""
    best, most = (0, 0, *shape), 0
    height, width = (min(side, n) for n in shape)
    step = step or max(1, side // 2)
    for top in _starts(shape[0], height, step):
        for left in _starts(shape[1], width, step):
            far = points - (top, left)
            count = int(((far >= 0) & (far < (height, width))).all(axis=1).sum())
            if count > most:
                best, most = (top, left, height, width), count
    return best, most


def _starts(whole: int, size: int, step: int) -> list[int]:
    return sorted({*range(0, whole - size, step), whole - size})
