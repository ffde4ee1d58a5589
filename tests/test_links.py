"""Names of models in tables are links to the chapter of models, which has a section for each."""

import re
from pathlib import Path

import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook, new_output

from foilseg.book import links, notebooks
from foilseg.book.readable import readable, sortable

ROOT = Path(__file__).parent.parent


def linked(table, name="06_quantitative"):
    output = new_output("display_data", {"text/html": table._repr_html_()})
    notebook = new_notebook(cells=[new_code_cell("", outputs=[output])])
    for _ in range(2):
        links.write(notebook, name)
    html = notebook.cells[0].outputs[0].data["text/html"]
    return re.findall(r'<t[dh][^>]*><a href="([^"]*)">([^<]*)</a></t[dh]>', html), html


def test_models_are_linked_once_and_nothing_else_is():
    table = pd.DataFrame({"model": ["Eq. Pixels", "Baseline", "mine", "Dice, Eq. S., views"]})
    table["TPR"] = [0.1, 0.2, 0.3, 0.4]
    expected = [
        ("18_models.html#model-equal-pixels", "Eq. Pixels"),
        ("18_models.html#model-baseline", "Baseline"),
        ("18_models.html#model-recommended", "Dice, Eq. S., views"),
    ]
    for shown in (sortable(table), readable(table)):
        found, html = linked(shown)
        assert found == expected and html.count("<a ") == 3
    assert linked(sortable(table), links.PAGE)[0][0] == ("#model-equal-pixels", "Eq. Pixels")


def test_every_link_has_its_section():
    cells = notebooks.read(ROOT / "notebooks" / f"{links.PAGE}.ipynb").cells
    text = "\n".join(cell.source for cell in cells)
    assert set(re.findall(r"^\((model-[a-z-]+)\)=", text, re.M)) == set(links.PLACES.values())
