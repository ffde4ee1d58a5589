"""Patches that are altered: turned as a surface turns, given a defect, their edges ignored."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
import toy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from foilseg.data import photometric
from foilseg.data.dataset import IGNORED, Foil
from foilseg.networks import checkpoints
from foilseg.sampling import alterations, pools
from foilseg.studies.study import Study
from foilseg.training.rows import Experiment
from foilseg.twin.surface import normals_of


def hills(seed=0, shape=(40, 56)):
    """A smooth height field, in pixels."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    return (30 * ndimage.gaussian_filter(noise, 3)).astype(np.float32)


def moved(height, which):
    """The surface itself, turned: what a camera sees after the foil was turned below it."""
    height = height.T if which & 1 else height
    height = height[::-1] if which & 2 else height
    return height[:, ::-1] if which & 4 else height


@pytest.mark.parametrize("which", range(8))
def test_a_turned_picture_is_the_picture_of_the_turned_surface(which):
    height = hills()
    expected = normals_of(moved(height, which), 1.0)
    found = alterations.turn(normals_of(height, 1.0), which, normals=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    as_colours = alterations.turn(normals_of(height, 1.0), which, normals=False)
    assert (np.abs(as_colours - expected).max() < 1e-6) == (which == 0)


def test_the_eight_positions_differ_and_are_closed():
    picture = normals_of(hills(shape=(9, 9)), 1.0)
    every = [alterations.turn(picture, which, True) for which in range(8)]
    assert len({one.tobytes() for one in every}) == 8
    again = {alterations.turn(one, which, True).tobytes() for one in every for which in range(8)}
    assert again == {one.tobytes() for one in every}


def test_grey_pictures_only_move():
    grey = np.arange(12, dtype=np.float32).reshape(1, 3, 4) / 12
    assert sorted(alterations.turn(grey, 5, False).ravel()) == sorted(grey.ravel())


@pytest.mark.parametrize(
    "image, expected",
    [
        (normals_of(hills(), 1.0), True),
        (np.random.default_rng(0).uniform(-1, 1, (3, 40, 56)).astype(np.float32), False),
        (np.ones((1, 40, 56), np.float32), False),
    ],
)
def test_colours_are_not_taken_for_normals(image, expected):
    assert photometric.holds_normals([Foil("a", image, np.zeros((40, 56), np.uint8))]) is expected


def index_of(size=32):
    """Two surfaces with one small object of class 1 and one long object of class 2."""
    regions = []
    for seed in range(2):
        mask = np.zeros((96, 120), np.uint8)
        mask[20:26, 30:37] = 1
        mask[60:64, 5:110] = 2
        regions.append(Foil(str(seed), normals_of(hills(seed, mask.shape), 1.0), mask))
    return pools.build_index(regions, 3, size)


def batch(index, n=64, value=0):
    images = np.stack([index.regions[0].image[:, :32, :32]] * n)
    return images.copy(), np.full((n, 32, 32), value, np.uint8)


@pytest.mark.parametrize(
    "name, positions", [("turned", range(8)), ("mirrored", (0, 2, 4, 6))], ids=lambda v: str(v)
)
def test_turned_patches_keep_picture_and_mask_together(name, positions):
    index = index_of()
    images, masks = batch(index, 320)
    masks[:, 3:9, 20] = 2
    images[:, 2] = np.where(masks == 2, 0.25, 0.75)
    before = masks.copy()
    alterations.make(name, index)(images, masks, np.random.default_rng(0))
    assert ((images[:, 2] == 0.25) == (masks == 2)).all()
    found = Counter(mask.tobytes() for mask in masks)
    expected = {moved(before[0], which).tobytes() for which in positions}
    assert set(found) == expected and min(found.values()) > 320 / len(expected) / 2


def test_pasted_objects_are_whole_normals_and_every_class_comes_as_often():
    index = index_of()
    images, masks = batch(index, 400)
    before = images.copy()
    alterations.make("pasted", index)(images, masks, np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, atol=1e-5)
    assert next(int((mask == 1).sum()) for mask in masks if (mask == 1).any()) == 6 * 7
    share = [np.mean([(mask == c).any() for mask in masks]) for c in (1, 2)]
    assert share == pytest.approx([alterations.PASTED / 2] * 2, abs=0.06)
    untouched = ~masks.any(axis=(1, 2))
    assert (images[untouched] == before[untouched]).all()
    far = [ndimage.distance_transform_edt(mask == 0) > 12 for mask in masks]
    assert all((a[:, w] == b[:, w]).all() for a, b, w in zip(images, before, far))


def test_the_object_that_was_chosen_is_pasted_and_no_neighbour():
    """A small object three pixels beside a large one of its class; and a long diagonal one."""
    mask = np.zeros((96, 120), np.uint8)
    mask[20:50, 30:60], mask[30:34, 63:67] = 1, 1
    for k in range(90):
        mask[k, k + 20 : k + 22] = np.where(mask[k, k + 20 : k + 22], 1, 2)
    region = Foil("a", normals_of(hills(0, mask.shape), 1.0), mask)
    index = pools.build_index([region], 3, 40)
    images = np.zeros((600, 3, 40, 40), np.float32)
    images[:, 2] = 1
    masks = np.zeros((600, 40, 40), np.uint8)
    alterations.make("pasted", index)(images, masks, np.random.default_rng(2))
    sizes = [int((m == 1).sum()) for m in masks if (m == 1).any()]
    numbers = np.unique(pools.find_objects([mask]).pixels[pools.find_objects([mask]).label == 1])
    assert set(sizes) <= set(numbers.tolist()) | {s for s in sizes if s > 500}
    assert 0.25 < np.mean([s == 16 for s in sizes]) < 0.75
    assert np.mean([(m == 2).any() for m in masks]) == pytest.approx(0.25, abs=0.06)


def test_nothing_is_pasted_over_a_defect():
    index = index_of()
    images, masks = batch(index, 50, value=2)
    before = images.copy()
    alterations.make("pasted", index)(images, masks, np.random.default_rng(1))
    assert (images == before).all() and (masks == 2).all()


def test_a_blend_adds_up_slopes():
    flat = np.zeros((3, 4, 4), np.float32)
    flat[2] = 1
    tilted = np.zeros_like(flat)
    tilted[0], tilted[2] = np.sin(0.5), np.cos(0.5)
    half = alterations.blend(flat, tilted, np.full((4, 4), 0.5, np.float32), True)
    np.testing.assert_allclose(half[0] / half[2], np.tan(0.5) / 2, rtol=1e-5)
    nothing = alterations.blend(tilted, flat, np.zeros((4, 4), np.float32), True)
    assert (nothing == tilted).all()
    grey = alterations.blend(flat[:1], flat[2:], np.full((4, 4), 0.25, np.float32), False)
    np.testing.assert_allclose(grey, 0.25)


def test_edges_are_ignored_two_pixels_on_either_side():
    index = index_of()
    images, masks = batch(index, 1)
    masks[0, :, 16:] = 1
    alterations.make("edges-ignored", index)(images, masks, np.random.default_rng(0))
    assert masks[0, 0].tolist() == [0] * 14 + [IGNORED] * 4 + [1] * 14


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), names=st.permutations(["turned", "pasted", "edges-ignored"]))
def test_the_same_generator_alters_alike(seed, names):
    index = index_of()
    alter = alterations.make("+".join(names), index)
    first, again = batch(index, 6), batch(index, 6)
    alter(*first, np.random.default_rng(seed))
    alter(*again, np.random.default_rng(seed))
    assert all((a == b).all() for a, b in zip(first, again))


def test_names_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match=r"alter: 'spun' is not one of turned, mirrored, pasted"):
        Experiment("a", "A", alter="turned+spun")
    assert alterations.make("", index_of()) is None
    assert toy.PROFILE.decay == 0


def test_a_profile_does_to_every_model_what_a_row_does_to_one(toy_data, tmp_path):
    """The same network bit by bit, under another name; the code that alters is part of it."""
    plain, row = toy.PROFILE, Experiment("turned", "Turned", alter="turned")
    augmented = replace(plain, augment="turned")
    one = Study(str(toy_data), plain, 0, tmp_path / "row").model(row)
    every = Study(str(toy_data), augmented, 0, tmp_path / "profile").model("baseline")
    runs = [model.train(progress=False)[""] for model in (one, every)]
    assert runs[0].history().equals(runs[1].history())
    states = [checkpoints.read(run.model()) for run in runs]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    told = every.determines()
    assert told["augment"] == "turned" and "alter" not in told
    assert told["code"] == one.row.code != every.row.code
    with pytest.raises(ValueError, match="alter.*tipped"):
        replace(plain, augment="tipped")
