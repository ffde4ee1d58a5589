"""What was found, at one glance: thresholds against knowledge, and claims over studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from foilseg.claims.verdicts import FAILS, HOLDS, OPEN, UNSURE, Verdict
from foilseg.data import escape
from foilseg.data.components import components
from foilseg.drawing.style import (
    COLOURS,
    INK,
    PALE,
    PAPER,
    Look,
    done,
    edge,
    house_style,
    look,
    outside_legend,
)
from foilseg.figures import dial, error_pictures, model_figures, plots
from foilseg.figures.pictures import bare, ringed, rings_of, scale_bar
from foilseg.measured.dial_crop import DialCrop

UNDECIDED = {"fill": False, "hatch": "///", "ec": PALE, "lw": 0}
VERDICTS = {HOLDS: INK, UNSURE: COLOURS["unsure"], FAILS: PAPER, OPEN: COLOURS["undecided"]}
RAISED = 0.22  # of a row, by which what is published lies above


def matched(table: pd.DataFrame) -> Figure:
    """Mean TPR at the models' own thresholds (ticks) and at one FPR for all (marks).

    ``table`` : of :meth:`foilseg.analysis.trainings.Compared.table`; its first row comes first.
    Both are of the test images where there are some. A model without an own threshold (NaN) has
    the mark alone.
    """
    with house_style():
        figure, axes = plt.subplots(figsize=(4.2, 0.32 * len(table) + 1.5))
        _matched(axes, table)
        outside_legend(figure, ncols=1)
        return done(figure)


def _matched(axes: Axes, table: pd.DataFrame) -> None:
    table, rows = table.reset_index(drop=True), range(len(table))
    own = table.get("own threshold, test", table["own threshold"])
    axes.hlines(rows, own, table["one FPR"], color=PALE, lw=1, zorder=1)
    looks = [look(str(model)) for model in table["model"]]
    colours = [each.colour for each in looks]
    axes.hlines(rows, table["low"], table["high"], color=colours, lw=1.6, zorder=2)
    model_figures.marks(axes, np.stack([table["one FPR"], rows], axis=1), table["model"])
    axes.scatter(own, rows, marker="|", c=colours, s=90, zorder=3, path_effects=edge())
    axes.plot([], [], "|", c=INK, ms=9, label="at its own threshold")
    axes.plot([], [], "o", c=INK, ms=7, label="at one FPR, with interval")
    axes.set_yticks(rows, table["model"])
    for text, colour in zip(axes.get_yticklabels(), colours):
        text.set_color(colour)
    least = min(own.min(), table[["one FPR", "low"]].min().min())
    most = max(own.max(), table[["one FPR", "high"]].max().max())
    axes.set(xlabel="mean TPR", xlim=(min(0.5, least - 0.02), min(1, most + 0.02)))
    axes.invert_yaxis()


def three_orders(table: pd.DataFrame) -> Figure:
    """Mean TPR of every model at its own threshold, with priors put right, and at one FPR.

    ``table`` : of :meth:`foilseg.analysis.thresholds.Moved.orders`. A model without priors to put
    right has a line from the first to the last.
    """
    steps = ["own threshold", "priors put right", "one FPR"]
    with house_style():
        figure, axes = plt.subplots(figsize=(4.6, 5.4))  # whole on a telephone
        for row in table.to_dict("records"):
            style, levels = look(str(row["model"])), [row[step] for step in steps]
            known = [k for k, level in enumerate(levels) if not np.isnan(level)]
            there = [levels[k] for k in known]
            axes.plot(known, there, "-" + style.mark, c=style.colour, mec=INK, mew=0.4, ms=7)
        known = table[steps].to_numpy(float)
        axes.set_ylim(np.nanmin(known) - 0.06, np.nanmax(known) + 0.06)
        _ends(axes, table, steps)
        axes.set_xticks(range(3), ["at its own\nthreshold", "priors\nput right", "at one\nFPR"])
        axes.set(xlim=(-1.3, 3.3), ylabel="mean TPR")
        axes.grid(False, axis="x")
        handles = model_figures.legend(table["model"])
        outside_legend(figure, handles)
        return done(figure)


def _ends(axes: Axes, table: pd.DataFrame, steps: Sequence[str]) -> None:
    """Names at both ends of the lines, pushed apart where they would cover each other.

    A thin line leads from each mark to its name.
    """
    for x, step, side in ((0, steps[0], "right"), (2, steps[-1], "left")):
        part = table.sort_values(step, kind="stable")
        levels = part[step].to_numpy(float)
        heights = model_figures.spread(
            levels, 0.035 * (table[steps].max().max() - table[steps].min().min() + 0.2)
        )
        away = -1 if side == "right" else 1
        for model, level, height in zip(part["model"].astype(str), levels, heights):
            style = {"ha": side, "va": "center", "fontsize": 10, "color": look(model).colour}
            axes.text(x + 0.2 * away, height, escape.lines(model), **style)
            ends = [(x + 0.04 * away, level), (x + 0.18 * away, height)]
            axes.add_collection(LineCollection([ends], colors=look(model).colour, linewidths=0.7))


def among(
    means: pd.DataFrame,
    card: pd.DataFrame,
    title: str,
    seen: tuple[DialCrop, np.ndarray] | None = None,
) -> Figure:
    """One model among all: its TPR by defect, and its mean rates before the others' in grey.

    ``means`` : :func:`foilseg.analysis.comparisons.means`, of the model too or not; ``card`` :
    :func:`foilseg.analysis.model_tables.card`, whose last row is the mean. ``seen`` : of
    :func:`foilseg.measured.dial_crop.seen_by`; its errors are drawn in a panel
    before these.
    """
    shares = (0.95, 1.05, 1) if seen else (0.7, 1.3)  # the first of them as wide as a phone
    with house_style():
        size = 9, 3.3 if seen else 2.7
        figure, axes = plt.subplots(1, len(shares), figsize=size, width_ratios=shares)
        if seen:
            _errors(axes[0], *seen)
        _by_defect(axes[-2], card, look(title))
        _among(axes[-1], means, card, look(title))
        return done(figure)


def _by_defect(axes: Axes, card: pd.DataFrame, own: Look) -> None:
    """The TPR for each defect; what is published lies a little higher, so that it hides nothing."""
    rows = np.arange(len(card))
    mark = {"marker": own.mark, "ls": "", "ms": 8, "mec": own.colour}
    tick = {"ms": 14, "mew": 2, "c": own.colour, "zorder": 3, "path_effects": edge()}
    axes.plot(card["TPR at one FPR"], rows, "|", label="one FPR", **tick)  # seen on marks too
    axes.plot(card["TPR"], rows, **mark, mfc=own.colour, label="own threshold")
    if "published TPR" in card:
        above = {"mfc": "none", "mew": 1.4, "label": "published"}
        axes.plot(card["published TPR"], rows - RAISED, **mark | above)
    axes.set_yticks(rows, map(escape.lines, card["defect"]))
    axes.set(xlabel="TPR", xlim=(0, 1), ylim=(len(card) - 0.4, -0.6))
    above = {"loc": "lower center", "bbox_to_anchor": (0.42, 1), "handletextpad": 0}
    axes.legend(**above, ncols=3, columnspacing=0.6, fontsize=10)


def _among(axes: Axes, means: pd.DataFrame, card: pd.DataFrame, own: Look) -> None:
    """The mean rates of one model before those of all, which are grey."""
    axes.plot(means["FPR"], means["TPR"], "o", ms=5, c=PALE, mec="none")
    mine = card.iloc[-1]
    axes.plot([mine["FPR"]], [mine["TPR"]], own.mark, ms=8, c=own.colour)
    axes.set(xscale="log", xlabel="mean FPR", ylabel="mean TPR", ylim=(0, 1))
    axes.tick_params(axis="x", labelsize=10)


def _errors(axes: Axes, crop: DialCrop, said: np.ndarray) -> None:
    """The window with what a model finds, misses and reports falsely; the rarest class ringed."""
    axes.imshow(dial.shaded(crop.image), cmap="gray", vmin=0, vmax=255, alpha=0.6)
    error_pictures.coloured(axes, crop.mask, said)
    rarest = crop.mask == int(np.argmin(crop.priors))
    ringed(axes, rings_of(components(rarest)[0]))
    scale_bar(axes, *crop.mask.shape)
    bare(axes)
    kinds = error_pictures.kinds_of_errors(axes.figure)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.02), "borderaxespad": 0}
    axes.legend(handles=kinds, ncols=2, fontsize=10, handlelength=1, columnspacing=1, **below)


def claim_grid(judged: Mapping[str, Mapping[str, Verdict]]) -> Figure:
    """A row a claim, in two halves, and a column a study: dark, it holds; white, it does not.

    What is not settled has a grey.

    Cells that a study cannot decide are hatched, for their grey is near the white.
    White cells have edges on all sides: between cells run lines, and around them all a frame.
    """
    places = {kind: place for place, kind in enumerate(VERDICTS)}
    grid = pd.DataFrame(judged).map(lambda each: places[each.verdict])
    half = -(-len(grid) // 2)
    with house_style():
        size = (2 * (0.65 * len(judged) + 0.7), 0.26 * half + 1.9)
        figure, axes = plt.subplots(1, 2, figsize=size)
        for place, part in zip(axes, (grid[:half], grid[half:])):
            _verdicts(place, part, places[OPEN])
        axes[1].set_ylim(half, 0)  # rows as high as those at the left
        outside_legend(figure, _patches(), 2, place="lower left")
        return done(figure)


def _verdicts(axes: Axes, grid: pd.DataFrame, undecided: int) -> None:
    colours = partial(sns.heatmap, cmap=[*VERDICTS.values()], vmin=0, vmax=len(VERDICTS) - 1)
    colours(grid, cbar=False, linewidths=0.6, linecolor=PALE, ax=axes)
    for row, column in np.argwhere(grid.to_numpy() == undecided):
        axes.add_patch(Rectangle((column, row), 1, 1, **UNDECIDED))
    framed = {"fill": False, "ec": PALE, "lw": 1.2, "clip_on": False}
    axes.add_patch(Rectangle((0, 0), len(grid.columns), len(grid), **framed))
    names = [escape.lines(name, 8) for name in grid.columns]
    axes.set_xticks(np.arange(len(names)) + 0.5, names, rotation=0, fontsize=10)
    axes.tick_params(axis="y", rotation=0, labelsize=10)
    axes.grid(False)
    axes.xaxis.tick_top()


def _patches() -> list[Patch]:
    hatched = {OPEN: UNDECIDED["hatch"]}
    return [
        Patch(fc=colour, ec=INK, label=kind, hatch=hatched.get(kind))
        for kind, colour in VERDICTS.items()
    ]


def front(
    studies: Mapping[str, pd.DataFrame], level: pd.DataFrame, judged: Mapping[str, dict]
) -> Figure:
    """Three panels: mean rates of two studies, one false-alarm rate for all, claims that hold.

    Parameters
    ----------
    studies : name -> mean rates (:func:`foilseg.analysis.comparisons.means`) of two studies.
    level : of :meth:`foilseg.analysis.trainings.Compared.table`.
    judged : study -> verdicts.
    """
    with house_style():
        figure, axes = plt.subplots(1, 3, figsize=(10, 4.3), width_ratios=(1.45, 1, 0.8))
        _rates(axes[0], studies)
        _matched(axes[1], level)
        _tally(axes[2], judged)
        for letter, place in zip("abc", axes):
            place.set_title(f"({letter})", loc="left", fontsize=11)
        for place, many in zip(axes, (2, 1, 1)):
            below = {"bbox_to_anchor": (0.42, -0.18), "columnspacing": 1, "fontsize": 10}
            place.legend(
                *place.get_legend_handles_labels(), loc="upper center", ncols=many, **below
            )
        return done(figure)


def _rates(axes: Axes, studies: Mapping[str, pd.DataFrame]) -> None:
    """The models of two studies, with an entry for each of these and for each remedy."""
    (name, here), (other, there) = studies.items()
    plots.pairs(axes, here, there, x="FPR", y="TPR", other=other)
    axes.set_xscale("log")
    for entry in model_figures.legend(here["model"], (name, other)):
        axes.plot(
            [],
            [],
            entry.get_marker(),
            label=entry.get_label(),
            ls="",
            ms=7,
            mfc=entry.get_mfc(),
            mec=entry.get_mec(),
        )


def _tally(axes: Axes, judged: Mapping[str, dict]) -> None:
    """How many claims hold, do not, and stay open in each study, as stacked bars."""
    verdicts = pd.DataFrame(judged).map(lambda each: each.verdict)
    table = verdicts.apply(pd.Series.value_counts).reindex(list(VERDICTS)).fillna(0).astype(int).T
    table.plot.barh(stacked=True, width=0.8, color=VERDICTS, edgecolor=INK, ax=axes, legend=False)
    for bars, (kind, colour) in zip(axes.containers, VERDICTS.items()):
        for bar in bars if kind == OPEN else ():
            bar.set(hatch=UNDECIDED["hatch"], edgecolor=PALE)
        texts = [number or "" for number in table[kind]]
        axes.bar_label(bars, texts, label_type="center", color=PAPER if colour == INK else INK)
    axes.invert_yaxis()
    axes.set_yticks(axes.get_yticks(), map(partial(escape.lines, letters=12), table.index))
    axes.set(xlabel="claims", ylabel="")
