"""Captions of tables: numbered in the order of the page, replaced and not repeated, escaped."""

import re

import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from foilseg.book import captions
from foilseg.book.readable import readable, sortable

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
        captions.write(notebook, "06_quantitative")
        assert read(notebook) == [
            "<span>Table 6.1.</span> First.",
            "<span>Table 6.2.</span> One &amp; &lt;two&gt;.",
            "<span>Table 6.3.</span> Second.",
        ]
    cells[1].metadata[captions.KEY] = ["Another."]
    captions.write(notebook, "00_front")
    assert read(notebook)[0] == "<span>Table 1.</span> Another."
    html = cells[2].outputs[0].data["text/html"]
    assert re.search(r"<table[^>]*><caption>", html) and html.count("<tr>") == 2


def test_what_has_no_caption_has_a_number_and_nothing_else_is_touched():
    plain = new_code_cell("", outputs=[new_output("display_data", {"text/html": "<p>a</p>"})])
    stream = new_code_cell("", outputs=[new_output("stream", text="<table>")])
    notebook = new_notebook(cells=[plain, stream, shown(sortable(FRAME), sortable(FRAME))])
    captions.write(notebook, "12_elsewhere")
    assert read(notebook) == ["<span>Table 12.1.</span>", "<span>Table 12.2.</span>"]
    assert plain.outputs[0].data["text/html"] == "<p>a</p>"
    assert stream.outputs[0].text == "<table>"
