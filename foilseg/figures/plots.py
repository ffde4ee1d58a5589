"""Tables and histories -> Figure: charts of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from foilseg.data import escape
from foilseg.data.dataset import Dataset, LabelClass, class_pixels, training_regions
from foilseg.figures.style import INK, MARKERS, PALE, columns, done, grouped_bars, house_style


def class_shares(table: pd.DataFrame, classes: Sequence[LabelClass]) -> Figure:
    """Share of each class in the training regions on a logarithmic axis, published where known."""
    names, places = list(table["class"]), np.arange(len(table))
    colours = {c.name: c.colour for c in classes}
    with house_style():
        figure, axes = plt.subplots(figsize=(7, 0.55 * len(names) + 0.9))
        edge = {"edgecolor": INK, "linewidth": 0.6}
        axes.barh(places, table["share"], 0.6, color=[colours[n] for n in names], **edge)
        if "published share" in table:
            axes.plot(table["published share"], places, "|", ms=18, mew=2, c=INK, label="published")
            figure.legend(loc="outside lower right")
        axes.set(xscale="log", yticks=places, yticklabels=list(map(escape.lines, names)))
        axes.set_xlabel("share of the training pixels (reproduced: bar)")
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        return done(figure)


def foil_shares(dataset: Dataset) -> Figure:
    """Share of the pixels that each defect takes in the training region of each foil."""
    counts = class_pixels(training_regions(dataset), len(dataset.classes))
    shares = counts / counts.sum(axis=1, keepdims=True)
    with house_style():
        figure, axes = plt.subplots(figsize=(9, 3))
        places, floor = np.arange(len(shares)), np.zeros(len(shares))
        for c in dataset.defects:
            values = 100 * shares[:, c.index]
            axes.bar(places, values, 0.8, floor, color=c.colour, label=escape.legend(c.name))
            floor += values
        axes.set(xlabel="foil", ylabel="share of the pixels in %", xlim=(-1, len(shares)))
        if len(shares) <= 30:
            named = [escape.lines(foil.name) for foil in dataset.foils]
            axes.set_xticks(places, named, rotation=90, fontsize=7)
        axes.grid(False, axis="x")
        figure.legend(loc="outside upper center", ncols=columns(c.name for c in dataset.defects))
        return done(figure)


def history(frames: dict[str, pd.DataFrame], window: int = 25) -> Figure:
    """Training and validation loss over the iterations, one panel a model.

    Thin: each iteration. Thick: the mean of the last ``window``.
    """
    with house_style():
        figure, axes = plt.subplots(1, len(frames), figsize=(9, 3), squeeze=False)
        for place, (title, frame) in zip(axes[0], frames.items()):
            smooth = frame["train_loss"].rolling(window, min_periods=1).mean()
            measured = frame.dropna(subset="validation_loss")
            place.plot(frame["iteration"], frame["train_loss"], c="#0072b2", lw=0.5, alpha=0.4)
            place.plot(frame["iteration"], smooth, c="#0072b2", label="training patches")
            line = {"c": "#d55e00", "marker": ".", "lw": 0.8, "label": "validation patches"}
            place.plot(measured["iteration"], measured["validation_loss"], **line)
            place.set(title=title, xlabel="iteration", yscale="log")
        axes[0, 0].set_ylabel("loss (mean over pixels)")
        axes[0, 0].legend()
        return done(figure)


def rate_comparison(reproduced: pd.DataFrame, printed: pd.DataFrame | None = None) -> Figure:
    """TPR over FPR and precision over TPR, one marker a model (as Fig. 4.1).

    Filled: reproduced. Open: published, joined to the reproduced point by a thin line.
    """
    panels = [("FPR", "TPR"), ("TPR", "precision")]
    with house_style():
        figure, axes = plt.subplots(1, 2, figsize=(9, 4))
        for place, (x, y) in zip(axes, panels):
            for marker, (_, row) in zip(MARKERS, reproduced.iterrows()):
                place.plot(row[x], row[y], marker, c=INK, ms=8, label=escape.legend(row["model"]))
                _join(place, marker, row, printed, (x, y))
            place.set(xlabel=f"mean {x}", ylabel=f"mean {y}", ylim=(0, 1))
        axes[0].set_xlim(left=0)
        axes[0].locator_params(axis="x", nbins=4)
        axes[1].set_xlim(0, 1)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper")
        return done(figure)


def _join(axes, marker: str, row: pd.Series, printed: pd.DataFrame | None, rates) -> None:
    if printed is None:
        return
    for _, theirs in printed[printed["model"] == row["model"]].iterrows():
        xs, ys = ([row[rate], theirs[rate]] for rate in rates)
        axes.plot(xs, ys, "-", c=PALE, lw=0.8, zorder=1)
        axes.plot(xs[1], ys[1], marker, mfc="white", mec=INK, ms=8)


def defect_bars(rates: pd.DataFrame, classes: Sequence[LabelClass], rate: str = "TPR") -> Figure:
    """One rate per defect and model; a cross stands where a rate is not defined."""
    with house_style():
        figure, axes = plt.subplots(figsize=(9, 3))
        wide = rates.pivot_table(
            index="model", columns="defect", values=rate, sort=False, dropna=False, observed=True
        )
        for name, places in grouped_bars(axes, wide, classes).items():
            nothing = places[wide[name].isna()]
            axes.plot(nothing, np.full(len(nothing), 0.02), "x", c=PALE, ms=4)
        axes.set(ylabel=rate, ylim=(0, 1))
        if len(wide) > 6:
            axes.tick_params(axis="x", rotation=35)
            for label in axes.get_xticklabels():
                label.set(ha="right", rotation_mode="anchor", fontsize=10)
        figure.legend(loc="outside upper center", ncols=columns(c.name for c in classes))
        return done(figure)


def focal_curves(gammas: Sequence[float]) -> Figure:
    """Focal loss of one pixel with weight 1 over the probability of its true class."""
    pt = np.linspace(0.01, 1, 200)
    with house_style():
        figure, axes = plt.subplots(figsize=(6, 3.2))
        for shade, gamma in zip(np.linspace(0.0, 0.85, len(gammas)), gammas):
            loss = -((1 - pt) ** gamma) * np.log(pt)
            axes.plot(pt, loss, c=plt.get_cmap("viridis")(shade), label=f"gamma {gamma:g}")
        axes.set(ylabel="loss", ylim=(0, 5))
        axes.set_xlabel("probability of the true class, $p_t$", parse_math=True)
        axes.legend()
        return done(figure)


def architecture(stages: list[dict], channels: int) -> Figure:
    """The network as a U of boxes (as Fig. 3.5), from :func:`foilseg.networks.unet.stages`.

    A box's width follows the logarithm of its maps; solid arrows pool and unpool, dashed ones
    copy the encoder's maps to the decoder.
    """
    depth = (len(stages) - 2) // 2
    levels = [*range(depth), depth, *reversed(range(depth)), 0]
    with house_style():
        figure, axes = plt.subplots(figsize=(9, 4.2))
        places = []
        for number, (stage, level) in enumerate(zip(stages, levels)):
            width = 0.16 + 0.07 * np.log2(stage["maps"])
            x, y = number + 1, -level
            box = Rectangle((x - width / 2, y - 0.22), width, 0.44, fc="#cfe3f1", ec=INK, lw=0.8)
            axes.add_patch(box)
            axes.text(x, y, stage["maps"], ha="center", va="center", fontsize=10)
            axes.text(x, y - 0.36, f"{stage['side']}²", ha="center", va="center", fontsize=9)
            places.append((x, y, width / 2))
        _arrows(axes, places, depth)
        axes.text(0.1, 0, f"image\n{channels}", ha="center", va="center", fontsize=10)
        axes.annotate("", (1 - places[0][2], 0), (0.35, 0), arrowprops={"arrowstyle": "->"})
        axes.set(xlim=(-0.3, len(stages) + 0.7), ylim=(-depth - 0.6, 0.6))
        axes.set_axis_off()
        return done(figure)


def _arrows(axes, places: list[tuple[float, float, float]], depth: int) -> None:
    for (x, y, half), (next_x, next_y, next_half) in pairwise(places):
        style = {"arrowstyle": "->", "color": INK}
        axes.annotate("", (next_x - next_half, next_y), (x + half, y), arrowprops=style)
    for level in range(depth):
        (x, y, half), (across, _, other) = places[level], places[2 * depth - level]
        style = {"arrowstyle": "->", "color": PALE, "linestyle": "--"}
        axes.annotate("", (across - other, y + 0.12), (x + half, y + 0.12), arrowprops=style)
