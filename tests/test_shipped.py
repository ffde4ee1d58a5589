"""A packed study is read without weights, and refused when it is altered or out of date."""

import json
import lzma
import shutil

import numpy as np
import pandas as pd
import pytest
import toy

from foilseg.analysis import gather, model_tables, records, ship, stability
from foilseg.claims import verdicts
from foilseg.evaluation import curves
from foilseg.studies import run_tables, shipped, tables
from foilseg.studies.study import Study
from foilseg.training import restore, runs

NAMES = ["baseline", "binary"]
UNDER_TEST = "focal"  # of Table 4.1


@pytest.fixture(scope="module")
def trained(toy_data, tmp_path_factory):
    """A study of three models that is complete, and where it was packed."""
    import toy

    study = Study(str(toy_data), toy.PROFILE, 0, tmp_path_factory.mktemp("own"))
    names = [*NAMES, UNDER_TEST]
    study.train(names, progress=False)
    stability.complete(study, names)
    out = ship.pack(study, names, tmp_path_factory.mktemp("results") / "toy", repeated=True)
    return study, names, out


@pytest.fixture
def reader(trained, tmp_path, monkeypatch):
    """The study as somebody opens it who has the packed folder and no runs."""
    study, _, out = trained
    shutil.copytree(out, tmp_path / "results" / "toy")
    monkeypatch.chdir(tmp_path)
    return Study(study.data, study.profile, 0, tmp_path / "none", "toy")


def test_a_reader_without_weights_sees_the_numbers_of_the_study(trained, reader):
    study, names, out = trained
    assert not list(out.rglob("*.safetensors"))
    assert reader.missing(names) == []
    assert stability.missing(reader, [UNDER_TEST]) == []
    for read in (
        lambda s: s.counts(names),
        lambda s: s.counts(names, joined=True),
        lambda s: s.costs(names),
        lambda s: stability.late_counts(s, names),
        lambda s: stability.seed_counts(s, [UNDER_TEST]),
        lambda s: gather.training_counts(s, names),
        gather.building,
        model_tables.gradient_shares,
    ):
        assert read(study).equals(read(reader))
    shown, kept = reader.predictions(names, "f0"), study.predictions(names, "f0")
    assert all((shown[title] == kept[title]).all() for title in kept)
    assert not (reader.runs).exists()
    assert "in results/toy" in reader._repr_html_()


def test_claims_come_out_of_the_packed_tables_as_of_the_study(trained, reader):
    study, names, _ = trained
    tested = [name for name in names if name in stability.tested()]
    ours = gather.gather(study, names, tested=tested).evidence()
    theirs = records.record("toy").evidence()
    assert "stability" in ours.extra and set(ours.extra) == set(theirs.extra)
    judged = [
        {number: (v.verdict, v.numbers) for number, v in verdicts.judge_all(e).items()}
        for e in (ours, theirs)
    ]
    assert judged[0] == judged[1]


def test_what_needs_weights_says_that_they_are_not_shipped(reader):
    with pytest.raises(runs.RunError, match="not shipped; train it again: `foilseg train baseline"):
        reader.run("baseline").model()


def test_each_run_says_in_the_tables_what_its_folder_says(trained, reader):
    study, names, _ = trained
    own = [run for name in names for run in (*study.model(name).made(), study.model(name).joined())]
    again = study.with_seed(1).model(UNDER_TEST).made()
    for run in [*own, *again]:
        kept = reader.shipped.run(run.name)
        held = tuple(p for p in run.parts if p != "history" or run not in again)
        assert (kept.determines, kept.config, kept.parts) == (run.determines, run.config, held)
        for part in held:
            one, other = getattr(kept, part)(), getattr(run, part)()
            if part == "histograms":
                assert one.keys.astype(str).equals(other.keys.astype(str))
                assert np.array_equal(one.counts, other.counts)
            elif part == "ledgers":
                assert [a.to_json() for a in one] == [a.to_json() for a in other] != []
            else:
                assert one.equals(other) if part != "cost" else one == other
        for name in run.evaluations():
            pd.testing.assert_frame_equal(kept.evaluation(name), run.evaluation(name))
        assert kept.evaluations() == run.evaluations() and kept.evaluation("none") is None
    with pytest.raises(runs.RunError, match=r"predictions not shipped.*--seed 1"):
        reader.shipped.run(again[0].name).prediction("f0")
    with pytest.raises(runs.RunError, match="binary-toy-0-.*: holds no history"):
        reader.model("binary").joined().history()
    with pytest.raises(runs.RunError, match="has no prediction of foil f9"):
        reader.run("baseline").prediction("f9")
    with pytest.raises(runs.RunError, match="weights lost or not shipped"):
        restore.load(reader.model("binary").joined())


def test_pandas_reads_a_table_of_all_runs_in_one_call(trained):
    out = trained[2]
    history = pd.read_csv(out / "runs" / "history.csv.xz")
    assert list(history) == ["run", "iteration", "train_loss", "validation_loss"]
    manifest = json.loads((out / "manifest.json").read_text())
    trainings = {name for name, entry in manifest["runs"].items() if "history" in entry["parts"]}
    assert set(history["run"]) == trainings
    assert all((history.groupby("run").size() == 40).tolist())
    files = [p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()]
    assert sorted(files) == sorted([*manifest["files"], "manifest.json"])
    seeds = {
        e["determines"]["seed"]
        for n, e in manifest["runs"].items()
        if f"predictions/{n}.png" in files
    }
    assert seeds == {0}


def test_a_table_is_compared_again_when_it_is_read(reader, tmp_path):
    run = reader.run("baseline")
    for name in ("runs/history.csv.xz", f"predictions/{run.name}.png", "runs/configs.json"):
        file = tmp_path / "results" / "toy" / name
        file.write_bytes(file.read_bytes() + b" ")
    for read in (run.history, lambda: run.prediction("f0"), lambda: run.config):
        with pytest.raises(runs.RunError, match="altered since the study was packed"):
            read()
    with pytest.raises(shipped.ShippedError, match="missing or altered"):
        reader.missing(NAMES)


def test_names_that_look_like_numbers_or_nothing_stay_names(tmp_path):
    table = pd.DataFrame(
        {
            "run": ["1", "1", "02"],
            "foil": ["01", "1", "1e3"],
            "defect": ["NA", "null", "nan"],
            "loss": ["a", "b", "c"],
            "value": np.array([0.1, np.nan, 1 / 3], np.float32),
            "number": [0.1, np.nan, 1 / 3],
        }
    )
    name = tables.write(tmp_path, "t", table)
    held = tables.Tables(tmp_path, {name: runs.digest(tmp_path / name)})
    found = held.table("t")
    found["value"] = found["value"].astype(np.float32)
    pd.testing.assert_frame_equal(found, table, check_exact=True)
    assert held.rows("t", "02")["foil"].tolist() == ["1e3"]
    assert held.rows("t", "none").empty and list(held.rows("t", "none")) == list(table)[1:]
    assert "0.1,0.1\n" in lzma.decompress((tmp_path / name).read_bytes()).decode()


def test_a_region_without_pixels_keeps_its_row_of_histograms():
    keys = pd.DataFrame([("f", "label", "pit"), ("g", "label", "pit")], columns=curves.KEYS)
    counts = np.zeros((2, curves.BINS, 2), np.int64)
    counts[0, 3] = 5, 1
    found = run_tables.read_histograms(run_tables.histogram_rows(curves.Histograms(keys, counts)))
    assert found.keys.equals(keys) and np.array_equal(found.counts, counts)


def test_masks_of_several_sizes_come_back(tmp_path):
    generator = np.random.default_rng(0)
    masks = {"a": (5, 7), "b": (1, 1), "c": (4, 20)}
    masks = {name: generator.integers(0, 3, size).astype(np.uint8) for name, size in masks.items()}
    colours = {0: "#000000", 1: "#ff0000", 2: "#00ff00"}
    file = tables.write_masks(tmp_path, "r", list(masks.values()), colours)
    sums, sizes = {file: runs.digest(tmp_path / file)}, {k: m.shape for k, m in masks.items()}
    held = tables.Tables(tmp_path, sums, sizes)
    assert all(np.array_equal(held.mask("r", foil), mask) for foil, mask in masks.items())
    held.mask("r", "a")[:] = 9
    assert np.array_equal(held.mask("r", "a"), masks["a"]), "each caller has a mask of its own"


def test_what_the_study_never_had_is_trained(reader):
    assert reader.missing(["focal-iscf"]) == [("focal-iscf", "")]
    reader.model("focal-iscf").train(progress=False)
    assert reader.missing(["focal-iscf"]) == []


def test_an_altered_missing_or_unknown_file_is_named(reader, tmp_path):
    place = tmp_path / "results" / "toy"
    counts = place / "runs" / "counts.csv.xz"
    content = counts.read_bytes()
    altered = lzma.compress(lzma.decompress(content).replace(b"f0", b"f9", 1))
    for harm, named in (
        (lambda: counts.write_bytes(altered), counts),
        (lambda: counts.unlink(), counts),
        (lambda: (place / "notes.txt").write_text("x"), place / "notes.txt"),
    ):
        harm()
        shipped._open.cache_clear()
        with pytest.raises(shipped.ShippedError, match=named.name):
            reader.missing(NAMES)
        counts.write_bytes(content)
        (place / "notes.txt").unlink(missing_ok=True)
    shipped._open.cache_clear()
    assert reader.missing(NAMES) == []
    (place / "manifest.json").write_text("{}")
    with pytest.raises(shipped.ShippedError, match="no manifest"):
        reader.missing(NAMES)


@pytest.mark.parametrize("key", ["data", "code", "sampler", "gamma", "iterations"])
def test_a_stale_study_fails_and_names_its_runs(reader, tmp_path, key):
    path = tmp_path / "results" / "toy" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["twin"] = True
    stale = [n for n, entry in manifest["runs"].items() if n.startswith("baseline")]
    for entry in manifest["runs"].values():
        if key in ("data", "code", "iterations") or entry["determines"]["experiment"] == "baseline":
            entry["determines"][key] = "another"
    path.write_text(json.dumps(manifest))
    shipped._open.cache_clear()
    with pytest.raises(shipped.ShippedError, match=rf"another {key}.*{stale[0]}") as error:
        reader.counts(NAMES)
    assert "make study PROFILE=toy" in str(error.value)


def test_an_own_run_is_taken_before_a_stale_shipped_one(trained, tmp_path, monkeypatch):
    study, _, out = trained
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["twin"] = True
    for entry in manifest["runs"].values():
        entry["determines"]["code"] = "old"
    shutil.copytree(out, tmp_path / "results" / "toy")
    (tmp_path / "results" / "toy" / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.chdir(tmp_path)
    own = Study(study.data, study.profile, 0, study.runs, "toy")
    assert own.counts(NAMES).equals(study.counts(NAMES))


def test_an_incomplete_study_is_not_packed(toy_data, tmp_path):
    import toy

    study = Study(str(toy_data), toy.PROFILE, 0, tmp_path / "runs")
    with pytest.raises(ship.ShippingError, match="not trained yet: baseline"):
        ship.pack(study, ["baseline"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "repeated, pictures, told",
    [
        (True, True, "make study PROFILE=toy DATA=data"),
        (True, False, "make study PROFILE=toy DATA=data ARGS=--numbers-only"),
        (False, False, "foilseg train all --profile toy --data data && foilseg ship --profile toy "
         "--data data --numbers-only"),
    ],
)  # fmt: skip
def test_the_command_of_a_study_of_ones_own_images_names_what_was_packed(
    tmp_path, repeated, pictures, told
):
    study = Study(str(toy.write(tmp_path / "data")), toy.PROFILE, 0, tmp_path / "runs")
    assert ship._command(study, repeated, pictures) == told
