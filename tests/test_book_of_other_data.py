"""The whole book about a folder of one's own, whose names attack every language of a page.

The name of the data, of classes, files and folders are markup for HTML, scripts, MyST, LaTeX,
Matplotlib and tables. Every page is opened in a browser: the book is about these data alone, and
names are printed as they are and run by nobody.
"""

import re

import bookmaking
import browser
import nbformat
import numpy as np
import photographs
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from test_book_machinery import KERNEL, TITLES

from foilseg.book import chapters, own
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
CLASSES = tuple(LabelClass(i, n, c) for i, (n, c) in enumerate(zip(NAMES, COLOURS)))
FOILS = (
    "<script>alert(5)",
    "<!--<script>$\\frac{$ \"q\" 'r' &amp;",
    "{{evil}} _a*b*_ | `c` {math}`d` <b onclick=alert(6)>",
)
FOLDER = "data <img src=x onerror=alert(7)>"
RUNS = "_runs $x$ <script>alert(8)"
KINDS = ("Break", "Crack", "Fray")  # of the real photographs
MODELS = "baseline,binary"
# They read studies that come with the book, whatever the data; test_book executes them.
OF_SHIPPED_STUDIES = ("13_experiments", "15_remedies", "17_found", "18_models")
OF_THE_TWIN = {"agglomeration", "cavity", "blade trail"}
OF_THE_FOILS = (
    r"(?i)(?<!-)\b(?:agglomerat\w*|cavit\w+|cracks?|blade trails?|twins?|battery|foils?)\b"
)
# What of the names has become an element of the page.
ADDED = """() => [...document.querySelectorAll(
  'img[src="x"], [onerror], [onclick*="alert"], a[href^="javascript:"], script')]
  .filter((node) => node.tagName !== "SCRIPT" || node.textContent.trim().startsWith("alert"))
  .map((node) => node.outerHTML)"""
# What a page says outside of the boxes about the thesis, without code, formulas and references.
OUTSIDE = """() => {
  const page = document.querySelector("article") || document.body;
  const article = page.cloneNode(true);
  for (const node of article.querySelectorAll(
    ".foils, .tag_foils, .cell_input, pre, code, mjx-container, .math, .reference, table, " +
    "script, select, nav")) node.remove();
  return article.textContent;
}"""
CELLS = """[...document.querySelectorAll('td, th')]
  .filter((cell) => !cell.closest('.tag_foils')).map((cell) => cell.textContent.trim())"""


def photographed(place):
    """Three real photographs with their masks, one of each of :data:`KINDS`."""
    chosen = photographs.some(place, 1, both=True)
    for number, kind in enumerate(KINDS):
        (picture,) = chosen[f"MT_{kind}"]
        mask = images.read(picture.with_suffix(".png")) >= 128
        yield images.read(picture), np.where(mask, number + 1, 0).astype(np.uint8)


def write(root, pictures):
    """A dataset folder, sound but for what things are called."""
    description.write(root / description.NAME, DATA, CLASSES)
    for name, (image, mask) in zip(FOILS, pictures, strict=True):
        images.write(root / "images" / f"{name}.png", image)
        write_mask(root / "labels" / f"{name}.png", mask, CLASSES)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The built book, of photographs if they are here; a warning is a failure."""
    root = tmp_path_factory.mktemp("other")
    place = photographs.here()
    write(root / FOLDER, photographed(place) if place else bookmaking.squares(3))
    bookmaking.real_sources(root)
    stems = [source.stem for source in chapters.sources(root)]
    told = [stem for stem in stems if stem not in OF_SHIPPED_STUDIES]
    given = {"profile": "smoke", "data": FOLDER, "runs": RUNS, "models": MODELS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(bookmaking.ROOT))
        chapters.execute(told, given, root=root, progress=False)
    for stem in OF_SHIPPED_STUDIES:
        title = new_markdown_cell(f"# {TITLES[stem]}")
        page = new_notebook(cells=[title], metadata=KERNEL)
        nbformat.write(page, root / "book" / "chapters" / f"{stem}.ipynb")
    return bookmaking.build(root, "--toc", "_toc_own.yml")


@pytest.fixture(scope="module")
def opened(pages):
    """What the browser finds to mend, and page -> what it says and what the names added to it."""
    browser.require()
    found = {}

    def visit(path, page):
        found[path.stem] = {
            "text": page.evaluate("document.body.textContent"),
            "outside": page.evaluate(OUTSIDE),
            "cells": set(page.evaluate(CELLS)),
            "added": page.evaluate(ADDED),
            "glued": page.locator(".pasted-text").all_text_contents(),
            "options": page.locator("option").all_text_contents(),
        }

    return browser.inspect(pages, visit=visit), found


def test_what_is_left_out_reads_nothing_of_the_data():
    """Such a chapter opens the data for its banner alone, so that any data will do."""
    for stem in OF_SHIPPED_STUDIES:
        source = nbformat.read(bookmaking.ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
        code = "\n".join(cell.source for cell in source.cells if cell.cell_type == "code")
        assert not re.findall(r"\bstudy\.(?!study)\w+", code), stem


def test_no_page_runs_a_name_or_takes_one_for_an_element(opened):
    findings, found = opened
    assert not findings
    assert {stem: page["added"] for stem, page in found.items() if page["added"]} == {}
    assert len(found) > len(chapters.sources(bookmaking.ROOT))


def test_names_are_printed_as_they_are(opened):
    _, found = opened
    first, numbers, pictures = (
        found[stem] for stem in ("01_dataset", "06_quantitative", "08_qualitative")
    )
    for page in (first, numbers, pictures):
        assert f"Data: {DATA} (3 images" in page["text"]
    assert set(NAMES) <= first["cells"] and set(FOILS) <= first["cells"]
    assert DATA in first["glued"] and set(NAMES[1:]) & set(first["glued"])
    assert set(NAMES[1:]) <= numbers["cells"]
    assert any(RUNS in cell and FOLDER in cell for cell in numbers["cells"])
    assert pictures["cells"] & set(FOILS)
    assert set(pictures["options"]) >= set(NAMES[1:])
    assert set(pictures["options"]) & set(FOILS)
    assert any(foil in sentence for foil in FOILS for sentence in pictures["glued"])


def test_the_book_is_about_the_data_it_is_given(opened):
    _, found = opened
    for stem in ("00_front", "01_dataset", "02_baseline", "06_quantitative"):
        assert found[stem]["cells"] >= set(NAMES[1:]), stem
    of_the_thesis = {*own.OF_THE_THESIS, *OF_SHIPPED_STUDIES}
    about = sorted(stem for stem in TITLES if stem not in of_the_thesis)
    assert len(about) == 13
    for stem in about:
        assert not found[stem]["cells"] & OF_THE_TWIN, stem
        assert not re.findall(OF_THE_FOILS, found[stem]["outside"]), stem
    assert "This page is about the foils of the thesis" in found["12_elsewhere"]["text"]
    assert "not about <script>alert(2)</script>" in found["12_elsewhere"]["text"]
    about = "This page is about the thesis, and from The claims, on this study on about <script>"
    assert about in found["10_audit"]["text"]
    front = found["00_front"]["text"]
    assert "A book about your images" in front
    assert "the order of the models says nothing yet" in front
    assert "Keep some images for the test" in front
