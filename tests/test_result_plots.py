"""What is drawn is what the tables say."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from IPython.core.pylabtools import print_figure
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.text import Text

from foilseg.analysis import stability
from foilseg.data.dataset import LabelClass
from foilseg.drawing import night, style
from foilseg.evaluation import curves
from foilseg.figures import plots, result_plots, stability_figures

CLASSES = (LabelClass(1, "pit", "#0072b2"), LabelClass(2, "scratch", "#e69f00"))


def rates(scale=1.0):
    rows = [(m, c.name, scale * (i + j) / 10, 0.01, np.nan)
            for i, m in enumerate("ab") for j, c in enumerate(CLASSES)]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "defect", "TPR", "FPR", "precision"])


def test_the_variation_shows_each_defect_and_the_mean_of_both_sources():
    axes = result_plots.variation(rates(), CLASSES, rates(2.0)).axes[0]
    lines = [line.get_xdata().tolist() for line in axes.lines]
    ours, theirs = lines[:3], lines[3:]
    assert np.allclose(ours, [[0, 0.1], [0.1, 0.2], [0.05, 0.15]])
    assert np.allclose(theirs, 2 * np.array(ours))
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b"]


def test_differences_show_the_interval():
    rows = [("a", r, 0.1, 0.05, 0.2, 1.0) for r in result_plots.RATES]
    table = pd.DataFrame(rows, columns=["model", "rate", "difference", "low", "high", "higher"])
    axes = result_plots.differences(table).axes[0]
    assert axes.collections[0].get_segments()[0][:, 0].tolist() == [0.05, 0.2]
    assert "no other model" in result_plots.differences(table.head(0)).axes[0].texts[0].get_text()


def histograms():
    counts = np.zeros((1, curves.BINS, 2), int)
    counts[0, -1], counts[0, 0] = (0, 6), (90, 4)
    keys = pd.DataFrame([("f", "label", "pit")], columns=curves.KEYS)
    return {"m": curves.Histograms(keys, counts)}


def test_curves_are_those_of_the_histograms():
    figure = result_plots.threshold_curves(histograms(), ["pit"])
    precision, tpr = (axes.lines[0] for axes in figure.axes)
    expected = curves.curve(histograms()["m"].total("pit"))
    np.testing.assert_allclose(precision.get_ydata(), expected["precision"])
    np.testing.assert_allclose(tpr.get_ydata(), expected["TPR"])


def test_a_model_without_a_cost_has_no_curve():
    costs = pd.DataFrame({"m": [0.4, 0.2], "none": [np.nan, np.nan]}, index=[0.1, 10])
    axes = result_plots.cost_curves(costs).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines if len(line.get_ydata())] == [[0.4, 0.2]]


@pytest.mark.parametrize("rate", result_plots.RATES)
def test_late_iterations_show_every_checkpoint(rate):
    means = pd.DataFrame({"model": ["m"] * 2, "iteration": [7, 10], "TPR": [0.1, 0.2]})
    means["FPR"], means["precision"] = [0.3, 0.1], [0.5, 0.6]
    axes = stability_figures.late_iterations(means).axes[result_plots.RATES.index(rate)]
    assert axes.lines[0].get_ydata().tolist() == means[rate].tolist()
    assert axes.get_xlabel() == "iteration"
    assert axes.get_yscale() == ("log" if rate == "FPR" else "linear")
    none = stability_figures.late_iterations(means.assign(FPR=[0.0, 0.1])).axes[1]
    assert none.lines[0].get_ydata().tolist() == [plots.LEAST, 0.1], "nothing is off the scale"


def test_a_sentence_in_the_place_of_a_picture_is_shown():
    picture = print_figure(style.note("Nothing to draw."))
    assert picture is not None and len(np.unique(plt.imread(io.BytesIO(picture)))) > 2


def test_without_a_model_or_a_defect_a_sentence_stands_there():
    for figure in (
        result_plots.threshold_curves({}, ["pit"]),
        result_plots.cost_curves(pd.DataFrame()),
        result_plots.cost_curves(pd.DataFrame({"m": [np.nan]}, index=[1.0])),
    ):
        assert "to draw a curve of" in figure.axes[0].texts[0].get_text()


def test_every_model_has_an_entry_in_the_legend_under_its_own_name():
    (counts,) = histograms().values()
    models = dict.fromkeys(("_a", "b", *map(str, range(14))), counts)
    costs = pd.DataFrame({name: [0.5, 0.4] for name in models}, index=[1, 10])
    late = pd.DataFrame({"model": [*models], "iteration": 1, "TPR": 0.1, "FPR": 0.1})
    for figure in (
        result_plots.threshold_curves(models, ["absent", "pit"]),
        result_plots.cost_curves(costs),
        stability_figures.late_iterations(late.assign(precision=np.nan)),
    ):
        assert [t.get_text().strip("\u200b") for t in figure.legends[0].texts] == [*models]
        assert all(axes.get_legend() is None for axes in figure.axes)


def counts():
    rows = [("m", "1", "pit", 3, 1, 1, 95), ("m", "1", "scratch", 1, 0, 1, 98),
            ("m", "2", "pit", 0, 0, 0, 100)]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "foil", "defect", "tp", "fp", "fn", "tn"])


def test_a_dot_is_the_mean_over_the_defects_of_an_image():
    tpr, fpr, precision = result_plots.per_image(counts()).axes
    dots = [axes.collections[0].get_offsets()[:, 0].tolist() for axes in (tpr, fpr, precision)]
    assert dots[0] == [(3 / 4 + 1 / 2) / 2]  # the other image has no defect
    assert dots[1] == [1 / 96 / 2, plots.LEAST] and fpr.get_xscale() == "log"  # none is off it
    assert dots[2] == [(3 / 4 + 1) / 2]


def test_each_power_of_ten_of_the_fpr_has_a_line_and_few_have_a_number():
    table = pd.concat([counts().assign(fp=fp, tn=10**6 - fp) for fp in (2, 200, 20_000, 400_000)])
    table = table.assign(foil=[f"foil {n}" for n in range(len(table))])
    figure = result_plots.per_image(table)
    figure.canvas.draw()
    axis = figure.axes[1].xaxis
    low, high = axis.get_view_interval()
    told = [place for place in axis.get_majorticklocs() if low <= place <= high]
    assert all(tick.gridline.get_visible() for tick in axis.get_minor_ticks())
    lined = list(axis.get_minorticklocs())
    powers = {10.0**n for n in range(-9, 1) if low <= 10.0**n <= high}
    assert len(told) < len(powers) >= 3
    assert {f"{place:.0e}" for place in lined + told} >= {f"{place:.0e}" for place in powers}


def test_a_place_is_a_number_and_the_best_is_the_darkest():
    ranks = pd.DataFrame({"model": ["a", "b", "c"], "by TPR": [2, 1, None]}).astype(
        {"by TPR": "Int64"}
    )
    axes = result_plots.rank_map(ranks).axes[0]
    assert [text.get_text() for text in axes.texts] == ["2", "1"]
    shades = axes.collections[0].get_facecolors()[:, :3].sum(axis=1)
    assert shades[1] < shades[0]


def test_a_place_is_written_in_the_ink_that_its_grey_lets_one_read():
    table = pd.DataFrame({"model": [*"abcdefghijklm", "none"], "by TPR": [*range(1, 14), None]})
    axes = result_plots.rank_map(table).axes[0]
    shades = axes.collections[0].get_facecolors()[:13]
    inks = [text.get_color() for text in axes.texts if text.get_text()]
    told = map(night.contrast, map(to_rgb, inks), shades[:, :3])
    assert min(told) > 4.5 and set(inks) == {style.INK}, "no grey in the middle"


def test_rates_of_false_alarms_have_a_scale_of_powers_on_which_none_is_seen():
    table = rates()
    table.loc[0, "FPR"] = 0.0
    tpr, fpr, _ = result_plots.variation(table, CLASSES).axes
    assert (tpr.get_xscale(), fpr.get_xscale()) == ("linear", "log")
    assert fpr.lines[0].get_xdata()[0] == plots.LEAST
    nothing = result_plots.variation(table.assign(FPR=np.nan), CLASSES).axes[1]
    assert nothing.get_xscale() == "linear"


def test_a_bar_is_divided_among_the_classes_and_large_parts_are_told():
    table = pd.DataFrame({"pit share": [0.96, 0.304], "scratch share": [0.04, 0.696]}, ["a", "b"])
    axes = result_plots.shares(table, CLASSES).axes[0]
    pit, scratch = ([(b.get_x(), b.get_width()) for b in bars] for bars in axes.containers)
    np.testing.assert_allclose(pit, [(0, 96), (0, 30.4)])
    np.testing.assert_allclose(scratch, [(96, 4), (30.4, 69.6)])
    assert [t.get_text() for t in axes.texts] == ["96.0%", "30.4%", "", "69.6%"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b"]


def test_differences_of_false_alarms_are_read_in_millionths():
    rows = [("a", r, -0.002, -0.004, 0.004, 1.0) for r in result_plots.RATES]
    table = pd.DataFrame(rows, columns=["model", "rate", "difference", "low", "high", "higher"])
    figure = result_plots.differences(table)
    figure.canvas.draw()
    axis = figure.axes[1].xaxis
    assert axis.get_label_text() == "difference of mean FPR (ppm)"
    assert {"-2,500", "2,500"} <= {text.get_text() for text in axis.get_ticklabels()}


def test_the_outliers_among_late_checkpoints_are_named():
    falsely = {"calm": (1, 1, 1), "wild": (1, 9, 2)}
    rows = [
        (model, "pit", iteration, 5, fp, 5, 90 - fp)
        for model, each in falsely.items()
        for iteration, fp in zip((8, 9, 10), each)
    ]
    counts = pd.DataFrame(rows, columns=["model", "defect", "iteration", "tp", "fp", "fn", "tn"])
    worst = stability.per_class(counts)
    axes = stability_figures.late_classes(counts, worst, most=1).axes[0]
    assert [text.get_text() for text in axes.texts] == ["wild"]
    peak = axes.lines[-1]
    assert (peak.get_xdata().tolist(), peak.get_ydata().tolist()) == ([9], [0.1])


@pytest.mark.parametrize("title", ["Os. Cavities", "Binary"])
def test_a_named_outlier_has_its_models_line_and_mark_and_a_name_off_all_lines(title):
    rows = [
        (model, "pit", iteration, 5, fp, 5, 9000 - fp)
        for model, each in {title: (4, 90, 7), "calm": (5, 60, 50)}.items()
        for iteration, fp in zip((8400, 9000, 12000), each)
    ]
    counts = pd.DataFrame(rows, columns=["model", "defect", "iteration", "tp", "fp", "fn", "tn"])
    figure = stability_figures.late_classes(counts, stability.per_class(counts), most=1)
    axes, own = figure.axes[0], style.look(title)
    assert own.line in [line.get_linestyle() for line in axes.lines]
    assert axes.lines[-1].get_marker() == own.mark
    assert [label.get_text() for label in axes.get_xticklabels()] == ["8,400", "12,000"]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    text = axes.texts[0]
    box = Text.get_window_extent(text, canvas.get_renderer())
    for line in axes.lines[:2]:
        bent = Path(axes.transData.transform(line.get_xydata()))
        assert not bent.intersects_bbox(box, filled=False)


def test_every_training_is_a_mark_and_every_checkpoint_a_tick_in_the_row_of_its_model():
    rates = {"TPR": [0.5, 0.7, 0.2], "FPR": [0.1, 0.0, 0.2], "precision": [0.5, np.nan, 0.5]}
    trained = pd.DataFrame({"model": ["Baseline", "Baseline", "Binary"], "seed": [0, 1, 0]} | rates)
    late = pd.DataFrame(
        {"model": ["Baseline", "Binary"], "iteration": 9} | dict.fromkeys(rates, 0.3)
    )
    figure = stability_figures.trainings(trained, late)
    lines = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert lines == [[[0.5, -0.12], [0.7, -0.12]], [[0.2, 0.88]], [[0.3, 0.22]], [[0.3, 1.22]]]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["Baseline", "Binary"]
    assert figure.axes[1].lines[0].get_xdata().min() == plots.LEAST, "a rate of 0 is drawn"


def test_models_that_are_not_highlighted_are_grey_and_share_an_entry():
    late = pd.DataFrame({"model": [*"abc"], "iteration": 1, "TPR": 0.1, "FPR": 0.1})
    figure = stability_figures.late_iterations(late.assign(precision=0.5), ["b"])
    assert [t.get_text() for t in figure.legends[0].texts] == ["b", "other models"]
    colours = [line.get_color() for line in figure.axes[0].lines]
    assert colours == [style.PALE, style.look("b").colour, style.PALE]
    costs = pd.DataFrame({"a": [0.5, 0.4], "b": [0.3, 0.2]}, index=[1, 10])
    figure = result_plots.cost_curves(costs, ["a", "absent"])
    assert [t.get_text() for t in figure.legends[0].texts] == ["a", "other models"]
