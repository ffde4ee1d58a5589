"""A study drawn anew: what its evidence would be with other images and other trainings.

Each draw takes images with replacement, the same for every table, and trainings where a table
holds several (:mod:`foilseg.evaluation.bootstrap`). Kinds of errors, gaps, truth and late
checkpoints are of the first training, so there only the images are drawn. What depends on
neither, such as multiply-adds, is in no draw, and claims about it are decided once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from foilseg.analysis import stability
from foilseg.analysis.gather import Findings
from foilseg.claims import evidence
from foilseg.claims.evidence import EXTRA, Evidence
from foilseg.evaluation import bootstrap
from foilseg.evaluation.bootstrap import RATES, TRAINING

Table = Callable[[np.ndarray], pd.DataFrame]  # how often each image counts -> a table of EXTRA


def draws(
    found: Findings, resamples: int, seed: int = 0, average: str = "pooled"
) -> Iterator[Evidence]:
    """Evidence of ``resamples`` draws; see :func:`foilseg.claims.verdicts.support`."""
    counts = found.pooled
    foils = list(dict.fromkeys(counts["foil"].astype(str)))
    tables = dict(_tables(found, foils, average))
    rates = evidence.resampled(counts, resamples, seed, average)
    weights = bootstrap.draws(len(foils), resamples, seed)
    for one, weight in zip(rates, weights, strict=True):
        extra = {name: table(weight) for name, table in tables.items()}
        yield Evidence(one.models, one.defects, one.rates, None, extra)


def _tables(found: Findings, foils: list[str], average: str) -> Iterator[tuple[str, Table]]:
    if found.kinds is not None:
        yield "errors", _errors(found.kinds, foils)
    if found.excuses is not None and len(found.excuses):
        yield "truth", _truth(found.excuses, foils)
    if found.seen is not None:
        yield "gaps", _gaps(found, foils)
    if found.repeated is not None:
        late = (found.late, "iteration", stability.PSOI)
        again = (found.repeated, "seed", stability.PSOMT)
        yield "stability", _stability((late, again), foils, average)


def _summed(table: pd.DataFrame, columns: list[str], foils: list[str]) -> tuple[list, np.ndarray]:
    """Models, and float64 (foils, models, columns) of sums over the defects."""
    plain = table.astype({"model": str, "foil": str})
    models = list(dict.fromkeys(plain["model"]))
    sums = plain.groupby(["foil", "model"])[columns].sum()
    keys = pd.MultiIndex.from_product([foils, models])
    values = sums.reindex(keys, fill_value=0).to_numpy(float)
    return models, values.reshape(len(foils), len(models), len(columns))


def _errors(kinds: pd.DataFrame, foils: list[str]) -> Table:
    shapes = ["oversize", "misclassified", "noise", "noise_objects"]
    models, sums = _summed(kinds, shapes, foils)
    each = kinds.drop_duplicates(["model", "foil"])
    _, region = _summed(each, ["region"], foils)

    def table(weight: np.ndarray) -> pd.DataFrame:
        drawn = np.tensordot(weight, sums, 1)
        drawn[:, 3] *= 1e6 / np.tensordot(weight, region, 1)[:, 0]
        frame = pd.DataFrame(drawn, columns=EXTRA["errors"][1:])
        return frame.assign(model=models)[list(EXTRA["errors"])]

    return table


def _truth(excuses: pd.DataFrame, foils: list[str]) -> Table:
    columns = list(EXTRA["truth"])
    models, sums = _summed(excuses, columns[1:], foils)

    def table(weight: np.ndarray) -> pd.DataFrame:
        frame = pd.DataFrame(np.tensordot(weight, sums, 1), columns=columns[1:])
        return frame.assign(model=models)[columns]

    return table


def _ordered(counts: pd.DataFrame, foils: list[str]) -> pd.DataFrame:
    place = counts["foil"].astype(str).map({foil: k for k, foil in enumerate(foils)})
    return counts.iloc[np.argsort(place.to_numpy(), kind="stable")]


def _means(cubed: np.ndarray, weight: np.ndarray, average: str) -> np.ndarray:
    """Mean rates float64 (models, 3)."""
    return bootstrap.mean(bootstrap.cube_rates(cubed, weight, average))


def _gaps(found: Findings, foils: list[str]) -> Table:
    """Of the images that are drawn; images that train as a whole are none of them, and stay."""
    same = set(found.seen["foil"].astype(str)) == set(foils)
    models, _, seen = bootstrap.cube(_ordered(found.seen, foils) if same else found.seen)
    names, _, unseen = bootstrap.cube(_ordered(found.counts, foils))
    place = [names.index(model) for model in models]

    def table(weight: np.ndarray) -> pd.DataFrame:
        known = weight if same else np.ones(len(seen))
        gap = _means(seen, known, "pooled")[:, 0] - _means(unseen, weight, "pooled")[place, 0]
        return pd.DataFrame({"model": models, "gap": gap})

    return table


def _stability(parts, foils: list[str], average: str) -> Table:
    cubes = []
    for counts, setting, test in parts:
        for model, own in counts.groupby(counts["model"].astype(str), sort=False):
            each = own.rename(columns={setting: TRAINING})
            _, _, cubed = bootstrap.cube(_ordered(each, foils))
            cubes.append((model, test, cubed.reshape(-1, len(foils), *cubed.shape[1:])))

    def table(weight: np.ndarray) -> pd.DataFrame:
        rows = []
        for model, test, cubed in cubes:
            means = np.concatenate([_means(one, weight, average) for one in cubed])
            sd = means.std(axis=0) if len(means) > 1 else np.full(len(RATES), np.nan)
            rows.append((model, test, *sd))
        return pd.DataFrame(rows, columns=["model", "test", *RATES])

    return table


def check(found: Findings, average: str = "pooled") -> dict[str, pd.DataFrame]:
    """The tables with every image once: those of :meth:`Findings.evidence`, for tests."""
    foils = list(dict.fromkeys(found.pooled["foil"].astype(str)))
    once = np.ones(len(foils))
    return {name: table(once) for name, table in _tables(found, foils, average)}
