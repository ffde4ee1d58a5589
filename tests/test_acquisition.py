"""What the cameras saw: pictures under each light where the data keeps them, and the albedo."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from foilseg.data import images
from foilseg.data.dataset import Foil, split
from foilseg.studies import acquisition

LIGHTS = [[0.8, 0.0, 0.6], [-0.8, 0.0, 0.6], [0.0, 0.8, 0.6]]
ORIGIN, SHAPE = (2, 1), (6, 4)  # of the region of interest in pictures of 10 x 8 pixels


def write(root, grey):
    """A level surface under three lights: each picture is 0.6 times its albedo."""
    (root / "lights.json").write_text(json.dumps({"directions": LIGHTS}))
    for number in range(1, len(LIGHTS) + 1):
        images.write(root / "lights" / f"a_{number}.png", np.rint(0.6 * grey).astype(np.uint8))


@pytest.fixture
def study(tmp_path):
    foil = Foil("a", np.zeros((1, *SHAPE), np.float32), np.zeros(SHAPE, np.uint8), origin=ORIGIN)
    data = SimpleNamespace(foil={"a": foil}.__getitem__)
    return SimpleNamespace(root=tmp_path, dataset=data, validation=lambda name: split(foil)[1])


def test_photographs_are_those_of_the_region_of_interest(study):
    grey = np.arange(80.0).reshape(10, 8) * 3
    write(study.root, grey)
    pictures, lights = acquisition.photographs(study, "a")
    assert lights.tolist() == LIGHTS
    assert (pictures == np.rint(0.6 * grey)[2:8, 1:5]).all() and pictures.shape == (3, *SHAPE)


def test_the_albedo_is_that_of_the_validation_region_and_its_largest_is_one(study):
    grey = np.full((10, 8), 200.0)
    grey[2, 1:5] = 100, 50, 0, 75  # the first row of the region, half of what validates
    grey[3, 1:5] = 100
    write(study.root, grey)
    albedo = acquisition.albedo(study, "a")["albedo"]
    assert albedo.shape == (2, 4) and albedo.dtype == np.float32
    assert np.allclose(albedo, [[1, 0.5, 0, 0.75], [1, 1, 1, 1]], atol=1e-3)


def test_a_region_in_the_shadow_of_every_light_is_black(study):
    write(study.root, np.zeros((10, 8)))
    assert (acquisition.albedo(study, "a")["albedo"] == 0).all()


def test_data_without_photographs_of_the_foil_have_neither(study):
    assert acquisition.photographs(study, "a") == (None, None)
    assert acquisition.albedo(study, "a") == {}
    write(study.root, np.full((10, 8), 100.0))
    assert acquisition.photographs(study, "b") == (None, None)
