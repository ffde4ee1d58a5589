"""What a study says: rates per model and defect, and whatever else a claim may need.

Models bear the names of the thesis's tables, so that a claim reads the same on the printed
numbers, on a study, and on a study that is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from foilseg.evaluation import metrics
from foilseg.evaluation.bootstrap import RATES, cube, cube_rates, resample_weights
from foilseg.thesis import published

# extra evidence: name -> the columns it must have and what shows it
EXTRA = {
    "stability": ("model", "test", *RATES),  # SD of the mean rates; test is PSoI or PSoMT
    "costs": ("model", "macs_per_megapixel"),  # of all networks of a model
    "errors": ("model", "oversize", "misclassified", "noise", "noise_objects_per_megapixel"),
    "gaps": ("model", "gap"),  # mean TPR on the training regions minus that on the validation ones
    "truth": ("model", "fp", "fp_real", "fn", "fn_no_defect"),  # pixels
    "building": ("train_set", "windows"),  # looked at while one pool of patches is built
}


class Undecided(Exception):
    """A claim that this evidence cannot decide; the message says what is lacking."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Numbers of one study.

    Attributes
    ----------
    models, defects : names, models as in the thesis, defects in lower case.
    rates : float64 (models, defects, 3): TPR, FPR, precision; NaN where undefined.
    printed_means : float64 (models, 3) that stand for the means of ``rates``, or None.
    extra : tables by their name in :data:`EXTRA`.

    Raises
    ------
    ValueError
        If the sizes do not fit, or a table of ``extra`` is unknown or lacks a column.
    """

    models: tuple[str, ...]
    defects: tuple[str, ...]
    rates: np.ndarray
    printed_means: np.ndarray | None = None
    extra: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self):
        shape = (len(self.models), len(self.defects), len(RATES))
        if self.rates.shape != shape:
            raise ValueError(f"rates: {self.rates.shape}, not models x defects x rates {shape}")
        for name, table in self.extra.items():
            if name not in EXTRA:
                raise ValueError(f"extra: {name!r} is none of {', '.join(EXTRA)}")
            lacking = [c for c in EXTRA[name] if c not in table]
            if lacking:
                raise ValueError(f"extra: {name} has no column {lacking[0]!r}")

    def values(self, model: str, rate: str) -> np.ndarray:
        """A rate of a model for every defect."""
        return self.rates[self._at(model), :, RATES.index(rate)]

    def mean(self, model: str, rate: str) -> float:
        """A rate of a model, averaged over the defects for which it is defined.

        Raises
        ------
        Undecided
            If the model is not there, or the rate is defined for no defect.
        """
        column = RATES.index(rate)
        if self.printed_means is not None:
            value = self.printed_means[self._at(model), column]
        else:
            values = self.rates[self._at(model), :, column]
            values = values[~np.isnan(values)]
            value = values.mean() if len(values) else np.nan
        if np.isnan(value):
            raise Undecided(f"the mean {rate} of {model} is undefined")
        return float(value)

    def means(self, models: Sequence[str], rate: str) -> dict[str, float]:
        """:meth:`mean` of several models."""
        return {model: self.mean(model, rate) for model in models}

    def require(self, models: Sequence[str] = (), defects: Sequence[str] = ()) -> None:
        """Raise :class:`Undecided` unless all of these are there."""
        no_defect = [d for d in defects if d not in self.defects]
        if no_defect:
            raise Undecided(f"does not apply: these data have no {' and no '.join(no_defect)}")
        lacking = [m for m in models if m not in self.models]
        if lacking:
            raise Undecided(f"not trained: {', '.join(lacking)}")

    def table(self, name: str, models: Sequence[str] = ()) -> pd.DataFrame:
        """An extra table, indexed by its first column, with a row for each of ``models``."""
        if name not in self.extra:
            raise Undecided(f"no evidence on {name}")
        table = self.extra[name]
        table = table.set_index(table.columns[0])
        lacking = [m for m in models if m not in table.index]
        if lacking:
            raise Undecided(f"no evidence on {name} of {', '.join(lacking)}")
        return table

    def _at(self, model: str) -> int:
        self.require([model])
        return self.models.index(model)


def from_rates(table: pd.DataFrame, means: pd.DataFrame | None = None, **extra) -> Evidence:
    """Evidence from one row a model and defect with TPR, FPR and precision.

    ``means`` : columns model and the rates, if others than the means of the rows are to count.
    """
    models, defects = (tuple(map(str, dict.fromkeys(table[c]))) for c in ("model", "defect"))
    wide = table.assign(model=table["model"].astype(str), defect=table["defect"].astype(str))
    wide = wide.set_index(["model", "defect"])[list(RATES)]
    full = pd.MultiIndex.from_product([models, defects])
    rates = wide.reindex(full).to_numpy(float).reshape(len(models), len(defects), len(RATES))
    given = None if means is None else means.set_index("model").loc[list(models), list(RATES)]
    names = tuple(d.lower() for d in defects)
    return Evidence(models, names, rates, None if given is None else given.to_numpy(float), extra)


def printed(average: str = "printed") -> Evidence:
    """The thesis's tables as evidence.

    ``average`` : ``"printed"`` takes Table A2 as it is; ``"pooled"`` the precision from the
    counts of Table A1 (every sum made to add up), and TPR and FPR from there too.
    """
    extra = {"stability": _printed_stability()}
    if average == "printed":
        means = published.table("means").rename(columns=lambda c: c.removeprefix("mean_"))
        return from_rates(published.table("rates"), means, **extra)
    if average != "pooled":
        raise ValueError(f"average: {average!r} is not 'printed' or 'pooled'")
    from foilseg.thesis.result_tables import corrected_counts

    counts, _ = corrected_counts()
    return from_rates(metrics.rates(counts.rename(columns=str.lower)), **extra)


def _printed_stability() -> pd.DataFrame:
    table = published.table("stability")
    parts = []
    for test in ("PSoI", "PSoMT"):
        columns = {f"{test.lower()}_{rate.lower()}_sd": rate for rate in RATES}
        part = table[["model", *columns]].rename(columns=columns)
        part.insert(1, "test", test)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def from_counts(counts: pd.DataFrame, average: str = "pooled", **extra) -> Evidence:
    """Evidence of stored counts: model, foil, defect, tp, fp, fn, tn."""
    models, defects, cubed = cube(counts)
    rates = cube_rates(cubed, np.ones(len(cubed)), average)
    return Evidence(models, tuple(d.lower() for d in defects), rates, None, extra)


def resampled(
    counts: pd.DataFrame, resamples: int, seed: int, average: str = "pooled"
) -> Iterator[Evidence]:
    """Evidence of images (and trainings) drawn anew with replacement, ``resamples`` times.

    Rates only, see :mod:`foilseg.evaluation.bootstrap`.
    """
    yield from reweighted(counts, resample_weights(counts, resamples, seed), average)


def reweighted(
    counts: pd.DataFrame, weights: Iterable[np.ndarray], average: str = "pooled"
) -> Iterator[Evidence]:
    """Evidence of images that count as often as each of the weights says; rates only.

    The images are in the order in which they first occur.
    """
    models, defects, cubed = cube(counts)
    names = tuple(d.lower() for d in defects)
    for each in weights:
        yield Evidence(models, names, cube_rates(cubed, each, average))
