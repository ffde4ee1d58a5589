"""Tables written out for a reader: every number in its format, what is undefined as a word."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

UNDEFINED = "undefined"


def percent(share: float) -> str:
    """A share in per cent with three digits that count, for shares of every size."""
    return f"{100 * share:.3g}%"


# How a column is printed, by a word of its name; the first that fits counts.
FORMATS = {
    "swap": "{:.2f}",
    "common": "{:.3f}",
    "deviation": "{:+z.1%}",
    "window share": "{:.1%}",
    "distinct": "{:.1%}",
    "overlap": "{:.3%}",
    "inequality": "{:.2%}",
    "variety": "{:.2f}",
    "per patch": "{:.1f}",
    "tolerance": "{:.0%}",
    "times": "{:.0f}",
    "factor": "{:.3g}",
    "parameters": "{:,.0f}",
    "networks": "{:.0f}",
    "unclaimed": "{:.2%}",
    "spread": "{:.2f}",
    "share": percent,
    "background per": "1 : {:,.0f}",
    "megapixels": "{:.3f}",
    "pixels": "{:,.0f}",
    "FPR": "{:.4f}",
    "TPR": "{:.3f}",
    "precision": "{:.3f}",
    "youden": "{:.3f}",
    "median": "{:.3g}",
}


def readable(table: pd.DataFrame, number: str = "{:,}") -> pd.DataFrame:
    """The same table with every number written out for a reader; NaN reads "undefined".

    A column of whole numbers is written as such, any other is formatted by the first word of
    :data:`FORMATS` in its name, else by ``number``.
    Leading columns of names head the rows; of a table of names alone it is the first.
    """
    names = list(takewhile(lambda column: not is_numeric_dtype(table[column]), table.columns))
    names = names[:1] if len(names) == table.shape[1] else names
    if isinstance(table.index, pd.RangeIndex) and names:
        table = table.set_index(names)
    elif isinstance(table.index, pd.RangeIndex):
        table = table.set_axis([""] * len(table))
    text = table.astype(object)
    for place, column in enumerate(table.columns):
        name = " ".join(map(str, column)) if isinstance(column, tuple) else str(column)
        form = next((f for word, f in FORMATS.items() if word in name), number)
        form = "{:,}" if is_integer_dtype(table.iloc[:, place]) else form
        cells = [_written(value, form) for value in table.iloc[:, place]]
        text.isetitem(place, cells)
    return headed(text)


def headed(table: pd.DataFrame) -> pd.DataFrame:
    """The name of the rows in the line of the column names, not in a line of its own."""
    if table.columns.nlevels > 1 or table.index.nlevels > 1 or table.index.name is None:
        return table
    return table.rename_axis(index=None, columns=table.index.name)


def _written(value: object, form: str | Callable[[float], str]) -> str:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return UNDEFINED
    if value in (np.inf, -np.inf):
        return "infinite"
    return form(value) if callable(form) else form.format(value)
