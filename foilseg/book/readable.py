"""Tables written out for a reader: every number in its format, what is undefined as a word.

What :func:`sortable` makes can be sorted and filtered in the static page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from string import Template

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from foilseg.book.prose import UNDEFINED
from foilseg.data import escape
from foilseg.figures.style import COLOURS
from foilseg.thesis.checks import AGREES, DIFFERS

Form = str | Callable[[float], str]  # of a number
NUMBER = re.compile(r"[-+]?[\d.,:%/e+\- ]+")
NO_MINUS = re.compile(r"-0(\.0*)?%?")  # what was rounded to nothing has no sign
FPR_PPM = "FPR (ppm)"  # false pixels in a million without the defect
LONGEST_NAME = 20  # letters of a cell that is not broken into lines
# words that say how a check or claim came out -> their colour, another one on a dark page
VERDICTS = {
    AGREES: "agrees",
    DIFFERS: "differs",
    "holds": "agrees",
    "does not hold": "differs",
}
TABLE = Template(
    '<div style="overflow-x: auto"><table class="dataframe sortable"$first>\n'
    '<thead><tr style="text-align: right;">$heads</tr></thead>\n'
    "<tbody>$rows</tbody>\n</table></div>"
)


def percent(share: float) -> str:
    """A share in per cent with three digits that count, for shares of every size."""
    return f"{100 * share:.3g}%"


def number_of(count: float) -> str:
    """A number of things in an area: whole from 100 on, with three digits that count below."""
    return f"{count:,.0f}" if count >= 100 else f"{count:.3g}"


def per_million(rate: float) -> str:
    """A rate of false pixels as their number in a million, with three digits that count."""
    return number_of(1e6 * rate)


def exact(value: float) -> str:
    """A number to be compared digit by digit: whole from 100,000 on, with six digits below."""
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


# How a column is printed, by a word of its name; the first that fits counts.
FORMATS = {
    "false objects per ": number_of,
    "false at": number_of,
    "promised per ": number_of,
    "largest regret": percent,
    "gain": "{:+.3f}",
    "one FPR": "{:.3f}",
    "by FPR": "{:.0f}",
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
    "FPR": per_million,
    "TPR": "{:.3f}",
    "precision": "{:.3f}",
    "youden": "{:.3f}",
    "median": "{:.3g}",
    "training": number_of,
    "prediction": number_of,
}


def readable(table: pd.DataFrame, number: Form = "{:,}") -> pd.DataFrame:
    """The same table with every number written out for a reader; NaN reads "undefined".

    A column of whole numbers is written as such, one of false positive rates in millionths, which
    its name then says (:data:`FPR_PPM`); any other is formatted by the first word of
    :data:`FORMATS` in its name, else by ``number``.
    Leading columns of names head the rows; of a table of names alone it is the first.
    """
    names = list(takewhile(lambda column: not is_numeric_dtype(table[column]), table.columns))
    names = names[:1] if len(names) == table.shape[1] else names
    if isinstance(table.index, pd.RangeIndex) and names:
        table = table.set_index(names)
    elif isinstance(table.index, pd.RangeIndex):
        table = table.set_axis([""] * len(table))
    text, renamed = table.astype(object), []
    for place, column in enumerate(table.columns):
        form = _form(column, table.iloc[:, place], number)
        cells = [_written(value, form) for value in table.iloc[:, place]]
        text.isetitem(place, cells)
        renamed.append(_in_millionths(column) if form is per_million else column)
    text.columns = _columns(renamed, table.columns)
    return headed(text)


def _form(column: object, values: pd.Series, number: Form) -> Form:
    """How the values of a column of this name are printed."""
    if is_integer_dtype(values):
        return "{:,}"
    name = " ".join(map(str, column)) if isinstance(column, tuple) else str(column)
    return next((form for word, form in FORMATS.items() if word in name), number)


def _in_millionths(column: object) -> object:
    """The name of a column of rates, of one level or several, with the unit it is printed in."""
    if isinstance(column, tuple):
        return tuple(map(_in_millionths, column))
    return str(column).replace("FPR", FPR_PPM)


def _columns(names: list, old: pd.Index) -> pd.Index:
    if old.nlevels > 1:
        return pd.MultiIndex.from_tuples(names, names=old.names)
    return pd.Index(names, name=old.name, dtype=object)


def headed(table: pd.DataFrame) -> pd.DataFrame:
    """The name of the rows in the line of the column names, not in a line of its own."""
    if table.columns.nlevels > 1 or table.index.nlevels > 1 or table.index.name is None:
        return table
    return table.rename_axis(index=None, columns=table.index.name)


def _written(value: object, form: Form) -> str:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return UNDEFINED
    if value in (np.inf, -np.inf):
        return "infinite"
    text = form(value) if callable(form) else form.format(value)
    return text[1:] if NO_MINUS.fullmatch(text) else text


@dataclass(frozen=True, eq=False)
class Sortable:
    """A table; the script ``book/_static/tables.js`` makes its headings and rows answer.

    Where there is no such script, it is a plain table. Verdicts are coloured, and still words.
    """

    frame: pd.DataFrame
    first: int = 0  # rows that are open, 0 for as many as of any table
    anchor: str = ""  # how the labels of rows begin, which end in the first cell; "" for none

    def _repr_html_(self) -> str:
        kinds = [_kind(self.frame.iloc[:, place]) for place in range(self.frame.shape[1])]
        heads = "".join(map(_head, self.frame.columns, kinds))
        lines = self.frame.itertuples(index=False)
        rows = (f"<tr{self._label(row[0])}>{''.join(map(_cell, row, kinds))}</tr>" for row in lines)
        first = f' data-first="{self.first}"' if self.first else ""
        return TABLE.substitute(heads=heads, rows="\n".join(rows), first=first)

    def _label(self, name: object) -> str:
        label = re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-")
        return f' id="{self.anchor}-{label}"' if self.anchor else ""

    def __repr__(self) -> str:
        return repr(self.frame)


def _kind(column: Iterable[object]) -> str:
    """The class of a column's cells: none for numbers written out, else for names or words."""
    cells = [str(cell) for cell in column if str(cell) not in ("", UNDEFINED)]
    if all(NUMBER.fullmatch(cell) for cell in cells):
        return ""
    return ' class="name"' if max(map(len, cells)) <= LONGEST_NAME else ' class="words"'


def _head(name: object, kind: str) -> str:
    return f"<th{kind}>{escape.html(name)}</th>"


def _cell(value: object, kind: str) -> str:
    style = ""
    if value in VERDICTS:
        colour = f"var(--fs-{VERDICTS[value]}, {COLOURS[VERDICTS[value]]})"
        style = f' style="color: {colour}; font-weight: 600"'
    return f"<td{kind}{style}>{escape.html(value)}</td>"


def sortable(
    table: pd.DataFrame, number: Form = "{:,.4g}", first: int = 0, anchor: str = ""
) -> Sortable:
    """A table with one line of headings, its numbers written out, to sort and filter.

    ``first`` and ``anchor`` : as of :class:`Sortable`.

    Columns of several levels are joined by a blank, and an underscore is one; the index, if it has
    names, becomes columns.
    """
    plain = table.reset_index() if any(table.index.names) else table.copy()
    if plain.columns.nlevels > 1:
        plain.columns = [" ".join(filter(None, map(str, c))) for c in plain.columns]
    plain.columns = [str(name).replace("_", " ") for name in plain.columns]
    # without this, leading columns of names would become the index
    plain.index = pd.Index([str(n) for n in range(len(plain))], dtype=object)
    return Sortable(readable(plain, number), first, anchor)
