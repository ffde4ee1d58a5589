"""The benchmark of the audit: its lists, budgets and hand-over to cleanlab, on cases by hand."""

from dataclasses import replace

import numpy as np
import pytest
from test_galleries import made
from viewer import CLASSES

from benchmarks import label_audit as bench


@pytest.fixture
def regions():
    """Two foils of different sizes: a pit of 6 pixels is missed in one, a spot of 4 in the other.

    The second has an annotated pit that is too large by 5 pixels.
    """
    one, other = made("a", shape=(6, 8)), made("b", (0, 0, 2, 5, 1), shape=(7, 5))
    return [
        replace(one, truth=made("a", (1, 1, 2, 3, 1), shape=(6, 8)).mask),
        replace(other, truth=made("b", (0, 0, 1, 5, 1), (4, 1, 2, 2, 3), shape=(7, 5)).mask),
    ]


def softmax(regions, seed=0):
    generator = np.random.default_rng(seed)
    probs = {}
    for region in regions:
        raw = generator.random((4, *region.shape)) ** 3
        probs[region.name] = (raw / raw.sum(0)).astype(np.float32)
    return probs


def test_pixels_are_hit_if_label_and_truth_differ(regions):
    doubt = {r.name: np.zeros(r.shape) for r in regions}
    doubt["a"][1, :4] = [0.1, 0.9, 0.8, 0.7]  # three of the missed pit, one beside it
    doubt["b"][1, 0] = 0.6  # of the pit that is too large
    assert bench.pixels(regions, doubt, 4) == (1.0, 4 / 15)
    assert bench.pixels(regions, doubt, 5) == (4 / 5, 4 / 15)
    assert bench.pixels(regions, doubt, 0) == (0, 0)


def test_a_list_of_areas_is_reviewed_from_its_top(regions):
    areas = {r.name: np.zeros(r.shape, np.uint8) for r in regions}
    areas["a"][1:3, 1:4], areas["a"][5, 5:7] = 1, 2
    areas["b"][4:6, 1:3] = 3
    doubt = {name: np.full(area.shape, 0.2) for name, area in areas.items()}
    doubt["a"][5, 5:7], doubt["a"][1, 1] = [0.8, 0.6], 0.5
    found = bench.listed(regions, areas, doubt, CLASSES)
    assert found.table["defect"].to_list() == ["crack & line", "pit", "spot"]
    assert found.table["score"].to_list() == pytest.approx([0.7, 0.25, 0.2])
    assert found.table["pixels"].to_list() == [2, 6, 4]
    assert bench.largest(found).table["pixels"].to_list() == [6, 4, 2]
    table = bench.review({"mine": found}, regions, CLASSES, at=(1, 2, 4))
    assert table.loc[0].to_list() == ["mine", 3, "0, 0", "1, 1", "", "2, 2"]
    painted = bench.painted(bench.head(found, 2), regions)
    assert painted["a"][1, 1] == pytest.approx(0.25) and not painted["b"].any()


def test_regions_are_ranked_by_their_wrong_pixels(regions):
    table = bench.correlations(regions, {"up": [0.1, 0.9], "down": [0.9, 0.1]}, CLASSES)
    # 6 of 48 pixels are wrong in a, 9 of 35 in b; missed are 6 of 48 and 4 of 35
    assert table["wrong"].to_list() == pytest.approx([1, -1])
    assert table["missed"].to_list() == pytest.approx([-1, 1])
    flat = bench.correlations(regions, {"flat": [0.5, 0.5]}, CLASSES)
    assert flat[["wrong", "missed"]].isna().all(axis=None)


def test_cleanlab_scores_pixels_by_the_probability_of_their_label(regions):
    rank = pytest.importorskip("cleanlab.segmentation.rank")
    probs = softmax(regions)
    for region in regions:
        labels = region.mask[None].astype(int)
        _, theirs = rank.get_label_quality_scores(labels, probs[region.name][None], verbose=False)
        assert np.array_equal(theirs[0], bench.of_label(region, probs[region.name]))


def test_cleanlab_gets_regions_of_any_size_and_says_the_same_of_equal_ones(regions):
    filters = pytest.importorskip("cleanlab.segmentation.filter")
    equal = [regions[0], replace(regions[0], name="c", mask=regions[0].truth)]
    probs = softmax(equal, 3)
    labels = np.stack([r.mask for r in equal]).astype(int)
    stacked = np.stack([probs[r.name] for r in equal])
    theirs = filters.find_label_issues(labels, stacked, verbose=False, n_jobs=1)
    ours = bench.cleanlab_issues(equal, probs)
    assert theirs.any() and (np.stack([ours[r.name] for r in equal]) == theirs).all()
    mixed = bench.cleanlab_issues(regions, softmax(regions))
    assert {name: said.shape for name, said in mixed.items()} == {"a": (6, 8), "b": (7, 5)}
