"""Studies of several kinds of images side by side."""

import pandas as pd
import pytest

from benchmarks import real_settings
from foilseg.analysis import domains, expectations, records, trainings
from foilseg.claims.verdicts import OPEN
from foilseg.decisions import compared as by_object
from foilseg.figures import remedy_figures
from foilseg.studies import variants


@pytest.fixture(scope="module")
def record():
    return records.record("matched")


def test_settings_are_those_of_the_manifest(record):
    table = domains.settings({"here": record}).set_index("setting")["here"]
    sizes = record.shipped.manifest["sizes"]
    assert table["edge of a patch"] == str(sizes["patch"])
    assert table["validation images"] == str(record.own["foil"].nunique())
    assert table["trainings of every model"] == str(record.own["training"].nunique())
    assert table["last layer begins"] == "as torch makes it"
    assert table["test images"] == str(record.compared.tested["foil"].nunique())
    tiles = records.record("magnetic_tile-desk")
    assert tiles.compared.tested is None
    told = domains.settings({"tiles": tiles}).set_index("setting")["tiles"]
    assert told["test images"] == "the validation images"


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


def test_the_spindles_bring_numbers_and_no_picture_and_every_model_learned():
    """Three trainings of the thirteen and the recipe; the naive baseline finds the defect."""
    record = records.record("bsdata-photographs")
    manifest = record.shipped.manifest
    assert not manifest["predictions"] and not list(record.shipped.path.rglob("*.png"))
    names = [entry["experiment"] for entry in manifest["models"]]
    assert tuple(names) == variants.rows(variants.REAL) == variants.objects(variants.REAL)
    assert record.compared.trainings == 3 and record.compared.tested["foil"].nunique() == 23
    seen = record.findings.seen
    found = seen.groupby(seen["model"].astype(str))["tp"].sum()
    assert (found > 0).all() and len(found) == len(names)
    assert by_object.of_record(record).curves["recall"].max() > 0.9


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


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Two defects, three draws: alone 0.1 a doubling, from the twin 0.18, 0.1, 0, 0 more of one."""
    rows = []
    for place, number in enumerate((5, 10, 20, 40)):
        for draw, more in enumerate((-0.02, 0.0, 0.02)):
            for defect, level in (("blowhole", 0.1), ("fray", 0.3)):
                alone = level + 0.1 * place + more
                gain = (0.18, 0.1, 0.0, 0.0)[place] * (defect == "blowhole")
                rows += [(number, draw, "alone", defect, alone)]
                rows += [(number, draw, "from the twin", defect, alone + gain)]
    table = pd.DataFrame(rows, columns=["number", "draw", "arm", "defect", "TPR"])
    table.assign(images=126).to_csv(tmp_path / "few.csv", index=False)
    found = (1000 * table["TPR"]).round().astype(int)
    counts = table.drop(columns="TPR").assign(tp=found, fn=1000 - found, fp=10, tn=990)
    each = [counts.assign(piece=name) for name in ("num_1", "num_2", "num_3")]
    pd.concat(each).to_csv(tmp_path / "pieces.csv", index=False)
    monkeypatch.setattr(domains, "FEW", tmp_path / "few.csv")
    monkeypatch.setattr(domains, "FEW_PIECES", tmp_path / "pieces.csv")
    return domains.few_images()


def test_few_images_are_paired_by_draw(few):
    assert list(dict.fromkeys(few["defect"])) == ["blowhole", "fray", domains.MEAN]
    assert len(few) == 4 * 3 * 3 and set(few["images"]) == {5, 10, 20, 40}
    told = domains.by_number(few, 200).set_index("images")
    assert list(told.index) == [5, 10, 20, 40, domains.ALL]
    assert told["alone"].tolist() == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.35])
    assert told["gain"].tolist() == pytest.approx([0.09, 0.05, 0.0, 0.0, 0.035])
    assert told["draws that gain"].tolist() == [3, 3, 0, 0, 3]
    low, high = (
        told["gain, low"],
        told["gain, high"],
    )  # all pieces are alike, so only the draws move it
    assert (low < told["gain"]).all() and (told["gain"] < high).all()
    assert low[5] == pytest.approx(0.09 - 0.026, abs=0.01) and low[20] < 0 < high[20]


def test_the_start_stands_beside_twice_the_images_alone(few):
    told = domains.lead_over_twice(200).set_index("images")
    assert list(told.index) == [5, 10, 20]
    assert told["lead"].tolist() == pytest.approx([-0.01, -0.05, -0.1])
    assert (told["low"] < told["lead"]).all() and (told["lead"] < told["high"]).all()


def test_a_gain_is_told_without_the_piece_that_has_most_of_a_defect(few):
    """Twice as much fray on one piece, where nothing is found from the twin."""
    table = pd.read_csv(domains.FEW_PIECES)
    there = (table["piece"] == "num_2") & (table["defect"] == "fray")
    table.loc[there, ["tp", "fn"]] *= 2
    lost = there & (table["arm"] == "from the twin")
    table.loc[lost, "fn"] += table.loc[lost, "tp"]
    table.loc[lost, "tp"] = 0
    table.to_csv(domains.FEW_PIECES, index=False)
    pieces, share, without = domains.gain_without_piece("fray")
    assert (pieces, share) == (3, 0.5) and without == pytest.approx(0.035)
    assert domains.by_number(few, 2)["gain"].iloc[-1] == pytest.approx(0.035)  # of another table


def test_what_was_expected_of_few_images_stands_beside_what_was_found(few):
    table = expectations.few_images(few)
    assert table["came true"].tolist() == ["yes"] * 6 + ["no"]
    found = ["0.090", "0.050", "0.000", "0.100", "0.000", "-0.010", "0.040 and 0.090"]
    assert table["found"].tolist() == found


def test_few_images_are_drawn_with_a_mark_for_every_draw(few):
    figure = remedy_figures.few_images(few)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == [domains.MEAN, "blowhole", "fray"]
    for axes in shown:
        means, draws = axes.lines[0], axes.lines[1]
        own = few[few["defect"] == axes.get_title()]
        assert list(means.get_ydata()) == pytest.approx(own.groupby("images")["alone"].mean())
        assert list(draws.get_ydata()) == pytest.approx(own["alone"])
