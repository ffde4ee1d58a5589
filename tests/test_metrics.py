"""Counts are exact, and rates are what the field says they are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from foilseg.evaluation import metrics, scores
from foilseg.thesis import published


@given(st.integers(0, 2**32 - 1), st.integers(2, 20))
def test_the_confusion_matrix_agrees_with_scikit_learn(seed, n_classes):
    rng = np.random.default_rng(seed)
    target, prediction = rng.integers(0, n_classes, (2, 9, 11)).astype(np.uint8)
    expected = oracle.confusion_matrix(target.ravel(), prediction.ravel(), labels=range(n_classes))
    np.testing.assert_array_equal(metrics.confusion(target, prediction, n_classes), expected)


def test_three_by_three_by_hand():
    target = np.array([[0, 0, 1], [1, 1, 2], [0, 2, 2]], np.uint8)
    prediction = np.array([[0, 1, 1], [1, 0, 2], [0, 2, 0]], np.uint8)
    matrix = metrics.confusion(target, prediction, 3)
    assert matrix.tolist() == [[2, 1, 0], [1, 2, 0], [1, 0, 2]]
    tp, fp, fn, tn = metrics.class_counts(matrix).T.tolist()
    assert (tp, fp, fn, tn) == ([2, 2, 2], [2, 1, 0], [1, 1, 1], [4, 5, 6])
    assert metrics.binary_counts(target == 1, prediction == 1).tolist() == [2, 1, 1, 5]


def test_counts_are_integers_beyond_the_precision_of_float32():
    big = np.array([[2**24 + 1, 0], [0, 1]], np.int64)
    assert metrics.class_counts(big)[0, 0] == 16_777_217


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="not one size"):
        metrics.confusion(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), 2)
    with pytest.raises(ValueError, match="n_classes=2"):
        metrics.confusion(np.full((2, 2), 2, np.uint8), np.zeros((2, 2), np.uint8), 2)


def table():
    rows = [("m", "x", 8, 2, 2, 88), ("m", "x", 0, 0, 5, 95), ("m", "y", 0, 1, 0, 99)]
    return pd.DataFrame(rows, columns=["model", "defect", *metrics.COUNTS])


def test_pooled_sums_before_it_divides_and_imagewise_divides_before_it_averages():
    pooled = metrics.score(table(), ["model", "defect"]).set_index("defect")
    assert pooled.loc["x", "TPR"] == 8 / 15 and pooled.loc["x", "precision"] == 8 / 10
    each = metrics.score(table(), ["model", "defect"], "imagewise").set_index("defect")
    assert each.loc["x", "TPR"] == pytest.approx((0.8 + 0) / 2)
    assert each.loc["x", "precision"] == 0.8 and each.loc["x", "n_precision"] == 1


def test_what_is_not_defined_is_nan_and_left_out_of_a_mean_that_says_so():
    pooled = metrics.score(table(), ["model", "defect"])
    assert np.isnan(pooled.set_index("defect").loc["y", "TPR"])
    mean = scores.mean_rates(scores.defect_rates(table())).iloc[0]
    assert mean["TPR"] == 8 / 15 and mean["n_TPR"] == 1 and mean["n_FPR"] == 2


def test_an_unknown_average_and_an_empty_table_are_refused():
    with pytest.raises(ValueError, match="pooled, imagewise"):
        metrics.score(table(), ["model"], "micro")
    with pytest.raises(ValueError, match="no row"):
        metrics.score(table().head(0), ["model"])


def test_rates_of_table_a2_come_out_of_the_counts_of_table_a1():
    counts = published.table("counts").rename(columns=str.lower)
    pooled = metrics.rates(counts).rename(columns={"model": "m"})
    printed = published.table("rates")
    misprint = (counts["model"] == "wCE ICF") & (counts["defect"] == "Crack")
    for rate in ("TPR", "FPR"):
        close = (pooled[rate] - printed[rate]).abs() <= 0.5001e-4
        assert (close | (misprint & (rate == "FPR"))).all()
    # the printed FP of that cell lacks a digit; N - TN gives the printed rate
    row = counts[misprint].iloc[0]
    assert round((row["n"] - row["tn"]) / row["n"], 4) == printed[misprint]["FPR"].item()


def test_the_published_precision_stands_beside_its_pooled_twin():
    both = scores.published_rates().set_index(["model", "defect"])
    cavity = both.loc[("Baseline", "cavity")]
    assert cavity["precision"] == pytest.approx(6455 / (6455 + 6473))
    assert cavity["precision (imagewise)"] == 0.5605


def test_the_published_precision_of_a_misprinted_count_is_the_corrected_one():
    right = scores.published_rates().set_index(["model", "defect"])["precision"]
    # 0.913 and 0.376 without the digit that is missing in Table A1
    assert round(right["wCE ICF", "crack"], 3) == 0.504
    assert round(right["wCE ICF"].mean(), 3) == 0.273
    note = scores.misprint_note()
    assert "that of wCE ICF for crack becomes 0.504 instead of 0.913, and" in note
    assert "defects 0.273 instead of 0.376." in note and note.count(" for ") == 1
    assert scores.misprint_note(1.1) == ""


@pytest.mark.parametrize("n_classes", [2, 5, 16, 17])
@pytest.mark.parametrize("share", [0.0, 0.02, 1.0])
def test_large_masks_are_counted_as_small_ones(n_classes, share, monkeypatch):
    rng = np.random.default_rng(n_classes)
    target, prediction = rng.integers(0, n_classes, (2, 333, 301)).astype(np.uint8)
    defect = rng.random(target.shape) < share
    target, prediction = target * defect, prediction * defect
    expected = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(expected, (target, prediction), 1)
    np.testing.assert_array_equal(metrics.confusion(target, prediction, n_classes), expected)
    monkeypatch.setattr(metrics, "STEP", 1001)
    turned = metrics.confusion(target.T, prediction.T, n_classes)
    np.testing.assert_array_equal(turned, expected)


@given(st.integers(0, 2**32 - 1))
def test_f_scores_and_iou_agree_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    target, prediction = rng.random((2, 60)) < rng.random((2, 1))
    counts = dict(zip(metrics.COUNTS, metrics.binary_counts(target, prediction).tolist()))
    found = metrics.rates(pd.DataFrame([counts]), metrics.SCORES).iloc[0]
    if not (target.any() or prediction.any()):
        assert found[["F0.5", "F1", "F2", "IoU"]].isna().all()
        return
    for beta in (0.5, 1, 2):
        expected = oracle.fbeta_score(target, prediction, beta=beta, zero_division=0)
        assert found[f"F{beta:g}"] == pytest.approx(expected)
    assert found["IoU"] == pytest.approx(oracle.jaccard_score(target, prediction, zero_division=0))


def test_an_unknown_score_is_refused_and_the_others_can_be_averaged():
    with pytest.raises(ValueError, match="'AUC' is none of TPR"):
        metrics.rates(table(), ["AUC"])
    pooled = metrics.score(table(), ["defect"], scores=["IoU"]).set_index("defect")
    assert pooled.loc["x", "IoU"] == 8 / 17 and pooled.loc["y", "IoU"] == 0


def test_counts_that_do_not_fit_the_image_are_refused():
    counts = table().assign(foil=["a", "b", "a"])
    metrics.check_sizes(counts, {"a": 100, "b": 100})
    with pytest.raises(ValueError, match=r"m, b, x: 100 pixels do not fit the image's 99"):
        metrics.check_sizes(counts, {"a": 100, "b": 99})
    with pytest.raises(ValueError, match="m, a, y: 101 pixels"):
        metrics.check_sizes(counts.assign(tn=[88, 95, 100]))
    with pytest.raises(ValueError, match="m, a, x"):
        metrics.check_sizes(counts.assign(tp=[-1, 0, 0], tn=[97, 95, 99]))


def test_a_score_is_added_in_one_line(monkeypatch):
    monkeypatch.setitem(metrics.WEIGHTS, "share found", ({"tp": 1.0}, {"tp": 1.0, "fn": 1.0}))
    for average in metrics.AVERAGES:
        found = metrics.score(table(), ["model", "defect"], average, ["TPR", "share found"])
        assert found["share found"].equals(found["TPR"].rename("share found"))
