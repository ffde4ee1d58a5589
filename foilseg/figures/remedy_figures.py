"""What each remedy, a change of the study, and rendered images gain, at one glance."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from foilseg.data import escape
from foilseg.data_efficiency import rendered
from foilseg.data_efficiency.from_twin import AFTER, ALONE, MEAN
from foilseg.drawing.names import laid_out, named
from foilseg.drawing.style import (
    COLOURS,
    INK,
    PAPER,
    QUIET,
    REMEDY_COLOURS,
    done,
    house_style,
    look,
    outside_legend,
)
from foilseg.figures import model_figures

# Name of the line, and look, of trainings with rendered foils and without.
ARM_LOOKS = {
    rendered.ALONE: ("annotated alone", {"c": REMEDY_COLOURS["baseline"], "marker": "o"}),
    rendered.SAME: (
        "rendered, same recipe",
        {"c": REMEDY_COLOURS["beyond"], "marker": "D"},
    ),
    rendered.OTHER: (
        "rendered, another recipe",
        {"c": QUIET, "marker": "s", "ls": "--"},
    ),
}
GROUND = {"fc": PAPER, "ec": "none", "pad": 0.5}  # of words that a line would cross
SIDE = 1.04  # by what marks of two kinds stand apart on a logarithmic axis
FARTHEST = 1.5  # times the largest gain: what loses more is an arrow with its number


def gains(table: pd.DataFrame, defect: str, best: str, chosen: str = "") -> Figure:
    """A row a model: what it finds more than the baseline, on average and of one defect.

    Parameters
    ----------
    table : of :meth:`foilseg.analysis.remedies.Remedies.table`, in which ``best``, the best of
        the thesis's models, has a row; a thin line goes on from it over all rows.
    chosen : the model whose row is emphasised, "" for none.
    """
    table = table.sort_values("mean TPR", ascending=False, kind="stable").reset_index(drop=True)
    with house_style():
        height = 0.3 * len(table) + 1.4
        figure, axes = plt.subplots(
            1, 3, figsize=(6.8, height), sharey=True, width_ratios=(3.1, 3.9, 2.4)
        )
        figure.get_layout_engine().set(wspace=0.06)  # numbers of two axes are no row
        _effects(axes[0], table, ("mean TPR", "low", "high"), best)
        _effects(axes[1], table, (defect, "least", "most"), best)
        axes[0].set_xlabel("mean TPR, minus\nthe baseline's")
        axes[1].set_xlabel(f"TPR of {escape.lines(defect)},\nminus the baseline's")
        _costs(axes[2], table)
        _names(axes[0], table, chosen)
        _key(figure, table, best)
        return done(figure)


def _effects(axes: Axes, table: pd.DataFrame, columns: tuple[str, str, str], best: str) -> None:
    middle, low, high = columns
    own = table.loc[table["model"] == best, middle].item()
    axes.axvline(0, c=INK, lw=1)
    axes.axvline(own, c=COLOURS["second"], lw=1, ls=":")
    least = -FARTHEST * max(table[middle].max(), 0.01)
    axes.set_xlim(max(least, table[low].min()) - 0.01, table[high].max() + 0.01)
    for place, row in table.iterrows():
        style = look(str(row["model"]))
        if row[middle] < least:
            _farther(axes, least, place, row[middle], style.colour)
            continue
        axes.plot([row[low], row[high]], [place, place], c=style.colour, lw=1.6)
        if row[low] < axes.get_xlim()[0]:  # the interval goes on
            axes.plot(axes.get_xlim()[0], place, "<", c=style.colour, ms=5, clip_on=False)
        axes.plot(row[middle], place, style.mark, c=style.colour, ms=6)
    axes.grid(False, axis="y")
    axes.locator_params(axis="x", nbins=4)


def _farther(axes: Axes, least: float, row: float, value: float, colour: str) -> None:
    """An arrow with a number: a failed training's mark would leave no room for the others."""
    beside = {"textcoords": "offset points", "va": "center", "fontsize": 10}
    beside["bbox"] = GROUND
    arrow = {"arrowstyle": "-|>", "color": colour, "shrinkA": 2, "shrinkB": 0}
    axes.annotate(f"\N{MINUS SIGN}{-value:.3f}", (least, row), (22, 0), arrowprops=arrow, **beside)


def _costs(axes: Axes, table: pd.DataFrame) -> None:
    """Two columns of numbers: how many times the baseline's training and prediction."""
    axes.set(xlim=(0, 2), xticks=(0.5, 1.5), xticklabels=("train", "predict"))
    axes.set_xlabel("times the\nbaseline's")
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", labelsize=10)
    for place, row in table.iterrows():
        for x, column in ((0.5, "training"), (1.5, "prediction")):
            more = row[column] > 1.005
            style = {
                "ha": "center",
                "va": "center",
                "fontsize": 10,
                "color": INK if more else QUIET,
            }
            axes.text(x, place, f"{row[column]:.3g}", **style)


def _key(figure: Figure, table: pd.DataFrame, best: str) -> None:
    """What the colours are, and the dotted line."""
    line = Line2D(
        [], [], c=COLOURS["second"], lw=1, ls=":", label=escape.legend(f"the level of {best}")
    )
    handles = [*model_figures.legend(table["model"]), line]
    outside_legend(figure, handles, 2)


def _names(axes: Axes, table: pd.DataFrame, chosen: str) -> None:
    axes.set_yticks(
        range(len(table)), [escape.lines(str(m), 34) for m in table["model"]], fontsize=10
    )
    axes.set_ylim(len(table) - 0.5, -0.5)
    for text, model in zip(axes.get_yticklabels(), table["model"]):
        text.set(color=look(str(model)).colour, fontweight="bold" if model == chosen else "normal")


def changes(table: pd.DataFrame) -> Figure:
    """What models gain or lose at one FPR by each change of a study; a row a change.

    ``table`` : of :func:`foilseg.analysis.comparisons.changes`; the largest mean gain comes first.
    Each row has its name above it, so that a narrow screen shows both.
    """
    order = table.groupby("change")["gain"].mean().sort_values(ascending=False, kind="stable").index
    with house_style():
        figure, axes = plt.subplots(figsize=(4.4, 0.95 * len(order) + 1.5))
        axes.axvline(0, c=INK, lw=1)
        least = -FARTHEST * max(table["gain"].max(), 0.01)
        axes.set_xlim(max(least, table["gain"].min()) - 0.02, table["gain"].max() + 0.02)
        for place, change in enumerate(order):
            _change(axes, place, table[table["change"] == change], least)
            above = {"transform": axes.get_yaxis_transform(), "va": "bottom", "fontsize": 10}
            told = escape.lines(change, 46)
            axes.text(0.01, place - 0.34, told, bbox=GROUND, **above)
        axes.set(xlabel="mean TPR at one FPR, minus the study's", yticks=range(len(order)))
        axes.set(yticklabels=[], ylim=(len(order) - 0.6, -1))
        looks = {model: look(model) for model in table["model"].astype(str)}
        handles = [
            Line2D([], [], ls="", marker=each.mark, c=each.colour, label=escape.legend(model))
            for model, each in looks.items()
        ]
        outside_legend(figure, handles)
        return done(figure)


def _change(axes: Axes, place: int, part: pd.DataFrame, least: float) -> None:
    """The marks of one row, a little above each other."""
    rows = place + 0.12 * (np.arange(len(part)) - (len(part) - 1) / 2)
    inside = (part["gain"] >= least).to_numpy()
    places = np.stack([part["gain"], rows], axis=1)
    model_figures.marks(axes, places[inside], part["model"][inside])
    for model, (value, row) in zip(part["model"][~inside], places[~inside]):
        _farther(axes, least, row, value, look(str(model)).colour)


def few_images(table: pd.DataFrame) -> Figure:
    """TPR at one FPR over the number of training images; a panel for the mean and each defect.

    ``table`` : of :func:`foilseg.data_efficiency.from_twin.few_images`. A line is the mean of the
    draws, a small mark one of them.
    """
    panels = [MEAN, *(name for name in dict.fromkeys(table["defect"]) if name != MEAN)]
    rows, numbers = -(-len(panels) // 3), sorted(set(table["images"]))
    most = min(1, 1.1 * table[[ALONE, AFTER]].max(axis=None))
    with house_style():
        size = (9, 2.7 * rows + 0.5)
        figure, axes = plt.subplots(rows, 3, figsize=size, sharey=True, sharex=True, squeeze=False)
        for place, name in zip(axes.flat, panels):
            _starts(place, table[table["defect"] == name])
            place.set(xscale="log", ylim=(0, most), title=escape.lines(name))
            place.set_xticks(numbers, map(str, numbers))
            place.minorticks_off()
        for place in axes.flat[len(panels) :]:
            place.set_axis_off()
        figure.supylabel("TPR at one FPR", fontsize=12)
        figure.supxlabel("annotated training images", fontsize=12)
        _named_lines(figure, axes[0, 0])
        return done(figure)


def _starts(axes: Axes, own: pd.DataFrame) -> None:
    """Of one defect: a line and a large mark for the mean, a small mark for each draw."""
    for start, kind, mark, side in ((ALONE, "baseline", "o", -1), (AFTER, "beyond", "D", 1)):
        beside = own["images"] * SIDE**side
        _draws(axes, beside, own[start], start, {"c": REMEDY_COLOURS[kind], "marker": mark})


def _draws(axes: Axes, places: pd.Series, values: pd.Series, name: str, style: dict) -> None:
    """A line and a large mark for the mean at a place, a small mark for each draw."""
    means, style = values.groupby(places).mean(), {"mec": PAPER, "mew": 0.7, **style}
    axes.plot(means.index, means, ms=8, label=name, **style)
    axes.plot(places, values, **{**style, "ls": ""}, ms=4, alpha=0.75)


def rendered_foils(table: pd.DataFrame, truth: pd.DataFrame, rare: str) -> Figure:
    """TPR at one FPR over the foils that train: of the rarest defect by both, and of the others.

    ``table``, ``truth`` : of :func:`foilseg.data_efficiency.rendered.rates`, by the annotation and
    by the truth. A line is the mean of the draws, a small mark one of them; the lines of rendered
    foils begin at the annotated ones alone.
    """
    panels = {
        rare: table[table["defect"] == rare],
        f"{rare}, by the truth": truth[truth["defect"] == rare],
        "the others (mean)": table[table["defect"] != rare],
    }
    numbers = sorted(set(table["annotated"] + table["rendered"]))
    with house_style():
        figure, places = plt.subplots(1, 3, figsize=(9, 3.6), sharex=True, sharey=True)
        for axes, (name, own) in zip(places, panels.items()):
            tpr = own.groupby(rendered.KEYS)["TPR"].mean().reset_index()
            for arm in ARM_LOOKS:
                _arm(axes, tpr, arm)
            axes.set(xscale="log", title=escape.lines(name))
            axes.set_xticks(numbers, map(str, numbers))
            axes.minorticks_off()
        places[0].set_ylabel("TPR at one FPR")
        figure.supxlabel("foils that train, annotated and rendered", fontsize=12)
        _named_lines(figure, places[0])
        return done(figure)


def _arm(axes: Axes, tpr: pd.DataFrame, arm: str) -> None:
    """The trainings of an arm, after those of the annotated foils that it adds to."""
    first = (tpr["arm"] == rendered.ALONE) & (tpr["annotated"] == rendered.LEAST)
    own = tpr[(tpr["arm"] == arm) | first]
    _draws(axes, own["annotated"] + own["rendered"], own["TPR"], *ARM_LOOKS[arm])


def _named_lines(figure: Figure, axes: Axes) -> None:
    """Write the name of each line of means of a panel beside its last mark."""
    handles, names = axes.get_legend_handles_labels()
    marks = np.concatenate([line.get_xydata() for line in axes.lines])
    laid_out(figure)
    ends = np.array([line.get_xydata()[-1] for line in handles])
    colours = {name: line.get_color() for name, line in zip(names, handles)}
    named(axes, ends, names, marks, colours)
