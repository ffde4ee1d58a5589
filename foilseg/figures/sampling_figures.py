"""Patches, pools, train sets and what they cost in variety -> Figure."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from foilseg.data import escape
from foilseg.data.components import components
from foilseg.data.dataset import Foil, LabelClass
from foilseg.drawing.style import (
    INK,
    PALE,
    PAPER,
    class_bars,
    class_legend,
    done,
    house_style,
    note,
    outside_legend,
)
from foilseg.figures.pictures import (
    annotation_of,
    bare,
    classes_drawn,
    mask_of,
    outline,
    picture,
    ringed,
    rings_of,
    scale_bar,
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
        class_legend(figure, classes)
        return done(figure)


def variety(table: pd.DataFrame, classes: Sequence[LabelClass]) -> Figure:
    """Effective share of the objects of each class that a train set shows."""
    with house_style():
        figure, axes = plt.subplots(figsize=(9, 3))
        class_bars(axes, table, classes, "train set", "variety", "class")
        axes.set(ylabel="variety", ylim=(0, 1))
        class_legend(figure, classes)
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
        outside_legend(figure, ncols=2)
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
        class_legend(figure, classes_drawn(figure, classes), "lower left")
        return done(figure)


def one_vs_rest(regions: Sequence[Foil], size: int, classes: Sequence[LabelClass]) -> Figure:
    """A patch that shows as many classes as any, its mask, and its mask per defect.

    Defects are outlined in the patch, and the target with the fewest pixels has rings.
    """
    patch = _richest_patch(regions, size)
    defects = [c for c in classes if c.index]
    shown = [c.index for c in defects if (patch.mask == c.index).any()]
    fewest = min(shown, key=lambda k: int((patch.mask == k).sum()), default=0)
    lines = -(-(2 + len(defects)) // 3)
    with house_style():
        figure, axes = plt.subplots(lines, 3, figsize=(9, 3.2 * lines + 0.6), squeeze=False)
        places = axes.ravel()
        picture(places[0], patch.image)
        annotation_of(places[1], patch, classes)
        for place, title in zip(places, ("patch", "mask")):
            place.set_title(title)
            scale_bar(place, *patch.shape)
        for place, c in zip(places[2:], defects):
            inside = patch.mask == c.index
            if c.index in shown:
                outline(places[0], inside, c.colour)
            place.imshow(inside, cmap="Greys", vmin=0, vmax=1)
            bare(place)
            place.set_title(escape.lines(f"target: {c.name}"))
            if c.index == fewest:
                ringed(place, rings_of(components(inside)[0]), INK)
        for place in places[2 + len(defects) :]:
            place.set_axis_off()
        class_legend(figure, classes)
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
