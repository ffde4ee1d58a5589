"""Charts of numbers: what is drawn is what the tables say, under the names they have."""

import itertools
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.path import Path
from matplotlib.text import Text

from foilseg.claims.verdicts import FAILS, HOLDS, OPEN, UNSURE, Verdict
from foilseg.data import defects
from foilseg.data.dataset import Dataset, Foil, LabelClass
from foilseg.drawing import names as names_beside
from foilseg.drawing import night, style
from foilseg.evaluation import example_rules
from foilseg.figures import (
    defect_figures,
    model_figures,
    overview_figures,
    plots,
    remedy_figures,
    sampling_figures,
)

CLASSES = (LabelClass(1, "pit", "#0072b2"), LabelClass(2, "_a", "#e69f00"))
WITH_GROUND = (LabelClass(0, "background", "#ffffff"), *CLASSES)


def legend(figure):
    """The entries of the only legend of a figure, without the mark before an underscore."""
    (only,) = figure.legends
    return [text.get_text().strip("\u200b") for text in only.texts]


def heights(axes):
    """Colour -> heights of the bars of that colour, in the order of their places."""
    found = {}
    for bar in sorted((b for b in axes.patches if b.get_width()), key=lambda b: b.get_x()):
        found.setdefault(to_hex(bar.get_facecolor()), []).append(bar.get_height())
    return found


def points(axes):
    """The places of all marks of a scatter plot."""
    return [tuple(p) for group in axes.collections for p in np.ma.filled(group.get_offsets())]


def marks(axes):
    """The places of all marks of models, and what they are filled with."""
    own = [line for line in axes.lines if len(line.get_xdata()) == 1]
    found = [(tuple(line.get_xydata()[0]), line.get_markerfacecolor()) for line in own]
    return [(place, fill) for place, fill in found if np.isfinite(place).all()]


def test_class_shares_are_bars_in_the_colours_of_the_classes_and_marks_for_what_is_printed():
    table = pd.DataFrame({"class": ["background", "pit", "_a"], "share": [0.9, 0.08, 0.02]})
    axes = plots.class_shares(table, WITH_GROUND).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.9, 0.08, 0.02]
    assert [to_hex(b.get_facecolor()) for b in axes.patches] == [c.colour for c in WITH_GROUND]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["background", "pit", "_a"]
    assert axes.get_xscale() == "log" and not axes.lines
    figure = plots.class_shares(table.assign(**{"published share": [0.8, 0.1, 0.1]}), WITH_GROUND)
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0.8, 0.1, 0.1]
    assert legend(figure) == ["published"]


def dataset(number):
    """Foils of 100 x 3 pixels whose training rows (the lower 67) hold 67 pits and 67 of ``_a``."""
    mask = np.zeros((100, 3), np.uint8)
    mask[33:, 0], mask[33:, 1], mask[:33] = 1, 2, 1
    foils = (Foil(f"f{k}", np.zeros((1, 100, 3), np.float32), mask) for k in range(number))
    return Dataset("made up", WITH_GROUND, tuple(foils))


@pytest.mark.parametrize(("number", "named"), [(2, 2), (30, 30), (70, 24)])
def test_foil_shares_are_percentages_of_the_training_region_a_panel_a_defect(number, named):
    figure = plots.foil_shares(dataset(number))
    first, axes = figure.axes
    assert np.allclose(heights(first)["#0072b2"], [100 / 3] * number)
    assert np.allclose([bar.get_height() for bar in axes.containers[0]], [100 / 3] * number)
    assert [place.get_title(loc="left") for place in figure.axes] == ["pit", "_a"]
    assert axes.get_xlabel() == "image" and figure.get_supylabel() == "share of the pixels in %"
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert len(labels) == named and labels[0] == "f0"


def test_images_with_long_names_are_numbered():
    few = dataset(3)
    foils = tuple(replace(foil, name=f"{n}_of_a_long_name") for n, foil in enumerate(few.foils))
    axes = plots.foil_shares(replace(few, foils=foils)).axes[-1]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2", "3"]
    assert axes.get_xlabel() == "image, by the order of their names"


def test_the_history_shows_each_iteration_and_its_running_mean():
    frame = pd.DataFrame({"iteration": [1, 2, 3], "train_loss": [3.0, 1.0, 2.0]})
    frame["validation_loss"] = [np.nan, 2.5, np.nan]
    figure = plots.history({"one": frame, "two": frame}, window=2)
    lines = [line.get_ydata().tolist() for line in figure.axes[0].lines]
    assert lines == [[3, 1, 2], [3, 2, 1.5], [2.5], [2.5]]
    assert [axes.get_title() for axes in figure.axes] == ["one", "two"]
    assert legend(figure) == ["training patches", "validation patches"]
    assert figure.legends[0].get_title().get_text() == "mean of 2 iterations"


def test_what_is_validated_now_and_then_has_a_running_mean_over_the_same_iterations():
    frame = pd.DataFrame({"iteration": range(1, 81), "train_loss": 1.0})
    frame["validation_loss"] = [float(k) if k % 10 == 9 else np.nan for k in range(80)]
    figure = plots.history({"one": frame}, window=20)
    _, _, raw, smooth = (line.get_ydata().tolist() for line in figure.axes[0].lines)
    assert raw == [9, 19, 29, 39, 49, 59, 69, 79]
    assert smooth == [9, 14, 24, 34, 44, 54, 64, 74]
    default = plots.history({"one": frame})
    assert default.legends[0].get_title().get_text() == "mean of 2 iterations"


def means(*values):
    return pd.DataFrame(values, columns=["model", "FPR", "TPR", "precision"])


def test_two_rates_are_compared_and_joined_model_by_model():
    ours = means(("A", 0.1, 0.5, 0.7), ("_b", 0.2, 0.6, 0.8))
    figure = plots.rate_comparison(ours, means(("_b", 0.3, 0.9, 0.4), ("other", 0, 0, 0)))
    left, right = figure.axes
    own = style.look("A").colour
    assert marks(left) == [((0.3, 0.9), style.PAPER), ((0.1, 0.5), own), ((0.2, 0.6), own)]
    assert [place for place, _ in marks(right)] == [(0.9, 0.4), (0.5, 0.7), (0.6, 0.8)]
    joined = [line.get_xydata().tolist() for line in left.lines if len(line.get_xdata()) == 2]
    assert joined == [[[0.2, 0.6], [0.3, 0.9]]]
    assert (left.get_xlabel(), left.get_ylabel()) == ("mean FPR (ppm)", "mean TPR")
    for axes in figure.axes:
        assert sorted(t.get_text().strip("\u200b") for t in axes.texts) == ["A", "_b"]
    assert legend(figure) == ["beyond", "reproduced", "published"]
    keys = [h.get_markerfacecolor() for h in figure.legends[0].legend_handles]
    assert keys[1:] == [style.COLOURS["quiet"], style.PAPER]


@pytest.mark.parametrize("printed", [None, means()])
def test_without_printed_rates_only_ours_are_shown(printed):
    ours = means(*((f"m{k}", k / 100, 0.5, 0.5) for k in range(15)))
    ours["model"] = pd.Categorical(ours["model"], ["none of them", *ours["model"]])
    figure = plots.rate_comparison(ours, printed)
    assert len(marks(figure.axes[0])) == 15 and legend(figure) == ["beyond"]


def rates():
    rows = [("A", "pit", 0.5), ("A", "_a", np.nan), ("B", "pit", 0.25), ("B", "_a", 1.0)]
    return pd.DataFrame(rows, columns=["model", "defect", "TPR"])


def test_a_rate_that_is_not_defined_has_a_cross_in_the_place_of_its_bar():
    figure = plots.defect_bars(rates(), CLASSES)
    axes = figure.axes[0]
    assert heights(axes) == {"#0072b2": [0.5, 0.25], "#e69f00": [1.0]}
    (cross,) = points(axes)
    assert np.allclose(cross, (0.2, 0.02))  # right of the middle of the first group
    assert [text.get_text() for text in axes.get_xticklabels()] == ["A", "B"]
    assert axes.get_ylabel() == "TPR" and legend(figure) == ["pit", "_a"]
    assert points(plots.defect_bars(rates().fillna(0), CLASSES).axes[0]) == []


def test_train_sets_have_a_group_each_and_a_mark_for_the_published_share():
    table = pd.DataFrame({"train set": ["u", "u", "v"], "class": ["_a", "pit", "_a"]})
    table = table.assign(share=[0.1, 0.2, 0.4], variety=[1.0, 0.5, np.nan])
    axes = sampling_figures.shares(table, CLASSES).axes[0]
    assert heights(axes) == {"#0072b2": [0.2], "#e69f00": [0.1, 0.4]} and not points(axes)
    printed = table.assign(**{"published share": pd.Series([None, 0.3, 0.5], dtype=object)})
    axes = sampling_figures.shares(printed, CLASSES).axes[0]
    assert np.allclose(sorted(points(axes)), [(-0.2, 0.3), (1.2, 0.5)])
    assert axes.get_yscale() == "log"
    axes = sampling_figures.variety(table, CLASSES).axes[0]
    assert heights(axes) == {"#0072b2": [0.5], "#e69f00": [1.0]}


def test_the_focal_loss_at_one_half():
    figure = plots.focal_curves([2.0, 0.0])  # in order, however they are given
    axes = figure.axes[0]
    for line, expected in zip(axes.lines, (np.log(2), np.log(2) / 4)):
        assert np.interp(0.5, line.get_xdata(), line.get_ydata()) == pytest.approx(expected, 1e-3)
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--"]  # not by colour alone
    assert [t.get_text() for t in figure.legends[0].texts] == [
        "gamma 0, the cross entropy",
        "gamma 2",
    ]


def test_the_network_is_a_box_a_stage_and_its_arrows_join_their_edges():
    maps, sides = (4, 8, 4, 2), (16, 8, 16, 16)
    stages = [{"maps": m, "side": s} for m, s in zip(maps, sides)]
    axes = plots.architecture(stages, 3).axes[0]
    boxes = [box.get_bbox() for box in axes.patches]
    assert [box.y1 - 0.22 for box in boxes] == pytest.approx([0, -1, 0, 0])
    assert [box.width for box in boxes] == pytest.approx([0.3, 0.37, 0.3, 0.23])
    said = [text.get_text() for text in axes.texts]
    assert {"image\n3", "16²", "8²", "4", "8", "2"} <= set(said)
    ends = [(t.xyann[0], t.xy[0]) for t in axes.texts if getattr(t, "arrow_patch", None)]
    edges = [(left.x1, right.x0) for left, right in pairwise(boxes)]
    assert np.allclose(ends, [*edges, (boxes[0].x1, boxes[2].x0), (0.35, boxes[0].x0)])


def objects(**columns):
    table = pd.DataFrame({"index": [1, 1, 2, 2], "area": [1, 10, 100, 1000.0]})
    table = table.assign(elongation=[1.0, 2, 3, np.inf], contrast=[-0.1, 0, 0.1, 0.2])
    return table.assign(**columns)


def test_distributions_are_shares_of_the_objects_of_a_class():
    figure = defect_figures.distributions(objects(), CLASSES)
    assert [axes.get_xscale() for axes in figure.axes] == ["log", "log", "linear"]
    assert [axes.get_xlabel() for axes in figure.axes] == [*defect_figures.PROPERTIES.values()]
    for axes in figure.axes:
        steps = {to_hex(line.get_color()): line.get_ydata()[:-1] for line in axes.lines}
        assert set(steps) == {c.colour for c in CLASSES}
        assert all(sum(shares) == pytest.approx(1) for shares in steps.values())
    assert legend(figure) == ["pit", "_a"]


@pytest.mark.parametrize("table", [objects()[:0], objects(area=5.0), objects(elongation=np.nan)])
def test_distributions_of_nothing_or_of_one_value_are_drawn(table):
    figure = defect_figures.distributions(table, CLASSES)
    figure.draw_without_rendering()
    assert len(figure.axes) == 3


LEVEL = pd.DataFrame({"model": ["A", "B"], "own threshold": [0.6, 0.4], "one FPR": [0.7, 0.9]})
LEVEL = LEVEL.assign(low=[0.65, 0.85], high=[0.75, 0.92])


def test_two_thresholds_of_a_model_are_joined_in_the_order_of_the_table():
    figure = overview_figures.matched(LEVEL)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["A", "B"]
    assert [place for place, _ in marks(axes)] == [(0.7, 0), (0.9, 1)]
    assert [x for x, _ in points(axes)[-2:]] == [0.6, 0.4]  # at its own threshold
    spans = [segment[:, 0].tolist() for segment in axes.collections[0].get_segments()]
    intervals = [segment[:, 0].tolist() for segment in axes.collections[1].get_segments()]
    assert intervals == [[0.65, 0.75], [0.85, 0.92]]
    assert spans == [[0.6, 0.7], [0.4, 0.9]] and axes.get_ylim()[0] > axes.get_ylim()[1]
    assert axes.get_xlim() == pytest.approx((0.38, 0.94))
    assert legend(figure) == ["at its own threshold", "at one FPR, with interval"]
    tested = LEVEL.assign(**{"own threshold, test": [0.5, 0.3]})
    axes = overview_figures.matched(tested).axes[0]
    assert [x for x, _ in points(axes)[-2:]] == [0.5, 0.3], "of the same images as the marks"
    assert axes.get_xlim() == pytest.approx((0.28, 0.94))


def judged():
    kinds = {"ours": (HOLDS, FAILS, OPEN, UNSURE), "theirs": (HOLDS, HOLDS, FAILS, FAILS)}
    return {
        study: {f"C0{n}": Verdict(None, kind) for n, kind in enumerate(each, 1)}
        for study, each in kinds.items()
    }


def test_claims_are_two_heat_maps_with_a_column_a_study():
    figure = overview_figures.claim_grid(judged())
    left, right = figure.axes
    holds, unsure, fails, undecided = overview_figures.VERDICTS.values()
    for axes, claims, wanted in (
        (left, ["C01", "C02"], [holds, holds, fails, holds]),
        (right, ["C03", "C04"], [undecided, fails, unsure, fails]),
    ):
        assert [to_hex(c) for c in axes.collections[0].get_facecolors()] == wanted
        assert [text.get_text() for text in axes.get_yticklabels()] == claims
        assert [text.get_text() for text in axes.get_xticklabels()] == ["ours", "theirs"]
        assert axes.patches[-1].get_bbox().bounds == (0, 0, 2, 2), "no frame closes the grid"
    assert legend(figure) == [HOLDS, UNSURE, FAILS, OPEN]
    hatched = [
        patch.get_xy() for axes in figure.axes for patch in axes.patches if patch.get_hatch()
    ]
    assert hatched == [(0, 0)] and right.patches[0].get_hatch(), "what cannot be decided"
    assert [bool(p.get_hatch()) for p in figure.legends[0].legend_handles] == [0, 0, 0, 1]


def test_the_front_has_rates_thresholds_and_the_tally_of_the_claims():
    here, there = means(("A", 0.1, 0.5, 0.7)), means(("A", 0.2, 0.6, 0.7))
    figure = overview_figures.front({"ours": here, "theirs": there}, LEVEL, judged())
    left, middle, right = figure.axes
    assert [place for place, _ in marks(left)] == [(0.2, 0.6), (0.1, 0.5)]
    assert len(marks(middle)) == len(LEVEL)
    assert [text.get_text() for text in left.get_legend().texts][-2:] == ["ours", "theirs"]
    assert left.get_xscale() == "log"
    widths = [[bar.get_width() for bar in bars] for bars in right.containers]
    assert widths == [[1, 2], [1, 0], [1, 2], [1, 0]]
    assert [text.get_text() for text in right.texts] == ["1", "2", "1", "", "1", "2", "1", ""]
    assert [text.get_text() for text in right.get_yticklabels()] == ["ours", "theirs"]
    assert [a.get_title(loc="left") for a in figure.axes] == ["(a)", "(b)", "(c)"]


def test_the_digits_of_a_tally_can_be_read_by_day_and_by_night():
    ours = {f"C{n}": Verdict(None, kind) for n, kind in enumerate(overview_figures.VERDICTS)}
    here = means(("A", 0.1, 0.5, 0.7))
    figure = overview_figures.front({"ours": here, "theirs": here}, LEVEL, {"ours": ours})

    def least():
        bars, digits = figure.axes[2].patches, figure.axes[2].texts
        pairs = [(to_rgb(d.get_color()), to_rgb(b.get_facecolor())) for d, b in zip(digits, bars)]
        return len(pairs), min(night.contrast(*pair) for pair in pairs)

    day = least()
    with night.dark(figure):
        dark = least()
    assert day[0] == dark[0] == len(overview_figures.VERDICTS) and min(day[1], dark[1]) >= 4.5


def test_a_model_without_a_threshold_of_its_own_has_the_mark_alone():
    more = pd.concat([LEVEL, LEVEL.iloc[:1].assign(model="C", **{"own threshold": np.nan})])
    axes = overview_figures.matched(more).axes[0]
    assert len(marks(axes)) == 3 and axes.get_xlim() == pytest.approx((0.38, 0.94))
    assert np.ma.count(axes.collections[2].get_offsets()[:, 0]) == 2, "two ticks"


def test_each_change_has_a_row_with_a_mark_a_model_and_the_largest_gain_comes_first():
    rows = [("less", "Baseline", -0.2), ("more", "Binary", 0.3), ("more", "Baseline", 0.1)]
    figure = remedy_figures.changes(pd.DataFrame(rows, columns=["change", "model", "gain"]))
    axes = figure.axes[0]
    names = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert list(names) == ["more", "less"] and -1 < names["more"] < 0 < names["less"] < 1, "above"
    shown = {(x, round(y), colour) for (x, y), colour in marks(axes)}
    black, red = (style.look(model).colour for model in ("Baseline", "Binary"))
    assert shown == {(0.3, 0, red), (0.1, 0, black), (-0.2, 1, black)}
    assert legend(figure) == ["Baseline", "Binary"]


def test_a_change_that_fails_leaves_the_others_their_room():
    rows = [("good", "Baseline", 0.2), ("failed", "Baseline", -0.9), ("failed", "Binary", -0.1)]
    axes = remedy_figures.changes(pd.DataFrame(rows, columns=["change", "model", "gain"])).axes[0]
    assert {x for (x, _), _ in marks(axes)} == {0.2, -0.1} and axes.get_xlim()[0] > -0.4
    assert [text.get_text() for text in axes.texts if "9" in text.get_text()] == ["\u22120.900"]


def test_a_mark_below_another_one_is_wider_than_it():
    places = np.array([[0, 0], [9, 0], [0.5, 0.5], [9, 4], [np.nan, 0]], float)
    assert model_figures.hidden(places, 1).tolist() == [True, False, False, False, False]
    assert model_figures.hidden(np.empty((0, 2)), 1).tolist() == []
    curve = pd.DataFrame({"tau": [0.0, 1.0], "TPR": [0.4, 0.9], "FPR": [1e-3, 1e-1]})
    points = pd.DataFrame({"model": ["wCE ISCF", "FL ISCF", "Binary"], "TPR": [0.6, 0.6, 0.8]})
    figure = model_figures.dial(curve, points.assign(FPR=[1e-2, 1.01e-2, 1e-2]))
    rates = plots.rate_comparison(points.assign(FPR=[1e-2, 1.01e-2, 2e-2], precision=[1, 0, 0.5]))
    for axes in (figure.axes[0], rates.axes[0]):
        sizes = [line.get_markersize() for line in axes.lines[-3:]]
        assert sizes[0] == model_figures.WIDER * sizes[1] and sizes[1] == sizes[2]
    apart = [line.get_markersize() for line in rates.axes[1].lines[-3:]]
    assert apart == [sizes[1]] * 3, "where none lies on another"


def test_rates_of_which_none_is_defined_have_no_mark_and_no_name():
    means = pd.DataFrame({"model": ["a"], "TPR": [np.nan], "FPR": [0.1], "precision": [np.nan]})
    figure = plots.rate_comparison(means)
    for axes in figure.axes:
        assert not marks(axes) and not axes.texts


def test_names_stand_beside_marks_and_not_on_them():
    """Of the named and of those without a name, where there is room; broken by a name too wide."""
    figure, axes = pyplot.subplots(figsize=(5, 4))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    places = np.array([[0.3, 0.5], [0.34, 0.52], [0.7, 0.5], [np.nan, 0.2]])
    bare = np.array([[0.33, 0.46], [0.74, 0.5], [np.nan, np.nan]])
    for x, y in np.concatenate([places, bare]):
        axes.plot(x, y, "o", ms=names_beside.MARK)
    figure.canvas.draw()
    names = ["Baseline", "wCE ICF", "Binary", "FL ICF"]
    names_beside.named(axes, places, names, bare)
    assert [text.get_text() for text in axes.texts] == names[:3]
    renderer, radius = figure.canvas.get_renderer(), names_beside.MARK / 2 * figure.dpi / 72
    figure.canvas.draw()
    boxes = [Text.get_window_extent(text, renderer) for text in axes.texts]  # without lines
    for x, y in axes.transData.transform(np.concatenate([places[:3], bare[:2]])):
        for box in boxes:
            assert not (
                box.x0 < x + radius and x - radius < box.x1 and box.y0 < y + radius
                and y - radius < box.y1
            )  # fmt: skip
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    pyplot.close(figure)


def test_a_line_leads_to_a_name_that_has_no_room_beside_its_mark():
    figure, axes = pyplot.subplots(figsize=(5, 4))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    around = np.stack(np.meshgrid([-0.06, -0.03, 0.0, 0.03, 0.06], [-0.04, 0.0, 0.04]), -1)
    bare = 0.5 + around.reshape(-1, 2)
    bare = bare[np.abs(bare - 0.5).max(1) > 0.01]  # a crowd around the first mark alone
    figure.canvas.draw()
    names_beside.named(axes, np.array([[0.5, 0.5], [0.1, 0.1]]), ["Binary", "FL ICF"], bare)
    crowded, free = axes.texts
    assert max(map(abs, crowded.xyann)) > names_beside.FAR > max(map(abs, free.xyann))
    assert crowded.arrow_patch is not None and free.arrow_patch is None
    pyplot.close(figure)


def test_a_name_keeps_off_lines_and_other_texts_and_no_line_leads_across_a_name():
    """A line to the right and a text above leave only places to the left and below."""
    figure, axes = pyplot.subplots(figsize=(5, 4))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.plot([0.5, 0.9], [0.5, 0.5])
    axes.plot([0.1, 0.49], [0.5, 0.5])
    axes.text(0.5, 0.56, "a text of its own", ha="center")
    axes.plot([0.0, 1.0], [0.3, 0.3], "o")  # marks without a line are in nobody's way
    figure.canvas.draw()
    places = np.array([[0.5, 0.5], [0.5, 0.47]])
    names_beside.named(axes, places, ["Binary", "FL ICF"])
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    note, *names = axes.texts
    boxes = [Text.get_window_extent(text, renderer) for text in (note, *names)]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    for line in axes.lines[:2]:
        path = line.get_path().transformed(line.get_transform())
        assert not any(path.intersects_bbox(box, filled=False) for box in boxes[1:])
    starts = axes.transData.transform(places)
    for text, start, box in zip(names, starts, boxes[:0:-1]):  # the other one's box
        end = start + np.array(text.xyann) * figure.dpi / 72
        assert text.arrow_patch is None or not Path([start, end]).intersects_bbox(box)
    pyplot.close(figure)


def test_names_of_marks_in_one_place_do_not_cover_each_other():
    figure, axes = pyplot.subplots(figsize=(5, 4))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    figure.canvas.draw()
    names_beside.named(axes, np.full((4, 2), 0.5), ["Binary", "FL ICF", "Baseline", "wCE ICF"])
    figure.canvas.draw()
    boxes = [Text.get_window_extent(text, figure.canvas.get_renderer()) for text in axes.texts]
    assert len(boxes) == 4
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    pyplot.close(figure)


def test_axes_of_false_positive_rates_are_read_in_millionths():
    table = pd.DataFrame({"model": ["a", "b"], "TPR": [0.2, 0.9], "precision": [0.5, 0.4]})
    for rates, expected in (
        ([0.0012, 0.03], {"2,000", "10,000"}),
        ([0.00001, 1.0], {"1,000", "1,000,000"}),
    ):
        figure = plots.rate_comparison(table.assign(FPR=rates))
        figure.canvas.draw()
        axis = figure.axes[0].xaxis
        assert axis.get_label_text() == "mean FPR (ppm)"
        assert expected <= {text.get_text() for text in axis.get_ticklabels()}
        assert figure.axes[1].xaxis.get_label_text() == "mean TPR"
        left, right = figure.axes[0].get_xlim()
        assert left < min(rates) and max(rates) < right


def test_defects_are_outlined_in_windows_that_they_fit_into():
    mask = np.zeros((220, 300), np.uint8)
    mask[100:103, 50:170] = 1  # 120 long: more than the window asked for
    mask[20:26, 200:206] = 2
    image = np.random.default_rng(0).normal(0, 0.1, (1, *mask.shape)).astype(np.float32)
    foil = Foil("f", image, mask)
    table = defects.table([foil], WITH_GROUND)
    figure = defect_figures.examples([foil], table, CLASSES, 48)
    for axes, c in zip(figure.axes[::3], CLASSES):
        width = axes.images[0].get_array().shape[1]
        length = table[table["index"] == c.index]["length"].item()
        assert width == max(48, round(1.5 * length))
        (line,) = axes.collections  # there is no other object of the class
        assert to_hex(line.get_edgecolor()[0]) == c.colour
        drawn = np.concatenate([path.vertices for path in line.get_paths()])
        assert np.ptp(drawn[:, 0]) == pytest.approx(120 if c.index == 1 else 6, abs=1)
        (bar,) = [t.get_text() for t in axes.texts]
        assert width / 8 < float(bar.removesuffix(" px")) <= width / 4


def test_of_many_objects_in_a_window_the_one_meant_has_the_strong_line():
    mask = np.zeros((100, 100), np.uint8)
    mask[40:44, 40:44] = mask[40:45, 52:57] = mask[60:66, 40:46] = 1
    image = np.random.default_rng(0).normal(0, 0.1, (1, *mask.shape)).astype(np.float32)
    foils = [Foil("f", image, mask), Foil("g", image, mask)]
    table = defects.table(foils, WITH_GROUND)
    figure = defect_figures.examples(foils[:1], table[table["foil"] == "f"], CLASSES[:1], 48)
    for axes, side in zip(figure.axes, (4, 5, 6)):
        thin, strong = axes.collections
        assert thin.get_linewidth()[0] < strong.get_linewidth()[0]
        drawn = np.concatenate([path.vertices for path in strong.get_paths()])
        assert np.ptp(drawn, axis=0) == pytest.approx((side, side), abs=1)


def test_a_pair_of_siblings_has_one_scale():
    mask = np.zeros((200, 200), np.uint8)
    mask[20:24, 20:90] = 1
    other = np.zeros((200, 200), np.uint8)
    other[20:24, 20:120] = 1
    image = np.random.default_rng(0).normal(0, 0.1, (1, *mask.shape)).astype(np.float32)
    foils = [Foil("f", image, mask), Foil("g", image, other)]
    figure = defect_figures.siblings(foils, defects.table(foils, WITH_GROUND), CLASSES[:1], 48)
    widths = [axes.images[0].get_array().shape[1] for axes in figure.axes]
    assert widths[0] == widths[1] > 140


def test_what_is_found_of_an_object_stands_below_it():
    mask = np.zeros((100, 120), np.uint8)
    mask[40:50, 40:50] = 1
    image = np.random.default_rng(0).normal(0, 0.1, (1, *mask.shape)).astype(np.float32)
    foil, said = Foil("f", image, mask), mask.copy()
    said[40:45] = 0
    (own,) = CLASSES[:1]
    pick = example_rules.typical_object([foil], {"f": said}, own)
    assert pick.value == 0.5 and pick.box == (40, 40, 10, 10) and pick.defect == own.name
    figure = defect_figures.found([pick, None], [foil], {"f": said}, CLASSES)
    above, below = figure.axes
    assert above.get_title().endswith("50% found") and len(above.collections) == 1
    errors = below.images[1].get_array().filled(0)
    assert errors.shape == (64, 64)
    assert [(errors == kind).sum() for kind in (1, 2, 3, 4)] == [50, 50, 0, 0]
    assert defect_figures.found([None], [foil], {"f": said}, CLASSES).axes[0].texts


@pytest.mark.parametrize("seed", range(6))
def test_names_take_the_cheapest_places_of_all(seed):
    """Beside every way to put six names into five places each; one order does not find it."""
    rng = np.random.default_rng(seed)
    own, among = rng.random((6, 5)), rng.random((6, 6, 5, 5)) < 0.2
    among = 10.0 * np.triu(np.ones((6, 6)), 1)[..., None, None] * among
    among = among + among.transpose(1, 0, 3, 2)
    rows = np.arange(6)

    def cost(places):
        pairs = among[rows[:, None], rows, np.array(places)[:, None], places]
        return own[rows, places].sum() + pairs.sum() / 2

    best = min(map(cost, map(list, itertools.product(range(5), repeat=6))))
    assert cost(names_beside._settled(own, among)) == pytest.approx(best)


@pytest.mark.parametrize(("away", "cost"), [(8, names_beside.NEARER), (30, 0)])
def test_a_name_at_the_end_of_a_line_keeps_off_the_marks_of_others(away, cost):
    """A mark 8 pixels beside it would seem to be its own; one further away would not."""
    figure, axes = pyplot.subplots(figsize=(5, 4), dpi=100)
    figure.canvas.draw()
    middle = axes.bbox.x0 + axes.bbox.width / 2, axes.bbox.y0 + axes.bbox.height / 2
    box = np.array([[*middle, middle[0] + 40, middle[1] + 12]])
    lead = np.array([[(middle[0] - 60, middle[1] + 6), (middle[0], middle[1] + 6)]])
    mark = np.array([[middle[0] + 40 + away, middle[1] + 6]])
    assert names_beside._cost(axes, box, lead, mark, np.empty((0, 4))).tolist() == [cost]
    pyplot.close(figure)


def test_ticks_at_one_fpr_are_seen_on_marks():
    card = pd.DataFrame({"defect": ["pit", "mean"], "TPR": 0.5, "FPR": 0.1, "TPR at one FPR": 0.5})
    means = pd.DataFrame({"model": ["Binary"], "TPR": [0.5], "FPR": [0.1]})
    axes = overview_figures.among(means, card, "Binary").axes[0]
    ticks = [line for line in axes.lines if line.get_marker() == "|"]
    others = [line for line in axes.lines if line.get_marker() != "|"]
    assert min(t.get_zorder() for t in ticks) > max(o.get_zorder() for o in others)
    assert all(t.get_path_effects() for t in ticks)


def test_numbers_below_a_logarithmic_axis_do_not_touch():
    means = pd.DataFrame({"model": ["Binary", "wCE ICF"], "TPR": 0.5, "FPR": [0.0012, 0.045]})
    axes = plots.rate_comparison(means.assign(precision=0.5)).axes[0]
    FigureCanvasAgg(axes.figure).draw()
    boxes = [t.get_window_extent() for t in axes.get_xticklabels() if t.get_text()]
    low, high = axes.bbox.x0, axes.bbox.x1
    boxes = sorted((b for b in boxes if low <= (b.x0 + b.x1) / 2 <= high), key=lambda b: b.x0)
    assert len(boxes) > 2
    assert all(a.x1 + 10 < b.x0 for a, b in pairwise(boxes)), [
        b.x0 - a.x1 for a, b in pairwise(boxes)
    ]


def test_lines_that_cross_are_those_of_matplotlib():
    """And a name whose line would cross another name's costs as much as one across a mark."""
    rng = np.random.default_rng(0)
    one, other = rng.uniform(size=(2, 40, 2, 2))
    met = names_beside._meet(one, other)
    expected = [[Path(a).intersects_path(Path(b), filled=False) for b in other] for a in one]
    assert met.tolist() == expected and 0 < met.sum() < met.size
    point = np.repeat(one[:, :1], 2, axis=1)
    assert not names_beside._meet(point, other).any()
    assert not names_beside._meet(one, one).diagonal().any()
    far = np.array([[[2.0, 2.0, 2.1, 2.1]], [[3.0, 3.0, 3.1, 3.1]]])
    crossing = np.array([[[0.0, 0.0], [1.0, 1.0]]]), np.array([[[0.0, 1.0], [1.0, 0.0]]])
    among = names_beside._among(list(zip(far, crossing)))
    assert among[0, 1].tolist() == among[1, 0].tolist() == [[names_beside.LED]]


def test_one_panel_needs_no_title_and_two_say_whose_marks_they_show():
    curve = pd.DataFrame({"tau": [0.0, 1.0], "TPR": [0.5, 0.9], "FPR": [0.001, 0.01]})
    points = pd.DataFrame({"model": ["Baseline"], "TPR": [0.5], "FPR": [0.001]})
    (alone,) = model_figures.dial(curve, points).axes
    assert alone.get_title(loc="left") == ""
    both = model_figures.dial(curve, points, points.copy()).axes
    assert [axes.get_title(loc="left") for axes in both] == ["this study", "published"]


def test_rates_that_are_all_one_stand_below_the_upper_end():
    table = pd.DataFrame({"model": ["Baseline", "Binary"], "TPR": 1.0, "FPR": 1e-3})
    for axes in plots.rate_comparison(table.assign(precision=1.0)).axes:
        assert axes.get_ylim() == (0.9, 1)
