"""The viewer in the hands of a reader: wide pictures, the pointer, keys, the link, a telephone."""

import numpy as np
import pytest
import viewer
from test_compare import errors

from foilseg.book import readable
from foilseg.figures import widgets

pytestmark = pytest.mark.browser
RIGHT, LEFT = "Mask in the right pane", "Mask in the left pane"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A foil as wide as those of the desk profile, one just not too wide, and a square one."""
    shapes = {"wide": (317, 960), "twice": (60, 120), "square": (80, 80)}
    foils = [viewer.foil(name, k, shape) for k, (name, shape) in enumerate(shapes.items())]
    return viewer.page(foils, tmp_path_factory.mktemp("viewer") / "page.html")


def scored(screen):
    """The heads and the rows of the table of scores, when it is ready."""
    screen.page.wait_for_selector(".fs-compare:not([data-scored=''])[data-scored]")
    heads = screen.page.locator(".fs-scores thead th").all_inner_texts()
    rows = screen.page.locator(".fs-scores tbody tr").all_inner_texts()
    return heads, [dict(zip(heads, row.split("\t"), strict=True)) for row in rows]


def test_false_positive_rates_are_pixels_in_a_million(screen):
    heads, rows = scored(screen)
    assert [head for head in heads if "FPR" in head] == ["picture FPR (ppm)", "window FPR (ppm)"]
    mask = screen.masks["wide"]["Model A"]
    false = sum(((mask == k) & (screen.foil.mask != k)).sum() for k in (1, 2, 3))
    clean = sum((screen.foil.mask != k).sum() for k in (1, 2, 3))
    assert rows[0]["picture FPR (ppm)"] == readable.per_million(false / clean)
    note = screen.page.locator(".fs-counted")
    told, text = (note.evaluate(f"node => node.{name}") for name in ("scrollWidth", "innerText"))
    assert all(word in text for word in ("picture", "window", "objects")), "what columns count"
    assert told <= screen.page.locator(".fs-compare").evaluate("node => node.clientWidth"), "whole"


@pytest.mark.parametrize("rate", [0, 1e-7, 1.2345e-6, 0.0000456, 0.00009994, 0.0001, 0.0123456, 1])
def test_rates_are_written_as_in_the_tables_of_the_book(screen, rate):
    script = (widgets.SCRIPTS / "compare_scores.js").read_text()
    function = script[script.index("function perMillion") :].split("\n}\n")[0] + "\n}"
    assert screen.page.evaluate(f"(() => {{ {function} return perMillion({rate}); }})()") == (
        readable.per_million(rate)
    )


CUT = """() => {
  const box = document.querySelector(".fs-scroll");
  const stops = getComputedStyle(box).maskImage.match(/[\\d.]+px/g) || [];
  const page = document.documentElement;
  return { hidden: box.scrollWidth - box.clientWidth, tab: box.tabIndex, stops,
    page: page.scrollWidth - page.clientWidth };
}"""


# as the theme of the book has it: a table that scrolls in itself
THEME = "body table { display: block; overflow: auto; }"


def test_scores_that_do_not_fit_a_telephone_fade_at_the_side_where_they_are_cut(screen):
    screen.page.add_style_tag(content=THEME)
    scored(screen)
    wide = screen.page.evaluate(CUT)
    assert (wide["hidden"], wide["tab"], wide["stops"]) == (0, -1, []), "it fits 1280 pixels"
    screen.page.set_viewport_size({"width": 390, "height": 800})
    scored(screen)
    screen.settle()
    seen = screen.page.evaluate(CUT)
    assert seen["hidden"] > 20 and seen["page"] == 0 and seen["tab"] == 0
    assert seen["stops"] == ["0px", "40px"], "more is to the right"
    box = screen.page.locator(".fs-scroll")
    box.focus()
    screen.page.keyboard.press("ArrowRight")
    screen.page.wait_for_function("document.querySelector('.fs-scroll').scrollLeft > 2")
    screen.page.evaluate("document.querySelector('.fs-scroll').scrollLeft = 9999")
    screen.settle()
    assert screen.page.evaluate(CUT)["stops"] == ["40px"], "its end was reached"
    screen.page.evaluate("document.querySelector('.fs-compare canvas').scrollIntoView()")
    screen.key("+")
    scored(screen)
    assert box.evaluate("box => box.scrollLeft") > 2, "new scores leave it where it was"
    screen.page.set_viewport_size({"width": 1280, "height": 900})


def test_panes_of_wide_pictures_stand_above_each_other(screen):
    first, second = screen.box(0), screen.box(1)
    assert first["x"] == second["x"] and second["y"] > first["y"] + first["height"]
    assert first["width"] > 1200, "each has the whole width"
    for name in ("twice", "square"):
        screen.pick("Image", name)
        first, second = screen.box(0), screen.box(1)
        assert first["y"] == second["y"] and second["x"] > first["x"] + first["width"]
    screen.page.set_viewport_size({"width": 1280, "height": 700})
    screen.pick("Image", "wide")
    first, second = screen.box(0), screen.box(1)
    assert second["y"] + second["height"] - first["y"] <= 700, "a low window shows both"


def name_of(mask, row, column):
    return viewer.CLASSES[mask[row, column]].name


PLACES = """() => [...document.querySelectorAll(".fs-compare, .fs-compare *")].map((node) => {
  const { x, y, width, height } = node.getBoundingClientRect();
  return [x, y, width, height].join(" ");
})"""


@pytest.mark.parametrize("name", ["twice", "wide"])
def test_the_pixel_under_the_pointer_is_read_out(screen, name):
    screen.pick("Image", name)
    scored(screen)
    screen.page.evaluate("document.querySelector('.fs-stage').scrollIntoView()")
    before, places = screen.told(), screen.page.evaluate(PLACES)
    assert before == ""
    mask, model = screen.foil.mask, screen.masks[name]["Model A"]
    rows, columns = np.nonzero(errors(mask, model) == 3)
    last = mask.shape[0] - 1, mask.shape[1] - 1
    for row, column in [(0, 0), last, (rows[0], columns[0]), (12, 34)]:
        screen.hover(row, column, 1)
        known = f"row {row}, column {column} · annotation: {name_of(mask, row, column)}"
        assert screen.told() == f"{known} · Model A: {name_of(model, row, column)}"
        screen.hover(row, column, 0)
        assert screen.told() == known, "what is annotated is said once"
    assert screen.page.evaluate(PLACES) == places, "nothing on the page moved"
    screen.page.mouse.move(2, 2)
    assert screen.told() == ""
    assert screen.page.locator(".fs-readout").get_attribute("aria-hidden") == "true"
    assert screen.page.evaluate("!document.querySelector('.fs-readout').closest('[aria-live]')")


def test_what_is_read_out_follows_the_picture_under_a_still_pointer(screen):
    screen.pick("Image", "twice")
    screen.hover(20, 40, 1)
    screen.key("]")
    title, mask = "Model B", screen.masks["twice"]["Model B"]
    assert screen.told().endswith(f" · {title}: {name_of(mask, 20, 40)}")
    screen.key("+", "+")
    x, y, zoom = screen.data("camera")
    row, column = int(y + (20.5 - 30) / zoom), int(x + (40.5 - 60) / zoom)
    assert screen.told().startswith(f"row {row}, column {column} · ")
    screen.pick(RIGHT, "")
    assert "Model" not in screen.told() and "annotation: " in screen.told()


def test_on_either_side_of_the_divider_its_own_mask_is_read_out(screen):
    screen.pick("Image", "twice")
    screen.pick("Arrangement of the panes", "swipe")
    screen.pick(LEFT, "Model C")
    for column, title in ((30, "Model C"), (90, "Model A")):
        screen.hover(10, column)
        assert f" · {title}: {name_of(screen.masks['twice'][title], 10, column)}" in screen.told()
