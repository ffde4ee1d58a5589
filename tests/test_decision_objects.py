"""Objects found and falsely reported: what a count of one mask after the other gives."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.measure import label, regionprops
from test_object_scores import FILED, MASKS

from foilseg.decisions import objects
from foilseg.decisions.objects import Rule
from foilseg.evaluation import object_scores
from foilseg.evaluation.object_scores import LADDER, Reference

few = settings(max_examples=40, deadline=None)


def tables(mask, filed, foil="a", defect="pit"):
    """What is stored of one picture."""
    head = {"foil": foil, "defect": defect}
    reference = Reference.of(mask)
    found = reference.found(filed).assign(**head, against="label")
    said = object_scores.reported(filed, {"label": reference}).assign(**head, times=1)
    return found, said


@few
@given(MASKS, FILED, st.sampled_from([0, 2]), st.sampled_from([0.0, 0.1, 0.5]), st.integers(1, 3))
def test_counts_are_those_of_each_mask_in_turn(mask, filed, reach, cover, smallest):
    rule = Rule(reach, cover, smallest)
    table = objects.counts(*tables(mask, filed), rule, ["a"], ["pit"]).set_index("edge")
    whole = label(mask, connectivity=2)
    true = [r for r in regionprops(whole) if r.area >= smallest]
    wide = ndimage.distance_transform_edt(~mask) <= reach if mask.any() else mask
    for edge in LADDER[::4]:
        said = filed >= edge
        hit = 0
        for region in true:
            near = ndimage.distance_transform_edt(whole != region.label) <= reach
            needed = max(1, cover * region.area)
            hit += (said & near).sum() >= needed - 1e-9
        reports = [r for r in regionprops(label(said, connectivity=2)) if r.area >= smallest]
        false = sum(not wide[tuple(r.coords.T)].any() for r in reports)
        row = table.loc[edge]
        assert (row["objects"], row["hit"], row["false"]) == (len(true), hit, false)


def test_reports_that_are_alike_count_as_often_as_they_are():
    generator = np.random.default_rng(0)
    mask = generator.random((40, 40)) > 0.97
    filed = np.where(generator.random((40, 40)) > 0.8, 100, 0).astype(np.uint8)
    found, said = tables(mask, filed)
    alike = said.drop(columns="times").groupby([c for c in said if c != "times"]).size()
    once = alike.rename("times").reset_index()
    assert len(once) < len(said)
    both = [objects.counts(found, table, Rule(), ["a"], ["pit"]) for table in (said, once)]
    pd.testing.assert_frame_equal(*both)


def test_joined_and_split_objects_are_counted_apart():
    mask = np.zeros((9, 40), bool)
    mask[4, 2:6] = mask[4, 9:13] = mask[4, 20:34] = True
    filed = np.zeros(mask.shape, np.uint8)
    filed[4, 3:12] = 100  # over two objects
    filed[4, 20:23] = filed[4, 27:29] = filed[4, 32:34] = 100  # one object in three
    row = objects.counts(*tables(mask, filed), Rule(), ["a"], ["pit"]).iloc[0]
    assert (row["objects"], row["hit"], row["false"]) == (3, 3, 0)
    assert (row["merged"], row["split"]) == (1, 2)


def test_an_object_is_found_at_the_edge_of_its_bin_and_not_above():
    mask = np.zeros((7, 7), bool)
    mask[3, 3] = True
    table = objects.counts(
        *tables(mask, np.where(mask, 64, 0).astype(np.uint8)), Rule(), ["a"], ["pit"]
    )
    hit = table.set_index("edge")["hit"]
    assert hit[64] == 1 and hit[67] == 0 and hit[61] == 1


def test_pictures_and_defects_without_anything_have_zeros():
    nothing = np.zeros((5, 5), bool)
    found, said = tables(nothing, nothing.astype(np.uint8))
    table = objects.counts(found, said, Rule(), ["a", "b"], ["pit", "line"])
    assert len(table) == 2 * 2 * len(LADDER) and not table[objects.NUMBERS].any(axis=None)
    curve = objects.froc(table, 1.0)
    assert curve["recall"].isna().all() and (curve["false"] == 0).all()


def made():
    """Two pictures of four objects each: hits and false ones rise towards the lower edges."""
    rows = [
        ("ab"[k], "pit", edge, 4, min(4, place + k), 3 * place)
        for k in range(2)
        for place, edge in enumerate(sorted(LADDER, reverse=True))
    ]
    return pd.DataFrame(rows, columns=["foil", "defect", "edge", "objects", "hit", "false"])


def test_a_curve_is_pooled_over_pictures():
    curve = objects.froc(made(), area=2.0)
    assert curve["edge"].tolist() == sorted(LADDER, reverse=True)
    assert curve["recall"].tolist()[:5] == [1 / 8, 3 / 8, 5 / 8, 7 / 8, 1.0]
    assert curve["false"].tolist()[:3] == [0, 3, 6]


def test_a_rate_is_met_by_a_mixture_of_two_thresholds():
    table, curve = made(), objects.froc(made(), area=2.0)
    for rate, place in ((0.0, 0.0), (3.0, 1.0), (4.5, 1.5), (48, 16), (1e9, 16)):
        assert objects.place_of_rate(curve, rate) == pytest.approx(place)
        found = objects.at_place(table, "pit", place)
        assert found["fp"].sum() / 2.0 == pytest.approx(min(rate, 48))
        np.testing.assert_allclose(found["tp"] + found["fn"], 4)
    assert objects.at_place(table, "pit", 1.5)["tp"].tolist() == [1.5, 2.5]
    steep = curve.assign(false=curve["false"] + 2)
    assert objects.place_of_rate(steep, 1.0) == pytest.approx(-0.5)
    half = objects.at_place(table.assign(false=table["false"] + 2), "pit", -0.5)
    assert half["fp"].tolist() == [1, 1] and half["tp"].tolist() == [0, 0.5]


def test_of_a_curve_that_turns_back_the_first_place_counts():
    curve = pd.DataFrame({"edge": [97, 94, 91, 88], "false": [0.0, 4.0, 1.0, 9.0]})
    assert objects.place_of_rate(curve, 2.0) == pytest.approx(0.5)
    assert objects.place_of_rate(curve, 4.0) == pytest.approx(2 + 3 / 8)


def test_the_mean_of_a_curve_over_some_rates():
    curve = objects.froc(made(), area=2.0)
    assert objects.mean_recall(curve, [0, 3, 6]) == pytest.approx((1 + 3 + 5) / 24)
    assert objects.mean_recall(curve, [4.5]) == pytest.approx(0.5)
    assert objects.mean_recall(curve, [1e6]) == 1.0


def test_recall_by_size():
    found = pd.DataFrame({"defect": "pit", "against": "label", "pixels": [1, 4, 5, 30]})
    found[Rule().column] = [10, 70, 60, 90]
    table = objects.by_size(found, Rule(), 64, [1, 5, 20])
    assert table["objects"].tolist() == [2, 1, 1] and table["recall"].tolist() == [0.5, 0, 1]


@pytest.mark.parametrize(
    "wrong", [{"reach": 3}, {"cover": 0.2}, {"smallest": 0}], ids=["reach", "cover", "smallest"]
)
def test_a_rule_that_is_not_stored_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Rule(**wrong)


def test_the_grid_has_nine_rules():
    assert len({(r.reach, r.cover) for r in objects.grid()}) == 9
