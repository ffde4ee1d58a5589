"""Picked examples in rows, and the networks of a One-vs-Rest model one by one -> Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from foilseg.data import escape
from foilseg.data.dataset import Foil, LabelClass
from foilseg.evaluation.example_rules import Masks
from foilseg.evaluation.examples import NONE, Pick, look
from foilseg.figures.pictures import bare, class_legend, mask_of, picture
from foilseg.figures.style import PAPER, done, house_style, note

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
        ratios = {"height_ratios": shares}
        size = (WIDTH, min(14.0, height))
        figure, axes = plt.subplots(
            len(rows), columns, figsize=size, squeeze=False, gridspec_kw=ratios
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
        mask_of(axes[0, 1], part.mask, classes)
        axes[0, 1].set_title("annotation, all defects")
        for line, c in zip(axes[1:], defects):
            pair = {"annotation": part.mask, "prediction": seen[c.name]}
            for place, (title, mask) in zip(line, pair.items()):
                palette = ListedColormap([PAPER, c.colour])
                place.imshow(mask == c.index, palette, vmin=0, vmax=1, interpolation="nearest")
                bare(place)
                place.set_title(escape.lines(f"{c.name}: {title}"))
        return done(figure)
