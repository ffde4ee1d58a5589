"""Names of models in tables lead to what the book says of the model."""

from __future__ import annotations

import re
from typing import Any

from foilseg.book import notebooks
from foilseg.book.captions import HTML
from foilseg.data import escape
from foilseg.training.experiments import EXPERIMENTS, RECIPE, RECOMMENDED, ROWS

PAGE = "18_models"
CELL = re.compile(r"(<t[dh][^>]*>)([^<>]+)(</t[dh]>)")


def _places() -> dict[str, str]:
    """Title of a model, as HTML writes it -> the label of its section."""
    found = {row.title: f"model-{name}" for name, row in EXPERIMENTS.items()}
    found[ROWS[RECOMMENDED].title] = f"model-{RECIPE}"
    return {escape.html(title): label for title, label in found.items()}


PLACES = _places()


def write(notebook: Any, name: str) -> None:
    """Link the models that the tables of an executed chapter name; links that are there stay.

    ``name`` : of the chapter, such as ``06_quantitative``; that of the models links within itself.
    """
    page = "" if name == PAGE else f"{PAGE}.html"

    def linked(found: re.Match) -> str:
        label = PLACES.get(found[2].strip())
        if label is None:
            return found[0]
        return f'{found[1]}<a href="{page}#{label}">{found[2]}</a>{found[3]}'

    for data in (data for cell in notebook.cells for data in notebooks.shown(cell)):
        if HTML in data:
            data[HTML] = CELL.sub(linked, data[HTML])
