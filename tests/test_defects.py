"""Statistics of defects against scikit-image, brute force, and masks counted by hand."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.draw import ellipse
from skimage.measure import label as sk_label
from skimage.measure import regionprops

from foilseg.data import components, defects, plausibility, splits
from foilseg.data.dataset import Dataset, Foil
from foilseg.data.label_errors import label_errors, wrong_names
from foilseg.data.plausibility import co_occurrence, threshold_baseline
from foilseg.twin.render import CLASSES


def foil(mask, image=None, truth=None, name="a"):
    mask = np.asarray(mask, np.uint8)
    if image is None:
        image = np.zeros((3, *mask.shape), np.float32)
        image[2] = 1
    truth = None if truth is None else np.asarray(truth, np.uint8)
    return Foil(name, image, mask, truth)


def random_foil(seed, size=90, name="a"):
    rng = np.random.default_rng(seed)
    mask = np.zeros((size, size), np.uint8)
    for _ in range(14):
        y, x = rng.integers(5, size - 5, 2)
        r, c = ellipse(y, x, *rng.uniform(1, 9, 2), mask.shape, rng.uniform(0, 3))
        mask[r, c] = rng.integers(1, 5)
    slopes = rng.normal(0, 0.1, (2, size, size)) + 0.3 * (mask > 0)
    normals = np.concatenate([slopes, np.ones((1, size, size))])
    normals /= np.linalg.norm(normals, axis=0)
    return foil(mask, normals.astype(np.float32), name=name)


def test_tilt_and_grey_signal():
    image = np.zeros((3, 1, 3), np.float32)
    image[:, 0] = np.array([[0, 0, 1], [0.5, 0, np.sqrt(0.75)], [0, -1, 1]]).T
    np.testing.assert_allclose(defects.signal(image), [[0, 30, 45]], atol=1e-5)
    grey = np.array([[[0.2, 0.5, 0.5, 0.5, 0.9]]], np.float32)
    np.testing.assert_allclose(defects.signal(grey), [[0.3, 0, 0, 0, 0.4]], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_objects_are_those_of_scikit_image(seed):
    one = random_foil(seed)
    table = defects.table([one], CLASSES)
    tilt = defects.signal(one.image)
    seen = 0
    for kind in range(1, 5):
        for region in regionprops(sk_label(one.mask == kind, connectivity=2)):
            rows = table[table["index"] == kind]
            near = np.hypot(rows["row"] - region.centroid[0], rows["column"] - region.centroid[1])
            row = rows.loc[(near + 1e-6 * (rows["area"] - region.area).abs()).idxmin()]
            assert row["area"] == region.area
            np.testing.assert_allclose([row["row"], row["column"]], region.centroid)
            lengths = region.axis_major_length, region.axis_minor_length
            # scikit-image counts pixels as points; ours are squares with a moment of 1/12
            wanted = [np.sqrt(length**2 + 16 / 12) for length in lengths]
            np.testing.assert_allclose([row["length"], row["width"]], wanted, rtol=1e-6)
            coordinates = tuple(region.coords.T)
            np.testing.assert_allclose(row["tilt"], tilt[coordinates].mean(), rtol=1e-5)
            seen += 1
    assert len(table) == seen > 5
    assert (table["elongation"] >= 1).all()


def test_the_axes_of_a_rectangle_are_those_of_its_area_not_of_its_pixels():
    mask = np.zeros((12, 12), np.uint8)
    mask[2:5, 3:10] = 1
    row = defects.table([foil(mask)], CLASSES).iloc[0]
    # a side of s has the second moment s**2 / 12, and an axis is four times its root
    wanted = [4 * side / np.sqrt(12) for side in (7, 3)]
    np.testing.assert_allclose([row["length"], row["width"]], wanted)
    assert (row["row"], row["column"], row["area"]) == (3, 6, 21)


def test_contrast_compares_with_the_ring_around():
    mask = np.zeros((40, 40), np.uint8)
    mask[18:22, 18:22] = 3
    grey = np.random.default_rng(0).uniform(0.3, 0.7, (1, 40, 40)).astype(np.float32)
    grey[0, 18:22, 18:22] = 0.9
    row = defects.table([foil(mask, grey)], CLASSES).iloc[0]
    background = defects.signal(grey)[mask == 0]
    y, x = np.mgrid[:40, :40]
    dy, dx = (np.maximum(np.maximum(18 - v, v - 21), 0) for v in (y, x))
    ring = (np.hypot(dy, dx) <= 4) & (mask == 0)
    inside = defects.signal(grey)[mask == 3].mean()
    wanted = (inside - defects.signal(grey)[ring].mean()) / background.std()
    assert row["contrast"] == pytest.approx(wanted, rel=1e-5)
    assert row["name"] == "cavity" and row["foil"] == "a"


def test_no_object_gives_no_row():
    table = defects.table([foil(np.zeros((5, 5)))], CLASSES)
    assert len(table) == 0 and "contrast" in table
    assert len(defects.siblings(table)) == 0


def test_truth_is_asked_for_but_not_there():
    with pytest.raises(ValueError, match="a: has no truth"):
        defects.table([foil(np.zeros((5, 5)))], CLASSES, truth=True)


def test_siblings_are_the_nearest_in_other_foils_by_brute_force():
    foils = [random_foil(seed, name=str(seed)) for seed in range(5)]
    table = defects.table(foils, CLASSES)
    found = defects.siblings(table)
    for kind, group in table.groupby("index"):
        points = np.stack(
            [np.log(group["area"]), np.log(group["elongation"]), group["contrast"]], 1
        )
        points = (points - points.mean(0)) / points.std(0)
        far = np.linalg.norm(points[:, None] - points[None], axis=2)
        names = group["foil"].to_numpy()
        far[names[:, None] == names[None]] = np.inf
        np.testing.assert_allclose(found.loc[group.index, "distance"], far.min(1), rtol=1e-6)
        siblings = table.loc[found.loc[group.index, "sibling"]]
        assert (siblings["index"] == kind).all()
        assert (siblings["foil"].to_numpy() != names).all()


def test_a_class_of_one_foil_has_no_sibling():
    mask = np.zeros((20, 20), np.uint8)
    mask[2:4, 2:9] = mask[12:15, 2:4] = 2
    found = defects.siblings(defects.table([foil(mask)], CLASSES))
    assert (found["sibling"] == -1).all() and found["distance"].isna().all()


def test_every_row_of_the_table_finds_its_pixels_again():
    one = random_foil(1)
    table = defects.table([one], CLASSES)
    covered = np.zeros(one.shape, int)
    for _, row in table.iterrows():
        own = defects.pixels_of(one, row)
        assert own.sum() == row["area"] and (one.mask[own] == row["index"]).all()
        covered += own
    assert (covered == (one.mask > 0)).all(), "each object once"
    with pytest.raises(ValueError, match="no object of class 9"):
        defects.pixels_of(one, row.where(row.index != "index", 9))


def test_the_quartiles_of_a_class_are_rows_of_its_table():
    areas = pd.DataFrame({"index": [1, 1, 1, 1, 1, 2], "area": [50, 10, 30, 20, 40, 7]})
    assert [row["area"] for row in defects.at_quartiles(areas, 1)] == [20, 30, 40]
    assert [row["area"] for row in defects.at_quartiles(areas[1:], 1)] == [10, 20, 30]
    assert defects.at_quartiles(areas, 3) == []


def test_a_wrong_name_is_told_by_what_most_of_the_object_is_in_truth():
    mask, truth = np.zeros((2, 20, 20), np.uint8)
    mask[2:5, 2:6], truth[2:5, 2:5], truth[2:5, 5] = 1, 2, 1
    mask[10:12, 10:14], truth[10:12, 10:14] = 2, 2
    one = foil(mask, truth=truth)
    rows = [row for _, row in defects.table([one], CLASSES).iterrows()]
    names = {c.index: c.name for c in CLASSES}
    words = f"The {names[1]} of 12 pixels is in truth of the class {names[2]}."
    assert wrong_names([one], rows, CLASSES) == words
    assert wrong_names([one], rows[1:], CLASSES) == "All of them are named rightly."
    assert "no truth" in wrong_names([foil(mask)], rows, CLASSES)
    small = np.zeros_like(truth)  # most of what is annotated is background
    small[2, 2] = truth[2, 2]
    assert wrong_names([foil(mask, truth=small)], rows[:1], CLASSES) == words


def test_window_stays_inside():
    one = random_foil(0)
    for row, column in ((0, 0), (89, 89), (40, 3)):
        part = defects.window(one, row, column, 32)
        assert part.shape == (32, 32)
        top, left = part.origin
        np.testing.assert_array_equal(part.mask, one.mask[top : top + 32, left : left + 32])
    assert defects.window(one, 45, 45, 32).origin == (29, 29)
    with pytest.raises(ValueError, match="size"):
        defects.window(one, 0, 0, 91)


def test_threshold_baseline_by_brute_force():
    foils = [random_foil(seed, name=str(seed)) for seed in range(3)]
    thresholds = np.linspace(0, 40, 17)
    frame = threshold_baseline(foils, CLASSES, thresholds=thresholds)
    tilt = np.concatenate([defects.signal(f.image).ravel() for f in foils])
    mask = np.concatenate([f.mask.ravel() for f in foils])
    for t, row in zip(thresholds, frame.itertuples(index=False)):
        above = tilt > t
        assert pytest.approx(above[mask > 0].mean()) == row.TPR
        assert pytest.approx(above[mask == 0].mean()) == row.FPR
        if above.any():
            assert row.precision == pytest.approx((mask[above] > 0).mean())
        else:
            assert np.isnan(row.precision)
        assert row.crack == pytest.approx(above[mask == 2].mean())
    np.testing.assert_allclose(frame["youden"], frame["TPR"] - frame["FPR"])


def test_a_perfect_signal_has_a_perfect_threshold():
    one = random_foil(1)
    image = np.stack([0.3 * (one.mask > 0), 0 * one.mask, np.ones(one.shape)]).astype(np.float32)
    frame = threshold_baseline([foil(one.mask, image)], CLASSES)
    best = frame.loc[frame["youden"].idxmax()]
    assert best["TPR"] == 1 and best["FPR"] == 0 and best["precision"] == 1
    with pytest.raises(ValueError, match="none given"):
        threshold_baseline([], CLASSES)


def test_without_defects_the_rates_are_undefined():
    frame = threshold_baseline([foil(np.zeros((4, 4)))], CLASSES)
    assert frame["TPR"].isna().all() and frame["crack"].isna().all()
    assert (frame["FPR"] == 0).all()


def dataset_of(*foils):
    return Dataset("test", CLASSES, foils)


def test_co_occurrence_by_hand():
    mask = np.zeros((1, 11), np.uint8)
    mask[0, 0] = 1
    mask[0, 3] = 3
    near = co_occurrence(dataset_of(foil(mask)))
    row = near.iloc[0]
    assert row["distance"] == 3
    assert row["expected"] == pytest.approx(np.mean(range(1, 11)))
    assert row["rank"] == pytest.approx(0.25)
    mask[0, 0] = 0
    lonely = co_occurrence(dataset_of(foil(mask)))
    assert len(lonely) == 1 and lonely[["distance", "expected", "rank"]].isna().all(axis=None)
    with pytest.raises(ValueError, match="no class 'hole'"):
        co_occurrence(dataset_of(foil(mask)), of="hole")


def test_co_occurrence_of_randomly_placed_pixels_is_uniform():
    rng = np.random.default_rng(0)
    foils = []
    for number in range(6):
        mask = np.zeros((200, 200), np.uint8)
        mask[tuple(rng.integers(0, 200, (2, 12)))] = 1
        free = np.argwhere(mask == 0)
        mask[tuple(free[rng.choice(len(free), 120, replace=False)].T)] = 3
        foils.append(foil(mask, name=str(number)))
    rank = co_occurrence(dataset_of(*foils))["rank"]
    assert rank.mean() == pytest.approx(0.5, abs=0.04)
    assert rank.std() == pytest.approx(np.sqrt(1 / 12), abs=0.03)


def test_label_errors_by_hand():
    truth = np.zeros((12, 20), np.uint8)
    truth[1:3, 1:3] = 3  # found exactly
    truth[1:3, 6:8] = 3  # missed
    truth[1:3, 12:14] = 3  # taken for an agglomeration
    truth[6:8, 1:11] = 4  # drawn too coarsely: 4 rows instead of 2
    truth[10, 1:5] = 2  # half of it drawn
    mask = np.zeros_like(truth)
    mask[1:3, 1:3] = 3
    mask[1:3, 12:14] = 1
    mask[5:9, 1:11] = 4
    mask[10, 1:3] = 2
    frame = label_errors([foil(mask, truth=truth)], CLASSES).set_index("name")
    assert list(frame.index) == ["agglomeration", "cavity", "crack", "blade trail"]
    assert frame.loc["cavity"].to_dict() == {
        "objects": 3,
        "missed_objects": 1,
        "wrong_objects": 1,
        "label_objects": 1,
        "coarse_objects": 0,
        "truth_pixels": 12,
        "label_pixels": 4,
        "missed_pixels": 4,
        "wrong_pixels": 4,
        "excess_pixels": 0,
    }
    trail, crack = frame.loc["blade trail"], frame.loc["crack"]
    assert (trail["coarse_objects"], trail["excess_pixels"], trail["missed_pixels"]) == (1, 20, 0)
    assert (crack["missed_objects"], crack["missed_pixels"], crack["coarse_objects"]) == (0, 2, 0)
    assert frame.loc["agglomeration", ["objects", "label_objects"]].tolist() == [0, 1]


def test_label_errors_of_a_perfect_annotator_are_none():
    one = random_foil(3)
    frame = label_errors([foil(one.mask, truth=one.mask)], CLASSES)
    errors = [c for c in frame if c.split("_")[0] in ("missed", "wrong", "coarse", "excess")]
    assert (frame[errors] == 0).all(axis=None)
    assert (frame["truth_pixels"] == frame["label_pixels"]).all()
    with pytest.raises(ValueError, match="no truth"):
        label_errors([one], CLASSES)
    with pytest.raises(ValueError, match="coarse"):
        label_errors([], CLASSES, coarse=0.5)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)))
def test_components_are_those_of_scikit_image_in_reading_order(mask):
    numbers, n = components.components(mask)
    expected, count = sk_label(mask, connectivity=2, return_num=True)
    assert n == count and numbers.dtype == np.int32
    met = list(dict.fromkeys(numbers[mask].tolist()))
    assert met == list(range(1, n + 1))
    places = components.boxes(numbers)
    for k, place in enumerate(places, 1):
        same = numbers == k
        assert len(np.unique(expected[same])) == 1 and same[place].sum() == same.sum()
        top, left, height, width = components.corner_and_size(place)
        rows, columns = np.nonzero(same)
        assert (top, left) == (rows.min(), columns.min())
        assert (height, width) == (np.ptp(rows) + 1, np.ptp(columns) + 1)
    assert len(places) == n


def test_objects_are_numbered_in_one_place():
    package = Path(components.__file__).parents[1]
    labelling = re.compile(r"ndimage\.label\(|measure\.label|connectedComponents")
    found = [p.name for p in package.rglob("*.py") if labelling.search(p.read_text("utf-8"))]
    assert found == ["components.py"]


def test_without_a_defect_no_threshold_is_the_best_and_none_the_easiest():
    curve = plausibility.threshold_baseline([foil(np.zeros((20, 20)))], CLASSES)
    row = plausibility.best(curve)
    assert row["threshold"] == 0 and np.isnan(row["youden"])
    name, tpr = plausibility.easiest(row, CLASSES[1:])
    assert name == "none" and np.isnan(tpr)


def test_objects_that_the_cut_goes_through_are_counted():
    mask = np.zeros((100, 40), np.uint8)  # the first 33 rows validate
    mask[30:36, 2:4] = 1  # crosses with 6 of its pixels above
    mask[5:7, 10:12] = 1
    mask[33:40, 20:22] = 2  # begins just below the cut
    data = Dataset("cut", CLASSES, (foil(mask),))
    table = splits.crossing(data).set_index("defect")
    one, other = (c.name for c in CLASSES if c.index in (1, 2))
    assert table.loc[one].tolist() == [2, 1, 6 / 10]
    assert table.loc[other, ["objects", "crossing"]].tolist() == [0, 0]
    assert np.isnan(table.loc[other, "share"])
