"""What goes beyond the thirteen: gains at one FPR by hand, the rule that chooses, costs, names."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy
from test_thresholds import counted, histograms

from foilseg.analysis import expectations, remedies, trainings
from foilseg.analysis.trainings import Compared
from foilseg.drawing import style
from foilseg.evaluation.curves import BINS, KEYS, Histograms
from foilseg.evaluation.operating_points import Trainings
from foilseg.figures import remedy_figures
from foilseg.training import experiments
from foilseg.training.experiments import BEYOND


def by_truth(tp, fp, true):
    """Histograms with these counts by the label, and ``true`` of 10 pixels found by the truth."""
    made = histograms(tp, fp)
    other = made.counts.copy()
    other[:, 100, 1], other[:, 20, 1] = true, 10 - true
    keys = pd.concat([made.keys, made.keys.assign(against="truth")], ignore_index=True)
    return Histograms(keys[KEYS], np.concatenate([made.counts, other]))


# tp of 10 where chosen, where judged, and by the truth; 9 of 90 are false everywhere
FOUND = {
    "Baseline": (2, 3, 2),
    "Binary": (6, 7, 3),
    "CE + Dice": (8, 6, 9),
    "Averaged": (3, 4, 2),
    "Mirror views": (8, 9, 2),
    "Dice, averaged": (9, 5, 2),
}
COSTS = {
    "Baseline": (10, 1),
    "Binary": (40, 4),
    "CE + Dice": (10, 1),
    "Averaged": (10, 1),
    "Mirror views": (10, 4),
    "Dice, averaged": (20, 1),
}


@pytest.fixture
def found():
    base = [m for m in FOUND if m in ("Baseline", "Binary")]
    parts = {
        model: Trainings((by_truth(here, 9, true),), (by_truth(there, 9, true),))
        for model, (here, there, true) in FOUND.items()
    }
    own = pd.concat([counted(FOUND[m][0], 9, model=m) for m in base], ignore_index=True)
    costs = pd.DataFrame(COSTS, index=["training", "prediction"], dtype=float).T
    compared = Compared(own, {m: parts[m] for m in base})
    return remedies.Remedies(compared, parts, costs, "Baseline")


def test_gains_are_differences_at_the_fpr_of_the_thirteen(found):
    table = found.table("pit", 50).set_index("model")
    assert list(table.index) == [*list(FOUND)[2:], "Binary"] and found.best == "Binary"
    for model, (_, there, _) in FOUND.items():
        if model != "Baseline":
            own = table.loc[model]
            expected = pytest.approx((there - 3) / 10)
            assert own["mean TPR"] == own["low"] == own["high"] == expected, "images are alike"
            assert own["pit"] == expected
            assert [own["training"], own["prediction"]] == [
                COSTS[model][0] / 10,
                COSTS[model][1],
            ]
    truth = found.by_truth("pit", 20).set_index("model")["mean TPR"]
    assert truth["CE + Dice"] == pytest.approx(0.7) and truth["Averaged"] == pytest.approx(0)
    assert found.trainings == 1
    assert "Turned" in found.lacking and "Four baselines" in found.lacking
    assert "Baseline, four times the steps" in found.lacking and "CE + Dice" not in found.lacking


def twice(found):
    """The models of a table with two trainings each, of which the second finds something else."""
    return {
        title: Trainings(part.chosen_on * 2, (*part.judged_on, part.chosen_on[0]))
        for title, part in found.parts.items()
    }


def test_only_the_first_trainings_count_if_fewer_are_wanted(found):
    more = replace(found, parts=twice(found))
    assert (more.trainings, more.counting(1).trainings, more.counting(9).trainings) == (2, 1, 2)
    pd.testing.assert_frame_equal(more.counting(1).table("pit", 20), found.table("pit", 20))


def test_the_rule_chooses_by_validation_and_cost_alone(found):
    choice = found.choice("pit").set_index("model")
    assert "Dice, averaged" not in choice.index, "twice the cost of the baseline"
    assert choice["mean TPR"].to_dict() == pytest.approx(
        {"CE + Dice": 0.8, "Mirror views": 0.8, "Averaged": 0.3}
    )
    assert found.chosen == "CE + Dice", "as high as another one, and cheaper to ask"
    lead = found.lead("CE + Dice", "pit", 20).set_index("model")
    assert lead["mean TPR"].to_dict() == pytest.approx({"Baseline": 0.3, "Binary": -0.1})
    assert (lead["low"] <= lead["mean TPR"]).all() and (lead["mean TPR"] <= lead["high"]).all()


def test_intervals_of_a_lead_are_turned_round(found, monkeypatch):
    gains = pd.DataFrame({"difference": [-0.2], "low": [-0.5], "high": [0.1]}, index=["Binary"])
    gains = pd.concat([gains, gains.rename(index={"Binary": "Baseline"})])
    monkeypatch.setattr(remedies.Remedies, "gains", lambda *a, **k: gains)
    lead = found.lead("CE + Dice", "pit").set_index("model").loc["Binary"]
    assert lead.tolist() == pytest.approx([0.2, -0.1, 0.5, 0.2, -0.1, 0.5])


def test_every_row_has_a_kind():
    kinds = {row.name: remedies.kind(row.title) for row in BEYOND.values()}
    expected = {
        "dice": "loss",
        "logit-adjusted": "loss",
        "weights-alone": "loss",
        "forced": "patches",
        "turned": "patches",
        "edges-ignored": "labels",
        "forward": "labels",
        "relabelled": "labels",
        "averaged": "training",
        "views": "prediction",
        "dice-forced": "together",
        "dice-averaged-views": "together",
    }
    assert expected.items() <= kinds.items()
    assert remedies.kind("Baseline, four times the steps") == "training"


def test_expectations_say_what_came_true(found):
    table = expectations.beyond(
        found.table("pit", 5), found.lead("CE + Dice", "pit", 5), found.best, "pit"
    ).set_index("expectation")
    assert table.loc["2: gain of CE + Dice", ["found", "came true"]].tolist() == ["0.300", "yes"]
    assert table.loc["3: gain of Averaged", "came true"] == "no"
    assert table.loc["4: gain of Mirror views", "came true"] == "yes"
    lead = table.loc["5: lead of the recommended recipe over Binary"]
    assert lead["found"] == "-0.100" and lead["came true"] == "no"
    assert not [name for name in table.index if "Turned" in name], "it is not there"


def test_the_figure_names_every_row_once(found):
    table = found.table("pit", 20)
    figure = remedy_figures.gains(table, "pit", found.best, found.chosen)
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert sorted(labels) == sorted(table["model"])
    bold = [t.get_text() for t in figure.axes[0].get_yticklabels() if t.get_weight() == "bold"]
    assert bold == ["CE + Dice"]
    places = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    drawn = {int(m.get_ydata()[0]): m for m in figure.axes[0].lines if len(m.get_xdata()) == 1}
    for place, mark in drawn.items():
        assert mark.get_marker() == style.look(places[place]).mark, places[place]
    assert drawn


def test_an_interval_that_leaves_the_panel_ends_in_an_arrowhead(found):
    table = found.table("pit", 20)
    table["low"], table["least"] = table["mean TPR"] - 0.01, table["pit"] - 0.01
    table.loc[table["model"] == "CE + Dice", "low"] = -9.0
    figure = remedy_figures.gains(table, "pit", found.best, found.chosen)
    whole, own = (
        [m for m in axes.lines if m.get_marker() == "<" and not m.get_clip_on()]
        for axes in figure.axes[:2]
    )
    assert not own and len(whole) == 1
    rows = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert whole[0].get_ydata() == [rows.index("CE + Dice")]
    assert whole[0].get_xdata() == [figure.axes[0].get_xlim()[0]]


class Shown:
    """As much of a shipped study as a table of remedies reads."""

    def __init__(self, study, names):
        models = [study.model(name) for name in names]
        runs = {run.name: run for model in models for run in model.runs.values()}
        parts = {}
        for model in models:
            stacked = model.histograms()
            parts[model.title] = Trainings((stacked,), (stacked,))
        self.compared = Compared(trainings.numbered([study.counts(names)]), parts)
        entries = [
            {"experiment": m.row.name, "title": m.title, "runs": [r.name for r in m.runs.values()]}
            for m in models
        ]
        self.trainings_of = parts.__getitem__
        self.shipped = type("Shipped", (), {"run": staticmethod(runs.__getitem__)})()
        self.shipped.manifest = {"models": entries, "sizes": study.profile.sizes}


def test_studies_stand_beside_each_other_with_their_costs(tmp_path):
    names = ["baseline", "binary", "views"]
    with toy.twin_study(tmp_path, names) as study:
        base = Shown(study, names[:2])
        longer = Shown(study, names[:1])
        vars(longer).pop("compared")  # the trainings of a row count, not those of all its profile
        others = {"matched-beyond": Shown(study, ["views"]), "matched-longer": longer}
        found = remedies.of_records(base, others)
        assert list(found.parts) == [
            "Baseline",
            "Binary",
            "Mirror views",
            "Baseline, four times the steps",
        ]
        costs = found.costs / found.costs.loc["Baseline"]
        assert costs.loc["Mirror views"].tolist() == pytest.approx([1, 4])
        assert costs.loc["Binary", "training"] == pytest.approx(4, rel=0.1)
        one = found.costs.loc["Baseline", "training"]
        sizes, cost = study.profile.sizes, study.run("baseline").cost()
        assert one == 3 * sizes["iterations"] * sizes["batch"] * cost["macs_per_patch"]
        assert found.table("cavity", 5)["model"].tolist()[-1] == found.best
    assert set(BEYOND) <= set(experiments.ROWS) and BINS == 128
