"""Test foils: others than those to train on, whole, and counted as anybody would count them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import toy
from pandas.testing import assert_frame_equal

from foilseg.analysis import records, ship, trainings
from foilseg.data.dataset import validation_regions
from foilseg.evaluation import operating_points, scores
from foilseg.evaluation.curves import curve
from foilseg.measured import held_out, object_tables, probability_maps
from foilseg.networks.inference import predict_logits
from foilseg.studies import shipped
from foilseg.studies.source import TEST_SEED, TWIN
from foilseg.studies.study import Study
from foilseg.training import restore

NAMES = ["baseline", "binary"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two models, hardly trained, on two foils."""
    with toy.twin_study(tmp_path_factory.mktemp("held-out"), NAMES) as found:
        yield found


def test_test_foils_are_others_of_the_same_description_and_whole(study):
    ours, theirs = study.dataset, held_out.dataset(study)
    assert theirs.fingerprint != ours.fingerprint and theirs.classes == ours.classes
    assert len(theirs.foils) == len(ours.foils)
    for one in ours.foils:
        assert all(not np.array_equal(one.image, other.image) for other in theirs.foils)
    assert study.source.held_out.profile.twin == {**toy.TWIN_PROFILE.twin, "seed": TEST_SEED}
    assert held_out.histograms(study, study.model("baseline")).counts[0].sum() == 200 * 150


def test_counts_are_those_of_the_most_probable_class(study):
    found = held_out.counts(study, ["baseline"]).set_index(["foil", "defect"])
    data, network = held_out.dataset(study), restore.network(study.run("baseline"), "cpu")
    for foil in data.foils:
        said = predict_logits(network, foil.image, "cpu").argmax(0).numpy()
        for c in data.defects:
            is_one, reported = foil.mask == c.index, said == c.index
            row = found.loc[foil.name, c.name]
            counted = [(is_one & reported).sum(), (~is_one & reported).sum()]
            assert row[["tp", "fp"]].tolist() == counted


def test_a_binary_network_counts_at_one_half_what_its_histogram_has_there(study):
    found = held_out.counts(study, ["binary"], "truth").groupby("defect", observed=True)
    histograms = held_out.histograms(study, study.model("binary"))
    for defect, rows in found:
        at = curve(histograms.total(defect, "truth")).set_index("threshold").loc[0.5]
        assert (
            rows[["tp", "fp", "fn", "tn"]].sum().tolist() == at[["tp", "fp", "fn", "tn"]].tolist()
        )


def test_what_is_worked_out_is_read_again_without_weights(study):
    run = study.run("baseline")
    before = held_out.counts(study, ["baseline"])
    assert held_out.known(study, run)
    weights = run.path / "model.safetensors"
    weights.rename(run.path / "away")
    try:
        assert held_out.counts(study, ["baseline"]).equals(before)
    finally:
        (run.path / "away").rename(weights)


def test_a_packed_study_brings_what_its_runs_say_of_the_test_foils(study):
    held_out.complete(study, study.model("binary").runs.values())
    assert all(held_out.known(study, run) for run in study.model("binary").runs.values())
    out = ship.pack(study, NAMES, Path("results") / toy.TWIN_PROFILE.name)
    assert len(list((out / "evaluations").glob("test*"))) == 5
    reader = Study(TWIN, toy.TWIN_PROFILE, 0, Path("none"), toy.TWIN_PROFILE.name)
    assert reader.find(study.model("baseline").network().determines()).path.parent == out
    for against in ("label", "truth"):
        own, packed = (held_out.counts(s, NAMES, against) for s in (study, reader))
        assert own.equals(packed)
    one, other = (held_out.histograms(s, s.model("binary")) for s in (study, reader))
    assert np.array_equal(one.counts, other.counts)
    own, packed = (s.model("binary").runs["cavity"] for s in (study, reader))
    for part in (held_out, object_tables):
        for kind in part.kinds(own):
            assert_frame_equal(part.examine(study, own, kind), part.examine(reader, packed, kind))


@pytest.mark.parametrize("part", [held_out, object_tables])
def test_reported_objects_hold_the_pixels_that_are_counted(study, part):
    """A binary network reports at one half, which is edge 64, what its counts say."""
    for defect, run in study.model("binary").runs.items():
        kind = "test-reported" if part is held_out else object_tables.REPORTED
        reported = part.examine(study, run, kind)
        counts = part.examine(study, run, held_out.COUNTS) if part is held_out else run.counts()
        own = counts[(counts["defect"] == defect) & (counts["against"] == "label")]
        at_half = reported[reported["edge"] == 64]
        pixels = (at_half["pixels"] * at_half["times"]).groupby(at_half["foil"]).sum()
        assert not reported.drop(columns="times").duplicated().any()
        for row in own.itertuples():
            assert pixels.get(row.foil, 0) == row.tp + row.fp


def test_reports_that_are_alike_are_one_row_with_their_number(study):
    data = study.dataset
    foil = validation_regions(data)[0]
    crack = next(c for c in data.defects if c.name == "crack")
    logits = np.full(foil.shape, -20.0)
    logits[0:12:4, 0] = 9.0  # three reports of a pixel
    logits[20, 0:2] = 9.0
    tables = object_tables.Tables(object_tables.Objects(), [crack])
    tables.add(replace(foil, mask=np.zeros_like(foil.mask), truth=None), {crack.index: logits})
    rows = tables.table(object_tables.REPORTED)
    at_half = rows[rows["edge"] == 64].set_index("pixels")["times"]
    assert at_half.to_dict() == {1: 3, 2: 1}


def test_objects_are_those_of_the_masks(study):
    found = object_tables.examine(study, study.run("baseline"))
    for foil in validation_regions(study.dataset):
        for c in study.dataset.defects:
            for against, mask in (("label", foil.mask), ("truth", foil.truth)):
                own = (found["foil"] == foil.name) & (found["defect"] == c.name)
                pixels = found.loc[own & (found["against"] == against), "pixels"]
                assert pixels.sum() == (mask == c.index).sum()


def test_data_without_test_foils_are_refused(toy_study):
    with pytest.raises(held_out.NoTestFoilsError, match="keeps no image for the test"):
        held_out.dataset(toy_study)
    held_out.complete(toy_study, [None])  # nothing to work out, so nothing is looked at


def test_probability_maps_give_the_masks_at_their_edges(study):
    out = ship.pack(study, NAMES, Path("results") / "maps")
    packed = shipped.open_shipped("maps")
    assert len(list((out / "probabilities").glob("*.png"))) == 2 * len(
        probability_maps.foils(study, NAMES)
    )
    half = probability_maps.EDGES.index(0.0) + 1
    assert probability_maps.levels(np.array([-9, -5, -0.01, 0, 99])).tolist() == [0, 1, 7, 8, 15]
    for foil in probability_maps.foils(study, NAMES):
        maps = probability_maps.read(packed, "binary", foil)
        for c, levels, run in zip(study.dataset.defects, maps, study.model("binary").runs.values()):
            assert levels.max() < probability_maps.LEVELS
            assert ((levels >= half) == (run.prediction(foil) == c.index)).all()
        network = restore.network(study.run("baseline"), "cpu")
        logits = predict_logits(network, study.validation(foil).image, "cpu")
        odds = torch.logit(logits.double().softmax(0))
        for c, levels in zip(
            study.dataset.defects, probability_maps.read(packed, "baseline", foil)
        ):
            expected = sum((odds[c.index] >= edge).int() for edge in probability_maps.EDGES)
            assert np.abs(levels - expected.numpy()).mean() < 1e-3
    assert probability_maps.read(packed, "focal", foil) is None


def test_models_are_compared_where_nothing_was_chosen(study):
    """Of the study and of what it packs: thresholds of validation regions, pixels of test foils."""
    ship.pack(study, NAMES, Path("results") / "compared")
    ours = trainings.of_study(study, NAMES)
    theirs = records.Record(shipped.open_shipped("compared")).compared
    assert_frame_equal(ours.even, theirs.even)
    assert_frame_equal(ours.table(20), theirs.table(20))
    assert "2 test foils" in ours.note == theirs.note
    means = [
        scores.mean_rates(scores.defect_rates(c))["TPR"].mean() for c in (ours.own, ours.tested)
    ]
    assert f"{means[0]:.3f}" in ours.whole_note and f"{means[1]:.3f}" in ours.whole_note
    validation, test = (
        study.model("binary").histograms(),
        held_out.histograms(study, study.model("binary")),
    )
    place = operating_points.place_of_fpr(validation.total("crack"), ours.levels["crack"])
    expected = operating_points.counts_at(test, "crack", place, "label")
    own = (ours.even["model"] == "Binary") & (ours.even["defect"] == "crack")
    assert_frame_equal(
        ours.even.loc[own, list(expected)].reset_index(drop=True), expected, check_dtype=False
    )
    assert ours.even["foil"].nunique() == 2 and ours.tested["foil"].nunique() == 2


def test_numbers_alone_are_compared_as_well_and_bring_no_objects(study):
    whole, few = (
        ship.pack(study, NAMES, Path("results") / name, numbers_only=only)
        for name, only in (("whole", False), ("few", True))
    )
    suffix = held_out.suffix(study)
    assert {path.name for path in (few / "evaluations").iterdir()} == {
        f"{kind}-{suffix}.csv.xz" for kind in (held_out.KIND, held_out.COUNTS)
    }
    one, other = (records.Record(shipped.open_shipped(path.name)) for path in (whole, few))
    assert_frame_equal(one.compared.table(20), other.compared.table(20))
    told = other.shipped.manifest["runs"].values()
    assert {len(run["evaluations"]) for run in told} == {0, 2}, "joined predictions have none"
