"""Sampling designs with equal pixels: how likely each window must be drawn.

A design gives each candidate window w a chance to be in a pool of n patches such that n are
expected and every class expects the same number of pixels, T per patch. Of all such designs it
takes the one closest to a base in which every object is equally likely (maximum entropy):

    logit(chance_w) = log(base_w) + a + sum_c lambda_c pixels_wc

with one number a for n and one price lambda_c per class, found by Newton's method on the convex
dual. No window's chance exceeds 1, so none is drawn twice. The base starts from each object
spread evenly over the windows that show it. Rounds of re-weighting then lift objects that would
be seen seldom at the cost of those that would be seen often: variety is what is maximised there,
while n and T stay met exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.special import expit

from foilseg.sampling.equal_lattice import Lattice

ROUNDS = 4


@dataclass(frozen=True, eq=False)
class Design:
    """The chances of a lattice's windows.

    Attributes
    ----------
    n : patches of a pool.
    pixels : pixels per patch that each class expects (T).
    chance : float64 (m,), of each window to be in the pool, at most 1; they sum to n.
    prices : float64 (1 + classes,), a and the lambda_c times T.
    weight : float64 (objects,), of each object in the base.
    seen : float64 (objects,), how often a pool is expected to show each object.
    variety : float64 (classes,), see :func:`variety`.
    """

    n: float
    pixels: float
    chance: np.ndarray
    prices: np.ndarray
    weight: np.ndarray
    seen: np.ndarray
    variety: np.ndarray


def variety(seen: np.ndarray, label: np.ndarray, labels: tuple[int, ...]) -> np.ndarray:
    """Effective share of each class's objects in a pool, float64 (classes,), in [0, 1].

    The exponential of the entropy of the objects' shares in all appearances, divided by the
    number of objects: 1 if every object appears equally often, 1 / objects if only one appears.
    A class without appearances has 0, a class without objects NaN.
    """
    shares = []
    for c in labels:
        times = seen[label == c]
        total = times.sum()
        share = times[times > 0] / total if total > 0 else np.zeros(0)
        effective = np.exp(-(share * np.log(share)).sum()) if len(share) else 0.0
        shares.append(effective / len(times) if len(times) else np.nan)
    return np.array(shares)


def solve(
    candidates: Lattice,
    label: np.ndarray,
    labels: tuple[int, ...],
    n: float,
    pixels: float,
    start: Design | None = None,
    rounds: int = ROUNDS,
) -> Design | None:
    """The design with ``pixels`` per patch of each class, or None if there is none.

    Parameters
    ----------
    candidates : the windows to choose from.
    label : class of each object.
    labels : the classes that get equal pixels, as in ``candidates.counts``.
    n : patches of a pool, at least 1 and at most as many as there are windows.
    pixels : T, above 0.
    start : a design of nearby windows or pixels to start from; its weights are kept.
    rounds : rounds of re-weighting.
    """
    features = np.column_stack([np.ones(len(candidates)), candidates.counts / pixels])
    size = np.maximum(np.asarray(candidates.shows.sum(axis=0)).ravel(), 1)
    weight = np.ones(len(label)) if start is None else start.weight
    prices = None if start is None else start.prices.copy()
    for turn in range(rounds + 1):
        base = np.log(candidates.shows @ (weight / size))
        prices = _newton(features, base, n, prices, 1e-4 if turn == rounds else 0.03)
        if prices is None:
            return None
        chance = expit(base + features @ prices)
        seen = candidates.shows.T @ chance
        if turn < rounds:
            weight = weight * _lift(seen, label, labels)
    return Design(n, pixels, chance, prices, weight, seen, variety(seen, label, labels))


def _lift(seen, label, labels) -> np.ndarray:
    """Factors that make seldom objects of each class likelier and frequent ones less so."""
    factor = np.ones(len(label))
    for c in labels:
        here = label == c
        if here.any():
            factor[here] = np.sqrt(
                np.clip(seen[here].mean() / np.maximum(seen[here], 1e-9), 0.1, 10)
            )
    return factor


def _newton(features, base, n: float, prices, accuracy: float) -> np.ndarray | None:
    """Prices at which every column of features expects n up to a relative ``accuracy``.

    None if no chances can do that. ``prices`` is where to start, or None. What is minimised is
    the dual, sum softplus(base + features prices) - n sum(prices).
    """
    if prices is None:
        prices = np.zeros(features.shape[1])
        prices[0] = np.log(n) - np.logaddexp.reduce(base)
    value, logits = _dual(features, base, n, prices)
    for step in range(80):
        chance = expit(logits)
        slope = features.T @ chance - n
        if np.abs(slope).max() <= accuracy * n:
            return prices
        if step >= 10 and _impossible(features, n, prices):
            return None
        bend = (features * (chance * (1 - chance))[:, None]).T @ features
        bend += 1e-10 * np.trace(bend) * np.eye(len(bend)) + 1e-12 * np.eye(len(bend))
        change = np.linalg.solve(bend, slope)
        length, gain = 1.0, slope @ change
        while True:
            new_value, new_logits = _dual(features, base, n, prices - length * change)
            if new_value <= value - 1e-4 * length * gain:
                break
            length /= 2
            if length < 1e-8:
                return None
        prices, value, logits = prices - length * change, new_value, new_logits
    return None


def _dual(features, base, n, prices) -> tuple[float, np.ndarray]:
    logits = base + features @ prices
    softplus = np.maximum(logits, 0).sum() + np.log1p(np.exp(-np.abs(logits))).sum()
    return softplus - n * prices.sum(), logits


def _impossible(features, n: float, prices) -> bool:
    """Whether no n windows reach n in every column: even the n best at these prices do not."""
    worth = features[:, 1:] @ prices[1:]
    whole = int(n)
    if whole < len(worth):
        ordered = np.partition(worth, len(worth) - whole - 1)
        best = ordered[len(worth) - whole :].sum() + (n - whole) * ordered[len(worth) - whole - 1]
    else:
        best = worth.sum()
    return best < n * prices[1:].sum() * (1 - 1e-9) - 1e-9


def highest(
    candidates: Lattice, n: float, tolerance: float = 0.0
) -> tuple[float, np.ndarray] | tuple[None, None]:
    """The most pixels per patch that every class can have in a pool of n different windows.

    Solves a linear programme, exactly but for the rounding of n windows' chances to whole
    windows.

    Parameters
    ----------
    candidates : the windows to choose from.
    n : patches of a pool.
    tolerance : largest (max - min) / max of the classes' pixels.

    Returns
    -------
    (pixels, chance) : pixels per patch of the class with the fewest, and float64 (m,) the chance
        of each window; (None, None) if no choice of n windows brings the classes within the
        tolerance.
    """
    windows, classes = candidates.counts.shape
    scale = max(candidates.counts.max(), 1.0)
    counts = candidates.counts.T / scale
    ones = np.ones((classes, 1))
    upper = np.block([[-counts, n * ones], [counts, -n * ones / (1 - tolerance)]])
    found = linprog(
        np.append(np.zeros(windows), -1.0),
        A_ub=upper,
        b_ub=np.zeros(2 * classes),
        A_eq=np.append(np.ones(windows), 0.0)[None],
        b_eq=[n],
        bounds=np.column_stack([np.zeros(windows + 1), np.append(np.ones(windows), np.inf)]),
        method="highs",
    )
    if found.status != 0 or found.x[-1] <= 0:
        return None, None
    return float(found.x[-1] * scale), found.x[:-1].clip(0, 1)
