"""The answer first: what a chapter finds out at its end is published at its beginning.

A cell tagged ``answer`` stands in the source where everything that it says is known, and in the
executed chapter before the first section. A figure tagged ``answer-picture`` follows it there.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from foilseg.book import notebooks
from foilseg.book.prose import LEFT_OUT

ANSWER, PICTURE = "answer", "answer-picture"
PLAIN = "## Reading"
SECTION = re.compile(r"(?:\([\w-]+\)=\s+)?## ")


def first(notebook: Any) -> None:
    """Move an executed chapter's answer, and the picture that shows it, before its first section.

    In the place of the picture stands a sentence that points to it. Where the study shown is not
    the one that the answer was written about, all stay in their places, and the heading is a plain
    one.
    """
    words, pictures = (_tagged(notebook, tag) for tag in (ANSWER, PICTURE))
    moved = [*words, *pictures]
    if any(LEFT_OUT in _shown(cell) for cell in words):
        for cell in filter(is_section, words):
            cell.source = PLAIN
    if not words or PLAIN in (cell.source for cell in words):
        return
    known, rest = {cell.id for cell in notebook.cells}, []
    for cell in (cell for cell in notebook.cells if cell not in words):
        rest += _pointer(cell, known) if cell in pictures else [cell]
    sections = [n for n, cell in enumerate(rest) if is_section(cell)]
    place = sections[0] if sections else len(rest)
    notebook.cells = [*rest[:place], *moved, *rest[place:]]


def _pointer(picture: Any, known: Container[str]) -> list[Any]:
    """The sentence in the place of a figure that was moved; none if it is there, or has no name."""
    from nbformat.v4 import new_markdown_cell

    figure, place = picture.metadata.get("mystnb", {}).get("figure", {}), f"{picture.id}-moved"
    if "name" not in figure or place in known:
        return []
    text = f"The picture, {{numref}}`{figure['name']}`, stands at the head of the chapter."
    return [new_markdown_cell(text, id=place)]


def _tagged(notebook: Any, tag: str) -> list[Any]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def is_section(cell: Any) -> bool:
    """Whether a cell begins a section, which may have a label for links."""
    return cell.cell_type == "markdown" and SECTION.match(cell.source) is not None


def _shown(cell: Any) -> str:
    """What a cell's outputs say in Markdown."""
    return "\n".join(data.get("text/markdown", "") for data in notebooks.shown(cell))
