"""Picked examples -> Figure: in rows, network by network, and enlarged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from foilseg.data import escape
from foilseg.data.components import components
from foilseg.data.dataset import Foil, LabelClass
from foilseg.drawing.style import (
    ERROR_COLOURS,
    PAPER,
    class_legend,
    done,
    house_style,
    note,
    outside_legend,
)
from foilseg.evaluation.example_rules import Masks
from foilseg.evaluation.examples import NONE, Box, Pick, box_in_look, look
from foilseg.figures.acquisition_figures import relief
from foilseg.figures.error_pictures import error_kinds, errors_legend, errors_on, kinds_of_errors
from foilseg.figures.pictures import (
    annotation_of,
    bare,
    classes_legend,
    framed,
    mask_of,
    outline,
    picture,
    ringed,
    rings_of,
    scale_bar,
)

WIDTH = 9.0  # inches


def gallery(
    picks: Sequence[Pick | None],
    foils: Sequence[Foil],
    classes: Sequence[LabelClass],
    masks: Masks | None = None,
    truth: bool = False,
    without: str = NONE,
) -> Figure:
    """A row an example: input, annotation, the truth if wanted, and errors of masks.

    The box of an example is framed, and its input has a bar of length. Without masks, the
    annotation of wide parts stands below the input, so that a telephone shows both.

    Parameters
    ----------
    masks : foil name -> title -> mask; none shows input and annotation alone.
    without : the sentence that is drawn if there is no pick.
    """
    rows = []
    for pick in (pick for pick in picks if pick):
        foil = next(f for f in foils if f.name == pick.foil)
        part, seen = look(pick, foil, (masks or {}).get(foil.name, {}))
        rows.append((part, seen, box_in_look(pick, foil), pick.defect))
    if not rows:
        return note(f"{without}.")
    part, seen, *_ = rows[0]
    panels = 2 + len(seen) + (truth and part.truth is not None)
    shares = [part.shape[0] / part.shape[1] for part, *_ in rows]
    columns = 1 if panels == 2 and max(shares) < 0.5 else panels
    shares = np.repeat(shares, panels // columns)
    width = WIDTH / 2 if columns == 1 else WIDTH
    height = sum(width / columns * share + 0.3 for share in shares) + 1
    with house_style():
        size = (width, min(14.0, height))
        figure, axes = plt.subplots(
            len(shares), columns, figsize=size, squeeze=False, height_ratios=shares
        )
        for line, row in zip(axes.reshape(len(rows), panels), rows):
            _example_row(line, *row, classes, truth)
        classes_legend(figure, classes)
        if masks:
            errors_legend(figure)
        return done(figure)


def _example_row(line, part: Foil, seen: Mapping, box, defect: str, classes, truth: bool) -> None:
    """Input, annotation, truth if there is one and it is wanted, errors."""
    picture(line[0], part.image)
    annotation_of(line[1], part, classes)
    titles = [f"{part.name}{defect and ', '}{defect}: input", "annotation", *seen]
    if truth and part.truth is not None:
        mask_of(line[2], part.truth, classes)
        titles.insert(2, "truth")
    for place, mask in zip(line[len(line) - len(seen) :], seen.values()):
        errors_on(place, part, mask)
    for place, title in zip(line, titles):
        _titled(place, title)
        if box is not None:
            framed(place, box)
    scale_bar(line[0], *part.shape, letters=12)


def _titled(axes, title: str) -> None:
    """A title, which is a name and nothing else that can be printed."""
    if not isinstance(title, str):
        raise TypeError(f"masks: {title!r} is no title; give the name of a model")
    axes.set_title(escape.lines(title))


def per_defect(
    pick: Pick | None,
    foils: Sequence[Foil],
    masks: Mapping[str, np.ndarray],
    classes: Sequence[LabelClass],
    without: str = NONE,
) -> Figure:
    """What each network of a One-vs-Rest model says: the errors of its mask, a panel a defect.

    ``masks`` : defect -> mask of the network for it (compare thesis Fig. 4.4, which shows masks).
    """
    if pick is None:
        return note(f"{without}.")
    foil = next(f for f in foils if f.name == pick.foil)
    defects = [c for c in classes if c.name in masks]
    part, seen = look(pick, foil, masks)
    lines = 1 + -(-len(defects) // 2)
    height = lines * (WIDTH / 2 * part.shape[0] / part.shape[1] + 0.3) + 1.1
    with house_style():
        size = (WIDTH, min(14.0, height))
        figure, axes = plt.subplots(lines, 2, figsize=size, squeeze=False)
        picture(axes[0, 0], part.image)
        _titled(axes[0, 0], f"{part.name}: input")
        scale_bar(axes[0, 0], *part.shape, letters=12)
        annotation_of(axes[0, 1], part, classes)
        _titled(axes[0, 1], "annotation, all defects")
        places = axes[1:].ravel()
        for place, c in zip(places, defects):
            own = np.where(part.mask == c.index, part.mask, 0)
            errors_on(place, replace(part, mask=own), np.where(seen[c.name] == c.index, c.index, 0))
            _titled(place, c.name)
        for place in places[len(defects) :]:
            place.set_axis_off()
        classes_legend(figure, classes)
        errors_legend(figure)
        return done(figure)


def example(
    pick: Pick | None,
    foils: Sequence[Foil],
    masks: Mapping[str, dict[str, np.ndarray]],
    classes: Sequence[LabelClass],
    without: str = NONE,
) -> Figure:
    """What a rule picked: input, annotation, truth, and the errors of predictions on a relief.

    A sentence for no pick. The box of a pick is framed.
    """
    if pick is None:
        return note(f"{without}.")
    foil = next(f for f in foils if f.name == pick.foil)
    part, seen = look(pick, foil, masks[foil.name])
    box = box_in_look(pick, foil)
    return errors(part, seen, classes, _columns(part), box)


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


def _columns(part: Foil) -> int:
    """How many panels stand side by side, so that those of all models fit a screen."""
    height, width = part.shape
    return 2 if width > 2 * height else 8 if height > 2 * width else 4


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
    own = [components(part.mask == c.index)[0] for c in classes if c.name == pick.defect]
    lines = -(-(1 + len(seen)) // 3)
    with house_style():
        figure, axes = plt.subplots(lines, 3, figsize=(9, 3.2 * lines + 0.9), squeeze=False)
        places = axes.ravel()
        relief(places[0], part)
        shown = [c for c in classes if c.index and (part.mask == c.index).any()]
        for c in sorted(shown, key=lambda c: -(part.mask == c.index).sum()):  # small ones on top
            outline(places[0], part.mask == c.index, c.colour)
        places[0].set_title("annotation, outlined")
        for place, (title, mask) in zip(places[1:], seen.items()):
            errors_on(place, part, mask)
            place.set_title(escape.lines(title))
        for place in places[: 1 + len(seen)]:
            for numbers in own:
                ringed(place, rings_of(numbers))
            scale_bar(place, *part.shape)
        for place in places[1 + len(seen) :]:
            place.set_axis_off()
        class_legend(figure, shown, "upper left")
        kinds = kinds_of_errors(figure)
        outside_legend(figure, kinds, 4, place="lower left")
        return done(figure)


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
        scale_bar(axes[0, 0], *foil.shape, letters=12)
        for place in axes.ravel()[len(masks) :]:
            place.set_axis_off()
        outside_legend(figure, kinds_of_errors(), 4, place="lower left")
        return done(figure)
