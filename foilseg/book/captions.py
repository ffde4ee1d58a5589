"""Captions of tables, prose in the metadata of a cell as those of figures are, and headings.

A cell that shows tables lists their captions under the key ``tables``, in their order. An executed
chapter carries them in its tables, numbered as its figures are: Table 6.3 is the third of chapter
6. The front page counts as chapter 0, since Table 1, 2, ... are those of the pages in Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

from foilseg.book import notebooks
from foilseg.data import escape

KEY = "tables"  # of a cell's metadata
HTML = "text/html"
TABLE = re.compile(r"(<table\b[^>]*>)(?:\s*<caption>.*?</caption>)?", re.DOTALL)
HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)
ROW = re.compile(r"\s*<tr[^>]*>.*?</tr>", re.DOTALL)
CELL = re.compile(r"<th>(.*?)</th>", re.DOTALL)
LABEL = "Table"


def write(notebook: Any, chapter: str) -> None:
    """Put captions into the tables of an executed chapter; those that are there are replaced.

    A table for which its cell has no caption gets its number alone. ``chapter`` : the number of
    the chapter on its page, ``"6"``.
    """
    numbers = count(1)
    for cell in notebook.cells:
        words = iter(cell.metadata.get(KEY, ()))
        for data in notebooks.shown(cell):
            if HTML in data:
                told = partial(_with_caption, chapter=chapter, numbers=numbers, words=words)
                data[HTML] = HEAD.sub(_one_line, TABLE.sub(told, data[HTML]))


def _one_line(head: re.Match) -> str:
    """The headings of a table with the names of its rows beside those of its columns.

    pandas gives an index of several levels a line of its own, which is empty but for its names.
    """
    rows = ROW.findall(head[0])
    if len(rows) < 2 or "<th " in rows[-1]:
        return head[0]
    names, above = CELL.findall(rows[-1]), CELL.findall(re.sub(r"<th [^>]*>", "<th>", rows[-2]))
    own = [name for name in names if name]
    if not own or names[: len(own)] != own or any(above[: len(own)]) or len(above) != len(names):
        return head[0]
    line = rows[-2]
    for name in own:
        line = line.replace("<th></th>", f'<th class="name">{name}</th>', 1)
    return head[0].replace(rows[-2], line).replace(rows[-1], "")


def _with_caption(
    found: re.Match, chapter: str, numbers: Iterator[int], words: Iterator[str]
) -> str:
    """The head of a table with the next number, and the next words if there are any."""
    place = f"{chapter}.{next(numbers)}"
    text = escape.html(next(words, ""))
    return f"{found[1]}<caption><span>{LABEL} {place}.</span>{text and ' '}{text}</caption>"
