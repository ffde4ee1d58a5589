"""Foils, masks and predictions -> Figure: pictures of what the network sees and says.

Class colours are those of the masks and of the widget.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from foilseg.data import escape
from foilseg.data.components import boxes, components
from foilseg.data.dataset import Foil, LabelClass, as_pixels
from foilseg.data.photometric import are_normals, brightness
from foilseg.drawing.style import (
    INK,
    PALE,
    PAPER,
    class_legend,
    done,
    house_style,
    note,
)
from foilseg.evaluation.examples import Box, Pick, look
from foilseg.evaluation.label_audit import Audit, corrected

BARS = (5, 10, 20, 50, 100, 200, 500)  # pixels
LEAST = 48  # pixels a side of the windows around candidates


def _outline(classes: Sequence[LabelClass]) -> tuple[ListedColormap, BoundaryNorm]:
    order = sorted(classes, key=lambda c: c.index)
    edges = np.arange(len(order) + 1) - 0.5
    return ListedColormap([c.colour for c in order]), BoundaryNorm(edges, len(order))


def picture(axes, image: np.ndarray) -> None:
    """Draw an image (C, H, W); normals with their contrast stretched."""
    axes.imshow(seen(image), cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
    bare(axes)


def seen(image: np.ndarray) -> np.ndarray:
    """An image (C, H, W) as pixels, uint8 (H, W) or (H, W, 3); normals stretched."""
    return as_pixels(stretched(image) if are_normals(image) else image)


def in_grey(image: np.ndarray) -> np.ndarray:
    """An image (C, H, W) as a grey one (H, W); of normals the slope along x, stretched."""
    return stretched(image)[0] if are_normals(image) else brightness(image)


def stretched(normals: np.ndarray, share: float = 0.005) -> np.ndarray:
    """Normals (3, H, W) with their deviation from the median enlarged for the eye.

    All channels are enlarged alike, so that at most ``share`` of the values are cut off at -1
    or 1; an image without any variation stays as it is.
    """
    middle = np.median(normals, axis=(1, 2), keepdims=True)
    reach = np.quantile(np.abs(normals - middle), 1 - share)
    gain = max(1.0, 0.9 / reach) if reach > 0 else 1.0
    return np.clip((normals - middle) * gain + middle * (gain == 1.0), -1, 1)


def mask_of(axes, mask: np.ndarray, classes: Sequence[LabelClass]) -> None:
    """Draw a mask (H, W) in the class colours."""
    colours, norm = _outline(classes)
    axes.imshow(mask, cmap=colours, norm=norm, interpolation="nearest")
    bare(axes)


def classes_drawn(figure: Figure, classes: Sequence[LabelClass]) -> list[LabelClass]:
    """The classes whose colours are in the masks of a figure, in their order."""
    images = [image for axes in figure.axes for image in axes.images]
    masks = (image.get_array() for image in images if isinstance(image.norm, BoundaryNorm))
    found = set().union(*(np.unique(mask).tolist() for mask in masks))
    return [c for c in classes if c.index in found]


def classes_legend(figure: Figure, classes: Sequence[LabelClass]) -> None:
    """The colours of the classes that are drawn, below the panels."""
    class_legend(figure, classes_drawn(figure, classes), "lower left")


def annotation_of(axes, foil: Foil, classes: Sequence[LabelClass]) -> None:
    """Draw the annotation of a foil, and in grey what of it counts nowhere."""
    mask_of(axes, foil.mask, classes)
    if foil.ignored is not None:
        grey = np.ma.masked_where(~foil.ignored, foil.ignored)
        axes.imshow(grey, cmap=ListedColormap([PALE]), interpolation="nearest")


def outline(axes: Axes, inside: np.ndarray, colour: str) -> None:
    """A line around the pixels of a bool array (H, W), closed at its border."""
    edge = np.pad(inside, 1)
    places = [np.arange(-1, length - 1) for length in edge.shape]
    axes.contour(places[1], places[0], edge, [0.5], colors=[colour], linewidths=1.4)


def framed(axes: Axes, box: Box, colour: str = INK) -> None:
    """A frame around a box of pixels, with a white margin, so that it is seen on every ground."""
    top, left, height, width = box
    for edge, thick in ((PAPER, 3.0), (colour, 1.2)):
        style = {"fill": False, "ec": edge, "lw": thick}
        axes.add_patch(Rectangle((left - 1.5, top - 1.5), width + 2, height + 2, **style))


def rings_of_class(foil: Foil, c: LabelClass) -> list[dict[str, float]]:
    """Middle and radius of every annotated object of a class, as :func:`rings_of`."""
    return rings_of(components(foil.mask == c.index)[0])


def rings_of(numbers: np.ndarray) -> list[dict[str, float]]:
    """Middle and radius, in pixels, of every numbered object of a mask (H, W)."""
    return [_ring(box) for box in boxes(numbers)]


def _ring(box: tuple[slice, slice]) -> dict[str, float]:
    rows, columns = box
    radius = max(rows.stop - rows.start, columns.stop - columns.start) / 2
    middle = {"x": (columns.start + columns.stop) / 2, "y": (rows.start + rows.stop) / 2}
    return middle | {"radius": radius}


def ringed(axes: Axes, rings: list[dict[str, float]], colour: str = PAPER) -> None:
    """A circle around each object of :func:`rings_of`."""
    for ring in rings:
        place = (ring["x"] - 0.5, ring["y"] - 0.5)
        axes.add_patch(Circle(place, ring["radius"] + 3, fill=False, ec=colour, lw=1.5))


def bar_of(width: int) -> int:
    """Pixels of the bar of length in a window: at most a quarter of its width."""
    return max((bar for bar in BARS if bar <= width / 4), default=BARS[0])


def scale_bar(
    axes: Axes,
    height: int,
    width: int,
    top: int = 0,
    left: int = 0,
    letters: float = 9,
    shown: np.ndarray | None = None,
) -> None:
    """The bar of :func:`bar_of` with its length in pixels, in a corner of a window.

    The lower right one, or of all the one where it lies on the least of what is ``shown``, bool
    (height, width).
    """
    length, low, right = bar_of(width), top + height * 0.93, left + width * 0.96
    if shown is not None:
        above, beside = _free_corner(shown, length)
        low = top + height * 0.13 if above else low
        right = left + width * 0.04 + length if beside else right
    for colour, thick in ((INK, 5), (PAPER, 2.5)):
        axes.plot([right - length, right], [low] * 2, c=colour, lw=thick, solid_capstyle="butt")
    words = {"ha": "right", "va": "bottom", "fontsize": letters, "color": INK}
    ground = {"fc": PAPER, "ec": "none", "alpha": 0.7, "pad": 1}
    axes.text(right, low - height * 0.03, f"{length} px", bbox=ground, **words)
    axes.set(xlim=(left - 0.5, left + width - 0.5), ylim=(top + height - 0.5, top - 0.5))


def _free_corner(shown: np.ndarray, length: int) -> tuple[bool, bool]:
    """Whether a bar stands least in the way above, and at the left; below and right if it is even.

    A corner is as wide as the bar and a fifth as high as the window.
    """
    high, wide = max(1, shown.shape[0] // 5), min(shown.shape[1], round(1.3 * length))
    rows = {False: np.s_[-high:], True: np.s_[:high]}
    columns = {False: np.s_[-wide:], True: np.s_[:wide]}
    corners = [(a, b) for a in (False, True) for b in (False, True)]
    return min(corners, key=lambda c: int(shown[rows[c[0]], columns[c[1]]].sum()))


def bare(axes) -> None:
    """Axes without ticks and grid, in a thin frame."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=PALE, linewidth=0.6)


def examples(chosen: Sequence[tuple[Foil, Sequence[str]]], classes: Sequence[LabelClass]) -> Figure:
    """Image above annotation, one column a foil (as Fig. 3.4).

    ``chosen`` : of :func:`foilseg.data.dataset.richest`; the title says in what a foil is richest.
    """
    foils = [foil for foil, _ in chosen]
    with house_style():
        tallest = max(f.shape[0] / f.shape[1] for f in foils)
        told = [escape.lines(f"most {', '.join(names)}") for _, names in chosen]
        height = 0.2 * max(text.count("\n") for text in told)
        height += min(9.0, 1.2 + 2 * tallest * 9 / len(foils))
        figure, axes = plt.subplots(2, len(foils), figsize=(9, height), squeeze=False)
        for column, (foil, richest) in enumerate(zip(foils, told)):
            picture(axes[0, column], foil.image)
            annotation_of(axes[1, column], foil, classes)
            axes[0, column].set_title(f"{escape.lines(foil.name)}\n{richest}")
            scale_bar(axes[0, column], *foil.shape, letters=12)
        axes[0, 0].set_ylabel("image")
        axes[1, 0].set_ylabel("annotation")
        classes_legend(figure, classes)
        return done(figure)


def candidates(
    found: Audit, foils: Sequence[Foil], classes: Sequence[LabelClass], number: int = 6
) -> Figure:
    """The first candidates of an audit: image, annotation, and the annotation with them.

    The one that a column is about is outlined. All windows are as large as the largest candidate
    asks for, so they have one scale; a bar says how long so many pixels are.
    """
    rows = list(found.table.head(number).itertuples())
    if not rows:
        return note("The models agree on nothing that the annotation does not have.")
    with house_style():
        figure, axes = plt.subplots(3, len(rows), figsize=(9, 5.4), squeeze=False)
        side = max([LEAST, *(2 * length for row in rows for length in (row.height, row.width))])
        for column, row in enumerate(rows):
            foil = next(f for f in foils if f.name == row.foil)
            inside = (found.numbers[foil.name] == row.object).astype(np.uint8)
            entered = {"entered": corrected(found, foil, classes), "inside": inside}
            pick = Pick("", foil.name, 0.0, box=(row.top, row.left, row.height, row.width))
            part, seen = look(pick, foil, entered, side)
            picture(axes[0, column], part.image)
            annotation_of(axes[1, column], part, classes)
            mask_of(axes[2, column], seen["entered"], classes)
            outline(axes[0, column], seen["inside"], PAPER)
            outline(axes[2, column], seen["inside"], INK)
            scale_bar(axes[0, column], *part.shape)
            title = escape.lines(f"{row.foil}, object {row.object}", 12)
            axes[0, column].set_title(title, fontsize=10)
        for row, title in enumerate(("image", "annotation", "with candidates")):
            axes[row, 0].set_ylabel(title)
        classes_legend(figure, classes)
        return done(figure)
