"""The classes of the twin: one table, from which shapes, quotas, places and annotators follow.

A further class is a row of :data:`KINDS` with the next index, a line of :data:`COLOURS`, and a
function that draws it in :mod:`foilseg.twin.shapes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foilseg.data.dataset import LabelClass
from foilseg.twin import shapes


@dataclass(frozen=True)
class Kind:
    """One class of defects.

    Attributes
    ----------
    index : in masks; 1, 2, ... without a gap.
    name : in tables, in lower case; that of the thesis.
    short : what the parameters of the twin call it, as in ``contrast_trail``.
    draw : one at random, (generator, scale, size) -> footprint, relief, albedo, anchor.
    area, slope : of the middling one, in units of 50 micrometres squared, and without dimension.
    small : label area of a small one, in units of 50 micrometres squared.
    absent : share of the foils without it.
    spread : shape of the gamma distribution of its amounts on foils; the larger, the more alike.
    amount_with : the kind whose amount on a foil raises its own, or "".
    layer : where defects overlap, the larger number lies on top.
    near : the kind that it seeks.
    near_share : how often it is put near one of that kind, if the region has one.
    own_share : how often it seeks its own kind instead.
    reach : mean further distance from the one sought, in units of 50 micrometres; None puts it
        right there.
    missed : probability that annotators miss the middling one.
    generosity : factor on the margin that annotators leave around it.
    taken_for : the kind that annotators take it for by mistake.
    shares : of the label pixels in training and validation regions; None takes those that the
        thesis prints for a class of that name (Tables 3.1 and A1).
    """

    index: int
    name: str
    short: str
    draw: Callable[[np.random.Generator, float, float], shapes.Drawn]
    area: float
    slope: float
    small: float
    absent: float
    spread: float
    layer: int
    near: str
    near_share: float
    missed: float
    generosity: float
    taken_for: str
    amount_with: str = ""
    own_share: float = 0.0
    reach: float | None = 25.0
    shares: tuple[float, float] | None = None


KINDS = (
    Kind(
        index=1,
        name="agglomeration",
        short="agglomeration",
        draw=shapes.agglomeration,
        area=320.0,
        slope=0.1,
        small=250,
        absent=0.04,
        spread=2.5,
        layer=2,
        near="agglomeration",
        near_share=0.55,
        reach=35.0,
        missed=0.16,
        generosity=1.6,
        taken_for="cavity",
    ),
    Kind(
        index=2,
        name="crack",
        short="crack",
        draw=shapes.crack,
        area=1100.0,
        slope=0.2,
        small=450,
        absent=0.2,
        spread=2.0,
        layer=3,
        near="agglomeration",
        near_share=0.0,
        missed=0.06,
        generosity=0.8,
        taken_for="blade trail",
    ),
    Kind(
        index=3,
        name="cavity",
        short="cavity",
        draw=shapes.cavity,
        area=65.0,
        slope=0.75,
        small=65,
        absent=0.15,
        spread=1.5,
        amount_with="agglomeration",
        layer=4,
        near="agglomeration",
        near_share=0.75,
        own_share=0.3,
        missed=0.20,
        generosity=0.8,
        taken_for="agglomeration",
    ),
    Kind(
        index=4,
        name="blade trail",
        short="trail",
        draw=shapes.trail,
        area=4500.0,
        slope=0.12,
        small=2500,
        absent=0.25,
        spread=2.0,
        layer=1,
        near="agglomeration",
        near_share=0.6,
        reach=None,
        missed=0.12,
        generosity=1.8,  # a streak is outlined as a strip around it (thesis Fig. 5.1)
        taken_for="crack",
    ),
)
N_CLASSES = 1 + len(KINDS)  # with the background
BY_INDEX = {kind.index: kind for kind in KINDS}
BY_NAME = {kind.name: kind for kind in KINDS}

# name -> what it is shown in, in the order of tables; apart, because it changes no pixel
COLOURS = {
    "background": "#ffffff",
    "agglomeration": "#cc79a7",
    "cavity": "#56b4e9",
    "crack": "#009e73",
    "blade trail": "#e69f00",
}


def classes() -> tuple[LabelClass, ...]:
    """The classes of a twin's masks, the background first, in the order of tables."""
    index = {"background": 0, **{kind.name: kind.index for kind in KINDS}}
    return tuple(LabelClass(index[name], name, colour) for name, colour in COLOURS.items())


def per_class(values: dict[int, float], background: float = 0.0) -> np.ndarray:
    """float64 (classes,): a value of each kind by its index, and one for the background."""
    return np.array([values.get(index, background) for index in range(N_CLASSES)], float)


def draw(
    rng: np.random.Generator, kind: int, scale: float, size: float = 1.0, contrast: float = 1.0
) -> shapes.Shape:
    """Draw one defect at random.

    Parameters
    ----------
    kind : class index of one of :data:`KINDS`.
    scale : pixels per 50 micrometres, positive.
    size : factor on the drawn size; for cracks on the length, for blade trails on the area.
    contrast : factor on the heights and depths.

    Raises
    ------
    ValueError
        If there is no such kind, or a factor is not positive.
    """
    if kind not in BY_INDEX:
        raise ValueError(f"kind: {kind} is not one of {sorted(BY_INDEX)}")
    for name, number in (("scale", scale), ("size", size), ("contrast", contrast)):
        if not number > 0:
            raise ValueError(f"{name}: {number} is not positive")
    return shapes.shape(kind, BY_INDEX[kind].draw(rng, scale, size), scale, contrast)
