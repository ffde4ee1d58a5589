"""Figures for dark pages: their colours, what stays as it is, and letters that can be read."""

import base64
import colorsys
import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.pylabtools import print_figure
from matplotlib.colors import ListedColormap, to_rgb, to_rgba
from matplotlib.patches import Patch, Rectangle
from PIL import Image

from foilseg.data.dataset import LabelClass
from foilseg.drawing import night, style

GROUND = to_rgb(night.GROUND)
unit = st.floats(0, 1)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), int)


def printed(figure) -> tuple[np.ndarray, np.ndarray, int]:
    """A figure by day and by night, and its least width."""
    day, told = night.both(figure)
    plt.close(figure)
    return pixels(day), pixels(base64.b64decode(told[night.KEY])), told[night.WIDTH]


def paper(colour) -> np.ndarray:
    return np.rint(255 * np.array(to_rgb(colour)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast_is_that_of_the_guidelines(one, other, expected):
    assert night.contrast(to_rgb(one), to_rgb(other)) == pytest.approx(expected, abs=0.005)
    assert night.contrast(to_rgb(other), to_rgb(one)) == pytest.approx(expected, abs=0.005)


def test_black_and_white_change_places_and_what_lies_between_keeps_its_order():
    assert night.by_night("#000000") == pytest.approx(to_rgba(night.INK))
    assert night.by_night("#ffffff") == pytest.approx(to_rgba(night.GROUND))
    greys = [night.by_night(str(level))[0] for level in np.linspace(0, 1, 11)]
    assert greys == sorted(greys, reverse=True)
    assert night.contrast(night.by_night(style.INK)[:3], GROUND) > 7


@given(unit, unit, unit, unit)
def test_whatever_has_a_hue_keeps_it_and_stands_out(red, green, blue, opacity):
    *rgb, kept = night.by_night((red, green, blue, opacity))
    assert kept == opacity
    assert all(0 <= channel <= 1 for channel in rgb)
    if max(red, green, blue) - min(red, green, blue) < night.TINT:
        return
    assert night.contrast(rgb, GROUND) >= night.LEAST_CONTRAST
    before, after = (colorsys.rgb_to_hsv(*each)[0] for each in ((red, green, blue), rgb))
    assert min(abs(before - after), 1 - abs(before - after)) < 1e-6


def test_colours_that_can_be_seen_stay_and_those_of_remedies_stay_apart():
    bright = [style.COLOURS[name] for name in ("second", "lamp")] + ["#f0e442", "#009e73"]
    for colour in bright:
        assert night.by_night(colour)[:3] == to_rgb(colour)
    remedies = [night.by_night(colour)[:3] for colour in style.REMEDY_COLOURS.values()]
    for place, one in enumerate(remedies):
        for other in remedies[place + 1 :]:
            assert np.abs(np.subtract(one, other)).max() > 0.15


def test_a_pale_fill_is_a_dark_one_on_which_ink_is_read():
    fill = night.by_night(style.COLOURS["network"])[:3]
    assert night.contrast(fill, night.by_night(style.INK)[:3]) > 4.5
    red, green, blue = fill
    assert blue > green > red


def test_the_dark_twin_has_a_dark_ground_and_the_day_is_as_it_was():
    with style.house_style():
        figure, axes = plt.subplots(figsize=(4, 3))
        axes.plot([0, 1], [0, 1], "o-", c="#332288", mfc=style.PAPER, label="a line")
        axes.bar([0, 1], [0.2, 0.3], color="#0072b2", edgecolor=style.INK)
        axes.scatter([0.2], [0.8], c=[style.INK])
        axes.annotate("far", (1, 1), (0.3, 0.9), arrowprops={"color": style.INK}, bbox={"fc": "w"})
        axes.legend()
    before = night.both(figure)
    day, dark, _ = printed(figure)
    assert night.both(figure) == before, "what was changed is taken back"
    assert day.shape == dark.shape
    for corner in ((0, 0), (-1, -1)):
        assert (day[corner] == 255).all() and (dark[corner] == paper(night.GROUND)).all()
    assert dark.sum(axis=-1).min() >= paper(night.GROUND).sum() - 3, "nothing is darker"
    filled = [(seen == paper("#0072b2")).all(axis=-1).sum() for seen in (day, dark)]
    assert filled[1] == pytest.approx(filled[0], rel=0.01) and filled[0] > 100
    assert dark.mean() < 80 < day.mean()
    assert not (dark == 255).all(axis=-1).any()


def test_pictures_are_the_same_by_day_and_by_night_with_what_is_drawn_on_them():
    shown = np.linspace(0, 1, 64).reshape(8, 8)
    with style.house_style():
        figure, axes = plt.subplots(1, 2, figsize=(5, 2.5))
        axes[0].imshow(shown, cmap="gray", aspect="auto")
        axes[0].text(3, 3, "on it", color=style.INK, bbox={"fc": style.PAPER})
        axes[0].set_title("a title")
        axes[1].pcolormesh(shown, cmap="gray", edgecolors="w")
        axes[1].text(3, 3, "in it", color=style.INK)
    figure.canvas.draw()
    boxes = [place.get_window_extent() for place in axes]
    with night.dark(figure):
        figure.canvas.draw()
        dark = np.asarray(figure.canvas.buffer_rgba(), int)[..., :3]
        assert axes[0].title.get_color() != style.INK
    figure.canvas.draw()
    day = np.asarray(figure.canvas.buffer_rgba(), int)[..., :3]
    plt.close(figure)
    for box in boxes:
        rows = slice(int(len(day) - box.y1) + 3, int(len(day) - box.y0) - 3)
        columns = slice(int(box.x0) + 3, int(box.x1) - 3)
        assert (day[rows, columns] == dark[rows, columns]).all()
    assert (dark[0, 0] == paper(night.GROUND)).all()


def test_a_key_to_the_colours_of_a_picture_keeps_them_and_another_legend_does_not():
    figure, axes = plt.subplots(1, 2)
    axes[0].imshow([[0, 1]], cmap=ListedColormap([style.PAPER, "#000000"]), vmin=0, vmax=1)
    axes[1].plot([0, 1], c=style.INK, label="a line")
    axes[1].legend()
    ends = {"nothing": style.PAPER, "wrong": "#000000", "of no picture": style.PALE}
    keys = figure.legend(handles=[Patch(fc=c, ec=style.PALE, label=n) for n, c in ends.items()])
    with night.dark(figure):
        nothing, wrong, other = (patch.get_facecolor()[:3] for patch in keys.legend_handles)
        assert (nothing, wrong) == (to_rgb(style.PAPER), to_rgb("#000000"))
        assert other == night.by_night(style.PALE, night.OF_AREAS)[:3]
        assert all(word.get_color() != "black" for word in keys.get_texts()), "words are light"
        (line,) = axes[1].get_legend().legend_handles
        assert to_rgb(line.get_color()) == night.by_night(style.INK)[:3]
    plt.close(figure)


def test_words_on_an_area_of_a_class_keep_their_colour():
    figure, axes = plt.subplots()
    held, free = (axes.text(0.5, y, "56%", color=style.INK) for y in (0.2, 0.8))
    held.set_gid(night.HELD)
    with night.dark(figure):
        assert held.get_color() == style.INK != free.get_color()
    plt.close(figure)


def test_cells_with_names_have_the_colours_of_their_legend():
    figure, axes = plt.subplots(figsize=(3, 2))
    few = ListedColormap([style.INK, style.PAPER, "#332288"])
    mesh = axes.pcolormesh([[0, 1, 2]], cmap=few, vmin=0, vmax=2)
    patch = axes.add_patch(Rectangle((0, 0), 1, 1, fc=style.INK))
    figure.canvas.draw()
    before = mesh.get_facecolors().tolist()
    with night.dark(figure):
        figure.canvas.draw()
        shown = mesh.get_facecolors()
        expected = [night.by_night(colour, night.OF_AREAS) for colour in few.colors]
        np.testing.assert_allclose(shown, expected)
        assert patch.get_facecolor() == pytest.approx(tuple(shown[0]))
    figure.canvas.draw()
    assert mesh.get_facecolors().tolist() == before
    plt.close(figure)


def test_the_least_width_is_that_at_which_the_smallest_letters_have_nine_points():
    with style.house_style():
        figure, axes = plt.subplots(figsize=(4, 3))
        axes.set_title("large", fontsize=20)
        axes.text(0.5, 0.5, "smallest", fontsize=8)
        axes.text(0.5, 0.2, "hidden", fontsize=4, visible=False)
        axes.text(0.5, 0.2, " ", fontsize=4)
    day, _, least = printed(figure)
    letters = 8 * figure.dpi / 72 * least / day.shape[1]  # CSS pixels, at that width
    assert letters == pytest.approx(night.LEAST_LETTERS, rel=0.002)


def test_a_figure_of_nothing_shows_nothing_and_one_without_letters_has_no_least_width():
    figure = plt.figure()
    assert night.both(figure) is None
    figure.add_axes((0, 0, 1, 1)).set_axis_off()
    assert printed(figure)[2] == 0


def test_a_margin_around_words_is_the_ground_by_day_and_by_night():
    """Where a black line runs behind a word, the pixels beside its letters are the ground's."""
    figure, axes = plt.subplots(figsize=(2, 1), dpi=100)
    axes.set_axis_off()
    axes.axhline(0.5, c="#000000", lw=6)
    axes.text(0.5, 0.5, "I", ha="center", va="center", fontsize=12, path_effects=style.edge())
    day, dark, _ = printed(figure)
    for picture, ground in ((day, paper(style.PAPER)), (dark, paper(night.GROUND))):
        middle, across = picture.shape[0] // 2, picture.shape[1]
        row = picture[middle, across // 4 : -across // 4]  # the line and the letter on it
        free = (np.abs(row - ground).max(-1) < 12).nonzero()[0] - len(row) / 2
        assert free.min() < 0 < free.max() and np.abs(free).max() < 6


def test_the_mark_of_a_published_share_is_the_same_by_day_and_by_night():
    """It lies on a bar whose colour stays, so it keeps its own: hollow, dark, with a light edge."""
    classes = [LabelClass(0, "background", "#ffffff"), LabelClass(1, "pit", "#0072b2")]
    rows = [("a", c.name, 0.5, 0.2) for c in classes]
    table = pd.DataFrame(rows, columns=["set", "class", "share", "published"])
    figure, axes = plt.subplots()
    style.class_bars(axes, table, classes, "set", "share", "class", marks="published")
    dashes = [c for c in axes.collections if len(c.get_offsets())]
    before = [c.get_edgecolor().tolist() for c in dashes]
    assert dashes and all(c.get_path_effects() for c in dashes)
    assert all(not len(c.get_facecolor()) for c in dashes), "what is published is hollow"
    with night.dark(figure):
        assert [c.get_edgecolor().tolist() for c in dashes] == before
        assert to_rgb(axes.title.get_color()) != to_rgb(style.INK)
    plt.close(figure)


def test_a_figure_is_laid_out_once_and_looks_as_if_it_were_printed_by_itself():
    def drawn():
        with style.house_style():
            figure, axes = plt.subplots(1, 2, figsize=(5, 2))
            axes[0].set(xlabel="share", ylabel="a name that needs room", title="one")
            axes[1].imshow(np.eye(3))
            return style.done(figure)

    figure = drawn()
    engine = figure.get_layout_engine()
    day, told = night.both(figure)
    assert day == print_figure(drawn())
    assert night.shape(base64.b64decode(told[night.KEY])) == night.shape(day)
    assert engine is not None and figure.get_layout_engine() is engine
    assert night.both(plt.figure()) is None, "an empty figure has no picture"
    plt.close("all")
