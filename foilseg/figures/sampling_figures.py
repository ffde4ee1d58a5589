"""Pools, train sets and what they cost in variety -> Figure."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from foilseg.data import escape
from foilseg.data.dataset import LabelClass
from foilseg.figures.pictures import annotation_of, bare, picture
from foilseg.figures.style import (
    INK,
    PALE,
    PAPER,
    class_bars,
    class_legend,
    done,
    house_style,
    note,
)
from foilseg.sampling.plans import Plan
from foilseg.sampling.pools import Index


def pipeline(index: Index, plan: Plan, own: LabelClass, classes: Sequence[LabelClass]) -> Figure:
    """From a training region to the windows drawn from the pool of one class (as Fig. 3.9).

    The region shown is the one with the largest pool of the class.
    """
    regions = range(len(index.regions))
    shown = max(regions, key=lambda i: int(index.windows_with(own.index, i).sum()))
    region = index.regions[shown]
    titles = ["1. region", "2. mask", f"3. one-hot: {own.name}", "4. pool: centres", "5. drawn"]
    with house_style():
        aspect = region.shape[0] / region.shape[1]
        height = min(5.0, 9 / 5 * aspect + 0.5)
        figure, axes = plt.subplots(1, 5, figsize=(9, height), squeeze=False)
        line = axes[0]
        picture(line[0], region.image)
        annotation_of(line[1], region, classes)
        line[2].imshow(region.mask == own.index, cmap="Greys", vmin=0, vmax=1)
        line[3].imshow(index.centres(own.index, shown), cmap="Greys", vmin=0, vmax=2)
        picture(line[4], region.image)
        here = plan.foil == shown
        for top, left in zip(plan.top[here][:12], plan.left[here][:12]):
            frame = Rectangle((left, top), plan.size, plan.size, fill=False, ec=PAPER, lw=0.8)
            line[4].add_patch(frame)
        for place, title in zip(line, titles):
            bare(place)
            place.set_title(escape.lines(title), fontsize=10)
        return done(figure)


def shares(table: pd.DataFrame, classes: Sequence[LabelClass]) -> Figure:
    """Share of each class in the pixels of each train set; a mark is the published share."""
    theirs = "published share" if "published share" in table else ""
    with house_style():
        figure, axes = plt.subplots(figsize=(9, 3.4))
        class_bars(axes, table, classes, "train set", "share", "class", marks=theirs)
        axes.set(yscale="log", ylabel="pixel share")
        class_legend(figure, classes, "upper left", most=2)
        return done(figure)


def variety(table: pd.DataFrame, classes: Sequence[LabelClass]) -> Figure:
    """Effective share of the objects of each class that a train set shows."""
    with house_style():
        figure, axes = plt.subplots(figsize=(9, 3))
        class_bars(axes, table, classes, "train set", "variety", "class")
        axes.set(ylabel="variety", ylim=(0, 1))
        class_legend(figure, classes, "upper left", most=2)
        return done(figure)


def frontier(curve: pd.DataFrame, classes: Sequence[LabelClass], made: float | None) -> Figure:
    """Variety over the share of pixels that each class gets; the line is the set that was made.

    ``curve`` is that of :func:`foilseg.sampling.equal_frontier.frontier`; ``made`` a share of the
    patch.
    """
    if curve.empty:
        return note("Equal pixels are impossible on these data at this number of patches.")
    with house_style():
        figure, axes = plt.subplots(figsize=(7, 3.4))
        for c in classes:
            values = curve[f"variety_{c.index}"]
            axes.plot(100 * curve["share"], values, c=c.colour, lw=1.6, label=escape.legend(c.name))
        axes.plot(100 * curve["share"], curve["variety"], c=INK, lw=2.4, label="mean")
        if made is not None:
            axes.axvline(100 * made, c=PALE, ls="--", label="share made above")
        axes.set(xlabel="pixels of each class, % of all", ylabel="expected variety", ylim=(0, 1))
        figure.legend(loc="outside upper left", ncols=2)
        return done(figure)
