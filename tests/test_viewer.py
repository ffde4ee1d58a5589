"""The viewer in the hands of a reader: wide pictures, the pointer, keys, the link, a telephone."""

import pytest
import viewer

from foilseg.book import readable
from foilseg.figures import widgets

pytestmark = pytest.mark.browser
RIGHT, LEFT = "Mask in the right pane", "Mask in the left pane"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A foil as wide as those of the desk profile, one just not too wide, and a square one."""
    shapes = {"wide": (317, 960), "twice": (60, 120), "square": (80, 80)}
    foils = [viewer.foil(name, k, shape) for k, (name, shape) in enumerate(shapes.items())]
    masks = viewer.models(foils)
    path = tmp_path_factory.mktemp("viewer") / "page.html"
    return viewer.write_page([widgets.compare(foils, masks, viewer.CLASSES)], path), foils, masks


@pytest.fixture(scope="module")
def context():
    with viewer.open_window() as window:
        yield window


@pytest.fixture
def screen(page_file, context):
    """The opened viewer; the test fails if anything was said on the console."""
    path, foils, masks = page_file
    opened = viewer.Screen(context.new_page(), foils, masks)
    yield opened.open(path)
    opened.page.close()
    assert opened.said == []


def scored(screen):
    """The heads and the rows of the table of scores, when it is ready."""
    screen.page.wait_for_selector(".fs-compare:not([data-scored=''])[data-scored]")
    heads = screen.page.locator(".fs-scores thead th").all_inner_texts()
    rows = screen.page.locator(".fs-scores tbody tr").all_inner_texts()
    return heads, [dict(zip(heads, row.split("\t"), strict=True)) for row in rows]


def test_false_positive_rates_are_pixels_in_a_million(screen):
    heads, rows = scored(screen)
    assert [head for head in heads if "FPR" in head] == ["foil FPR (ppm)", "window FPR (ppm)"]
    mask = screen.masks["wide"]["Model A"]
    false = sum(((mask == k) & (screen.foil.mask != k)).sum() for k in (1, 2, 3))
    clean = sum((screen.foil.mask != k).sum() for k in (1, 2, 3))
    assert rows[0]["foil FPR (ppm)"] == readable.per_million(false / clean)


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


def test_scores_that_do_not_fit_a_telephone_fade_at_the_side_where_they_are_cut(screen):
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
