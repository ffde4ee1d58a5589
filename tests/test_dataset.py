"""The split and the counts of a foil."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foilseg.data import dataset


def foil(height, width=3):
    mask = np.arange(height * width, dtype=np.uint8).reshape(height, width) % 5
    return dataset.Foil("f", np.zeros((1, height, width), np.float32), mask, mask.copy())


def test_the_first_third_of_the_rows_validates():
    training, validation = dataset.split(foil(100))
    assert validation.shape[0] == 33 and training.shape[0] == 67
    assert (validation.origin, training.origin) == ((0, 0), (33, 0))


@given(st.integers(2, 300), st.floats(0.01, 0.99), st.sampled_from(dataset.REGIONS))
def test_the_two_regions_are_the_foil_and_share_no_pixel(height, fraction, region):
    whole = foil(height)
    if not 0 < round(height * fraction) < height:
        with pytest.raises(ValueError, match="cannot be split"):
            dataset.split(whole, fraction, region)
        return
    training, validation = dataset.split(whole, fraction, region)
    order = [validation, training] if region == "top" else [training, validation]
    np.testing.assert_array_equal(np.concatenate([p.mask for p in order]), whole.mask)
    assert validation.shape[0] == round(height * fraction)


@pytest.mark.parametrize(("fraction", "region", "word"), [(0, "top", "0"), (0.3, "left", "left")])
def test_a_wrong_split_is_refused_by_name(fraction, region, word):
    with pytest.raises(ValueError, match=word):
        dataset.split(foil(9), fraction, region)


def test_class_pixels_are_counted_per_foil():
    counts = dataset.class_pixels((foil(5, 2), foil(5, 5)), 5)
    assert counts.tolist() == [[2] * 5, [5] * 5]
    assert dataset.class_pixels((), 5).shape == (0, 5)


@given(st.integers(0, 2**32 - 1))
def test_pixels_survive_the_round_trip_to_what_the_network_sees(seed):
    rng = np.random.default_rng(seed)
    for shape in ((4, 5), (4, 5, 3)):
        pixels = rng.integers(0, 256, shape).astype(np.uint8)
        np.testing.assert_array_equal(dataset.as_pixels(dataset.as_float(pixels)), pixels)
