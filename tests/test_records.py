"""A shipped study read without its data, and the variants of the book's study."""

import json
import lzma
import shutil

import pytest

from foilseg.analysis import gather, records, ship, trainings
from foilseg.claims import evidence, verdicts
from foilseg.decisions import compared as by_object
from foilseg.decisions.objects import Rule
from foilseg.studies import shipped, variants
from foilseg.studies.study import Study
from foilseg.training import experiments
from foilseg.twin.kinds import KINDS

RULE = Rule(reach=5, cover=0.01)
NAMES = ["baseline", "oversampled-cavities", "binary"]


@pytest.fixture(scope="module")
def trained(toy_data, tmp_path_factory):
    """A study of three models, and where its numbers were packed."""
    import toy

    study = Study(str(toy_data), toy.PROFILE, 0, tmp_path_factory.mktemp("own"))
    study.train(NAMES, progress=False)
    out = tmp_path_factory.mktemp("numbers") / "toy"
    return study, ship.pack(study, NAMES, out, numbers_only=True)


@pytest.fixture
def place(trained, tmp_path, monkeypatch):
    """The packed numbers as they lie in a repository."""
    shutil.copytree(trained[1], tmp_path / "results" / "toy")
    monkeypatch.chdir(tmp_path)
    shipped._open.cache_clear()
    return tmp_path / "results" / "toy"


def test_a_record_says_what_the_study_said(trained, place):
    study, record = trained[0], records.record("toy")
    own = study.counts(NAMES)
    ours = own.astype(dict.fromkeys(("model", "defect"), str))
    assert record.own.astype({"defect": str})[list(own)].equals(ours)
    assert not (place / "runs" / "history.csv.xz").exists(), "no page reads losses of such a study"
    assert all("history" not in told["parts"] for told in record.shipped.manifest["runs"].values())
    assert record.classes == study.dataset.classes
    assert list(record.titles.values()) == [study.model(name).title for name in NAMES]
    for title, table in record.compared.judged.items():
        kept = next(m.histograms() for m in map(study.model, NAMES) if m.title == title)
        for c in study.dataset.defects:
            assert (table.total(c.name, "label") == kept.total(c.name, "label")).all()
    found = gather.gather(study, NAMES)
    ours = verdicts.judge_all(found.evidence())
    theirs = verdicts.judge_all(record.evidence())
    assert {n: (v.verdict, v.numbers) for n, v in ours.items()} == {
        n: (v.verdict, v.numbers) for n, v in theirs.items()
    }
    assert set(record.evidence().extra) == set(found.evidence().extra) <= set(evidence.EXTRA)


def test_pixels_are_those_of_the_masks(trained, place):
    study, table = trained[0], records.record("toy").pixels()
    from foilseg.data.dataset import training_regions, validation_regions

    for region, foils in (
        ("training", training_regions(study.dataset)),
        ("validation", validation_regions(study.dataset)),
    ):
        own = table[table["region"] == region].set_index("defect")
        size = sum(foil.mask.size for foil in foils)
        for c in study.dataset.defects:
            pixels = sum(int((foil.mask == c.index).sum()) for foil in foils)
            assert own.loc[c.name, "pixels"] == pixels
            assert own.loc[c.name, "share"] == pytest.approx(pixels / size)


def test_objects_of_a_record_are_those_of_the_study(trained, place, tmp_path, monkeypatch):
    study = trained[0]
    with pytest.raises(shipped.ShippedError, match="no tables of objects"):
        by_object.of_record(records.record("toy"))
    monkeypatch.setattr(variants, "objects", lambda name: NAMES)
    ship.pack(study, NAMES, tmp_path / "results" / "whole", numbers_only=True)
    ours = by_object.of_study(study, NAMES, trainings.of_study(study, NAMES), RULE)
    theirs = by_object.of_record(records.record("whole"), RULE)
    assert theirs.table(20).equals(ours.table(20)) and theirs.rates == ours.rates
    assert theirs.areas == pytest.approx(ours.areas) and theirs.unit == ours.unit


def test_trainings_of_another_day_join_what_is_shipped(trained, place, tmp_path):
    """The store has lost the first trainings; their rows stay, byte for byte."""
    study = trained[0]
    more = Study(study.data, study.profile, 0, tmp_path / "later")
    place = place.rename(place.with_name(more.name))
    told, proof = json.loads((place / "manifest.json").read_text()), [{"commit": "abc"}]
    (place / "manifest.json").write_text(json.dumps(told | {"migrated": proof}))
    before = records.record(more.name)
    more.with_seed(1).train(["baseline", "binary"], progress=False)
    with pytest.raises(ship.ShippingError, match="not trained yet: baseline"):
        ship.pack(more, NAMES, numbers_only=True, repeated=True)
    with pytest.raises(ship.ShippingError, match="numbers-only"):
        ship.pack(more, NAMES, add=True)
    more = Study(study.data, study.profile, 0, tmp_path / "later")
    ship.pack(more, NAMES, numbers_only=True, repeated=True, add=True)
    after, later = records.record(more.name), more.with_seed(1)
    kept, told = before.shipped.manifest["runs"], after.shipped.manifest["runs"]
    assert after.shipped.manifest["migrated"] == proof
    assert {name: told[name] for name in kept} == kept and len(told) > len(kept)
    for name in kept:
        old, new = before.shipped.run(name), after.shipped.run(name)
        assert new.config == old.config and new.counts().equals(old.counts())
        assert all(new.evaluation(n).equals(old.evaluation(n)) for n in old.evaluations())
    for name in ("counts", "seen", "kinds", "costs"):
        assert getattr(after.findings, name).equals(getattr(before.findings, name)), name
    assert after.findings.pooled is after.findings.counts, "not every model has a second training"
    again = after.findings.trained
    own = later.counts(["baseline"])[["tp", "fp"]].to_numpy()
    title = later.model("baseline").row.published
    mine = again[(again["model"] == title) & (again["seed"] == 1)]
    assert (mine[["tp", "fp"]].to_numpy() == own).all()
    later.train(NAMES, progress=False)
    more.train(["baseline"], progress=False)  # what is there again is worked out anew, once
    ship.pack(more, NAMES, numbers_only=True, repeated=True, add=True)
    for name in ("counts", "seen", "kinds", "costs"):
        again = getattr(records.record(more.name).findings, name)
        assert again.equals(getattr(before.findings, name)), name
    assert records.record(more.name).compared.trainings == 2


def test_numbers_alone_hold_no_picture_and_make_no_chapter(trained, place):
    assert not [p for p in place.rglob("*") if p.suffix in (".png", ".safetensors")]
    reader = Study(trained[0].data, trained[0].profile, 0, place / "none", "toy")
    assert reader.shipped is None
    assert reader.missing(["baseline"]) == [("baseline", "")]


def test_a_record_of_other_code_is_refused_by_name(place):
    path = place / shipped.MANIFEST
    manifest = json.loads(path.read_text())
    older = {
        name: entry | {"determines": entry["determines"] | {"code": "older"}}
        for name, entry in manifest["runs"].items()
    }
    for change, named in (
        ({"runs": older}, "another code than when it was trained: baseline-toy"),
        ({"twin": True, "profile": "smoke"}, "another data than"),
        ({"twin": True}, "another profile than"),
    ):
        path.write_text(json.dumps(manifest | change))
        shipped._open.cache_clear()
        with pytest.raises(shipped.ShippedError, match=named):
            records.record("toy")


def test_a_record_that_is_not_there_is_named(place):
    with pytest.raises(shipped.ShippedError, match="results/moon: no study is shipped there"):
        records.record("moon")


def test_an_altered_table_is_refused(place):
    path = place / records.FOLDER / "counts.csv.xz"
    path.write_bytes(lzma.compress(lzma.decompress(path.read_bytes()).replace(b"f0", b"f9", 1)))
    shipped._open.cache_clear()
    with pytest.raises(shipped.ShippedError, match=r"counts\.csv\.xz: missing or altered"):
        records.record("toy")


def test_an_unknown_profile_is_refused():
    every = "smoke, desk, matched, photographs, tiles, tiles-longer, thesis, matched-batch-8"
    with pytest.raises(ValueError, match=f"moon.*{every}"):
        variants.profile("moon")


def test_a_variant_changes_what_it_says_and_nothing_else():
    base = experiments.profile(variants.BASE)
    found = {n.removeprefix("matched-"): v.profile for n, v in variants.VARIANTS.items()}
    assert len(found) == 13 and variants.rows("matched") == tuple(experiments.EXPERIMENTS)
    for name, variant in variants.VARIANTS.items():
        assert variants.profile(name) == variant.profile
        assert variants.rows(name) == variant.rows
    apart = {found.pop("longer").iterations, found.pop("shorter").iterations}
    assert apart == {4 * base.iterations, base.iterations // 4}
    patches = {(p.batch * p.iterations, p.batch * p.refresh) for p in found.values()}
    assert patches == {(24_000, 200)}, "all see as many patches, from pools of one size"
    assert found["batch-8-rate"].learning_rate == 4 * found["batch-8"].learning_rate
    assert found["decay"].decay == 0.9 and found["base-16"].base == 2 * base.base
    fine = found["fine"]
    assert fine.twin["scale"] == 2 * base.twin["scale"] and fine.patch == 2 * base.patch
    for kind in KINDS:
        name = f"contrast_{kind.short}"
        assert found["easier"].twin[name] == 2 * base.twin[name] == 4 * found["harder"].twin[name]
    assert found["faultless"].twin.keys() - base.twin.keys() == {"annotators"}
    for name in ("batch-8", "decay", "base-16", "random-order"):
        assert found[name].twin == base.twin


def test_a_study_with_its_first_training_alone():
    whole = records.record("matched")
    alone = whole.first
    assert alone.compared.trainings == 1 and whole.first.first == alone
    own, every = alone.own, whole.own
    first = every[every["training"] == 0].reset_index(drop=True)
    both = [t.astype({"model": str, "foil": str, "defect": str}) for t in (own, first)]
    keys = ["model", "foil", "defect"]
    both = [t.sort_values(keys, ignore_index=True)[[*keys, "tp", "fp", "fn", "tn"]] for t in both]
    assert both[0].equals(both[1])
    shown = alone.compared.parts["Binary"].judged_on
    assert len(shown) == 1 and len(whole.compared.parts["Binary"].judged_on) >= 1
