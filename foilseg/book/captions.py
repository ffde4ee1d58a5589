"""Captions of tables: prose in the metadata of a cell, as those of figures are.

A cell that shows tables lists their captions under the key ``tables``, in their order. An executed
chapter carries them in its tables, numbered as its figures are: Table 6.3 is the third of chapter
6, and of a page without a number it is Table 3.
"""

from __future__ import annotations

import re
from typing import Any

from foilseg.data import escape

KEY = "tables"  # of a cell's metadata
TABLE = re.compile(r"<table\b[^>]*>(?:\s*<caption>.*?</caption>)?", re.DOTALL)
HEAD = re.compile(r"<table\b[^>]*>")
LABEL = "Table"


def write(notebook: Any, name: str) -> None:
    """Put captions into the tables of an executed chapter; those that are there are replaced.

    A table for which its cell has no caption gets its number alone. ``name`` : of the chapter,
    such as ``06_quantitative``.
    """
    number, chapter = 0, name.partition("_")[0].lstrip("0")
    for cell in notebook.cells:
        left = iter(cell.metadata.get(KEY, ()))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" not in data:
                continue

            def told(found: re.Match) -> str:
                nonlocal number
                number += 1
                place = f"{chapter}.{number}" if chapter else str(number)
                return _with_caption(found[0], place, next(left, ""))  # noqa: B023

            data["text/html"] = TABLE.sub(told, data["text/html"])


def _with_caption(opening: str, number: str, words: str) -> str:
    head = HEAD.match(opening)[0]
    text = f" {escape.html(words)}" if words else ""
    return f"{head}<caption><span>{LABEL} {number}.</span>{text}</caption>"
