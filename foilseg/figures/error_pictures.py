"""What predictions find, miss and report falsely, as pictures, with their legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from foilseg.data import escape
from foilseg.data.dataset import Foil, LabelClass
from foilseg.drawing.style import (
    ERROR_COLOURS,
    PALE,
    PAPER,
    class_legend,
    done,
    house_style,
    note,
    outside_legend,
)
from foilseg.evaluation.examples import NONE, Box, Pick, look
from foilseg.figures.acquisition_figures import relief
from foilseg.figures.pictures import (
    bare,
    classes_legend,
    framed,
    in_grey,
    mask_of,
    outline,
    picture,
    ringed,
    rings_of_class,
    scale_bar,
)

ERRORS = "errors"  # gid of pictures of kinds of errors


def errors_on(axes, foil: Foil, mask: np.ndarray) -> None:
    """What a mask finds, misses and reports falsely, on a grey relief of the foil."""
    axes.imshow(in_grey(foil.image), cmap="gray", interpolation="antialiased", alpha=0.6)
    coloured(axes, foil.mask, mask)
    bare(axes)


def coloured(axes, reference: np.ndarray, mask: np.ndarray) -> None:
    """The pixels that a mask finds, misses and reports falsely, over what is drawn already."""
    kinds = np.ma.masked_equal(error_kinds(reference, mask), 0)
    palette = ListedColormap(list(ERROR_COLOURS.values()))
    limits = {"vmin": 1, "vmax": len(ERROR_COLOURS)}
    axes.imshow(kinds, cmap=palette, interpolation="nearest", gid=ERRORS, **limits)


def kinds_of_errors(figure: Figure | None = None) -> list[Patch]:
    """What the colours of errors say, for a legend: of all kinds, or of those in a figure."""
    every = [Patch(fc=colour, ec=PALE, label=name) for name, colour in ERROR_COLOURS.items()]
    if figure is None:
        return every
    images = [image for axes in figure.axes for image in axes.images if image.get_gid() == ERRORS]
    drawn = {int(kind) for image in images for kind in np.unique(image.get_array().compressed())}
    return [patch for kind, patch in enumerate(every, 1) if kind in drawn]


def errors_legend(figure: Figure) -> None:
    """The colours of the kinds of errors that are drawn, above the panels."""
    handles = kinds_of_errors(figure)
    outside_legend(figure, handles, 4)


def error_kinds(reference: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """0 nothing, then the kinds of ``style.ERROR_COLOURS`` in order: uint8 (H, W)."""
    true, said, same = reference > 0, mask > 0, reference == mask
    kinds = [true & same, true & ~said, said & ~true, true & said & ~same]
    return np.select(kinds, [1, 2, 3, 4], 0).astype(np.uint8)


def errors(
    foil: Foil,
    masks: Mapping[str, np.ndarray],
    classes: Sequence[LabelClass],
    columns: int = 2,
    box: Box | None = None,
) -> Figure:
    """Input, annotation, the errors of the first prediction, the truth if known, the other errors.

    A narrow page shows the left of a figure, so the first prediction begins the second line of
    two panels, or stands beside the annotation. ``box`` : is framed in every panel.
    """
    said, truth = list(masks), [] if foil.truth is None else ["truth"]
    titles = ["annotation", *said[:1], *truth, *said[1:]]
    count = len(titles) + 1
    lines = -(-count // columns)
    letters = 24 if columns < 6 else 11  # of a line of a title
    with house_style():
        aspect = foil.shape[0] / foil.shape[1]
        height = min(14.0, lines * (9 / columns * aspect + 0.35 * (1 + (columns > 5))) + 1)
        figure, axes = plt.subplots(lines, columns, figsize=(9, height), squeeze=False)
        places = axes.ravel()
        picture(places[0], foil.image)
        places[0].set_title(escape.lines(f"{foil.name}: input", letters))
        for place, title in zip(places[1:], titles):
            if title in masks:
                errors_on(place, foil, masks[title])
            else:
                mask_of(place, foil.truth if title == "truth" else foil.mask, classes)
            place.set_title(escape.lines(title, letters))
        for place in places[count:]:
            place.set_axis_off()
        for place in places[:count] if box is not None else ():
            framed(place, box)
        scale_bar(places[0], *foil.shape, letters=12)
        classes_legend(figure, classes)
        errors_legend(figure)
        return done(figure)


def closely(
    pick: Pick | None,
    foils: Sequence[Foil],
    masks: Mapping[str, Mapping[str, np.ndarray]],
    classes: Sequence[LabelClass],
    without: str = NONE,
) -> Figure:
    """A window enlarged: the annotation as outlines, and what each model finds and misses in it.

    ``masks`` : foil name -> title -> mask. Objects of the pick's defect are ringed. A sentence for
    no pick.
    """
    if pick is None:
        return note(f"{without}.")
    part, seen = look(pick, next(f for f in foils if f.name == pick.foil), masks[pick.foil])
    rings = [r for c in classes if c.name == pick.defect for r in rings_of_class(part, c)]
    lines = -(-(1 + len(seen)) // 3)
    with house_style():
        figure, axes = plt.subplots(lines, 3, figsize=(9, 3.2 * lines + 0.9), squeeze=False)
        places = axes.ravel()
        shown = outlined(places[0], part, classes)
        for place, (title, mask) in zip(places[1:], seen.items()):
            errors_on(place, part, mask)
            place.set_title(escape.lines(title))
        for place in places[: 1 + len(seen)]:
            ringed(place, rings)
            scale_bar(place, *part.shape, shown=part.mask > 0)
        for place in places[1 + len(seen) :]:
            place.set_axis_off()
        class_legend(figure, shown, "upper left")
        kinds = kinds_of_errors(figure)
        outside_legend(figure, kinds, 4, place="lower left")
        return done(figure)


def outlined(axes: Axes, part: Foil, classes: Sequence[LabelClass]) -> list[LabelClass]:
    """Draw a relief with the annotated objects outlined; the classes that they are of."""
    relief(axes, part)
    shown = [c for c in classes if c.index and (part.mask == c.index).any()]
    for c in sorted(shown, key=lambda c: -(part.mask == c.index).sum()):  # small ones on top
        outline(axes, part.mask == c.index, c.colour)
    axes.set_title("annotation, outlined")
    return shown


def error_maps(
    foil: Foil, masks: dict[str, np.ndarray], truth: bool = False, columns: int = 3
) -> Figure:
    """Small maps of hits, misses, false alarms and wrong defects, one a model."""
    reference = foil.truth if truth else foil.mask
    names = list(ERROR_COLOURS)
    palette = ListedColormap([PAPER, *ERROR_COLOURS.values()])
    lines = -(-len(masks) // columns)
    with house_style():
        aspect = foil.shape[0] / foil.shape[1]
        height = min(14.0, lines * (9 / columns * aspect + 0.35) + 0.5)
        figure, axes = plt.subplots(lines, columns, figsize=(9, height), squeeze=False)
        for place, (title, mask) in zip(axes.ravel(), masks.items()):
            kinds = error_kinds(reference, mask)
            place.imshow(kinds, cmap=palette, vmin=0, vmax=len(names), interpolation="nearest")
            bare(place)
            place.set_title(title)
        scale_bar(axes[0, 0], *foil.shape, letters=12, shown=foil.mask > 0)
        for place in axes.ravel()[len(masks) :]:
            place.set_axis_off()
        outside_legend(figure, kinds_of_errors(), 4, place="lower left")
        return done(figure)
