"""Objects found and kinds of mistakes, by hand; and intervals that are what they say."""

import numpy as np
import pandas as pd
import pytest

from foilseg.data.dataset import LabelClass
from foilseg.evaluation import bootstrap, mistakes

ONE, TWO = LabelClass(1, "pit", "#ff0000"), LabelClass(2, "scratch", "#00ff00")


def scene():
    """A 12 x 12 reference with two pits and a scratch, and a prediction with every mistake."""
    reference, predicted = np.zeros((2, 12, 12), np.uint8)
    reference[1:3, 1:3] = 1  # found, and drawn too large
    predicted[1:3, 1:5] = 1
    reference[5, 0:6] = 1  # found to a third
    predicted[5, 0:2] = 1
    reference[8, 8:11] = 2  # taken for a pit
    predicted[8, 8:11] = 1
    predicted[11, 0:2] = 1  # noise
    return predicted, reference


def test_objects_of_the_scene():
    table = mistakes.objects(*scene(), ONE)
    assert table["pixels"].tolist() == [4, 6] and table["hit"].tolist() == [4, 2]
    missed = mistakes.objects(*scene(), TWO)
    assert missed["pixels"].tolist() == [3] and missed["hit"].tolist() == [0]
    empty = np.zeros((3, 3), np.uint8)
    assert mistakes.objects(empty, empty, ONE).empty


def test_kinds_of_the_scene():
    found = mistakes.kinds(*scene(), ONE)
    assert found == {
        "misclassified": 3, "oversize": 4, "noise": 2,
        "predicted_objects": 4, "false_objects": 2, "noise_objects": 1,
    }  # fmt: skip
    empty = np.zeros((3, 3), np.uint8)
    assert set(mistakes.kinds(empty, empty, ONE).values()) == {0}


def test_kinds_add_up_to_the_false_positives():
    rng = np.random.default_rng(0)
    predicted, reference = rng.choice(3, (2, 40, 40), p=[0.9, 0.05, 0.05]).astype(np.uint8)
    found = mistakes.kinds(predicted, reference, ONE)
    total = ((predicted == 1) & (reference != 1)).sum()
    assert found["misclassified"] + found["oversize"] + found["noise"] == total


def test_one_object_over_two_defects_is_oversize_only_where_there_is_none():
    reference = np.array([[1, 1, 0, 0, 2, 2]], np.uint8)
    found = mistakes.kinds(np.ones_like(reference), reference, ONE)
    assert (found["oversize"], found["misclassified"], found["noise"]) == (2, 2, 0)
    assert found["false_objects"] == 0


def test_an_object_whose_corner_touches_a_defect_is_not_away_from_it():
    reference, predicted = np.zeros((2, 6, 6), np.uint8)
    reference[2, 2], predicted[3, 3], predicted[0, 5] = 2, 1, 1
    found = mistakes.kinds(predicted, reference, ONE)
    assert found["false_objects"] == 2 and found["noise_objects"] == 1


def test_mistakes_that_the_truth_excuses():
    label, truth, predicted = np.zeros((3, 4, 4), np.uint8)
    truth[0], predicted[0:2] = 1, 1  # row 0 is real and was not marked, row 1 is nothing
    label[2:4] = 1  # marked: row 2 is background, row 3 another defect
    truth[3] = 2
    found = mistakes.against_truth(predicted, label, truth, ONE)
    assert found == {"fp": 8, "fp_real": 4, "fn": 8, "fn_no_defect": 4}


def test_object_scores_of_the_scene():
    found = mistakes.objects(*scene(), ONE).assign(model="m", defect="pit")
    wrong = pd.DataFrame([mistakes.kinds(*scene(), ONE)]).assign(
        model="m", defect="pit", region=144
    )
    row = mistakes.object_scores(found, wrong, ["model", "defect"]).iloc[0]
    assert (row["objects"], row["found"], row["half found"]) == (2, 1.0, 0.5)
    assert np.isnan(row["median size missed"])
    assert row["false objects per megapixel"] == pytest.approx(2e6 / 144)


def counts(tp):
    """Counts of images x models, 100 positives and 900 negatives each."""
    rows = [
        (model, f"f{i}", "pit", hit, 9, 100 - hit, 891)
        for model, hits in tp.items()
        for i, hit in enumerate(hits)
    ]
    return pd.DataFrame(rows, columns=["model", "foil", "defect", "tp", "fp", "fn", "tn"])


def test_an_interval_has_the_width_of_the_standard_error():
    hits = np.random.default_rng(0).integers(20, 80, 40)
    row = bootstrap.intervals(counts({"m": hits}), 2000).set_index("rate").loc["TPR"]
    error = hits.std() / 100 / np.sqrt(len(hits))
    assert row["mean"] == pytest.approx(hits.mean() / 100)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_a_difference_is_paired():
    hits = np.random.default_rng(0).integers(20, 80, 20)
    table = bootstrap.differences(counts({"base": hits, "other": hits + 5}), "base", 200)
    row = table.set_index("rate").loc["TPR"]
    assert row[["difference", "low", "high"]].tolist() == pytest.approx([0.05] * 3)
    assert row["higher"] == 1 and table.set_index("rate").loc["FPR", "higher"] == 0
    with pytest.raises(ValueError, match="'mine' is none of base, other"):
        bootstrap.differences(counts({"base": hits, "other": hits}), "mine")


def test_rank_correlations_with_the_published():
    table = counts({name: [n * 10] * 5 for n, name in enumerate("abcde", 1)})
    published = pd.DataFrame({"model": list("edcbaX"), "TPR": [5, 4, 3, 2, 1, 0]})
    published["FPR"] = published["precision"] = published["TPR"]
    found = bootstrap.rank_correlations(table, published, 50).set_index("rate")
    assert found.loc["TPR", ["models", "correlation", "low", "high"]].tolist() == pytest.approx(
        [5, 1, 1, 1]
    )
    assert np.isnan(found.loc["FPR", "correlation"])
    opposite = published.assign(TPR=-published["TPR"])
    assert bootstrap.rank_correlations(table, opposite, 50).set_index("rate").loc[
        "TPR", "correlation"
    ] == pytest.approx(-1)
