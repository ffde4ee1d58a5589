"""Late checkpoints and further trainings of models -> Figure."""

from __future__ import annotations

from collections.abc import Collection

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from foilseg.data import escape
from foilseg.drawing.names import laid_out, named
from foilseg.drawing.style import INK, PALE, PAPER, done, house_style, look
from foilseg.evaluation import metrics
from foilseg.figures import model_figures, plots
from foilseg.figures.result_plots import APART, RATES


def late_classes(counts: pd.DataFrame, worst: pd.DataFrame, most: int = 4) -> Figure:
    """FPR of every model over the late iterations, a panel a defect, the worst outliers named.

    Parameters
    ----------
    counts : model, iteration, defect, tp, fp, fn, tn.
    worst : of :func:`foilseg.analysis.stability.per_class`; its first ``most`` rows are named.
    """
    rates = metrics.score(counts, ["model", "defect", "iteration"], scores=["FPR"])
    rates = rates.astype({"model": str, "defect": str})
    defects, outliers = list(dict.fromkeys(rates["defect"])), worst.head(most)
    with house_style():
        lines = -(-len(defects) // 2)  # two panels side by side are in sight on a telephone
        figure, axes = plt.subplots(
            lines, 2, figsize=(5.4, 2.6 * lines), sharey=True, squeeze=False
        )
        for place in axes.flat[len(defects) :]:
            place.set_axis_off()
        for place, defect in zip(axes.flat, defects):
            own = rates[rates["defect"] == defect]
            own = own.assign(FPR=own["FPR"].clip(lower=plots.LEAST))
            told = outliers.loc[outliers["defect"] == defect, "model"].tolist()
            for model, part in own.groupby("model", sort=False):
                style, grey = look(model), {"c": PALE, "lw": 0.8, "zorder": 1.5}
                own_look = {"c": style.colour, "ls": style.line, "lw": 1.4}
                place.plot(part["iteration"], part["FPR"], **own_look if model in told else grey)
            place.set(yscale="log", title=escape.lines(defect))
            _ends(place, own["iteration"])
            place.tick_params(axis="x", labelsize=10)
            place.margins(x=0.15, y=0.25)  # room for the names
        for place in axes[:, 0]:
            place.set_ylabel("FPR")
        for place in axes[-1, :]:
            place.set_xlabel("iteration")
        figure.get_layout_engine().set(wspace=APART, hspace=APART)
        laid_out(figure)
        for place, defect in zip(axes.flat, defects):
            _peaks(place, outliers[outliers["defect"] == defect])
        return done(figure)


def _peaks(axes: Axes, outliers: pd.DataFrame) -> None:
    """The worst checkpoint of some models, marked and named."""
    peaks = outliers[["worst iteration", "FPR there"]].to_numpy(float).reshape(-1, 2)
    model_figures.marks(axes, peaks, outliers["model"], ms=5, zorder=4)
    named(axes, peaks, outliers["model"])


def _ends(axes: Axes, iterations: pd.Series) -> None:
    """Label the first and the last iteration alone, as numbers are written elsewhere."""
    axes.set_xticks(sorted({iterations.min(), iterations.max()}))
    axes.xaxis.set_major_formatter("{x:,.0f}")


def late_iterations(means: pd.DataFrame, highlighted: Collection[str] = ()) -> Figure:
    """Mean TPR, FPR (on a scale of powers) and precision over the iterations that were kept.

    ``highlighted`` : as of :func:`foilseg.figures.model_figures.lines`.
    """
    shown = means.assign(FPR=means["FPR"].clip(lower=plots.LEAST))
    with house_style():
        figure, axes = plt.subplots(1, 3, figsize=(9, 3))
        for place, rate in zip(axes, RATES):
            model_figures.lines(place, shown, "iteration", rate, highlighted, lw=1.2)
            place.set(ylabel=f"mean {rate}", xlabel="iteration")
            _ends(place, shown["iteration"])
            if rate == "FPR" and shown[rate].notna().any():
                place.set_yscale("log")
        model_figures.line_legend(figure, axes[0])
        return done(figure)


def trainings(trained: pd.DataFrame, late: pd.DataFrame) -> Figure:
    """Mean TPR, FPR (on a scale of powers) and precision of every training, a row a model.

    ``trained``, ``late`` : model, a setting and the rates, as of
    :func:`foilseg.analysis.stability.mean_rates`; the late checkpoints are ticks below the marks.
    """
    models = list(dict.fromkeys(late["model"].astype(str)))
    rows = {model: row for row, model in enumerate(models)}
    with house_style():
        size = (9, 0.42 * len(models) + 1.5)
        figure, axes = plt.subplots(1, 3, figsize=size, sharey=True)
        for place, rate in zip(axes, RATES):
            for table, shift, mark, size in ((trained, -0.12, "", 7), (late, 0.22, "|", 9)):
                for model, part in table.groupby(table["model"].astype(str), sort=False):
                    values = part[rate].clip(lower=plots.LEAST if rate == "FPR" else None)
                    own, height = look(model), rows[model] + shift
                    style = {"c": own.colour, "ms": size, "ls": "", "mew": 1.2}
                    if not mark:
                        place.hlines(height, values.min(), values.max(), color=own.colour, lw=1)
                        style |= {"mec": PAPER, "mew": 0.7}
                    place.plot(values, [height] * len(part), mark or own.mark, **style)
            place.set(xlabel=f"mean {rate}", ylim=(len(models) - 0.5, -0.5))
            place.locator_params(axis="x", nbins=4)
            if rate == "FPR" and late[rate].notna().any():
                place.set_xscale("log")
        axes[0].set_yticks(range(len(models)), [escape.lines(model) for model in models])
        for text, model in zip(axes[0].get_yticklabels(), models):
            text.set_color(look(model).colour)
        handles = [Line2D([], [], c=INK, ls="", marker=m, ms=s) for m, s in (("o", 7), ("|", 9))]
        names = ["a training", "a late checkpoint of the first one"]
        figure.legend(handles, names, loc="outside upper left", ncols=2, fontsize=10)
        return done(figure)
