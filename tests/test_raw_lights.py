"""Import of raw photographs: the twin's own come back as its images; faults are named."""

import json
import shutil

import numpy as np
import pytest

from foilseg.data import folder, images
from foilseg.data.raw_lights import RawLightsError, import_raw_lights, read_lights
from foilseg.twin import render

SMALL = render.TwinConfig(foils=2, height=320, width=256, scale=0.5)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    root = tmp_path_factory.mktemp("raw") / "twin"
    return render.write(root, SMALL, progress=False, lights=True)


@pytest.fixture
def source(original, tmp_path):
    copy = tmp_path / "source"
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("images", "twin.json"))
    return copy


def test_photographs_of_the_twin_give_the_twin(original, source, tmp_path):
    found = folder.load(import_raw_lights(source, tmp_path / "new"))
    rendered = folder.load(original)
    assert found.pixels == rendered.pixels
    assert rendered.recipe and not found.recipe, "what is imported counts by its pixels"


def test_only_labels_and_photographs_are_needed(source, tmp_path):
    (source / "rois.csv").unlink()
    shutil.rmtree(source / "truth")
    found = folder.load(import_raw_lights(source, tmp_path / "new"))
    assert len(found.foils) == 2 and not found.has_truth


def spoil_missing(source):
    (source / "lights" / "foil_02_3.png").unlink()


def spoil_size(source):
    images.write(source / "lights" / "foil_01_2.png", np.zeros((5, 5), np.uint8))


def spoil_colour(source):
    images.write(source / "lights" / "foil_01_2.png", np.zeros((5, 5, 3), np.uint8))


def spoil_bytes(source):
    path = source / "lights" / "foil_02_4.png"
    path.write_bytes(path.read_bytes()[:300])


def spoil_stray(source):
    (source / "lights" / "notes.txt").write_text("x")


def spoil_number(source):
    images.write(source / "lights" / "foil_01_5.png", np.zeros((5, 5), np.uint8))


def spoil_lights(source):
    (source / "lights.json").write_text(json.dumps({"directions": [[0, 0, 1]] * 4}))


def spoil_json(source):
    (source / "lights.json").write_text("{")


def spoil_no_json(source):
    (source / "lights.json").unlink()


def spoil_empty(source):
    shutil.rmtree(source / "lights")


FAULTS = {
    "foil_02_3.png: no such file": spoil_missing,
    "foil_01_2.png: has another size": spoil_size,
    "foil_01_2.png: is in colour": spoil_colour,
    "foil_02_4.png: cannot be read": spoil_bytes,
    "notes.txt: not NAME_K.png": spoil_stray,
    "foil_01_5.png: not NAME_K.png with K from 1 to 4": spoil_number,
    "one plane": spoil_lights,
    "lights.json: cannot be used": spoil_json,
    "lights.json: missing": spoil_no_json,
    "holds no photograph": spoil_empty,
}


@pytest.mark.parametrize("message", FAULTS)
def test_faults_are_named_and_nothing_is_written(source, tmp_path, message):
    FAULTS[message](source)
    with pytest.raises(RawLightsError) as caught:
        import_raw_lights(source, tmp_path / "new")
    assert message in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["source"]


def test_two_faulty_foils_are_both_named(source, tmp_path):
    spoil_missing(source)
    spoil_size(source)
    with pytest.raises(RawLightsError, match="2 foil") as caught:
        import_raw_lights(source, tmp_path / "new")
    assert "foil_01_2" in str(caught.value) and "foil_02_3" in str(caught.value)


def test_faulty_labels_are_refused_with_the_folder_s_own_list(source, tmp_path):
    (source / "labels" / "foil_01.png").unlink()
    with pytest.raises(folder.DatasetError, match="no label"):
        import_raw_lights(source, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_places_that_cannot_be(source, tmp_path):
    with pytest.raises(FileExistsError, match="exists"):
        import_raw_lights(source, source)
    with pytest.raises(RawLightsError, match="no such folder"):
        import_raw_lights(tmp_path / "nowhere", tmp_path / "new")


def test_directions_of_the_twin_are_read_back(source):
    np.testing.assert_allclose(np.linalg.norm(read_lights(source / "lights.json"), axis=1), 1)
