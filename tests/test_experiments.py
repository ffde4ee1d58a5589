"""The thirteen rows, and rows of one's own."""

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import toy

from foilseg.sampling.plans import rng
from foilseg.thesis import published
from foilseg.training import experiments, fit, rows
from foilseg.training.experiments import BEYOND, EXPERIMENTS
from foilseg.training.rows import Experiment, Profile

ROOT = Path(__file__).parent.parent
SIZES = ("base", "patch", "batch", "iterations", "refresh")


@pytest.fixture(scope="module")
def study(trained_toy):
    return trained_toy


def test_the_thirteen_rows_are_the_models_of_table_a1():
    assert len(EXPERIMENTS) == 13
    assert {row.published for row in EXPERIMENTS.values()} == set(
        published.table("counts")["model"]
    )
    contents = [json.dumps(row.determining, sort_keys=True) for row in EXPERIMENTS.values()]
    assert len(set(contents)) == 13
    assert len({row.title for row in EXPERIMENTS.values()}) == 13


def test_the_rows_are_those_of_figure_3_12():
    def names(**wanted):
        chosen = EXPERIMENTS.values()
        return {r.name for r in chosen if all(getattr(r, k) == v for k, v in wanted.items())}

    rest_rows = {"binary", "binary-balanced", "binary-focal", "binary-focal-iscf"}
    assert names(scheme="one-vs-rest") == rest_rows
    assert names(gamma=2.0) == {"focal", "focal-icf", "focal-iscf"} | {
        "binary-focal",
        "binary-focal-iscf",
    }
    assert names(weights="icf") == {"wce-icf", "focal-icf"}
    assert names(weights="iscf") == {"wce-iscf", "focal-iscf", "binary-focal-iscf"}
    assert names(weights="standard") == {"focal", "binary-focal"}
    samplers = Counter(row.sampler for row in EXPERIMENTS.values())
    assert samplers == {"uniform": 9} | dict.fromkeys(
        ["equal_samples", "oversampled", "equal_pixels", "binary_balanced"], 1
    )


@pytest.mark.parametrize("key", ["sampler", "loss", "weights", "normaliser", "network", "scheme"])
def test_a_choice_that_there_is_not_is_refused_with_the_list(key):
    with pytest.raises(
        ValueError, match=f"{key}: 'other' is not one of .*{next(iter(rows.CHOICES[key]))}"
    ):
        Experiment("mine", "Mine", **{key: "other"})


def test_the_defaults_that_are_left_out_of_determinants_never_change():
    told = {k: v for k, v in asdict(Experiment("a", "A")).items() if k not in rows.SHOWN}
    assert told == {
        "sampler": "uniform",
        "gamma": 0.0,
        "weights": "none",
        "normaliser": "pixels",
        "scheme": "multi-class",
        "loss": "focal",
        "network": "unet",
        "options": {},
        "alter": "",
        "average": 0.0,
        "decay": 0.0,
        "loss_options": {},
        "relabel": 0.0,
    }
    assert Experiment("a", "A").determining == {}
    assert Profile("a", 1, 2, 3, 4, 5).sizes == dict(zip(SIZES, (1, 2, 3, 4, 5)))


def test_a_row_comes_back_from_the_determinants_of_its_runs(study):
    for name in ("binary-focal-iscf", "equal-pixels"):
        again = rows.row_of(study.model(name).determines(study.model(name).networks[0]))
        assert again.determining == EXPERIMENTS[name].determining
        assert again.code == EXPERIMENTS[name].code


def test_the_number_of_networks_follows_from_the_classes(study):
    ground = study.dataset.classes[0]
    classes = tuple(replace(ground, index=i, name=str(i)) for i in range(5))
    four = replace(study.dataset, classes=classes)
    for data, number in ((study.dataset, 17), (four, 25)):
        rows = EXPERIMENTS.values()
        assert sum(len(experiments.networks(row, data)) for row in rows) == number


def test_a_row_of_ones_own_needs_nothing_else(study):
    mild = Experiment("mild", "Mild", gamma=0.5, weights="iscf", normaliser="weights")
    run = study.model(mild).train(progress=False)[""]
    assert run.config["determines"]["gamma"] == 0.5
    assert "mild" not in EXPERIMENTS
    assert set(study.counts(["baseline", mild])["model"]) == {"Baseline", "Mild"}
    assert study.model(replace(mild, gamma=0.6)).missing() == [""]
    assert study.model(replace(mild, options={"a": 1})).missing() == [""]
    with pytest.raises(ValueError, match="'baseline' is taken by another row"):
        study.model(Experiment("baseline", "Mine", gamma=1.0))
    with pytest.raises(ValueError, match="title 'Baseline' stands for two"):
        study.counts(["baseline", replace(mild, title="Baseline")])
    with pytest.raises(ValueError, match=r"choose one of baseline, equal-samples"):
        study.model("base-line")


def test_the_recommended_row_is_one_of_the_table_under_another_name():
    row = experiments.experiment("recommended")
    assert row is BEYOND[experiments.RECOMMENDED] and "recommended" not in experiments.ROWS
    assert experiments.select("recommended, baseline") == [experiments.RECOMMENDED, "baseline"]


def test_rows_beyond_the_thesis_are_trained_like_its_own(tmp_path):
    assert not set(BEYOND) & set(EXPERIMENTS) and not any(r.published for r in BEYOND.values())
    assert {row.loss for row in BEYOND.values()} == set(rows.LOSSES)
    told = [json.dumps(row.determining, sort_keys=True) for row in experiments.ROWS.values()]
    assert len(set(told)) == len(experiments.ROWS)
    # A twin of two foils has none to relabel by, see test_relabelling.
    rows_ = {name: row for name, row in BEYOND.items() if not row.relabel}
    with toy.twin_study(tmp_path, list(rows_)) as study:
        for name in rows_:
            losses = study.model(name).run().history()["train_loss"]
            assert np.isfinite(losses).all() and losses.nunique() > 10, name
        assert set(study.counts(list(rows_))["model"]) == {r.title for r in rows_.values()}


@pytest.mark.parametrize(
    "field, value",
    [
        ("sampler", "balanced"),
        ("weights", "median"),
        ("normaliser", "mean"),
        ("scheme", "ovr"),
        ("gamma", -1.0),
        ("name", "a/b"),
        ("sampler", "binary_balanced"),
    ],
)
def test_a_row_that_means_nothing_is_refused(field, value):
    with pytest.raises(ValueError, match=field):
        replace(EXPERIMENTS["focal"], **{"name": "x", field: value})


def test_the_rarest_class_is_oversampled_and_named(study):
    masks = np.concatenate([region.mask.ravel() for region in study.index.regions])
    rarest = min(study.dataset.defects, key=lambda c: (masks == c.index).sum())
    assert study.model("oversampled-cavities").title == f"Os. {rarest.name}"
    draw = fit.make_draw(EXPERIMENTS["oversampled-cavities"], study.index, study.dataset)
    assert (draw(9, rng(0, 0, "train")).drawn_for == rarest.index).all()
    draw = fit.make_draw(EXPERIMENTS["binary-balanced"], study.index, study.dataset, 2)
    assert Counter(draw(10, rng(0, 0, "train")).drawn_for.tolist()) == {2: 5, -1: 5}


def test_the_book_states_the_sizes_of_every_profile():
    page = (ROOT / "book" / "notation.md").read_text("utf-8")
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines()]
    stated = {row[0].strip("`"): row[2:] for row in cells if len(row) == 6 and "`" in row[0]}
    assert stated == {
        name: [f"{p.base}", f"{p.patch}", f"{p.batch}", f"{p.iterations:,}"]
        for name, p in experiments.PROFILES.items()
    }


def test_the_models_of_a_chapter_are_chosen_by_name():
    assert experiments.select("all") == list(experiments.EXPERIMENTS)
    assert experiments.select(" focal-iscf, baseline,focal-iscf,") == ["focal-iscf", "baseline"]
    with pytest.raises(ValueError, match="'focall' does not exist; choose one of baseline"):
        experiments.select("focall")
    with pytest.raises(ValueError, match="names no model"):
        experiments.select(" , ")
