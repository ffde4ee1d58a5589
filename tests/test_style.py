"""One table of colours: nothing else in the library types one, and importing it is cheap."""

import re
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import rules
from matplotlib.colors import CSS4_COLORS, is_color_like

from foilseg.drawing import style
from foilseg.figures import widgets

ROOT = Path(__file__).parent.parent
# the table, and the colours of the classes of data that are made or taken in here
ALLOWED = {"drawing/style.py", "twin/kinds.py", "formats/magnetic_tile.py", "formats/assembling.py"}
NAMES = "|".join([*CSS4_COLORS, r"C\d", r"tab:\w+"])
HEX = r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b"
TYPED = re.compile(rf"{HEX}|(?<!cmap=)[\"'](?:{NAMES})[\"']", re.IGNORECASE)


def typed_colours(package):
    """Colours in the library's text outside of the places where they may stand."""
    files = [p for p in sorted(package.rglob("*")) if p.suffix in (".py", ".js")]
    kept = [p for p in files if p.relative_to(package).as_posix() not in ALLOWED]
    return [f"{p.name}: {c}" for p in kept for c in TYPED.findall(p.read_text("utf-8"))]


def test_no_colour_is_typed_outside_of_the_table():
    assert typed_colours(ROOT / "foilseg") == []


@pytest.mark.parametrize("text", ["'white'", "ec='tab:blue'", '"#0072B2"', "border: #fff;", '"C1"'])
def test_a_typed_colour_is_found(tmp_path, text):
    (tmp_path / "drawing").mkdir()
    for name in ("style.py", "plots.py", "view.js"):
        (tmp_path / "drawing" / name).write_text(f"x {text} # and no #12345 colour")
    assert [found.split(":")[0] for found in typed_colours(tmp_path)] == ["plots.py", "view.js"]


def test_the_table_holds_colours_and_the_widgets_get_theirs_from_it():
    assert all(map(is_color_like, (*style.COLOURS.values(), *style.ERROR_COLOURS.values())))
    assert widgets.FocalCurve().colour == style.COLOURS["second"]
    script = "".join(path.read_text() for path in widgets.SCRIPTS.glob("compare_*.js"))
    used = set(re.findall(r"var\(--fs-(\w+)\)", script))
    assert used == {"ink", "pale", "paper", "first"} <= set(style.COLOURS)


def test_the_table_is_read_without_what_draws():
    assert rules.loaded("import foilseg.drawing.style, foilseg.book.readable", ROOT) == []


def test_a_legend_has_fewer_columns_for_longer_names():
    assert [style.columns(names) for names in ([], ["a"] * 9, ["x" * 24] * 9)] == [1, 6, 3]


def test_numbers_below_a_narrow_axis_have_room():
    def drawn(width):
        with style.house_style():
            figure, axes = plt.subplots(figsize=(width, 3))
            axes.plot([1.5e-3, 5.5e-2], [0, 1])
            axes.set(xscale="log", xlabel="mean FPR")
            style.done(figure).canvas.draw()
        low, high = axes.get_xlim()
        labels = [label for label in axes.get_xticklabels() if low <= label._x <= high]
        boxes = sorted((label.get_window_extent().extents for label in labels), key=lambda b: b[0])
        assert all(one[2] < two[0] for one, two in pairwise(boxes)), "they do not touch"
        return [label.get_text() for label in labels]

    assert drawn(8) == ["2,000", "5,000", "10,000", "20,000", "50,000"]
    assert drawn(2.6) == ["3,000", "10,000", "30,000"]


def test_a_sentence_in_the_place_of_a_picture_fits_a_phone_whole():
    words = "The models agree on nothing that the annotation does not have."
    figure = style.note(words)
    figure.canvas.draw()
    (text,) = figure.axes[0].texts
    box = text.get_window_extent()
    assert text.get_text() == words and figure.get_figwidth() * 96 < 350
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width
