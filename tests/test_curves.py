"""Histograms of probabilities give what the probabilities themselves give."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from foilseg.data.dataset import validation_regions
from foilseg.evaluation import curves, metrics
from foilseg.networks.inference import Predictor
from foilseg.training import probing


def made(seed, size=400):
    """Logits on the grid of the bins, and a truth that goes with them."""
    rng = np.random.default_rng(seed)
    logit = np.round(rng.normal(-3, 4, size) * 2) / 2 + 0.25
    return logit.clip(-15.75, 15.75), rng.random(size) < 1 / (1 + np.exp(-0.4 * logit))


@given(st.integers(0, 2**32 - 1))
def test_average_precision_and_curve_agree_with_scikit_learn(seed):
    logit, truth = made(seed)
    counts = curves.histogram(logit, truth)
    table = curves.curve(counts)
    if not truth.any():
        assert np.isnan(curves.average_precision(counts))
        return
    expected = oracle.average_precision_score(truth, logit)
    assert curves.average_precision(counts) == pytest.approx(expected)
    fpr, tpr, _ = oracle.roc_curve(truth, logit, drop_intermediate=False)
    found = table[["FPR", "TPR"]].drop_duplicates().to_numpy()
    np.testing.assert_allclose(found, np.stack([fpr, tpr], axis=1))


def test_the_row_at_one_half_holds_the_counts_of_the_mask():
    logit, truth = made(1)
    table = curves.curve(curves.histogram(logit, truth)).set_index("threshold")
    found = table.loc[0.5, list(metrics.COUNTS)].astype(int).tolist()
    assert found == metrics.binary_counts(truth, logit > 0).tolist()


def test_extreme_logits_are_filed_at_the_ends():
    counts = curves.histogram(np.array([-99.0, 99.0, np.inf]), np.array([False, True, True]))
    assert counts[0].tolist() == [1, 0] and counts[-1].tolist() == [0, 2] and counts.sum() == 3


def test_class_logits_are_those_of_the_softmax():
    logits = torch.randn(4, 3, 5, dtype=torch.float64) * 3
    p = logits.softmax(0)
    expected = (p / (1 - p)).log()
    np.testing.assert_allclose(probing.class_logits(logits), expected, rtol=1e-9)


@pytest.mark.parametrize("kind", ["multi-class", "one-vs-rest"])
def test_a_probe_predicts_the_same_and_files_every_pixel(learned, toy_data, tmp_path, kind):
    from foilseg.data import folder

    data = folder.load(toy_data)
    network = learned[0 if kind == "multi-class" else 1]
    labels = {} if kind == "multi-class" else {"labels": (2,), "thresholds": (0.5,)}
    classes = [c for c in data.classes if c.index == 2 or not labels]
    plain = Predictor((network,), **labels)
    probe = probing.Probe.of(plain, classes)
    masks = {}
    for foil in validation_regions(data):
        masks[foil.name] = probe.mask(foil.image)
        np.testing.assert_array_equal(masks[foil.name], plain.mask(foil.image))
        probe.add(foil, [("label", foil.mask)])
    probe.histograms().write(tmp_path / "h.npz")
    read = curves.Histograms.read(tmp_path / "h.npz")
    pd.testing.assert_frame_equal(read.keys, probe.histograms().keys, check_dtype=False)
    sizes = {foil.name: foil.mask.size for foil in validation_regions(data)}
    assert read.counts.sum(axis=(1, 2)).tolist() == [sizes[f] for f in read.keys["foil"]]
    assert (tmp_path / "h.npz").stat().st_size < 4000
    if labels:
        half = curves.curve(read.total(data.classes[2].name)).set_index("threshold").loc[0.5]
        claimed = sum((mask == 2).sum() for mask in masks.values())
        assert half["tp"] + half["fp"] == claimed


def test_histograms_of_networks_are_stacked():
    keys = [pd.DataFrame([("f", "label", d)], columns=curves.KEYS) for d in "xy"]
    parts = [curves.Histograms(k, np.full((1, curves.BINS, 2), n)) for n, k in enumerate(keys)]
    both = curves.stack(parts)
    assert both.total("x").sum() == 0 and both.total("y").sum() == 2 * curves.BINS
