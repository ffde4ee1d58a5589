"""A model of the annotators: coarse outlines, missed defects, now and then the wrong class.

The thesis names these errors (5.1) without measuring them, so the rates are assumptions; they are
parameters, and with all of them 0 the annotation is the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass

import cv2
import numpy as np

from foilseg.twin.kinds import BY_INDEX, BY_NAME, KINDS
from foilseg.twin.shapes import Shape

Misses = make_dataclass(
    "Misses", [(f"miss_{kind.short}", float, kind.missed) for kind in KINDS], frozen=True
)


@dataclass(frozen=True)
class AnnotatorConfig(Misses):
    """How an expert in a hurry errs; 0 for all gives ``labels == truth``.

    Attributes
    ----------
    miss_agglomeration, ... : one for each of :data:`foilseg.twin.kinds.KINDS`, the probability
        that a defect of middling size and contrast is missed. For a defect whose area and slope
        are ``a`` and ``s`` times the middling ones, it is ``m / (m + (1 - m) * s**2 * a)``: it
        goes to 1 for what is small or faint, and to 0 for what nobody can overlook.
    wrong_class : probability that a defect is taken for the kind most like it: agglomeration
        and cavity, crack and blade trail. Only if it is small enough for its new kind.
    coarseness : mean margin between a defect and its outline, in units of 50 micrometres.
    haste : standard deviation of the logarithm of margin and missing rates from foil to foil.
    """

    wrong_class: float = 0.02
    coarseness: float = 1.6
    haste: float = 0.25

    def __post_init__(self):
        for name in self.__dataclass_fields__:
            number = getattr(self, name)
            top = 20.0 if name == "coarseness" else 2.0 if name == "haste" else 0.9
            if not 0 <= number <= top:
                raise ValueError(f"annotators.{name}: {number} is not in [0, {top:g}]")

    @property
    def misses(self) -> dict[int, float]:
        """Class index -> probability that the middling defect is missed."""
        return {kind.index: getattr(self, f"miss_{kind.short}") for kind in KINDS}


def miss_probability(
    shape: Shape, scale: float, config: AnnotatorConfig, hurry: float = 1.0
) -> float:
    """Probability that this defect is missed (see :class:`AnnotatorConfig`)."""
    usual = BY_INDEX[shape.kind]
    conspicuous = shape.mask.sum() / scale**2 / usual.area * (shape.contrast / usual.slope) ** 2
    rate = min(hurry * config.misses[shape.kind], 0.95)
    return float(rate / (rate + (1 - rate) * conspicuous)) if rate else 0.0


def annotate(
    rng: np.random.Generator,
    shape: Shape,
    scale: float,
    config: AnnotatorConfig,
    hurry: float = 1.0,
) -> tuple[int, np.ndarray, int]:
    """What the annotator draws for one defect.

    Returns
    -------
    (kind, mask, margin) : the class index drawn, or 0 if the defect is missed; the bool mask,
        whose grid extends the shape's by ``margin`` pixels on each side.
    """
    missed = rng.random() < miss_probability(shape, scale, config, hurry)
    wrong = rng.random() < config.wrong_class
    mask, margin = outline(rng, shape, scale, config.coarseness * hurry)
    if missed:
        return 0, mask, margin
    other = BY_NAME[BY_INDEX[shape.kind].taken_for]
    fits = shape.mask.sum() / scale**2 < 2.5 * other.area
    return (other.index if wrong and fits else shape.kind), mask, margin


def outline(
    rng: np.random.Generator, shape: Shape, scale: float, coarseness: float
) -> tuple[np.ndarray, int]:
    """A polygon drawn loosely around the footprint, and by how many pixels its grid is larger.

    ``coarseness`` is the mean margin in units of 50 micrometres; 0 returns the footprint.
    """
    if coarseness == 0:
        return shape.mask, 0
    wide = coarseness * scale * BY_INDEX[shape.kind].generosity * rng.uniform(0.2, 1.8)
    margin = int(np.ceil(wide)) + 2
    mask = np.pad(shape.mask, margin)
    far = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # margins below a pixel: rounded up or down at random
    loose = (far <= max(wide + rng.uniform(-0.5, 0.5), 0)).astype(np.uint8)
    # outer edges and holes together, so that what a net of cracks encloses stays free
    edges, _ = cv2.findContours(loose, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    drawn = np.zeros_like(loose)
    cv2.fillPoly(drawn, [cv2.approxPolyDP(edge, 0.45 * wide, True) for edge in edges], 1)
    return drawn.astype(bool), margin


def hurry_of(rng: np.random.Generator, config: AnnotatorConfig) -> float:
    """One foil's factor on margin and missing rates."""
    return float(np.exp(config.haste * rng.standard_normal()))
