"""Thresholds chosen here and judged there: exact where they are chosen, by hand elsewhere."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foilseg.evaluation import curves, operating_points
from foilseg.evaluation.curves import BINS, Histograms
from foilseg.evaluation.operating_points import Trainings


def histograms(values, foils=("a", "b")):
    """Histograms of a defect; ``values`` : foil -> (bin -> (negative, positive))."""
    counts = np.zeros((len(foils), BINS, 2), np.int64)
    for row, foil in enumerate(foils):
        for place, pair in values[foil].items():
            counts[row, place] = pair
    keys = pd.DataFrame([(f, "label", "pit") for f in foils], columns=curves.KEYS)
    return Histograms(keys, counts)


HERE = histograms({"a": {10: (80, 2), 70: (10, 8)}, "b": {10: (90, 5), 100: (0, 5)}})
THERE = histograms({"a": {10: (60, 0), 70: (30, 10)}, "b": {10: (95, 9), 100: (5, 1)}})


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_the_fpr_is_met_exactly_where_it_is_chosen(seed, fpr):
    generator = np.random.default_rng(seed)
    counts = generator.integers(0, 9, (1, BINS, 2)) * generator.integers(0, 2, (1, BINS, 2))
    counts[0, 3, 0] += 1
    keys = pd.DataFrame([("a", "label", "pit")], columns=curves.KEYS)
    place = operating_points.place_of_fpr(counts[0], fpr)
    row = operating_points.counts_at(Histograms(keys, counts), "pit", place, "label").iloc[0]
    assert row["fp"] / (row["fp"] + row["tn"]) == pytest.approx(fpr, abs=1e-12)
    table = curves.curve(counts[0])
    before, after = table[table["FPR"] <= fpr].iloc[-1], table[table["FPR"] >= fpr].iloc[-1]
    assert before["tp"] - 1e-9 <= row["tp"] <= after["tp"] + 1e-9
    for level, part in table.groupby("FPR"):
        place = operating_points.place_of_fpr(counts[0], level)
        there = operating_points.counts_at(Histograms(keys, counts), "pit", place, "label")
        assert there["tp"].iloc[0] == pytest.approx(part["tp"].max())


def test_judged_elsewhere_the_same_threshold_gives_what_is_there():
    """FPR 1/36 of 180 negatives is 5 pixels: half of bin 70's ten."""
    found = operating_points.at_one_fpr({"m": Trainings((HERE,), (THERE,))}, {"pit": 5 / 180})
    assert found["foil"].tolist() == ["a", "b"]
    assert found[["tp", "fp", "fn", "tn"]].to_numpy().tolist() == [
        [5.0, 15.0, 5.0, 75.0],
        [1.0, 5.0, 9.0, 95.0],
    ]
    told = operating_points.realised(found, {"pit": 5 / 180}).iloc[0]
    assert told["least"] == told["largest"] == pytest.approx((20 / 190) / (5 / 180))
    assert told["within half to two"] == 0.0


def test_where_thresholds_are_set_on_the_images_that_judge_all_have_the_fpr_there():
    """By hand: 20 of 190 negative pixels are all 5 of bin 100 and half of the 30 of bin 70."""
    level = {"pit": 20 / 190}
    found = operating_points.where_judged({"m": Trainings((HERE,), (THERE,))}, level)
    total = found[["tp", "fp", "fn", "tn"]].sum()
    assert total["fp"] / (total["fp"] + total["tn"]) == pytest.approx(level["pit"])
    assert found[["fp", "tp"]].to_numpy().tolist() == [[15.0, 5.0], [5.0, 1.0]]
    told = operating_points.realised(found, level).iloc[0]
    assert told["least"] == told["largest"] == pytest.approx(1)


def test_of_places_with_one_fpr_the_one_that_finds_most():
    assert operating_points.place_of_fpr(HERE.total("pit"), 0.0) == BINS - 71  # all of bin 100


def test_costs_by_hand():
    """At 10 a miss: report from bin 70 on where chosen, (10 * 7 + 10) / (10 * 20) there; from
    bin 10 on it would be 180 / 200. At 0.01 a miss nothing but bin 100 is worth it."""
    models = {"same": Trainings((HERE,), (HERE,)), "other": Trainings((HERE,), (THERE,))}
    table = operating_points.costs(models, ["pit"], [10, 0.01])
    assert table.loc[10, "same"] == pytest.approx((10 * 7 + 10) / (10 * 20))
    assert table.loc[10, "other"] == pytest.approx((10 * 9 + 35) / (10 * 20))
    assert table.loc[0.01, "same"] == pytest.approx((0.01 * 15) / (0.01 * 20))
    assert table.loc[0.01, "other"] == pytest.approx((0.01 * 19 + 5) / (0.01 * 20))


def test_no_threshold_is_cheaper_where_it_is_chosen():
    generator = np.random.default_rng(3)
    counts = generator.integers(0, 50, (1, BINS, 2))
    keys = pd.DataFrame([("a", "label", "pit")], columns=curves.KEYS)
    one, prices = Histograms(keys, counts), [0.1, 1, 7, 100]
    table = operating_points.costs({"m": Trainings((one,), (one,))}, ["pit"], prices)
    every, positive = curves.curve(counts[0]), counts[0, :, 1].sum()
    for price in prices:
        cheapest = (price * every["fn"] + every["fp"]).min() / (price * positive)
        assert table.loc[price, "m"] == pytest.approx(cheapest)


def test_a_defect_that_does_not_occur_costs_nothing_and_is_left_out():
    models = {"m": Trainings((HERE,), (THERE,))}
    both = operating_points.costs(models, ["pit", "absent"], [10, 0.01])
    assert both["m"].tolist() == operating_points.costs(models, ["pit"], [10, 0.01])["m"].tolist()
    assert operating_points.costs(models, ["absent"], [1])["m"].isna().all()


def test_trainings_are_judged_by_their_own_thresholds():
    found = operating_points.at_one_fpr({"m": Trainings((HERE, THERE), (THERE, THERE))}, {"pit": 0})
    assert found.groupby("training")["fp"].sum().tolist() == [5.0, 0.0]
    with pytest.raises(ValueError, match="argument 2"):
        operating_points.at_one_fpr({"m": Trainings((HERE,), (THERE, THERE))}, {"pit": 0})


def test_the_common_fpr_is_the_median_of_the_models():
    rows = [("m", "a", 1, 99), ("n", "a", 3, 97), ("o", "a", 40, 60)]
    counts = pd.DataFrame(rows, columns=["model", "foil", "fp", "tn"]).assign(defect="pit", tp=0)
    assert operating_points.common_fpr(counts.assign(fn=0)) == {"pit": 0.03}


def test_without_a_negative_pixel_nothing_is_defined():
    only = histograms({"a": {5: (0, 3)}, "b": {5: (0, 1)}})
    assert np.isnan(operating_points.place_of_fpr(only.total("pit"), 0.1))
    found = operating_points.at_one_fpr({"m": Trainings((only,), (HERE,))}, {"pit": 0.1})
    assert found[["tp", "fp", "fn", "tn"]].isna().to_numpy().all()
