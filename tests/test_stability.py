"""Stability over checkpoints and seeds, on toy networks and by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from foilseg import cli
from foilseg.analysis import stability
from foilseg.evaluation import metrics, rank_swaps
from foilseg.networks import devices
from foilseg.studies.model import stack
from foilseg.training import experiments, runs


@pytest.fixture(scope="module")
def study(toy_study):
    toy_study.train(["baseline"], progress=False)
    return toy_study


def test_the_models_of_table_4_1_are_rows():
    assert stability.tested() == [
        "baseline", "oversampled-cavities", "binary", "wce-icf", "focal", "binary-focal"
    ]  # fmt: skip


def test_the_last_checkpoint_counts_as_the_run_and_each_is_evaluated_once(study, monkeypatch):
    run, keep = study.run("baseline"), study.profile.keep
    assert len(keep) == 3  # a toy training is too short for the seven of the thesis
    assert experiments.profile("matched").keep == tuple(range(8400, 12001, 600))
    evaluated = stability._evaluate(
        study.dataset, run, stability.validation_regions(study.dataset), keep[-1], "cpu"
    )
    pd.testing.assert_frame_equal(evaluated, run.counts())
    first = stability.checkpoint_counts(study.dataset, run, keep[0])
    monkeypatch.setattr(stability, "_evaluate", None)
    again = stability.checkpoint_counts(study.dataset, run, keep[0])
    pd.testing.assert_frame_equal(first, again)
    sizes = {f.name: f.mask.size for f in stability.validation_regions(study.dataset)}
    metrics.check_sizes(first, sizes)
    with pytest.raises(TypeError):
        stability.checkpoint_counts(study.dataset, run, keep[1])


def test_an_evaluation_takes_the_threads_of_the_training(study, monkeypatch):
    single = replace(study, profile=replace(study.profile, name="single", threads=1))
    single.train(["baseline"], progress=False)
    count, seen = stability.fit.count, []
    monkeypatch.setattr(
        stability.fit, "count", lambda *a: seen.append(torch.get_num_threads()) or count(*a)
    )
    with devices.threads(2):
        stability.training_counts(single.dataset, single.run("baseline"), "cpu")
    assert set(seen) == {1}


def test_a_checkpoint_that_was_not_kept_is_refused(study):
    with pytest.raises(runs.RunError, match="model-000001"):
        stability.checkpoint_counts(study.dataset, study.run("baseline"), 1)


def test_stability_of_the_command_line_trains_what_is_missing(study, capsys, monkeypatch):
    data, other = str(study.root), replace(study, seed=5)
    lacking = stability.missing(other, ["baseline"])
    assert len(lacking) == 4 and "baseline, seed 6" in lacking
    places = f"--seed 5 --data {data} --runs {study.runs} --stability"
    assert lacking[-1].endswith(f"foilseg train baseline --profile toy {places}")
    assert "Not trained yet: baseline, seed 5" in stability.note(lacking)
    monkeypatch.setitem(experiments.PROFILES, "toy", study.profile)
    monkeypatch.setattr(experiments, "_PROFILES", [study.profile])
    assert cli.main(lacking[-1].split("foilseg ")[1].split()) == 0
    assert "stability: baseline" in capsys.readouterr().out
    assert stability.missing(other, ["baseline"]) == []
    assert stability.note([]) == ""
    table = stability.table(other, ["baseline"])
    assert table["n"].tolist() == [3, 3] and table["test"].tolist() == ["PSoI", "PSoMT"]


def test_another_seed_shares_the_data_and_no_runs(study):
    other = study.with_seed(77)
    assert other.dataset is study.dataset and other.seed == 77
    assert other.missing(["baseline"]) == [("baseline", "")]
    assert stability.seed_counts(replace(study, seed=90), ["baseline"]).empty


def test_models_of_different_profiles_are_no_table(study):
    profile = replace(study.profile, name="other")
    models = [study.model("baseline"), replace(study, profile=profile).model("binary")]
    with pytest.raises(ValueError, match="different data or profiles"):
        stack(models, lambda model: model.run().counts(), "label")


def means(**tprs):
    rows = [(m, k, v, 0.01, 0.5) for m, vs in tprs.items() for k, v in enumerate(vs)]
    return pd.DataFrame(rows, columns=["model", "seed", "TPR", "FPR", "precision"])


def test_deviations_by_hand():
    table = stability.deviations(means(a=[0.1, 0.2, 0.3], b=[0.5]), "PSoMT").set_index("model")
    assert table.loc["a", "TPR"] == pytest.approx(np.sqrt(2 / 300))
    assert table.loc["a", "FPR"] == pytest.approx(0) and np.isnan(table.loc["b", "TPR"])


def test_the_setting_of_the_highest_fpr_of_each_model_is_left_out():
    table = means(a=[0.1, 0.2, 0.3], b=[0.5, 0.6], c=[0.7], d=[0.8, 0.9])
    table["FPR"] = [0.2, 0.4, 0.4, 0.1, 0.0, 0.3, np.nan, 0.1]
    mixed = table.iloc[[1, 4, 3, 0, 2, 5, 6, 7]]  # the first row of a is left out
    assert list(stability.without_worst(mixed)["model"].astype(str)) == list("aabcdd")
    left = stability.without_worst(table)
    assert list(zip(left["model"].astype(str), left["TPR"])) == [
        *[("a", 0.1), ("a", 0.3), ("b", 0.6), ("c", 0.7), ("d", 0.8), ("d", 0.9)]
    ]
    assert stability.without_worst(table.iloc[:0]).empty


@pytest.mark.parametrize(
    ("one", "other", "paired", "expected"),
    [
        ([1, 2, 3], [0, 1, 2], True, 0.0),
        ([1, 2, 3], [0, 1, 2], False, 2 * (7 / 9) * (2 / 9)),  # 6 above, 2 equal, 1 below
        ([1, 0], [0, 1], True, 1.0),
        ([1, 0, 1, 1], [0, 1, 0, 0], True, 2 * 3 / (4 * 3)),
        ([1, 1], [1, 1], True, 0.5),
        ([0, 0, 1], [0, 0, 0], True, (1 / 2 + 1 / 2 + 1 / 2) / 3),
        ([0, 1, 1], [0, 0, 0], True, (1 / 2 + 1 / 2 + 0) / 3),
    ],
)
def test_the_probability_of_a_swap_by_hand(one, other, paired, expected):
    assert rank_swaps.swap(one, other, paired) == pytest.approx(expected)


def test_a_swap_needs_two_settings_and_defined_values():
    assert np.isnan(rank_swaps.swap([1], [2])) and np.isnan(rank_swaps.swap([1, np.nan], [2, 3]))
    table = rank_swaps.swaps(means(a=[0.1, 0.2], b=[0.3, 0.1], c=[0.9, 0.8]))
    assert table["swap by TPR"].tolist() == [1.0, 0.0, 0.0]
    assert (table["swap by FPR"] == 0.5).all()  # all equal: the order of a coin, drawn twice
    with pytest.raises(ValueError, match="same settings"):
        rank_swaps.swaps(means(a=[0.1, 0.2], b=[0.3]))


def test_places_are_the_best_and_the_worst_over_the_settings_that_all_models_have():
    table = means(a=[0.1, 0.2, 0.9], b=[0.3, 0.1], c=[0.9, 0.8])
    table.loc[table["model"] == "c", "FPR"] = 0.005
    found = rank_swaps.places(table, "seed").set_index("model")
    assert found["by TPR"].to_dict() == {"a": "2 to 3", "b": "2 to 3", "c": "1"}
    assert found["by FPR"].to_dict() == {"a": "2", "b": "2", "c": "1"}
    assert rank_swaps.places(means(a=[0.1], b=[0.2]), "seed")["by TPR"].isna().all()
    assert rank_swaps.places(means(), "seed").empty


def test_published_deviations_stand_beside_ours_of_the_same_model():
    table = stability.side_by_side(
        stability.deviations(means(Binary=[0.1, 0.3], Mine=[0.1, 0.2]), "PSoI")
    ).set_index("model")
    assert table.loc["Binary", "TPR published"] == 0.068
    assert table.loc["Binary", "TPR reproduced"] == pytest.approx(0.1)
    assert np.isnan(table.loc["Mine", "TPR published"])


def test_further_trainings_are_of_the_models_that_have_them():
    def with_seed(seed):
        made = ["focal-iscf"] if seed == 2 else ["focal-iscf", "wce-iscf"]
        return SimpleNamespace(missing=lambda names: [n for n in names if n not in made])

    study = SimpleNamespace(seed=0, with_seed=with_seed)
    names = ["baseline", "wce-iscf", "focal-iscf"]
    assert stability.trained(study, names) == {1: ["wce-iscf", "focal-iscf"], 2: ["focal-iscf"]}


def test_the_worst_checkpoint_of_each_defect_is_named():
    rows = [("m", "pit", t, 5, fp, 5, 90 - fp) for t, fp in ((70, 1), (80, 1), (90, 9), (100, 2))]
    rows += [("m", "line", t, 5, 4, 5, 86) for t in (70, 80, 90, 100)]
    counts = pd.DataFrame(rows, columns=["model", "defect", "iteration", *metrics.COUNTS]).assign(
        foil="a"
    )
    table = stability.per_class(counts)
    assert table["defect"].tolist() == ["pit", "line"]  # the farthest from its median first
    pit = table.iloc[0]
    assert pit["worst iteration"] == 90 and pit["FPR there"] == 0.1
    assert pit["over its median"] == pytest.approx(6)
    assert pit["SD of FPR"] == pytest.approx(np.std([1, 1, 9, 2]) / 90) and pit["SD of TPR"] == 0
    assert table.iloc[1]["over its median"] == 1


def test_mean_rates_pool_or_average_the_images():
    rows = [("a", "x", 1, 0, 1, 8), ("b", "x", 3, 1, 0, 6)]
    counts = pd.DataFrame(rows, columns=["foil", "defect", "tp", "fp", "fn", "tn"])
    counts = counts.assign(model="m", iteration=5)
    pooled, single = (
        stability.mean_rates(counts, "iteration", average).loc[0, "TPR"]
        for average in ("pooled", "imagewise")
    )
    assert (pooled, single) == (4 / 5, (1 / 2 + 1) / 2)


def test_further_seeds_are_trained_where_the_first_one_is():
    """On the cluster that is asked for, and not on this machine."""
    asked = []
    study = SimpleNamespace(seed=0, train=lambda names, *_, **where: asked.append(where))
    stability.complete(study, [], scheduler="tcp://there")
    assert [where["scheduler"] for where in asked] == ["tcp://there"] * 2
