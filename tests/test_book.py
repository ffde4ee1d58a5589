"""The real book as a reader meets it: executed, built without a warning, seen in a real browser."""

import base64
import io
import json
import re
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlparse

import bookmaking
import browser
import numpy as np
import pytest
from PIL import Image, ImageColor

from foilseg.book import notebooks
from foilseg.drawing import style
from foilseg.figures import widgets
from foilseg.twin.config import CLASSES

pytestmark = [pytest.mark.book, pytest.mark.browser]
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


@pytest.fixture(scope="module")
def built_book(executed_book):
    """Pages of the real book, with the shipped study."""
    return bookmaking.build(executed_book)


# Tables without a number and words, lines of code that are cut where no reader asked for them,
# commands that a sentence breaks, and letters of less than nine points.
UNREADABLE = """() => {
  const bare = [...document.querySelectorAll("article table:is(.dataframe, .table)")].filter(
    (table) => !/^Table \\d+(\\.\\d+\\.)? \\S/.test(table.caption?.textContent ?? ""));
  const cut = [...document.querySelectorAll(".cell_input pre")].filter(
    (code) => code.checkVisibility() && code.scrollWidth > code.clientWidth + 1);
  const small = [...document.querySelectorAll("article :is(p, li, td, th, caption, summary)")]
    .filter((words) => words.checkVisibility())
    .filter((words) => parseFloat(getComputedStyle(words).fontSize) < 12);
  const lines = (code) => {
    const words = document.createRange();
    words.selectNodeContents(code);
    return new Set([...words.getClientRects()].map((box) => Math.round(box.top))).size;
  };
  const broken = [...document.querySelectorAll("article :not(pre) > code")].filter(
    (code) => code.checkVisibility() && lines(code) > 1);
  const told = (kind, each) => each.map((e) => `${kind}: ${e.textContent.trim().slice(0, 60)}`);
  return [...told("no caption", bare), ...told("cut", cut), ...told("broken", broken),
          ...told("small", small)];
}"""


def test_the_real_book_has_nothing_to_mend(built_book):
    browser.require()
    found, captions = [], {}

    def look(path, page):
        page.set_viewport_size({"width": browser.WIDE, "height": 900})
        found.extend((path.stem, what) for what in page.evaluate(UNREADABLE))
        captions[page.url] = page.locator("article caption").all_text_contents()

    assert not browser.inspect(built_book, visit=look)
    assert not found
    numbers = [" ".join(text.split()[:2]) for each in captions.values() for text in each]
    twice = {number for number in numbers if numbers.count(number) > 1}
    assert len(numbers) > 100 and not twice, (len(numbers), twice)


def test_words_stand_out_from_their_ground_by_day_and_by_night(built_book):
    browser.require()
    found = []
    with browser.window() as context:
        page = context.new_page()
        for path in sorted(built_book.rglob("book/**/*.html")):
            page.goto(path.as_uri())
            page.add_style_tag(content="* { transition: none !important; }")  # no colour fades in
            for width, theme in product((browser.WIDE, browser.NARROW), ("light", "dark")):
                page.set_viewport_size({"width": width, "height": 900})
                page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
                told = page.evaluate(browser.FAINT)
                found += [(path.stem, width, theme, what) for what in told]
    assert not found


def test_faint_words_are_found(tmp_path):
    browser.require()
    paler = '<p style="color: #767676">just seen</p><i style="color: #777">too faint</i>'
    dark = '<div style="background: #222"><b style="color: #b3283f">dark on dark</b></div>'
    gone = '<u style="color: #eee" hidden>not shown</u>'
    (tmp_path / "page.html").write_text(f"<!doctype html><body>{paler}{dark}{gone}")
    with browser.window() as context:
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        told = page.evaluate(browser.FAINT)
    assert [what.partition(": ")[2] for what in told] == ["too faint", "dark on dark"]


def test_the_light_of_the_dataset_chapter_moves_and_is_the_one_computed_here(built_book):
    browser.require()
    with browser.window() as context:
        page = context.new_page()
        page.goto((built_book / "book/chapters/01_dataset.html").as_uri())
        canvas = page.locator("canvas[data-drawn]")
        assert canvas.get_attribute("data-drawn") == "45 55"
        before = browser.painted(canvas)[..., 0]
        page.get_by_label("Azimuth of the light in degrees").fill("225")
        assert canvas.get_attribute("data-drawn") == "225 55"
        after = browser.painted(canvas)[..., 0]
        state = json.loads(page.locator(f"script[type='{WIDGET_STATE}']").inner_text())["state"]
    held = [v for v in state.values() if "normals" in json.dumps(v.get("buffers", []))]
    normals = base64.b64decode(held[0]["buffers"][0]["data"])
    for azimuth, seen in ((45, before), (225, after)):
        widget = widgets.Relight(normals=normals, azimuth=azimuth)
        expected = np.asarray(Image.open(io.BytesIO(widget.still())), int)
        assert np.abs(seen - expected).max() <= 1
    assert np.abs(before - after).max() > 10


# Content that is wider than its box, where nothing says so.
SLICED = """() => [...document.querySelectorAll(
  "article :is(table, pre, .picture, div.math > mjx-container)")]
  .filter((content) => content.checkVisibility())
  .filter((content) => {
    const boxes = [content, content.parentElement, content.closest(".text_html")];
    const cut = boxes.filter((box) => box && box.scrollWidth > box.clientWidth + 4
      && getComputedStyle(box).overflowX !== "visible");
    return cut.some((box) => !box.closest(".cut-right, .cut-left, .fs-cut-right, .fs-cut-left"));
  })
  .map((content) => `${content.tagName} ${content.textContent.trim().slice(0, 60)}`)"""


# Full stops and commas after a command that begin a line of their own.
LONELY = """() => [...document.querySelectorAll("article :not(pre) > code")]
  .filter((code) => code.checkVisibility() && /^[.,;:!?)]/.test(code.nextSibling?.data ?? ""))
  .filter((code) => {
    const end = document.createRange();
    end.setStart(code.nextSibling, 0);
    end.setEnd(code.nextSibling, code.nextSibling.data.search(/[.,;:!?)]/) + 1);
    const lines = [...end.getClientRects()];
    return lines.at(-1).top >= [...code.getClientRects()].at(-1).bottom;
  })
  .map((code) => `what ends ${code.textContent.slice(0, 40)} is on the next line`)"""


@pytest.mark.parametrize("width", [browser.NARROW, browser.WIDE, browser.WIDEST])
def test_no_table_code_figure_or_formula_is_cut_without_a_cue(built_book, width):
    browser.require()
    found = []
    with browser.window(width=width) as context:
        page = context.new_page()
        for path in sorted(built_book.rglob("book/**/*.html")):
            page.goto(path.as_uri())
            page.evaluate("window.MathJax?.startup?.promise")
            page.wait_for_timeout(100)
            found += [
                (path.stem, what) for kind in (SLICED, LONELY) for what in page.evaluate(kind)
            ]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append((path.stem, "the page is wider than its window"))
    assert not found


@pytest.mark.parametrize(
    ("words", "page"),
    [("ISCF", "18_models"), ("C09", "10_audit.html#"), ("cavity", "glossary")],
)
def test_search_finds_a_model_a_claim_and_a_defect(built_book, words, page):
    browser.require()
    with browser.window() as context:
        tab = context.new_page()
        tab.goto((built_book / "search.html").as_uri() + f"?q={words}")
        tab.locator(f"#search-results a[href*='{page}']").first.wait_for()


HIGH = 800  # pixels of a screen


def test_three_questions_are_answered_from_the_front_page(built_book):
    """How rare is the cavity? Which model at my costs? Is claim C09 true?"""
    browser.require()
    front = (built_book / "book/chapters/00_front.html").as_uri()
    with browser.window() as context:
        page = context.new_page()
        page.set_viewport_size({"width": browser.WIDE, "height": HIGH})

        def seen(words):
            box = words.bounding_box()
            return box and box["y"] >= 0 and box["y"] + min(box["height"], 60) <= HIGH

        page.goto(front)
        assert seen(page.locator("article p", has_text="one pixel in 1,600 belongs to a cavity"))
        for title in ("If you have a rare defect", "How far from the original", "Three doors"):
            card = page.locator(".sd-card", has_text=title)
            assert card.bounding_box()["y"] + card.bounding_box()["height"] <= HIGH
        assert seen(page.locator("#fig-answer"))
        page.click("article a >> text=your costs")
        page.wait_for_url("**/16_decide.html")
        answer = page.locator("section:has(> h2:text-matches('answer first'))")
        assert seen(answer.locator(".cell_output p").first)
        page.goto(front)
        page.click("article a >> text=a claim")
        assert seen(page.locator(".row-index"))
        page.click(".row-index a >> text=C09")
        row = page.locator("#claim-c09")
        assert seen(row) and re.search("holds?|open|decided", row.inner_text())


MOST_BYTES = 2_500_000  # that the page of the viewer loads before a reader asks for anything


def test_the_page_of_the_viewer_is_light_until_a_reader_asks(built_book):
    browser.require()
    asked = set()
    with browser.window() as context:
        page = context.new_page()
        page.on("request", lambda request: asked.add(request.url.partition("?")[0]))
        page.goto((built_book / "book/chapters/08_qualitative.html").as_uri())
        page.evaluate("window.MathJax?.startup?.promise")
        page.wait_for_timeout(500)
    files = [Path(unquote(urlparse(url).path)) for url in asked if url.startswith("file:")]
    weights = sorted((file.stat().st_size, file.name) for file in files if file.is_file())
    assert len(weights) > 5 and sum(w for w, _ in weights) < MOST_BYTES, weights[-5:]


QUICK, TIMES = 500, 1.5  # milliseconds, or times what the lightest page takes on a busy machine
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def test_the_heaviest_page_is_seen_as_soon_as_the_lightest(built_book):
    browser.require()

    def quickest(name):
        seen = []
        for _ in range(3):  # each in a fresh profile, so that nothing is kept
            with browser.window() as context:
                page = context.new_page()
                page.goto((built_book / f"book/{name}.html").as_uri())
                page.wait_for_function("performance.getEntriesByType('paint').length > 1")
                seen.append(page.evaluate(PAINT))
        return min(seen)

    heavy, light = quickest("chapters/08_qualitative"), quickest("bibliography")
    assert heavy < max(QUICK, TIMES * light), (heavy, light)


def test_models_have_their_colours_in_every_figure_and_widget_of_the_book(executed_book):
    """Figures about models have no full colours but those of remedies, classes and the style."""
    table = {*style.REMEDY_COLOURS.values(), *style.COLOURS.values(), *(c.colour for c in CLASSES)}
    allowed = np.array([ImageColor.getrgb(c) for c in {*table, *style.ERROR_COLOURS.values()}])
    looked, found, named = 0, [], []
    for path in sorted((executed_book / "book/chapters").glob("*.ipynb")):
        notebook = notebooks.read(path)
        for cell in notebook.cells:
            told = cell.metadata.get("mystnb", {})
            about_models = "model" in told.get("image", {}).get("alt", "")
            for data in notebooks.shown(cell) if about_models else ():
                looked += 1
                found += [(path.stem, told["figure"]["name"], c) for c in strange(data, allowed)]
        named += drawn_models(notebook.metadata)
    assert looked >= 5 and not found, found
    assert len(named) >= 3 and all(style.look(model).colour == c for model, c in named)


def drawn_models(held) -> list[tuple[str, str]]:
    """The models that widgets draw, with their colours, wherever in their state."""
    if isinstance(held, dict):
        own = [(held["model"], held["colour"])] if {"model", "colour"} <= set(held) else []
        return own + [pair for value in held.values() for pair in drawn_models(value)]
    return (
        [pair for value in held for pair in drawn_models(value)] if isinstance(held, list) else []
    )


def strange(data, allowed) -> list[str]:
    """Full colours of many pixels of a picture that are neither allowed nor mixed of such a one.

    Edges are mixed with the ground, with ink, or with what lies below.
    """
    png = base64.b64decode(data.get("image/png", ""))
    if not png:
        return []
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), int).reshape(-1, 3)
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    full = colours[(np.ptp(colours, axis=1) > 100) & (counts > 60)][:, None].astype(float)
    near = np.full(len(full), np.inf)
    for other in ("#ffffff", style.INK, style.PALE):
        span = np.array(ImageColor.getrgb(other)) - allowed  # from each allowed colour
        share = ((full - allowed) * span).sum(-1) / np.maximum((span**2).sum(-1), 1)
        mixed = allowed + np.clip(share, 0, 1)[..., None] * span
        near = np.minimum(near, np.abs(full - mixed).max(-1).min(-1, initial=255))
    return ["#{:02x}{:02x}{:02x}".format(*c) for c in full[near > 8][:, 0].astype(int)]


# Figures without a dark twin, boxes that show none or two of theirs, letters that are too small.
UNSEEN = """() => {
  const alone = [...document.querySelectorAll(".cell_output img, article figure img")]
    .filter((image) => !image.closest(".picture, .widget-still, .text_html"));
  const boxes = [...document.querySelectorAll(".picture")];
  const seen = (box) => [...box.querySelectorAll("img")].filter((i) => i.checkVisibility());
  const least = (box) => parseFloat(box.style.getPropertyValue("--least"));
  const told = (kind, images) => images.map((image) => `${kind}: ${image.alt.slice(0, 60)}`);
  const one = boxes.filter((box) => seen(box).length === 1);
  return [
    ...told("no twin", alone),
    ...boxes.filter((box) => !one.includes(box)).map((box) => `${seen(box).length} seen`),
    ...told("small letters", one.map((b) => [seen(b)[0], least(b)])
      .filter(([image, width]) => image.clientWidth < width).map(([image]) => image)),
    ...told("wide", one.filter((box) => box.clientWidth > innerWidth).map((box) => seen(box)[0])),
  ];
}"""


@pytest.mark.parametrize("width", [browser.NARROW, browser.WIDE, browser.WIDEST])
def test_figures_are_dark_by_night_and_have_letters_that_can_be_read(built_book, width):
    browser.require()
    found, boxes = [], 0
    with browser.window(width=width) as context:
        page = context.new_page()
        for path in sorted(built_book.rglob("book/**/*.html")):
            page.goto(path.as_uri())
            for theme in ("light", "dark"):
                page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
                found += [(path.stem, theme, what) for what in page.evaluate(UNSEEN)]
            boxes += page.locator(".picture").count()
    assert not found
    assert boxes > 50


@pytest.mark.parametrize("where", ["screen", "paper", "no scripts"])
def test_a_widget_or_its_still_picture_is_seen(built_book, where):
    browser.require()
    with browser.window(scripts=where != "no scripts") as context:
        page = context.new_page()
        if where == "paper":
            page.emulate_media(media="print")
        for stem in ("01_dataset", "04_losses", "08_qualitative"):
            page.goto((built_book / f"book/chapters/{stem}.html").as_uri())
            still = page.locator(".widget-still img")
            assert still.is_visible() == (where != "screen")
            assert len(still.get_attribute("alt")) > 20
            assert page.locator(".widget-view:visible").count() == (where == "screen")
            if where == "no scripts":
                assert still.bounding_box()["height"] > 100


CUT = """() => [...document.querySelectorAll("div.math > mjx-container")].map(
  (box) => [box.scrollWidth - box.clientWidth > 2, box.classList.contains("cut-right")])"""


def test_a_formula_on_a_phone_is_whole_and_says_where_it_is_cut(built_book):
    browser.require()
    with browser.window(width=browser.NARROW) as context:
        page = context.new_page()
        page.goto((built_book / "book/chapters/06_quantitative.html").as_uri())
        page.evaluate(browser.READY)
        page.wait_for_selector("mjx-container.cut-right")
        found = page.evaluate(CUT)
        formula = page.locator("div.math > mjx-container").first
        drawn = np.asarray(Image.open(io.BytesIO(formula.screenshot())).convert("L"))
    assert found and any(hidden for hidden, _ in found)
    assert all(hidden == told for hidden, told in found)
    assert drawn.min() < 128
    for edge in (drawn[0], drawn[-1]):
        assert edge.min() == edge.max(), "no ink touches the upper or the lower edge"
