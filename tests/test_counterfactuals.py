"""A study counted otherwise: by hand on made-up counts, and what holds for any counts."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import small_study
from hypothesis import given
from hypothesis import strategies as st
from small_study import DEFECTS, TITLES

from foilseg.analysis import counterfactuals
from foilseg.analysis.gather import Findings
from foilseg.claims import evidence
from foilseg.evaluation.curves import BINS, Histograms, tpr_at

HALF = BINS // 2  # the bin that begins at a probability of 0.5
NAMES = {"baseline": "Baseline", "binary": "Binary", "focal": "Focal Loss"}
OTHERWISE = {
    k: [(0, 0, sum(r[::2]), sum(r[1::2])) for r in v] for k, v in small_study.COUNTED.items()
}


def figures(model):
    """Half of each defect above every threshold, and all else below."""
    shift = 5 * list(TITLES).index(model)
    pit = {100: (0, 8), 20 + shift: (184, 8)}
    return small_study.histograms({"pit": pit, "line": {100: (0, 10), 20 + shift: (180, 10)}})


@dataclass(frozen=True)
class Small:
    """A study in memory: what of it is asked here."""

    seed: int = 0
    has_truth: bool = False
    trained: tuple = ((0, tuple(NAMES)),)

    @property
    def dataset(self):
        return SimpleNamespace(has_truth=self.has_truth, defects=DEFECTS)

    def model(self, name):
        published = NAMES[name]
        row = SimpleNamespace(published=published)
        return SimpleNamespace(
            title=TITLES[published], row=row, histograms=lambda: figures(published)
        )

    def counts(self, names, against="label", joined=False):
        counted = OTHERWISE if joined or self.seed else small_study.COUNTED
        return small_study.counts([NAMES[n] for n in names], counted=counted).replace(TITLES)

    def with_seed(self, seed):
        return replace(self, seed=seed)

    def missing(self, names):
        return [name for name in names if name not in dict(self.trained).get(self.seed, ())]


def changes(monkeypatch, study, **options):
    gathered = []

    def gather(study, names, against, tested):
        gathered.append((against, tested))
        return Findings(small_study.counts())

    monkeypatch.setattr(counterfactuals, "gather", gather)
    found = Findings(small_study.counts())
    return counterfactuals.of(study, list(NAMES), found, **options), gathered


def test_each_change_has_a_name_and_its_own_counts(monkeypatch):
    found, gathered = changes(monkeypatch, Small())
    assert list(found) == [
        "imagewise rates", "without pit", "without line", "One-vs-Rest joined",
        "all models at one FPR",
    ]  # fmt: skip
    assert not gathered and {e.models for e in found.values()} == {tuple(TITLES)}
    # imagewise the binary model's precision of pits is the mean of 8 / 8 and 4 / 8
    assert found["imagewise rates"].values("Binary", "precision")[0] == 0.75
    # and the baseline's that of 4 / 6 and 2 / 4, where pooled it is 6 / 10
    assert found["imagewise rates"].values("Baseline", "precision")[0] == pytest.approx(7 / 12)
    assert found["without pit"].defects == ("line",)
    assert found["without pit"].mean("Baseline", "TPR") == 0.5
    assert found["without line"].mean("Baseline", "TPR") == 0.375
    assert (found["One-vs-Rest joined"].rates[..., 0] == 0).all()


def test_the_other_reference_is_taken_where_there_is_a_truth(monkeypatch):
    for against, other, words in (("label", "truth", "truth"), ("truth", "label", "annotation")):
        found, gathered = changes(
            monkeypatch, Small(has_truth=True), against=against, tested=["baseline"]
        )
        assert f"judged by the {words}" in found and gathered == [(other, ["baseline"])]


def test_pooled_rates_are_the_other_way_of_imagewise_ones(monkeypatch):
    found, _ = changes(monkeypatch, Small(), average="imagewise")
    assert found["pooled rates"].values("Baseline", "precision")[0] == 0.6
    left = found["without line"].values("Baseline", "precision")
    assert left == pytest.approx([7 / 12])


def test_another_training_counts_where_more_than_one_model_has_it(monkeypatch):
    trained = ((0, tuple(NAMES)), (1, ("baseline", "focal")), (2, ("binary",)))
    found, _ = changes(monkeypatch, Small(trained=trained))
    assert found["trained with seed 1"].models == ("Baseline", "Focal Loss")
    assert (found["trained with seed 1"].rates[..., 0] == 0).all()
    assert "trained with seed 2" not in found


def test_the_common_fpr_is_the_median_of_those_that_are_defined():
    here = evidence.from_counts(small_study.counts())
    np.testing.assert_allclose(counterfactuals.common_fpr(here), [4 / 184, 10 / 180])
    rates = here.rates.copy()
    rates[2, 0, 1] = rates[:, 1, 1] = np.nan
    less = evidence.Evidence(here.models, here.defects, rates)
    level = counterfactuals.common_fpr(less)
    assert level[0] == pytest.approx(4 / 184) and np.isnan(level[1])


def test_at_one_fpr_the_rates_follow_from_the_curve():
    here = evidence.from_counts(small_study.counts())
    found = {model: figures(model) for model in TITLES}
    same = counterfactuals.at_one_fpr(here, found, DEFECTS, levels=np.array([0.25, 0.5]))
    # half is found without a false alarm, the rest as false alarms come
    for model in TITLES:
        assert same.values(model, "TPR").tolist() == pytest.approx([0.625, 0.75])
        expected = [0.625 * 16 / (0.625 * 16 + 0.25 * 184), 0.75 * 20 / (0.75 * 20 + 0.5 * 180)]
        assert same.values(model, "precision").tolist() == pytest.approx(expected)
    assert np.isnan(same.rates[:, :, 1]).all()
    assert same.models == here.models and same.defects == here.defects
    unknown = counterfactuals.at_one_fpr(here, found, DEFECTS, levels=np.array([np.nan, 0.0]))
    assert np.isnan(unknown.values("Binary", "TPR")[0])
    assert unknown.values("Binary", "TPR")[1] == 0.5
    assert unknown.values("Binary", "precision")[1] == 1


def test_where_nothing_is_claimed_there_is_no_precision():
    here = evidence.from_counts(small_study.counts(["Baseline"]))
    below = {c.name: {20: (180, 20)} for c in DEFECTS}
    found = {"Baseline": small_study.histograms(below)}
    same = counterfactuals.at_one_fpr(here, found, DEFECTS, levels=np.zeros(2))
    assert same.values("Baseline", "TPR").tolist() == [0, 0]
    assert np.isnan(same.values("Baseline", "precision")).all()


pixels = st.lists(st.integers(1, 30), min_size=BINS, max_size=BINS)


@given(pixels, pixels)
def test_a_model_alone_keeps_its_own_rates(negative, positive):
    counted = np.stack([negative, positive], axis=1)
    above, total = counted[HALF:].sum(axis=0), counted.sum(axis=0)
    (fp, tp), (n, p) = above.tolist(), total.tolist()
    row = {"model": "m", "foil": "a", "defect": "pit", "tp": tp, "fp": fp}
    here = evidence.from_counts(pd.DataFrame([row | {"fn": p - tp, "tn": n - fp}]))
    keys = pd.DataFrame({"foil": ["a"], "against": ["label"], "defect": ["pit"]})
    found = {"m": Histograms(keys, counted[None])}
    same = counterfactuals.at_one_fpr(here, found, DEFECTS[:1])
    assert same.rates[0, 0, 0] == pytest.approx(here.rates[0, 0, 0])
    assert same.rates[0, 0, 2] == pytest.approx(here.rates[0, 0, 2])
    levels = [counterfactuals.at_one_fpr(here, found, DEFECTS[:1], levels=np.array([level]))
              for level in (0.1, 0.5, 0.9)]  # fmt: skip
    tprs = [level.rates[0, 0, 0] for level in levels]
    assert tprs == sorted(tprs) and tprs[1] == pytest.approx(tpr_at(counted, 0.5))


def test_every_image_is_left_out_once():
    left = dict(counterfactuals.without_each_image(small_study.counts()))
    assert list(left) == ["a", "b"]
    for name, other in (("a", "b"), ("b", "a")):
        alone = evidence.from_counts(small_study.counts(foils=[other]))
        np.testing.assert_array_equal(left[name].rates, alone.rates)
    assert left["a"].values("Baseline", "TPR").tolist() == [2 / 8, 0.5]
    one = small_study.counts(foils=["a"])
    assert list(counterfactuals.without_each_image(one)) == []


def test_both_mean_tprs_stand_beside_each_other():
    here = evidence.from_counts(small_study.counts())
    same = evidence.Evidence(here.models, here.defects, np.full_like(here.rates, 0.2))
    table = counterfactuals.matched(here, same)
    assert table.columns.tolist() == ["model", "own threshold", "common FPR"]
    assert table["model"].tolist() == list(TITLES)
    assert table["own threshold"].tolist() == [0.4375, 0.375, 1]
    assert table["common FPR"].tolist() == pytest.approx([0.2] * 3)


def test_all_trainings_are_judged_at_the_fpr_of_the_study_s_own():
    trained = ((4, ("baseline", "binary")), (5, ("baseline",)))
    study = Small(4, trained=trained)
    counted = study.counts(["baseline", "binary"])
    assert (counted[["tp", "fp"]] == 0).all(axis=None)  # a seed other than 0 calls nothing
    table = counterfactuals.matched_seeds(study, list(NAMES))
    assert table.columns.tolist() == ["model", "seed", "own threshold", "common FPR"]
    assert table[["model", "seed"]].to_numpy().tolist() == [
        ["Plain", 4], ["Rest", 4], ["Plain", 5],
    ]  # fmt: skip
    assert (table["own threshold"] == 0).all() and (table["common FPR"] == 0.5).all()
    whole = counterfactuals.matched_seeds(
        Small(trained=((0, tuple(NAMES)), (1, ("focal",)))), NAMES
    )
    assert whole["seed"].tolist() == [0, 0, 0, 1]
    # seed 1 has an FPR of 0, but stands at the 4 of 184 and 10 of 180 pixels of the first
    expected = np.mean([0.5 + 0.5 * 4 / 184, 0.5 + 0.5 * 10 / 180])
    assert whole["common FPR"].tolist() == pytest.approx([expected] * 4)
