"""Tables and histories -> Figure: charts of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from foilseg.data import escape
from foilseg.data.dataset import Dataset, LabelClass, class_pixels, training_regions
from foilseg.drawing.names import laid_out, named
from foilseg.drawing.style import (
    COLOURS,
    HELD,
    INK,
    PALE,
    REMEDY_LINES,
    class_bars,
    class_legend,
    done,
    edge,
    house_style,
    note,
    outside_legend,
)
from foilseg.figures import model_figures

LONGEST_TICK = 12  # letters
LEAST = 1e-6  # the smallest FPR that a logarithmic axis shows; smaller ones stand there


def class_shares(table: pd.DataFrame, classes: Sequence[LabelClass]) -> Figure:
    """Share of each class in the training regions on a logarithmic axis, published where known."""
    names, places = list(table["class"]), np.arange(len(table))
    colours = {c.name: c.colour for c in classes}
    with house_style():
        figure, axes = plt.subplots(figsize=(7, 0.55 * len(names) + 0.9))
        shades = [colours[name] for name in names]
        axes.barh(places, table["share"], 0.6, color=shades, edgecolor=INK, linewidth=0.6)
        if "published share" in table:
            hollow = {"mfc": "none", "mew": 1.6, "label": "published", "gid": HELD}
            shown = axes.plot(table["published share"], places, "o", ms=9, c=INK, **hollow)
            shown[0].set_path_effects(edge())
            outside_legend(figure, place="lower left")
        axes.set(xscale="log", yticks=places, yticklabels=list(map(escape.lines, names)))
        bars = " (reproduced: bar)" if "published share" in table else ""
        axes.set_xlabel(f"share of the training pixels{bars}")
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        return done(figure)


def foil_shares(dataset: Dataset) -> Figure:
    """Share of the pixels that each defect takes in the training region of each foil."""
    counts = class_pixels(training_regions(dataset), len(dataset.classes))
    table = pd.DataFrame(100 * counts / counts.sum(axis=1, keepdims=True))
    colours = {c.index: c.colour for c in dataset.defects}
    with house_style():
        size = (7, 1.2 * len(colours) + 1.8)
        figure, axes = plt.subplots(len(colours), 1, figsize=size, sharex=True, squeeze=False)
        for place, c in zip(axes[:, 0], dataset.defects):
            style = {"color": c.colour, "edgecolor": INK, "linewidth": 0.4}
            place.bar(table.index, table[c.index], 0.8, **style)
            place.set_title(escape.lines(c.name), loc="left", fontsize=10)
            place.grid(False, axis="x")
        figure.supylabel("share of the pixels in %", fontsize=12)
        axes = axes[-1, 0]
        named = [escape.lines(region.name) for region in training_regions(dataset)]
        is_short = max(map(len, named)) <= LONGEST_TICK
        named = named if is_short else [str(n) for n in range(1, len(named) + 1)]
        axes.set(xlabel="image" if is_short else "image, by the order of their names")
        axes.set(xlim=(-1, len(counts)))
        step = 1 + len(counts) // 31
        axes.set_xticks(range(0, len(named), step), named[::step], rotation=90, fontsize=10)
        return done(figure)


def history(frames: dict[str, pd.DataFrame], window: int = 0) -> Figure:
    """Training and validation loss over the iterations, one panel a model.

    Faint: each measured batch. Thick: the mean of those of the last ``window`` iterations, by
    default a fortieth of all.
    """
    longest = max((len(frame) for frame in frames.values()), default=0)
    window = window or max(1, longest // 40)
    curves = {"train_loss": ("training", "first"), "validation_loss": ("validation", "second")}
    with house_style():
        figure, axes = plt.subplots(1, len(frames), figsize=(9, 3.2), squeeze=False)
        for place, (title, frame) in zip(axes[0], frames.items()):
            for column, (part, colour) in curves.items():
                raw = frame[column].to_numpy(float)
                measured, look = np.isfinite(raw), {"c": COLOURS[colour]}
                smooth = frame[column].rolling(window, min_periods=1).mean()[measured]
                across = frame["iteration"][measured]
                place.plot(across, raw[measured], lw=0.4, alpha=0.25, zorder=2, **look)
                place.plot(across, smooth, lw=2, zorder=3, label=f"{part} patches", **look)
            place.set(title=title, xlabel="iteration", yscale="log")
        axes[0, 0].set_ylabel("loss (mean over pixels)")
        handles, names = axes[0, 0].get_legend_handles_labels()
        told = f"mean of {window:,} iterations" if window > 1 else None
        figure.legend(
            handles, names, loc="outside upper left", ncols=2, title=told, alignment="left"
        )
        return done(figure)


def rate_comparison(
    reproduced: pd.DataFrame,
    printed: pd.DataFrame | None = None,
    names: tuple[str, str] = ("reproduced", model_figures.PUBLISHED),
) -> Figure:
    """TPR over FPR and precision over TPR, one marker a model (as thesis Fig. 4.1).

    Filled: reproduced. Hollow: published, joined to the reproduced point by a thin line; faint if
    the second of the ``names`` is something else.
    """
    reproduced, printed = (
        table if table is None else table.assign(FPR=table["FPR"].clip(lower=LEAST))
        for table in (reproduced, printed)
    )
    with house_style():
        figure, axes = plt.subplots(1, 2, figsize=(10, 4.8))
        rates = ("FPR", "TPR"), ("TPR", "precision")
        drawn = [
            pairs(place, reproduced, printed, x=x, y=y, other=names[1])
            for place, x, y in zip(axes, *rates)
        ]
        axes[0].set_xscale("log" if reproduced["TPR"].notna().any() else "linear")
        axes[0].margins(x=0.12)  # for the names of marks at its sides
        axes[1].set_xlim(0, 1)
        models, both = reproduced["model"], printed is not None and len(printed) > 0
        handles = model_figures.legend(models, names if both else ())
        outside_legend(figure, handles)
        laid_out(figure)
        for place, marked, x, y in zip(axes, drawn, *rates):
            model_figures.stand_out(place, marked)
            theirs = printed[[x, y]].to_numpy(float) if both else None
            named(place, reproduced[[x, y]].to_numpy(float), models, theirs)
        return done(figure)


def pairs(
    axes: Axes,
    filled: pd.DataFrame,
    hollow: pd.DataFrame | None,
    *,
    x: str,
    y: str,
    other: str = model_figures.PUBLISHED,
) -> list[Line2D]:
    """One rate over another with a mark for each model: filled, and hollow joined to it by a line.

    Both tables have the columns ``model``, ``x`` and ``y``; of ``hollow`` only the models of
    ``filled`` are drawn. They are faint instead if ``other`` names something not published.
    Returns the filled marks.
    """
    filled = filled.astype({"model": str})
    if hollow is not None and len(hollow):
        both = filled.merge(hollow.astype({"model": str}), on="model")
        across, up = both[[f"{x}_x", f"{x}_y"]], both[[f"{y}_x", f"{y}_y"]]
        axes.plot(across.T, up.T, c=PALE, lw=0.8, zorder=0.9)
        theirs = both[[f"{x}_y", f"{y}_y"]].to_numpy(float)
        model_figures.marks(axes, theirs, both["model"], **model_figures.second(other))
    own = filled[[x, y]].to_numpy(float), filled["model"]
    marked = model_figures.marks(axes, *own, **model_figures.APART)
    known = [t[y].to_numpy(float) for t in (filled, hollow) if t is not None]
    heights = np.concatenate(known)
    # a tenth below all marks, and not 1, where a rate of 1 stands
    floor = min(np.floor(10 * np.nanmin(heights)), 9) / 10 if np.isfinite(heights).any() else 0
    axes.set(xlabel=f"mean {x}", ylabel=f"mean {y}", ylim=(floor, 1))
    return marked


def reliability(table: pd.DataFrame) -> Figure:
    """What share of the pixels is of a class, over the probability that a network gives them.

    A row a defect, a column a kind, a line a model; on the diagonal what is said is true.

    ``table`` : of :func:`foilseg.analysis.priors.reliability`; a sentence if it has no row.
    """
    defects, kinds = (list(dict.fromkeys(table[name])) for name in ("defect", "kind"))
    if not defects:
        return note("No model here has priors to put right.")
    with house_style():
        size = (5.4, 2.2 * len(defects) + 1)
        figure, axes = plt.subplots(
            len(defects), len(kinds), figsize=size, sharex=True, sharey=True, squeeze=False
        )
        figure.get_layout_engine().set(wspace=0.1)
        for line, defect in zip(axes, defects):
            for place, kind in zip(line, kinds):
                own = table[(table["defect"] == defect) & (table["kind"] == kind)]
                place.plot([0, 1], [0, 1], c=PALE, lw=1)
                model_figures.lines(place, own, "said", "true", lw=1.4)
                place.set(xlim=(0, 1), ylim=(0, 1), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
            line[0].set_ylabel(f"share of {escape.lines(defect)}", fontsize=10)
        for place, kind in zip(axes[0], kinds):
            place.set_title(kind)
        for place in axes[-1]:
            place.set_xlabel("mean probability")
        model_figures.line_legend(figure, axes[0, 0])
        return done(figure)


def defect_bars(rates: pd.DataFrame, classes: Sequence[LabelClass], rate: str = "TPR") -> Figure:
    """One rate per defect and model; a cross stands where a rate is not defined."""
    rates = rates.assign(nothing=np.where(rates[rate].isna(), 0.02, np.nan))
    with house_style():
        models = rates["model"].nunique()
        figure, axes = plt.subplots(figsize=(min(9, 0.55 * models + 1.2), 3.4))
        class_bars(axes, rates, classes, "model", rate, "defect", marks="nothing", marker="x")
        axes.set(ylabel=rate, ylim=(0, 1))
        if models > 3:
            axes.tick_params(axis="x", rotation=35)
            for label in axes.get_xticklabels():
                label.set(ha="right", rotation_mode="anchor", fontsize=10)
        class_legend(figure, classes)
        return done(figure)


def focal_curves(gammas: Sequence[float]) -> Figure:
    """Focal loss of one pixel with weight 1 over the probability of its true class, by gamma."""
    pt = np.linspace(0.01, 1, 200)
    with house_style():
        figure, axes = plt.subplots(figsize=(6, 3.6))
        shades = np.linspace(0.0, 0.85, len(gammas))
        for shade, gamma, line in zip(shades, sorted(gammas), cycle(REMEDY_LINES)):
            loss = -((1 - pt) ** gamma) * np.log(pt)
            name = f"gamma {gamma:g}" if gamma else "gamma 0, the cross entropy"
            axes.plot(pt, loss, ls=line, c=plt.get_cmap("viridis")(shade), label=name)
        axes.set(ylabel="loss", ylim=(0, 5))
        axes.set_xlabel("probability of the true class, $p_t$", parse_math=True)
        figure.legend(loc="outside upper left", ncols=2, fontsize=10)
        return done(figure)


def architecture(stages: list[dict], channels: int) -> Figure:
    """The network as a U of boxes (as Fig. 3.5), from :func:`foilseg.networks.unet.stages`.

    A box's width follows the logarithm of its maps; solid arrows pool and unpool, dashed ones
    copy the encoder's maps to the decoder.
    """
    depth = (len(stages) - 2) // 2
    levels = [*range(depth), depth, *reversed(range(depth)), 0]
    halves = [0.08 + 0.035 * np.log2(stage["maps"]) for stage in stages]
    with house_style():
        figure, axes = plt.subplots(figsize=(9, 4.2))
        for x, (stage, level, half) in enumerate(zip(stages, levels, halves), 1):
            corner, fill = (x - half, -level - 0.22), COLOURS["network"]
            axes.add_patch(Rectangle(corner, 2 * half, 0.44, fc=fill, ec=INK, lw=0.8))
            axes.text(x, -level, stage["maps"], ha="center", va="center", fontsize=10)
            axes.text(x, -level - 0.36, f"{stage['side']}²", ha="center", va="center", fontsize=10)
        for x, (level, below) in enumerate(pairwise(levels), 1):
            _arrow(axes, x + halves[x - 1], -level, x + 1 - halves[x], -below, INK)
        for level in range(depth):
            other, y = 2 * depth - level, 0.12 - level
            _arrow(axes, level + 1 + halves[level], y, other + 1 - halves[other], y, PALE, "--")
        axes.text(0.1, 0, f"image\n{channels}", ha="center", va="center", fontsize=10)
        _arrow(axes, 0.35, 0, 1 - halves[0], 0, INK)
        axes.set(xlim=(-0.3, len(stages) + 0.7), ylim=(-depth - 0.6, 0.6))
        axes.set_axis_off()
        return done(figure)


def _arrow(
    axes: Axes, x: float, y: float, to_x: float, to_y: float, colour: str, line: str = "-"
) -> None:
    look = {"arrowstyle": "->", "color": colour, "linestyle": line}
    axes.annotate("", (to_x, to_y), (x, y), arrowprops=look)
