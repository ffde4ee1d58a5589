"""A round of relabelling: who is asked of what, what is entered, and what is trained on it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from foilseg.data.dataset import (
    TRAIN,
    VALIDATION,
    Dataset,
    Foil,
    class_pixels,
    training_regions,
    validation_regions,
)
from foilseg.evaluation import label_audit
from foilseg.evaluation.label_audit import MISSING
from foilseg.measured import relabelled as measured
from foilseg.networks import checkpoints
from foilseg.studies.network import Network
from foilseg.studies.study import Study
from foilseg.training import experiments, fit, relabelling
from foilseg.training.rows import Experiment

ROW = experiments.experiment("relabelled")
SIZE, TOP = 60, 20  # of a foil; where its training region begins
BOX = np.s_[TOP + 4 : TOP + 9, 10:15]  # a pit that the truth has and nobody annotated


def scene(number=7):
    """Foils with an annotated scratch each, more of them in the later ones, and a hidden pit."""
    foils = []
    for k in range(number):
        mask = np.zeros((SIZE, SIZE), np.uint8)
        mask[TOP + 20, 10 : 20 + k] = 1
        mask[2:5, 2:5] = 2
        mask[TOP + 30 : TOP + 30 + 1 + k % 4, 40] = 2
        truth = mask.copy()
        truth[BOX] = 2
        foils.append(Foil(f"f{k}", np.zeros((1, SIZE, SIZE), np.float32), mask, truth))
    digests = tuple(f"{k}" for k in range(number))
    return Dataset("scene", toy.CLASSES, tuple(foils), digests=digests)


@pytest.fixture
def asked(monkeypatch):
    """Voters that say the truth, so sure of it as ``sure[foil]`` says; who was asked of what."""
    found, sure = [], {}

    def said(network, region, device):
        found.append((network, region.name))
        turn = sum(name == region.name for _, name in found) - 1
        level = np.resize(sure.get(region.name, 0.9), 2)[turn]
        return region.truth.copy(), np.full(region.shape, level)

    monkeypatch.setattr(
        relabelling, "_voter", lambda third, *rest: tuple(f.name for f in third.foils)
    )
    monkeypatch.setattr(relabelling.restore, "network", lambda run, device: run)
    monkeypatch.setattr(relabelling, "_said", said)
    return found, sure


def round_of(data, confidence=0.8):
    return relabelling.relabelled(data, confidence, toy.PROFILE, 0, None)


def test_every_foil_is_in_one_third_and_the_rare_class_in_all():
    data = scene()
    parts = [{f.name for f in third.foils} for third in relabelling.thirds(data)]
    assert len(parts) == 3 and set.union(*parts) == {f.name for f in data.foils}
    assert sum(map(len, parts)) == len(data.foils)
    regions = training_regions(data)
    assert class_pixels(regions, 3).sum(axis=0)[1:].argmin() == 1, "the pit is rarer"
    # training pixels of the pit: 1 2 3 4 1 2 3, so 4 3 3 are dealt, then 2 2 1 back, then 1
    assert parts == [{"f3", "f0", "f4"}, {"f2", "f5"}, {"f6", "f1"}]


def test_a_part_has_a_fingerprint_of_its_own():
    for data in (scene(), replace(scene(), recipe="abc")):
        prints = [third.fingerprint for third in relabelling.thirds(data)]
        assert len({data.fingerprint, *prints}) == 4
        again = [third.fingerprint for third in relabelling.thirds(data)]
        assert prints == again
    rendered = replace(scene(), recipe="abc")
    other = replace(rendered, digests=tuple("x" * len(rendered.foils)))
    same = [t.fingerprint for t in relabelling.thirds(other)]
    assert same == [t.fingerprint for t in relabelling.thirds(rendered)], "no pixel decides"


def test_whole_images_that_validate_go_with_every_part():
    data = scene()
    parts = {f.name: VALIDATION if k > 4 else TRAIN for k, f in enumerate(data.foils)}
    for third in relabelling.thirds(replace(data, parts=parts)):
        assert {f.name for f in validation_regions(third)} == {"f5", "f6"}
        assert len(third.digests) == len(third.foils) == len(third.parts)


def test_too_few_images_are_refused():
    with pytest.raises(ValueError, match="scene: 2 images train, .* among 3 networks; annotate"):
        list(relabelling.thirds(scene(2)))


def test_no_network_is_asked_about_a_foil_that_trained_it(asked):
    found, _ = asked
    data = scene()
    round_of(data)
    assert not [name for voter, name in found if name in voter]
    assert sorted(name for _, name in found) == sorted(2 * [f.name for f in data.foils])


def test_what_is_sure_is_entered_and_nothing_else_changes(asked):
    _, sure = asked
    data = scene()
    sure |= {"f1": 0.8, "f2": 0.79, "f3": (0.95, 0.7), "f4": (0.95, 0.6)}
    before = [f.mask.copy() for f in data.foils]
    new = round_of(data)
    entered = [f.name for f, old in zip(new.foils, before) if (f.mask != old).any()]
    assert entered == ["f0", "f3", "f5", "f6"], (
        "0.8 is not above 0.8; two are as sure as their mean"
    )
    for foil, old, given in zip(new.foils, before, data.foils):
        expected = old.copy()
        expected[BOX] = 2 if foil.name in entered else 0
        assert (foil.mask == expected).all()
        assert (given.mask == old).all(), "the data that were given stay"
        assert foil.truth is given.truth and foil.image is given.image
    assert new.fingerprint == data.fingerprint


def test_no_truth_is_needed_and_validation_regions_stay(asked, monkeypatch):
    data = scene()
    blind = replace(data, foils=tuple(replace(f, truth=None) for f in data.foils))
    truths = {f.name: f.truth for f in training_regions(data)}

    def said(network, region, device):
        return truths[region.name], np.full(region.shape, 0.9)

    monkeypatch.setattr(relabelling, "_said", said)
    new = round_of(blind)
    assert all((f.mask[BOX] == 2).all() for f in new.foils)
    for old, changed in zip(validation_regions(data), validation_regions(new)):
        assert (old.mask == changed.mask).all()


def test_both_have_to_say_the_same(asked, monkeypatch):
    before = set()

    def said(network, region, device):
        mask = region.truth.copy()
        if region.name in before:
            mask[mask == 2] = 1
        before.add(region.name)
        return mask, np.full(region.shape, 0.95)

    monkeypatch.setattr(relabelling, "_said", said)
    one = scene(3)
    new = round_of(one)
    for foil, old in zip(new.foils, one.foils):
        assert (foil.mask == old.mask).all()


def test_candidates_below_the_bound_leave_the_annotation_as_it_is():
    foil = scene(1).foils[0]
    numbers = np.zeros(foil.shape, np.int32)
    numbers[0:2, 0:2], numbers[2:5, 2:5] = 1, 2
    table = pd.DataFrame(
        {
            "foil": "f0",
            "object": [1, 2],
            "defect": "scratch",
            "kind": MISSING,
            "confidence": [0.9, 0.5],
        }
    )
    found = label_audit.Audit(table, {"f0": numbers})
    kept = label_audit.above(found, 0.5)
    assert kept.table["object"].tolist() == [1], "as sure as the bound is not above it"
    assert np.unique(kept.numbers["f0"]).tolist() == [0, 1]
    corrected = label_audit.corrected(kept, foil, toy.CLASSES)
    assert (corrected[2:5, 2:5] == 2).all() and (corrected[0:2, 0:2] == 1).all()
    unknown = label_audit.Audit(table.assign(confidence=[0.9, np.nan]), {"f0": numbers})
    with pytest.raises(ValueError, match="confidence: not known of every candidate"):
        label_audit.above(unknown, 0.5)


def test_what_was_entered_is_counted_by_the_truth(asked):
    _, sure = asked
    data = scene(3)
    sure |= {"f1": 0.5}
    found = relabelling.audited(data, toy.PROFILE, 0, None)
    narrow, wrong = (f.truth.copy() for f in (data.foils[0], data.foils[2]))
    narrow[BOX][0] = 0  # 20 of 25 pixels are right, and so is the object
    wrong[BOX] = 0  # nothing is there
    masks = (narrow, data.foils[1].truth, wrong)
    data = replace(data, foils=tuple(replace(f, truth=m) for f, m in zip(data.foils, masks)))
    table = measured.counted(data, found, 0.8).set_index("defect")
    pit = table.loc["pit hole"]
    assert pit[measured.COUNTS].tolist() == [3, 2, 1, 2, 1]
    annotated = sum((f.mask[TOP:] == 2).sum() for f in data.foils)
    assert pit[measured.PIXELS].tolist() == [annotated, 50, 20, 45]
    assert table.loc["scratch", measured.COUNTS].tolist() == [0, 0, 0, 0, 0]
    more = table.assign(entered=4, right=3, missing=10, found=2)
    whole = pd.concat([table.assign(seed=0), more.assign(seed=1)]).reset_index()
    means = measured.summary(whole).set_index("defect").loc["pit hole"]
    assert means.tolist() == pytest.approx([3, 3, 4 / 6, 3 / 12, 50 / annotated])
    blind = replace(data, foils=tuple(replace(f, truth=None) for f in data.foils))
    with pytest.raises(ValueError, match="scene: has no truth"):
        measured.counted(blind, found, 0.8)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A row that enters whatever two voters agree on, trained on toy data; iterations told."""
    place = tmp_path_factory.mktemp("relabelled")
    study = Study(str(toy.write(place / "data", foils=4)), toy.PROFILE, 0, place / "runs")
    return study, Experiment("eager", "Eager", relabel=0.01)


def test_a_run_is_that_of_the_new_labels_and_goes_on_where_it_was(trained, tmp_path):
    study, row = trained
    study.train([row], progress=False)
    run = study.model(row).run()
    assert len(list(study.runs.glob("baseline-*"))) == 3
    data = study.dataset
    new = relabelling.relabelled(data, row.relabel, study.profile, 0, study.runs)
    assert any((a.mask != b.mask).any() for a, b in zip(new.foils, data.foils))
    by_hand = fit.fit(new, experiments.experiment("baseline"), study.profile, 0, tmp_path)
    plain = fit.fit(data, experiments.experiment("baseline"), study.profile, 0, tmp_path / "plain")
    digest = {
        r.path: checkpoints.digest(checkpoints.read(r.model())) for r in (run, by_hand, plain)
    }
    assert digest[run.path] == digest[by_hand.path] != digest[plain.path]
    sums = run.counts().groupby(["foil", "defect"])[["tp", "fn"]].sum().sum(axis=1)
    for region in validation_regions(data):
        for c in data.defects:
            assert sums[region.name, c.name] == (region.mask == c.index).sum()


def test_progress_counts_voters_that_are_there(trained):
    study, row = trained
    told = []
    again = Network(study, replace(row, name="again", relabel=0.02))
    again.train("cpu", told.append)
    assert sum(told) == again.iterations == 4 * toy.PROFILE.iterations


def test_a_row_says_what_it_costs_and_what_it_may_be():
    assert ROW.trainings == 4 and experiments.experiment("baseline").trainings == 1
    assert ROW.remedy == "beyond" and ROW.determining == {"relabel": 0.8}
    assert ROW.code != experiments.experiment("baseline").code
    for wrong in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match="relabel: .* is not at least 0 and below 1"):
            Experiment("x", "x", relabel=wrong)
