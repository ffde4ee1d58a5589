"""Masks -> int64 counts -> scores.

Counts come first and are stored; every score is computed from stored counts. A score that is
not defined (nothing to divide by) is NaN, never 0 or 1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

COUNTS = ("tp", "fp", "fn", "tn")
RATES = {
    "TPR": (("tp",), ("tp", "fn")),
    "FPR": (("fp",), ("fp", "tn")),
    "precision": (("tp",), ("tp", "fp")),
}
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
    kind = np.uint8 if n_classes <= 16 else np.uint32
    pair = target.astype(kind) * kind(n_classes) + prediction.astype(kind)
    table = np.bincount(pair.ravel(), minlength=n_classes * n_classes)
    return table.reshape(n_classes, n_classes).astype(np.int64)


def class_counts(matrix: np.ndarray) -> np.ndarray:
    """A confusion matrix (K, K) as int64 (K, 4): tp, fp, fn, tn of every class."""
    tp = np.diag(matrix)
    fp, fn = matrix.sum(0) - tp, matrix.sum(1) - tp
    return np.stack([tp, fp, fn, matrix.sum() - tp - fp - fn], axis=1)


def binary_counts(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Counts of two boolean masks of one shape: int64 (4,), tp, fp, fn, tn."""
    return class_counts(confusion(target.astype(np.uint8), prediction.astype(np.uint8), 2))[1]


def rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Add TPR, FPR and precision (float64) to rows with tp, fp, fn, tn.

    TPR = tp / (tp + fn), FPR = fp / (fp + tn), precision = tp / (tp + fp); 0 / 0 is NaN.
    """
    table = counts.copy()
    for rate, (above, below) in RATES.items():
        numerator = counts[list(above)].sum(axis=1).astype(np.float64)
        denominator = counts[list(below)].sum(axis=1).astype(np.float64)
        table[rate] = numerator / denominator.where(denominator > 0)
    return table


def score(counts: pd.DataFrame, by: list[str], average: str = "pooled") -> pd.DataFrame:
    """TPR, FPR and precision per group of rows.

    Parameters
    ----------
    counts : one row an image and class, with ``tp fp fn tn`` and the columns of ``by``.
    by : what makes a group, e.g. ``["model", "defect"]``; groups keep their first order.
    average : ``"pooled"`` sums the counts, then divides; ``"imagewise"`` divides per row, then
        averages the rows where the rate is defined.

    Returns
    -------
    One row a group: the rates and, per rate, ``n_<rate>``: how many images it rests on. Pooled,
    that is all of them. An undefined rate is NaN.

    Raises
    ------
    ValueError
        If the average is unknown, or ``counts`` has no row.
    """
    if average not in AVERAGES:
        raise ValueError(f"average: {average!r} is not one of {', '.join(AVERAGES)}")
    if counts.empty:
        raise ValueError("counts: no row to score; train or predict a model first")
    groups = counts.groupby(by, sort=False, observed=True)
    if average == "pooled":
        table = rates(groups[list(COUNTS)].sum())
        for rate in RATES:
            table[f"n_{rate}"] = groups.size()
        return table.reset_index()
    each = rates(counts).groupby(by, sort=False, observed=True)[list(RATES)]
    table = each.mean().join(each.count().add_prefix("n_"))
    return table.reset_index()


def mean_over_defects(scores: pd.DataFrame, by: str = "model") -> pd.DataFrame:
    """Mean TPR, FPR and precision over the defects of each model.

    A rate that is NaN for a defect is left out of the mean, and ``n_<rate>`` says over how many
    defects each mean was taken.
    """
    each = scores.groupby(by, sort=False, observed=True)[list(RATES)]
    return each.mean().join(each.count().add_prefix("n_")).reset_index()
