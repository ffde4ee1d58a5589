"""Objects at every threshold: what a count of one mask after the other gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.measure import label, regionprops

from foilseg.evaluation import object_scores
from foilseg.evaluation.curves import BINS, curve, histogram
from foilseg.evaluation.object_scores import BEYOND, COVERS, LADDER, REACHES, Reference, column

PICTURE = (14, 17)
MASKS = arrays(bool, PICTURE, elements=st.sampled_from([True, False, False, False]))
FILED = arrays(np.uint8, PICTURE, elements=st.sampled_from([0, 40, *LADDER[:4], 64, 80, 127]))
few = settings(max_examples=60, deadline=None)


def around(reference, number, reach):
    return ndimage.distance_transform_edt(reference != number) <= reach


@few
@given(MASKS, FILED)
def test_an_object_is_found_at_exactly_the_edges_up_to_its_bin(mask, filed):
    objects = label(mask, connectivity=2)
    found = Reference.of(mask).found(filed)
    assert len(found) == objects.max()
    for region in regionprops(objects):
        row = found.iloc[region.label - 1]
        assert row["pixels"] == region.area
        for reach in REACHES:
            inside = around(objects, region.label, reach)
            for cover in COVERS:
                needed = max(1, cover * region.area)
                at = [e for e in range(BINS) if (filed[inside] >= e).sum() >= needed - 1e-9]
                assert row[column(cover, reach)] == (at[-1] if at else -1)


@few
@given(MASKS, MASKS, FILED)
def test_reported_objects_are_those_of_each_mask_in_turn(mask, truth, filed):
    each = {"label": mask, "truth": truth}
    table = object_scores.reported(filed, {k: Reference.of(m) for k, m in each.items()})
    for edge in LADDER:
        rows = table[table["edge"] == edge]
        regions = regionprops(label(filed >= edge, connectivity=2))
        expected = sorted((r.area, _reaches(r, each)) for r in regions)
        reach = [f"reach {name}" for name in each]
        ours = zip(rows["pixels"], map(tuple, rows[reach].to_numpy()))
        assert sorted(ours) == expected


def _reaches(region, masks):
    place = tuple(region.coords.T)
    found = []
    for mask in masks.values():
        far = ndimage.distance_transform_edt(~mask)[place].min() if mask.any() else np.inf
        found.append(next((r for r in REACHES if far <= r), BEYOND))
    return tuple(found)


def test_surroundings_and_lower_thresholds_lose_no_object():
    generator = np.random.default_rng(0)
    mask = ndimage.gaussian_filter(generator.normal(size=(80, 80)), 3) > 0.1
    filed = generator.integers(0, BINS, mask.shape).astype(np.uint8)
    found = Reference.of(mask).found(filed)
    for cover in COVERS:
        last = [found[column(cover, reach)] for reach in REACHES]
        assert (last[0] <= last[1]).all() and (last[1] <= last[2]).all()
    assert (found[column(0.5, 0)] <= found[column(0.1, 0)]).all()


def test_a_report_that_joins_objects_and_one_that_is_split():
    mask = np.zeros((9, 30), bool)
    mask[4, 2:6] = mask[4, 9:13] = mask[4, 20:28] = True
    filed = np.zeros(mask.shape, np.uint8)
    filed[4, 3:12] = 100  # over two objects
    filed[4, 20], filed[4, 24:28] = 100, 70  # two pieces of one, until edge 70
    table = object_scores.reported(filed, {"label": Reference.of(mask)})
    at_half = table[table["edge"] == 64]
    assert at_half["objects label"].tolist() == [2, 1, 1]
    assert sorted(at_half["pixels"]) == [1, 4, 9]
    assert table[table["edge"] == LADDER[-1]]["pixels"].tolist() == [9, 1]
    found = Reference.of(mask).found(filed)
    # 5 of 8 pixels of the third are reported up to 70, one of them up to 100
    assert found[column(0.5, 0)].tolist() == [100, 100, 70]
    assert found[column(0.1, 0)].tolist() == [100, 100, 100]


def test_bins_are_those_of_the_histograms():
    logit = np.random.default_rng(1).normal(0, 9, (40, 50)).astype(np.float32)
    filed = object_scores.bins(logit)
    counts = histogram(logit, np.ones(logit.shape, bool))
    assert np.bincount(filed.ravel(), minlength=BINS).tolist() == counts[:, 1].tolist()
    assert curve(counts)["threshold"].iloc[BINS - 64] == 0.5
    assert 64 in LADDER


@pytest.mark.parametrize("shape", [(1, 1), (6, 7)])
def test_nothing_to_find_and_nothing_reported(shape):
    reference = Reference.of(np.zeros(shape, bool))
    assert len(reference.found(np.zeros(shape, np.uint8))) == 0
    table = object_scores.reported(np.zeros(shape, np.uint8), {"label": reference})
    assert table.columns.tolist() == ["edge", "pixels", "reach label", "objects label"]
    assert len(table) == 0


def test_a_report_between_two_objects_touches_both_within_two_pixels():
    mask = np.zeros((5, 20), bool)
    mask[2, 2:6] = mask[2, 10:14] = True
    filed = np.zeros(mask.shape, np.uint8)
    places = ((slice(7, 9), 2, 2), (slice(17, 19), 0, 5), (slice(6, 7), 1, 2))
    for columns, touched, reach in places:
        filed[:] = 0
        filed[2, columns] = 70
        row = object_scores.reported(filed, {"label": Reference.of(mask)}).iloc[0]
        assert (row["objects label"], row["reach label"]) == (touched, reach)
