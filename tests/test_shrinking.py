"""Pictures and masks that are made smaller on their way in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import block_reduce

from foilseg import cli
from foilseg.data import folder, images
from foilseg.data.dataset import IGNORED
from foilseg.formats import shrinking
from foilseg.formats.assembling import FormatError
from foilseg.formats.masks import bring


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(5, 23), st.integers(5, 23), st.integers(0, 1000))
def test_a_picture_is_the_means_of_its_blocks(times, height, width, seed):
    generator = np.random.default_rng(seed)
    for shape, kind in (((height, width), np.uint8), ((height, width, 3), np.uint16)):
        pixels = generator.integers(0, np.iinfo(kind).max + 1, shape).astype(kind)
        whole = pixels[: height // times * times, : width // times * times]
        block = (times, times, 1)[: pixels.ndim]
        expected = np.rint(block_reduce(whole, block, np.mean)).astype(kind)
        made = shrinking.picture(pixels, times)
        assert made.dtype == kind and (made == expected).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(0, 1000))
def test_a_mask_says_what_most_of_a_block_is(times, seed):
    values = np.array([0, 0, 0, 1, 2, IGNORED], np.uint8)
    mask = np.random.default_rng(seed).choice(values, (4 * times, 3 * times))
    made = shrinking.mask(mask, times)
    for row, column in np.ndindex(4, 3):
        block = mask[row * times :, column * times :][:times, :times]
        numbers = {v: int((block == v).sum()) for v in (1, 2, IGNORED)}
        most = max(numbers, key=lambda v: (numbers[v], -v))
        background = int((block == 0).sum())
        assert made[row, column] == (0 if 2 * background > times**2 else most)


def test_once_as_small_is_as_it_was():
    mask = np.random.default_rng(0).integers(0, 4, (7, 9)).astype(np.uint8)
    assert (shrinking.mask(mask, 1) == mask).all() and (shrinking.picture(mask, 1) == mask).all()


def test_an_import_makes_smaller(tmp_path, capsys):
    pixels = np.arange(130 * 210, dtype=np.uint8).reshape(130, 210)
    mask = np.zeros((130, 210), np.uint8)
    mask[40:60, 100:140] = 255
    for place, values in (("images", pixels), ("masks", mask)):
        for name in "ab":
            images.write(tmp_path / "in" / place / f"{name}.png", values)
    given = ["import", "masks", str(tmp_path / "in"), str(tmp_path / "out"), "--layout", "folders"]
    assert cli.main([*given, "--shrink", "2"]) == 0
    foil = folder.load(tmp_path / "out").foils[0]
    assert foil.shape == (65, 105)
    expected = np.zeros((65, 105), bool)
    expected[20:30, 50:70] = True
    assert ((foil.mask == 1) == expected).all()
    with pytest.raises(FormatError, match="b.png|a.png.*--shrink 131"):
        bring(tmp_path / "in", tmp_path / "no", layout="folders", shrink=131)
    with pytest.raises(FormatError, match="shrink: 0"):
        bring(tmp_path / "in", tmp_path / "no", layout="folders", shrink=0)
    assert not (tmp_path / "no").exists()
