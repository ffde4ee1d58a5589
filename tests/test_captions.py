"""Captions of tables: numbered in the order of the page, replaced and not repeated, escaped."""

import re
from pathlib import Path

import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from foilseg.book import captions
from foilseg.book.readable import readable, sortable

ROOT = Path(__file__).parent.parent
LINE = re.compile(r"^\|.*\|$")
FRAME = pd.DataFrame({"model": ["a", "b"], "TPR": [0.1, 0.2]})


def shown(*tables, told=()):
    """A cell that shows tables, with their captions in its metadata."""
    outputs = [new_output("display_data", {"text/html": t._repr_html_()}) for t in tables]
    cell = new_code_cell("", outputs=outputs)
    if told:
        cell.metadata[captions.KEY] = list(told)
    return cell


def read(notebook):
    text = nbformat.writes(notebook)
    return re.findall(r"<caption>(.*?)</caption>", text)


def test_tables_are_numbered_as_figures_are_and_told_what_they_show():
    pair = shown(sortable(FRAME), readable(FRAME), told=["One & <two>.", "Second."])
    cells = [new_markdown_cell("a"), shown(readable(FRAME), told=["First."]), pair]
    notebook = new_notebook(cells=cells)
    for _ in range(2):  # a chapter of which only the prose has changed is captioned again
        captions.write(notebook, "6")
        assert read(notebook) == [
            "<span>Table 6.1.</span> First.",
            "<span>Table 6.2.</span> One &amp; &lt;two&gt;.",
            "<span>Table 6.3.</span> Second.",
        ]
    cells[1].metadata[captions.KEY] = ["Another."]
    captions.write(notebook, "0")
    assert read(notebook)[0] == "<span>Table 0.1.</span> Another."
    html = cells[2].outputs[0].data["text/html"]
    assert re.search(r"<table[^>]*><caption>", html) and html.count("<tr>") == 2


def test_what_has_no_caption_has_a_number_and_nothing_else_is_touched():
    plain = new_code_cell("", outputs=[new_output("display_data", {"text/html": "<p>a</p>"})])
    stream = new_code_cell("", outputs=[new_output("stream", text="<table>")])
    notebook = new_notebook(cells=[plain, stream, shown(sortable(FRAME), sortable(FRAME))])
    captions.write(notebook, "12")
    assert read(notebook) == ["<span>Table 12.1.</span>", "<span>Table 12.2.</span>"]
    assert plain.outputs[0].data["text/html"] == "<p>a</p>"
    assert stream.outputs[0].text == "<table>"


def bare(text):
    """First lines of tables in Markdown that no directive numbers, or that lack words or a name."""
    found, blocks = [], text.split("\n\n")
    for before, block in zip(["", *blocks], blocks):
        first = block.split("\n")[0]
        head = before.split("\n")
        told = re.fullmatch(r"```\{table\} [A-Z][^`]+\.", head[-2] if len(head) > 1 else "")
        if LINE.match(first) and not (told and re.fullmatch(r":name: table-[a-z]+", head[-1])):
            found.append(first)
    return found


def test_tables_in_markdown_have_a_number_and_words():
    """Sphinx counts them as Table 1, 2, ... over all pages; those of chapters have a point."""
    pages = [p for p in sorted((ROOT / "book").glob("*.md")) if "| ---" in p.read_text("utf-8")]
    assert [page.stem for page in pages] == ["machines", "notation", "protocol", "readers"]
    assert not {
        page.stem: bare(page.read_text("utf-8")) for page in pages if bare(page.read_text())
    }
    table = "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert bare(f"Words.\n\n{table}") == ["| a | b |"]
    assert not bare(f"```{{table}} Two numbers.\n:name: table-two\n\n{table}\n```")
    # an accent in the first line of a fence ends it
    assert bare(f"```{{table}} Of `foilseg`.\n:name: table-two\n\n{table}\n```")


def test_no_chapter_has_a_table_that_sphinx_would_number_as_its_own():
    sources = {path.stem: path.read_text("utf-8") for path in (ROOT / "notebooks").rglob("*.md")}
    assert len(sources) > 15
    assert not [
        name for name, text in sources.items() if re.search(r"\{(list-|csv-)?table\}", text)
    ]
    signpost = {"00_front"}  # whose rows are links
    assert {name for name, text in sources.items() if "| ---" in text} <= signpost


def heads(table):
    """The headings of a table as a chapter shows it, line by line, an empty one as a blank."""
    cell = shown(readable(table))
    captions.write(new_notebook(cells=[cell]), "6")
    head = re.search(r"<thead>(.*?)</thead>", cell.outputs[0].data["text/html"], re.DOTALL)[1]
    return [
        re.findall(r"<th[^>]*>(.*?)</th>", row) for row in re.findall("<tr.*?</tr>", head, re.S)
    ]


def test_names_of_rows_have_no_line_of_their_own():
    deep = FRAME.assign(defect=["pit", "pit"]).set_index(["model", "defect"])
    assert heads(deep) == [["model", "defect", "TPR"]]
    wide = pd.concat({"ours": FRAME.set_index("model"), "theirs": FRAME.set_index("model")}, axis=1)
    assert heads(wide) == [["", "ours", "theirs"], ["model", "TPR", "TPR"]]
    named = wide.rename_axis(columns=["whose", "rate"])
    assert heads(named)[-1] == ["model", "", ""], "the names of the columns stand there"
    assert heads(FRAME) == [["model", "TPR"]]
