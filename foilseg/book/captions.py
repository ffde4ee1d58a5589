"""Captions of tables: prose in the metadata of a cell, as those of figures are.

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
LABEL = "Table"


def write(notebook: Any, name: str) -> None:
    """Put captions into the tables of an executed chapter; those that are there are replaced.

    A table for which its cell has no caption gets its number alone. ``name`` : of the chapter,
    such as ``06_quantitative``.
    """
    chapter, numbers = str(int(name.partition("_")[0])), count(1)
    for cell in notebook.cells:
        words = iter(cell.metadata.get(KEY, ()))
        for data in notebooks.shown(cell):
            if HTML in data:
                told = partial(_with_caption, chapter=chapter, numbers=numbers, words=words)
                data[HTML] = TABLE.sub(told, data[HTML])


def _with_caption(
    found: re.Match, chapter: str, numbers: Iterator[int], words: Iterator[str]
) -> str:
    """The head of a table with the next number, and the next words if there are any."""
    place = f"{chapter}.{next(numbers)}"
    text = escape.html(next(words, ""))
    return f"{found[1]}<caption><span>{LABEL} {place}.</span>{text and ' '}{text}</caption>"
