"""One model of a shipped study by itself: its rates, those that the thesis printed, and its run."""

from __future__ import annotations

import pandas as pd

from foilseg.analysis import comparisons
from foilseg.analysis.records import Record
from foilseg.evaluation import scores

MEAN = "mean"
MILLION = "false alarms a million pixels"


def card(record: Record, title: str) -> pd.DataFrame:
    """Rates of a model: a row a defect, and their mean.

    Columns defect, ``TPR``, ``TPR at one FPR``, :data:`MILLION` and ``precision``, those at the
    model's own threshold each followed by the published one; a model that the thesis does not
    have has no such columns. Mean over the trainings.

    Raises
    ------
    ValueError
        If the study has no such model; lists those it has.
    """
    own = _of(comparisons.rates(record), title)
    if own.empty:
        known = ", ".join(record.titles.values())
        raise ValueError(f"title: the study has no model {title!r}; choose one of {known}")
    even = scores.defect_rates(record.compared.even)
    printed = _of(scores.published_rates(), _published(record, title))
    table = {"TPR": own["TPR"], "published TPR": printed.get("TPR")}
    table["TPR at one FPR"] = _of(even, title)["TPR"]
    table |= {MILLION: 1e6 * own["FPR"], f"published {MILLION}": 1e6 * printed["FPR"]}
    table |= {"precision": own["precision"], "published precision": printed["precision"]}
    found = pd.DataFrame(table, index=own.index).dropna(axis="columns", how="all")
    return found.rename_axis("defect").reset_index()


def _of(rates: pd.DataFrame, title: str) -> pd.DataFrame:
    """A model's rows by defect, and their mean."""
    table = rates.astype({"model": str, "defect": str})
    own = table[table["model"] == title].set_index("defect")[["TPR", "FPR", "precision"]]
    return pd.concat([own, own.mean().to_frame(MEAN).T]) if len(own) else own


def _published(record: Record, title: str) -> str:
    """The thesis's name of a model."""
    return next(name for name, own in record.titles.items() if own == title)
