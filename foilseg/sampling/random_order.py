"""Equal Pixels as the thesis makes it (3.3): windows in random order, 10 % apart at most.

The thesis says that the classes' pixels may differ by 10 % and that patches are drawn at random;
Table 3.5 adds that nearly all of them (1303 of 1337) were drawn for the cavity, the rarest class,
and hold about as many of its pixels (218,648) as 1518 patches drawn for it without any condition
(221,159, Table 3.4). The procedure that this describes: walk through the windows of the rarest
class in random order and keep each that pushes no class over the limit, then through those of the
next class, until all have enough. Beside :mod:`foilseg.sampling.equal_pixels` it shows what the
choice of windows is worth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foilseg.sampling.equal_frontier import default_stride
from foilseg.sampling.equal_lattice import lattice
from foilseg.sampling.equal_pixels import Infeasible
from foilseg.sampling.ledger import spread
from foilseg.sampling.plans import Plan, Request, plan_of
from foilseg.sampling.pools import Index, check_labels
from foilseg.sampling.uniform import check_count

# of the largest limit, tried in this order; a random order may fail where another does not
FILLED = np.repeat(np.arange(20, 9, -1) / 20, 4)


def random_order(
    index: Index,
    n: int,
    generator: np.random.Generator,
    tolerance: float = 0.1,
    labels: Sequence[int] | None = None,
    stride: int | None = None,
) -> Plan:
    """A plan of n windows in which the classes have equally many pixels, kept in random order.

    No class gets more pixels than a limit. The limit begins at what n windows that show the
    rarest class hold of it on average, and is lowered by a twentieth of that until n windows are
    enough. If fewer are, as in the thesis (whose pools differ in size), some come twice.

    Parameters
    ----------
    index : from :func:`foilseg.sampling.pools.build_index`.
    n : number of patches; 0 gives an empty plan.
    generator : from :func:`foilseg.sampling.uniform.rng`.
    tolerance : largest (max - min) / max of the classes' pixels, in (0, 1).
    labels : the classes that get equal pixels, by default all defects.
    stride : distance of neighbouring candidates in pixels, by default a sixteenth of the patch.

    Raises
    ------
    Infeasible
        If no limit brings the classes so close; its tolerance is the least that was reached.
    ValueError
        If an argument is outside the ranges above, or a class does not exist or has no pixel.
    """
    check_count(n)
    labels = check_labels(index, labels)
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance: {tolerance} is outside (0, 1)")
    if n == 0:
        wanted = dict.fromkeys(labels, 0.0)
        request = Request("random_order", pixels=wanted, tolerance=tolerance)
        return plan_of([], [], [], index.size, [], request)
    stride = default_stride(index, n) if stride is None else stride
    if stride < 1:
        raise ValueError(f"stride: {stride} is below 1")
    candidates = lattice(index, labels, stride, tuple(generator.integers(0, stride, 2).tolist()))
    most = n * min(_mean_of_shown(counts) for counts in candidates.counts.T)
    reached = []
    for part in FILLED:
        rows = _walk(candidates.counts, part * most, tolerance, n, generator)
        sums = candidates.counts[rows].sum(axis=0)
        reached.append(spread(sums))
        if reached[-1] <= tolerance:
            wanted = dict.fromkeys(labels, float(part * most))
            request = Request("random_order", pixels=wanted, tolerance=tolerance)
            windows = candidates.windows[rows]
            return plan_of(*windows.T, index.size, np.full(n, -1), request)
    raise Infeasible(
        f"tolerance: {n} windows in random order brought the classes within {min(reached):.1%} of "
        f"each other, not within {tolerance:.1%}; ask for a wider tolerance or more patches",
        None,
        min(reached),
    )


def _mean_of_shown(counts: np.ndarray) -> float:
    return float(counts[counts > 0].mean())


def _walk(
    counts: np.ndarray, limit: float, tolerance: float, n: int, generator: np.random.Generator
) -> np.ndarray:
    """Rows of n windows of which no class has more than the limit, but for repeated ones."""
    sums, chosen, free = np.zeros(counts.shape[1]), [], np.ones(len(counts), bool)
    for label in np.argsort(counts.sum(axis=0), kind="stable"):
        for row in generator.permutation(np.flatnonzero(free & (counts[:, label] > 0))):
            if sums[label] >= (1 - tolerance) * limit or len(chosen) == n:
                break
            if (sums + counts[row] <= limit).all():
                sums += counts[row]
                chosen.append(row)
                free[row] = False
    if not chosen:
        return generator.choice(len(counts), n)
    return generator.permutation(np.resize(generator.permutation(chosen), n))
