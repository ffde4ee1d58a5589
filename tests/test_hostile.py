"""Names that are markup in every language of a page: printed as they are, run by nobody.

A small book is built of a data set whose name, classes, files and folders attack HTML, scripts,
MyST, LaTeX, Matplotlib and tables, and every page of it is opened in a browser.
"""

import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import browser
import nbformat
import numpy as np
import pytest
from bookmaking import ROOT, build, front_matter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_book_machinery import KERNEL, TITLES

from foilseg.book import chapters
from foilseg.data import description, images
from foilseg.data.dataset import LabelClass, write_mask

pytestmark = [pytest.mark.book, pytest.mark.browser]
DATA = '<script>alert(2)</script> \\(x\\) "it\'s" ... &lt;'
NAMES = (
    "<img src=x onerror=alert(1)>",
    "_$\\frac{$ {{evil}} a_b*c* \\(y\\)",
    "{glue:text}`x` [a](javascript:alert(3))",
    "|</SCRIPT ><!--<script>alert(4)</script> $$",
)
COLOURS = ("#ffffff", "#0072b2", "#e69f00", "#009e73")
FOILS = (
    "<script>alert(5)",
    "<!--<script>$\\frac{$ \"q\" 'r' &amp;",
    "{{evil}} _a*b*_ | `c` {math}`d` <b onclick=alert(6)>",
)
FOLDER = "data <img src=x onerror=alert(7)>"
RUNS = "_runs $x$ <script>alert(8)"
EXECUTED = (["01_dataset"], ["06_quantitative", "07_qualitative"])  # the last two share runs
SHOWN = [stem for stems in EXECUTED for stem in stems]
# What of the names has become an element of the page.
ADDED = """() => [...document.querySelectorAll(
  'img[src="x"], [onerror], [onclick*="alert"], a[href^="javascript:"], script')]
  .filter((node) => node.tagName !== "SCRIPT" || node.textContent.trim().startsWith("alert"))
  .map((node) => node.outerHTML)"""
CELLS = "[...document.querySelectorAll('td, th')].map((cell) => cell.textContent.trim())"


def write_hostile(root):
    """A dataset folder whose regions show every class; sound but for what things are called."""
    rng = np.random.default_rng(0)
    classes = tuple(LabelClass(i, n, c) for i, (n, c) in enumerate(zip(NAMES, COLOURS)))
    description.write(root / description.NAME, DATA, classes)
    for name in FOILS:
        mask = np.zeros((128, 96), np.uint8)
        for number in range(30):
            top, left = rng.integers(0, 120), rng.integers(0, 88)
            mask[top : top + 6, left : left + 6] = 1 + number % 3
        image = rng.normal(128, 8, (128, 96, 3)) + 35 * mask[..., None]
        images.write(root / "images" / f"{name}.png", image.clip(0, 255).astype(np.uint8))
        write_mask(root / "labels" / f"{name}.png", mask, classes)


def execute(stems, root):
    """Execute chapters on the hostile data, in a process of their own."""
    values = {"data": FOLDER, "runs": RUNS, "models": "baseline,binary"}
    known = {k: v for k, v in values.items() if k != "models" or "01_dataset" not in stems}
    chapters.execute(stems, known, root=root, progress=False)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The built book; a warning of a chapter or of Sphinx is a failure."""
    root = tmp_path_factory.mktemp("hostile")
    write_hostile(root / FOLDER)
    front_matter(root)
    (root / "notebooks").mkdir()
    for source in chapters.sources(ROOT):
        place = root / "notebooks" / source.name
        if source.stem in SHOWN:
            shutil.copy(source, place)
            continue
        plain = [new_markdown_cell(f"# {TITLES[source.stem]}"), new_code_cell("seed = 1")]
        plain[1].metadata["tags"] = ["parameters"]
        nbformat.write(new_notebook(cells=plain, metadata=KERNEL), place)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(pool.map(execute, EXECUTED, [root] * len(EXECUTED)))
    for source in chapters.sources(root):
        if source.stem not in SHOWN:
            shutil.copy(source, root / "book/chapters")
    return build(root)


@pytest.fixture(scope="module")
def opened(pages):
    """What the browser finds to mend, and page -> what it says and what the names added to it."""
    browser.require()
    found = {}

    def visit(path, page):
        found[path.stem] = {
            "text": page.evaluate("document.body.textContent"),
            "cells": page.evaluate(CELLS),
            "added": page.evaluate(ADDED),
            "glued": page.locator(".pasted-text").all_text_contents(),
            "options": page.locator("option").all_text_contents(),
        }

    return browser.inspect(pages, visit=visit), found


def test_no_page_runs_a_name_or_takes_one_for_an_element(opened):
    findings, found = opened
    assert not findings
    assert {stem: page["added"] for stem, page in found.items() if page["added"]} == {}
    assert len(found) > len(chapters.sources(ROOT))


def test_names_are_printed_as_they_are(opened):
    _, found = opened
    for stem in SHOWN:
        assert f"Data: {DATA} (3 images" in found[stem]["text"], stem
    first, numbers, pictures = (found[stem] for stem in SHOWN)
    assert set(NAMES) <= set(first["cells"]) and set(FOILS) <= set(first["cells"])
    assert DATA in first["glued"] and set(NAMES[1:]) & set(first["glued"])
    assert set(NAMES[1:]) <= set(numbers["cells"])
    assert any(RUNS in cell and FOLDER in cell for cell in numbers["cells"])
    assert set(pictures["cells"]) & set(FOILS)
    assert set(pictures["options"]) >= set(NAMES[1:])
    assert set(pictures["options"]) & set(FOILS)
    assert any(foil in sentence for foil in FOILS for sentence in pictures["glued"])
