"""The viewer for predictions in a real browser, from a file and without a network."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
import viewer
from PIL import Image
from scipy import ndimage

from foilseg.book import readable
from foilseg.data import images
from foilseg.drawing.style import ERROR_COLOURS
from foilseg.evaluation import metrics
from foilseg.figures import packing, widgets

pytestmark = pytest.mark.browser
KINDS = ("hit", "miss", "false alarm", "wrong defect")
COLOURS = np.array([images.rgb(c.colour) for c in viewer.CLASSES])
ERRORS = np.array([(0, 0, 0), *(images.rgb(ERROR_COLOURS[kind]) for kind in KINDS)])


def errors(reference, predicted, defect=0):
    """The error view by its definition, pixel by pixel: 0 nothing, then the kinds."""
    kind = np.zeros(reference.shape, int)
    of = (reference > 0, predicted > 0)
    if defect:
        of = (reference == defect, predicted == defect)
    kind[of[0] & of[1] & (reference == predicted)] = 1
    kind[of[0] & (predicted == 0)] = 2
    kind[of[1] & (reference == 0)] = 3
    both = (reference > 0) & (predicted > 0) & (reference != predicted)
    kind[both & (of[0] | of[1])] = 4
    return kind


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    foils = [viewer.foil("first", 1), viewer.foil("second", 2, (90, 70), channels=1)]
    foils.append(viewer.foil("broken", 3))
    masks = viewer.models(foils)
    masks["broken"]["Model B"] = np.zeros((7, 9), np.uint8)
    inputs = {"first": {"albedo": np.full((60, 120), 0.5, np.float32)}}
    return viewer.page(foils, tmp_path_factory.mktemp("viewer") / "page.html", masks, inputs=inputs)


def assert_drawn(screen, pane, values, colours):
    """Every visible pixel has the colour of its value, and the input's where that is 0."""
    found = screen.pixels(pane)
    assert len(found) > 50
    column, row, seen = found[:, 0], found[:, 1], found[:, 2:]
    expected = values[row, column]
    drawn = expected > 0
    assert drawn.any()
    assert (seen[drawn] == colours[expected[drawn]]).all()
    picture = np.asarray(Image.open(io.BytesIO(packing.picture_bytes(screen.foil.image))))
    relief = picture[..., 0] if picture.ndim == 3 else picture  # of normals, the slope along x
    picture = np.repeat(relief[..., None], 3, -1)
    difference = abs(seen[~drawn] - picture[row[~drawn], column[~drawn]].astype(int))
    assert difference.max() <= 6 and np.median(difference) <= 1


def opaque(screen):
    screen.page.get_by_label("Opacity of the masks in percent").fill("100")
    screen.wait()


def test_both_panes_show_the_masks_that_python_holds(screen):
    opaque(screen)
    assert_drawn(screen, 0, screen.foil.mask, COLOURS)
    assert_drawn(screen, 1, screen.masks["first"]["Model A"], COLOURS)
    screen.pick("Mask in the right pane", "Model C")
    screen.pick("Mask in the left pane", "truth")
    assert_drawn(screen, 0, screen.foil.truth, COLOURS)
    assert_drawn(screen, 1, screen.masks["first"]["Model C"], COLOURS)


def test_half_transparent_masks_are_mixed_with_the_input(screen):
    found = {}
    for percent in ("0", "50", "100"):
        screen.page.get_by_label("Opacity of the masks in percent").fill(percent)
        screen.wait()
        found[percent] = screen.pixels(0)
    column, row = found["0"][:, :2].T
    drawn = screen.foil.mask[row, column] > 0
    mean = (found["0"][:, 2:] + found["100"][:, 2:]) / 2
    assert drawn.any() and abs(found["50"][:, 2:] - mean)[drawn].max() <= 1.5
    assert (found["50"][~drawn] == found["0"][~drawn]).all()


def test_another_foil_and_one_defect_of_it(screen):
    opaque(screen)
    screen.pick("Image", "second")
    assert_drawn(screen, 0, screen.foil.mask, COLOURS)
    screen.pick("Defect to show", "crack & line")
    only = np.where(screen.foil.mask == 2, 2, 0)
    assert_drawn(screen, 0, only, COLOURS)
    assert screen.page.locator(".fs-legend").inner_text().split("\n") == ["crack & line"]


@pytest.mark.parametrize("against", ["annotation", "truth"])
@pytest.mark.parametrize("defect", ["", "spot"])
def test_the_error_view_is_the_one_that_python_computes(screen, against, defect):
    opaque(screen)
    screen.pick("What the colours mean", against)
    screen.pick("Defect to show", defect)
    reference = screen.foil.truth if against == "truth" else screen.foil.mask
    label = 3 if defect else 0
    for place, title in enumerate(("annotation", "Model A")):
        predicted = {"annotation": screen.foil.mask}.get(title)
        predicted = screen.masks["first"][title] if predicted is None else predicted
        assert_drawn(screen, place, errors(reference, predicted, label), ERRORS)


def test_an_outline_is_the_edge_of_the_mask(screen):
    opaque(screen)
    screen.key("o")
    mask = screen.foil.mask
    cross = ndimage.generate_binary_structure(2, 1)
    inside = np.zeros(mask.shape, bool)
    for label in (1, 2, 3):
        inside |= ndimage.binary_erosion(mask == label, cross, border_value=1)
    assert_drawn(screen, 0, np.where(inside, 0, mask), COLOURS)


def test_the_wheel_zooms_about_the_pointer_and_both_panes_stay_linked(screen):
    opaque(screen)
    box = screen.box(1)
    rows, columns = np.nonzero((screen.foil.mask > 0) & (screen.masks["first"]["Model A"] > 0))
    px = 1 + (box["width"] - 2) * (columns[0] + 0.5) / 120
    py = 1 + (box["height"] - 2) * (rows[0] + 0.5) / 60

    def under():
        x, y, zoom = screen.data("camera")
        height, width = screen.foil.shape
        room, high = box["width"] - 2, box["height"] - 2
        scale = min(room / width, high / height) * zoom
        return x + (px - 1 - room / 2) / scale, y + (py - 1 - high / 2) / scale, zoom

    before = under()
    screen.page.mouse.move(box["x"] + px, box["y"] + py)
    screen.page.mouse.wheel(0, -300)
    screen.page.wait_for_timeout(100)
    assert under() == before, "without Ctrl the wheel is the page's"
    screen.page.keyboard.down("Control")
    for _ in range(5):
        screen.page.mouse.wheel(0, -300)
    screen.page.keyboard.up("Control")
    screen.page.wait_for_function(
        "document.querySelector('.fs-compare').dataset.camera.split(' ')[2] > 4.4"
    )
    screen.settle()
    after = under()
    assert after[2] == pytest.approx(np.exp(5 * 0.3), rel=1e-6)
    assert after[:2] == pytest.approx(before[:2], abs=0.35)
    left, right = screen.pixels(0), screen.pixels(1)
    assert (left[:, :2] == right[:, :2]).all() and len(left) < screen.foil.mask.size / 8
    assert_drawn(screen, 0, screen.foil.mask, COLOURS)
    assert_drawn(screen, 1, screen.masks["first"]["Model A"], COLOURS)


def test_a_drag_moves_the_foil_with_the_pointer(screen):
    screen.key("+", "+", "+")
    x, y, zoom = screen.data("camera")
    box = screen.box(0)
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen.page.mouse.move(*at)
    screen.page.mouse.down()
    screen.page.mouse.move(at[0] + 40, at[1] - 30, steps=4)
    screen.page.mouse.up()
    screen.settle()
    scale = (box["width"] - 2) / screen.foil.shape[1] * zoom
    assert screen.data("camera")[0] == pytest.approx(x - 40 / scale, abs=1e-3)
    assert screen.data("camera")[1] == pytest.approx(y + 30 / scale, abs=1e-3)
    screen.key(*["ArrowRight"] * 80)
    assert screen.data("window")[2] == 120, "the foil's edge stops the camera"


PINCH = """([spread, second]) => {
  const canvas = document.querySelector(".fs-compare canvas");
  canvas.setPointerCapture = () => {};
  const box = canvas.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const fire = (type, id, dx) => canvas.dispatchEvent(new PointerEvent(type,
    { pointerId: id, pointerType: "touch", clientX: x + dx, clientY: y, bubbles: true }));
  fire("pointerdown", 1, -20);
  if (second) fire("pointerdown", 2, 20);
  fire("pointermove", 2, 20 + spread); fire("pointermove", 1, -20 - spread);
  fire("pointerup", 1, 0); fire("pointerup", 2, 0);
}"""


def test_a_pinch_zooms_by_the_ratio_of_the_distances(screen):
    screen.key("+", "+")
    begun = screen.data("camera")
    screen.page.evaluate(PINCH, [40, False])
    screen.settle()
    assert screen.data("camera") == begun, "one finger is the page's"
    screen.key("0")
    screen.page.evaluate(PINCH, [40, True])
    screen.settle()
    x, y, zoom = screen.data("camera")
    assert zoom == pytest.approx(120 / 40)
    assert (x, y) == pytest.approx((60, 30), abs=0.5)


def test_the_swipe_has_one_mask_on_each_side_of_its_divider(screen):
    opaque(screen)
    screen.pick("Arrangement of the panes", "swipe")
    divider = screen.page.get_by_role("slider", name=re.compile("Divider"))
    box, knob = screen.box(0), divider.bounding_box()
    middle = knob["x"] + knob["width"] / 2, knob["y"] + 20
    screen.page.mouse.move(*middle)
    screen.page.mouse.down()
    screen.page.mouse.move(box["x"] + 1 + (box["width"] - 2) * 0.25, middle[1], steps=3)
    screen.page.mouse.up()
    screen.settle()
    assert divider.get_attribute("aria-valuenow") == "25"
    halves = screen.foil.mask.copy()
    halves[:, 30:] = screen.masks["first"]["Model A"][:, 30:]
    assert_drawn(screen, 0, halves, COLOURS)
    divider.focus()
    for _ in range(5):
        screen.page.keyboard.press("ArrowRight")
    screen.settle()
    assert divider.get_attribute("aria-valuenow") == "35"


def test_the_grid_shows_every_mask(screen):
    opaque(screen)
    screen.pick("Arrangement of the panes", "all models")
    foil, masks = screen.foil, screen.masks["first"]
    for place, mask in enumerate([foil.mask, foil.truth, *masks.values()], 1):
        assert_drawn(screen, place, mask, COLOURS)
    captions = screen.page.locator(".fs-compare figcaption").all_inner_texts()
    titles = ["no mask", "annotation", "truth", *masks]
    assert captions == [f"first: {title}" for title in titles]


def test_everything_is_reached_with_the_keyboard(screen):
    assert screen.chosen("Picture under the masks") == "slope along x", "lines are read best on it"
    screen.key("]")
    assert screen.chosen("Mask in the right pane") == "Model B"
    screen.key("[", "}", "c", "e", "v", "i")
    names = ["Mask in the right pane", "Mask in the left pane", "Defect to show"]
    names += ["What the colours mean", "Arrangement of the panes", "Picture under the masks"]
    expected = ["Model A", "truth", "pit", "annotation", "swipe", "normals"]
    assert [screen.chosen(name) for name in names] == expected
    screen.key(".", ".", ",", "<")
    assert screen.chosen("Opacity of the masks in percent") == "70"
    screen.key("f")
    assert screen.chosen("Image") == "second"
    screen.key("F", "+", "+", "ArrowDown", "-")
    assert screen.data("camera")[2] == pytest.approx(1.5)
    screen.key("0")
    assert screen.data("camera") == pytest.approx([60, 30, 1])


def test_every_control_has_a_name_and_can_be_tabbed_to(screen):
    nameless = """[...document.querySelectorAll(
      ".fs-compare :is(select, input, button, canvas, [tabindex])")].filter(
      (node) => !node.getAttribute("aria-label") || node.tabIndex < -1).length"""
    assert screen.page.evaluate(nameless) == 0


def test_the_scores_are_those_of_the_whole_foil_and_of_the_window(screen):
    for defect, label in (("", 0), ("pit", 1)):
        screen.pick("Defect to show", defect)
        screen.key("0", "+", "+", "+", "ArrowLeft", "ArrowLeft")
        left, top, right, bottom = map(int, screen.data("window"))
        assert (right - left, bottom - top) != (120, 60)
        seen = f"[data-scored='{left} {top} {right} {bottom}']"
        screen.page.wait_for_selector(f".fs-compare{seen}")
        rows = screen.page.locator(".fs-scores tbody tr").all_inner_texts()
        window = slice(top, bottom), slice(left, right)
        for line, (title, mask) in zip(rows, screen.masks["first"].items(), strict=True):
            name, *cells = line.split("\t")
            assert name == title
            values = []
            for place in (slice(None), slice(None)), window:
                table = metrics.confusion(screen.foil.mask[place], mask[place], 4)
                counts = metrics.class_counts(table)
                tp, fp, fn, tn = counts[label] if label else counts[1:].sum(axis=0)
                for form, above, below in (
                    ("{:.3f}".format, tp, tp + fn),
                    (readable.per_million, fp, fp + tn),
                    ("{:.3f}".format, tp, tp + fp),
                ):
                    values.append("–" if below == 0 else form(above / below))
            labels = [label] if label else range(1, 4)
            assert cells == [*values, objects_touched(screen.foil.mask, mask, labels)]


def objects_touched(reference, mask, labels):
    """How many objects of a reference a mask touches with their own class, in words."""
    found = total = 0
    for label in labels:
        numbers, count = ndimage.label(reference == label, np.ones((3, 3)))
        found += len(set(numbers[mask == label].tolist()) - {0})
        total += count
    return f"{found} of {total}"


def test_the_next_error_is_the_next_smaller_one_and_lies_in_the_middle(screen):
    kinds = errors(screen.foil.mask, screen.masks["first"]["Model A"])
    sizes, boxes = [], []
    for kind in (2, 3, 4):
        numbers, count = ndimage.label(kinds == kind, np.ones((3, 3)))
        sizes += [(int((numbers == k).sum()), KINDS[kind - 1]) for k in range(1, count + 1)]
        boxes += ndimage.find_objects(numbers)
    order = np.argsort([-size for size, _ in sizes], kind="stable")
    status = screen.page.locator(".fs-status")
    for place in range(3):
        screen.key("n")
        text = status.inner_text()
        assert text.startswith(f"{place + 1} of {len(sizes)}: ")
        assert f", {sizes[order[place]][0]} pixels" in text
    screen.key("N", "N")
    assert status.inner_text().startswith(f"1 of {len(sizes)}: {sizes[order[0]][1]} of Model A")
    rows, columns = boxes[order[0]]
    left, top, right, bottom = screen.data("window")
    assert left <= columns.start < columns.stop <= right
    assert top <= rows.start < rows.stop <= bottom
    assert sizes[order[-1]][0] == 1, "the last one is a single pixel"
    screen.key("N")
    assert ", 1 pixel at row " in status.inner_text()


def test_what_is_jumped_to_has_a_frame_until_something_else_is_shown(screen):
    """In both panes a long white line, the inner one of the frame, where none was."""
    count = """() => [...document.querySelectorAll(".fs-compare canvas")].map((canvas) => {
      const { width, height } = canvas;
      const copy = new OffscreenCanvas(width, height);
      const pen = copy.getContext("2d", { willReadFrequently: true });
      pen.drawImage(canvas, 0, 0);
      const { data } = pen.getImageData(0, 0, width, height);
      let best = 0;
      for (let y = 0; y < height; y++) {
        let run = 0;
        for (let x = 0; x < width; x++) {
          const i = 4 * (y * width + x);
          run = data[i] === 255 && data[i + 1] === 255 && data[i + 2] === 255 ? run + 1 : 0;
          best = Math.max(best, run);
        }
      }
      return best;
    })"""
    screen.key("c")
    plain = screen.page.evaluate(count)
    screen.key("n")
    screen.page.wait_for_timeout(200)
    framed = screen.page.evaluate(count)
    assert len(framed) == 2 and min(framed) > max(plain) + 10
    screen.key("c")
    screen.page.wait_for_timeout(200)
    assert max(screen.page.evaluate(count)) < min(framed)


def test_the_next_disagreement_counts_the_areas_where_models_differ(screen):
    each = list(screen.masks["first"].values())
    differs = np.any([mask != each[0] for mask in each[1:]], axis=0)
    numbers, count = ndimage.label(differs, np.ones((3, 3)))
    largest = np.bincount(numbers.ravel())[1:].max()
    screen.key("d")
    said = screen.page.locator(".fs-status").inner_text()
    assert said.startswith(f"1 of {count}: disagreement, {largest} pixels")


def test_a_link_restores_the_view(screen, viewer_window):
    screen.pick("Image", "second")
    screen.pick("Defect to show", "crack & line")
    screen.pick("Arrangement of the panes", "swipe")
    screen.key("+", "+", "ArrowUp", "o", "e")
    before = screen.data("camera")
    assert before[2] == 2.25
    screen.key("l")
    assert screen.data("camera") == pytest.approx(before, abs=2e-3), "the view stays"
    link = screen.page.evaluate("location.hash")
    assert link.startswith("#compare:foil=second")
    other = screen.again(viewer_window)
    other.open(screen.path, link)
    for name in ("Image", "Defect to show", "Arrangement of the panes", "What the colours mean"):
        assert other.chosen(name) == screen.chosen(name)
    assert other.data("camera") == pytest.approx(before, abs=2e-3)
    assert (other.pixels(0) == screen.pixels(0)).all()
    other.page.close()


@pytest.mark.parametrize("link", ["#compare:foil=none&x=a&zoom=-3&mode=x", "#%E0%A4%A", "#other"])
def test_a_link_to_nothing_shows_the_first_view(screen, viewer_window, link):
    other = screen.again(viewer_window)
    other.open(screen.path, link)
    assert other.chosen("Image") == "first" and other.data("camera") == [60, 30, 1]
    other.page.close()


def test_a_foil_that_cannot_be_shown_says_why_and_the_others_work(screen):
    screen.pick("Image", "broken")
    said = screen.page.locator(".fs-problem").inner_text()
    assert said == (
        "broken: the mask of Model B is 7 x 9 pixels, the image 60 x 120; "
        "predict this region again."
    )
    screen.key("n", "+", "v")
    screen.pick("Image", "second")
    assert len(screen.pixels(0)) > 50


BAD = {
    "size": "size: the mask of Model B is 7 x 9 pixels, the image 60 x 120; predict this region",
    "classes": "classes: the mask of Model A holds the class 9, which these data do not have; it",
    "image": "image: there is no image; add images/image.png to the data set.",
    "nothing": "nothing: there is no prediction; train a model, or give its mask.",
}


def test_each_kind_of_bad_input_says_why_in_the_place_of_the_picture(viewer_window, tmp_path):
    foils = [viewer.foil(name, number) for number, name in enumerate([*BAD, "sound"])]
    masks = viewer.models(foils)
    masks["size"]["Model B"] = np.zeros((7, 9), np.uint8)
    masks["classes"]["Model A"] = masks["classes"]["Model A"] + np.uint8(6)
    masks["nothing"] = {}
    foils[2] = replace(foils[2], image=None)
    widget = widgets.compare(foils, masks, viewer.CLASSES)
    screen = viewer.Screen(viewer_window.new_page(), foils, masks)
    screen.open(viewer.write_page([widget], tmp_path / "page.html"))
    assert screen.chosen("Image") == "sound", "the first that can be shown"
    for name, sentence in BAD.items():
        screen.pick("Image", name)
        shown = screen.page.locator(".fs-problem")
        assert shown.count() == 1 and shown.inner_text().startswith(sentence)
        screen.key("n", "d", "+", "v")
    screen.pick("Image", "sound")
    assert screen.page.locator(".fs-problem").count() == 0 and len(screen.pixels(0)) > 50
    assert screen.said == []
    screen.page.close()


def test_it_fits_a_telephone(screen):
    screen.page.set_viewport_size({"width": 390, "height": 800})
    screen.settle()
    wide = screen.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    first, second = screen.box(0), screen.box(1)
    assert first["x"] == second["x"] and second["y"] > first["y"], "the panes are stacked"


def test_bytes_that_are_no_picture_are_a_sentence_and_no_error(page_file, viewer_window, tmp_path):
    _, foils, masks = page_file
    widget = widgets.compare(foils[:2], {f.name: masks[f.name] for f in foils[:2]}, viewer.CLASSES)
    data = bytearray(widget.files)
    data[: widget.facts["foils"][0]["sizes"][0]] = bytes(widget.facts["foils"][0]["sizes"][0])
    widget.files = bytes(data)
    screen = viewer.Screen(viewer_window.new_page(), foils, masks)
    screen.open(viewer.write_page([widget], tmp_path / "page.html"))
    assert "first: cannot be shown" in screen.page.locator(".fs-problem").inner_text()
    screen.pick("Image", "second")
    opaque(screen)
    assert_drawn(screen, 0, screen.foil.mask, COLOURS)
    assert screen.said == []
    screen.page.close()


def f1(reference, predicted, labels):
    """Pooled F1 over some classes, None where neither mask shows one of them."""
    hit = sum(((reference == k) & (predicted == k)).sum() for k in labels)
    both = sum((reference == k).sum() + (predicted == k).sum() for k in labels)
    return None if both == 0 else 2 * hit / both


def listed(screen, against="annotation"):
    """The list of all pictures as it is, when it is ready."""
    said = screen.page.locator(".fs-all p")
    said.filter(has_text=f"against the {against}").wait_for()
    return screen.page.locator(".fs-thumbs button").all_inner_texts()


@pytest.mark.parametrize(("defect", "label"), [("", 0), ("pit", 1)])
def test_all_pictures_are_listed_the_worst_first(screen, defect, label):
    assert screen.page.locator(".fs-thumbs button").count() == 0
    screen.pick("Defect to show", defect)
    screen.page.locator(".fs-all summary").click()
    labels = [label] if label else [1, 2, 3]
    for title in ("Model A", "Model C"):
        screen.pick("Mask in the right pane", title)
        expected = []
        for name in ("first", "second"):
            score = f1(screen.foils[name].mask, screen.masks[name][title], labels)
            expected.append((score, f"{name}: F1 {score:.3f}"))
        screen.page.locator(".fs-all p").filter(has_text=f"Errors of {title} against").wait_for()
        assert listed(screen) == [text for _, text in sorted(expected)]
        said = screen.page.locator(".fs-all p").inner_text()
        assert said.endswith("Pictures that cannot be shown: 1."), "the one called broken"


def test_a_picture_of_the_list_is_chosen_by_a_click(screen):
    screen.page.locator(".fs-all summary").click()
    listed(screen)
    screen.page.locator(".fs-thumbs button", has_text="second").click()
    screen.page.wait_for_selector('.fs-compare[data-ready="second"]')
    assert screen.chosen("Image") == "second"
    current = screen.page.locator('.fs-thumbs button[aria-current="true"]')
    current.filter(has_text="second").wait_for()
    assert current.count() == 1


def test_an_error_of_one_pixel_is_seen_in_a_small_picture(viewer_window, tmp_path):
    wide = viewer.foil("wide", 5, (80, 900), truth=False)
    mask = np.zeros(wide.shape, np.uint8)
    wide = replace(wide, mask=mask.copy(), truth=None)
    wide.mask[10:30, 100:160] = 1  # found but for one pixel
    mask[10:30, 100:160] = 1
    mask[20, 130] = 0
    mask[60, 700] = 2  # a false alarm of one pixel
    other = viewer.foil("other", 6)
    masks = {"wide": {"Model A": mask}, "other": {"Model A": other.mask}}
    path = tmp_path / "page.html"
    viewer.write_page([widgets.compare([other, wide], masks, viewer.CLASSES)], path)
    screen = viewer.Screen(viewer_window.new_page(), [other, wide], masks).open(path)
    screen.page.locator(".fs-all summary").click()
    assert listed(screen) == ["wide: F1 0.999", "other: F1 1.000"]
    pixels = screen.page.evaluate("""() => {
      const canvas = document.querySelector(".fs-thumbs canvas");
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      return [canvas.width, ...data];
    }""")
    columns, data = pixels[0], np.array(pixels[1:]).reshape(-1, 4)[:, :3]
    assert columns == 176 and len(data) == 176 * 16
    for kind, (row, column) in ((2, (20, 130)), (3, (60, 700))):
        place = row * 16 // 80 * columns + column * columns // 900
        assert (data[place] == ERRORS[kind]).all()
        assert (data == ERRORS[kind]).all(axis=1).sum() == 1
    assert (data == ERRORS[1]).all(axis=1).sum() > 20
    screen.page.close()
    assert screen.said == []
