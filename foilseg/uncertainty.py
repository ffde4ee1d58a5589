"""How far a mean would move with other images: bootstrap over images, paired between models."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from foilseg.evidence import RATES, cube, cube_rates, draws

LEVEL = (2.5, 97.5)  # percentiles of an interval


def resampled_means(
    counts: pd.DataFrame, resamples: int, seed: int, average: str = "pooled"
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Models; their mean rates float64 (models, 3); and those of resamples (n, models, 3).

    Every resample draws images with replacement, the same for all models. A rate that is
    undefined for a defect is left out of the mean; one that is defined for none is NaN.
    """
    models, _, cubed = cube(counts)
    means = _mean(cube_rates(cubed, np.ones(len(cubed)), average))
    drawn = [_mean(cube_rates(cubed, w, average)) for w in draws(len(cubed), resamples, seed)]
    return models, means, np.stack(drawn) if drawn else np.empty((0, *means.shape))


def _mean(rates: np.ndarray) -> np.ndarray:
    known = ~np.isnan(rates)
    number = known.sum(axis=1)
    total = np.where(known, rates, 0.0).sum(axis=1)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _interval(values: np.ndarray) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    return tuple(np.percentile(known, LEVEL)) if len(known) else (np.nan, np.nan)


def intervals(
    counts: pd.DataFrame, resamples: int = 1000, seed: int = 0, average: str = "pooled"
) -> pd.DataFrame:
    """Per model and rate: mean over the defects and its interval (low, high)."""
    models, means, drawn = resampled_means(counts, resamples, seed, average)
    rows = [
        (model, rate, means[i, j], *_interval(drawn[:, i, j]))
        for i, model in enumerate(models)
        for j, rate in enumerate(RATES)
    ]
    return pd.DataFrame(rows, columns=["model", "rate", "mean", "low", "high"])


def differences(
    counts: pd.DataFrame,
    baseline: str,
    resamples: int = 1000,
    seed: int = 0,
    average: str = "pooled",
) -> pd.DataFrame:
    """Per other model and rate: difference to the baseline, on the same images, and interval.

    ``higher`` is the share of the resamples in which the model lies above the baseline.

    Raises
    ------
    ValueError
        If the baseline is none of the models.
    """
    models, means, drawn = resampled_means(counts, resamples, seed, average)
    if baseline not in models:
        raise ValueError(f"baseline: {baseline!r} is none of {', '.join(models)}")
    base = models.index(baseline)
    rows = []
    for i, model in enumerate(models):
        for j, rate in enumerate(RATES):
            if i != base:
                gap = drawn[:, i, j] - drawn[:, base, j]
                known = gap[~np.isnan(gap)]
                higher = (known > 0).mean() if len(known) else np.nan
                rows.append((model, rate, means[i, j] - means[base, j], *_interval(gap), higher))
    return pd.DataFrame(rows, columns=["model", "rate", "difference", "low", "high", "higher"])


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation of the places where both are defined; NaN below 3 of them or if one is
    constant."""
    known = ~(np.isnan(a) | np.isnan(b))
    if known.sum() < 3:
        return float("nan")
    one, other = rankdata(a[known]), rankdata(b[known])
    if not one.std() or not other.std():
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def rank_correlations(
    counts: pd.DataFrame,
    published: pd.DataFrame,
    resamples: int = 1000,
    seed: int = 0,
    average: str = "pooled",
) -> pd.DataFrame:
    """Spearman's correlation of our mean rates with the published ones, with interval, per rate.

    Parameters
    ----------
    published : columns model, TPR, FPR, precision; models that are not in both do not count.
    """
    models, means, drawn = resampled_means(counts, resamples, seed, average)
    theirs = published.set_index("model").reindex(list(models))[list(RATES)].to_numpy(float)
    number = int((~np.isnan(theirs[:, 0])).sum())
    rows = []
    for j, rate in enumerate(RATES):
        each = np.array([spearman(d[:, j], theirs[:, j]) for d in drawn])
        found = spearman(means[:, j], theirs[:, j])
        rows.append((rate, number, found, *_interval(each)))
    return pd.DataFrame(rows, columns=["rate", "models", "correlation", "low", "high"])
