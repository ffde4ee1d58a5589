"""The standard sampler and cutting: the windows are right, different, uniform and reproducible."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from foilseg.data.dataset import Foil, split
from foilseg.sampling.uniform import binary_masks, cut, plan_of, prepare, rng, uniform


def foil(height, width, channels=3, name="foil", seed=0, n_classes=5):
    """A foil whose pixels are all different, so that a patch tells where it was cut."""
    values = np.arange(channels * height * width, dtype=np.float32)
    mask = np.random.default_rng(seed).integers(0, n_classes, (height, width)).astype(np.uint8)
    return Foil(name, values.reshape(channels, height, width), mask)


edges = st.integers(1, 24)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(edges, edges), min_size=1, max_size=4), st.integers(1, 12), st.data())
def test_patches_of_any_regions_are_the_pixels_at_their_place(shapes, size, data):
    size = min(size, max(map(max, shapes)))
    channels = data.draw(st.sampled_from([1, 3]))
    regions = prepare([foil(h, w, channels, str(h)) for h, w in shapes], size)
    n = data.draw(st.integers(0, 60))
    plan = uniform(regions, n, size, rng(0, 0, "train"))
    images, masks = cut(regions, plan)
    assert images.shape == (n, channels, size, size)
    for patch, mask, (index, top, left) in zip(images, masks, plan.windows):
        crop = regions[index].crop(top, left, size, size)
        assert np.array_equal(patch, crop.image)
        assert np.array_equal(mask, crop.mask)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(edges, edges), min_size=1, max_size=3), st.integers(1, 9), st.data())
def test_no_window_comes_twice_before_every_window_came_once(shapes, size, data):
    size = min(size, max(map(max, shapes)))
    regions = [foil(h, w) for h, w in shapes]
    possible = sum((max(h - size, 0) + 1) * (max(w - size, 0) + 1) for h, w in shapes)
    n = data.draw(st.integers(0, 3 * possible))
    plan = uniform(regions, n, size, rng(1, 0, "train"))
    windows, times = np.unique(plan.windows, axis=0, return_counts=True)
    rounds, rest = divmod(n, possible)
    assert len(windows) == min(n, possible)
    assert sum(times == rounds + 1) == rest
    assert n == 0 or set(times) <= {rounds, rounds + 1}


def test_image_first_then_position():
    regions = [foil(20, 20), foil(60, 100)]
    n = 400
    plan = uniform(regions, 2 * n, 8, rng(3, 0, "train"))
    small = sum(plan.foil == 0)
    assert small == 169, "the small image gives all its 13 x 13 windows when half is asked"
    plan = uniform(regions, 100, 8, rng(3, 0, "train"))
    low, high = binom.interval(1 - 1e-6, 100, 0.5)
    assert low <= sum(plan.foil == 0) <= high


def test_positions_are_uniform():
    plan = uniform([foil(48, 40)], 600, 8, rng(5, 1, "train"))
    low, high = binom.interval(1 - 1e-6, 600, 20 / 41)
    assert low <= sum(plan.top < 20) <= high
    low, high = binom.interval(1 - 1e-6, 600, 1 / 33)
    assert low <= sum(plan.left == 0) <= high
    assert low <= sum(plan.left == 32) <= high


def test_order_of_a_pool_does_not_follow_the_images():
    plan = uniform([foil(40, 40)] * 4, 400, 8, rng(0, 0, "train"))
    first = plan.foil[:100]
    low, high = binom.interval(1 - 1e-6, 100, 0.25)
    assert all(low <= sum(first == index) <= high for index in range(4))


def test_small_regions_grow_by_their_mirror_image():
    region = foil(3, 10, 1)
    grown = prepare([region], 8)[0]
    assert grown.shape == (8, 10)
    rows = [0, 1, 2, 2, 1, 0, 0, 1]
    assert np.array_equal(grown.mask, region.mask[rows])
    assert np.array_equal(grown.image[0], region.image[0][rows])
    assert prepare([foil(8, 8)] * 2, 8)[1].shape == (8, 8)
    big = foil(9, 9)
    assert prepare([big], 8)[0] is big


def test_truth_grows_with_its_mask():
    region = foil(4, 9)
    region = Foil("a", region.image, region.mask, truth=region.mask[::-1].copy())
    assert np.array_equal(prepare([region], 6)[0].truth[4:], region.truth[[3, 2]])


def test_generator_is_a_function_of_its_arguments_alone():
    code = "from foilseg.sampling.uniform import rng; print(rng(3, 7, 'train').integers(0, 2**62))"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(there.stdout) == rng(3, 7, "train").integers(0, 2**62)
    draws = {
        int(rng(*key).integers(0, 2**62))
        for key in [(3, 7, "train"), (4, 7, "train"), (3, 8, "train"), (3, 7, "validation")]
    }
    assert len(draws) == 4


def test_validation_pixels_are_in_no_training_patch():
    whole = foil(61, 40, 1)
    train, validation = split(whole, 0.33)
    plan = uniform([train], 300, 16, rng(0, 0, "train"))
    images, _ = cut([train], plan)
    assert not np.isin(validation.image, images).any()
    assert np.isin(train.image, images).mean() > 0.9


@pytest.mark.parametrize("rows", [slice(2, 7), np.array([5, 0, 5]), slice(0, 0)])
def test_batches_are_rows_of_the_pool_in_given_buffers(rows):
    regions = [foil(30, 20), foil(12, 40)]
    plan = uniform(regions, 9, 8, rng(0, 0, "train"))
    images, masks = cut(regions, plan)
    out = (np.full((6, 3, 8, 8), -1, np.float32), np.full((6, 8, 8), 9, np.uint8))
    some, some_masks = cut(regions, plan, rows, out)
    assert np.array_equal(some, images[rows]) and np.array_equal(some_masks, masks[rows])
    assert np.shares_memory(some, out[0]) or not len(some)
    assert (out[0][len(some) :] == -1).all()


def test_binary_masks_come_from_the_same_patches():
    masks = np.array([[[0, 1], [3, 3]]], np.uint8)
    assert binary_masks(masks, 3).tolist() == [[[0, 0], [1, 1]]]
    assert binary_masks(masks, 3).dtype == np.uint8


def test_bad_input_is_refused_with_the_reason():
    regions, generator = [foil(10, 20)], rng(0, 0, "train")
    with pytest.raises(ValueError, match="longest edge of the 1 regions has 20 pixels"):
        uniform(regions, 1, 21, generator)
    with pytest.raises(ValueError, match="size: a patch of 0"):
        prepare(regions, 0)
    with pytest.raises(ValueError, match="regions: there is none"):
        prepare([], 4)
    with pytest.raises(ValueError, match="n: -1"):
        uniform(regions, -1, 4, generator)
    with pytest.raises(ValueError, match="seed: -1"):
        rng(-1, 0, "train")
    with pytest.raises(ValueError, match="refresh: -2"):
        rng(0, -2, "train")
    with pytest.raises(ValueError, match=r"row 0, column 3 of foil reaches beyond.*prepare"):
        cut(regions, plan_of([0], [0], [3], 12))
    with pytest.raises(ValueError, match="out: a buffer of float64"):
        cut(regions, plan_of([0], [0], [0], 4), out=(np.zeros((1, 3, 4, 4)), np.zeros((1, 4, 4))))
