"""Picked examples -> Figure: in rows, network by network, and model by model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from foilseg.data import escape
from foilseg.data.dataset import Foil, LabelClass
from foilseg.drawing.style import INK, PAPER, class_legend, done, house_style, note
from foilseg.evaluation.example_rules import Masks
from foilseg.evaluation.example_windows import close_up, of_rarest
from foilseg.evaluation.examples import LEAST, NONE, Pick, box_in_look, cut_out, look
from foilseg.figures.error_pictures import errors, errors_legend, errors_on, outlined
from foilseg.figures.pictures import (
    annotation_of,
    classes_legend,
    framed,
    mask_of,
    picture,
    ringed,
    rings_of_class,
    scale_bar,
)

WIDTH, HIGH = 9.0, 3.0  # inches: of a figure, and of its highest panel
LARGE = 4 * LEAST**2  # pixels: more than that is too much to see a defect of a few pixels in
SMALL = 8  # pixels: the largest radius of an object that is ringed where all kinds are shown
MIDDLE = {"ha": "center", "va": "center"}


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
    """A foil, and for each network of a One-vs-Rest model its errors in a window, enlarged.

    The window has most annotated objects of the network's defect, of which small ones are ringed;
    without one, most that it reports. Frames on the foil have the colour of the defect.

    ``masks`` : defect -> mask of the network for it (compare thesis Fig. 4.4, which shows masks).
    """
    if pick is None:
        return note(f"{without}.")
    foil = next(f for f in foils if f.name == pick.foil)
    defects = [c for c in classes if c.name in masks]
    with house_style():
        whole, close = _panels(foil, len(defects))
        picture(whole[0], foil.image)
        annotation_of(whole[1], foil, classes)
        scale_bar(whole[0], *foil.shape, letters=12)
        _titled(whole[0], f"{foil.name}: input")
        _titled(whole[1], "annotation, all defects")
        for place, c in zip(close, defects):
            window = _own_errors(place, foil, masks[c.name], c)
            for axes in whole if window else ():
                framed(axes, window.box, c.colour)
            _titled(place, c.name)
        figure = place.figure
        class_legend(figure, defects, "lower left")
        errors_legend(figure)
        return done(figure)


def _own_errors(place: Axes, foil: Foil, mask: np.ndarray, c: LabelClass) -> Pick | None:
    """A network's errors about its own defect in a window; the window, None if none has any."""
    own = replace(foil, mask=np.where(foil.mask == c.index, foil.mask, 0))
    said = np.where(mask == c.index, c.index, 0).astype(foil.mask.dtype)
    window = close_up(own, c) or close_up(replace(own, mask=said), c)
    if window is None:
        place.text(0.5, 0.5, "nothing annotated,\nnothing reported", **MIDDLE)
        place.set_axis_off()
        return None
    part, seen = cut_out(window.box, own, {c.name: said})
    errors_on(place, part, seen[c.name])
    rings = rings_of_class(part, c)
    ringed(place, [ring for ring in rings if ring["radius"] <= SMALL])
    scale_bar(place, *part.shape, letters=12, shown=part.mask > 0)
    return window


def _panels(foil: Foil, number: int) -> tuple[list[Axes], list[Axes]]:
    """Two panels for a whole foil, and below them square ones, at most four side by side."""
    columns = min(4, number)
    lines = -(-number // columns)
    whole, close = WIDTH / 2 * foil.shape[0] / foil.shape[1], WIDTH / columns
    heights = [min(HIGH, whole), *[min(HIGH, close)] * lines]
    figure = plt.figure(figsize=(WIDTH, sum(heights) + 0.3 * len(heights) + 1))
    grid = figure.add_gridspec(len(heights), 2 * columns, height_ratios=heights)
    halves = [figure.add_subplot(grid[0, k * columns : (k + 1) * columns]) for k in range(2)]
    places = [divmod(k, columns) for k in range(number)]
    return halves, [figure.add_subplot(grid[1 + i, 2 * j : 2 * j + 2]) for i, j in places]


def example(
    pick: Pick | None,
    foils: Sequence[Foil],
    masks: Mapping[str, dict[str, np.ndarray]],
    classes: Sequence[LabelClass],
    without: str = NONE,
) -> Figure:
    """What a rule picked: input, annotation, truth, and the errors of predictions on a relief.

    A sentence for no pick. The box of a pick is framed; a large foil that is picked as a whole is
    shown with the window of :func:`foilseg.evaluation.example_windows.of_rarest`, enlarged.
    """
    if pick is None:
        return note(f"{without}.")
    foil = next(f for f in foils if f.name == pick.foil)
    window = of_rarest(foil, foils, classes) if pick.box is None else None
    if window and foil.mask.size > LARGE:
        return enlarged(foil, window, masks[foil.name], classes)
    part, seen = look(pick, foil, masks[foil.name])
    box = box_in_look(pick, foil)
    return errors(part, seen, classes, _columns(part), box)


def enlarged(
    foil: Foil, window: Pick, masks: Mapping[str, np.ndarray], classes: Sequence[LabelClass]
) -> Figure:
    """A foil with the errors of the first prediction, and those of all in a window of it, enlarged.

    Annotated objects of the window's defect are ringed; the truth stands there if it is known.
    """
    part, seen = cut_out(window.box, foil, masks)
    first, *others = masks
    titles = ["annotation", first, *(["truth"] if part.truth is not None else []), *others]
    rings = [r for c in classes if c.name == window.defect for r in rings_of_class(part, c)]
    with house_style():
        whole, close = _panels(foil, len(titles))
        picture(whole[0], foil.image)
        errors_on(whole[1], foil, masks[first])
        for place, title in zip(whole, (f"{foil.name}: input", f"{first}: all of it")):
            framed(place, window.box)
            place.set_title(escape.lines(title))
        shown = outlined(close[0], part, classes)
        for place, title in zip(close[1:], titles[1:]):
            if title == "truth":
                mask_of(place, part.truth, classes)
            else:
                errors_on(place, part, seen[title])
            _titled(place, title)
        for place, title in zip(close, titles):
            ringed(place, rings, INK if title == "truth" else PAPER)
        scale_bar(whole[0], *foil.shape, letters=12)
        scale_bar(close[0], *part.shape, letters=12, shown=part.mask > 0)
        class_legend(whole[0].figure, shown, "lower left")
        errors_legend(whole[0].figure)
        return done(whole[0].figure)


def _columns(part: Foil) -> int:
    """How many panels stand side by side, so that those of all models fit a screen."""
    height, width = part.shape
    return 2 if width > 2 * height else 8 if height > 2 * width else 4
