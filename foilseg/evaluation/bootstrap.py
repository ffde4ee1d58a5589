"""How far a mean would move with other images: bootstrap over images, paired between models."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from foilseg.evaluation import metrics

RATES = tuple(metrics.RATES)
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
    one, other = a[known], b[known]
    if not np.ptp(one) or not np.ptp(other):
        return float("nan")
    return float(spearmanr(one, other).statistic)


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


def cube(counts: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Models, defects and counts int64 (images, models, defects, 4) of a tidy table.

    Raises
    ------
    ValueError
        If an image lacks the counts of a model or defect.
    """
    models, defects, foils = (
        tuple(map(str, dict.fromkeys(counts[c]))) for c in ("model", "defect", "foil")
    )
    keys = pd.MultiIndex.from_product([foils, models, defects])
    wide = counts.assign(**{c: counts[c].astype(str) for c in ("foil", "model", "defect")})
    wide = wide.set_index(["foil", "model", "defect"])[list(metrics.COUNTS)].reindex(keys)
    if wide.isna().to_numpy().any():
        foil, model, defect = wide.index[wide.isna().any(axis=1)][0]
        raise ValueError(f"counts: {model} has none for {defect} on {foil}")
    shape = (len(foils), len(models), len(defects), len(metrics.COUNTS))
    return models, defects, wide.to_numpy(np.int64).reshape(shape)


def cube_rates(cubed: np.ndarray, weights: np.ndarray, average: str = "pooled") -> np.ndarray:
    """Rates float64 (models, defects, 3) of images that count ``weights`` (images,) times each.

    ``average`` : as in :func:`foilseg.evaluation.metrics.score`.
    """
    if average == "pooled":
        return _divide(np.tensordot(weights, cubed, 1))
    each = _divide(cubed)
    known = ~np.isnan(each)
    number = np.tensordot(weights, known.astype(float), 1)
    total = np.tensordot(weights, np.where(known, each, 0.0), 1)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _divide(counts: np.ndarray) -> np.ndarray:
    each = dict(zip(metrics.COUNTS, np.moveaxis(np.asarray(counts, float), -1, 0)))
    parts = []
    for names in metrics.RATES.values():
        above, below = (sum(each[name] for name in some) for some in names)
        undefined = np.full(above.shape, np.nan)
        parts.append(np.divide(above, below, out=undefined, where=below > 0))
    return np.stack(parts, axis=-1)


def draws(images: int, resamples: int, seed: int) -> np.ndarray:
    """How often each image is drawn: int64 (resamples, images), each row sums to ``images``."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(images, np.full(images, 1 / images), resamples)
