"""Scores, curves and uncertainties of models -> Figure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from foilseg.data import escape
from foilseg.data.dataset import LabelClass
from foilseg.drawing import night
from foilseg.drawing.night import contrast
from foilseg.drawing.style import (
    INK,
    MARKERS,
    PALE,
    PAPER,
    class_legend,
    columns,
    done,
    house_style,
    look,
    note,
    outside_legend,
)
from foilseg.evaluation import curves, metrics
from foilseg.evaluation.curves import Histograms
from foilseg.figures import model_figures, plots

RATES = ("TPR", "FPR", "precision")
LIGHT = -11  # place that would be black: so the first ones are grey, and dark numbers read well
APART = 0.06  # of the width of a panel: keeps the last number of an axis from the next one


def variation(
    rates: pd.DataFrame, classes: Sequence[LabelClass], printed: pd.DataFrame | None = None
) -> Figure:
    """TPR, FPR and precision of each defect and their mean, a row a model (as Fig. 4.2).

    Filled marks: reproduced, in the defects' colours, their mean in black. Small open marks, a
    little lower: published.
    """
    models = list(dict.fromkeys(rates["model"].astype(str)))
    with house_style():
        figure, axes = plt.subplots(1, 3, figsize=(9, 0.34 * len(models) + 1.4), sharey=True)
        figure.get_layout_engine().set(wspace=APART)
        for place, rate in zip(axes, RATES):
            for table, shift, size in ((rates, -0.12, 7), (printed, 0.22, 4)):
                if table is not None:
                    _spread(place, _above_nothing(table), models, classes, rate, shift, size)
            place.set(xlabel=rate, ylim=(len(models) - 0.5, -0.5))
            _scaled(place, rate)
        axes[0].set_yticks(range(len(models)), models)
        axes[0].set_xlim(0, 1)
        axes[2].set_xlim(0, 1)
        handles, names = axes[0].get_legend_handles_labels()
        outside_legend(figure, handles, min(3, columns(names)))
        return done(figure)


def _above_nothing(rates: pd.DataFrame) -> pd.DataFrame:
    """Rates whose FPR of 0 stands at the end of a scale of powers."""
    return rates.assign(FPR=rates["FPR"].clip(lower=plots.LEAST))


def _scaled(axes: Axes, rate: str) -> None:
    """The scale of a rate: of powers for the FPR, if there is any."""
    if rate == "FPR" and any(np.isfinite(line.get_xdata(orig=False)).any() for line in axes.lines):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=3))  # not each power: the numbers are long
        axes.xaxis.set_minor_locator(LogLocator(numticks=99))  # but each has its line
        axes.grid(which="minor", axis="x")
    else:
        axes.locator_params(axis="x", nbins=4)


def per_image(counts: pd.DataFrame) -> Figure:
    """A dot for each image: TPR, FPR and precision, a row a model; bars hold the middle half.

    ``counts`` : model, foil, defect, tp, fp, fn, tn. The rates of an image are those of its
    defects, averaged over the defects for which the rate is defined; without one there is no dot.
    The FPR has a scale of powers, at whose left end an image without a false alarm stands.
    """
    rates = metrics.rates(counts.astype({"model": str}))
    rates = rates.groupby(["model", "foil"], sort=False)[[*RATES]].mean().reset_index()
    rates = _above_nothing(rates)
    models = rates["model"].nunique()
    colours = {model: look(model).colour for model in rates["model"]}
    shared = {"hue": "model", "palette": colours, "legend": False}
    dots = partial(sns.stripplot, jitter=False, size=4, alpha=0.7, linewidth=0, **shared)
    middle = partial(sns.pointplot, estimator="median", errorbar=("pi", 50), linestyle="none")
    middle = partial(middle, marker="|", markersize=13, err_kws={"linewidth": 4}, **shared)
    with house_style():
        figure, axes = plt.subplots(1, 3, figsize=(9, 0.34 * models + 1.2), sharey=True)
        figure.get_layout_engine().set(wspace=APART)
        for place, rate in zip(axes, RATES):
            for draw in (dots, middle):
                draw(rates, x=rate, y="model", ax=place)
            place.set(ylabel="")
            _scaled(place, rate)
        return done(figure)


def rank_map(ranks: pd.DataFrame) -> Figure:
    """The places of the models by each rate, a row a model; the darker, the better.

    ``ranks`` : of :func:`foilseg.evaluation.scores.ranks`. A model without a place has no number.
    """
    places = ranks.astype({"model": str}).set_index("model").astype(float)
    figures = places.map(lambda place: "" if np.isnan(place) else f"{place:.0f}")
    with house_style():
        figure, axes = plt.subplots(figsize=(1.2 * places.shape[1] + 2, 0.32 * len(places) + 1.4))
        sns.heatmap(places, annot=figures, fmt="", cmap="Greys_r", cbar=False, vmin=LIGHT, ax=axes)
        axes.set(ylabel="")
        shades = axes.collections[0].get_facecolors()[places.notna().to_numpy().ravel()]
        for text, shade in zip((t for t in axes.texts if t.get_text()), shades):
            text.set_color(max((INK, PAPER), key=lambda ink: contrast(to_rgb(ink), shade[:3])))
        axes.set_xticklabels([name.replace(" ", "\n", 2) for name in places], rotation=0)
        axes.tick_params(axis="both", length=0)
        axes.xaxis.tick_top()
        return done(figure)


def _spread(axes: Axes, table, models, classes, rate, shift: float, size: float) -> None:
    """Marks of one rate: every defect of every model, and the mean over the defects."""
    ours = shift < 0
    wide = table.assign(model=table["model"].astype(str), defect=table["defect"].astype(str))
    wide = wide.pivot(index="model", columns="defect", values=rate).reindex(models)
    rows = np.arange(len(models)) + shift
    axes.hlines(rows, wide.min(axis=1), wide.max(axis=1), color=PALE, lw=0.8, zorder=1)
    for marker, c in zip(MARKERS, classes):
        fill = c.colour if ours else PAPER
        label = escape.legend(c.name) if ours else None
        edge = INK if ours else c.colour
        axes.plot(wide[c.name], rows, marker, mfc=fill, mec=edge, mew=0.6, ms=size, label=label)
    means = wide.mean(axis=1)
    axes.plot(means, rows, "|", c=INK, ms=2 * size, mew=1.6, label="mean" if ours else None)


def threshold_curves(
    histograms: Mapping[str, Histograms],
    defects: Sequence[str],
    against: str = "label",
    highlighted: Collection[str] = (),
) -> Figure:
    """Precision over recall, and TPR over FPR, for every threshold; a panel pair a defect.

    ``highlighted`` : as of :func:`foilseg.figures.model_figures.lines`.
    """
    if not histograms:
        return note("No model to draw a curve of.")
    lines = partial(model_figures.lines, highlighted=highlighted, lw=1.2)
    with house_style():
        size = (2.2 * len(defects) + 1, 5)
        figure, axes = plt.subplots(2, len(defects), figsize=size, squeeze=False)
        for (above, below), defect in zip(axes.T, defects):
            each = [curves.curve(h.total(defect, against)) for h in histograms.values()]
            table = pd.concat(each, keys=list(histograms), names=["model"]).reset_index()
            lines(above, table, "TPR", "precision")
            lines(below, table.assign(FPR=table["FPR"].clip(lower=plots.LEAST)), "FPR", "TPR")
            title, across = escape.lines(defect), "recall (TPR)"
            above.set(title=title, xlabel=across, xlim=(0, 1), ylim=(0, 1))
            below.set(xscale="log", xlabel="FPR", xlim=(1e-5, 1), ylim=(0, 1))
            below.set_xticks([1e-4, 1e-2])  # a third label would touch the second
        axes[0, 0].set_ylabel("precision")
        axes[1, 0].set_ylabel("TPR")
        model_figures.line_legend(figure, axes[0, 0])
        return done(figure)


PRICES = tuple(np.logspace(-1, 3, 41))  # of a missed pixel, for :func:`cost_curves`


def cost_curves(costs: pd.DataFrame, highlighted: Collection[str] = ()) -> Figure:
    """Costs over the price of a missed pixel, a curve a model.

    ``costs`` : of :func:`foilseg.evaluation.operating_points.costs`; ``highlighted`` : as of
    :func:`foilseg.figures.model_figures.lines`.
    """
    means = costs.dropna(axis=1)
    if means.empty:
        return note("There is no model or no defect to draw a curve of.")
    with house_style():
        figure, axes = plt.subplots(figsize=(7, 4.2))
        prices = means.rename_axis("price").reset_index()
        each = prices.melt("price", var_name="model", value_name="cost")
        model_figures.lines(axes, each, "price", "cost", highlighted)
        axes.set(xscale="log", ylim=(0, 1.06), ylabel="cost, share of reporting nothing")
        axes.set_xlabel("cost of a missed pixel (a false one costs 1)")
        model_figures.line_legend(figure, axes)
        return done(figure)


def shares(table: pd.DataFrame, classes: Sequence[LabelClass], suffix: str = " share") -> Figure:
    """A bar for each loss, divided among the classes; a part that is wide enough has its share.

    ``table`` : indexed by loss, a column a class, as
    :func:`foilseg.analysis.model_tables.gradient_shares`; a row adds up to 1.
    """
    with house_style():
        figure, axes = plt.subplots(figsize=(7, 0.42 * len(table) + 1.4))
        rows, begin = np.arange(len(table)), np.zeros(len(table))
        for c in classes:
            parts = table[c.name + suffix].to_numpy(float)
            style = {"color": c.colour, "edgecolor": INK, "linewidth": 0.6}
            bars = axes.barh(rows, 100 * parts, 0.7, 100 * begin, **style)
            told = [f"{part:#.3g}%".replace(".%", "%") for part in 100 * parts]
            told = [text if part >= 0.1 else "" for text, part in zip(told, parts)]
            words = axes.bar_label(bars, told, label_type="center", fontsize=10, color=INK)
            for word in words if c.index else ():  # its bar keeps its colour by night
                word.set_gid(night.HELD)
            begin = begin + parts
        axes.set_yticks(rows, map(escape.lines, map(str, table.index)))
        axes.set(xlim=(0, 100), xlabel="share of the gradient in %", ylim=(len(table) - 0.5, -0.5))
        axes.grid(False, axis="y")
        class_legend(figure, classes)
        return done(figure)


def differences(table: pd.DataFrame) -> Figure:
    """Differences to the baseline with their intervals; a panel a rate, a row a model."""
    models = list(dict.fromkeys(table["model"]))
    if not models:
        return note("There is no other model to compare the baseline with.")
    with house_style():
        figure, axes = plt.subplots(1, 3, figsize=(9, 0.32 * len(models) + 1), sharey=True)
        for place, rate in zip(axes, RATES):
            part = table[table["rate"] == rate].set_index("model").loc[models]
            rows = np.arange(len(models))
            place.axvline(0, c=PALE, lw=1)
            colours = [look(model).colour for model in models]
            place.hlines(rows, part["low"], part["high"], color=colours)
            places = np.stack([part["difference"], rows], axis=1)
            model_figures.marks(place, places, models, ms=5)
            place.set(xlabel=f"difference of mean {rate}", ylim=(len(models) - 0.5, -0.5))
            place.locator_params(axis="x", nbins=4)
        axes[0].set_yticks(range(len(models)), models)
        return done(figure)
