"""Short names are spelled out once on a page that uses them, and on no other."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from foilseg.book import answers, links
from foilseg.training.experiments import ROWS

BOOK = Path(__file__).parent.parent / "book"


def page(*cells, learned=True):
    goals = new_markdown_cell(f"{answers.LEARNED}\n\n{answers.GOALS}\n\n* see.")
    return new_notebook(cells=[new_markdown_cell("# Title"), *[goals] * learned, *cells])


def shown(html):
    cell = new_code_cell("table")
    cell.outputs = [new_output("execute_result", {"text/html": html}, execution_count=1)]
    return cell


def told(notebook):
    return [cell.source for cell in notebook.cells if links.SPELLED in cell.source]


@pytest.mark.parametrize("learned", [True, False])
def test_names_of_tables_captions_and_prose_are_spelled_out_once(learned):
    figure = new_code_cell("f", metadata={"mystnb": {"figure": {"caption": "The mean TPR."}}})
    table = new_code_cell("t", metadata={"tables": ["By FPR (ppm)."]})
    cells = [new_markdown_cell("wCE is better."), shown("<td>FL ICF</td>"), figure, table]
    notebook = page(*cells, learned=learned)
    for _ in range(2):
        links.short_names(notebook)
        (text,) = told(notebook)
        assert text.count(links.SPELLED) == 1
        assert text.startswith(answers.LEARNED if learned else "wCE is better")
        assert text.endswith(
            "TPR (true positive rate), FPR (false positive rate), ppm (per million), "
            "wCE (weighted cross entropy), FL (focal loss), "
            "ICF (weights by inverse class frequencies)."
        )


def test_code_markup_and_parts_of_words_are_no_names():
    code = new_code_cell("TPR = 1")
    other = new_markdown_cell("An `FPR`, {glue:text}`own_TPR`, <b class=FL>a FLAT and Bind</b>.")
    notebook = page(code, other, shown('<a href="wCE">none</a>'))
    links.short_names(notebook)
    assert not told(notebook)
    links.short_names(new_notebook(cells=[]))


def test_every_model_is_spelled_out():
    titles = " ".join(row.title for row in ROWS.values())
    words = {word.strip(",") for word in titles.split()}
    short = {word for word in words if word.isupper() or word.endswith(".") or word == "wCE"}
    assert {word for word in short if not links.used_in(word)} == set()
    many = "Os. Cavities, Bin. Balanced, Bin FL ISCF"
    assert links.used_in(many) == ["Os.", "Bin", "FL", "ISCF"]


def test_an_equation_of_the_thesis_is_no_model():
    assert links.used_in("By thesis Eq. 3.4 and Eq. 3.5 the TN grow.") == ["TN"]
    assert links.used_in("Eq. Samples, not Eq. 3.4") == ["Eq."]


@pytest.mark.parametrize("page", ["story", "protocol"])
def test_pages_that_are_no_chapters_spell_them_out_alike(page):
    text = (BOOK / f"{page}.md").read_text("utf-8")
    before, _, after = text.partition(f"\n\n{links.SPELLED}")
    told, _, rest = after.partition(".\n\n")
    names = [name for name in links.SHORT if f" {name} (" in f" {' '.join(told.split())}"]
    assert " ".join(told.split()) == ", ".join(f"{n} ({links.SHORT[n]})" for n in names)
    assert set(links.used_in(before + rest)) <= set(names)


def test_the_glossary_is_in_alphabetical_order():
    text = (BOOK / "glossary.md").read_text("utf-8").partition("{glossary}\n")[2]
    heads = [entry.split("\n")[0].lower() for entry in text.split("\n\n")]
    assert heads == sorted(heads) and len(heads) > 20
