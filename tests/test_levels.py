"""Another threshold in the viewer: the files beside the page, and the masks that follow."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import viewer
from test_compare import COLOURS, assert_drawn, objects_touched, opaque

from foilseg.data import images
from foilseg.figures import widgets
from foilseg.measured import probability_maps
from foilseg.measured.probability_maps import EDGES, GREYS
from foilseg.studies.study import open_study

sys.path.insert(0, str(Path(__file__).parent.parent / "book/_ext"))
import levels as extension

pytestmark = pytest.mark.browser
DEFECTS = [c.index for c in viewer.CLASSES if c.index]
SLIDER = "Threshold of all models"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page, its foils and masks, and the log-odds of two models at random."""
    place = tmp_path_factory.mktemp("levels")
    foils = [viewer.foil("first", 1), viewer.foil("second", 2)]
    masks = viewer.models(foils)
    random, logits = np.random.default_rng(0), {}
    for number, title in enumerate(list(masks["first"])[:2]):
        logits[title] = random.normal(-2, 2.5, (len(DEFECTS), *foils[0].shape))
        tall = np.concatenate([probability_maps.levels(each) for each in logits[title]])
        images.write_indexed(place / "map.png", tall, GREYS)
        target = place / f"_static/levels/study/m{number}.js"
        target.parent.mkdir(parents=True, exist_ok=True)
        picture = (place / "map.png").read_bytes()
        target.write_text(extension.script(f"study/m{number}", picture))
    keys = {title: f"study/m{number}" for number, title in enumerate(logits)}
    told = {"first": {"edges": list(EDGES), "keys": keys}}
    told |= {"second": {"edges": list(EDGES), "keys": dict.fromkeys(logits, "study/nowhere")}}
    widget = widgets.compare(foils, masks, viewer.CLASSES, levels=told)
    return viewer.write_page([widget], place / "page.html"), foils, masks, logits


@pytest.fixture
def screen(page):
    path, foils, masks, _ = page
    with viewer.open_window() as window:
        opened = viewer.Screen(window.new_page(), foils, masks)
        opened.open(path)
        opened.page.evaluate("document.documentElement.dataset.content_root = './'")
        yield opened


def slide(screen, place):
    screen.page.get_by_label(SLIDER).fill(str(place))
    screen.page.wait_for_selector(".fs-compare[data-ready='first']")
    screen.wait()


def said(logits, edge):
    """The mask by its definition: the surest of the defects that reach the edge."""
    level = np.stack([probability_maps.levels(each) for each in logits])
    best = np.array(DEFECTS)[level.argmax(axis=0)]
    return np.where(level.max(axis=0) > edge, best, 0).astype(np.uint8)


def test_the_masks_at_a_threshold_and_their_scores(screen, page):
    logits = page[3]
    opaque(screen)
    first, other = list(logits)
    screen.pick("Mask in the left pane", first)
    screen.pick("Mask in the right pane", other)
    before = screen.pixels(0)
    for edge in (0, 7, 14):
        slide(screen, edge + 1)
        for pane, title in enumerate((first, other)):
            mask = said(logits[title], edge)
            assert (mask > 0).sum() == (logits[title].max(axis=0) >= EDGES[edge]).sum()
            assert_drawn(screen, pane, mask, COLOURS)
        screen.page.wait_for_function("document.querySelector('.fs-compare').dataset.scored")
        row = screen.page.locator(".fs-scores tbody tr").first.inner_text()
        assert row.startswith(first)
        assert row.endswith(objects_touched(screen.foil.mask, said(logits[first], edge), DEFECTS))
    assert screen.page.locator(".fs-bar output").inner_text() == "probability 0.9975"
    slide(screen, 0)
    assert screen.page.locator(".fs-bar output").inner_text() == "the models' own"
    assert (screen.pixels(0) == before).all()


def chance(log_odds):
    share = 1 / (1 + np.exp(-log_odds))
    return f"{share:#.2g}" if share < 0.99 else f"{share:.4f}"


def reached(level):
    """A level in words: between which two probabilities it lies."""
    if level in (0, len(EDGES)):
        return f"{'from' if level else 'below'} {chance(EDGES[max(level - 1, 0)])}"
    return f"{chance(EDGES[level - 1])} to {chance(EDGES[level])}"


def test_once_its_maps_are_there_a_move_of_the_threshold_waits_for_nothing(screen):
    move = """([label, place]) => {
      const slider = document.querySelector(`[aria-label="${label}"]`);
      slider.value = place;
      slider.dispatchEvent(new Event("input"));
      return document.querySelector(".fs-compare").dataset.ready;
    }"""
    assert screen.page.evaluate(move, [SLIDER, 3]) == "", "the maps are loaded first"
    screen.page.wait_for_selector(".fs-compare[data-ready='first']")
    for place in (9, 0, 4):
        assert screen.page.evaluate(move, [SLIDER, place]) == "first"
    screen.pick("Image", "second")
    screen.page.wait_for_selector(".fs-compare[data-ready='second']")
    screen.pick("Image", "first")
    screen.page.wait_for_selector(".fs-compare[data-ready='first']")


def test_the_probability_under_the_pointer_is_read_out_once_it_is_loaded(screen, page):
    title, logits = next(iter(page[3].items()))
    screen.pick("Mask in the right pane", title)
    screen.hover(30, 50, 1)
    assert f" · {title}: " in screen.told() and "probability" not in screen.told()
    slide(screen, 8)
    each = np.stack([probability_maps.levels(one) for one in logits])
    surest, mask = each.max(axis=0), said(logits, 7)
    places = [(30, 50)] + [tuple(np.argwhere(surest == n)[0]) for n in (1, 8, len(EDGES))]
    for row, column in places:
        screen.hover(row, column, 1)
        best = viewer.CLASSES[1 + each[:, row, column].argmax()].name
        shown = viewer.CLASSES[mask[row, column]].name
        known = f" · {title}: {shown} · probability of {best} {reached(surest[row, column])}"
        assert screen.told().endswith(known)
    screen.pick("Defect to show", "spot")
    row, column = np.argwhere(each[2] == 0)[0]
    screen.hover(row, column, 1)
    assert screen.told().endswith(f"probability of spot {reached(0)}"), "that of the chosen one"
    slide(screen, 0)
    assert "probability of spot" in screen.told(), "it stays loaded"
    screen.hover(row, column, 0)
    assert "probability" not in screen.told(), "an annotation has none"


def test_keys_turn_it_and_links_keep_it(screen):
    before = screen.pixels(1)
    screen.key("T", "T")
    assert screen.page.get_by_label(SLIDER).input_value() == "2"
    screen.key("l")
    assert "edge=1" in screen.page.evaluate("location.hash")
    screen.key("t", "t")
    assert screen.page.get_by_label(SLIDER).input_value() == "0"
    far = screen.page.evaluate("location.hash").replace("edge=1", f"edge={len(EDGES)}")
    screen.page.evaluate("(hash) => (location.hash = hash)", far)
    screen.wait()
    assert screen.page.get_by_label(SLIDER).input_value() == "0", "no edge of that number"
    screen.key("0")
    assert (screen.pixels(1) == before).all(), "the masks are the models' own"


def test_a_file_that_is_not_there_is_named_and_other_foils_have_no_slider(screen, page):
    screen.pick("Image", "second")
    screen.page.get_by_label(SLIDER).fill("3")
    screen.page.wait_for_selector(".fs-problem")
    text = screen.page.locator(".fs-problem").inner_text()
    assert "second: cannot be shown" in text and "nowhere.js is not there" in text
    without = widgets.compare(page[1][0], page[2]["first"], viewer.CLASSES)
    assert "levels" not in without.facts["foils"][0]


def test_the_shipped_study_brings_maps_of_every_model():
    """At even odds a map reports what the stored mask of the network does."""
    study = open_study(profile="matched")
    names = ["baseline", "wce-icf", "focal-iscf", "equal-pixels"]
    found = probability_maps.beside(study, names)
    assert len(found) == 4
    for foil, told in found.items():
        assert told["edges"] == list(EDGES) and len(told["keys"]) == 4
        for title, key in told["keys"].items():
            name, _, file = key.partition("/")
            level = images.read_indexed(Path("results", name, "probabilities", f"{file}.png"))
            mask = study.predictions(names, foil)[title]
            each = np.stack(np.split(level, 4)) > EDGES.index(0.0)
            places = [c.index for c in study.dataset.defects]
            for own, index in zip(each, places):
                assert (mask[own] == index).all(), "more than half is more than all others"
    assert probability_maps.beside(open_study(profile="smoke"), names) == {}


def test_a_script_names_its_picture():
    text = extension.script('a/"b', b"\x89PNG")
    url = '"data:image/png;base64,iVBORw=="'
    assert text == f'(globalThis.foilsegLevels ??= {{}})["a/\\"b"] = {url};\n'


def test_only_maps_that_a_chapter_names_are_written(tmp_path):
    for name in ("named", "other"):
        images.write_indexed(
            tmp_path / f"src/results/s/probabilities/{name}.png", np.zeros((2, 2), np.uint8), GREYS
        )
    chapter = tmp_path / "src/book/chapters/08.ipynb"
    chapter.parent.mkdir(parents=True)
    chapter.write_text('{"keys": {"Baseline": "s/named"}}')
    app = SimpleNamespace(
        srcdir=tmp_path / "src", outdir=tmp_path / "out", builder=SimpleNamespace(format="html")
    )
    extension.write(app, None)
    written = [path.name for path in (tmp_path / "out").rglob("*.js")]
    assert written == ["named.js"]
