"""A dataset folder is read strictly: every kind of mistake is found, named, and explained."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from conftest import TOY_CLASSES, write_toy
from PIL import Image

from foilseg import cli
from foilseg.data import dataset, folder, images
from foilseg.training import experiments


def label(root, name="a"):
    return root / "labels" / f"{name}.png"


def wrong_size(root):
    dataset.write_mask(label(root), np.zeros((48, 65), np.uint8), TOY_CLASSES)


def unknown_colour(root):
    pixels = np.full((48, 64, 3), 255, np.uint8)
    pixels[3, 4] = (1, 2, 3)
    images.write(label(root), pixels)


def anti_aliased(root):
    pixels = np.full((48, 64, 3), 255, np.uint8)
    pixels[10, :6] = np.linspace((0, 114, 178), (255, 255, 255), 6)
    images.write(label(root), pixels)


def index_out_of_range(root):
    pixels = np.zeros((48, 64), np.uint8)
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
    images.write(root / "images" / "a.bmp", np.zeros((48, 64), np.uint8))


def no_image_at_all(root):
    for path in [*root.glob("images/*"), *root.glob("labels/*")]:
        path.unlink()


def not_an_image(root):
    (root / "images" / "a.png").write_text("this is no picture")


def stray_file(root):
    (root / "images" / "notes.txt").write_text("remember the milk")


def lossy_label(root):
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(root / "labels" / "a.jpg")


def mixed_channels(root):
    images.write(root / "images" / "b.png", np.zeros((48, 64), np.uint8))


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


def deeply_nested(root):
    (root / "dataset.json").write_text("[" * 100_000 + "]" * 100_000)


def classes_with(**changes):
    entries = [{"index": i, "name": f"c{i}", "colour": f"#00000{i}"} for i in range(3)]
    entries[1] |= changes
    return entries


def index_is_true(root):
    edited(root, classes=classes_with(index=True))


def index_is_a_fraction(root):
    edited(root, classes=classes_with(index=1.5))


def pixel_size_is_true(root):
    edited(root, pixel_size_um=True)


def pixel_size_is_infinite(root):
    edited(root, pixel_size_um=float("inf"))


def name_with_a_line_break(root):
    edited(root, name="one\ntwo")


def name_that_is_no_text(root):
    edited(root, name=None)


def class_without_a_name(root):
    edited(root, classes=classes_with(name=" "))


def class_with_a_control_character(root):
    edited(root, classes=classes_with(name="pit\x1b[31m"))


def class_that_turns_the_text(root):
    edited(root, classes=classes_with(name="pit\u202etip"))


def class_with_half_a_character(root):
    edited(root, classes=classes_with(name="\ud800"))


def class_with_an_overlong_name(root):
    edited(root, classes=classes_with(name="x" * 49))


def class_called_nan(root):
    edited(root, classes=classes_with(name="NaN"))


def class_called_by_a_number(root):
    edited(root, classes=classes_with(name="12"))


def foil_with_a_line_break(root):
    for kind in ("images", "labels"):
        (root / kind / "a.png").rename(root / kind / "a\nb.png")


def foil_with_an_overlong_name(root):
    for kind in ("images", "labels"):
        (root / kind / "a.png").rename(root / kind / f"{'x' * 81}.png")


def region_of_four_pixels(root):
    (root / "rois.csv").write_text("name,top,left,height,width\na,0,0,2,2\n")


def narrow_region(root):
    (root / "rois.csv").write_text("name,top,left,height,width\na,0,0,48,15\n")


def tiny_image(root):
    images.write(root / "images" / "a.png", np.zeros((47, 16, 3), np.uint8))
    images.write(root / "labels" / "a.png", np.zeros((47, 16), np.uint8))


def no_region_holds_a_patch(root):
    (root / "rois.csv").write_text(
        "name,top,left,height,width\na,0,0,48,63\nb,0,0,48,63\n",
    )


def folder_named_like_a_foil(root):
    (root / "images" / "foil_01.png").mkdir()


def link_to_nothing(root):
    (root / "images" / "foil_01.png").symlink_to(root / "gone.png")


def hidden_file(root):
    (root / "images" / ".a.png").write_bytes((root / "images" / "a.png").read_bytes())


def class_nobody_can_learn(root):
    for name in "ab":
        mask = np.zeros((48, 64), np.uint8)
        mask[:3], mask[40:] = 1, 2
        dataset.write_mask(label(root, name), mask, TOY_CLASSES)


# what is done to a sound folder -> (the file that must be named, words that must be said)
BAD = {
    wrong_size: ("labels/a.png", "65 x 48"),
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
    deeply_nested: ("dataset.json", "nested too deeply to be a description; it must look like"),
    index_is_true: ("dataset.json", "class index True of 'c1' is no whole number"),
    index_is_a_fraction: ("dataset.json", "class index 1.5 of 'c1' is no whole number"),
    pixel_size_is_true: ("dataset.json", "pixel_size_um is True, not a number"),
    pixel_size_is_infinite: ("dataset.json", "pixel_size_um is inf, not a number"),
    name_with_a_line_break: ("dataset.json", "U+000A, which cannot be printed"),
    name_that_is_no_text: ("dataset.json", "name None is NoneType, not text"),
    class_without_a_name: ("dataset.json", "class name ' ' is empty"),
    class_with_a_control_character: ("dataset.json", "U+001B, which cannot be printed"),
    class_that_turns_the_text: ("dataset.json", "U+202E, which cannot be printed"),
    class_with_half_a_character: ("dataset.json", "U+D800, which cannot be printed"),
    class_with_an_overlong_name: ("dataset.json", "has 49 letters, more than 48"),
    class_called_nan: ("dataset.json", "'NaN' is a word that tables take for a missing value"),
    class_called_by_a_number: ("dataset.json", "'12' is read as a number"),
    foil_with_a_line_break: ("images/a\nb.png", "images/a\\nb.png: its name holds"),
    foil_with_an_overlong_name: (f"images/{'x' * 81}.png", "its name has 81 letters"),
    region_of_four_pixels: ("rois.csv", "2 rows and 2 columns, too few"),
    narrow_region: ("rois.csv", "at least 48 rows and 16 columns"),
    tiny_image: ("images/a.png", "its region has 47 rows and 16 columns, too few"),
    no_region_holds_a_patch: ("images", "the smallest patches have 64"),
    folder_named_like_a_foil: ("images/foil_01.png", "is a folder"),
    link_to_nothing: ("images/foil_01.png", "is a link to"),
    hidden_file: ("images/.a.png", "is a hidden file"),
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
    with pytest.raises(folder.DatasetError, match=re.escape(file.replace("\n", "\\n"))):
        folder.load(toy)


def test_the_smallest_regions_and_the_longest_names_are_sound(toy):
    (toy / "rois.csv").write_text("name,top,left,height,width\na,0,0,48,16\n")
    (toy / "labels" / "b.png").rename(toy / "labels" / f"{'b' * 80}.png")
    (toy / "images" / "b.png").rename(toy / "images" / f"{'b' * 80}.png")
    names = ["x" * 48, "<b>$ {{x}} \"'` _é漢_", "-"]
    entries = [
        {"index": c.index, "name": n, "colour": c.colour} for c, n in zip(TOY_CLASSES, names)
    ]
    edited(toy, name="nought", classes=entries)
    assert folder.check(toy) == []


def test_the_smallest_patch_is_that_of_a_profile():
    assert min(p.patch for p in experiments.PROFILES.values()) == folder.LEAST_PATCH


def test_what_systems_leave_behind_is_no_problem_and_no_foil(toy):
    for name in ("Thumbs.db", "ehthumbs.db", "desktop.ini", ".DS_Store", ".directory", "._a.png"):
        for kind in ("images", "labels"):
            (toy / kind / name).write_bytes(b"left behind")
    assert folder.check(toy) == []
    assert [foil.name for foil in folder.load(toy).foils] == ["a", "b"]


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
    missing = tmp_path / "nowhere"
    assert str(folder.check(missing)[0]).startswith(f"{missing}: no such folder")


@pytest.mark.parametrize(("kind", "top"), [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize("channels", [1, 3])
def test_8_and_16_bit_images_of_one_or_three_channels_are_read_exactly(
    tmp_path, kind, top, channels
):
    root = write_toy(tmp_path / "d", names=("a",), channels=channels)
    rng = np.random.default_rng(1)
    shape = (48, 64) if channels == 1 else (48, 64, 3)
    pixels = rng.integers(0, top + 1, shape).astype(kind)
    pixels.flat[:2] = 0, top
    images.write(root / "images" / "a.png", pixels)
    image = folder.load(root).foils[0].image
    planes = np.float64(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))
    expected = planes / top if channels == 1 else 2 * planes / top - 1
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, expected, atol=2e-7)


def test_labels_may_be_palette_index_or_colours(tmp_path):
    mask = np.random.default_rng(2).integers(0, 3, (48, 64)).astype(np.uint8)
    palette = np.array([images.rgb(c.colour) for c in TOY_CLASSES], np.uint8)
    root = write_toy(tmp_path / "d", names=("a", "b", "c"))
    dataset.write_mask(label(root, "a"), mask, TOY_CLASSES)
    images.write(label(root, "b"), mask)
    images.write(label(root, "c"), palette[mask])
    for foil in folder.load(root).foils:
        np.testing.assert_array_equal(foil.mask, mask)


def test_the_region_of_interest_cuts_image_mask_and_truth_alike(tmp_path):
    toy = write_toy(tmp_path / "d", shape=(60, 100))
    whole = folder.load(toy).foils[0]
    (toy / "truth").mkdir()
    for name in "ab":
        (toy / "truth" / f"{name}.png").write_bytes(label(toy, name).read_bytes())
    rows = [("a", 3, 5, 50, 30)]
    columns = ["name", "top", "left", "height", "width"]
    pd.DataFrame(rows, columns=columns).to_csv(toy / "rois.csv", index=False)
    cut = folder.load(toy).foils[0]
    np.testing.assert_array_equal(cut.image, whole.image[:, 3:53, 5:35])
    np.testing.assert_array_equal(cut.mask, whole.mask[3:53, 5:35])
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
