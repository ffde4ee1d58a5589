"""Defects and what they are like -> Figure: examples, siblings, distributions, a trivial rule."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from foilseg.data import defects, escape, plausibility
from foilseg.data.dataset import Foil, LabelClass
from foilseg.figures.acquisition_figures import gradients
from foilseg.figures.pictures import bare, outline, scale_bar
from foilseg.figures.style import INK, class_legend, done, house_style, note

AROUND = 1.5  # times its length is a window that a defect fits into
PROPERTIES = {"area": "area in pixels", "elongation": "length / width", "contrast": "contrast"}


def relief(axes, foil: Foil) -> None:
    """The x gradient of normals, or the grey picture: where a defect is easiest seen."""
    values = foil.image[0] if foil.image.shape[0] == 1 else gradients(foil.image)[0]
    middle = np.median(values)
    reach = max(float(np.quantile(np.abs(values - middle), 0.99)), 1e-6)
    axes.imshow(values, cmap="gray", vmin=middle - reach, vmax=middle + reach)
    bare(axes)


def _window(foils: dict[str, Foil], row: pd.Series, size: int) -> Foil:
    """The part of a foil around a defect: of ``size`` pixels, or half as long again as it is."""
    foil = foils[row["foil"]]
    side = max(size, round(AROUND * row["length"]))
    return defects.window(foil, row["row"], row["column"], min(side, *foil.shape))


def _outlined(axes, foils: dict[str, Foil], row: pd.Series, size: int, c: LabelClass) -> None:
    """A defect in its window with the annotation of its class as a line, and a bar of length."""
    window = _window(foils, row, size)
    relief(axes, window)
    outline(axes, window.mask == c.index, c.colour)
    scale_bar(axes, *window.shape)


def examples(
    foils: Sequence[Foil], table: pd.DataFrame, classes: Sequence[LabelClass], size: int
) -> Figure:
    """The defects of each class at the quartiles of its area (as Fig. 3.3), outlined.

    ``table`` is that of :func:`foilseg.data.defects.table`; windows have ``size`` pixels a side, or
    more where a defect is longer. A bar in each says how long so many pixels are.
    """
    by_name = {foil.name: foil for foil in foils}
    with house_style():
        figure, axes = plt.subplots(len(classes), 3, figsize=(6, 2.1 * len(classes)), squeeze=False)
        for line, c in zip(axes, classes):
            group = table[table["index"] == c.index].sort_values("area", kind="stable")
            line[0].set_ylabel(escape.lines(c.name, 16))
            for place, part in zip(line, (0.25, 0.5, 0.75)):
                bare(place)
                if len(group):
                    row = group.iloc[int(part * (len(group) - 1))]
                    _outlined(place, by_name, row, size, c)
                    place.set_title(f"{row['area']:,} pixels", fontsize=10)
        return done(figure)


def distributions(table: pd.DataFrame, classes: Sequence[LabelClass]) -> Figure:
    """Histograms of area, elongation and contrast, one line a class.

    The outermost 0.2 % of the objects at each end are left out, and what is not finite. A panel
    without objects is empty.
    """
    colours = {c.index: c.colour for c in classes}
    lines = partial(sns.histplot, hue="index", palette=colours, element="step", fill=False)
    shares = partial(lines, bins=24, stat="proportion", common_norm=False, legend=False)
    with house_style():
        figure, axes = plt.subplots(1, len(PROPERTIES), figsize=(9, 3))
        for place, (column, title) in zip(axes, PROPERTIES.items()):
            finite = table[np.isfinite(table[column])]
            ends = finite[column].quantile([0.002, 0.998], interpolation="nearest")
            shown = finite[finite[column].between(*ends)]
            if len(shown):
                shares(shown, x=column, log_scale=column != "contrast", ax=place)
            place.set(xlabel=title, ylabel="")
        axes[0].set_ylabel("share of the class's objects")
        class_legend(figure, classes, "upper center")
        return done(figure)


def siblings(
    foils: Sequence[Foil], table: pd.DataFrame, classes: Sequence[LabelClass], size: int
) -> Figure:
    """Beside the median-sized defect of each class, the most similar one of another foil."""
    by_name = {foil.name: foil for foil in foils}
    nearest = defects.siblings(table)
    with house_style():
        figure, axes = plt.subplots(2, len(classes), figsize=(9, 4.6), squeeze=False)
        for column, c in zip(axes.T, classes):
            group = table[table["index"] == c.index].sort_values("area", kind="stable")
            column[0].set_title(escape.lines(c.name, 16))
            for place in column:
                bare(place)
            if not len(group):
                continue
            row = group.iloc[(len(group) - 1) // 2]
            _outlined(column[0], by_name, row, size, c)
            other = nearest.loc[row.name, "sibling"]
            if other >= 0:
                _outlined(column[1], by_name, table.loc[other], size, c)
        axes[0, 0].set_ylabel("median size")
        axes[1, 0].set_ylabel("nearest sibling")
        return done(figure)


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
        figure.legend(loc="outside right upper")
        return done(figure)


def decided(
    foil: Foil, objects: pd.DataFrame, classes: Sequence[LabelClass], closely: str, size: int = 240
) -> Figure:
    """A picture with a box around every reported object, and a part of it enlarged.

    Parameters
    ----------
    objects : of :class:`foilseg.decisions.worked.Worked`; a box is whole if the object is near an
        annotated one, else broken.
    closely : the class whose most certain object stands in the middle of the part.
    size : of the part, in pixels.
    """
    own = objects[objects["class"] == closely]
    row = (own if len(own) else objects).iloc[0] if len(objects) else None
    with house_style():
        figure, axes = plt.subplots(1, 2, figsize=(9, 4.9))
        for place in axes:
            relief(place, foil)
            _boxes(place, objects, classes, thin=place is axes[0])
        if row is not None:
            middle = row["top"] + row["height"] / 2, row["left"] + row["width"] / 2
            top, left = (
                max(0, min(int(m) - size // 2, n - size)) for m, n in zip(middle, foil.shape)
            )
            axes[1].set(xlim=(left, left + size), ylim=(top + size, top))
            frame = {"fill": False, "ec": INK, "lw": 2}
            axes[0].add_patch(plt.Rectangle((left, top), size, size, **frame))
        class_legend(figure, classes, "upper center")
        return done(figure)


def _boxes(axes, objects: pd.DataFrame, classes: Sequence[LabelClass], *, thin: bool) -> None:
    colours = {c.name: c.colour for c in classes}
    for row in objects.to_dict("records"):
        corner = row["left"] - 1.5, row["top"] - 1.5
        style = {"fill": False, "ec": colours[row["class"]], "lw": 0.8 if thin else 1.6}
        style["ls"] = "-" if row["annotated"] == "yes" else ":"
        axes.add_patch(plt.Rectangle(corner, row["width"] + 2, row["height"] + 2, **style))
