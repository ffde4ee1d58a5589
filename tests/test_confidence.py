"""How sure networks are of their objects: computed independently, and read without weights."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage

from foilseg.analysis import stability
from foilseg.data.dataset import validation_regions
from foilseg.measured import confidence
from foilseg.networks import checkpoints
from foilseg.training import evaluations, restore, runs

NAMES = ["baseline", "binary"]


@pytest.fixture(scope="module")
def study(toy_study):
    toy_study.train(NAMES, progress=False)
    return toy_study


@pytest.fixture
def copy(study, tmp_path):
    """The same study with a store of its own."""
    shutil.copytree(study.runs, tmp_path / "runs")
    shutil.rmtree(tmp_path / "runs" / evaluations.FOLDER, ignore_errors=True)
    return replace(study, runs=tmp_path / "runs")


def probability(run, foil, index):
    """Of one class, from the network as torch has it, without any function of ours."""
    network = restore.network(run)
    with torch.no_grad():
        logits = network(torch.from_numpy(np.ascontiguousarray(foil.image))[None])[0].double()
    if run.config["label"] is not None:
        return (1 / (1 + (-logits[0]).exp())).numpy()
    return (logits[index].exp() / logits.exp().sum(0)).numpy()


def flood(mask, row, column):
    """The pixels that touch one, also at corners, and are of its class: a set."""
    todo, seen = [(row, column)], set()
    while todo:
        r, c = todo.pop()
        if (r, c) in seen or not (0 <= r < mask.shape[0] and 0 <= c < mask.shape[1]):
            continue
        if mask[r, c] == mask[row, column]:
            seen.add((r, c))
            todo += [(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return seen


@pytest.mark.parametrize("name", NAMES)
def test_the_confidence_of_a_pixel_is_the_mean_probability_of_its_object(study, name):
    model = study.model(name)
    names = {c.index: c.name for c in study.dataset.classes}
    checked = 0
    for foil in validation_regions(study.dataset):
        mask, sure = model.prediction(foil.name), confidence.of_model(model, foil)
        assert (sure[mask == 0] == 0).all() and (sure[mask > 0] > 0).all()
        for row, column in np.argwhere(mask)[:: max(1, int((mask > 0).sum()) // 5)]:
            index = int(mask[row, column])
            run = model.runs["" if name == "baseline" else names[index]]
            place = tuple(np.array(sorted(flood(run.prediction(foil.name), row, column))).T)
            expected = probability(run, foil, index)[place].mean()
            assert sure[row, column] == pytest.approx(expected, abs=2e-4)
            checked += 1
    assert checked >= 5


def test_of_a_joined_mask_the_network_for_the_class_of_the_pixel_is_asked(study, monkeypatch):
    first, second, whole = (np.zeros((6, 9), np.uint8) for _ in range(3))
    first[1:4, 0:5], second[2:6, 3:8] = 1, 2
    whole[first > 0], whole[second > 0] = 1, 2  # where both claim, the second is more probable
    defects = {c.index: c.name for c in study.dataset.classes}

    def network(own):
        return SimpleNamespace(prediction=lambda foil: own, evaluation_file=Path, name="net")

    networks = {defects[1]: network(first), defects[2]: network(second)}
    tables = {
        id(networks[defects[k]]): pd.DataFrame(
            [("f", defects[k], *box, pixels, sure)], columns=confidence.COLUMNS
        )
        for k, box, pixels, sure in [(1, (1, 0, 3, 5), 15, 0.6), (2, (2, 3, 4, 5), 20, 0.9)]
    }
    monkeypatch.setattr(confidence, "objects", lambda data, run, device: tables[id(run)])
    places = {"study": study, "runs": networks, "prediction": lambda foil: whole}
    sure = confidence.of_model(SimpleNamespace(**places), SimpleNamespace(name="f"))
    assert np.array_equal(sure, np.choose(whole, [0, 0.6, 0.9]))
    second[5, 7] = 0  # a file that is of another mask
    with pytest.raises(runs.RunError, match="are not the 1 of the stored prediction"):
        confidence.of_model(SimpleNamespace(**places), SimpleNamespace(name="f"))


def test_objects_are_computed_once_and_stay_without_weights(copy, monkeypatch):
    run = copy.run("baseline")
    first = confidence.objects(copy.dataset, run)
    assert len(first) and first["probability"].between(0, 1).all()
    places = validation_regions(copy.dataset)
    number = sum(
        ndimage.label(run.prediction(f.name) == c.index, np.ones((3, 3)))[1]
        for f in places
        for c in copy.dataset.defects
    )
    assert len(first) == number
    assert confidence.lacking(copy, NAMES) == []
    for path in copy.runs.glob(f"*/{runs.MODEL}"):
        path.unlink()
    others = {r.name for r in copy.model("binary").made()}
    assert set(confidence.lacking(copy, NAMES)) == others, "what is stored needs no weights"
    pd.testing.assert_frame_equal(confidence.objects(copy.dataset, run), first)
    region = validation_regions(copy.dataset)[0]
    assert (confidence.of_model(copy.model("baseline"), region) > 0).any()
    assert confidence.maps(copy, NAMES) is None
    assert confidence.maps(copy, ["baseline"])[region.name]["Baseline"].shape == region.shape
    said = confidence.note(confidence.lacking(copy, NAMES))
    assert "not known here" in said and f"of {len(others)} networks" in said
    assert "not known" not in confidence.note([])


def test_objects_of_another_prediction_are_refused(copy):
    run = copy.run("baseline")
    table = confidence.objects(copy.dataset, run)
    file = evaluations.place(run, confidence.NAME)
    region = validation_regions(copy.dataset)[0]
    for wrong in (table.iloc[1:], table.assign(left=table["left"] + 1), table.iloc[::-1]):
        wrong.to_csv(file, index=False)
        with pytest.raises(runs.RunError, match=r"-objects\.csv: its .* are not the .*delete"):
            confidence.of_model(copy.model("baseline"), region)
    file.unlink()
    assert (confidence.of_model(copy.model("baseline"), region) > 0).any(), "computed again"


def test_weights_that_do_not_give_the_stored_prediction_are_refused(copy, monkeypatch):
    run = copy.run("baseline")
    weights = checkpoints.read(run.model())
    classes = len(copy.dataset.classes)
    name = next(k for k, v in weights.items() if k.endswith("bias") and v.shape == (classes,))
    weights[name] = weights[name] + torch.tensor([0.0, 50.0, 0.0])
    checkpoints.write(weights, run.path / runs.MODEL)
    with pytest.raises(runs.RunError, match="truncated or altered"):
        confidence.objects(copy.dataset, run)
    monkeypatch.setattr(runs.Run, "file", lambda self, name: self.path / name)
    with pytest.raises(runs.RunError, match=r"do not give its prediction of .*% of the pixels"):
        confidence.objects(copy.dataset, run)


def test_a_network_that_predicts_nothing_has_no_objects_and_can_be_read(study):
    empty = pd.DataFrame(columns=confidence.COLUMNS)
    mask = np.zeros((4, 5), np.uint8)
    assert not confidence.spread(empty, "f", mask, study.dataset.classes, "file").any()


def test_the_tests_of_stability_store_the_objects_too(copy):
    stability.complete(copy, ["binary"])
    files = [evaluations.place(r, confidence.NAME) for r in copy.model("binary").made()]
    assert len(files) == 2 and all(file.is_file() for file in files)
