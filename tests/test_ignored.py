"""Pixels that count nowhere: read, drawn, learned from, counted, exported; beside plain oracles."""

import json

import numpy as np
import pytest
import torch
import toy
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage
from skimage.morphology import disk
from sklearn.metrics import confusion_matrix
from test_region_losses import options_of

from foilseg import cli
from foilseg.data import folder, images
from foilseg.data.dataset import IGNORED, class_pixels, training_regions, validation_regions
from foilseg.decisions import calibration
from foilseg.decisions.scores import class_scores
from foilseg.evaluation import metrics
from foilseg.evaluation.object_scores import near
from foilseg.formats import coco, labelme, masks
from foilseg.measured import object_tables
from foilseg.networks.registry import LOSSES
from foilseg.sampling import resampling, uniform
from foilseg.sampling.ledger import ledger
from foilseg.sampling.pools import build_index
from foilseg.studies.study import Study
from foilseg.training import one_vs_rest, restore

WINDOW = np.s_[20:70, 10:50]  # of every picture, in both of its parts


def marked(root, window=WINDOW, foils=2):
    """A dataset folder of index masks, with 255 in a window of each."""
    toy.write(root, foils=foils)
    for path in sorted((root / "labels").iterdir()):
        mask = images.read_indexed(path)
        mask[window] = IGNORED
        images.write(path, mask)
    return root


def with_entry(root, **entry):
    """The folder with one class more in its description."""
    told = json.loads((root / "dataset.json").read_text())
    told["classes"].append({"index": 255, "name": "unsure", "colour": "#bdbdbd"} | entry)
    (root / "dataset.json").write_text(json.dumps(told))
    return root


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return folder.load(marked(tmp_path_factory.mktemp("ignored") / "data"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    place = tmp_path_factory.mktemp("study")
    made = Study(str(marked(place / "data", foils=8)), toy.PROFILE, 0, place / "runs")
    made.train(["baseline", "binary"], progress=False)
    return made


def test_255_is_read_as_nowhere_and_background(data):
    for foil in data.foils:
        assert foil.ignored[WINDOW].all() and foil.ignored.sum() == 50 * 40
        assert not foil.mask[foil.ignored].any() and foil.area == 96 * 80 - 50 * 40
        part = foil.crop(10, 5, 30, 40)
        assert (part.ignored == foil.ignored[10:40, 5:45]).all()


@pytest.mark.parametrize("index", [3, 200, 255])
def test_a_marked_class_is_no_class(tmp_path, index):
    root = with_entry(toy.write(tmp_path / "d"), index=index, ignore=True)
    for path in sorted((root / "labels").iterdir()):
        mask = images.read_indexed(path)
        mask[WINDOW] = index
        images.write(path, mask)
    by_index = folder.load(root)
    colours = {0: "#000000", 1: "#ff0000", 2: "#00ff00", index: "#bdbdbd"}
    for path in sorted((root / "labels").iterdir()):
        images.write_indexed(path, images.read(path), colours)
    by_colour = folder.load(root)
    for one in (by_index, by_colour):
        assert [c.index for c in one.classes] == [0, 1, 2] and one.ignored[0].name == "unsure"
        assert all(foil.ignored[WINDOW].all() for foil in one.foils)
    assert by_index.pixels == by_colour.pixels != folder.load(toy.write(tmp_path / "e")).pixels


def test_a_truth_and_a_label_ignore_together(tmp_path):
    root = toy.write(tmp_path / "d", foils=1)
    mask = images.read_indexed(root / "labels/f0.png")
    mask[:5] = IGNORED
    images.write(root / "truth/f0.png", mask)
    foil = folder.load(root).foils[0]
    assert foil.ignored[:5].all() and foil.ignored.sum() == 5 * 80
    assert not foil.mask[:5].any() and not foil.truth[:5].any()


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"ignore": 1}, "neither true nor false"),
        ({"index": 2, "ignore": True}, "an index that is taken"),
        ({"index": 256, "ignore": True}, "above 255"),
        ({"name": "pit hole", "ignore": True}, "two classes have one name"),
        ({"colour": "#ff0000", "ignore": True}, "two classes have one colour"),
        ({"colour": "grey", "ignore": True}, "not of the form"),
        ({"index": 3, "ignore": False}, "no pixel in any training region"),
    ],
)
def test_a_wrong_entry_is_refused(tmp_path, entry, why):
    root = with_entry(toy.write(tmp_path / "d"), **entry)
    assert any(why in str(problem) for problem in folder.check(root)), folder.check(root)


def test_a_picture_of_nothing_that_counts_is_refused(tmp_path):
    found = folder.check(marked(tmp_path / "d", np.s_[:, :]))
    assert any("all of its pixels are ignored" in str(problem) for problem in found)


def test_pixels_and_shares_leave_it_out(data):
    counted = class_pixels(data.foils, 3)
    for foil, row in zip(data.foils, counted):
        kept = foil.mask.ravel()[~foil.ignored.ravel()]
        assert row.tolist() == [int((kept == c).sum()) for c in range(3)]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), size=st.sampled_from([8, 16, 32, 90]))
def test_the_ledger_counts_what_the_patches_show(data, seed, size):
    index = build_index(data.foils, 3, size)
    plan = uniform.uniform(index.regions, 20, size, uniform.rng(seed, 0, "test"))
    _, cut = uniform.cut(index.regions, plan)
    account = ledger(index, plan)
    for c in range(3):
        assert account.pixels[c] == int((cut == c).sum())
        assert account.showing[c] == int((cut == c).any(axis=(1, 2)).sum())
    assert (cut == IGNORED).sum() == 20 * size**2 - sum(account.pixels.values())


def test_no_class_is_asked_for_where_nothing_counts(data):
    index = build_index(data.foils, 3, 16)
    inside = [[(20 <= top <= 54) & (10 <= left <= 34) for left in range(80)] for top in range(96)]
    for label in range(3):
        for region in range(2):
            top, _, left, _ = index.spans[region]
            shown = index.windows_with(label, region)
            hidden = np.array(inside)[top:, left:][: shown.shape[0], : shown.shape[1]]
            assert hidden.any() and not (shown & hidden).any()
        assert index.pool_sizes[label]
    plan = resampling.proportions(index, 300, uniform.rng(0, 0, "test"), {0: 1.0})
    _, cut = uniform.cut(index.regions, plan)
    assert (cut == 0).any(axis=(1, 2)).all()


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_of_nothing_that_counts_teaches_nothing(name, binary):
    entry = LOSSES[name].one_vs_rest if binary else LOSSES[name].multi_class
    priors = torch.tensor([0.9, 0.1] if binary else [0.8, 0.1, 0.1])
    shape = (2, 1 if binary else 3, 4, 5)
    leaf = torch.randn(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    target = torch.full((2, 4, 5), IGNORED, dtype=torch.uint8)
    loss = entry.load()(leaf, target, **options_of(name, priors))
    loss.backward()
    assert torch.isfinite(loss) and not leaf.grad.any()


def test_runs_say_and_count_nothing_there(study):
    for run in [*study.model("baseline").made(), study.model("binary").joined()]:
        rows = run.counts()
        for foil in validation_regions(study.dataset):
            said, kept = run.prediction(foil.name), ~foil.ignored
            assert foil.ignored.any() and not said[foil.ignored].any()
            table = confusion_matrix(foil.mask[kept], said[kept], labels=range(3))
            for c in study.dataset.classes:
                own = rows[(rows["foil"] == foil.name) & (rows["defect"] == c.name)]
                expected = metrics.class_counts(table)[c.index].tolist()
                assert own[list(metrics.COUNTS)].to_numpy().tolist() == [expected]
    areas = {foil.name: foil.area for foil in validation_regions(study.dataset)}
    assert study.source.sizes == areas
    filed = study.run("baseline").histograms()
    totals = dict(zip(filed.keys["foil"], filed.counts.sum(axis=(1, 2))))
    assert totals == areas
    claims = study.model("binary").joined().claims()
    assert claims.groupby("foil")["pixels"].sum().to_dict() == areas
    assert study.counts(["baseline", "binary"]).size


def test_objects_that_are_reported_there_are_none(study):
    run = study.run("baseline")
    found = object_tables.examine(study, run, "reported")
    lowest = found[found["edge"] == found["edge"].min()]
    area = (lowest["pixels"] * lowest["times"]).sum()
    assert area <= 2 * sum(foil.area for foil in validation_regions(study.dataset))


def test_thresholds_rest_on_what_counts(study, tmp_path):
    """A defect that a network sees where nothing counts is no false alarm."""
    run = study.run("baseline")
    shown = folder.load(toy.write(tmp_path / "shown", foils=12))
    hidden = folder.load(marked(tmp_path / "hidden", foils=12))
    chosen = [calibration.calibrate(run, d, miss=0.4, unseen=True) for d in (shown, hidden)]
    areas = [decision.area for decision in chosen]
    assert areas[1] == areas[0] - 12 * 50 * 40
    objects = [sum(p.objects for p in decision.promises) for decision in chosen]
    assert objects[1] < objects[0]
    found, false = _recounted(run, hidden, chosen[1])
    assert [p.false for p in chosen[1].promises] == false
    assert [p.found for p in chosen[1].promises] == found


def _recounted(run, data, decision):
    """Objects found and false ones at a decision's thresholds, where all else is background."""
    predictor, index = restore.load(run, "cpu"), {c.name: c.index for c in data.classes}
    found, false = np.zeros(2, int), np.zeros(2, int)
    for foil in data.foils:
        scores = class_scores(predictor, foil.image)
        for k, promise in enumerate(decision.promises):
            said = (scores[index[promise.name]] >= promise.threshold) & ~foil.ignored
            own = foil.mask == index[promise.name]
            false[k] += int((~near(said, own, decision.reach)).sum())
            numbers, count = ndimage.label(own, np.ones((3, 3)))
            for number in range(1, count + 1):
                near_it = ndimage.binary_dilation(numbers == number, disk(decision.reach))
                covered = (said & near_it).sum()
                found[k] += covered >= max(1, decision.cover * (numbers == number).sum())
    return found.tolist(), false.tolist()


# In and out


def test_ignored_pixels_go_out_and_come_back(data, tmp_path):
    for kind in (labelme, coco):
        name = kind.__name__.rpartition(".")[2]
        kind.export(data, tmp_path / name)
        again = folder.load(kind.bring(tmp_path / name, tmp_path / f"{name}-in"))
        assert {c.name for c in again.classes} == {c.name for c in data.classes}
        for one, other in zip(data.foils, again.foils):
            assert (one.ignored == other.ignored).all(), name
            assert ((one.mask > 0) == (other.mask > 0)).all()
    with Image.open(tmp_path / "coco-in/labels/f0.png") as image:
        assert image.mode == "P" and IGNORED in np.asarray(image)


def test_masks_say_which_value_counts_nowhere(tmp_path, capsys):
    source = tmp_path / "in"
    for name in "ab":
        image, mask = toy.picture(96, 80, ord(name))
        mask[WINDOW] = 255
        images.write(source / "images" / f"{name}.png", image)
        images.write(source / "masks" / f"{name}.png", mask)
    out = tmp_path / "out"
    assert cli.main(["import", "masks", str(source), str(out), "--ignore", "255"]) == 0
    data = folder.load(out)
    assert [c.name for c in data.defects] == ["value 1", "value 2"]
    assert all(foil.ignored[WINDOW].all() for foil in data.foils)
    as_class = folder.load(masks.bring(source, tmp_path / "class"))
    assert [c.name for c in as_class.defects] == ["value 1", "value 2", "value 255"]
    with pytest.raises(masks.FormatError, match="no value to ignore"):
        picture = tmp_path / "mv/test/hole/a.png"
        images.write(picture, toy.picture(96, 80, 0)[0])
        images.write(tmp_path / "mv/ground_truth/hole/a_mask.png", toy.picture(96, 80, 0)[1])
        masks.bring(tmp_path / "mv", tmp_path / "no", layout="mvtec", ignore=255)
    assert cli.main(["import", "coco", str(source), str(tmp_path / "x"), "--ignore", "2"]) == 1
    assert "--ignore: does not belong to import coco" in capsys.readouterr().err


def test_a_network_learns_nothing_from_what_is_hidden(tmp_path):
    """Two folders that differ only in labels that count nowhere train the same network."""
    made = []
    for name, value in (("a", 1), ("b", 2)):
        root = marked(tmp_path / name)
        truth = images.read_indexed(root / "labels/f0.png")
        truth[WINDOW] = value
        images.write(root / "truth/f0.png", truth)
        images.write(root / "truth/f1.png", images.read_indexed(root / "labels/f1.png"))
        study = Study(str(root), toy.PROFILE, 0, tmp_path / f"runs-{name}")
        study.train(["baseline"], progress=False)
        made.append(study)
    one, other = (study.run("baseline") for study in made)
    regions = [training_regions(study.dataset) for study in made]
    assert all((a.mask == b.mask).all() for a, b in zip(*regions))
    assert one.counts().equals(other.counts())
    assert one_vs_rest.fit.references(made[0].dataset.foils[0])[1][1].shape == (96, 80)
