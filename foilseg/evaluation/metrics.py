"""Masks -> int64 counts -> scores.

Counts come first and are stored; every score is computed from stored counts. A score that is
not defined (nothing to divide by) is NaN, never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

COUNTS = ("tp", "fp", "fn", "tn")
# rate -> the counts that are added up above and below the line
RATES = {
    "TPR": (("tp",), ("tp", "fn")),
    "FPR": (("fp",), ("fp", "tn")),
    "precision": (("tp",), ("tp", "fp")),
}
LOW_IS_BETTER = ("FPR",)  # of these rates; of all others a high value
# score -> what each count weighs above and below the line
WEIGHTS = {
    **{rate: tuple(dict.fromkeys(part, 1.0) for part in parts) for rate, parts in RATES.items()},
    "F0.5": ({"tp": 1.25}, {"tp": 1.25, "fn": 0.25, "fp": 1.0}),
    "F1": ({"tp": 2.0}, {"tp": 2.0, "fn": 1.0, "fp": 1.0}),
    "F2": ({"tp": 5.0}, {"tp": 5.0, "fn": 4.0, "fp": 1.0}),
    "IoU": ({"tp": 1.0}, {"tp": 1.0, "fn": 1.0, "fp": 1.0}),
}
SCORES = tuple(WEIGHTS)
STEP = 1 << 18  # pairs of pixels counted at once: what that needs stays in the cache
SMALL = 1 << 16  # pixels below which the plain way of counting is as fast
AVERAGES = ("pooled", "imagewise")


def confusion(target: np.ndarray, prediction: np.ndarray, n_classes: int) -> np.ndarray:
    """Confusion matrix in one pass: int64 (n_classes, n_classes), rows = target.

    Parameters
    ----------
    target, prediction : integer masks of one shape with values below ``n_classes``; empty masks
        give zeros.

    Raises
    ------
    ValueError
        If the shapes differ or a value is no class.
    """
    if target.shape != prediction.shape:
        raise ValueError(f"target is {target.shape}, prediction {prediction.shape}: not one size")
    if target.size and max(int(target.max()), int(prediction.max())) >= n_classes:
        raise ValueError(f"a mask holds an index that is not below n_classes={n_classes}")
    table = _pairs(target, prediction, n_classes)
    return table.reshape(n_classes, n_classes).astype(np.int64)


def _pairs(target: np.ndarray, prediction: np.ndarray, n_classes: int) -> np.ndarray:
    """How often each ``target * n_classes + prediction`` occurs: (n_classes ** 2,)."""
    kind = np.uint8 if n_classes <= 16 else np.uint32
    pair = np.ascontiguousarray(target, kind).ravel() * kind(n_classes)
    pair += np.ascontiguousarray(prediction, kind).ravel()
    if kind is not np.uint8 or pair.size < SMALL:
        return np.bincount(pair, minlength=n_classes * n_classes)
    whole = pair.size // 8 * 8
    blocks = pair[:whole].view(np.uint64)
    some = blocks[blocks != 0]
    # two pixels a step: half as many steps of the one that cannot be vectorised
    words = some.view(np.uint16)
    twos = np.zeros(1 << 16, np.int64)
    for first in range(0, len(words), STEP):
        twos += np.bincount(words[first : first + STEP], minlength=1 << 16)
    twos = twos.reshape(256, 256)
    table = twos.sum(axis=0) + twos.sum(axis=1)
    table[0] += 8 * (len(blocks) - len(some))
    table += np.bincount(pair[whole:], minlength=256)
    return table[: n_classes * n_classes]


def class_counts(matrix: np.ndarray) -> np.ndarray:
    """A confusion matrix (K, K) as int64 (K, 4): tp, fp, fn, tn of every class."""
    tp = np.diag(matrix)
    fp, fn = matrix.sum(0) - tp, matrix.sum(1) - tp
    return np.stack([tp, fp, fn, matrix.sum() - tp - fp - fn], axis=1)


def binary_counts(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Counts of two boolean masks of one shape: int64 (4,), tp, fp, fn, tn."""
    return class_counts(confusion(target.astype(np.uint8), prediction.astype(np.uint8), 2))[1]


def rates(counts: pd.DataFrame, scores: Sequence[str] = tuple(RATES)) -> pd.DataFrame:
    """Add scores (float64) to rows with tp, fp, fn, tn.

    TPR = tp / (tp + fn), FPR = fp / (fp + tn), precision = tp / (tp + fp),
    IoU = tp / (tp + fp + fn), F_b = (1 + b^2) tp / ((1 + b^2) tp + b^2 fn + fp); 0 / 0 is NaN.

    ``scores`` : names of :data:`SCORES`.

    Raises
    ------
    ValueError
        If a score does not exist.
    """
    unknown = [name for name in scores if name not in WEIGHTS]
    if unknown:
        raise ValueError(f"scores: {unknown[0]!r} is none of {', '.join(SCORES)}")
    table = counts.copy()
    for name in scores:
        above, below = (
            sum(w * counts[k].astype(float) for k, w in p.items()) for p in WEIGHTS[name]
        )
        table[name] = above / below.where(below > 0)
    return table


def score(
    counts: pd.DataFrame,
    by: list[str],
    average: str = "pooled",
    scores: Sequence[str] = tuple(RATES),
) -> pd.DataFrame:
    """TPR, FPR and precision, or other scores, per group of rows.

    Parameters
    ----------
    counts : one row an image and class, with ``tp fp fn tn`` and the columns of ``by``.
    by : what makes a group, e.g. ``["model", "defect"]``; groups keep their first order.
    average : ``"pooled"`` sums the counts, then divides; ``"imagewise"`` divides per row, then
        averages the rows where the score is defined.
    scores : names of :data:`SCORES`.

    Returns
    -------
    One row a group: the scores and, per score, ``n_<score>``: how many images it rests on.
    Pooled, that is all of them. An undefined score is NaN.

    Raises
    ------
    ValueError
        If average or a score is unknown, or ``counts`` has no row.
    """
    if average not in AVERAGES:
        raise ValueError(f"average: {average!r} is not one of {', '.join(AVERAGES)}")
    if counts.empty:
        raise ValueError("counts: no row to score; train or predict a model first")
    groups = counts.groupby(by, sort=False, observed=True)
    if average == "pooled":
        table = rates(groups[list(COUNTS)].sum(), scores)
        for name in scores:
            table[f"n_{name}"] = groups.size()
        return table.reset_index()
    each = rates(counts, scores).groupby(by, sort=False, observed=True)[list(scores)]
    table = each.mean().join(each.count().add_prefix("n_"))
    return table.reset_index()


def check_sizes(counts: pd.DataFrame, pixels: Mapping[str, int] | None = None) -> None:
    """Refuse counts that do not add up to the size of their image.

    Parameters
    ----------
    counts : rows with foil, defect, tp, fp, fn, tn (and model).
    pixels : size of each foil's region; None asks only that all rows of a foil agree.

    Raises
    ------
    ValueError
        If a count is negative, or a sum differs from the size; names the row.
    """
    numbers = counts[list(COUNTS)]
    total = numbers.sum(axis=1)
    foils = counts["foil"].astype(str)
    expected = total.groupby(foils).transform("first") if pixels is None else foils.map(pixels)
    bad = (total != expected) | (numbers < 0).any(axis=1)
    if bad.any():
        row = counts[bad].iloc[0]
        who = ", ".join(str(row[k]) for k in ("model", "foil", "defect") if k in row)
        raise ValueError(
            f"counts: {who}: {total[bad].iloc[0]:,} pixels do not fit the image's "
            f"{expected[bad].iloc[0]:,}; delete the run and train it again"
        )
