"""The dial: the window that a rule picks, and the widget that turns the prior in the browser."""

import io
import json

import browser
import numpy as np
import pandas as pd
import pytest
import toy
from matplotlib.colors import to_rgb
from PIL import Image
from test_widget_host import HOST, STATE, VIEW, buffer, widget

from foilseg.data.components import components
from foilseg.data.dataset import LabelClass
from foilseg.drawing import night, style
from foilseg.figures import dial
from foilseg.figures.widgets import Sentence
from foilseg.measured import dial_crop
from foilseg.measured.dial_crop import DialCrop
from foilseg.networks.inference import predict_logits
from foilseg.training import restore

CLASSES = (
    LabelClass(0, "ground", "#ffffff"),
    LabelClass(1, "pit", "#0072b2"),
    LabelClass(2, "line", "#e69f00"),
)
CURVE = pd.DataFrame({"tau": [-0.5, 0, 1, 2], "TPR": [0.1, 0.2, 0.6, 0.9]})
CURVE["FPR"] = [1e-5, 1e-4, 1e-3, 1e-2]
POINTS = pd.DataFrame({"model": ["Baseline", "wCE ICF"], "TPR": [0.2, 0.8], "FPR": [1e-4, 5e-3]})


@pytest.fixture
def crop():
    """Two pits and a line; the network is unsure of one pit and blind to the other."""
    mask = np.zeros((24, 32), np.uint8)
    mask[4:7, 4:7], mask[4:7, 20:23], mask[15:17] = 1, 1, 2
    logits = np.zeros((3, 24, 32))
    logits[1:] = -9
    logits[1, 4:7, 4:7] = -1
    logits[2, 15:17] = 3
    steps = np.rint((logits - logits.max(axis=0)) * dial_crop.STEPS).astype(np.int8)
    image = np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    return DialCrop("foil <b>", 3, 5, image, mask, steps, np.array([0.9, 0.02, 0.08]))


def test_the_prior_of_a_class_is_taken_out_by_tau(crop):
    assert set(np.unique(crop.said(0.0))) == {0, 2}
    # 0.9 / 0.02 is 45, so a pit at logit -1 wins as soon as tau log 45 is above 1
    turn = 1 / np.log(45)
    assert not (crop.said(turn - 0.02) == 1).any()
    assert ((crop.said(turn + 0.02) == 1) == (np.arange(32) < 7) * (crop.mask == 1)).all()


def test_the_window_comes_back_from_its_file(crop, tmp_path):
    crop.write(tmp_path / dial_crop.FILE)
    again = DialCrop.read((tmp_path / dial_crop.FILE).read_bytes())
    for name, value in vars(crop).items():
        np.testing.assert_array_equal(getattr(again, name), value)
    assert isinstance(again.top, int) and again.foil == "foil <b>"


def test_the_window_shows_most_objects_found_and_missed():
    mask, said = np.zeros((2, 300, 400), np.uint8)
    mask[10:13, 10:13] = said[10:13, 10:13] = 1  # found, alone
    mask[200:203, 300:303] = 1  # missed, beside one that is found
    mask[200:203, 330:333] = said[201, 331] = 1
    mask[20:40:5, 200:280:20] = said[20:40:5, 200:280:20] = 1  # many, all of them found
    worth, (top, left) = dial_crop._window(mask, said, 1)
    assert worth == (1, 2) and top <= 200 and left <= 300 and left + dial_crop.SIZE >= 333
    assert dial_crop._window(mask, said, 2) == ((0, 0), (0, 0))


def test_a_small_study_has_a_window_and_what_lacks_a_class_has_none(tmp_path):
    with toy.twin_study(tmp_path, ["baseline"]) as study:
        found = dial_crop.of_study(study)
        foil = study.validation(found.foil)
        part = foil.crop(found.top, found.left, *found.mask.shape)
        assert (part.mask == found.mask).all() and found.priors.sum() == pytest.approx(1)
        network = restore.network(study.run("baseline"), "cpu")
        logits = predict_logits(network, foil.image, "cpu").numpy()
        own = logits[:, found.top :, found.left :][:, : dial_crop.SIZE, : dial_crop.SIZE]
        first, second = np.sort(own, axis=0)[:-3:-1]
        clear = first - second > 1 / dial_crop.STEPS  # logits are stored in eighths
        assert clear.any()
        assert (found.said(0.0) == own.argmax(axis=0))[clear].all()
        data = study.dataset
        for foil in data.foils:
            foil.mask[foil.mask == 3] = 0
        assert dial_crop.of_run(study, study.run("baseline")) is None


def test_no_number_stands_where_the_axis_ends_and_has_no_room(crop):
    made = dial.dial(crop, CLASSES, CURVE.assign(FPR=[1e-3, 1e-2, 0.5, 1.0]), POINTS)
    told = made.facts["ticks"]
    assert [text for _, text in told] == ["100", "1,000", "10,000", "100,000"]


def test_the_widget_holds_what_it_shows(crop):
    made = dial.dial(crop, CLASSES, CURVE, POINTS)
    told = json.loads(json.dumps(made.facts, allow_nan=False))
    assert told["hero"] == 1 and told["name"] == "pit"
    assert told["objects"] == [
        {"x": 5.5, "y": 5.5, "radius": 1.5},
        {"x": 21.5, "y": 5.5, "radius": 1.5},
    ]
    parts = np.frombuffer(made.files, np.uint8).reshape(6, 24, 32)
    np.testing.assert_array_equal(parts[1], crop.mask)
    np.testing.assert_array_equal(parts[2], components(crop.mask == 1)[0])
    np.testing.assert_array_equal(parts[3:].view(np.int8), crop.logits)
    assert np.asarray(Image.open(io.BytesIO(made.still()))).ndim == 3
    assert made.still() == dial.dial(crop, CLASSES, CURVE, POINTS).still()
    pairs = {p["model"]: (p["colour"], p["night"]) for p in made.facts["points"]}
    assert pairs["wCE ICF"][0] == style.look("wCE ICF").colour != pairs["wCE ICF"][1]
    for colour, dark in pairs.values():
        assert to_rgb(dark) == pytest.approx(night.by_night(colour)[:3], abs=0.01)
    flat = dial.shaded(np.full((5, 5, 3), 128, np.uint8))
    assert flat.dtype == np.uint8 and not np.ptp(flat)
    assert dial.shaded(parts[0]) is parts[0] or (dial.shaded(parts[0]) == parts[0]).all()


CROWD = pd.DataFrame(
    {"model": ["Baseline", "Os. Cavities", "Binary", "Eq. Samples", "wCE ICF", "FL ICF"]}
).assign(TPR=[0.2, 0.21, 0.2, 0.23, 0.8, 0.79], FPR=[1e-4, 0.9e-4, 1.2e-4, 1.1e-4, 5e-3, 6e-3])


def test_every_model_has_its_own_mark_and_a_name_with_room(crop):
    told = {p["model"]: p for p in dial.dial(crop, CLASSES, CURVE, CROWD).facts["points"]}
    assert list(told) == CROWD["model"].tolist()
    marks = {model: told[model]["mark"] for model in told}
    alike = [style.look(a).mark == style.look(b).mark for a in told for b in told]
    assert alike == [marks[a] == marks[b] for a in told for b in told]
    assert marks["Os. Cavities"] == "M-0.5,0.5L0.5,0.5L0.5,-0.5L-0.5,-0.5L-0.5,0.5Z"
    heights = sorted((told[m]["y"], told[m]["x"]) for m in told)
    assert len(set(heights)) == len(told)
    assert (
        dial.dial(crop, CLASSES, CURVE, POINTS.assign(TPR=[0.2, np.nan])).facts["points"][0][
            "model"
        ]
        == "Baseline"
    ), "what is undefined has no mark"


COVERED = """() => {
  const box = (e) => e.getBoundingClientRect(); // of letters it has room above and below them
  const names = [...document.querySelectorAll(".dial-name")].map(box);
  const marks = [...document.querySelectorAll(".dial-model path")].map(box);
  const over = (a, b) =>
    a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
  const pairs = names.flatMap((a, n) => names.slice(n + 1).map((b) => [a, b]));
  return [names.length, pairs.filter(([a, b]) => over(a, b)).length,
    names.filter((a) => marks.some((b) => over(a, b))).length];
}"""


@pytest.mark.browser
def test_no_name_covers_another_or_a_mark_in_the_browser(crop, tmp_path):
    browser.require()
    (tmp_path / "page.html").write_text(page_of(dial.dial(crop, CLASSES, CURVE, CROWD)))
    with browser.window() as context:
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        page.locator("canvas[data-drawn]").wait_for()
        assert page.evaluate(COVERED) == [len(CROWD), 0, 0]


@pytest.mark.browser
@pytest.mark.parametrize("column", [690, 358])  # pixels of text at 1280 and 390
def test_letters_of_the_plane_are_as_high_as_those_of_figures(crop, tmp_path, column):
    browser.require()
    made = page_of(dial.dial(crop, CLASSES, CURVE, CROWD))
    styled = made.replace("<body>", f"<body style='margin: 0; width: {column}px'>")
    (tmp_path / "page.html").write_text(styled)
    scale = "svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"
    sizes = "texts => texts.map((t) => parseFloat(getComputedStyle(t).fontSize))"
    with browser.window(width=column + 20) as context:
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        page.locator("canvas[data-drawn]").wait_for()
        unit = page.locator("svg").first.evaluate(scale)
        letters = page.locator("svg text").evaluate_all(sizes)
    assert letters and min(letters) * unit >= night.LEAST_LETTERS


def page_of(made):
    """A page that shows a dial alone."""
    state = widget(made._esm, [buffer(["files"], made.files)], facts=made.facts, tau=0.0)
    saved = json.dumps({"state": {"a": state}, "version_major": 2, "version_minor": 0})
    saved = saved.replace("</", "<\\/")
    return (
        f'<!doctype html><head><script src="{HOST.as_uri()}"></script>'
        f'<script type="{STATE}">{saved}</script></head><body><div>'
        f'<script type="{VIEW}">{json.dumps({"model_id": "a"})}</script></div></body>'
    )


def test_without_a_window_a_sentence_says_so(crop):
    for made in (
        dial.dial(None, CLASSES, CURVE, POINTS),
        dial.dial(crop, CLASSES, CURVE.iloc[:0], POINTS),
    ):
        assert isinstance(made, Sentence) and "no window" in repr(made)


FILL = "e => getComputedStyle(e).fill"
KEPT = "(e, name) => e.style.getPropertyValue(name)"


def rgb(colour: str) -> str:
    """A colour as a browser tells it."""
    return "rgb({}, {}, {})".format(*(round(255 * channel) for channel in to_rgb(colour)))


@pytest.mark.browser
def test_the_browser_turns_the_prior_as_the_library_does(crop, tmp_path):
    browser.require()
    made = dial.dial(crop, CLASSES, CURVE, POINTS, images="the test foils")
    (tmp_path / "page.html").write_text(page_of(made))
    numbers, _ = components(crop.mask == 1)
    names = CLASSES[2].name
    with browser.window() as context:
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        canvas = page.locator("canvas[data-drawn]")
        for tau in (0.0, 0.5, 2.0):
            page.get_by_role("slider").fill(str(tau))
            hit = len(set(np.unique(numbers[crop.said(tau) == 1])) - {0})
            assert canvas.get_attribute("data-drawn") == f"{tau:.2f} {hit}"
            colours = browser.painted(canvas)[4::8, 4::8, :3]  # the middle of each pixel
            share = 0.6 * (crop.said(tau) > 0)[..., None]
            own = np.array([[255, 255, 255], [0, 114, 178], [230, 159, 0]])[crop.said(tau)]
            grey = dial.shaded(crop.image)[..., None]
            expected = np.floor((1 - share) * grey + share * own)
            # pixels that no outline and no ring crosses
            assert np.median(np.abs(colours - expected)) <= 1
            assert (np.abs(colours - expected).max(axis=2) <= 2).mean() > 0.5
        assert page.locator(".dial-key").inner_text() == "The network says: pit" + names
        boxes = page.locator(".dial-key i")
        shown = boxes.evaluate_all("all => all.map((box) => box.style.backgroundColor)")
        assert shown == ["rgb(0, 114, 178)", "rgb(230, 159, 0)"]
        walker = page.locator("svg circle[stroke]")
        at = [float(walker.get_attribute(k)) for k in ("cx", "cy")]
        page.get_by_role("slider").fill("0")
        before = [float(walker.get_attribute(k)) for k in ("cx", "cy")]
        assert at[0] > before[0] and at[1] < before[1], "further right and higher"
        named = page.locator("text.dial-name").all_text_contents()
        assert sorted(named) == sorted(POINTS["model"])
        for theme, colour, ground in (("light", "day", "#ffffff"), ("dark", "night", night.GROUND)):
            page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
            model = page.locator(".dial-model").first
            assert model.evaluate(FILL) == rgb(model.evaluate(KEPT, f"--{colour}"))
            shown = page.locator(".dial-plane").evaluate("e => getComputedStyle(e).backgroundColor")
            assert shown == rgb(ground)
        said = page.locator("[aria-live]").inner_text()
        assert (
            "touches 0 of the 2 annotated pit objects" in said
            and "On the test foils it finds 0.200" in said
        )
        assert "at 100 false alarms" in said
