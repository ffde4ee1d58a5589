"""Studies of several kinds of images side by side."""

import pytest

from foilseg.analysis import domains, records, trainings


@pytest.fixture(scope="module")
def record():
    return records.record("matched")


def test_settings_are_those_of_the_manifest(record):
    table = domains.settings({"here": record}).set_index("setting")["here"]
    sizes = record.shipped.manifest["sizes"]
    assert table["edge of a patch"] == str(sizes["patch"])
    assert table["images that choose"] == str(len(record.shipped.manifest["regions"]))
    assert table["trainings of every model"] == str(record.own["training"].nunique())
    assert table["last layer begins"] == "as torch makes it"


def test_f1_is_that_of_scikit_learn(record):
    """From the counts where thresholds are judged, pixel by pixel."""
    from sklearn.metrics import f1_score

    table = domains.f1(record).set_index("model")
    counts = record.compared.tested.astype({"model": str, "defect": str})
    for model, defect in (("Baseline", "cavity"), ("FL ICF", "crack")):
        own = counts[(counts["model"] == model) & (counts["defect"] == defect)]
        tp, fp, fn, tn = (own[c].sum() for c in ("tp", "fp", "fn", "tn"))
        expected = f1_score([1, 0, 1, 0], [1, 1, 0, 0], sample_weight=[tp, fp, fn, tn])
        assert table.loc[model, defect] == pytest.approx(expected)
    defects = [c.name for c in record.defects]
    assert table["mean"].to_numpy() == pytest.approx(table[defects].mean(axis=1).to_numpy())


def test_gains_are_differences_with_intervals_study_by_study(record):
    even = record.compared.even
    some = even[even["model"].astype(str).isin(["Baseline", "Binary"])]
    found = domains.gains({"whole": even, "some": some}, "Baseline", resamples=20)
    table = found.set_index("model")
    means = trainings.mean_tpr(even, ["model"])
    for model in table.index:
        assert table.loc[model, "whole"] == pytest.approx(means[model] - means["Baseline"])
        assert table.loc[model, "whole, low"] <= table.loc[model, "whole, high"]
    assert table["some"].notna().to_dict() == {m: m == "Binary" for m in table.index}
    assert "Baseline" not in table.index
