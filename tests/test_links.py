"""Names of models in tables are links to the chapter of models, which has a section for each."""

import re
from pathlib import Path

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from foilseg.book import links, notebooks
from foilseg.book.readable import readable, sortable
from foilseg.training.experiments import ROWS

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


def test_rows_beyond_the_thesis_lead_to_the_section_that_explains_them():
    table = pd.DataFrame({"model": ["Lovász", "Copy-paste", "Dice, avg., pasted"], "TPR": 0.1})
    labels = ["remedies-losses", "remedies-patches", "remedies-recipe"]
    expected = [(f"#{label}", title) for label, title in zip(labels, table["model"])]
    assert linked(sortable(table), links.REMEDIES)[0] == expected
    elsewhere = [(f"{links.REMEDIES}.html{address}", title) for address, title in expected]
    assert linked(sortable(table))[0] == elsewhere
    assert {row.title for row in ROWS.values()} <= set(links.PLACES)


def test_every_link_has_its_section():
    for page, kind in ((links.PAGE, "model"), (links.REMEDIES, "remedies")):
        cells = notebooks.read(ROOT / "notebooks" / f"{page}.ipynb").cells
        text = "\n".join(cell.source for cell in cells)
        wanted = {label for place, label in links.PLACES.values() if place == page}
        assert set(re.findall(rf"^\(({kind}-[a-z-]+)\)=", text, re.M)) == wanted


def test_a_section_names_the_rows_that_lead_to_it():
    cells = notebooks.read(ROOT / "notebooks" / f"{links.REMEDIES}.ipynb").cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    parts = dict(re.findall(r"^\((remedies-[a-z]+)\)=\n(.*?)(?=^\(|\Z)", text, re.M | re.S))
    for label, titles in links.SECTIONS.items():
        assert [t for t in titles if t.lower() not in parts[label].lower()] == []


GLOSSARY = """# Glossary

```{glossary}
patch
  A square.

PSoI
PSoMT
  Two tests.

class
  A kind.

class weight
  What a class counts.

run
  What is stored.
```
"""
PROSE = """# A patch of a class

Patches are cut. A patch, `patch`, $patch$, *class* and [a class](class.html) of {doc}`class`;
class weights belong to a class, and a class to PSoMT.

| patch | PSoI |

$$
PSoI
$$

```python
PSoI = 1
```

:::{note}
PSoI at last, when you run it.
:::"""


def test_the_first_use_of_a_term_leads_to_the_glossary(tmp_path):
    place = tmp_path / "glossary.md"
    place.write_text(GLOSSARY)
    assert links.entries(place) == ["patch", "PSoI", "PSoMT", "class", "class weight", "run"]
    notebook = new_notebook(cells=[new_markdown_cell(PROSE), new_markdown_cell("A patch again.")])
    for _ in range(2):
        links.terms(notebook, place)
    text = notebook.cells[0].source
    expected = [
        ("Patches", "patch"),
        ("class weights", "class weight"),
        ("class", "class"),
        ("PSoMT", "PSoMT"),
        ("PSoI", "PSoI"),
    ]
    assert re.findall(r"\{term\}`([^<`]*) <([^>]*)>`", text) == expected
    plain = re.sub(r"\{term\}`([^<`]*) <[^>]*>`", r"\1", text)
    assert plain == PROSE and notebook.cells[1].source == "A patch again."
    assert "belong to a {term}`class <class>`, and a class" in text
    links.terms(notebook, tmp_path / "none.md")
    assert links.entries(tmp_path / "none.md") == []


def test_the_first_use_in_an_answer_leads_there_as_well_and_no_later_one(tmp_path):
    place = tmp_path / "glossary.md"
    place.write_text(GLOSSARY)
    answer = new_code_cell("reading")
    told = {"text/markdown": "A patch, <a href='x'>class</a>, and class weights."}
    answer.outputs = [new_output("execute_result", told, execution_count=1)]
    notebook = new_notebook(cells=[answer, new_markdown_cell("A patch of a class weight, PSoI.")])
    for _ in range(2):
        links.terms(notebook, place)
        assert notebook.cells[0].outputs[0].data["text/markdown"] == (
            "A <a href=\"../glossary.html#term-patch\">patch</a>, <a href='x'>class</a>, and "
            '<a href="../glossary.html#term-class-weight">class weights</a>.'
        )
        assert notebook.cells[1].source == (
            "A patch of a {term}`class <class>` weight, {term}`PSoI <PSoI>`."
        )


def test_the_glossary_is_read_and_used():
    terms = links.entries(ROOT / links.GLOSSARY)
    assert {"cavity", "PSoI", "PSoMT", "One-vs-Rest", "recommended recipe"} <= set(terms)
    sources = [notebooks.read(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    for notebook in sources:
        links.terms(notebook, ROOT / links.GLOSSARY)
    text = "\n".join(cell.source for notebook in sources for cell in notebook.cells)
    used = set(re.findall(r"\{term\}`[^<`]* <([^>]*)>`", text))
    assert not used & links.ALSO_PLAIN
    assert len(used) > 0.7 * len(terms), set(terms) - used


@pytest.mark.parametrize("name", ["machines", "notation", "protocol", "readers", "story"])
def test_pages_that_are_not_executed_lead_to_the_glossary_as_well(name):
    """Their first uses are linked by hand: nothing is left to link."""
    text = (ROOT / "book" / f"{name}.md").read_text("utf-8")
    page = new_notebook(cells=[new_markdown_cell(text)])
    links.terms(page, ROOT / "book" / "glossary.md")
    assert page.cells[0].source == text
