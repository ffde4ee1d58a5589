"""One network at every prior beside other models: on made-up counts, and on a small study."""

import itertools
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from foilseg.analysis import comparisons, priors, records, trainings
from foilseg.analysis.thresholds import MOVED, Moved
from foilseg.data.dataset import training_regions
from foilseg.drawing import names as names_beside
from foilseg.drawing import style
from foilseg.evaluation import curves, prior_correction
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.curves import BINS, Histograms
from foilseg.evaluation.metrics import COUNTS
from foilseg.evaluation.operating_points import Trainings, counts_at
from foilseg.evaluation.prior_correction import expected_calibration_error
from foilseg.figures import model_figures, overview_figures, plots
from foilseg.measured import prior_tables
from foilseg.training.experiments import EXPERIMENTS
from foilseg.training.rows import REMEDIES, Experiment

# At tau 0, 1, 2: tp of 10 and fp of 90, the same for both defects and both images.
WALK = {0.0: (2, 0), 1.0: (6, 9), 2.0: (10, 45)}
DEFECTS, FOILS = ("pit", "line"), ("a", "b")


def counted(tp, fp, **keys):
    rows = [
        {**keys, TRAINING: 0, "foil": foil, "defect": defect}
        | dict(zip(COUNTS, (tp, fp, 10 - tp, 90 - fp)))
        for foil in FOILS
        for defect in DEFECTS
    ]
    return pd.DataFrame(rows)


def histograms(tp, fp):
    """Those of a model with these counts at 0.5."""
    made = np.zeros((4, BINS, 2), np.int64)
    made[:, 100], made[:, 20] = (fp, tp), (90 - fp, 10 - tp)
    keys = [(foil, "label", defect) for foil in FOILS for defect in DEFECTS]
    return Histograms(pd.DataFrame(keys, columns=curves.KEYS), made)


@pytest.fixture
def moved():
    models = {"Baseline": WALK[0.0], "Other": (5, 9), "Careful": (1, 0), "Wild": (10, 80)}
    own = pd.concat([counted(*c, model=m) for m, c in models.items()], ignore_index=True)
    parts = {m: Trainings((histograms(*c),), (histograms(*c),)) for m, c in models.items()}
    walked = pd.concat([counted(*c, tau=t) for t, c in WALK.items()], ignore_index=True)
    right = pd.concat([counted(*WALK[0.0], model=m) for m in ("Baseline", "Wild")])
    compared = trainings.Compared(own, parts)
    return Moved(compared, "Baseline", walked, walked, right)


def test_a_setting_meets_the_false_alarms_that_it_is_chosen_for(moved):
    assert moved.setting(0.1) == pytest.approx(1.0)  # 9 of 90
    assert moved.setting(0.05) == pytest.approx(0.5) and moved.setting(0.3) == pytest.approx(1.5)
    assert np.isnan(moved.setting(0.6)) and np.isnan(moved.setting(-0.1))
    for fpr in (0.0, 0.02, 0.1, 0.42, 0.5):
        found = moved.counts_at(moved.setting(fpr))
        rate = found["fp"].sum() / (found["fp"] + found["tn"]).sum()
        assert rate == pytest.approx(fpr, abs=1e-12)
        np.testing.assert_allclose(found[list(COUNTS)].sum(axis=1), 100)


def test_counts_between_two_settings_are_a_mixture(moved):
    for tau, (tp, fp) in WALK.items():
        at = moved.counts_at(tau)
        assert at["tp"].eq(tp).all() and at["fp"].eq(fp).all()
    half = moved.counts_at(1.5)
    assert half["tp"].eq(8).all() and half["fp"].eq(27).all() and half["model"].eq(MOVED).all()


def test_a_model_is_compared_with_the_dial_at_its_own_false_alarms(moved):
    table = moved.beside(20).set_index("model")
    assert list(table.index) == ["Other", "Careful", "Wild"]
    other = table.loc["Other"]
    assert other["tau"] == pytest.approx(1.0) and other["FPR"] == other["dial's FPR"] == 0.1
    assert other["TPR"] == 0.5 and other["dial's TPR"] == pytest.approx(0.6)
    # every image is the same, so no draw differs
    for name in ("one number", "low", "high"):
        assert other[name] == pytest.approx(-0.1)
    # a threshold for each defect: 9 of 90 false ones are met by a tenth of the lower bin,
    # which brings a tenth of the 8 pixels that are missed
    for name in ("each defect", "least", "largest"):
        assert other[name] == pytest.approx(0.5 - 0.28)
    assert table.loc["Careful", "tau"] == 0
    assert table.loc["Careful", "one number"] == pytest.approx(0.1 - 0.2)
    wild = table.loc["Wild"]  # more than the dial reaches
    assert wild[["tau", "dial's FPR", "dial's TPR", "one number", "low", "high"]].isna().all()
    assert wild["each defect"] == pytest.approx(1 - (0.2 + 0.8 * 80 / 90))
    each = moved.by_defect(moved.beside(2), 50)
    names = [(model, defect) for model in ("Other", "Careful") for defect in DEFECTS]
    assert list(zip(each["model"], each["defect"])) == names
    other = each[each["model"] == "Other"].set_index(["model", "defect"])
    np.testing.assert_allclose(other, -0.1)  # all images are alike


def test_what_the_dial_does_not_reach_has_no_interval_although_some_draws_are_within(moved):
    own = moved.compared.own
    few, wild = own["foil"] == FOILS[0], own["model"] == "Wild"
    own.loc[wild & few, ["fp", "tn"]] = 10, 80
    own.loc[wild & ~few, ["fp", "tn"]] = 90, 0
    row = moved.beside(20).set_index("model").loc["Wild"]
    assert row[["one number", "low", "high"]].isna().all()


def test_a_difference_for_a_defect_is_drawn_over_its_images(moved):
    """Of two images one has all that the model finds more: the mean of 0 and 0.6, drawn anew."""
    own = moved.compared.own.copy()
    more = (own["model"] == "Other") & (own["foil"] == "a") & (own["defect"] == "pit")
    own.loc[more, ["tp", "fn"]] = [10, 0]
    compared = trainings.Compared(own, moved.compared.parts)
    other = Moved(compared, "Baseline", moved.chosen, moved.judged, moved.corrected)
    each = other.by_defect(moved.beside(2), 400).set_index(["model", "defect"]).loc["Other"]
    assert each.loc["pit"].tolist() == pytest.approx([(10 + 5) / 20 - 0.6, -0.1, 0.4])
    np.testing.assert_allclose(each.loc["line"].astype(float), -0.1)


def test_false_alarms_of_a_defect_are_a_million_times_its_fpr(moved):
    table = moved.beside(2)
    own, dial = moved.false_alarms("Other", "pit", table)
    assert (own, dial) == (pytest.approx(1e5), pytest.approx(1e5))
    own, dial = moved.false_alarms("Careful", "line", table)
    assert (own, dial) == (0, 0)
    assert np.isnan(moved.false_alarms("Wild", "pit", table)).all(), "the dial does not reach it"
    assert np.isnan(moved.false_alarms("", "", table)).all()


def test_the_false_alarms_of_a_model_are_those_on_the_validation_regions(moved):
    """Judged elsewhere, where it reports nothing falsely, a model is still met at its own FPR."""
    there = moved.compared.own.assign(fp=0, tn=90)
    compared = trainings.Compared(moved.compared.own, moved.compared.parts, tested=there)
    other = Moved(compared, "Baseline", moved.chosen, moved.judged, moved.corrected)
    row = other.beside(2).set_index("model").loc["Other"]
    assert row["tau"] == pytest.approx(1.0) and row["FPR"] == 0
    assert row["each defect"] == pytest.approx(0.5 - 0.28)
    assert row["one number"] == pytest.approx(0.5 - 0.2)  # at the FPR as judged, which is 0


def test_points_above_and_below_the_curve(moved):
    points = pd.DataFrame({"model": ["on", "above", "beyond"], "FPR": [0.05, 0.1, 0.9]})
    gaps = moved.gaps(points.assign(TPR=[0.4, 0.75, 1.0]))
    assert gaps[["on", "above"]].tolist() == pytest.approx([0.0, 0.15]) and np.isnan(gaps["beyond"])


def test_the_three_orders(moved):
    table = moved.orders().set_index("model")
    assert table["own threshold"].to_dict() == {
        "Baseline": 0.2, "Other": 0.5, "Careful": 0.1, "Wild": 1.0,
    }  # fmt: skip
    assert table["priors put right"].dropna().to_dict() == {"Baseline": 0.2, "Wild": 0.2}
    assert table.loc["Wild", "own FPR"] == pytest.approx(80 / 90)
    assert table.loc["Wild", "FPR with priors put right"] == 0
    even = moved.compared.table(2).set_index("model")["one FPR"]
    pd.testing.assert_series_equal(table["one FPR"], even)


def test_a_baseline_alone_stands_beside_nothing(moved):
    own = moved.compared.own[moved.compared.own["model"].astype(str) == "Baseline"]
    parts = {"Baseline": moved.compared.parts["Baseline"]}
    alone = Moved(trainings.Compared(own, parts), "Baseline", moved.chosen, moved.judged,
                  moved.corrected)  # fmt: skip
    table = alone.beside(2)
    assert table.empty and list(table) == list(moved.beside(2))
    assert alone.by_defect(table).empty


def test_without_a_prior_to_move_there_is_no_curve(moved):
    none = moved.chosen.iloc[:0]
    empty = Moved(moved.compared, "Baseline", none, none, moved.corrected.iloc[:0])
    assert empty.curve.empty and empty.beside(2)["tau"].isna().all()
    assert empty.beside(2)["one number"].isna().all() and empty.gaps(moved.points).isna().all()
    assert empty.by_defect(empty.beside(2)).empty
    assert empty.orders()["priors put right"].isna().all()
    words = model_figures.dial(empty.curve, empty.points).axes[0].texts
    assert "never shown" in words[0].get_text()


@given(st.floats(-20, 20))
def test_a_place_reports_the_logits_above_it(logit):
    place = priors.place_of_logit(logit)
    assert 0 <= place <= BINS
    spread = Histograms(
        pd.DataFrame([("a", "label", "pit")], columns=curves.KEYS), np.ones((1, BINS, 2), np.int64)
    )
    reported = counts_at(spread, "pit", place, "label")["tp"].iloc[0]
    share = np.clip((curves.LARGEST - logit) / (2 * curves.LARGEST), 0, 1)
    assert reported == pytest.approx(BINS * share)


NAMES = ["baseline", "binary", "binary-balanced", "wce-icf", "focal"]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    with toy.twin_study(tmp_path_factory.mktemp("thresholds"), NAMES) as study:
        yield study, trainings.of_study(study, NAMES)


def test_the_models_of_a_study_with_their_priors_put_right(small):
    study, compared = small
    found = priors.of_study(study, NAMES, compared)
    own = compared.own.astype({"model": str, "defect": str})
    own = own.set_index(["model", "foil", "defect"])[list(COUNTS)].sort_index()
    at_zero = found.judged[found.judged["tau"] == 0].set_index(["foil", "defect"])[list(COUNTS)]
    plain = own.loc["Baseline"].reindex(at_zero.index)
    # a pixel between two classes may fall to either by the last bit of a sum
    assert (at_zero - plain).abs().to_numpy().max() <= 2
    right = found.corrected.set_index(["model", "foil", "defect"])[list(COUNTS)].astype(int)
    right = right.sort_index()
    models = dict.fromkeys(right.index.get_level_values(0))
    assert list(models) == ["Baseline", "Bin. Balanced", "Binary", "wCE ICF"]
    for model in ("Baseline", "Binary"):  # saw the data's own priors
        np.testing.assert_array_equal(right.loc[model], own.loc[model])
    assert (right.loc["wCE ICF"].to_numpy() != own.loc["wCE ICF"].to_numpy()).any()


def test_half_of_the_patches_is_taken_back_from_a_balanced_network(small):
    study, compared = small
    run = study.model("binary-balanced").runs["crack"]
    label = run.config["label"]
    pixels = sum(np.array([p.pixels[k] for k in range(5)]) for p in run.ledgers())
    regions = training_regions(study.dataset)
    data = sum(np.bincount(region.mask.ravel(), minlength=5) for region in regions)
    odds = [n[label] / (n.sum() - n[label]) for n in (data, pixels)]
    shift = prior_tables.shift(study.dataset, run)
    assert shift == pytest.approx(np.log(odds[0] / odds[1])) and shift < 0
    found = priors.of_study(study, NAMES, compared).corrected
    rows = found[(found["model"] == "Bin. Balanced") & (found["defect"] == "crack")]
    expected = counts_at(run.histograms(), "crack", priors.place_of_logit(-shift), "label")
    np.testing.assert_allclose(rows[list(COUNTS)].astype(float), expected[list(COUNTS)])


def test_calibration_is_that_of_the_histograms(small):
    study, compared = small
    table = priors.calibration(study, NAMES, compared).set_index(["model", "defect"])

    def error(histograms, by=0.0):
        moved = 1 / (1 + np.exp(-np.linspace(-15.875, 15.875, BINS) - by))
        counts = histograms.total("crack") * (moved >= 0.05)[:, None]
        return expected_calibration_error(counts, moved)

    crack = table.xs("crack", level="defect")
    own = error(study.run("baseline").histograms())
    assert crack.loc["Baseline"].tolist() == pytest.approx([own, own], nan_ok=True)
    assert np.isnan(crack.loc["Focal Loss", "priors put right"])
    run = study.model("binary-balanced").runs["crack"]
    both = [error(run.histograms(), by) for by in (0.0, prior_tables.shift(study.dataset, run))]
    assert crack.loc["Bin. Balanced"].tolist() == pytest.approx(both, nan_ok=True)


def test_only_pixels_that_are_called_probable_count_for_calibration():
    made = np.zeros((1, BINS, 2), np.int64)
    made[0, 10] = 10_000, 500  # at next to no probability, a twentieth is of the class
    made[0, 100] = 40, 60  # at nearly 1, six in ten are
    keys = pd.DataFrame([("a", "label", "pit")], columns=curves.KEYS)
    found = priors._error(Histograms(keys, made), 0.0, "pit", "label")
    middle = 1 / (1 + np.exp(-(-16 + 100.5 * 0.25)))
    assert found == pytest.approx(middle - 0.6)
    made[0, 100] = 0
    assert np.isnan(priors._error(Histograms(keys, made), 0.0, "pit", "label"))


def test_reliability_is_what_the_error_is_made_of(small):
    study, compared = small
    table = priors.reliability(study, NAMES, compared)
    assert set(table["kind"]) == {priors.AS_IS, priors.RIGHT}
    titles = {study.model(n).title for n in NAMES} - {"Focal Loss"}
    assert set(table["model"]) == titles, "without priors there is nothing to put right"
    histograms = study.run("baseline").histograms()
    middle = 1 / (1 + np.exp(-np.linspace(-15.875, 15.875, BINS)))
    counts = histograms.total("crack") * (middle >= 0.05)[:, None]
    said, true, mass = prior_correction.equal_mass(counts, middle)
    some = mass > 0
    for kind in (priors.AS_IS, priors.RIGHT):  # a plain network keeps its own
        own = table[(table["model"] == "Baseline") & (table["kind"] == kind)]
        own = own[own["defect"] == "crack"]
        np.testing.assert_allclose(own["said"][some], said[some] / mass[some])
        np.testing.assert_allclose(own["true"][some], true[some] / mass[some])
        assert own["said"][~some].isna().all() and len(own) == 15
    figure = plots.reliability(table)
    panels = [axes for axes in figure.axes if axes.lines]
    assert len(panels) == 2 * len(compared.defects)
    assert all(len(axes.lines) == 1 + len(titles) for axes in panels)
    words = plots.reliability(table.iloc[:0]).axes[0].texts
    assert "No model here has priors" in words[0].get_text()


def test_the_mean_of_trainings_leaves_out_what_is_unknown():
    found = priors._known_mean([np.array([[1.0, np.nan]]), np.array([[3.0, np.nan]])])
    np.testing.assert_array_equal(found, [[2.0, np.nan]])
    found = priors._known_mean([np.array([[1.0, np.nan]]), np.array([[np.nan, 4.0]])])
    np.testing.assert_array_equal(found, [[1.0, 4.0]])


def test_every_model_has_a_look_of_its_own_and_its_remedy_s_colour():
    looks = {row.title: style.look(row.title) for row in EXPERIMENTS.values()}
    assert len({(each.colour, each.mark) for each in looks.values()}) == len(EXPERIMENTS) == 13
    for row in EXPERIMENTS.values():
        assert looks[row.title].remedy == row.remedy
        assert looks[row.title].colour == style.REMEDY_COLOURS[row.remedy]
    assert {each.remedy for each in looks.values()} == set(REMEDIES) - {"beyond"}
    firsts = ("Baseline", "Eq. Samples", "Binary", "wCE ICF", "Focal Loss")
    assert {looks[title].mark for title in firsts} == {style.REMEDY_MARKS[0]}
    assert style.look("Os. spindle") == looks["Os. Cavities"]
    assert style.look("My own").remedy == "beyond"
    assert Experiment("x", "x", weights="icf", sampler="oversampled").remedy == "class weights"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=13), st.floats(0.01, 0.2))
def test_names_at_the_end_of_lines_do_not_touch(levels, gap):
    levels = np.sort(levels)
    heights = model_figures.spread(levels, gap)
    assert (np.diff(heights) > 0.9 * gap).all()
    assert heights.mean() == pytest.approx(levels.mean())
    if (np.diff(levels) >= gap).all():
        np.testing.assert_array_equal(heights, levels)


def test_names_of_marks_that_lie_together_do_not_cover_each_other():
    figure, axes = plt.subplots()
    axes.plot([0.0, 1.0], [0.0, 1.0])
    figure.canvas.draw()
    places = np.array([[0.5, 0.5], [0.5, 0.5], [0.51, 0.5], [np.nan, 0.1]])
    names_beside.named(axes, places, ["Baseline", "Binary", "wCE ICF", "Focal Loss"])
    texts = axes.texts
    assert [text.get_text() for text in texts] == ["Baseline", "Binary", "wCE ICF"]
    figure.canvas.draw()
    boxes = [Text.get_window_extent(text) for text in texts]  # without lines
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k])
    plt.close(figure)


def test_no_name_lies_on_the_curve_of_the_dial_or_its_numbers():
    taus = np.linspace(-0.5, 1, 7)
    curve = pd.DataFrame({"tau": taus, "TPR": 0.3 + 0.4 * (taus + 0.5), "FPR": 10 ** (taus - 3)})
    on_it = curve.iloc[1:-1].reset_index(drop=True)  # marks on the curve itself
    points = on_it.assign(model=["Baseline", "Binary", "wCE ICF", "Focal Loss", "FL ICF"])
    figure = model_figures.dial(curve, points)
    axes, known = figure.axes[0], set(points["model"])
    figure.canvas.draw()
    line = axes.transData.transform(model_figures.places_of(curve))
    dense = np.concatenate([np.linspace(a, b, 200) for a, b in itertools.pairwise(line)])
    texts = {text.get_text(): Text.get_window_extent(text) for text in axes.texts}
    assert set(texts) == {"-0.5", "0", "0.5", "1", *known}
    for name in known:
        box = texts[name]
        assert not any(box.contains(x, y) for x, y in dense), name
        assert not any(box.overlaps(texts[other]) for other in set(texts) - known), name


def test_the_numbers_of_the_dial_keep_off_its_curve_where_it_falls():
    taus = np.arange(-0.5, 2.01, 0.25)
    bend = pd.DataFrame({"tau": taus, "TPR": 0.9 - 0.25 * (taus - 1) ** 2, "FPR": 10 ** (taus - 3)})
    points = pd.DataFrame({"model": ["Baseline"], "TPR": [0.3], "FPR": [0.01]})
    axes = model_figures.dial(bend, points).axes[0]
    axes.figure.canvas.draw()
    line = axes.transData.transform(model_figures.places_of(bend))
    dense = np.concatenate([np.linspace(a, b, 200) for a, b in itertools.pairwise(line)])
    numbers = [t for t in axes.texts if t.get_text() != "Baseline"]
    assert [t.get_text() for t in numbers] == ["-0.5", "0", "0.5", "1", "1.5", "2"]
    for text in numbers:
        box = Text.get_window_extent(text)
        assert not any(box.contains(x, y) for x, y in dense), text.get_text()


def test_no_two_names_of_the_shipped_study_touch(monkeypatch):
    """Thirteen models, published and reproduced, in four panels; one order of names is too few."""
    monkeypatch.chdir(Path(__file__).parent.parent)
    record = records.record("matched")
    printed, means = comparisons.published_means(), comparisons.means(record)
    moved = record.moved
    figures = [
        model_figures.dial(moved.curve, moved.points, printed),
        plots.rate_comparison(means, printed),
    ]
    for axes in (axes for figure in figures for axes in figure.axes):
        FigureCanvasAgg(axes.figure).draw()
        boxes = {t.get_text(): Bbox.from_extents(names_beside.extent(t)) for t in axes.texts}
        assert len(boxes) >= len(means)
        pairs = itertools.combinations(boxes, 2)
        assert [pair for pair in pairs if boxes[pair[0]].overlaps(boxes[pair[1]])] == []


def test_every_model_is_marked_and_named_once(moved):
    printed = moved.points.assign(TPR=0.5)
    figure = model_figures.dial(moved.curve, moved.points, printed)
    for axes, hollow in zip(figure.axes, (False, True)):
        names = [t.get_text() for t in axes.texts]
        assert all(names.count(m) == 1 for m in moved.points["model"])
        marks = [line for line in axes.lines if len(line.get_xdata()) == 1]
        assert len(marks) == 4
        assert all((m.get_markerfacecolor() == style.PAPER) == hollow for m in marks)
        assert all((m.get_markeredgecolor() == style.PAPER) != hollow for m in marks)
    plt.close("all")
    orders = moved.orders()
    axes = overview_figures.three_orders(orders).axes[0]
    assert [len(line.get_xdata()) for line in axes.lines] == [3, 2, 2, 3]
    leads = [c.get_segments()[0] for c in axes.collections]
    ends = sorted(float(lead[0][1]) for lead in leads if lead[0][0] > 1)
    assert ends == sorted(orders["one FPR"]), "a line to each name begins at its mark"
    assert len(leads) == 2 * len(orders)
