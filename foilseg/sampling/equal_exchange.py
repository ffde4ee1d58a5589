"""From chances to whole windows: draw, exchange until equal, exchange while variety grows."""

from __future__ import annotations

import numpy as np

from foilseg.sampling.equal_lattice import Lattice
from foilseg.sampling.object_runs import expand


def systematic(windows: np.ndarray, chance: np.ndarray, n: int, generator) -> np.ndarray:
    """n different rows with given chances (at most 1, sum n), spread over regions and places.

    Systematic sampling along a random order that keeps nearby windows together: each place gets
    its expected number of windows, up to rounding.
    """
    region, row, column = windows.T // np.array([[1], [128], [128]])
    cell = (region * (row.max() + 1) + row) * (column.max() + 1) + column
    place = generator.permutation(int(cell.max()) + 1)[cell]
    order = np.argsort(place + generator.random(len(cell)))
    until = np.cumsum(chance[order])
    until *= n / until[-1]
    rows = np.searchsorted(until, np.arange(n) + generator.random(), side="right")
    return order[np.minimum(rows, len(order) - 1)]


def equalise(
    candidates: Lattice, chosen: np.ndarray, chance: np.ndarray, tolerance: float, generator
) -> tuple[np.ndarray, float]:
    """Exchange windows, the best of many random pairs each time, until the tolerance holds.

    The first 100 exchanges aim at the pixels that the chances expect; later ones only at equality,
    and a few random exchanges help out of dead ends.

    Returns
    -------
    (rows, reached) : the windows, and the smallest (max - min) / max they came to, which is above
        the tolerance if 600 exchanges did not do.
    """
    chosen, until = chosen.copy(), np.cumsum(chance)
    target = chance @ candidates.counts
    best, reached, found_at = chosen, np.inf, 0
    for attempt in range(600):
        sums = candidates.counts[chosen].sum(axis=0)
        apart = float((sums.max() - sums.min()) / sums.max()) if sums.max() else 1.0
        if apart < reached:
            best, reached, found_at = chosen.copy(), apart, attempt
        if reached <= tolerance:
            break
        exact = attempt < 100
        if not exact and (attempt - found_at) % 25 == 24:
            _kick(chosen, until, generator)
        else:
            _exchange(candidates, chosen, until, target if exact else None, attempt, generator)
    return best, reached


def _kick(chosen: np.ndarray, until: np.ndarray, generator) -> None:
    """Replace up to three windows by random ones, in place."""
    spare = np.setdiff1d(_likely(until, 100, generator), chosen)[:3]
    spare = spare[: len(chosen)]
    chosen[generator.choice(len(chosen), len(spare), replace=False)] = spare


def _exchange(candidates: Lattice, chosen, until, target, attempt: int, generator) -> None:
    """Make the exchange that helps most, if one does, in place; search wider as time goes on."""
    counts, effort = candidates.counts, 1 + attempt // 20
    sums = counts[chosen].sum(axis=0)
    spare = np.concatenate(
        [_likely(until, 500 * effort, generator), generator.integers(0, len(until), 100 * effort)]
    )
    spare = np.setdiff1d(spare, chosen)
    out = generator.choice(len(chosen), min(len(chosen), 100 * effort), replace=False)
    after = sums + counts[spare][None] - counts[chosen[out]][:, None]
    miss = _miss(after, target)
    if miss.size and miss.min() < _miss(sums, target):
        leaving, coming = np.unravel_index(miss.argmin(), miss.shape)
        chosen[out[leaving]] = spare[coming]


def _miss(sums: np.ndarray, target: np.ndarray | None) -> np.ndarray:
    """Squared relative distance from the target, or from equality if there is none."""
    if target is None:
        target = np.maximum(sums.mean(axis=-1, keepdims=True), 1e-9)
    return np.square(sums / target - 1).sum(axis=-1)


def diversify(
    candidates: Lattice,
    kind: np.ndarray,
    chosen: np.ndarray,
    chance: np.ndarray,
    tolerance: float,
    attempts: int,
    generator,
) -> np.ndarray:
    """Exchange windows for others that raise variety and keep the classes equal.

    Each attempt takes one window out and puts in the best of 200 likely ones, or itself. The
    pixels of a class stay within 1 %, or the tolerance if that is less, of what the chances expect,
    or as near as they are.

    Parameters
    ----------
    candidates : the windows to choose from.
    kind : int (objects,), column in ``candidates.counts`` of each object's class; others are
        not looked at.
    chosen : rows of the pool, different ones; within the tolerance.
    chance : of every candidate.
    tolerance : largest (max - min) / max of the classes' pixels.
    attempts : number of attempts.

    Returns
    -------
    The rows of a pool that has at least the variety of the old one.
    """
    shown = (candidates.shows.indptr, candidates.shows.indices)
    chosen, inside = chosen.copy(), np.zeros(len(candidates), bool)
    inside[chosen] = True
    until, sums = np.cumsum(chance), candidates.counts[chosen].sum(axis=0)
    target, slack = chance @ candidates.counts, min(tolerance, 0.01)
    least, most = np.minimum(target * (1 - slack), sums), np.maximum(target * (1 + slack), sums)
    seen = np.bincount(_objects(shown, chosen)[1], minlength=len(kind))
    existing = np.maximum(np.bincount(kind, minlength=len(sums))[: len(sums)], 1)
    for row in generator.integers(len(chosen), size=attempts):
        leaving = chosen[row]
        seen[_objects(shown, leaving)[1]] -= 1
        spare = _likely(until, 200, generator)
        spare = np.append(leaving, spare[~inside[spare]])
        after = sums - candidates.counts[leaving] + candidates.counts[spare]
        fits = after.max(axis=1) - after.min(axis=1) <= tolerance * after.max(axis=1)
        fits &= ((after >= least) & (after <= most)).all(axis=1)
        fits[0] = True
        score = (_effective(seen, kind, _objects(shown, spare), after.shape) / existing).mean(
            axis=1
        )
        best = int(np.where(fits, score, -1.0).argmax())
        inside[leaving], inside[spare[best]] = False, True
        chosen[row], sums = spare[best], after[best]
        seen[_objects(shown, spare[best])[1]] += 1
    return chosen


def _objects(shown, rows) -> tuple[np.ndarray, np.ndarray]:
    """Position in ``rows`` and object, for every object that each of the windows shows."""
    indptr, indices = shown
    rows = np.atleast_1d(rows)
    position, entry = expand(indptr[rows], indptr[rows + 1])
    return position, indices[entry]


def _effective(seen: np.ndarray, kind: np.ndarray, added, shape) -> np.ndarray:
    """Effective objects of each class if one window were added: float64 (windows, classes)."""
    windows, classes = shape
    before = _xlogx(seen)
    total = np.bincount(kind, seen, classes)[:classes]
    spent = np.bincount(kind, before, classes)[:classes]
    position, owner = added
    cell = position * classes + kind[owner]
    gain = _xlogx(seen[owner] + 1) - before[owner]
    total = total + np.bincount(cell, minlength=windows * classes).reshape(shape)
    spent = spent + np.bincount(cell, gain, windows * classes).reshape(shape)
    total = np.maximum(total, 1)
    return total * np.exp(-spent / total)


def _xlogx(values: np.ndarray) -> np.ndarray:
    return values * np.log(np.maximum(values, 1))


def _likely(until: np.ndarray, n: int, generator) -> np.ndarray:
    """Rows drawn with chances of which ``until`` is the cumulative sum, repeats included."""
    return np.minimum(np.searchsorted(until, generator.random(n) * until[-1]), len(until) - 1)
