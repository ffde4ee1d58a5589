"""How certain the order of the models is: pairs that swap, and places that each model takes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from foilseg.evaluation import metrics
from foilseg.evaluation.scores import BETTER_HIGH

RATES = list(metrics.RATES)


def swap(one: np.ndarray, other: np.ndarray, paired: bool = True) -> float:
    """Probability that two settings drawn at random order a pair of models differently.

    Parameters
    ----------
    one, other : a rate of each model in every setting.
    paired : True compares the models in the same setting (checkpoints), and draws two settings
        without putting the first back; False lets every training of one meet every one of the
        other (seeds are exchangeable), and draws two such meetings independently.

    Returns
    -------
    From 0 to 1; equal values are in an order that a coin decides anew each time. NaN with fewer
    than two settings or undefined values.
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    if min(len(one), len(other)) < 2 or np.isnan(one).any() or np.isnan(other).any():
        return float("nan")
    signs = np.sign(one - other) if paired else np.sign(one[:, None] - other[None]).ravel()
    above = (signs + 1) / 2
    differ, number = above.sum() * (1 - above).sum(), len(above) ** 2
    if paired:  # a setting is never drawn together with itself
        differ, number = differ - (above * (1 - above)).sum(), number - len(above)
    return float(2 * differ / number)


def swaps(means: pd.DataFrame, paired: bool = True) -> pd.DataFrame:
    """:func:`swap` of every pair of models in every rate: model, other, and a column a rate.

    ``means`` : from :func:`foilseg.analysis.stability.mean_rates`; ``paired`` as in :func:`swap`.

    Raises
    ------
    ValueError
        If settings are paired and two models were not evaluated in the same ones.
    """
    groups = means.groupby("model", sort=False, observed=True)
    values = {str(model): part[RATES].to_numpy(float) for model, part in groups}
    rows = []
    for a, b in combinations(values, 2):
        if paired and len(values[a]) != len(values[b]):
            raise ValueError(f"means: {a} and {b} were not evaluated in the same settings")
        pairs = zip(values[a].T, values[b].T)
        rows.append((a, b, *(swap(one, other, paired) for one, other in pairs)))
    return pd.DataFrame(rows, columns=["model", "other", *(f"swap by {rate}" for rate in RATES)])


def places(means: pd.DataFrame, setting: str) -> pd.DataFrame:
    """The best and the worst place of each model over the settings, such as "2 to 5", by each rate.

    1 is the highest, for the FPR the lowest value; equal values share the better place. Settings
    in which a model is not there, or its rate is undefined, do not count; of fewer than two there
    is nothing to tell, and the place is None.
    """
    models = list(dict.fromkeys(means["model"].astype(str)))
    table = {"model": models}
    for rate, high in BETTER_HIGH.items():
        wide = means.assign(model=means["model"].astype(str))
        wide = wide.pivot(index=setting, columns="model", values=rate).dropna()
        ranks = wide.rank(axis=1, ascending=not high, method="min").astype(int)
        known = len(ranks) > 1
        table[f"by {rate}"] = [_range(ranks[m]) if known else None for m in models]
    return pd.DataFrame(table)


def _range(ranks: pd.Series) -> str:
    low, high = ranks.min(), ranks.max()
    return f"{low}" if low == high else f"{low} to {high}"
