"""Priors put right: Bayes by hand, the dial, and calibration beside another implementation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import toy
from hypothesis import given
from hypothesis import strategies as st

from foilseg.data.dataset import class_pixels, training_regions, validation_regions
from foilseg.evaluation import metrics, prior_correction
from foilseg.measured import held_out, object_tables, prior_tables
from foilseg.networks.inference import predict_logits
from foilseg.training import restore

NAMES = ["baseline", "oversampled-cavities", "wce-icf", "focal", "binary"]
positive = st.lists(st.floats(0.01, 10), min_size=3, max_size=3)


@given(positive, positive, positive, positive)
def test_a_posterior_under_weights_and_resampling_comes_back_as_bayes_has_it(pi, q, w, seen):
    """p(x|c) given, the network's posterior is that of priors q w; corrected, that of pi."""
    pi, q, w, seen = (np.array(v) for v in (pi, q, w, seen))
    logits = np.log(seen * prior_correction.shares(q) * w) + 3.0
    own = prior_correction.learned(q, w)
    moved = logits + prior_correction.correction(prior_correction.shares(pi), own)
    found = np.exp(moved) / np.exp(moved).sum()
    expected = seen * pi / (seen * pi).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_dial_at_one_is_a_uniform_prior():
    pi = prior_correction.shares([900, 90, 10])
    uniform = prior_correction.correction(np.full(3, 1 / 3), pi)
    moved = prior_correction.adjustment(pi, 1.0) - uniform
    np.testing.assert_allclose(moved, moved[0])
    assert not prior_correction.adjustment(pi, 0.0).any() and 0 in prior_correction.TAUS
    with pytest.raises(ValueError, match=r"classes \[1\] have none"):
        prior_correction.shares([5, 0, 1])


def test_calibration_error_by_hand():
    counts = np.array([[80, 20], [10, 40]])
    middle = np.array([0.1, 0.9])
    # |0.1 - 0.2| of 100 pixels and |0.9 - 0.8| of 50, in bins of 75 that split neither
    assert prior_correction.expected_calibration_error(counts, middle, 2) == pytest.approx(0.1)
    # all in one bin: said 55 of 150, true 60 of 150
    assert prior_correction.expected_calibration_error(counts, middle, 1) == pytest.approx(5 / 150)
    assert np.isnan(prior_correction.expected_calibration_error(np.zeros((2, 2)), middle))
    found = prior_correction.equal_mass(counts, middle, 2)
    np.testing.assert_allclose(found, [[10, 45], [20, 40], [100, 50]])
    assert not np.any(prior_correction.equal_mass(np.zeros((2, 2)), middle, 2))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=40))
def test_probabilities_that_are_right_have_no_calibration_error(pairs):
    counts = np.array(pairs)
    known = counts.sum(axis=1) > 0
    middle = np.divide(counts[:, 1], counts.sum(axis=1), out=np.zeros(len(pairs)), where=known)
    error = prior_correction.expected_calibration_error(counts, middle)
    assert np.isnan(error) if not known.any() else error == pytest.approx(0, abs=1e-12)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    with toy.twin_study(tmp_path_factory.mktemp("priors"), NAMES) as found:
        yield found


def test_every_kind_of_network_has_the_tables_that_fit_it(study):
    expected = {"baseline": ("dial",), "focal": (), "binary": ()}
    for name in NAMES:
        run = next(iter(study.model(name).runs.values()))
        wanted = expected.get(name, ("corrected", "corrected-counts"))
        assert prior_tables.kinds(run) == wanted
        object_tables.complete(study, [run])
        assert object_tables.known(run)
        assert set(wanted) <= set(run.evaluations())
        for kind in wanted:
            table = object_tables.examine(study, run, kind)
            assert list(table) == prior_tables.COLUMNS[kind]


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_dial_counts_the_masks_of_moved_logits(study, part):
    run, network = study.run("baseline"), restore.network(study.run("baseline"), "cpu")
    if part == "test":
        table, foils = held_out.examine(study, run, "test-dial"), held_out.dataset(study).foils
    else:
        table, foils = object_tables.examine(study, run, "dial"), validation_regions(study.dataset)
    pixels = class_pixels(training_regions(study.dataset), 5).sum(axis=0)
    for tau in (0.0, 1.0, 2.0):
        for foil in foils:
            logits = predict_logits(network, foil.image, "cpu").double().numpy()
            said = (logits - tau * np.log(pixels / pixels.sum())[:, None, None]).argmax(0)
            for c in study.dataset.defects:
                own = (table["foil"] == foil.name) & (table["defect"] == c.name)
                row = table[own & (table["tau"] == tau) & (table["against"] == "label")]
                expected = metrics.binary_counts(foil.mask == c.index, said == c.index)
                ours = row[list(metrics.COUNTS)].to_numpy()[0]
                assert np.abs(ours - expected).max() <= 2  # last bits of float32


def test_corrected_counts_follow_from_ledgers_and_weights(study):
    run = study.run("wce-icf")
    pi, own = prior_tables.priors(study.dataset, run)
    seen = sum(np.array([pool.pixels[k] for k in range(5)]) for pool in run.ledgers())
    icf = (1 / class_pixels(training_regions(study.dataset), 5).sum(axis=0)).astype(float)
    expected = seen / seen.sum() * icf
    np.testing.assert_allclose(own, expected / expected.sum(), rtol=1e-9)
    counts = object_tables.examine(study, run, "corrected-counts")
    network = restore.network(run, "cpu")
    for foil in validation_regions(study.dataset):
        logits = predict_logits(network, foil.image, "cpu").double().numpy()
        said = (logits + np.log(pi / own)[:, None, None]).argmax(0)
        for c in study.dataset.defects:
            own_rows = (counts["foil"] == foil.name) & (counts["defect"] == c.name)
            row = counts[own_rows & (counts["against"] == "label")]
            wanted = metrics.binary_counts(foil.mask == c.index, said == c.index)
            assert np.abs(row[list(metrics.COUNTS)].to_numpy()[0] - wanted).max() <= 2


def test_a_class_that_was_never_shown_is_named(study):
    run = study.run("wce-icf")
    pool = run.ledgers()[0]
    lost = replace(pool, pixels={**dict.fromkeys(pool.pixels, 9), 2: 0})

    class Other:
        determines, config = run.determines, run.config
        ledgers = staticmethod(lambda: [lost])

    with pytest.raises(ValueError, match=r"classes \[2\] have none"):
        prior_tables.priors(study.dataset, Other())
    empty = prior_tables.PriorTables(study.dataset, Other())
    empty.add(validation_regions(study.dataset)[0], torch.zeros(5, 9, 9))
    assert {kind: len(table) for kind, table in empty.tables().items()} == {
        "corrected": 0,
        "corrected-counts": 0,
    }
    assert isinstance(object_tables.examine(study, run, "corrected"), pd.DataFrame)
