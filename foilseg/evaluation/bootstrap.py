"""How far a mean would move with other images, and trainings: a bootstrap, paired between models.

Counts with a column ``training`` hold several trainings of each model. Then images and trainings
are drawn together: the images are the same for all models, the trainings are drawn for each model
by itself, because nothing but a number says that the second trainings of two models belong
together. Pooled rates are then those of all trainings' pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from foilseg.evaluation import metrics

RATES = tuple(metrics.RATES)
TRAINING = "training"  # a column of counts that hold several
LEVEL = (2.5, 97.5)  # percentiles of an interval


def resampled_means(
    counts: pd.DataFrame, resamples: int, seed: int, average: str = "pooled"
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Models; their mean rates float64 (models, 3); and those of resamples (n, models, 3).

    Every resample draws images with replacement, the same for all models, and trainings if there
    are several. A rate that is undefined for a defect is left out of the mean; one that is defined
    for none is NaN.
    """
    models, _, cubed = cube(counts)
    means = mean(cube_rates(cubed, np.ones(len(cubed)), average))
    drawn = [mean(cube_rates(cubed, w, average)) for w in resample_weights(counts, resamples, seed)]
    return models, means, np.stack(drawn) if drawn else np.empty((0, *means.shape))


def mean(rates: np.ndarray) -> np.ndarray:
    """Mean over the defects for which a rate is defined: (..., defects, 3) -> (..., 3)."""
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


def by_rate(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of :func:`intervals` with one a model: under each rate its mean, low and high."""
    parts = {rate: part.set_index("model") for rate, part in table.groupby("rate", sort=False)}
    return pd.concat(parts, axis=1)[list(parts)].drop(columns="rate", level=1)


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
    """Models, defects and counts float64 (units, models, defects, 4) of a tidy table.

    A unit is an image, or an image of a training: all of the first training come first.

    Raises
    ------
    ValueError
        If an image (of a training) lacks the counts of a model or defect.
    """
    kinds = [*([TRAINING] if TRAINING in counts else []), "foil", "model", "defect"]
    names = [tuple(map(str, dict.fromkeys(counts[kind]))) for kind in kinds]
    keys = pd.MultiIndex.from_product(names)
    wide = counts.assign(**{kind: counts[kind].astype(str) for kind in kinds})
    wide = wide.set_index(kinds)[list(metrics.COUNTS)].reindex(keys)
    if wide.isna().to_numpy().any():
        *_, foil, model, defect = wide.index[wide.isna().any(axis=1)][0]
        raise ValueError(f"counts: {model} has none for {defect} on {foil}")
    models, defects = names[-2:]
    shape = (-1, len(models), len(defects), len(metrics.COUNTS))
    return models, defects, wide.to_numpy(float).reshape(shape)


def cube_rates(cubed: np.ndarray, weights: np.ndarray, average: str = "pooled") -> np.ndarray:
    """Rates float64 (models, defects, 3) of units that count ``weights`` times each.

    Parameters
    ----------
    weights : (units,), or (units, models) where they are others for each model.
    average : as in :func:`foilseg.evaluation.metrics.score`.
    """
    each = np.broadcast_to(weights.T, (cubed.shape[1], len(cubed))).T[:, :, None, None]
    if average == "pooled":
        return _divide((each * cubed).sum(axis=0))
    rates = _divide(cubed)
    known = ~np.isnan(rates)
    number = (each * known).sum(axis=0)
    total = (each * np.where(known, rates, 0.0)).sum(axis=0)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _divide(counts: np.ndarray) -> np.ndarray:
    each = dict(zip(metrics.COUNTS, np.moveaxis(np.asarray(counts, float), -1, 0)))
    parts = []
    for names in metrics.RATES.values():
        above, below = (sum(each[name] for name in some) for some in names)
        undefined = np.full(above.shape, np.nan)
        parts.append(np.divide(above, below, out=undefined, where=below > 0))
    return np.stack(parts, axis=-1)


def resample_weights(counts: pd.DataFrame, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each unit of :func:`cube` counts in each resample: (units,) or (units, models)."""
    images = draws(counts["foil"].nunique(), resamples, seed)
    if TRAINING not in counts:
        yield from images
        return
    generator = np.random.default_rng([seed, 1])
    models, trainings = counts["model"].nunique(), counts[TRAINING].nunique()
    even = np.full(trainings, 1 / trainings)
    for drawn in images:
        repeated = generator.multinomial(trainings, even, models)  # (models, trainings)
        yield (repeated.T[:, None, :] * drawn[None, :, None]).reshape(-1, models)


def draws(images: int, resamples: int, seed: int) -> np.ndarray:
    """How often each image is drawn: int64 (resamples, images), each row sums to ``images``."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(images, np.full(images, 1 / images), resamples)
