"""The twin: calibration, determinism, annotators, files."""

import hashlib
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from foilseg.data import dataset, folder, images
from foilseg.data.photometric import estimate_normals
from foilseg.data.raw_lights import read_lights
from foilseg.thesis import published
from foilseg.twin import render
from foilseg.twin.annotators import AnnotatorConfig
from foilseg.twin.quotas import shares
from foilseg.twin.surface import SurfaceConfig, overlap

SMOKE = render.TwinConfig(foils=4, height=640, width=512, scale=0.5)
EXACT = AnnotatorConfig(0, 0, 0, 0, wrong_class=0, coarseness=0)


def hashes(root: Path) -> dict[str, str]:
    files = sorted(p for p in root.rglob("*") if p.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return render.write(tmp_path_factory.mktemp("twin") / "smoke", SMOKE, progress=False, lights=2)


def shares_of(config):
    """Class shares of the label pixels, counted from the masks alone: (5, 2)."""
    quotas = render.quotas(config)
    counts = np.zeros((5, 2))
    for number in range(config.foils):
        layout = render.plan(config, number, quotas[number])
        top, left, height, width = layout.roi
        roi = layout.labels[top : top + height, left : left + width]
        parts = (roi[config.cut :], roi[: config.cut])
        counts += np.stack([np.bincount(p.ravel(), minlength=5) for p in parts], 1)
    return counts / counts.sum(0)


def test_the_thesis_s_size_has_the_published_shares():
    """Half the size has them too: :func:`test_other_seeds_and_half_as_many_foils_have_them_too`."""
    training = published.training_pixels()
    names = ("background", "agglomeration", "crack", "cavity", "blade trail")
    wanted = np.array([training[n] for n in names]) / sum(training.values())
    found = shares_of(render.TwinConfig(scale=1.0))
    np.testing.assert_allclose(found[:, 0], wanted, rtol=0.05)
    assert found[0, 0] / found[3, 0] == pytest.approx(1571, rel=0.05)
    # Table A1: P of the four defects in 31,627,600 validation pixels
    table_a1 = np.array([750144, 279658, 17654, 365018]) / 31_627_600
    np.testing.assert_allclose(found[1:, 1], table_a1, rtol=0.05)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_and_half_as_many_foils_have_them_too(seed):
    config = render.TwinConfig(foils=13, height=960, width=1920, scale=0.5, seed=seed)
    np.testing.assert_allclose(shares_of(config), shares(), rtol=0.10)


def test_quotas_add_up_to_the_shares_and_differ_between_foils():
    config = render.TwinConfig(seed=9)
    quotas = render.quotas(config)
    rows, columns = config.roi_shape
    pixels = np.array([rows - config.cut, config.cut]) * columns * config.foils
    np.testing.assert_allclose(quotas.sum(0)[1:] / pixels, shares()[1:])
    absent = (quotas[:, 1:].sum(2) == 0).sum(0)
    assert (absent[1:] > 0).all() and (absent < config.foils / 2).all()
    kinds = {tuple(row) for row in (quotas[:, 1:].sum(2) > 0)}
    assert len(kinds) >= 4, "foils are to have different combinations of defects"


def test_full_resolution_has_the_size_of_the_thesis_set():
    rows, columns = render.TwinConfig().roi_shape
    thesis = sum(published.training_pixels().values()) + 31_627_600
    assert 26 * rows * columns == pytest.approx(thesis, rel=0.01)


def test_what_is_written_is_sound_and_holds_every_class_twice(written):
    assert folder.check(written) == []
    data = folder.load(written)
    assert [c.name for c in data.classes] == [
        "background",
        "agglomeration",
        "cavity",
        "crack",
        "blade trail",
    ]
    assert data.pixel_size_um == 100
    assert all(foil.shape == SMOKE.roi_shape for foil in data.foils)
    for region in (dataset.training_regions(data), dataset.validation_regions(data)):
        assert (dataset.class_pixels(region, 5).sum(0) > 0).all()
        assert (dataset.class_pixels(region, 5, truth=True).sum(0) > 0).all()
    first = images.read(written / "images" / "foil_01.png")
    assert first.shape[0] > data.foils[0].shape[0], "the image is larger than its ROI"


@pytest.mark.parametrize("seed", range(4, 10))
@pytest.mark.parametrize("tiny", [False, True])
def test_even_a_small_set_has_every_class_in_both_regions(seed, tiny):
    size = {"foils": 2, "height": 320, "width": 256} if tiny else {}
    found = shares_of(replace(SMOKE, seed=seed, **size))
    assert (found > 0).all()


def test_defects_lie_in_layers_with_cavities_on_top_and_trails_below():
    for number in range(4):
        layout = render.plan(SMOKE, number)
        above = []
        for kind in (3, 2, 1, 4):
            own = np.zeros(layout.shape, bool)
            for placed in layout.placed:
                if placed.shape.kind == kind:
                    window, inner = overlap(
                        own.shape, placed.shape.mask.shape, placed.top, placed.left
                    )
                    own[window] |= placed.shape.mask[inner]
            hidden = np.any([*above, np.zeros_like(own)], axis=0)
            np.testing.assert_array_equal(layout.truth == kind, own & ~hidden)
            above.append(own)


def test_same_seed_same_bytes_another_seed_other_foils(written, tmp_path):
    again = render.write(tmp_path / "again", SMOKE, progress=False, lights=2)
    assert hashes(again) == hashes(written)
    other = render.write(tmp_path / "other", replace(SMOKE, seed=1), progress=False)
    mine, theirs = hashes(written), hashes(other)
    assert all(mine[k] != theirs[k] for k in theirs if k.startswith(("images", "labels", "truth")))


def test_foils_share_nothing():
    layouts = [render.plan(SMOKE, number) for number in range(4)]
    for a, b in pairwise(layouts):
        areas = [{p.shape.relief.tobytes() for p in layout.placed} for layout in (a, b)]
        assert not areas[0] & areas[1]


def test_an_annotator_without_errors_draws_the_truth():
    config = replace(SMOKE, annotators=EXACT)
    for number in range(4):
        layout = render.plan(config, number)
        np.testing.assert_array_equal(layout.labels, layout.truth)


@pytest.mark.parametrize("name", ["miss_cavity", "wrong_class", "coarseness"])
def test_each_annotation_error_alone_shows(name):
    config = replace(SMOKE, annotators=replace(EXACT, **{name: 0.5}))
    layouts = [render.plan(config, number) for number in range(4)]
    truth = np.concatenate([layout.truth.ravel() for layout in layouts])
    labels = np.concatenate([layout.labels.ravel() for layout in layouts])
    differs = labels != truth
    missed = differs & (labels == 0)
    swapped = differs & (labels > 0) & (truth > 0)
    excess = differs & (truth == 0)
    wanted = {"miss_cavity": missed, "wrong_class": swapped, "coarseness": excess}[name]
    assert wanted.any() and excess.any() == (name == "coarseness")
    assert missed.any() == (name == "miss_cavity")
    if name == "miss_cavity":
        assert set(truth[missed]) == {3}


def test_the_written_normals_are_those_of_the_written_photographs(written):
    lights = read_lights(written / "lights.json")
    for name in ("foil_01", "foil_02"):
        pictures = [images.read(written / "lights" / f"{name}_{k}.png") for k in (1, 2, 3, 4)]
        normals, _ = estimate_normals(pictures, lights)
        stored = images.read(written / "images" / f"{name}.png")
        np.testing.assert_array_equal(dataset.as_pixels(normals), stored)
    assert not (written / "lights" / "foil_03_1.png").exists()


def test_defects_stand_in_the_normals():
    """Rendered without noise or texture, the slopes seen are those of the relief."""
    calm = SurfaceConfig(grain=0, streaks=0, waviness=0, coarse_grains=0, unevenness=0)
    calm = replace(calm, read_noise=0, shot_noise=0)
    foil = render.make_foil(replace(SMOKE, surface=calm), 0)
    normals = dataset.as_float(foil.pixels)
    tilt = np.hypot(normals[0], normals[1])
    truth = foil.layout.truth
    assert np.median(tilt[truth == 3]) > 5 * np.median(tilt[truth == 0])
    gy, gx = np.gradient(foil.height, 100.0)
    # shadows reach some pixels out of the steep places, and bend the normals there
    gentle = ~binary_dilation(np.hypot(gx, gy) > 0.3, iterations=12)
    assert gentle.mean() > 0.5 and (truth[gentle] > 0).any()
    np.testing.assert_allclose(normals[0][gentle], -gx[gentle] * normals[2][gentle], atol=0.02)
    np.testing.assert_allclose(normals[1][gentle], -gy[gentle] * normals[2][gentle], atol=0.02)


def test_writing_again_is_free_and_other_content_is_refused(written, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in written.rglob("*")}
    assert render.write(written, SMOKE, progress=False, lights=2) == written
    assert {p: p.stat().st_mtime_ns for p in written.rglob("*")} == before
    with pytest.raises(FileExistsError, match="a twin with another seed; choose"):
        render.write(written, replace(SMOKE, seed=7), progress=False, lights=2)
    (tmp_path / "mine.txt").write_text("not to be lost")
    with pytest.raises(FileExistsError, match="no twin"):
        render.write(tmp_path, SMOKE, progress=False)
    assert (tmp_path / "mine.txt").read_text() == "not to be lost"
    (tmp_path / "twin.json").write_text("{broken")
    with pytest.raises(FileExistsError, match=r"twin\.json: cannot be understood"):
        render.write(tmp_path, SMOKE, progress=False)


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(render, "write_mask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        render.write(tmp_path / "twin", SMOKE, progress=False)
    assert [p for p in tmp_path.iterdir() if p.suffix != ".lock"] == []


def test_two_that_render_one_twin_at_once_render_it_once(tmp_path, monkeypatch):
    rendered = []
    plain = render._write_all
    monkeypatch.setattr(render, "_write_all", lambda *a: (rendered.append(1), plain(*a)))
    config = replace(SMOKE, foils=1, at_least_one=False)
    with ThreadPoolExecutor(2) as pool:
        works = [pool.submit(render.write, tmp_path / "one", config, False) for _ in range(2)]
        assert {work.result() for work in works} == {tmp_path / "one"}
    assert rendered == [1]


def test_the_config_is_stored(tmp_path):
    config = replace(SMOKE, foils=1, at_least_one=False)
    root = render.write(tmp_path / "one", config, progress=False)
    assert json.loads((root / "twin.json").read_text())["annotators"]["coarseness"] > 0


@pytest.mark.parametrize(
    "change",
    [
        {"foils": 0},
        {"foils": 2.5},
        {"seed": -1},
        {"scale": 0},
        {"scale": float("nan")},
        {"height": 100},
        {"width": 10**7},
        {"contrast_crack": 0},
    ],
)
def test_a_parameter_out_of_range_is_named(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(SMOKE, **change)


@pytest.mark.parametrize("name", ["miss_crack", "wrong_class", "coarseness", "haste"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), 50])
def test_an_annotator_rate_out_of_range_is_named(name, value):
    with pytest.raises(ValueError, match=name):
        AnnotatorConfig(**{name: value})


@pytest.mark.parametrize("change", [{"grain": -1}, {"exposure": 0}, {"penumbra": float("nan")}])
def test_a_surface_parameter_out_of_range_is_named(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        SurfaceConfig(**change)


FIFTH = """
KINDS += (
    Kind(
        index=5,
        name="dent",
        short="dent",
        draw=shapes.cavity,
        area=100.0,
        slope=0.5,
        small=90,
        absent=0.1,
        spread=2.0,
        layer=5,
        near="cavity",
        near_share=0.5,
        missed=0.1,
        generosity=1.0,
        taken_for="cavity",
        shares=(0.01, 0.01),
    ),
)
N_CLASSES"""
RENDERED = """
import numpy as np
from foilseg.data import folder
from foilseg.twin import render
from foilseg.twin.config import TwinConfig
config = TwinConfig(foils=2, height=320, width=320, contrast_dent=1.5)
assert config.annotators.misses[5] == 0.1
data = folder.load(render.write("made", config, progress=False))
assert [c.name for c in data.classes][-1] == "dent" and len(data.classes) == 6
print(np.bincount(np.concatenate([f.mask.ravel() for f in data.foils]))[5])
"""


def test_a_row_more_in_the_table_is_a_class_more_in_the_twin(tmp_path):
    copy = tmp_path / "foilseg"
    shutil.copytree(Path(render.__file__).parents[1], copy)
    table = copy / "twin" / "kinds.py"
    text = table.read_text().replace("\nN_CLASSES", FIFTH, 1)
    table.write_text(text.replace('"#e69f00",', '"#e69f00", "dent": "#000000",'))
    command = [sys.executable, "-c", RENDERED]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1000
