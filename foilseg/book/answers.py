"""The answer first: what a chapter finds out at its end is published at its beginning.

A cell tagged ``answer`` stands in the source where everything that it says is known, and in the
executed chapter before the first section. A figure tagged ``answer-picture`` follows it there.
"""

from __future__ import annotations

from typing import Any

from foilseg.book import notebooks
from foilseg.book.prose import LEFT_OUT

ANSWER, PICTURE = "answer", "answer-picture"
PLAIN = "## Reading"


def first(notebook: Any) -> None:
    """Move an executed chapter's answer, and the picture that shows it, before its first section.

    Where the study shown is not the one that the answer was written about, all stay in their
    places, and the heading is a plain one.
    """
    words, pictures = (_tagged(notebook, tag) for tag in (ANSWER, PICTURE))
    moved = [*words, *pictures]
    if any(LEFT_OUT in _shown(cell) for cell in words):
        for cell in filter(_is_section, words):
            cell.source = PLAIN
    if not words or PLAIN in (cell.source for cell in words):
        return
    rest = [cell for cell in notebook.cells if not any(cell is other for other in moved)]
    sections = [n for n, cell in enumerate(rest) if _is_section(cell)]
    place = sections[0] if sections else len(rest)
    notebook.cells = [*rest[:place], *moved, *rest[place:]]


def _tagged(notebook: Any, tag: str) -> list[Any]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def _is_section(cell: Any) -> bool:
    return cell.cell_type == "markdown" and cell.source.startswith("## ")


def _shown(cell: Any) -> str:
    """What a cell's outputs say in Markdown."""
    return "\n".join(data.get("text/markdown", "") for data in notebooks.shown(cell))
