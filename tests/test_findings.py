"""A study of toy data as evidence: consistent with its stored counts, and complete."""

import numpy as np
import pandas as pd
import pytest
import small_study
import toy

from foilseg.analysis import counterfactuals, gather
from foilseg.claims import evidence, verdicts
from foilseg.evaluation import operating_points
from foilseg.sampling.equal_frontier import default_stride
from foilseg.training import runs

NAMES = ["baseline", "binary"]


@pytest.fixture(scope="module")
def study(toy_study):
    toy_study.train(NAMES, progress=False)
    return toy_study


def test_objects_and_kinds_agree_with_the_stored_counts(study):
    found, kinds = gather.objects_and_kinds(study, NAMES)
    counts = study.counts(NAMES).astype({"model": str, "defect": str})
    keys = ["model", "foil", "defect"]
    both = counts.merge(kinds, on=keys, validate="one_to_one")
    assert (both["fp"] == both[["misclassified", "oversize", "noise"]].sum(axis=1)).all()
    assert (both[["tp", "fp", "fn", "tn"]].sum(axis=1) == both["region"]).all()
    hit = found.groupby(keys)[["hit", "pixels"]].sum()
    stored = counts.set_index(keys)
    assert (hit["hit"] == stored.loc[hit.index, "tp"]).all()
    assert (hit["pixels"] == stored.loc[hit.index, ["tp", "fn"]].sum(axis=1)).all()
    with pytest.raises(ValueError, match="no 'truth'"):
        gather.objects_and_kinds(study, NAMES, "truth")


def test_counts_that_do_not_fit_the_regions_are_refused(study, monkeypatch):
    whole = runs.Run.counts
    monkeypatch.setattr(runs.Run, "counts", lambda run: whole(run).assign(tn=1))
    with pytest.raises(ValueError, match="Baseline, f0, scratch: .* do not fit the image"):
        study.counts(["baseline"])


def test_noise_is_counted_per_megapixel_of_all_regions():
    rows = [("m", "f", d, 1, 2, 3, 4, 500_000) for d in "xy"]
    columns = ["model", "foil", "defect", "oversize", "misclassified", "noise"]
    table = pd.DataFrame(rows, columns=[*columns, "noise_objects", "region"])
    row = gather.errors(table).iloc[0]
    assert row[["oversize", "misclassified", "noise"]].tolist() == [2, 4, 6]
    assert row["noise_objects_per_megapixel"] == 16


def test_the_evidence_of_a_study_is_that_of_its_counts(study):
    tables = gather.gather(study, NAMES)
    found = tables.evidence()
    assert found.models == ("Baseline", "Binary") and set(found.extra) == {
        "errors", "gaps", "costs", "building"
    }  # fmt: skip
    expected = evidence.from_counts(study.counts(NAMES))
    np.testing.assert_array_equal(found.rates, expected.rates)
    seen = verdicts.judge_all(found)
    assert seen["C20"].verdict != verdicts.OPEN and seen["C25"].verdict != verdicts.OPEN
    assert "does not apply" in seen["C07"].why
    assert seen["C22"].why == "no evidence on truth" and tables.excuses.empty
    each = tables.evidence("imagewise")
    expected = evidence.from_counts(study.counts(NAMES), "imagewise")
    np.testing.assert_array_equal(each.rates, expected.rates)


def test_other_data_stand_beside_nothing_of_table_4_1(study, monkeypatch):
    rows = [("Os. scratch", "PSoI", 7, 0.1, 0.1, 0.1)]
    part = pd.DataFrame(rows, columns=["model", "test", "n", *evidence.RATES])
    assert gather.deviations_beside(part, study, ["oversampled-cavities"]) is part
    monkeypatch.setattr(gather, "is_comparable", lambda data: True)
    part["model"] = study.model("oversampled-cavities").title
    row = gather.deviations_beside(part, study, ["oversampled-cavities"]).iloc[0]
    assert row["model"] == "Os. Cavities" and row["TPR published"] > 0


def test_a_defect_less_is_the_same_study_without_it(study):
    tables = gather.gather(study, NAMES)
    whole, less = tables.evidence(), tables.without("pit hole").evidence()
    assert less.defects == ("scratch",) and set(less.extra) == {"errors", "gaps"}
    np.testing.assert_array_equal(less.rates, whole.rates[:, :1])
    kept = tables.kinds[tables.kinds["defect"] == "scratch"]
    assert less.table("errors")["noise"].sum() == kept["noise"].sum()


def test_changes_count_the_same_study_otherwise(study):
    tables = gather.gather(study, NAMES)
    changed = counterfactuals.of(study, NAMES, tables)
    assert list(changed) == [
        "imagewise rates", "without scratch", "without pit hole", "One-vs-Rest joined",
        "all models at one FPR",
    ]  # fmt: skip
    joined = changed["One-vs-Rest joined"]
    assert (joined.rates[0] == tables.evidence().rates[0]).all()
    expected = evidence.from_counts(study.counts(NAMES, joined=True))
    np.testing.assert_array_equal(joined.rates, expected.rates)
    at_one = changed["all models at one FPR"]
    level = np.median(tables.evidence().rates[:, 0, 1])
    found = study.model("baseline").histograms()
    place = operating_points.place_of_fpr(found.total("scratch"), level)
    there = operating_points.counts_at(found, "scratch", place, "label")
    expected = there["tp"].sum() / (there["tp"] + there["fn"]).sum()
    assert at_one.rates[0, 0, 0] == pytest.approx(expected)
    assert np.isnan(at_one.rates[:, :, 1]).all()


def test_building_counts_the_windows_that_are_looked_at(study):
    """Every window of the lattice with a defect, found by hand, and half a pool's exchanges."""
    table = gather.building(study).set_index("train_set")["windows"]
    number, size = toy.PROFILE.batch * toy.PROFILE.refresh, toy.PROFILE.patch
    assert table["uniform"] == number
    seen, stride = 0, default_stride(study.index, number)
    for region, (top, rows, left, columns) in zip(study.index.regions, study.index.spans):
        for row in range(top, top + rows, stride):
            for column in range(left, left + columns, stride):
                seen += bool(region.mask[row : row + size, column : column + size].any())
    assert table["equal_pixels"] == seen + number // 2


def test_the_oversampled_model_bears_the_name_of_the_thesis(study):
    names = gather.thesis_names(study, ["oversampled-cavities", "baseline"])
    assert "Os. Cavities" in names.values() and "Os. Cavities" not in names
    table = pd.DataFrame({"model": list(names)})
    assert gather.as_published(table, study, ["oversampled-cavities"])["model"][0] == (
        "Os. Cavities"
    )
    assert gather.own_titles(study, ["oversampled-cavities", "baseline"]) == {
        "Os. Cavities": study.model("oversampled-cavities").title
    }


def test_rates_rest_on_all_trainings_and_stability_on_the_models_that_were_tested():
    counts = small_study.counts()
    both = pd.concat([counts.assign(seed=s) for s in (7, 8)], ignore_index=True)
    late = pd.concat(
        [small_study.counts(models=["Binary"]).assign(iteration=i) for i in (9, 10)],
        ignore_index=True,
    )
    found = gather.Findings(counts, late=late, trained=both)
    assert found.pooled["training"].unique().tolist() == [7, 8]
    assert set(found.pooled["model"]) == set(small_study.TITLES)
    table = found.evidence().extra["stability"]
    assert set(table["model"]) == {"Binary"} and len(table) == 2
    lacking = gather.Findings(counts, late=late, trained=both[both["model"] != "Baseline"])
    assert "training" not in lacking.pooled, "a training of which a model lacks does not count"
