"""The answer first: what a chapter finds out at its end is published at its beginning.

A cell tagged ``answer`` stands in the source where everything that it says is known, and in the
executed chapter behind the question. A figure tagged ``answer-picture`` follows it there.
"""

from __future__ import annotations

import re
from typing import Any

from foilseg.book import notebooks
from foilseg.book.prose import LEFT_OUT

ANSWER, PICTURE = "answer", "answer-picture"
PLAIN = "## Reading"
GOALS, LEARNED = "After this chapter you can", "## What you will learn"
SECTION = re.compile(r"(\([\w-]+\)=\n)?## ")


def first(notebook: Any) -> None:
    """Move an executed chapter's answer, and the picture that shows it, behind its question.

    The question is what the title's cell says; what the reader will learn follows the picture.
    Where the study shown is not the one that the answer was written about, all stay where they are,
    under a plain heading.
    """
    words, pictures = (_tagged(notebook, tag) for tag in (ANSWER, PICTURE))
    moved = [*words, *pictures]
    if any(LEFT_OUT in _shown(cell) for cell in words):
        for cell in filter(is_section, words):
            cell.source = PLAIN
    if not words or PLAIN in (cell.source for cell in words):
        return
    rest = [cell for cell in notebook.cells if not any(cell is other for other in moved)]
    question, learned = _title(rest[:1])
    after = rest[len(question) :]
    if not question:
        place = next((n for n, cell in enumerate(rest) if is_section(cell)), len(rest))
        question, after = rest[:place], rest[place:]
    notebook.cells = [*question, *moved, *learned, *after]


def _title(cells: list[Any]) -> tuple[list[Any], list[Any]]:
    """The cell of the title without what the reader will learn, and a cell with that; or none."""
    from nbformat.v4 import new_markdown_cell

    if not cells or not cells[0].source.startswith("# "):
        return [], []
    title = cells[0]
    title.source, goals, listed = title.source.partition(GOALS)
    title.source = title.source.strip()
    text = f"{LEARNED}\n\n{goals}{listed}"
    return [title], [new_markdown_cell(text, id=f"{title.id}-goals")] if goals else []


def _tagged(notebook: Any, tag: str) -> list[Any]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def is_section(cell: Any) -> bool:
    """Whether a cell begins a section, which may have a label."""
    return cell.cell_type == "markdown" and bool(SECTION.match(cell.source))


def _shown(cell: Any) -> str:
    """What a cell's outputs say in Markdown."""
    return "\n".join(data.get("text/markdown", "") for data in notebooks.shown(cell))
