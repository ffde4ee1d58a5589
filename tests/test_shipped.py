"""A packed study is read without weights, and refused when it is altered or out of date."""

import json
import shutil

import pytest

from foilseg.analysis import gather, model_tables, records, ship, stability
from foilseg.claims import verdicts
from foilseg.studies import shipped
from foilseg.studies.study import Study
from foilseg.training import runs

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
    assert "shipped in results/toy" in reader._repr_html_()


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


def test_what_the_shelf_never_had_is_trained(reader):
    assert reader.missing(["focal-iscf"]) == [("focal-iscf", "")]
    reader.run("focal-iscf", progress=False)
    assert reader.missing(["focal-iscf"]) == []


def test_an_altered_missing_or_unknown_file_is_named(reader, tmp_path):
    place = tmp_path / "results" / "toy"
    counts = next(place.glob("baseline-*/counts.csv"))
    content = counts.read_text()
    for harm, named in (
        (lambda: counts.write_text(content.replace("f0", "f9", 1)), counts),
        (lambda: counts.unlink(), counts),
        (lambda: (place / "notes.txt").write_text("x"), place / "notes.txt"),
    ):
        harm()
        shipped._open.cache_clear()
        with pytest.raises(shipped.ShippedError, match=named.name):
            reader.missing(NAMES)
        counts.write_text(content)
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


def test_an_own_run_is_taken_before_a_stale_shelf(trained, tmp_path, monkeypatch):
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
