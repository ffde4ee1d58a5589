"""Defects and what they are like -> Figure: examples, siblings, distributions, a trivial rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from foilseg.data import defects, escape, plausibility
from foilseg.data.components import boxes, components, corner_and_size
from foilseg.data.dataset import Foil, LabelClass
from foilseg.data.photometric import are_normals
from foilseg.drawing.style import INK, PAPER, class_legend, done, house_style, note, outside_legend
from foilseg.evaluation.examples import NONE, Pick, look
from foilseg.figures.acquisition_figures import relief
from foilseg.figures.error_pictures import errors_on, kinds_of_errors
from foilseg.figures.pictures import bare, outline, scale_bar

AROUND = 1.5  # times its length is a window that a defect fits into
FRAME = {"fill": False, "ec": INK, "lw": 2}
PROPERTIES = {"area": "area in pixels", "elongation": "length / width", "contrast": "contrast"}


def _outlined(axes, foils: dict[str, Foil], row: pd.Series, size: int, c: LabelClass) -> None:
    """A defect in a window of ``size`` pixels with its annotation as a line, and a bar of length.

    Other annotations of its class have a thin line.
    """
    foil = foils[row["foil"]]
    window = defects.window(foil, row["row"], row["column"], min(size, *foil.shape))
    top, left = np.subtract(window.origin, foil.origin)
    place = slice(top, top + window.shape[0]), slice(left, left + window.shape[1])
    meant = defects.pixels_of(foil, row)[place]
    relief(axes, window)
    others = (window.mask == c.index) & ~meant
    if others.any():
        outline(axes, others, c.colour)
        axes.collections[-1].set(linewidth=0.6)
    outline(axes, meant, c.colour)
    axes.collections[-1].set(linewidth=1.6)
    scale_bar(axes, *window.shape)


def _side(rows: Sequence[pd.Series], size: int) -> int:
    """The edge of a window: ``size`` pixels, or half as long again as the longest defect is."""
    return max([size, *(round(AROUND * row["length"]) for row in rows)])


def examples(
    foils: Sequence[Foil], table: pd.DataFrame, classes: Sequence[LabelClass], size: int
) -> Figure:
    """The defects of each class at the quartiles of its area (as Fig. 3.3), outlined.

    ``table`` is that of :func:`foilseg.data.defects.table`; windows have ``size`` pixels a side, or
    more where a defect is longer. A bar in each says how long so many pixels are, and other
    objects of the class have a thin line.
    """
    by_name = {foil.name: foil for foil in foils}
    with house_style():
        figure, axes = plt.subplots(len(classes), 3, figsize=(6, 2.1 * len(classes)), squeeze=False)
        for line, c in zip(axes, classes):
            line[0].set_ylabel(escape.lines(c.name, 16))
            for place in line:
                bare(place)
            for place, row in zip(line, defects.at_quartiles(table, c.index)):
                _outlined(place, by_name, row, _side([row], size), c)
                place.set_title(f"{row['area']:,} pixels", fontsize=10)
        return done(figure)


def distributions(table: pd.DataFrame, classes: Sequence[LabelClass]) -> Figure:
    """Histograms of area, elongation and contrast, one line a class.

    The outermost 0.2% of the objects at each end are left out, and what is not finite. A panel
    without objects is empty.
    """
    colours = {c.index: c.colour for c in classes}
    lines = partial(sns.histplot, hue="index", palette=colours, element="step", fill=False)
    shares = partial(lines, bins=24, stat="proportion", common_norm=False, legend=False)
    with house_style():
        figure, axes = plt.subplots(1, len(PROPERTIES), figsize=(9, 3.6))
        for place, (column, title) in zip(axes, PROPERTIES.items()):
            finite = table[np.isfinite(table[column])]
            ends = finite[column].quantile([0.002, 0.998], interpolation="nearest")
            shown = finite[finite[column].between(*ends)]
            if len(shown):
                shares(shown, x=column, log_scale=column != "contrast", ax=place)
            place.set(xlabel=title, ylabel="")
        axes[0].set_ylabel("share of the class's objects")
        class_legend(figure, classes)
        return done(figure)


def siblings(
    foils: Sequence[Foil], table: pd.DataFrame, classes: Sequence[LabelClass], size: int
) -> Figure:
    """Beside the median-sized defect of each class, the most similar one of another foil.

    Both windows of a pair have one scale.
    """
    by_name = {foil.name: foil for foil in foils}
    nearest = defects.siblings(table)
    with house_style():
        figure, axes = plt.subplots(2, len(classes), figsize=(9, 4.6), squeeze=False)
        for column, c in zip(axes.T, classes):
            column[0].set_title(escape.lines(c.name, 16))
            for place in column:
                bare(place)
            pair = defects.at_quartiles(table, c.index)[1:2]
            others = (nearest.loc[row.name, "sibling"] for row in pair)
            pair = pair + [table.loc[other] for other in others if other >= 0]
            for place, row in zip(column, pair):
                _outlined(place, by_name, row, _side(pair, size), c)
        axes[0, 0].set_ylabel("median size")
        axes[1, 0].set_ylabel("nearest sibling")
        return done(figure)


def found(
    picks: Sequence[Pick | None],
    foils: Sequence[Foil],
    masks: Mapping[str, np.ndarray],
    classes: Sequence[LabelClass],
    size: int = 64,
) -> Figure:
    """A column a picked object: outlined on a relief, and what a model finds of it and around it.

    ``masks`` : foil name -> mask. Windows are squares of ``size`` pixels a side, or of twice the
    length of a longer object.
    """
    picks, by_name = [pick for pick in picks if pick], {foil.name: foil for foil in foils}
    if not picks:
        return note(f"{NONE}.")
    with house_style():
        size_of_all = 1.85 * len(picks) + 0.2, 4.8
        figure, axes = plt.subplots(2, len(picks), figsize=size_of_all, squeeze=False)
        for column, pick in zip(axes.T, picks):
            foil, c = by_name[pick.foil], next(c for c in classes if c.name == pick.defect)
            shown = {"mask": masks[foil.name], "own": _own(pick, foil.mask == c.index)}
            part, seen = look(_squared(pick), foil, shown, size)
            relief(column[0], part)
            outline(column[0], seen["own"], c.colour)
            errors_on(column[1], part, seen["mask"])
            column[0].set_title(f"{escape.lines(c.name, 16)}: {pick.value:.0%} found", fontsize=10)
            for place in column:
                scale_bar(place, *part.shape)
        kind = "slope" if are_normals(foil.image) else "picture"
        axes[0, 0].set_ylabel(f"{kind}, annotation")
        axes[1, 0].set_ylabel("errors")
        kinds = kinds_of_errors(figure)
        outside_legend(figure, kinds, 2, place="lower left")
        return done(figure)


def _own(pick: Pick, inside: np.ndarray) -> np.ndarray:
    """The object of a pick alone, of all pixels of its class: bool (H, W)."""
    numbers, _ = components(inside)
    places = [corner_and_size(place) for place in boxes(numbers)]
    return numbers == 1 + places.index(pick.box)


def _squared(pick: Pick) -> Pick:
    top, left, height, width = pick.box
    side = max(height, width)
    return replace(pick, box=(top + (height - side) // 2, left + (width - side) // 2, side, side))


def threshold(curve: pd.DataFrame, classes: Sequence[LabelClass], unit: str) -> Figure:
    """TPR of each defect and FPR over the threshold of a trivial detector."""
    if curve.empty:
        return note("There is nothing to threshold.")
    with house_style():
        figure, axes = plt.subplots(figsize=(7, 3.2))
        for c in classes:
            label = escape.lines(f"TPR {c.name}")
            axes.plot(curve["threshold"], curve[c.name], c=c.colour, lw=1.8, label=label)
        axes.plot(curve["threshold"], curve["FPR"], c=INK, ls="--", label="FPR")
        axes.axvline(plausibility.best(curve)["threshold"], c=INK, lw=0.8)
        axes.set(xlabel=f"threshold in {unit}", ylabel="rate", ylim=(0, 1))
        outside_legend(figure, ncols=2)
        return done(figure)


def decided(
    foil: Foil | None,
    objects: pd.DataFrame,
    classes: Sequence[LabelClass],
    closely: str,
    size: int = 240,
) -> Figure:
    """A part of a picture with a box around every object, and the picture with a frame around it.

    Parameters
    ----------
    foil : None is said in words.
    objects : of :class:`foilseg.decisions.worked.Worked`; a box is whole if the object is near an
        annotated one, else broken. The one in the middle of the part has a ring as well.
    closely : the class whose most certain object stands in the middle of the part.
    size : of the part, in pixels.
    """
    if foil is None:
        return note("No network that comes with us is for these data.")
    own = objects[objects["class"] == closely]
    size, middle = min(size, *foil.shape), [n / 2 for n in foil.shape]
    for row in (own if len(own) else objects).head(1).to_dict("records"):
        middle = [row["top"] + row["height"] / 2, row["left"] + row["width"] / 2]
    top, left = (max(0, min(int(m) - size // 2, n - size)) for m, n in zip(middle, foil.shape))
    with house_style():
        figure, axes = plt.subplots(1, 2, figsize=(9, 4.9))
        for place, shown in zip(axes, (foil.crop(top, left, size, size), foil)):
            relief(place, shown)
            scale_bar(place, *shown.shape)
        axes[1].add_patch(plt.Rectangle((left, top), size, size, **FRAME))
        moved = objects.assign(top=objects["top"] - top, left=objects["left"] - left)
        _boxes(axes[0], moved, classes)
        if len(objects):
            for ring in (FRAME | {"ec": PAPER, "lw": 4}, FRAME):
                place = middle[1] - left, middle[0] - top
                axes[0].add_patch(plt.Circle(place, size / 16, **ring))
        class_legend(figure, classes)
        return done(figure)


def _boxes(axes, objects: pd.DataFrame, classes: Sequence[LabelClass]) -> None:
    colours = {c.name: c.colour for c in classes}
    for row in objects.to_dict("records"):
        corner = row["left"] - 1.5, row["top"] - 1.5
        style = {"fill": False, "ec": colours[row["class"]], "lw": 1.6}
        style["ls"] = "-" if row["annotated"] == "yes" else ":"
        axes.add_patch(plt.Rectangle(corner, row["width"] + 2, row["height"] + 2, **style))
