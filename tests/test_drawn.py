"""Images drawn anew: every table as if its rows were counted again by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from foilseg.analysis import drawn, gather, stability
from foilseg.claims import verdicts
from foilseg.claims.verdicts import FAILS, HOLDS, OPEN, UNSURE, Verdict
from foilseg.evaluation import bootstrap
from foilseg.studies.study import Study

NAMES = ["baseline", "binary"]


@pytest.fixture(scope="module")
def found(toy_data, tmp_path_factory):
    """Two models, two trainings of each, late checkpoints of the first."""
    study = Study(str(toy_data), toy.PROFILE, 0, tmp_path_factory.mktemp("drawn"))
    study.train(NAMES, progress=False, seeds=[0, 1])
    stability.complete(study, ["baseline"])
    whole = gather.gather(study, NAMES, tested=["baseline"])
    excuses = pd.DataFrame(
        [("Baseline", f, "scratch", 9 + k, k, 5, 1) for k, f in enumerate(("f0", "f1"))],
        columns=["model", "foil", "defect", "fp", "fp_real", "fn", "fn_no_defect"],
    )
    # nothing may hang on the order of rows
    seen, late = whole.seen[::-1].astype({"model": str}), whole.late[::-1]
    return replace(whole, excuses=excuses, seen=seen, late=late)


def repeated(table, times):
    """The rows of each image as often as it was drawn."""
    if table is None or "foil" not in table:
        return table
    parts = [
        table[table["foil"].astype(str) == foil].assign(foil=f"{foil}#{n}")
        for foil, number in times.items()
        for n in range(number)
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("times", [{"f0": 1, "f1": 1}, {"f0": 2, "f1": 0}, {"f0": 1, "f1": 3}])
@pytest.mark.parametrize("average", ["pooled", "imagewise"])
def test_tables_are_those_of_images_that_are_there_so_often(found, times, average):
    tables = dict(drawn._tables(found, ["f0", "f1"], average))
    fields = {k: repeated(v, times) for k, v in vars(found).items() if k != "pooled"}
    expected = gather.Findings(**fields).evidence(average).extra
    assert set(tables) == {"errors", "truth", "gaps", "stability"}
    for name, table in tables.items():
        ours, theirs = table(np.array(list(times.values()))), expected[name]
        keys = [c for c in ("model", "test") if c in theirs]
        both = ours.merge(theirs, on=keys, suffixes=("", " expected"), validate="one_to_one")
        assert len(both) == len(ours) == len(theirs)
        for column in set(ours) - set(keys):
            np.testing.assert_allclose(both[column], both[f"{column} expected"], atol=1e-12)


def test_draws_bring_rates_of_images_and_trainings_and_tables_of_the_same_images(found):
    each = list(drawn.draws(found, 40, seed=3))
    _, _, expected = bootstrap.resampled_means(found.pooled, 40, 3)
    for one, means in zip(each, expected, strict=True):
        np.testing.assert_allclose(bootstrap.mean(one.rates), means, equal_nan=True)
    weights = bootstrap.draws(2, 40, 3)
    tables = dict(drawn._tables(found, ["f0", "f1"], "pooled"))
    for one, weight in zip(each, weights):
        pd.testing.assert_frame_equal(one.extra["errors"], tables["errors"](weight))


def test_all_trainings_count_where_every_model_has_them(found):
    assert found.pooled["training"].unique().tolist() == [0, 1]
    one = found.trained["seed"].eq(1) & found.trained["model"].eq("Binary")
    alone = replace(found, trained=found.trained[~one])
    assert "training" not in alone.pooled and alone.pooled.equals(alone.counts)


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, HOLDS), (0.95, HOLDS), (0.94, UNSURE), (0.05, UNSURE), (0.04, FAILS), (0.0, FAILS)],
)
def test_a_verdict_by_draws_needs_nineteen_of_twenty(share, said):
    judged = {"C01": Verdict(None, HOLDS), "C02": Verdict(None, FAILS), "C03": Verdict(None, OPEN)}
    supported = pd.DataFrame({"holds": [share, np.nan, share]}, index=list(judged))
    found = verdicts.drawn(judged, supported)
    assert found["C01"].verdict == said and found["C01"].share == share
    assert [found[n].verdict for n in ("C02", "C03")] == [FAILS, OPEN]


def test_images_that_train_are_not_drawn_with_those_that_judge(found):
    """Where images are divided whole, the gap's first half is the same in every draw."""
    names = {"f0": "t0", "f1": "t1"}
    seen = found.seen.assign(foil=found.seen["foil"].astype(str).replace(names))
    seen = seen.assign(tp=seen["tp"] + 9 * (seen["foil"] == "t0"))
    counts = found.counts.assign(fn=found.counts["fn"] + 5 * (found.counts["foil"] == "f1"))
    parted = replace(found, seen=seen, counts=counts)
    table = drawn._gaps(parted, ["f0", "f1"])
    weights = np.array([1, 1]), np.array([2, 0])
    expected = []
    for times in weights:
        judged = repeated(counts, dict(zip(("f0", "f1"), times.tolist())))
        whole = gather.Findings(**{**vars(parted), "counts": judged}).evidence("pooled")
        expected.append(whole.extra["gaps"].set_index("model")["gap"])
    for times, gaps in zip(weights, expected):
        ours = table(times).set_index("model")["gap"]
        np.testing.assert_allclose(ours.loc[gaps.index], gaps, atol=1e-12)
    assert not np.allclose(expected[0], expected[1])
