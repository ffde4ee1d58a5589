"""Rules that pick examples of what annotators do wrong: only data with a truth can have them.

The thesis shows a coarse annotation (Fig. 5.1) and places where many defects are not annotated
(Fig. 5.2), chosen by eye.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foilseg.data.components import boxes, corner_and_size
from foilseg.data.dataset import Foil, LabelClass
from foilseg.evaluation.example_rules import top_object
from foilseg.evaluation.examples import NONE, Box, Pick
from foilseg.evaluation.label_audit_quality import missed

WINDOW = 48  # pixels a side of a place where objects are counted
BLIND = "These data have no truth, so nothing can be said about what the annotators did wrong"


def without(foils: Sequence[Foil]) -> str:
    """What stands in the place of a pick: why there is none."""
    return BLIND if any(foil.truth is None for foil in foils) else NONE


def coarsest(foils: Sequence[Foil], classes: Sequence[LabelClass]) -> Pick | None:
    """The annotated object with most pixels beyond the defect that it stands for.

    Beyond are pixels in which the truth does not have the class; an object without a pixel in
    which it has stands for nothing and is left out. None without a truth or such an object.
    """
    if any(foil.truth is None for foil in foils):
        return None

    def beyond(foil: Foil, c: LabelClass, numbers: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        inside = np.bincount(numbers[foil.truth == c.index], minlength=len(sizes))
        return np.where(inside > 0, sizes - inside, 0)

    rule = "annotated object with most pixels beyond its defect"
    return top_object(foils, classes, beyond, rule)


def most_missed(
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
            picks.append(Pick(rule, foil.name, float(count), box=box))
    return sorted(picks, key=lambda pick: -pick.value)[:number]


def _middles(foil: Foil, classes: Sequence[LabelClass]) -> np.ndarray:
    """Row and column of the middle of every missed object: (n, 2)."""
    points = []
    for c in (c for c in classes if c.index):
        numbers, chosen = missed(foil, c.index, anything=True)
        places = boxes(numbers)
        corners = [corner_and_size(places[k - 1]) for k in chosen]
        points += [(top + h / 2, left + w / 2) for top, left, h, w in corners]
    return np.array(points).reshape(-1, 2)


def _fullest(points: np.ndarray, shape: tuple[int, int], side: int) -> tuple[Box, int]:
    """Of the windows on a grid of half a side, the first with most points, and how many."""
    best, most = (0, 0, *shape), 0
    height, width = (min(side, n) for n in shape)
    for top in _starts(shape[0], height, side):
        for left in _starts(shape[1], width, side):
            far = points - (top, left)
            count = int(((far >= 0) & (far < (height, width))).all(axis=1).sum())
            if count > most:
                best, most = (top, left, height, width), count
    return best, most


def _starts(whole: int, size: int, side: int) -> list[int]:
    return sorted({*range(0, whole - size, max(1, side // 2)), whole - size})
