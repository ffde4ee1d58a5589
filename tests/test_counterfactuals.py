"""A study counted otherwise: by hand on made-up counts, and what holds for any counts."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import small_study
from small_study import DEFECTS, TITLES

from foilseg.analysis import counterfactuals
from foilseg.analysis.gather import Findings
from foilseg.claims import evidence
from foilseg.evaluation.curves import Histograms, stack

NAMES = {"baseline": "Baseline", "binary": "Binary", "focal": "Focal Loss"}
OTHERWISE = {
    k: [(0, 0, sum(r[::2]), sum(r[1::2])) for r in v] for k, v in small_study.COUNTED.items()
}


def figures(model):
    """Half of each defect above every threshold, and all else below."""
    shift = 5 * list(TITLES).index(model)
    pit = {100: (0, 8), 20 + shift: (184, 8)}
    by_label = small_study.histograms({"pit": pit, "line": {100: (0, 10), 20 + shift: (180, 10)}})
    by_truth = Histograms(by_label.keys.assign(against="truth"), by_label.counts)
    return stack([by_label, by_truth])


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
        runs = {"": SimpleNamespace(histograms=lambda: figures(published))}
        return SimpleNamespace(title=TITLES[published], row=row, runs=runs)

    @property
    def source(self):
        return SimpleNamespace(held_out=None)

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


def test_at_one_fpr_the_fpr_says_nothing():
    counts = small_study.counts()
    same = counterfactuals.at_one_fpr(counts)
    here = evidence.from_counts(counts)
    assert np.isnan(same.rates[:, :, 1]).all()
    np.testing.assert_array_equal(same.rates[:, :, [0, 2]], here.rates[:, :, [0, 2]])
    assert same.models == here.models and same.defects == here.defects


def test_every_image_is_left_out_once():
    left = dict(counterfactuals.without_each_image(small_study.counts()))
    twice = pd.concat([small_study.counts().assign(training=n) for n in (7, 8)])
    again = dict(counterfactuals.without_each_image(twice))
    for name, found in left.items():
        np.testing.assert_allclose(again[name].rates, found.rates)
    assert list(left) == ["a", "b"]
    for name, other in (("a", "b"), ("b", "a")):
        alone = evidence.from_counts(small_study.counts(foils=[other]))
        np.testing.assert_array_equal(left[name].rates, alone.rates)
    assert left["a"].values("Baseline", "TPR").tolist() == [2 / 8, 0.5]
    one = small_study.counts(foils=["a"])
    assert list(counterfactuals.without_each_image(one)) == []
