"""Tables written out for a reader: every number in its format, what is undefined as a word.

What :func:`sortable` makes can be sorted and filtered in the static page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from numbers import Integral
from string import Template

import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from foilseg.book.digits import Form, form_of, per_million, written
from foilseg.data import escape
from foilseg.drawing.style import COLOURS
from foilseg.numbers import UNDEFINED, three_digits
from foilseg.thesis.checks import AGREES, DIFFERS

__all__ = ["Sortable", "headed", "readable", "sortable"]
INFINITE = three_digits(float("inf"))
NUMBER = re.compile(r"[-+]?[\d.,:%/e+\- ]+")
FPR_PPM = "FPR (ppm)"  # false pixels in a million without the defect
LONGEST_NAME = 20  # letters of a cell that is not broken into lines
OF_RUNS = ("run", "command", "made with")  # columns whose cells are never broken
# Of fewer rows some column is in order by chance: of 7 rows one of ten columns in 1 of 250 tables.
LEAST_ROWS = 7
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


def readable(table: pd.DataFrame, number: Form = three_digits) -> pd.DataFrame:
    """The same table with every number written out for a reader; NaN reads "undefined".

    A column of whole numbers is written as such, rounded to three digits if its name has that
    form, and one of false positive rates in millionths, which its name then says
    (:data:`FPR_PPM`); any other is formatted by the first word of
    :data:`foilseg.book.digits.FORMATS` in its name, else by ``number``: with three digits that
    count, but for whole numbers, which may stand among undefined ones.
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
    form, known = form_of(name, number), pd.to_numeric(values, errors="coerce").dropna()
    if form is not three_digits or not len(known) or (known % 1).any():
        return form
    # of a quantity that has three digits wherever it stands, no column happens to have more
    return _rounded if form_of(name, "") is three_digits else "{:,.0f}"


def _rounded(number: float) -> str:
    """A whole number with three digits that count, and no decimals."""
    return three_digits(number) if abs(number) >= 1000 else f"{number:,.0f}"


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
    if value is None or value is pd.NA:
        return UNDEFINED
    whole = form is three_digits and isinstance(value, Integral)
    return written(value, "{:,}" if whole else form)


@dataclass(frozen=True, eq=False)
class Sortable:
    """A table; the script ``book/_static/tables.js`` makes its headings and rows answer.

    Where there is no such script, it is a plain table. Verdicts are coloured, and still words. The
    column that the rows are ordered by is marked: its place, and ``ascending`` or ``descending``.
    """

    frame: pd.DataFrame
    ordered: tuple[int, str] | None = None
    first: int = 0  # rows that are open, 0 for as many as of any table
    anchor: str = ""  # how the labels of rows begin, which end in the first cell; "" for none

    def _repr_html_(self) -> str:
        place, way = self.ordered or (-1, "")
        kinds = [
            "name" if name in OF_RUNS else _kind(self.frame.iloc[:, k])
            for k, name in enumerate(self.frame.columns)
        ]
        ways = [f' aria-sort="{way}"' if k == place else "" for k in range(len(kinds))]
        heads = "".join(map(_head, self.frame.columns, kinds, ways))
        kinds = [f"{kind} sorted".strip() if k == place else kind for k, kind in enumerate(kinds)]
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
    cells = [str(cell) for cell in column if str(cell) not in ("", UNDEFINED, INFINITE)]
    if all(NUMBER.fullmatch(cell) for cell in cells):
        return ""
    return "name" if max(map(len, cells)) <= LONGEST_NAME else "words"


def _of_class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _head(name: object, kind: str, way: str) -> str:
    return f"<th{_of_class(kind)}{way}>{escape.html(name)}</th>"


def _cell(value: object, kind: str) -> str:
    style = ""
    if value in VERDICTS:
        colour = f"var(--fs-{VERDICTS[value]}, {COLOURS[VERDICTS[value]]})"
        style = f' style="color: {colour}; font-weight: 600"'
    return f"<td{_of_class(kind)}{style}>{escape.html(value)}</td>"


def sortable(
    table: pd.DataFrame,
    number: Form = three_digits,
    by: str = "",
    first: int = 0,
    anchor: str = "",
) -> Sortable:
    """A table with one line of headings, its numbers written out, to sort and filter.

    ``first`` and ``anchor`` : as of :class:`Sortable`.

    Columns of several levels are joined by a blank, and an underscore is one; the index, if it has
    names, becomes columns. ``by`` names the column by which the rows stand in order, which is
    marked; without it the only column whose values rise or fall from each row to the next, if the
    table has at least :data:`LEAST_ROWS` rows.

    Raises
    ------
    ValueError
        If the rows are not in the order of ``by``, or there is no such column.
    """
    plain = table.reset_index() if any(table.index.names) else table.copy()
    if plain.columns.nlevels > 1:
        plain.columns = [" ".join(filter(None, map(str, c))) for c in plain.columns]
    plain.columns = [str(name).replace("_", " ") for name in plain.columns]
    ordered = _told(plain, by) if by else _seen(plain)
    # without this, leading columns of names would become the index
    plain.index = pd.Index([str(n) for n in range(len(plain))], dtype=object)
    return Sortable(readable(plain, number), ordered, first, anchor)


def _told(table: pd.DataFrame, by: str) -> tuple[int, str]:
    """The column that a table is said to be ordered by, and which way; equal values may follow."""
    if by not in table:
        raise ValueError(f"by: no column {by!r}; choose one of {', '.join(table.columns)}")
    known = table[by].dropna()
    if known.is_monotonic_increasing or known.is_monotonic_decreasing:
        way = "ascending" if known.is_monotonic_increasing else "descending"
        return list(table.columns).index(by), way
    raise ValueError(f"by: the rows are not in the order of {by!r}; sort them first")


def _seen(table: pd.DataFrame) -> tuple[int, str] | None:
    """The only column whose values rise or fall throughout, and which way."""
    found = []
    for place in range(table.shape[1] if len(table) >= LEAST_ROWS else 0):
        column = table.iloc[:, place]
        if is_numeric_dtype(column) or all(isinstance(value, str) for value in column):
            ways = {"ascending": column.is_monotonic_increasing}
            ways["descending"] = column.is_monotonic_decreasing
            found += [(place, way) for way, is_so in ways.items() if is_so and column.is_unique]
    return found[0] if len(found) == 1 else None
