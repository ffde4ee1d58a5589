"""A rendered folder is its recipe, and a study of it is judged by the masks it brings."""

import html
from dataclasses import replace

import numpy as np
import pytest

from foilseg.data import folder, images
from foilseg.studies import references, shipped
from foilseg.studies.references import References
from foilseg.studies.source import Source
from foilseg.studies.study import Study
from foilseg.training import experiments
from foilseg.twin import render
from foilseg.twin.config import TwinConfig

CONFIG = TwinConfig(foils=2, height=320, width=320, scale=0.5)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    return render.write(tmp_path_factory.mktemp("twin") / "twin", CONFIG, progress=False)


@pytest.fixture(scope="module")
def data(rendered):
    return folder.load(rendered)


def harmed(data, part, change):
    """The data with one part of the second foil changed."""
    first, second = data.foils
    changed = np.array(getattr(second, part))
    change(changed)
    return replace(data, foils=(first, replace(second, **{part: changed})))


def test_a_rendered_folder_is_what_it_was_rendered_from_until_a_pixel_is_changed(rendered, data):
    assert data.fingerprint == render.recipe(CONFIG) != data.pixels
    assert render.recipe(replace(CONFIG, seed=1)) != render.recipe(CONFIG)
    path = rendered / "images" / "foil_01.png"
    before, pixels = path.read_bytes(), images.read(path)
    pixels[100, 100] ^= 1
    images.write(path, pixels)
    altered = folder.load(rendered)
    path.write_bytes(before)
    assert altered.fingerprint == altered.pixels != data.pixels
    told = (rendered / folder.RECIPE).read_text()
    (rendered / folder.RECIPE).write_text("{")
    assert folder.load(rendered).fingerprint == data.pixels
    (rendered / folder.RECIPE).write_text(told)


def test_references_come_back_from_their_file_and_are_the_same_bytes_again(data, tmp_path):
    References.of(data).write(tmp_path / "a")
    again = References.read(tmp_path / "a")
    again.write(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    adopted, note = again.adopt(data)
    assert note == "" and adopted.fingerprint == data.fingerprint
    for one, other in zip(adopted.foils, data.foils):
        assert (one.mask == other.mask).all() and (one.truth == other.truth).all()


@pytest.mark.parametrize("part", ["mask", "truth"])
def test_a_handful_of_mask_pixels_is_the_studys_and_said_and_more_is_refused(data, part):
    held = References.of(data)
    few = harmed(data, part, lambda m: m[:1, : references.MOST_PIXELS].__ixor__(1))
    adopted, note = held.adopt(few)
    assert f"{references.MOST_PIXELS} of foil_02" in note
    assert (getattr(adopted.foils[1], part) == getattr(data.foils[1], part)).all()
    many = harmed(data, part, lambda m: m[:1, : references.MOST_PIXELS + 1].__ixor__(1))
    with pytest.raises(references.ReferenceError, match="masks of foil_02 differ in 21 pixels"):
        held.adopt(many)


def test_pictures_may_differ_by_one_grey_level_and_hardly_by_more(data):
    held, level = References.of(data), np.float32(2 / 255)
    held.adopt(harmed(data, "image", lambda image: image.__iadd__(level)))  # one level everywhere
    spot = references.STEP * 2  # four sampled pixels of 729: half a per cent
    with pytest.raises(references.ReferenceError, match="grey level"):
        held.adopt(harmed(data, "image", lambda i: i[:, :spot, :spot].__isub__(3 * level)))


def test_other_foils_and_other_regions_are_refused(data):
    held = References.of(data)
    with pytest.raises(references.ReferenceError, match="other names"):
        held.adopt(replace(data, foils=data.foils[:1]))
    moved = replace(data.foils[1], origin=(0, 0))
    with pytest.raises(references.ReferenceError, match="foil_02 has another region"):
        held.adopt(replace(data, foils=(data.foils[0], moved)))


def test_a_study_opened_elsewhere_uses_its_own_masks_and_its_banner_says_so(
    rendered, data, tmp_path, monkeypatch
):
    few = harmed(data, "mask", lambda m: m[:1, :3].__ixor__(1))
    References.of(few).write(tmp_path / references.FILE)
    told = {"twin": True, "predictions": True, "data": {"fingerprint": data.fingerprint}}
    kept = shipped.Shipped(tmp_path, told | {"runs": {}, "command": "make study"})
    monkeypatch.setattr(Source, "root", rendered)
    monkeypatch.setattr(Source, "shipped", kept)
    study = Study("twin", experiments.profile("smoke"), 0, tmp_path)
    assert (study.dataset.foils[1].mask == few.foils[1].mask).all()
    assert "other mask pixels (3 of foil_02); the study" in study.rendering
    assert study.with_seed(1).rendering == study.rendering
    monkeypatch.setattr(shipped.Shipped, "summary", "")
    assert study.rendering.split(";")[0] in html.unescape(study._repr_html_())
    many = harmed(data, "mask", lambda m: m[:9].__ixor__(1))
    References.of(many).write(tmp_path / references.FILE)
    vars(kept).pop("references")
    with pytest.raises(shipped.ShippedError, match="another twin than the one that is rendered"):
        Study("twin", experiments.profile("smoke"), 0, tmp_path).dataset  # noqa: B018
