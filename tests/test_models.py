"""One-vs-Rest models: counts, joined masks, costs."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch

from foilseg.data.dataset import validation_regions
from foilseg.networks import inference
from foilseg.training import one_vs_rest, restore


@pytest.fixture(scope="module")
def study(trained_toy):
    return trained_toy


def test_each_network_is_counted_for_its_own_defect(study):
    counts = study.counts(["binary"])
    assert Counter(counts["defect"]) == {"scratch": 2, "pit hole": 2}
    for c in study.dataset.defects:
        run = study.run("binary", c.name)
        assert set(run.counts()["defect"]) == {c.name}
        for region in validation_regions(study.dataset):
            logits = inference.predict_logits(restore.network(run), region.image)[0]
            claimed, there = (logits > 0).numpy(), region.mask == c.index
            row = counts[(counts["foil"] == region.name) & (counts["defect"] == c.name)].iloc[0]
            assert row["tp"] == (claimed & there).sum()
            assert row["fp"] == (claimed & ~there).sum()
            assert row["fn"] == (~claimed & there).sum()
            assert row["tn"] == (~claimed & ~there).sum()
            assert np.array_equal(run.prediction(region.name) == c.index, claimed)


def test_the_joined_mask_is_that_of_the_networks_and_its_claims_add_up(study):
    model = study.model("binary")
    for thresholds in (0.5, [0.02, 0.03]):
        joined = model.join(thresholds)
        assert model.joined(thresholds).path == joined.path
        claims = joined.claims()
        for region in validation_regions(study.dataset):
            each = [
                inference.predict_logits(restore.network(r), region.image)
                for r in model.runs.values()
            ]
            mask, number = inference.join(torch.cat(each), [1, 2], thresholds)
            assert np.array_equal(joined.prediction(region.name), mask)
            own = claims[(claims["foil"] == region.name)]
            for (name, k), part in own.groupby(["class", "claims"]):
                label = next(c.index for c in study.dataset.classes if c.name == name)
                expected = ((region.mask == label) & (number == k)).sum()
                assert part["pixels"].sum() == expected
        total = joined.counts().groupby("defect")[["tp", "fp", "fn", "tn"]].sum()
        assert (total.sum(axis=1) == claims["pixels"].sum()).all()
    assert model.joined().path != joined.path
    shown = study.predictions(["baseline", "binary"], "f0")
    assert np.array_equal(shown["Binary"], model.joined().prediction("f0"))


def test_claim_rates_by_hand():
    rows = [("bg", 0, 90), ("bg", 1, 8), ("bg", 2, 2), ("x", 0, 5), ("x", 1, 3), ("x", 2, 2)]
    table = one_vs_rest.claim_rates(pd.DataFrame(rows, columns=["class", "claims", "pixels"]))
    table = table.set_index("class")
    assert table.loc["x"].tolist() == [10, 0.5, 0.2]
    assert table.loc["bg"].tolist() == [100, 0.9, 0.02]
    assert table.loc["all"].tolist() == [110, 95 / 110, 4 / 110]


def test_costs_of_a_whole_one_vs_rest_model(study):
    table = study.costs(["baseline", "binary"]).set_index(["model", "network"])
    whole = table.loc[("Binary", "whole model")]
    assert whole["networks"] == 2
    assert whole["macs_per_patch"] == 2 * table.loc[("Binary", "scratch"), "macs_per_patch"]
    assert (table["training_seconds"] > 0).all()
    for run in study.model("binary").runs.values():
        assert run.cost()["model_bytes"] == run.model().stat().st_size


def test_a_network_of_a_one_vs_rest_model_is_asked_for_by_its_defect(study):
    with pytest.raises(ValueError, match=r"networks 'scratch', 'pit hole', not ''"):
        study.run("binary")
    with pytest.raises(ValueError, match="not 'scratch'"):
        study.run("baseline", "scratch")
