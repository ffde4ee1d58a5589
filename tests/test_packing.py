"""What the viewer is given: exact masks, sentences for what cannot be shown, live predictions."""

import io
from dataclasses import replace

import numpy as np
import pytest
import viewer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from foilseg.data.dataset import as_pixels
from foilseg.figures import packing, widgets
from foilseg.measured import live

SHAPES = st.tuples(st.integers(1, 20), st.integers(1, 20))


@given(arrays(np.uint8, SHAPES, elements=st.integers(0, 255)))
def test_a_mask_comes_back_exactly(mask):
    pixels = np.asarray(Image.open(io.BytesIO(packing.mask_bytes(mask))).convert("RGB"))
    assert (pixels == mask[..., None]).all()


def refused(foil, masks, classes=viewer.CLASSES):
    said = widgets.compare(foil, masks, classes)
    assert isinstance(said, widgets.Sentence)
    return said.text


def test_what_cannot_be_shown_is_a_sentence():
    foil = viewer.foil("f", 0)
    masks = viewer.models([foil])["f"]
    assert "there is no prediction" in refused(foil, {})
    assert "mask of m is 3 x 4 pixels, the image 60 x 120" in refused(
        foil, {"m": masks["Model A"][:3, :4]}
    )
    assert "m holds the class 7" in refused(foil, {"m": np.full(foil.shape, 7, np.uint8)})
    assert "annotation holds the class 3" in refused(foil, masks, viewer.CLASSES[:3])
    assert "there is no image; add images/f.png" in refused(replace(foil, image=None), masks)
    assert "no foil to show" in refused([], {})
    other = widgets.compare(foil, masks, viewer.CLASSES, inputs={"f": {"albedo": np.zeros((2, 2))}})
    assert "the albedo is not of the size of the image" in other.text
    assert widgets.Sentence("<b>")._repr_html_() == "<p>&lt;b&gt;</p>"


def test_what_is_said_wrongly_is_an_error():
    foils = [viewer.foil("f", 0), viewer.foil("g", 1)]
    masks = viewer.models(foils)
    with pytest.raises(ValueError, match="'h' is none of the foils"):
        widgets.compare(foils, masks | {"h": {}}, viewer.CLASSES)
    with pytest.raises(ValueError, match="with several foils"):
        widgets.compare(foils, masks["f"], viewer.CLASSES)
    with pytest.raises(ValueError, match="key: 'a b'"):
        widgets.compare(foils, masks, viewer.CLASSES, key="a b")


def test_the_still_picture_is_the_annotation_above_a_prediction():
    foil = viewer.foil("f", 0)
    masks = viewer.models([foil])["f"]
    widget = widgets.compare(foil, masks, viewer.CLASSES)
    data = widget._repr_mimebundle_()
    data = data[0] if isinstance(data, tuple) else data
    assert data["text/plain"] == widget.text and data["image/png"] == widget.still()
    pixels = np.asarray(Image.open(io.BytesIO(widget.still())).convert("RGB")).astype(int)
    assert pixels.shape == (124, 120, 3)
    spot = np.array([0, 158, 115])
    for top, mask in ((0, foil.mask), (64, masks["Model A"])):
        near = abs(pixels[top : top + 60] - spot).max(axis=2) < 24
        assert (near == (mask == 3)).mean() > 0.97


def test_live_predictions_take_what_is_stored_and_predict_the_rest(toy_study):
    run = toy_study.model("baseline").train(progress=False)[""]
    foil = toy_study.validation("f0")
    stored = live.stored(run, foil)
    assert (stored == run.prediction("f0")).all()
    assert live.stored(run, replace(foil, name="new")) is None
    flipped = np.where(foil.mask > 0, 0, 1).astype(np.uint8)
    assert live.stored(run, replace(foil, mask=flipped)) is None
    predicted = live.predictions([run], replace(foil, name="new"))
    assert (predicted[run.name] == stored).mean() > 0.999
    widget = widgets.compare(foil, runs=[run])
    assert widget.facts["foils"][0]["layers"] == ["annotation", run.name]
    assert [c["name"] for c in widget.facts["classes"]] == ["background", "scratch", "pit hole"]


def test_runs_for_other_classes_are_refused(toy_study, monkeypatch):
    run = toy_study.model("baseline").train(progress=False)[""]
    foil = toy_study.validation("f0")
    found = iter([viewer.CLASSES, viewer.CLASSES[:2]])
    with monkeypatch.context() as patch:
        patch.setattr(live.restore, "classes", lambda run: next(found))
        with pytest.raises(ValueError, match="was trained for other classes than baseline-.* was"):
            live.classes([run, run])
    other = widgets.compare(foil, classes=viewer.CLASSES[:3], runs=[run])
    assert isinstance(other, widgets.Sentence), "as many classes, with other names"
    assert other.text == (f"runs: {run.name} was trained for other classes than these data have.")
    own = toy_study.dataset.classes
    assert live.classes([run], own) == own


def test_a_foil_that_a_run_cannot_predict_says_so_and_the_others_are_shown(toy_study):
    run = toy_study.model("baseline").train(progress=False)[""]
    foil = toy_study.validation("f0")
    normals = replace(foil, name="normals", image=np.zeros((3, *foil.shape), np.float32))
    blind = replace(foil, name="blind", image=None)
    said = {f["name"]: f["problem"] for f in widgets.compare(
        [normals, foil, blind], runs=[run]
    ).facts["foils"]}  # fmt: skip
    assert "3 channel(s), but the model was trained on 1" in said["normals"]
    assert said["f0"] == "" and "there is no image; add images/blind.png" in said["blind"]


def test_a_class_between_those_of_the_data_is_of_another_data_set():
    foil = viewer.foil("f", 0)
    gap = [c for c in viewer.CLASSES if c.index != 2]
    assert "annotation holds the class 2, which these data do not have" in refused(
        foil, viewer.models([foil])["f"], gap
    )


def test_a_photograph_in_colours_is_no_picture_of_normals():
    plain = viewer.foil("one", 1)
    masks = viewer.models([plain])["one"]
    grounds = np.random.default_rng(0).uniform(-0.9, 0.9, (3, 1, 1))
    colours = np.full((3, *plain.shape), 0.5 * grounds, np.float32)
    colours[..., 60:] += 0.1
    photograph = replace(plain, image=colours)
    facts, files = packing.pack(photograph, masks, viewer.CLASSES)
    assert facts["inputs"] == ["image"]
    assert packing.pack(plain, masks, viewer.CLASSES)[0]["inputs"] == ["normals"]
    shown = np.asarray(Image.open(io.BytesIO(files[0]))).astype(int)
    assert np.median(abs(shown - as_pixels(colours))) <= 4, "as it is, but for what JPEG loses"
