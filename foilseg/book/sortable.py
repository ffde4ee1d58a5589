"""Tables that a reader can sort and filter in the static page."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from foilseg.book.readable import UNDEFINED, readable
from foilseg.thesis.checks import AGREES, DIFFERS

NUMBER = re.compile(r"[-+]?[\d.,:%/e+\- ]+")
LONGEST_NAME = 20  # letters of a cell that is not broken into lines
# words that say how a check or claim came out -> their colour, readable on light and dark pages
COLOURS = {
    AGREES: "#2e8b57",
    DIFFERS: "#d1495b",
    "holds": "#2e8b57",
    "does not hold": "#d1495b",
}


@dataclass(frozen=True, eq=False)
class Sortable:
    """A table; the script ``book/_static/tables.js`` makes its headings and rows answer.

    Where there is no such script, it is a plain table. Verdicts are coloured, and still words.
    """

    frame: pd.DataFrame

    def _repr_html_(self) -> str:
        text = self.frame.to_html(classes="sortable", index=False, border=0, na_rep="")
        kinds = [_kind(self.frame, place) for place in range(self.frame.shape[1])]
        rows = [_marked(row, kinds) for row in text.split("<tr>")]
        text = "<tr>".join(rows)
        for word, colour in COLOURS.items():
            style = f'style="color: {colour}; font-weight: 600"'
            text = re.sub(rf"<td([^>]*)>{word}</td>", rf"<td\1 {style}>{word}</td>", text)
        return f'<div style="overflow-x: auto">{text}</div>'

    def __repr__(self) -> str:
        return repr(self.frame)


def _kind(frame: pd.DataFrame, place: int) -> str:
    """What a column holds: "" for numbers written out, "name" for short words, else "words"."""
    cells = [str(cell) for cell in frame.iloc[:, place] if str(cell) not in ("", UNDEFINED)]
    if all(NUMBER.fullmatch(cell) for cell in cells):
        return ""
    return "name" if max(map(len, cells)) <= LONGEST_NAME else "words"


def _marked(row: str, kinds: list[str]) -> str:
    """A row of HTML whose cells and headings carry the kinds of their columns as classes."""
    for cell in ("th", "td"):
        first, *rest = row.split(f"<{cell}>")
        tags = (f'<{cell} class="{kind}">' if kind else f"<{cell}>" for kind in kinds)
        row = first + "".join(tag + text for tag, text in zip(tags, rest))
    return row


def sortable(table: pd.DataFrame, number: str = "{:,.4g}") -> Sortable:
    """A table with one line of headings, its numbers written out, to sort and filter.

    Columns of several levels are joined by a blank, and an underscore is one; the index, if it has
    names, becomes columns.
    """
    plain = table.reset_index() if any(table.index.names) else table.copy()
    if plain.columns.nlevels > 1:
        plain.columns = [" ".join(filter(None, map(str, c))) for c in plain.columns]
    plain.columns = [str(name).replace("_", " ") for name in plain.columns]
    # without this, leading columns of names would become the index
    plain.index = pd.Index([str(n) for n in range(len(plain))], dtype=object)
    return Sortable(readable(plain, number))
