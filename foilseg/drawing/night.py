"""Figures for dark pages: the same drawing with light ink on a dark ground, beside the usual one.

In a chapter's kernel a figure is printed twice. The output's metadata hold the dark picture, and
the least width at which no letter is smaller than :data:`LEAST_LETTERS`; ``book/_ext/themes.py``
puts both on the page. Colours that say something (of classes, models, measured values) stay as
they are, but for one too dark to be seen on the ground, which is made lighter. Pictures of data
are the same by day and by night, with all that is drawn on them and the keys to their colours.
"""

from __future__ import annotations

import base64
import colorsys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from foilseg.drawing.style import COLOURS, HELD, edge

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

GROUND, INK = COLOURS["ground"], COLOURS["light"]
# with the ground: of words, and of marks and lines, which have their colours; of areas
LEAST_CONTRAST, OF_AREAS = 4.5, 3.0  # WCAG 2.1, 1.4.3 and 1.4.11
LEAST_LETTERS = 12.0  # CSS pixels, which are nine points
FEW = 16  # colours of a map whose cells have names, as a legend has
GREY, TINT = 0.06, 0.25  # chroma below which a colour is a grey, or a light one the tint of a fill
KEY, WIDTH = "night", "least_width"  # in the metadata of the output
SUFFIX = "-night"  # of the name of a picture's twin
STARTUP = "from foilseg.drawing import night\nnight.register()\n"
PNG = "image/png"
Colour = tuple[float, float, float, float]


def register() -> None:
    """Let the running kernel print every figure twice."""
    from IPython import get_ipython
    from matplotlib.figure import Figure

    shell = get_ipython()
    shell.enable_matplotlib("inline")
    shell.display_formatter.formatters[PNG].for_type(Figure, both)


def both(figure: Figure) -> tuple[bytes, dict[str, Any]] | None:
    """A figure as a PNG, and its dark twin with the least width in CSS pixels; None if empty."""
    from IPython.core.pylabtools import print_figure

    if not figure.axes and not figure.lines:
        return None
    with fixed(figure) as box:
        day = print_figure(figure, bbox_inches=box)
        with dark(figure):
            night = print_figure(figure, bbox_inches=box)
    told = {KEY: base64.b64encode(night).decode(), WIDTH: least_width(figure, shape(day)[0])}
    return day, told


@contextmanager
def fixed(figure: Figure) -> Iterator[Bbox]:
    """A figure laid out once, for all of its pictures: what it fills, in inches with its margin.

    By itself every print lays out and measures anew, which takes as long as a picture.
    """
    from matplotlib import rc_context, rcParams

    engine = figure.get_layout_engine()
    figure.draw_without_rendering()
    box = figure.get_tightbbox().padded(rcParams["savefig.pad_inches"])
    with rc_context({"figure.constrained_layout.use": False, "figure.autolayout": False}):
        figure.set_layout_engine(None)
    try:
        yield box
    finally:
        figure.set_layout_engine(engine)


def shape(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the head of a PNG file."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def least_width(figure: Figure, width: int) -> int:
    """The width in CSS pixels below which some letter of a figure is too small, 0 without letters.

    ``width`` : of the picture in its own pixels.
    """
    from matplotlib.text import Text

    texts = (text for text in figure.findobj(Text) if text.get_text().strip())
    sizes = [text.get_fontsize() for text in texts if text.get_visible()]
    return round(width * LEAST_LETTERS / (min(sizes) * figure.dpi / 72)) if sizes else 0


def by_night(colour: Any, least: float = LEAST_CONTRAST) -> Colour:
    """What a colour of the light page becomes on the dark one; its opacity stays.

    A grey takes its place between ground and ink, a pale fill becomes a dark one of its hue, and
    every other colour stays, or is mixed with white until its contrast with the ground is at
    ``least`` that.
    """
    from matplotlib.colors import to_rgb, to_rgba

    *rgb, opacity = to_rgba(colour)
    ground, ink = to_rgb(GROUND), to_rgb(INK)
    chroma = max(rgb) - min(rgb)
    if chroma < GREY:
        return (*_mixed(ink, ground, sum(rgb) / 3), opacity)
    if chroma < TINT and min(rgb) > 0.5:
        hue = colorsys.rgb_to_hsv(*rgb)[0]
        return (*_mixed(ground, colorsys.hsv_to_rgb(hue, 0.6, 0.8), 2 * chroma), opacity)
    share = 0.0
    while contrast(_mixed(rgb, (1, 1, 1), share), ground) < least:
        share += 0.05
    return (*_mixed(rgb, (1, 1, 1), share), opacity)


def _mixed(one: Any, other: Any, share: float) -> tuple[float, float, float]:
    red, green, blue = ((1 - share) * a + share * b for a, b in zip(one, other))
    return red, green, blue


def contrast(one: Any, other: Any) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.1, relative luminance)."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(rgb: Any) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@contextmanager
def dark(figure: Figure) -> Iterator[None]:
    """The figure in its dark colours, for the time inside. It has been drawn before."""
    kept: list[tuple[Callable[[Any], Any], Any]] = []
    held = set(_held(figure))
    try:
        for artist in figure.findobj():
            for part in (artist, *_attached(artist)):
                if part not in held:
                    _change(part, kept)
        yield
    finally:
        for put, before in reversed(kept):
            put(before)


def _held(figure: Figure) -> Iterator[Artist]:
    """What is drawn inside of panels that show pictures or cells of measured values, and keys."""
    from matplotlib.axis import Axis
    from matplotlib.legend import Legend
    from matplotlib.spines import Spine

    for axes in figure.axes:
        if axes.images or any(_is_map(c) and c.cmap.N > FEW for c in axes.collections):
            outside = (axes.title, axes._left_title, axes._right_title)
            for child in axes.get_children():
                if isinstance(child, Axis):
                    yield from child.get_gridlines()
                elif child not in outside and not isinstance(child, Legend | Spine):
                    for artist in child.findobj():
                        yield from (artist, *_attached(artist))
    yield from _keys(figure)
    yield from figure.findobj(lambda artist: artist.get_gid() == HELD)


def _keys(figure: Figure) -> Iterator[Artist]:
    """The boxes of legends whose colours are those of pixels in a picture."""
    from matplotlib.colors import ListedColormap
    from matplotlib.legend import Legend
    from matplotlib.patches import Patch

    maps = (image.cmap for axes in figure.axes for image in axes.images)
    drawn = {
        tuple(cmap(place))
        for cmap in maps
        if isinstance(cmap, ListedColormap) and cmap.N <= FEW
        for place in range(cmap.N)
    }
    for legend in figure.findobj(Legend):
        patches = (h for h in legend.legend_handles if isinstance(h, Patch))
        yield from (patch for patch in patches if patch.get_facecolor() in drawn)


def _is_map(artist: Artist) -> bool:
    from matplotlib.collections import QuadMesh

    return isinstance(artist, QuadMesh)


def _attached(artist: Artist) -> list[Artist]:
    """The arrow and the box of a text, which are no children of it."""
    box = getattr(artist, "get_bbox_patch", lambda: None)()
    return [part for part in (getattr(artist, "arrow_patch", None), box) if part is not None]


def _change(artist: Artist, kept: list[tuple[Callable[[Any], Any], Any]]) -> None:
    """Give an artist its dark colours, and note how to take them back."""
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    names: tuple[str, ...] = ()
    if isinstance(artist, Text):
        names = ("color",)
    elif isinstance(artist, Line2D):
        names = ("color", "markerfacecolor", "markeredgecolor")
    elif isinstance(artist, Patch):
        names = ("facecolor", "edgecolor")
    elif isinstance(artist, Collection):
        names = ("edgecolor",) if artist.get_array() is not None else ("facecolor", "edgecolor")
        names += ("cmap",) if _is_map(artist) else ()
    # all are read before one is changed: some follow another one
    before = {name: getattr(artist, f"get_{name}")() for name in names}
    if artist.get_path_effects():
        kept.append((artist.set_path_effects, artist.get_path_effects()))
        artist.set_path_effects(edge(GROUND))
    for name, colour in before.items():
        put = getattr(artist, f"set_{name}")
        put(_all_by_night(colour, OF_AREAS if name in ("facecolor", "cmap") else LEAST_CONTRAST))
        kept.append((put, colour))


def _all_by_night(colour: Any, least: float) -> Any:
    """A colour, a row of them or a colour map; words that are no colour (``none``) stay."""
    from matplotlib.colors import Colormap, ListedColormap, is_color_like

    if isinstance(colour, Colormap):
        return ListedColormap([by_night(colour(place), least) for place in range(colour.N)])
    if isinstance(colour, str) and colour in ("none", "auto", "face"):
        return colour
    if is_color_like(colour):
        return by_night(colour, least)
    return [by_night(each, least) for each in colour]
