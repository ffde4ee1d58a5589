"""Other tools' annotations, in and out: real files, public readers, and the same pixels back."""

import base64
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pycocotools import mask as lengths
from pycocotools.coco import COCO
from skimage.draw import polygon2mask

from foilseg import cli
from foilseg.data import description, folder, images
from foilseg.formats import assembling, coco, labelme, masks, shapes
from foilseg.formats.assembling import FormatError

MASKS = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))
BSDATA = Path(
    os.environ.get("FOILSEG_BSDATA", Path(__file__).parents[2] / "shared/datasets/bsdata")
)
SQUARE = [[2, 3], [6, 3], [6, 8], [2, 8]]
RING = [2, 3, 6, 3, 6, 8, 2, 8]

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def picture(path, seed=0, size=(12, 16), colour=False):
    """A picture file of noise."""
    shape = (*size, 3) if colour else size
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def shape(points, label="pit", kind="polygon", **more):
    return {"label": label, "points": points, "shape_type": kind} | more


def annotated(place, name, *drawn, size=(12, 16)):
    """A picture with a LabelMe file beside it."""
    picture(place / f"{name}.png", size=size)
    told = {"shapes": list(drawn), "imageHeight": size[0], "imageWidth": size[1]}
    (place / f"{name}.json").write_text(json.dumps(told))


def labels(root, name):
    return images.read_indexed(root / "labels" / f"{name}.png")


def made_of(root):
    """Name, classes and images of a dataset folder whose pictures are too small to train on."""
    told = description.read(root / description.NAME)
    return told["name"], told["classes"], sorted(p.stem for p in (root / "images").iterdir())


# Shapes.


def test_a_pixel_belongs_to_a_shape_if_its_middle_does():
    found = shapes.polygon(SQUARE, (12, 16))
    assert found.sum() == 4 * 5 and found[3:8, 2:6].all()
    assert (shapes.rectangle([SQUARE[0], SQUARE[2]], (12, 16)) == found).all()
    assert (shapes.rectangle([SQUARE[2], SQUARE[0]], (12, 16)) == found).all()
    rows, columns = np.mgrid[:12, :16] + 0.5
    disk = np.hypot(rows - 6, columns - 7) < 3.2
    assert (shapes.circle([[7, 6], [10.2, 6]], (12, 16)) == disk).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-3, 19), st.floats(-3, 15)), min_size=3, max_size=7))
def test_polygons_are_those_of_scikit_image(points):
    found = shapes.polygon(points, (12, 16))
    theirs = polygon2mask((12, 16), [(y - 0.5, x - 0.5) for x, y in points])
    assert (found == theirs).all() or (not theirs.any() and found.sum() <= 1)


def test_a_shape_between_the_middles_of_pixels_is_not_lost():
    tiny = shapes.polygon([(4.1, 5.1), (4.3, 5.1), (4.2, 5.3)], (12, 16))
    assert tiny.sum() == 1 and tiny[5, 4]
    assert not shapes.polygon([(40, 5), (41, 5), (40, 6)], (12, 16)).any(), "outside of the picture"


@settings(max_examples=100, deadline=None)
@given(MASKS)
def test_outlines_give_back_what_has_no_hole(mask):
    again = np.zeros_like(mask)
    for outline in shapes.outlines(mask):
        again |= shapes.polygon(outline, mask.shape)
    assert (again >= mask).all()
    assert shapes.has_holes(mask) or (again == mask).all()


# LabelMe.


def test_labelme_is_read_in_its_order_and_its_labels_by_name(tmp_path):
    source = tmp_path / "Meine Bilder ä"
    annotated(
        source,
        "a b ü",
        shape(SQUARE, "scratch"),
        shape([[4, 4], [12, 10]], "pit", "rectangle"),
        shape([[13, 2], [14, 2]], "pit", "circle"),
    )
    annotated(source, "nothing")
    made = labelme.bring(source, tmp_path / "out")
    name, classes, pictures = made_of(made)
    assert [c.name for c in classes] == ["background", "pit", "scratch"]
    assert name == "Meine Bilder ä" and pictures == ["a b ü", "nothing"]
    mask = labels(made, "a b ü")
    assert mask[3, 2] == 2 and mask[4, 4] == 1, "the later shape lies above"
    assert mask[2, 13] == 1 and not labels(made, "nothing").any(), "a file without shape is clean"
    assert (images.read(made / "images/nothing.png") == images.read(source / "nothing.png")).all()


@pytest.mark.parametrize(
    "drawn, why",
    [
        (shape([[1, 1], [2, 2]], kind="line"), r"shape 1 \(pit\): a line is no area"),
        (shape([[1, 1], [2, 2]]), "a polygon of 2 points"),
        (shape([[1, 1], [2, "x"], [3, 3]]), "shape 1"),
        (shape([[1, 1], [2, 2], [float("nan"), 3]]), "no pairs of numbers"),
        ({"label": "pit"}, "is no LabelMe file"),
        (shape([[0, 0], [1, 1]], kind="mask", mask="no picture"), "shape 1"),
    ],
)
def test_shapes_that_are_no_area_are_named_and_nothing_is_written(tmp_path, drawn, why):
    annotated(tmp_path / "in", "good", shape(SQUARE))
    annotated(tmp_path / "in", "bad", drawn)
    with pytest.raises(FormatError, match=rf"bad\.json: .*{why}|bad\.json: {why}"):
        labelme.bring(tmp_path / "in", tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"], "nothing is left half"


def test_labelme_files_that_fit_no_picture_are_named(tmp_path):
    annotated(tmp_path / "in", "a", shape(SQUARE))
    (tmp_path / "in" / "b.json").write_text((tmp_path / "in" / "a.json").read_text())
    with pytest.raises(FormatError, match=r"b\.json: lies beside no picture"):
        labelme.bring(tmp_path / "in", tmp_path / "out")
    picture(tmp_path / "in" / "b.png", size=(9, 9))
    with pytest.raises(FormatError, match="drawn on a picture of 16 x 12 pixels, but the one"):
        labelme.bring(tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "b.json").write_text("[" * 5000)
    with pytest.raises(FormatError, match="is no LabelMe file"):
        labelme.bring(tmp_path / "in", tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="no such folder; give the one with"):
        labelme.bring(tmp_path / "none", tmp_path / "out")


# What all formats share.


def test_pictures_without_annotation_have_to_be_explained(tmp_path):
    annotated(tmp_path / "in", "a", shape(SQUARE))
    picture(tmp_path / "in" / "b.png")
    with pytest.raises(FormatError, match=r"1 picture\(s\) have no annotation, such as .*b\.png"):
        labelme.bring(tmp_path / "in", tmp_path / "out")
    clean = labelme.bring(tmp_path / "in", tmp_path / "clean", unannotated="clean")
    assert not labels(clean, "b").any() and labels(clean, "a").any()
    left = labelme.bring(tmp_path / "in", tmp_path / "left", unannotated="leave-out")
    assert [p.name for p in (left / "images").iterdir()] == ["a.png"]
    with pytest.raises(FileExistsError, match="exists already"):
        labelme.bring(tmp_path / "in", tmp_path / "left", unannotated="leave-out")


def test_grey_among_colour_is_refused_or_made_grey(tmp_path):
    annotated(tmp_path / "in", "a", shape(SQUARE))
    annotated(tmp_path / "in", "b", shape(SQUARE))
    pixels = picture(tmp_path / "in" / "b.png", colour=True)
    with pytest.raises(FormatError, match=r"a\.png is grey and .*b\.png in colour; use --all-grey"):
        labelme.bring(tmp_path / "in", tmp_path / "out")
    made = labelme.bring(tmp_path / "in", tmp_path / "out", all_grey=True)
    grey = images.read(made / "images/b.png")
    assert grey.ndim == 2 and np.abs(grey - pixels.mean(axis=2)).max() <= 0.5


@pytest.mark.parametrize("place", range(10))
def test_pictures_are_turned_as_the_tools_turn_them(tmp_path, place):
    pixels = np.arange(12 * 16, dtype=np.uint8).reshape(12, 16)
    image, told = Image.fromarray(pixels), Image.Exif()
    told[0x0112] = place
    image.save(tmp_path / "p.png", exif=told)
    with Image.open(tmp_path / "p.png") as stored:
        from PIL import ImageOps

        expected = np.array(ImageOps.exif_transpose(stored))
    assert (assembling.upright(tmp_path / "p.png") == expected).all()


def test_sixteen_bits_stay(tmp_path):
    annotated(tmp_path / "in", "a", shape(SQUARE))
    deep = np.random.default_rng(0).integers(0, 65536, (12, 16)).astype(np.uint16)
    images.write(tmp_path / "in" / "a.png", deep)
    made = labelme.bring(tmp_path / "in", tmp_path / "out")
    assert (images.read(made / "images/a.png") == deep).all()


def test_many_classes_have_many_colours():
    classes = assembling.classes_of([f"class {k}" for k in range(60)])
    assert len({c.colour for c in classes}) == 61


# COCO.


def coco_file(place, annotations, categories=({"id": 7, "name": "pit"}, {"id": 3, "name": "line"})):
    sized = [{"id": 1, "file_name": "a.png", "height": 12, "width": 16}]
    sized.append({"id": 2, "file_name": "sub/b.png", "height": 12, "width": 16})
    picture(place / "a.png")
    picture(place / "images" / "sub" / "b.png", 1)
    told = {"images": sized, "annotations": annotations, "categories": list(categories)}
    (place / "all.json").write_text(json.dumps(told))
    return place / "all.json"


def entry(number, segmentation, image=1, kind=7):
    return {"id": number, "image_id": image, "category_id": kind, "segmentation": segmentation,
            "area": 1, "bbox": [0, 0, 1, 1], "iscrowd": 0}  # fmt: skip


def runs(mask):
    """Uncompressed run lengths, written out by hand: down the columns, first what is outside."""
    flat, counts, value = mask.T.ravel(), [0], 0
    for pixel in flat.astype(int):
        if pixel == value:
            counts[-1] += 1
        else:
            counts.append(1)
            value = pixel
    return {"counts": counts, "size": list(mask.shape)}


def test_coco_polygons_and_run_lengths_are_read(tmp_path):
    ring = np.zeros((12, 16), bool)
    ring[1:8, 1:9], ring[3:5, 3:6] = True, False
    packed = lengths.encode(np.asfortranarray(ring, np.uint8))
    packed["counts"] = packed["counts"].decode()
    each = [entry(1, [RING], kind=3), entry(2, runs(ring)), entry(3, packed, image=2)]
    file = coco_file(tmp_path, each)
    made = coco.bring(file, tmp_path / "out", unannotated="clean")
    classes = made_of(made)[1]
    assert [c.name for c in classes] == ["background", "line", "pit"], "in the order of ids"
    assert (labels(made, "sub-b") == 2 * ring).all()
    mask = labels(made, "a")
    assert mask[3, 2] == 1 and (mask[ring] > 0).all(), "the smaller area lies above the larger"
    assert (coco.bring(tmp_path, tmp_path / "again") / "labels/a.png").is_file(), "the only file"


@pytest.mark.parametrize(
    "change, why",
    [
        (lambda told: told.pop("categories"), "is no COCO file"),
        (lambda told: told["images"][0].update(height=5), "says that a.png has 16 x 5 pixels"),
        (lambda told: told["images"][0].update(file_name="none.png"), "names none.png, which is"),
        (
            lambda told: told["annotations"][0].update(segmentation={"counts": 5, "size": [1, 2]}),
            "annotation 1 of a.png: its run lengths are of 2 x 1 pixels",
        ),
        (
            lambda told: told["annotations"][0].update(category_id=99),
            "the category_id 99, which is none",
        ),
        (
            lambda told: told["annotations"][0].update(image_id="1"),
            "the image_id '1', which is none",
        ),
        (lambda told: told["annotations"][0].update(segmentation=[]), "is only a box, or empty"),
        (lambda told: told["annotations"][0].update(segmentation=[[1, 2, 3]]), "annotation 1 of a"),
        (lambda told: told["images"][1].update(id=1), "two entries have one id"),
        (lambda told: told["categories"][0].pop("name"), "is no COCO file"),
    ],
)
def test_coco_files_that_are_wrong_are_named_and_nothing_is_written(tmp_path, change, why):
    file = coco_file(tmp_path / "in", [entry(1, [RING]), entry(2, [RING], 2)])
    told = json.loads(file.read_text())
    change(told)
    file.write_text(json.dumps(told))
    with pytest.raises(FormatError, match=rf"all\.json: .*{why}|all\.json: {why}"):
        coco.bring(file, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]


# Pairs of masks.


def test_masks_lie_where_a_layout_says(tmp_path):
    for layout, picture_at, mask_at in (
        ("folders", "images/a.jpg", "masks/a.png"),
        ("beside", "a.jpg", "a.png"),
        ("kolektor", "train/10301.png", "train/10301_GT.png"),
        ("mvtec", "test/hole/000.png", "ground_truth/hole/000_mask.png"),
    ):
        source = tmp_path / layout
        picture(source / picture_at)
        mask = np.zeros((12, 16), np.uint8)
        mask[2:5, 3:9] = 255
        (source / mask_at).parent.mkdir(parents=True, exist_ok=True)
        images.write(source / mask_at, mask)
        if layout == "mvtec":
            picture(source / "test/good/000.png", 1)
        made = masks.bring(source, tmp_path / f"{layout}-out", layout=layout)
        _, classes, pictures = made_of(made)
        name = "hole-000" if layout == "mvtec" else Path(picture_at).stem
        assert ((labels(made, name) == 1) == (mask > 0)).all(), layout
        assert classes[1].name == ("hole" if layout == "mvtec" else "defect")
        assert len(pictures) == (2 if layout == "mvtec" else 1)


def test_values_of_masks_are_classes_and_shades_are_none(tmp_path):
    for number in range(2):
        picture(tmp_path / "in/images" / f"{number}.png", number)
    first, second = np.zeros((2, 12, 16), np.uint8)
    first[:4], second[5:7], second[9:] = 3, 3, 9
    images.write(tmp_path / "in/masks/0.png", first)
    images.write(tmp_path / "in/masks/1.png", second)
    made = masks.bring(tmp_path / "in", tmp_path / "out")
    assert [c.name for c in made_of(made)[1][1:]] == ["value 3", "value 9"]
    assert set(np.unique(labels(made, "1"))) == {0, 1, 2}
    soft = np.arange(12 * 16, dtype=np.uint8).reshape(12, 16)
    images.write(tmp_path / "in/masks/1.png", soft)
    with pytest.raises(FormatError, match="which are shades and no classes; say --threshold 128"):
        masks.bring(tmp_path / "in", tmp_path / "soft")
    made = masks.bring(tmp_path / "in", tmp_path / "soft", threshold=128)
    assert ((labels(made, "1") > 0) == (soft >= 128)).all()
    images.write(tmp_path / "in/masks/1.png", soft[:5])
    with pytest.raises(FormatError, match="has 16 x 5 pixels, its picture has 16 x 12"):
        masks.bring(tmp_path / "in", tmp_path / "cut", threshold=40)
    with pytest.raises(FormatError, match=r"holds no picture at test/\*/\*"):
        masks.bring(tmp_path / "in", tmp_path / "none", layout="mvtec")
    with pytest.raises(FormatError, match="layout: 'x' is not one of"):
        masks.bring(tmp_path / "in", tmp_path / "none", layout="x")


def test_masks_of_a_palette_or_of_colours_are_classes(tmp_path):
    picture(tmp_path / "in/images/a.png")
    index = np.zeros((12, 16), np.uint8)
    index[2:5], index[7:9] = 1, 2
    images_of = {1: (128, 0, 0), 2: (0, 128, 0)}
    colours = np.zeros((12, 16, 3), np.uint8)
    for k, colour in images_of.items():
        colours[index == k] = colour
    images.write_indexed(tmp_path / "mask.png", index, {0: "#000000", 1: "#800000", 2: "#008000"})
    (tmp_path / "in/masks").mkdir()
    for number, (make, names) in enumerate(
        (
            (lambda p: p.write_bytes((tmp_path / "mask.png").read_bytes()), ["value 1", "value 2"]),
            (lambda p: images.write(p, colours), ["colour #008000", "colour #800000"]),
        )
    ):
        make(tmp_path / "in/masks/a.png")
        made = masks.bring(tmp_path / "in", tmp_path / f"out{number}")
        assert [c.name for c in made_of(made)[1][1:]] == names
        found = labels(made, "a")
        assert ((found > 0) == (index > 0)).all() and len(np.unique(found)) == 3
    images.write(tmp_path / "in/masks/a.png", colours + np.uint8(50))
    with pytest.raises(FormatError, match=r"a\.png: no pixel of any mask is 0"):
        masks.bring(tmp_path / "in", tmp_path / "white")


@pytest.mark.parametrize(
    "layout, files, why",
    [
        ("folders", ["images/a.png", "masks/a.png", "masks/b.png"], r"b\.png: is a mask that"),
        ("kolektor", ["t/1.png", "t/1_GT.png", "t/2_GT.png"], r"2_GT\.png: is a mask that"),
        ("folders", ["images/a.png", "masks/a.jpg"], "JPEG blurs a mask; say --threshold 128"),
        ("mvtec", ["test/hole/0.png", "ground_truth/hole/0.png"], "belongs to no picture"),
        ("folders", ["images/a.png"], "no picture has a mask"),
    ],
)
def test_masks_that_fit_no_picture_are_not_lost(tmp_path, layout, files, why):
    mask = np.zeros((12, 16), np.uint8)
    mask[2:5] = 255
    for file in files:
        place = tmp_path / "in" / file
        place.parent.mkdir(parents=True, exist_ok=True)
        if "mask" in file or "_GT" in file or "truth" in file:
            Image.fromarray(mask).save(place)
        else:
            picture(place)
    with pytest.raises(FormatError, match=why):
        masks.bring(tmp_path / "in", tmp_path / "out", layout=layout, unannotated="clean")
    assert not (tmp_path / "out").exists()


def test_endings_in_capitals_and_masks_of_both_kinds_fit(tmp_path):
    for name, value in (("a.PNG", 1), ("b.png", 255)):
        picture(tmp_path / "in/images" / name)
        mask = np.zeros((12, 16), np.uint8)
        mask[2:5] = value
        (tmp_path / "in/masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(tmp_path / "in/masks" / name)
    made = masks.bring(tmp_path / "in", tmp_path / "out")
    assert [c.name for c in made_of(made)[1][1:]] == ["defect"]
    assert labels(made, "a").sum() == labels(made, "b").sum() == 3 * 16


def test_rectangles_of_four_points_and_names_of_other_systems(tmp_path):
    corners = [[2, 3], [9, 3], [9, 8], [2, 8]]
    annotated(tmp_path / "in", "a", shape(corners, " pit ", "rectangle"))
    told = json.loads((tmp_path / "in/a.json").read_text())
    told["shapes"] += [shape(SQUARE, "_background_")]
    told["shapes"][0].pop("shape_type")
    (tmp_path / "in/a.json").write_text(json.dumps(told))
    (tmp_path / "in/._a.json").write_text("what macOS leaves behind")
    mask = labels(labelme.bring(tmp_path / "in", tmp_path / "out"), "a")
    assert mask.sum() == 7 * 5 - 4 * 5
    for label, why in ((None, "which is no text"), ("", "is empty")):
        annotated(tmp_path / "in", "a", shape(corners, label))
        with pytest.raises(FormatError, match=why):
            labelme.bring(tmp_path / "in", tmp_path / "no")
    annotated(tmp_path / "in", "a", shape(SQUARE, "1"))
    with pytest.raises(FormatError, match="class name '1' is read as a number"):
        labelme.bring(tmp_path / "in", tmp_path / "no")


def test_coco_is_found_where_tools_put_it(tmp_path):
    kinds = [{"id": 0, "name": "all"}, {"id": 1, "name": "pit"}]
    picture(tmp_path / "in/images/a.png")
    told = {"images": [{"id": 5, "file_name": "x\\y\\a.png", "height": 12, "width": 16}]}
    told |= {"categories": kinds, "annotations": [entry(1, RING, 5, 1), entry(1, RING, 5, 1)]}
    (tmp_path / "in/annotations").mkdir()
    (tmp_path / "in/annotations/instances.json").write_text(json.dumps(told))
    made = coco.bring(tmp_path / "in", tmp_path / "out")
    assert [c.name for c in made_of(made)[1][1:]] == ["pit"], "of the other nothing is annotated"
    assert made_of(made)[2] == ["x-y-a"] and labels(made, "x-y-a").sum() == 20
    told["images"][0]["file_name"] = str(tmp_path / "in/images/a.png")
    (tmp_path / "in/annotations/instances.json").write_text(json.dumps(told))
    made = coco.bring(tmp_path / "in", tmp_path / "again")
    assert all("/" not in name and not name.startswith(".") for name in made_of(made)[2])


# Out, and in again.


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.05, 0.4, 0.8]))
def test_what_goes_out_comes_back_the_same(tmp_path_factory, seed, share):
    place = tmp_path_factory.mktemp("out")
    root = toy.write(place / "data", foils=2, height=96, width=80)
    random = np.random.default_rng(seed)
    for name in [foil.name for foil in folder.load(root).foils]:
        mask = np.where(random.random((96, 80)) < share, random.integers(1, 3, (96, 80)), 0)
        images.write(root / "labels" / f"{name}.png", mask.astype(np.uint8))
    data = folder.load(root)
    for kind in (labelme, coco):
        again = folder.load(
            kind.bring(
                kind.export(data, place / kind.__name__),
                place / f"{kind.__name__}-in",
                unannotated="clean",
            )
        )
        assert [f.name for f in again.foils] == [f.name for f in data.foils]
        names = {c.index: c.name for c in again.classes}
        for one, other in zip(data.foils, again.foils):
            for c in data.defects:
                index = next((k for k, n in names.items() if n == c.name), -1)
                assert ((one.mask == c.index) == (other.mask == index)).all(), kind.__name__
            assert np.abs(one.image - other.image).max() < 1 / 255


def test_a_public_reader_sees_the_same_objects(tmp_path):
    data = folder.load(toy.write(tmp_path / "data"))
    coco.export(data, tmp_path / "coco")
    found = COCO(str(tmp_path / "coco" / coco.NAME))
    for number, foil in enumerate(data.foils, 1):
        mask = np.zeros(foil.shape, np.uint8)
        for each in found.loadAnns(found.getAnnIds(imgIds=[number])):
            own = found.annToMask(each)
            assert own.sum() == each["area"] and (lengths.toBbox(found.annToRLE(each)) ==
                                                  each["bbox"]).all()  # fmt: skip
            mask[own > 0] = each["category_id"]
        assert (mask == foil.mask).all()
    labelme.export(data, tmp_path / "labelme")
    told = json.loads(next((tmp_path / "labelme").glob("*.json")).read_text())
    for each in told["shapes"]:
        if each["shape_type"] == "mask":
            with Image.open(io.BytesIO(base64.b64decode(each["mask"]))) as image:
                assert np.array(image).any()


def test_commands_bring_in_and_out(tmp_path, capsys):
    large = [[20, 30], [60, 30], [60, 80], [20, 80]]  # what can be trained on
    annotated(tmp_path / "in", "a", shape(large), size=(96, 128))
    picture(tmp_path / "in" / "b.png", size=(96, 128))
    source, out = str(tmp_path / "in"), str(tmp_path / "data")
    assert cli.main(["import", "labelme", source, out]) == 1
    assert "--unannotated clean" in capsys.readouterr().err
    assert cli.main(["import", "labelme", source, out, "--unannotated", "clean"]) == 0
    assert "2 foils written" in capsys.readouterr().out
    assert cli.main(["export", "coco", out, str(tmp_path / "coco")]) == 0
    back = ["import", "coco", str(tmp_path / "coco"), str(tmp_path / "back")]
    assert cli.main([*back, "--unannotated", "clean"]) == 0
    assert (labels(tmp_path / "back", "a") == labels(tmp_path / "data", "a")).all()
    wrong = ["import", "lights", source, str(tmp_path / "x"), "--threshold", "3"]
    assert cli.main(wrong) == 1
    assert "--threshold: does not belong to import lights" in capsys.readouterr().err


@pytest.mark.skipif(not BSDATA.is_dir(), reason=f"no spindle photographs at {BSDATA}")
def test_real_labelme_files_are_read(tmp_path):
    source = tmp_path / "spindles"
    source.mkdir()
    files = sorted(BSDATA.glob("*.json"))[:4]
    for file in files:
        for part in (file, file.with_suffix(".jpg")):
            (source / part.name).symlink_to(part)
    made = labelme.bring(source, tmp_path / "out")
    data = folder.load(made)
    assert [c.name for c in data.defects] == ["Pitting"] and len(data.foils) == 4
    for file, foil in zip(files, data.foils):
        told = json.loads(file.read_text())
        theirs = np.zeros(foil.shape, bool)
        for each in told["shapes"]:
            theirs |= polygon2mask(foil.shape, [(y - 0.5, x - 0.5) for x, y in each["points"]])
        assert (theirs == (foil.mask == 1)).all() and theirs.any()


def test_a_file_may_be_about_a_picture_of_another_name(tmp_path):
    """LabelMe writes where the picture lay when it was drawn on, with the signs of its system."""
    annotated(tmp_path / "in", "a", shape(SQUARE, "pit"))
    told = json.loads((tmp_path / "in/a.json").read_text())
    (tmp_path / "in/a.json").unlink()
    there = "..\\photos\\a.png"
    (tmp_path / "in/first.json").write_text(json.dumps(told | {"imagePath": there}))
    mask = labels(labelme.bring(tmp_path / "in", tmp_path / "out"), "a")
    assert mask.any()
    (tmp_path / "in/a.json").write_text(json.dumps(told | {"imagePath": "nowhere.png"}))
    with pytest.raises(FormatError, match=r"are about .*a\.png; keep one"):
        labelme.bring(tmp_path / "in", tmp_path / "no")
    (tmp_path / "in/a.json").unlink()
    (tmp_path / "in/b.json").write_text(json.dumps(told | {"imagePath": "b.png"}))
    with pytest.raises(FormatError, match="beside no picture of that name, nor of 'b.png'"):
        labelme.bring(tmp_path / "in", tmp_path / "no")


def test_a_coco_file_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(FormatError, match=r"gone\.json: no such file; give the JSON file"):
        coco.bring(tmp_path / "gone.json", tmp_path / "made")
    assert not (tmp_path / "made").exists()
