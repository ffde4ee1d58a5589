"""Pictures brought to one brightness and contrast on their way in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from foilseg import cli
from foilseg.data import folder, images
from foilseg.formats import standardising


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 20), st.integers(2, 20), st.integers(0, 1000))
def test_a_channel_is_what_another_library_makes_of_it(height, width, seed):
    generator = np.random.default_rng(seed)
    for shape, kind in (((height, width), np.uint8), ((height, width, 3), np.uint16)):
        largest = np.iinfo(kind).max
        pixels = (largest * generator.random(shape) ** 8).astype(kind)  # some far from the mean
        flat = pixels.reshape(height * width, -1).astype(float)
        away = StandardScaler().fit_transform(flat).reshape(shape)
        expected = np.clip(0.5 + 0.2 * away, 0, 1) * largest
        made = standardising.picture(pixels)
        assert made.dtype == kind
        assert np.abs(made - expected).max() <= 0.5 + 1e-6 * largest


@settings(max_examples=40, deadline=None)
@given(st.floats(0.2, 4), st.integers(0, 20_000), st.integers(0, 1000))
def test_another_light_gives_the_same_picture(factor, offset, seed):
    pixels = np.random.default_rng(seed).integers(0, 10_000, (13, 17)).astype(np.uint16)
    other = np.rint(pixels * factor + offset).astype(np.uint16)
    made = [standardising.picture(each).astype(float) for each in (pixels, other)]
    # a grey value is rounded by a half, and with it the mean, and the deviation up to 2.5 times
    rounded = 65_535 * 0.2 * 2.25 / (pixels.std() * factor)
    assert np.abs(made[0] - made[1]).max() <= rounded + 1


def test_a_channel_of_one_value_is_the_middle():
    pixels = np.full((4, 5, 2), 7, np.uint8)
    pixels[:2, :, 1] = 9
    made = standardising.picture(pixels)
    assert (made[..., 0] == 128).all()
    assert set(np.unique(made[..., 1])) == {76, 178}  # 255 times 0.3 and 0.7, halves to even


@pytest.mark.parametrize("shrink", [1, 2])
def test_an_import_standardises_what_it_writes(tmp_path, shrink):
    generator = np.random.default_rng(0)
    source = tmp_path / "in"
    for name, light in (("dark", 40), ("bright", 250)):
        pixels = generator.integers(0, light, (130, 210)).astype(np.uint8)
        mask = np.zeros((130, 210), np.uint8)
        mask[40:60, 100:140] = 255
        images.write(source / "images" / f"{name}.png", pixels)
        images.write(source / "masks" / f"{name}.png", mask)
    given = ["import", "masks", str(source), str(tmp_path / "out"), "--layout", "folders"]
    assert cli.main([*given, "--standardise", "--shrink", str(shrink)]) == 0
    for foil in folder.load(tmp_path / "out").foils:
        assert foil.image.mean() == pytest.approx(0.5, abs=0.005)
        assert foil.image.std() == pytest.approx(0.2, abs=0.005)
        assert (foil.mask == 1).sum() == 800 / shrink**2
