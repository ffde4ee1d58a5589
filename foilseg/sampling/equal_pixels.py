"""Equal Pixels (thesis 3.3, Table 3.5): every class gets the same number of pixels.

Three goals pull against each other: pixels per class, variety and tolerance. They are traded so:

* ``tolerance`` is a promise. The plan that comes back keeps it, or none comes back.
* ``pixels`` asks for pixels per patch and class (the thesis's set has about 170, 0.26 % of the
  patch). The pool is then as varied as it can be at that number
(:mod:`foilseg.sampling.equal_design`).
* without ``pixels``, ``variety`` says how much of the
  variety that an equal pool of n patches can have at all must remain; the pixels are as many as
  leave that much.

Windows come from a lattice that every pool shifts anew, so that over several pools every position
has its turn. What cannot be met is refused before anything is drawn, with the best that can be;
only that a few whole windows cannot be as equal as their chances shows after drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from foilseg.sampling.equal_design import ROUNDS, highest, solve
from foilseg.sampling.equal_exchange import diversify, equalise, systematic
from foilseg.sampling.equal_frontier import default_stride, explore, most_pixels
from foilseg.sampling.equal_lattice import Lattice, lattice
from foilseg.sampling.plans import Plan, Request, plan_of
from foilseg.sampling.pools import Index, check_labels
from foilseg.sampling.uniform import check_count


class Infeasible(ValueError):
    """A request for equal pixels that no pool can meet.

    Attributes
    ----------
    pixels : most pixels per patch and class that are possible within the tolerance, or None if
        no number is.
    tolerance : smallest (max - min) / max that is possible.
    """

    def __init__(self, message: str, pixels: float | None, tolerance: float):
        super().__init__(message)
        self.pixels, self.tolerance = pixels, tolerance


def equal_pixels(
    index: Index,
    n: int,
    generator: np.random.Generator,
    tolerance: float = 0.01,
    pixels: float | None = None,
    variety: float = 0.8,
    labels: Sequence[int] | None = None,
    stride: int | None = None,
    exchanges: int | None = None,
) -> Plan:
    """A plan of n different windows in which the classes have equally many pixels.

    Parameters
    ----------
    index : from :func:`foilseg.sampling.pools.build_index`.
    n : number of patches; 0 gives an empty plan.
    generator : from :func:`foilseg.sampling.uniform.rng`.
    tolerance : largest (max - min) / max of the classes' pixels, in (0, 1).
    pixels : per patch and class, above 0; None for as many as ``variety`` allows.
    variety : share, in (0, 1], of the best attainable variety that must remain if ``pixels`` is
        None. Variety is :func:`foilseg.sampling.equal_design.variety`, averaged over the classes.
    labels : the classes that get equal pixels, by default all defects.
    stride : distance of neighbouring candidates in pixels, by default a sixteenth of the patch;
        the smaller, the more pixels are possible and the more alike are the windows.
    exchanges : attempts to exchange a drawn window for one that raises variety, by default n / 2.

    Raises
    ------
    Infeasible
        If the pixels cannot be had within the tolerance; message and attributes say what can.
    ValueError
        If an argument is outside the ranges above, or a class does not exist or has no pixel.
    """
    check_count(n)
    labels = check_labels(index, labels)
    _check(tolerance, pixels, variety, stride)
    if n == 0:
        wanted = dict.fromkeys(labels, 0.0)
        request = Request("equal_pixels", pixels=wanted, tolerance=tolerance)
        return plan_of([], [], [], index.size, [], request)
    stride = stride or default_stride(index, n)
    if pixels is None:
        pixels = most_pixels(index, n, variety, labels, stride)
    shift = tuple(generator.integers(0, stride, 2).tolist())
    candidates, chance = _chances(index, n, pixels, labels, stride, shift, tolerance)
    expected = float((chance @ candidates.counts).min())
    rows = _draw(index, candidates, chance, n, tolerance, labels, exchanges, generator)
    request = Request("equal_pixels", pixels=dict.fromkeys(labels, expected), tolerance=tolerance)
    return plan_of(*candidates.windows[rows].T, index.size, np.full(n, -1), request)


def windows_examined(
    index: Index,
    n: int,
    labels: Sequence[int] | None = None,
    stride: int | None = None,
    exchanges: int | None = None,
) -> int:
    """How many windows :func:`equal_pixels` looks at for one pool; arguments as there.

    The candidates of the unshifted lattice, whose pixels are counted, and one for each exchange
    that is tried.
    """
    labels = check_labels(index, labels)
    candidates = lattice(index, labels, stride or default_stride(index, n))
    return len(candidates) + (n // 2 if exchanges is None else exchanges)


def _check(tolerance, pixels, variety, stride) -> None:
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance: {tolerance} is outside (0, 1)")
    if pixels is not None and not 0 < pixels < np.inf:
        raise ValueError(f"pixels: {pixels} per patch and class is not above 0 and finite")
    if not 0 < variety <= 1:
        raise ValueError(f"variety: {variety} is outside (0, 1]")
    if stride is not None and stride < 1:
        raise ValueError(f"stride: {stride} is below 1")


def _chances(
    index: Index,
    n: int,
    pixels: float | None,
    labels: tuple[int, ...],
    stride: int,
    shift: tuple[int, int],
    tolerance: float,
) -> tuple[Lattice, np.ndarray]:
    """Candidates, and their chances, on the shifted lattice or else on the unshifted one.

    Where only the tolerance makes a request possible, the chances solve the linear programme.
    """
    start = None if pixels is None else explore(index, n, pixels, labels, stride)
    for offset in (shift, (0, 0)) if start is not None else ((0, 0),):
        candidates = lattice(index, labels, stride, offset)
        if pixels is not None and n <= len(candidates):
            rounds = ROUNDS if start is None else 0
            design = solve(candidates, index.objects.label, labels, n, pixels, start, rounds)
            if design is not None:
                return candidates, design.chance
    most, chance = highest(candidates, n, 0.9 * tolerance) if n <= len(candidates) else (None, None)
    if most is None or most < (pixels or 0) * (1 - 1e-6):
        refuse(candidates, n, tolerance, pixels)
    return candidates, chance


def refuse(candidates: Lattice, n: int, tolerance: float, pixels: float | None) -> NoReturn:
    """Raise Infeasible with the reason and the best values."""
    if n > len(candidates):
        raise Infeasible(
            f"n: {n} different windows were asked for, but only {len(candidates)} windows show a "
            f"defect at this stride; ask for at most that many or for a smaller stride",
            None,
            float("nan"),
        )
    most = highest(candidates, n, 0.9 * tolerance)[0]
    if most is not None and pixels is not None:
        densest = -np.sort(-candidates.counts, axis=0)[:n].mean(axis=0)
        raise Infeasible(
            f"pixels: {pixels:.1f} per patch and class cannot be had in {n} different windows "
            f"within {tolerance:.2%}; at most {most:.1f} can. The {n} densest windows of each "
            f"class hold {', '.join(f'{d:.1f}' for d in densest)} pixels on average, and the same "
            f"windows must serve all classes; ask for fewer pixels or fewer patches",
            most,
            tolerance,
        )
    low, high = tolerance, 1.0
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if highest(candidates, n, middle)[0] else (middle, high)
    raise Infeasible(
        f"tolerance: no {n} different windows bring the classes within {tolerance:.2%} of each "
        f"other, because windows with the rarest class show too much of the others or are too "
        f"few; about {high:.0%} is possible, or fewer patches",
        None,
        high,
    )


def _draw(
    index: Index,
    candidates: Lattice,
    chance: np.ndarray,
    n: int,
    tolerance: float,
    labels: tuple[int, ...],
    exchanges: int | None,
    generator: np.random.Generator,
) -> np.ndarray:
    """Rows of n different windows within the tolerance, as varied as the exchanges make them."""
    chosen = systematic(candidates.windows, chance, n, generator)
    chosen, reached = equalise(candidates, chosen, chance, tolerance, generator)
    if reached > tolerance:
        raise Infeasible(
            f"tolerance: {n} whole windows came no closer than {reached:.3%} to equal pixels; ask "
            f"for more patches, fewer pixels or a wider tolerance",
            None,
            reached,
        )
    label = index.objects.label
    kind = np.where(np.isin(label, labels), np.searchsorted(labels, label), len(labels))
    attempts = n // 2 if exchanges is None else exchanges
    chosen = diversify(candidates, kind, chosen, chance, tolerance, attempts, generator)
    return generator.permutation(chosen)
