"""A dataset folder is read strictly: every kind of mistake is found, named, and explained."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import TOY_CLASSES, write_toy
from PIL import Image

from foilseg import cli, dataset, folder, images


def label(root, name="a"):
    return root / "labels" / f"{name}.png"


def wrong_size(root):
    dataset.write_mask(label(root), np.zeros((48, 41), np.uint8), TOY_CLASSES)


def unknown_colour(root):
    pixels = np.full((48, 40, 3), 255, np.uint8)
    pixels[3, 4] = (1, 2, 3)
    images.write(label(root), pixels)


def anti_aliased(root):
    pixels = np.full((48, 40, 3), 255, np.uint8)
    pixels[10, :6] = np.linspace((0, 114, 178), (255, 255, 255), 6)
    images.write(label(root), pixels)


def index_out_of_range(root):
    pixels = np.zeros((48, 40), np.uint8)
    pixels[5, 6] = 9
    images.write(label(root), pixels)


def truncated_image(root):
    path = root / "images" / "a.png"
    path.write_bytes(path.read_bytes()[:-200])


def truncated_label(root):
    label(root).write_bytes(label(root).read_bytes()[:60])


def missing_label(root):
    label(root).unlink()


def orphan_label(root):
    (root / "images" / "a.png").unlink()


def two_of_one_name(root):
    images.write(root / "images" / "a.bmp", np.zeros((48, 40), np.uint8))


def no_image_at_all(root):
    for path in [*root.glob("images/*"), *root.glob("labels/*")]:
        path.unlink()


def not_an_image(root):
    (root / "images" / "a.png").write_text("this is no picture")


def stray_file(root):
    (root / "images" / "notes.txt").write_text("remember the milk")


def lossy_label(root):
    Image.fromarray(np.zeros((48, 40), np.uint8)).save(root / "labels" / "a.jpg")


def mixed_channels(root):
    images.write(root / "images" / "b.png", np.zeros((48, 40), np.uint8))


def roi_outside(root):
    (root / "rois.csv").write_text("name,top,left,height,width\na,0,0,49,10\n")


def roi_of_nothing(root):
    (root / "rois.csv").write_text("name,top,left,height,width\nzz,0,0,9,10\n")


def roi_twice(root):
    (root / "rois.csv").write_text("name,top,left,height,width\na,0,0,9,9\na,0,0,8,8\n")


def roi_fraction(root):
    (root / "rois.csv").write_text("name,top,left,height,width\na,0.5,0,9,9\n")


def roi_no_column(root):
    (root / "rois.csv").write_text("name,top,left\na,0,0\n")


def no_description(root):
    (root / "dataset.json").unlink()


def description_is_no_json(root):
    (root / "dataset.json").write_text("{classes:")


def edited(root, **changes):
    path = root / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def gap_in_classes(root):
    edited(root, classes=[{"index": i, "name": f"c{i}", "colour": f"#00000{i}"} for i in (0, 2)])


def bad_colour(root):
    names = enumerate(["white", "#0072b2", "#e69f00"])
    edited(root, classes=[{"index": i, "name": f"c{i}", "colour": c} for i, c in names])


def one_colour_twice(root):
    names = enumerate(["#ffffff", "#0072b2", "#0072b2"])
    edited(root, classes=[{"index": i, "name": f"c{i}", "colour": c} for i, c in names])


def negative_pixel_size(root):
    edited(root, pixel_size_um=-1)


def class_nobody_can_learn(root):
    for name in "ab":
        mask = np.zeros((48, 40), np.uint8)
        mask[:3], mask[40:] = 1, 2
        dataset.write_mask(label(root, name), mask, TOY_CLASSES)


# what is done to a sound folder -> (the file that must be named, words that must be said)
BAD = {
    wrong_size: ("labels/a.png", "41 x 48"),
    unknown_colour: ("labels/a.png", "#010203 at row 3, column 4"),
    anti_aliased: ("labels/a.png", "anti-aliasing"),
    index_out_of_range: ("labels/a.png", "index 9 at row 5, column 6"),
    truncated_image: ("images/a.png", "cannot be read"),
    truncated_label: ("labels/a.png", "cannot be read"),
    missing_label: ("labels/a.png", "no label"),
    orphan_label: ("labels/a.png", "belongs to no image"),
    two_of_one_name: ("images/a.png", "same name as a.bmp"),
    no_image_at_all: ("images", "holds no image"),
    not_an_image: ("images/a.png", "cannot be read"),
    stray_file: ("images/notes.txt", "move it out"),
    lossy_label: ("labels/a.jpg", "is not one of"),
    mixed_channels: ("images/b.png", "1 channel"),
    roi_outside: ("rois.csv", "not inside the image"),
    roi_of_nothing: ("rois.csv", "'zz'"),
    roi_twice: ("rois.csv", "two rows for 'a'"),
    roi_fraction: ("rois.csv", "whole number"),
    roi_no_column: ("rois.csv", "columns: name,top,left,height,width"),
    no_description: ("dataset.json", "missing"),
    description_is_no_json: ("dataset.json", "cannot be understood"),
    gap_in_classes: ("dataset.json", "without a gap"),
    bad_colour: ("dataset.json", "'white'"),
    one_colour_twice: ("dataset.json", "one colour"),
    class_nobody_can_learn: ("labels", "class 'pit' has no pixel in any training region"),
    negative_pixel_size: ("dataset.json", "not positive"),
}


def test_a_sound_folder_has_no_problem(toy):
    assert folder.check(toy) == []


@pytest.mark.parametrize("damage", BAD, ids=lambda f: f.__name__)
def test_every_kind_of_damage_is_named_and_explained(toy, damage):
    damage(toy)
    file, words = BAD[damage]
    problems = folder.check(toy)
    found = [p for p in problems if p.file == file and words in str(p)]
    assert found, [str(p) for p in problems]
    assert all(p.advice for p in problems)
    with pytest.raises(folder.DatasetError, match=file):
        folder.load(toy)


def test_all_problems_are_listed_at_once_and_the_command_fails(toy, capsys):
    for damage in (unknown_colour, stray_file, roi_of_nothing):
        damage(toy)
    assert cli.main(["check", str(toy)]) == 1
    printed = capsys.readouterr().out
    for file in ("labels/a.png", "images/notes.txt", "rois.csv", "3 problem(s)"):
        assert file in printed


def test_the_command_is_content_with_a_sound_folder(toy, capsys):
    assert cli.main(["check", str(toy)]) == 0
    assert "no problem" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert "no such folder" in str(folder.check(tmp_path / "nowhere")[0])


@pytest.mark.parametrize(("kind", "top"), [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize("channels", [1, 3])
def test_8_and_16_bit_images_of_one_or_three_channels_are_read_exactly(
    tmp_path, kind, top, channels
):
    root = write_toy(tmp_path / "d", names=("a",), channels=channels)
    rng = np.random.default_rng(1)
    shape = (48, 40) if channels == 1 else (48, 40, 3)
    pixels = rng.integers(0, top + 1, shape).astype(kind)
    pixels.flat[:2] = 0, top
    images.write(root / "images" / "a.png", pixels)
    image = folder.load(root).foils[0].image
    planes = np.float64(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))
    expected = planes / top if channels == 1 else 2 * planes / top - 1
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, expected, atol=2e-7)


def test_labels_may_be_palette_index_or_colours(tmp_path):
    mask = np.random.default_rng(2).integers(0, 3, (48, 40)).astype(np.uint8)
    palette = np.array([images.rgb(c.colour) for c in TOY_CLASSES], np.uint8)
    root = write_toy(tmp_path / "d", names=("a", "b", "c"))
    dataset.write_mask(label(root, "a"), mask, TOY_CLASSES)
    images.write(label(root, "b"), mask)
    images.write(label(root, "c"), palette[mask])
    for foil in folder.load(root).foils:
        np.testing.assert_array_equal(foil.mask, mask)


def test_the_region_of_interest_cuts_image_mask_and_truth_alike(toy):
    whole = folder.load(toy).foils[0]
    (toy / "truth").mkdir()
    for name in "ab":
        (toy / "truth" / f"{name}.png").write_bytes(label(toy, name).read_bytes())
    rows = [("a", 3, 5, 20, 30)]
    columns = ["name", "top", "left", "height", "width"]
    pd.DataFrame(rows, columns=columns).to_csv(toy / "rois.csv", index=False)
    cut = folder.load(toy).foils[0]
    np.testing.assert_array_equal(cut.image, whole.image[:, 3:23, 5:35])
    np.testing.assert_array_equal(cut.mask, whole.mask[3:23, 5:35])
    np.testing.assert_array_equal(cut.truth, cut.mask)
    assert cut.origin == (3, 5)


def test_the_fingerprint_follows_the_pixels_and_not_the_files(toy):
    before = folder.load(toy).fingerprint
    picture = images.read(toy / "images" / "a.png")
    Image.fromarray(picture).save(toy / "images" / "a.png", compress_level=0)
    assert folder.load(toy).fingerprint == before
    picture[0, 0, 0] ^= 1
    images.write(toy / "images" / "a.png", picture)
    assert folder.load(toy).fingerprint != before
