"""The magnetic tile photographs become a sound dataset folder, checked against the originals."""

import numpy as np
import pytest
from PIL import Image

from foilseg import cli
from foilseg.data import dataset, folder, images
from foilseg.data.images import ImageFileError
from foilseg.formats import magnetic_tile as importers
from foilseg.formats import shrinking, standardising


def tile(root, kind, name, mask, size=(30, 20)):
    place = root / f"MT_{kind}" / "Imgs"
    place.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, 90).save(place / f"{name}.jpg")
    Image.fromarray(np.asarray(mask, np.uint8)).save(place / f"{name}.png")


@pytest.fixture
def made_up(tmp_path):
    mask = np.zeros((20, 30))
    mask[5, 5:9] = 127, 128, 200, 255
    tile(tmp_path / "mt", "Crack", "one", mask)
    tile(tmp_path / "mt", "Free", "two", np.zeros((20, 30)))
    return tmp_path / "mt"


def test_a_pixel_is_a_defect_from_128_on(made_up, tmp_path):
    assert importers.magnetic_tile(made_up, tmp_path / "out") == tmp_path / "out"
    labels = tmp_path / "out" / "labels"
    assert images.read_indexed(labels / "crack-one.png")[5, 5:9].tolist() == [0, 3, 3, 3]
    assert images.read_indexed(labels / "free-two.png").max() == 0
    assert images.read(tmp_path / "out/images/crack-one.png").ndim == 2


def test_nothing_is_overwritten_and_nothing_half_made_stays(made_up, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError, match="there"):
        importers.magnetic_tile(made_up, tmp_path / "there")
    tile(made_up, "Fray", "bad", np.zeros((21, 30)))
    with pytest.raises(ImageFileError, match=r"bad\.png"):
        importers.magnetic_tile(made_up, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mt", "there"]


def test_the_command_shrinks_and_standardises(made_up, tmp_path):
    given = ["import", "magnetic-tile", str(made_up), str(tmp_path / "out")]
    assert cli.main([*given, "--shrink", "2", "--standardise"]) in (0, 1)  # small for a network
    whole = importers.magnetic_tile(made_up, tmp_path / "whole")
    for path in sorted((whole / "images").iterdir()):
        expected = standardising.picture(shrinking.picture(images.read(path), 2))
        assert (images.read(tmp_path / "out/images" / path.name) == expected).all()


def test_another_folder_is_refused_with_what_was_expected(tmp_path, capsys):
    assert cli.main(["import", "magnetic-tile", str(tmp_path), str(tmp_path / "o")]) == 1
    assert "MT_Blowhole" in capsys.readouterr().err


@pytest.mark.real
def test_a_dozen_photographs_survive_the_import(magnetic_tile_dozen, tmp_path):
    chosen = sorted(magnetic_tile_dozen.glob("MT_*/Imgs/*.jpg"))
    importers.magnetic_tile(magnetic_tile_dozen, tmp_path / "out")
    data = folder.load(tmp_path / "out")
    assert len(data.foils) == len(chosen) == 12
    assert len({foil.shape for foil in data.foils}) > 6
    for picture in chosen:
        kind = picture.parent.parent.name[3:].lower()
        foil = data.foil(f"{kind}-{picture.stem}")
        with Image.open(picture.with_suffix(".png")) as mask:
            expected = np.asarray(mask.convert("L")) >= 128
        defect = {c.name: c.index for c in data.classes}.get(kind, 0)
        np.testing.assert_array_equal(foil.mask, expected * defect)
        with Image.open(picture) as image:
            grey = np.asarray(image.convert("L"), np.float32) / 255
        np.testing.assert_allclose(foil.image[0], grey, atol=1e-6)
    assert dataset.class_pixels(data.foils, 6).sum(axis=0).all()
