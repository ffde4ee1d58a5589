"""Picked examples -> Figure: in rows, network by network, and by their errors.

Errors are what a prediction finds, misses and reports falsely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from foilseg.data import escape
from foilseg.data.dataset import Foil, LabelClass
from foilseg.evaluation.example_rules import Masks
from foilseg.evaluation.examples import NONE, Pick, look
from foilseg.figures.pictures import annotation_of, bare, mask_of, picture, predictions, stretched
from foilseg.figures.style import (
    ERROR_COLOURS,
    PALE,
    PAPER,
    class_legend,
    done,
    house_style,
    note,
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
    """A row an example: input, annotation, the truth if wanted, and masks.

    Parameters
    ----------
    masks : foil name -> title -> mask; none shows input and annotation alone.
    without : the sentence that is drawn if there is no pick.
    """
    rows = []
    for pick in (pick for pick in picks if pick):
        foil = next(f for f in foils if f.name == pick.foil)
        part, seen = look(pick, foil, (masks or {}).get(foil.name, {}))
        panels = {"annotation": part.mask}
        panels |= {"truth": part.truth} if truth and part.truth is not None else {}
        rows.append((part, panels | seen))
    if not rows:
        return note(f"{without}.")
    columns = 1 + len(rows[0][1])
    shares = [part.shape[0] / part.shape[1] for part, _ in rows]
    height = sum(WIDTH / columns * share + 0.3 for share in shares) + 0.5
    with house_style():
        size = (WIDTH, min(14.0, height))
        figure, axes = plt.subplots(
            len(rows), columns, figsize=size, squeeze=False, height_ratios=shares
        )
        for line, (part, panels) in zip(axes, rows):
            picture(line[0], part.image)
            line[0].set_title(escape.lines(f"{part.name}: input"))
            for place, (title, mask) in zip(line[1:], panels.items()):
                mask_of(place, mask, classes)
                place.set_title(title)
        class_legend(figure, classes)
        return done(figure)


def per_defect(
    pick: Pick | None,
    foils: Sequence[Foil],
    masks: Mapping[str, np.ndarray],
    classes: Sequence[LabelClass],
    without: str = NONE,
) -> Figure:
    """What each network of a One-vs-Rest model says: annotation and prediction of each defect.

    ``masks`` : defect -> mask of the network for it. Where there is nothing, a picture is white
    (thesis Fig. 4.4).
    """
    if pick is None:
        return note(f"{without}.")
    foil = next(f for f in foils if f.name == pick.foil)
    defects = [c for c in classes if c.name in masks]
    part, seen = look(pick, foil, masks)
    height = (len(defects) + 1) * (WIDTH / 2 * part.shape[0] / part.shape[1] + 0.3) + 0.2
    with house_style():
        size = (WIDTH, min(14.0, height))
        figure, axes = plt.subplots(len(defects) + 1, 2, figsize=size, squeeze=False)
        picture(axes[0, 0], part.image)
        axes[0, 0].set_title(escape.lines(f"{part.name}: input"))
        annotation_of(axes[0, 1], part, classes)
        axes[0, 1].set_title("annotation, all defects")
        for line, c in zip(axes[1:], defects):
            pair = {"annotation": part.mask, "prediction": seen[c.name]}
            for place, (title, mask) in zip(line, pair.items()):
                palette = ListedColormap([PAPER, c.colour])
                place.imshow(mask == c.index, palette, vmin=0, vmax=1, interpolation="nearest")
                bare(place)
                place.set_title(escape.lines(f"{c.name}: {title}"))
        return done(figure)


def example(
    pick: Pick | None,
    foils: Sequence[Foil],
    masks: Mapping[str, dict[str, np.ndarray]],
    classes: Sequence[LabelClass],
    without: str = NONE,
) -> Figure:
    """What a rule picked: input, annotation, truth, and the errors of predictions on a relief.

    A sentence for no pick.
    """
    if pick is None:
        return note(f"{without}.")
    foil = next(f for f in foils if f.name == pick.foil)
    part, seen = look(pick, foil, masks[foil.name])
    columns = 2 if part.shape[1] > 2 * part.shape[0] else 5
    return predictions(part, seen, classes, columns, errors_on, kinds_of_errors())


def errors_on(axes, foil: Foil, mask: np.ndarray) -> None:
    """What a mask finds, misses and reports falsely, on a grey relief of the foil."""
    seen = foil.image if foil.image.shape[0] == 1 else stretched(foil.image)[:1]
    axes.imshow(seen[0], cmap="gray", interpolation="antialiased", alpha=0.6)
    coloured(axes, foil.mask, mask)
    bare(axes)


def coloured(axes, reference: np.ndarray, mask: np.ndarray) -> None:
    """The pixels that a mask finds, misses and reports falsely, over what is drawn already."""
    kinds = np.ma.masked_equal(error_kinds(reference, mask), 0)
    palette = ListedColormap(list(ERROR_COLOURS.values()))
    axes.imshow(kinds, cmap=palette, vmin=1, vmax=len(ERROR_COLOURS), interpolation="nearest")


def kinds_of_errors() -> list[Patch]:
    """What the colours of errors say, for a legend."""
    return [Patch(fc=colour, ec=PALE, label=name) for name, colour in ERROR_COLOURS.items()]


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
        for place in axes.ravel()[len(masks) :]:
            place.set_axis_off()
        figure.legend(handles=kinds_of_errors(), loc="outside lower center", ncols=len(names))
        return done(figure)


def error_kinds(reference: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """0 nothing, then the kinds of ``style.ERROR_COLOURS`` in order: uint8 (H, W)."""
    true, said, same = reference > 0, mask > 0, reference == mask
    kinds = [true & same, true & ~said, said & ~true, true & said & ~same]
    return np.select(kinds, [1, 2, 3, 4], 0).astype(np.uint8)
