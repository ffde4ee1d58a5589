"""From a table back to the runs: nothing is trained, and the command makes the very run."""

from dataclasses import replace

import pytest

from foilseg import cli
from foilseg.studies import provenance, shipped, variants
from foilseg.training import experiments, runs
from foilseg.training.rows import Experiment

NAMES = ["baseline", "binary"]


@pytest.fixture(scope="module")
def study(toy_study):
    toy_study.train(NAMES, progress=False)
    return toy_study


def test_every_network_has_its_run_and_a_joined_model_one_more(study):
    shown = study.provenance(NAMES).frame
    assert shown["network"].tolist() == ["all classes", "scratch", "pit hole", "joined"]
    assert shown["run"].tolist() == [
        study.run("baseline").name, study.run("binary", "scratch").name,
        study.run("binary", "pit hole").name, study.model("binary").joined().name,
    ]  # fmt: skip
    config = study.run("baseline").config
    row = shown.iloc[0]
    assert row["seed"] == 0 and row["data"] == study.dataset.fingerprint[:8]
    assert row["code"] == config["determines"]["code"][:8]
    for version in (*config["circumstances"]["libraries"].values(), "1 thread,"):
        assert version in row["made with"]
    said = study.provenance(NAMES)
    assert said.note == "4 runs behind this page; none is missing."
    assert all(name in said._repr_html_() for name in (said.note, *shown["run"]))


def test_the_command_of_a_missing_run_makes_that_run(study, tmp_path, monkeypatch):
    other = replace(study, seed=3, runs=tmp_path)
    shown = other.provenance(["baseline"]).frame
    assert shown["run"].tolist() == [provenance.MISSING] and not list(tmp_path.iterdir())
    assert "not trained yet: Baseline with seed 3." in other.provenance(["baseline"]).note
    monkeypatch.setitem(experiments.PROFILES, "toy", study.profile)
    monkeypatch.setattr(experiments, "_PROFILES", [study.profile])
    assert cli.main(shown["command"][0].split()[1:]) == 0
    made = other.provenance(["baseline"]).frame["run"][0]
    assert made == other.model("baseline").path().name
    assert runs.open_run(tmp_path / made).config["determines"]["seed"] == 3


def test_several_seeds_and_rows_of_a_page(study):
    mine = Experiment("mine", "Mine", gamma=0.5)
    shown = study.provenance(["baseline", mine], seeds=(0, 97)).frame
    assert shown["seed"].tolist() == [0, 0, 97, 97]
    again = study.provenance(["baseline", mine], (0, 97), ["baseline"]).frame
    assert again["seed"].tolist() == [0, 0, 97] and again["model"].iloc[2] == "Baseline"
    assert (shown.loc[shown["model"] == "Mine", "command"] == "made on this page").all()
    assert shown["run"].iloc[2] == provenance.MISSING and "--seed 97" in shown["command"].iloc[2]


def test_only_what_differs_from_a_default_is_in_a_command(study):
    plain = replace(study, data="twin", runs=runs.ROOT)
    assert plain.command(["a", "b"]) == "foilseg train a b --profile toy"
    assert replace(plain, data="my data").command(["a"]).endswith("--data 'my data'")


def test_a_row_that_a_variant_alone_has_is_trained_with_all_of_it():
    rows = variants.rows("matched-longer")
    assert not all(isinstance(row, str) for row in rows)
    line = provenance.command("", "matched-longer", 2, runs.ROOT, rows)
    assert line == "foilseg train all --profile matched-longer --seed 2"


def test_trained_models_are_selected_and_what_is_left_out_is_named(study, tmp_path):
    names = study.select("trained")
    assert set(NAMES) <= set(names) and study.select("binary") == ["binary"]
    assert not study.missing(names)
    others = [name for name in experiments.EXPERIMENTS if name not in names]
    assert all(study.missing([name]) for name in others)
    said = study.left_out(experiments.select("all")[1:])
    assert said.startswith("Left out: Baseline. ") and "foilseg train baseline --prof" in said
    assert study.left_out(experiments.EXPERIMENTS) == "No model is left out."
    with pytest.raises(ValueError, match="none is trained; foilseg train all"):
        replace(study, runs=tmp_path).select("trained")


def test_number_formats_that_are_mixed_are_said(study):
    frame = study.provenance(NAMES).frame
    kinds = set(frame["format"])
    assert len(kinds) == 1 and kinds <= {"bf16", "fp32"}
    assert "mixed" not in provenance.Provenance(frame).note
    one, *_ = kinds
    other = "fp32" if one == "bf16" else "bf16"
    joined = frame.assign(format=frame["format"].where(frame["network"] != "joined", other))
    assert "mixed" not in provenance.Provenance(joined).note  # what is joined was not trained
    mixed = frame.assign(format=[other, *frame["format"][1:]])
    said = provenance.Provenance(mixed).note
    assert f"{one} (2 runs)" in said and f"{other} (1 run)" in said
    assert "number formats are mixed" in said
    assert shipped.formats(["bf16", "bf16"]) == "bf16"
