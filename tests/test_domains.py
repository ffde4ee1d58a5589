"""Studies of several kinds of images side by side."""

from types import SimpleNamespace

import pandas as pd
import pytest

from benchmarks import real_settings
from foilseg.analysis import records, trainings
from foilseg.claims.verdicts import OPEN
from foilseg.decisions import compared as by_object
from foilseg.elsewhere import domains
from foilseg.studies import variants


@pytest.fixture(scope="module")
def record():
    return records.record("matched")


def told_of(record):
    """What the table of settings says of the test images of a study."""
    return domains.settings({"": record}).set_index("setting").loc["test images", ""]


def test_settings_are_those_of_the_manifest(record):
    table = domains.settings({"here": record}).set_index("setting")["here"]
    sizes = record.shipped.manifest["sizes"]
    assert table["edge of a patch"] == str(sizes["patch"])
    assert table["validation images"] == str(record.own["foil"].nunique())
    assert table["trainings of every model"] == str(record.own["training"].nunique())
    assert table["last layer begins"] == "as torch makes it"
    assert table["test images"] == str(record.compared.tested["foil"].nunique())
    longer = records.record("matched-longer")
    assert told_of(longer) == str(longer.compared.tested["foil"].nunique())
    untested = SimpleNamespace(tested=None)
    bare = SimpleNamespace(
        shipped=longer.shipped, findings=longer.findings, own=longer.own, compared=untested
    )
    assert told_of(bare) == "the validation images"


def test_objects_are_counted_on_the_area_of_their_own_images():
    """Thresholds on that of the validation images, what they are judged by on the test images'."""
    spindles = records.record("bsdata-photographs")
    compared = spindles.compared
    found = by_object.of_record(spindles)
    for area, counts in zip(found.areas, (compared.own, compared.tested), strict=True):
        model = counts[(counts["model"] == "Baseline") & (counts["training"] == 0)]
        pixels = model[["tp", "fp", "fn", "tn"]].to_numpy().sum()
        assert area == pytest.approx(pixels / 1e6)
    assert found.areas[0] != found.areas[1]


def test_f1_is_that_of_scikit_learn(record):
    """From the counts where thresholds are judged, pixel by pixel."""
    from sklearn.metrics import f1_score

    table = domains.f1(record).set_index("model")
    counts = record.compared.tested.astype({"model": str, "defect": str})
    for model, defect in (("Baseline", "cavity"), ("FL ICF", "crack")):
        own = counts[(counts["model"] == model) & (counts["defect"] == defect)]
        tp, fp, fn, tn = (own[c].sum() for c in ("tp", "fp", "fn", "tn"))
        expected = f1_score([1, 0, 1, 0], [1, 1, 0, 0], sample_weight=[tp, fp, fn, tn])
        assert table.loc[model, defect] == pytest.approx(expected)
    defects = [c.name for c in record.defects]
    assert table["mean"].to_numpy() == pytest.approx(table[defects].mean(axis=1).to_numpy())


def test_gains_are_differences_with_intervals_study_by_study(record):
    even = record.compared.even
    some = even[even["model"].astype(str).isin(["Baseline", "Binary"])]
    found = domains.gains({"whole": even, "some": some}, "Baseline", resamples=20)
    table = found.set_index("model")
    means = trainings.mean_tpr(even, ["model"])
    for model in table.index:
        assert table.loc[model, "whole"] == pytest.approx(means[model] - means["Baseline"])
        assert table.loc[model, "whole, low"] <= table.loc[model, "whole, high"]
    lacking = {m for m in table.index if m != "Binary"}
    for column in ("some", "some, low", "some, high"):
        assert set(table.index[table[column].eq(domains.UNTRAINED)]) == lacking
    assert "Baseline" not in table.index


def test_names_of_the_thesis_are_those_of_the_table():
    """One study's oversampled class has another name than the other's; both are one row."""
    spindles = records.record("bsdata-photographs")
    even = spindles.compared.even
    named = domains.under_thesis_names(spindles, even)
    assert "Os. Pitting" in set(even["model"]) and "Os. Pitting" not in set(named["model"])
    assert set(named["model"]) - set(even["model"]) == {"Os. Cavities"}
    assert (named.drop(columns="model") == even.drop(columns="model")).all(axis=None)


@pytest.mark.parametrize(
    ("name", "profile", "trainings", "tested"),
    [
        ("bsdata-photographs", "photographs", 3, 23),
        ("magnetic_tile-tiles", "tiles", 3, 64),
        ("magnetic_tile-tiles-longer", "tiles-longer", 3, 64),
    ],
)
def test_photographs_bring_numbers_and_no_picture_and_every_model_learned(
    name, profile, trainings, tested
):
    """The thirteen and the recipe, or the two; the naive baseline finds every defect."""
    record = records.record(name)
    manifest = record.shipped.manifest
    assert not manifest["predictions"] and not list(record.shipped.path.rglob("*.png"))
    names = [entry["experiment"] for entry in manifest["models"]]
    assert tuple(names) == variants.rows(profile) == variants.objects(profile)
    assert record.compared.trainings == trainings
    assert record.compared.tested["foil"].nunique() == tested
    seen = record.findings.seen.astype({"model": str})
    found = seen.groupby("model")["tp"].sum()
    assert (found > 0).all() and len(found) == len(names)
    naive = seen[seen["model"] == "Baseline"].groupby("defect", observed=True)["tp"].sum()
    assert (naive > 0).all() and len(naive) == len(record.defects)
    assert by_object.of_record(record).curves["recall"].max() > 0.7


@pytest.mark.parametrize(
    ("name", "tried"),
    [("photographs", "twice the steps"), ("tiles", "mirrored, twice the steps")],
)
def test_profiles_of_photographs_are_settings_that_were_tried(name, tried):
    assert variants.profile(name).sizes == real_settings.SETTINGS[tried].sizes
    assert tried in set(pd.read_csv(domains.TRIED)["setting"])


def test_other_works_have_a_source_each():
    table = domains.other_networks()
    assert table["source"].str.strip().ne("").all() and table["value"].between(0, 1).all()
    said = domains.sources()
    assert all(row.source in said and row.network in said for row in table.itertuples())
    assert said.count("](https://doi.org/10.") == table["source"].str.startswith("doi ").sum()


def test_what_was_tried_is_told_best_first():
    table = domains.tried("bsdata")
    assert table["F1"].is_monotonic_decreasing and {"chosen", "start as made"} <= set(
        table["setting"]
    )
    assert domains.tried("moon").empty
    chosen = table.set_index("setting").loc["chosen"]
    assert chosen["steps"] == real_settings.SETTINGS["chosen"].iterations


def test_every_setting_that_can_be_tried_has_words_for_the_page():
    assert set(domains.CHANGED) == set(real_settings.SETTINGS)
    for name, words in domains.CHANGED.items():
        row, base = real_settings.SETTINGS[name], real_settings.SETTINGS["chosen"]
        assert ("mirrored" in words) == (row.augment == "mirrored")
        assert (f"{row.learning_rate:g}" in words) == (row.learning_rate != base.learning_rate)
        assert (f"{row.patch} × {row.patch}" in words) == (row.patch != base.patch)


def test_one_defect_has_no_spread_over_defects():
    """So the claims about that spread are not decided by one, rather than by a NaN."""
    found = records.record("bsdata-photographs").verdicts["C11"]
    assert found.verdict == OPEN and "one defect" in found.numbers


def test_the_highlighted_models_are_the_first_and_the_extremes(record):
    table = record.compared.table(2).set_index("model")
    expected = ["Baseline", table["own threshold"].idxmax()]
    expected += [table["one FPR"].idxmax(), table["one FPR"].idxmin()]
    assert record.compared.highlighted == list(dict.fromkeys(expected))


def test_f1_under_the_settings_that_were_tried_is_that_of_their_counts():
    table = pd.read_csv(domains.TRIED)
    names = ["bsdata", "magnetic tile"]
    wide = domains.f1_tried(names).set_index(["data", "setting"])
    assert wide.loc[("magnetic tile", "mirrored"), "patches"] == "mirrored"
    assert wide.loc[("bsdata", "patch 64"), "steps"] == 3000
    own = table[table["data"].isin(names)]
    assert list(wide.index) == list(dict.fromkeys(zip(own["data"], own["setting"])))
    for row in own.itertuples():
        expected = 2 * row.tp / (2 * row.tp + row.fp + row.fn)
        assert wide.loc[(row.data, row.setting), row.defect] == pytest.approx(expected)
    kinds = ["blowhole", "break", "crack", "fray", "uneven"]
    last = wide.loc[("magnetic tile", "mirrored")]
    assert last["mean"] == pytest.approx(last[kinds].astype(float).mean())


def test_a_training_of_all_models_is_so_many_networks(record):
    assert domains.networks(record) == 9 + 4 * 4, "nine of all classes, four of one each"
    spindles = records.record("bsdata-photographs")
    assert domains.networks(spindles) == 14
    each = [run.cost()["training_seconds"] for (run,) in spindles.runs_of("Baseline")]
    assert len(each) == 3 and domains.minutes(spindles, "Baseline") == min(each) / 60


def test_f1_stands_under_the_names_of_the_thesis():
    spindles = records.record("bsdata-photographs")
    models = set(domains.f1(spindles)["model"])
    assert "Os. Cavities" in models and "Os. Pitting" not in models
