"""Objects of a whole study: all trainings, one rate of false objects, and what can be promised."""

from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import toy
from test_decision_objects import made

from foilseg.analysis import trainings
from foilseg.data.components import components
from foilseg.data.dataset import validation_regions
from foilseg.decisions import compared, conformal, objects
from foilseg.decisions.objects import Rule
from foilseg.evaluation.object_scores import LADDER
from foilseg.figures import model_figures

NAMES = ["baseline", "wce-icf", "binary"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    with toy.twin_study(tmp_path_factory.mktemp("decisions"), NAMES) as found:
        yield found


@pytest.fixture(scope="module")
def found(study):
    return compared.of_study(study, NAMES, trainings.of_study(study, NAMES))


def test_a_study_s_objects_are_those_of_its_annotation(study, found):
    regions = validation_regions(study.dataset)
    for c in study.dataset.defects:
        number = sum(components(region.mask == c.index)[1] for region in regions)
        for tables in found.judged.values():
            (table,) = tables
            own = table[(table["defect"] == c.name) & (table["edge"] == LADDER[0])]
            assert own["objects"].sum() == number
    assert list(found.judged) == [study.model(name).title for name in NAMES]
    square = (study.dataset.pixel_size_um * 1e-6) ** 2
    pixels = sum(region.mask.size for region in regions)
    assert found.unit == objects.SQUARE_METRE and found.areas[0] == pytest.approx(pixels * square)
    unsized = SimpleNamespace(dataset=replace(study.dataset, pixel_size_um=None))
    assert compared.area_of(unsized, test=False) == (pixels / 1e6, objects.MEGAPIXEL)


def test_all_models_report_equally_many_false_objects(found):
    false = found.even.groupby(["model", "defect"])["fp"].sum() / found.areas[0]
    for (model, defect), rate in false.items():
        curve = found.curves[(found.curves["model"] == model) & (found.curves["defect"] == defect)]
        assert rate == pytest.approx(min(found.rates[defect], curve["false"].max()))
    table = found.table(20).set_index("model")
    by_defect = found.by_defect()
    np.testing.assert_allclose(table["found at one rate"], by_defect.mean(axis=1).loc[table.index])
    assert (table["interval from"] <= table["found at one rate"] + 1e-9).all()
    assert found.false_at_half == "false objects per square metre at 0.5" in table


def test_the_mean_over_a_curve_goes_from_a_tenth_of_the_rate_to_twice_it():
    table = made()
    small = compared.Objects({"m": [table]}, {"m": [table]}, (2.0, 2.0), "square metre", ["pit"])
    curve = objects.froc(table, 2.0)
    (rate,) = curve[curve["edge"] == compared.HALF]["false"]
    assert small.rates == {"pit": rate}
    expected = objects.mean_recall(curve, rate * np.logspace(-1, np.log10(2), 9))
    found = small.table(2).set_index("model").loc["m"]
    assert found["mean of FROC"] == pytest.approx(expected) and 0 < expected < 1
    (at_half,) = curve[curve["edge"] == compared.HALF]["recall"]
    assert found["found at 0.5"] == found["found at one rate"] == pytest.approx(at_half)


def test_thresholds_are_chosen_in_one_place_and_judged_in_another():
    here, there = made(), made().assign(false=lambda t: 2 * t["false"], hit=lambda t: t["hit"] // 2)
    apart = compared.Objects({"m": [here]}, {"m": [there]}, (2.0, 8.0), "square metre", ["pit"])
    curve = objects.froc(here, 2.0).set_index("edge")
    assert apart.rates["pit"] == curve.loc[compared.HALF, "false"]
    place = objects.place_of_rate(objects.froc(here, 2.0), apart.rates["pit"])
    expected = objects.at_place(there, "pit", place)
    np.testing.assert_allclose(apart.even[["tp", "fp"]], expected[["tp", "fp"]])
    assert apart.realised.loc[0, "median"] == pytest.approx(2 * 2.0 / 8.0)
    row = apart.promises("m", [0.5]).iloc[0]
    losses = conformal.missed_objects(here, "pit")
    edge = list(losses)[conformal.choose(losses.to_numpy(), 0.5).place]
    assert row["missed"] == conformal.missed_objects(there, "pit")[edge].mean()
    judged = objects.froc(there, 8.0).set_index("edge")
    assert row.iloc[-1] == judged.loc[edge, "false"]


def test_what_became_of_the_promised_rate(found):
    table = found.realised.set_index("defect")
    for defect, rate in found.rates.items():
        if rate:
            # judged where it was chosen, a rate is met unless a model never reports so many
            assert table.loc[defect, "largest"] == pytest.approx(1)
        else:
            assert np.isnan(table.loc[defect, "median"])


def test_more_surroundings_and_less_cover_find_no_fewer(study):
    table = compared.by_rule(study, "wce-icf", trainings.of_study(study, ["wce-icf"]))
    assert len(table) == 9
    recall = table.pivot(index="widened by", columns="covered share", values="recall")
    assert (np.diff(recall, axis=0) >= 0).all() and (np.diff(recall, axis=1) <= 0).all()
    assert table.groupby("widened by")["false objects per square metre"].nunique().eq(1).all()


def test_promises_say_what_was_missed_and_what_it_costs(study, found):
    told = found.promises("wCE ICF", [0.3, 0.9])
    kept = told.dropna(subset=["missed"])
    assert len(kept) and (kept["bound"] <= kept["α"]).all()
    for row in kept.itertuples():
        losses = conformal.missed_objects(found.chosen["wCE ICF"][0], row[1])
        place = conformal.choose(losses.to_numpy(), row.α).place
        # here the same pictures choose and judge
        assert row.missed == pytest.approx(losses.iloc[:, place].mean())
    blind = [made().assign(hit=0)]
    nothing = compared.Objects({"m": blind}, {"m": blind}, (1.0, 1.0), "megapixel", ["pit"])
    row = nothing.promises("m", [0.5]).iloc[0]  # only by reporting everything
    assert row["missed"] == 0 and np.isinf(row.iloc[-1]) and row["bound"] == pytest.approx(1 / 3)
    lost = told[told["missed"].isna()]
    assert (lost["bound"] > lost["α"]).all()


def test_sizes_are_groups_of_the_annotated_objects(study):
    alone = trainings.of_study(study, ["wce-icf"])
    table = compared.by_size(study, "wce-icf", alone, Rule(), (1, 10))
    regions = validation_regions(study.dataset)
    for c in study.dataset.defects:
        sizes = np.concatenate(
            [np.bincount(components(r.mask == c.index)[0].ravel())[1:] for r in regions]
        )
        expected = [(sizes < 10).sum(), (sizes >= 10).sum()]
        assert table.loc[c.name, ["objects, 1–9 px", "objects, from 10 px"]].tolist() == expected
    recall = table[["recall, 1–9 px", "recall, from 10 px"]].to_numpy(float)
    assert ((recall >= 0) & (recall <= 1))[~np.isnan(recall)].all()


def test_the_curves_are_drawn_defect_by_defect(found):
    figure = model_figures.froc(found.curves, found.defects, found.unit, rates=found.rates)
    assert [axes.get_title() for axes in figure.axes] == found.defects
    for axes, defect in zip(figure.axes, found.defects):
        named = [line for line in axes.lines if line.get_label() != model_figures.COMMON]
        assert len(named) == len(NAMES)
        rate = found.rates[defect]
        common = [line.get_xdata()[0] for line in axes.lines if line not in named]
        assert common == ([rate] if rate > 0 else [])
        own = found.curves[(found.curves["defect"] == defect) & (found.curves["model"] == "Binary")]
        line = next(each for each in axes.lines if each.get_label() == "Binary")
        np.testing.assert_allclose(line.get_ydata(), own.sort_values("edge")["recall"])
    plt.close("all")


def test_a_curve_has_no_place_without_false_objects_and_ends_where_most_are_false():
    curve = {"edge": [60, 50, 40, 30, 20], "recall": [0.1, 0.5, 0.8, 0.9, 1.0]}
    curve |= {"false": [0.0, 3.0, 20.0, 90.0, 1.0]}
    table = pd.DataFrame(curve).assign(model="m", defect="pit")
    line = model_figures.froc(table, ["pit"], "megapixel").axes[0].lines[0]
    drawn = line.get_xydata()[~np.isnan(line.get_xdata())].tolist()
    assert drawn == [[90, 0.9], [20, 0.8], [3, 0.5]]
    silent = model_figures.froc(table.assign(false=0.0), ["pit"], "megapixel").axes[0].lines[0]
    assert np.isnan(silent.get_xdata()).all()
    plt.close("all")


def test_figures_point_at_the_first_model_and_the_extremes_by_objects(found):
    rates, false = [0.5, 0.9, np.nan, 0.6], [4.0, 3.0, 2.0, 1.0]
    table = {"model": [*"abcd"], "found at one rate": rates, found.false_at_half: false}
    assert found.highlighted(pd.DataFrame(table)) == ["a", "b", "c", "d"]
    assert found.highlighted(pd.DataFrame(table).iloc[[1, 0]]) == ["b", "a"]
