"""Foils, masks and predictions -> Figure: pictures of what the network sees and says.

Class colours are those of the masks and of the widget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from foilseg.data import escape
from foilseg.data.dataset import Foil, LabelClass, as_pixels
from foilseg.evaluation.examples import Pick, look
from foilseg.evaluation.label_audit import Audit, corrected
from foilseg.figures.style import (
    INK,
    PALE,
    PAPER,
    class_legend,
    done,
    house_style,
    note,
)


def _outline(classes: Sequence[LabelClass]) -> tuple[ListedColormap, BoundaryNorm]:
    order = sorted(classes, key=lambda c: c.index)
    edges = np.arange(len(order) + 1) - 0.5
    return ListedColormap([c.colour for c in order]), BoundaryNorm(edges, len(order))


def picture(axes, image: np.ndarray) -> None:
    """Draw an image (C, H, W); normals with their contrast stretched."""
    pixels = as_pixels(image if image.shape[0] == 1 else stretched(image))
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
    bare(axes)


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


def bare(axes) -> None:
    """Axes without ticks and grid, in a thin frame."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=PALE, linewidth=0.6)


def examples(foils: Sequence[Foil], classes: Sequence[LabelClass]) -> Figure:
    """Image above annotation, one column a foil (as Fig. 3.4)."""
    with house_style():
        tallest = max(f.shape[0] / f.shape[1] for f in foils)
        height = min(9.0, 1.0 + 2 * tallest * 9 / len(foils))
        figure, axes = plt.subplots(2, len(foils), figsize=(9, height), squeeze=False)
        for column, foil in enumerate(foils):
            picture(axes[0, column], foil.image)
            annotation_of(axes[1, column], foil, classes)
            axes[0, column].set_title(escape.lines(foil.name))
        axes[0, 0].set_ylabel("image")
        axes[1, 0].set_ylabel("annotation")
        class_legend(figure, classes)
        return done(figure)


def split_view(
    foil: Foil, validation_rows: int, windows: Sequence[tuple[int, int]], size: int
) -> Figure:
    """A foil with its validation rows shaded and patch windows (top, left) drawn to scale."""
    windows = [tuple(window) for window in windows]
    height, width = foil.shape
    with house_style():
        figure, axes = plt.subplots(figsize=(4.2, min(6.0, 4.2 * height / width)))
        picture(axes, foil.image)
        axes.add_patch(Rectangle((0, 0), width, validation_rows, fc=PAPER, alpha=0.55))
        axes.text(width / 2, validation_rows / 2, "validation region", ha="center", va="center")
        for top, left in windows:
            axes.add_patch(Rectangle((left, top), size, size, fill=False, ec=INK, lw=1.2))
        axes.set_title(f"{escape.lines(foil.name)}, {width} x {height} pixels")
        if windows:
            axes.set_xlabel(f"squares: patches of {size} x {size} pixels")
        return done(figure)


def patches(images: np.ndarray, masks: np.ndarray, classes: Sequence[LabelClass]) -> Figure:
    """Patches above their masks, one column each."""
    with house_style():
        figure, axes = plt.subplots(2, len(images), figsize=(9, 18 / len(images) + 0.6))
        for column, (image, mask) in enumerate(zip(images, masks)):
            picture(axes[0, column], image)
            mask_of(axes[1, column], mask, classes)
        class_legend(figure, classes)
        return done(figure)


def predictions(
    foil: Foil,
    masks: dict[str, np.ndarray],
    classes: Sequence[LabelClass],
    columns: int = 2,
    draw: Callable[[Axes, Foil, np.ndarray], None] | None = None,
    handles: Sequence[Patch] = (),
) -> Figure:
    """Input, annotation, truth where there is one, and the predictions of one region.

    A single prediction comes before the truth, so that it stands below the input at the left.

    ``draw`` : draws a prediction in another way than by its mask, with its legend ``handles``.
    """
    truth = {} if foil.truth is None else {"truth": foil.truth}
    rest = masks | truth if len(masks) == 1 else truth | masks
    panels = {"annotation": foil.mask} | rest
    count = len(panels) + 1
    lines = -(-count // columns)
    with house_style():
        aspect = foil.shape[0] / foil.shape[1]
        height = min(14.0, lines * (9 / columns * aspect + 0.35) + 0.4)
        figure, axes = plt.subplots(lines, columns, figsize=(9, height), squeeze=False)
        places = axes.ravel()
        picture(places[0], foil.image)
        places[0].set_title(escape.lines(f"{foil.name}: input"))
        for place, (title, mask) in zip(places[1:], panels.items()):
            if draw is not None and title in masks:
                draw(place, foil, mask)
            else:
                mask_of(place, mask, classes)
            place.set_title(title)
        for place in places[count:]:
            place.set_axis_off()
        class_legend(figure, classes)
        if handles:
            figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
        return done(figure)


def one_vs_rest(regions: Sequence[Foil], size: int, classes: Sequence[LabelClass]) -> Figure:
    """A patch that shows as many classes as any, its mask, and its mask per defect."""
    patch = _richest_patch(regions, size)
    defects = [c for c in classes if c.index]
    with house_style():
        figure, axes = plt.subplots(1, 2 + len(defects), figsize=(9, 9 / (2 + len(defects)) + 0.7))
        picture(axes[0], patch.image)
        annotation_of(axes[1], patch, classes)
        for place, title in zip(axes, ("patch", "mask")):
            place.set_title(title)
        for place, c in zip(axes[2:], defects):
            place.imshow(patch.mask == c.index, cmap="Greys", vmin=0, vmax=1)
            bare(place)
            place.set_title(escape.lines(c.name))
        return done(figure)


def _richest_patch(regions: Sequence[Foil], size: int) -> Foil:
    """Of the patches on a grid of half a patch, the one with most classes, then most defect."""
    best, found = (-1, -1), None
    for region in regions:
        height, width = region.shape
        for top in range(0, height - size + 1, max(1, size // 2)):
            for left in range(0, width - size + 1, max(1, size // 2)):
                mask = region.mask[top : top + size, left : left + size]
                score = (len(np.unique(mask)), int((mask > 0).sum()))
                if score > best:
                    best, found = score, region.crop(top, left, size, size)
    return found


def candidates(
    found: Audit, foils: Sequence[Foil], classes: Sequence[LabelClass], number: int = 6
) -> Figure:
    """The first candidates of an audit: image, annotation, and the annotation with them.

    The one that a column is about is outlined.
    """
    rows = list(found.table.head(number).itertuples())
    if not rows:
        return note("The models agree on nothing that the annotation does not have.")
    with house_style():
        figure, axes = plt.subplots(3, len(rows), figsize=(9, 5.4), squeeze=False)
        for column, row in enumerate(rows):
            foil = next(f for f in foils if f.name == row.foil)
            inside = (found.numbers[foil.name] == row.object).astype(np.uint8)
            entered = {"entered": corrected(found, foil, classes), "inside": inside}
            pick = Pick("", foil.name, 0.0, box=(row.top, row.left, row.height, row.width))
            part, seen = look(pick, foil, entered, 48)
            picture(axes[0, column], part.image)
            annotation_of(axes[1, column], part, classes)
            mask_of(axes[2, column], seen["entered"], classes)
            outline(axes[0, column], seen["inside"], PAPER)
            outline(axes[2, column], seen["inside"], INK)
            axes[0, column].set_title(escape.lines(f"{row.foil}, {row.object}", 16), fontsize=10)
        for row, title in enumerate(("image", "annotation", "with candidate")):
            axes[row, 0].set_ylabel(title)
        class_legend(figure, classes)
        return done(figure)
