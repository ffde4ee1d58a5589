"""Studies beside each other, on made-up counts whose rates are worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import small_study
from small_study import DEFECTS, FPR, PRECISION, TITLES, TPR

from foilseg.analysis import comparisons, records, trainings
from foilseg.claims import evidence, verdicts
from foilseg.claims.registry import CLAIMS
from foilseg.claims.verdicts import FAILS, HOLDS, OPEN, UNSURE, Verdict
from foilseg.studies import variants
from foilseg.thesis import published
from foilseg.thesis.training_tables import setting
from foilseg.training import experiments

HIGH, LOW = 100, 20  # bins of a histogram of probabilities


def verdict(number, said):
    return Verdict(CLAIMS[number], said, why=f"{number} {said}")


def test_the_imbalance_is_that_of_the_training_regions():
    table = comparisons.imbalance({"small": small_study.record()}).set_index("defect")
    assert table["study"].unique().tolist() == ["small"]
    assert table["pixels"].tolist() == [16, 20] and table["share"].tolist() == [0.04, 0.05]
    # 364 of the 400 pixels are background
    np.testing.assert_allclose(table["background per pixel"], [364 / 16, 364 / 20])


def test_a_defect_without_a_pixel_has_no_background_per_pixel():
    none = small_study.counts()
    none.loc[none["defect"] == "pit", ["tp", "fn"]] = 0
    none.loc[none["defect"] == "pit", "tn"] = 100 - none["fp"]
    table = comparisons.imbalance({"one": small_study.record(table=none)}).set_index("defect")
    assert table.loc["pit", "share"] == 0 and np.isnan(table.loc["pit", "background per pixel"])
    assert table.loc["line", "background per pixel"] == pytest.approx(19)


def test_rates_bear_the_study_s_titles_and_means_the_thesis_s_names():
    made = small_study.record()
    rates = comparisons.rates(made).astype({"model": str})
    assert rates["model"].unique().tolist() == list(TITLES.values())
    assert rates["defect"].tolist() == ["pit", "line"] * 3
    np.testing.assert_allclose(rates["TPR"], np.concatenate(list(TPR.values())))
    np.testing.assert_allclose(rates["FPR"], np.concatenate(list(FPR.values())))
    np.testing.assert_allclose(rates["precision"], np.concatenate(list(PRECISION.values())))
    means = comparisons.means(made).set_index("model")
    assert list(means.index) == list(TITLES)
    np.testing.assert_allclose(means["TPR"], [0.4375, 0.375, 1])
    np.testing.assert_allclose(means["precision"], [0.55, 0.75, 0.45])
    assert means["n_precision"].tolist() == [2, 1, 2]


def test_published_means_are_the_printed_ones_but_for_the_precision():
    found = comparisons.published_means().set_index("model")
    printed = published.table("means").set_index("model").loc[found.index]
    for rate in ("TPR", "FPR"):
        far = (found[rate] - printed[f"mean_{rate}"]).abs()
        # the audit lists the one printed mean that is not that of its rows
        assert list(far[far > 1e-4].index) == (["Eq. Pixels"] if rate == "TPR" else [])
    counted = published.table("counts").query("model == 'Baseline'")
    pooled = (counted["TP"] / (counted["TP"] + counted["FP"])).mean()
    assert found.loc["Baseline", "precision"] == pytest.approx(pooled)
    assert found.loc["Baseline", "precision (imagewise)"] == pytest.approx(0.7372, abs=2e-4)


def test_tables_stand_beside_each_other_by_the_models_of_the_first():
    whole = comparisons.means(small_study.record())
    less = comparisons.means(small_study.record(models=["Focal Loss", "Baseline"]))
    both = comparisons.beside({"whole": whole, "less": less})
    assert list(both.index) == list(TITLES)
    assert list(both.columns) == [(r, s) for r in comparisons.RATES for s in ("whole", "less")]
    assert both[("TPR", "less")].isna().tolist() == [False, True, False]
    assert both.loc["Focal Loss", ("TPR", "less")] == both.loc["Focal Loss", ("TPR", "whole")] == 1
    assert list(comparisons.beside({"less": less, "whole": whole}).index) == list(less["model"])


def test_orders_are_correlated_for_every_two_studies_and_each_with_the_thesis():
    order = dict(zip(TITLES, reversed(TITLES)))
    turned = {(order[m], d): rows for (m, d), rows in small_study.COUNTED.items()}
    other = small_study.record("other", table=small_study.counts(counted=turned))
    studies = {"one": small_study.record(), "same": small_study.record(), "other": other}
    table = comparisons.correlations(studies, resamples=20)
    pairs = ["one same", "one other", "same other", "one thesis", "same thesis", "other thesis"]
    assert (table["of"] + " " + table["and"]).unique().tolist() == pairs
    found = table.set_index(["of", "and", "rate"])["correlation"].sort_index()
    assert found[("one", "same")].tolist() == pytest.approx([1, 1, 1])
    # TPRs 0.44, 0.38, 1 against 1, 0.38, 0.44: places 2 1 3 and 3 1 2, so 1 - 6 * 2 / (3 * 8)
    assert found[("one", "other", "TPR")] == pytest.approx(0.5)
    # the thesis has Baseline < Binary < Focal Loss: places 2 1 3 against 1 2 3
    assert found[("one", "thesis", "TPR")] == pytest.approx(0.5)
    assert found[("one", "thesis", "FPR")] == pytest.approx(1)
    known = table.dropna(subset=["low", "high"])
    assert (known["low"] <= known["high"]).all() and known[["low", "high"]].abs().max().max() <= 1


def test_claims_of_several_studies_stand_in_a_column_each():
    one = {"C02": verdict("C02", HOLDS), "C05": verdict("C05", FAILS)}
    other = {"C02": verdict("C02", OPEN), "C05": verdict("C05", FAILS)}
    table = comparisons.claims({"one": one, "other": other})
    assert table.columns.tolist() == ["claim", "says", "one", "other"]
    assert table["says"].tolist() == [CLAIMS["C02"].says, CLAIMS["C05"].says]
    assert table["one"].tolist() == [HOLDS, FAILS] and table["other"].tolist() == [OPEN, FAILS]
    assert comparisons.behind(one).to_numpy().tolist() == [
        ["C02", HOLDS, f"C02 {HOLDS}"],
        ["C05", FAILS, f"C05 {FAILS}"],
    ]


def test_only_claims_that_both_decide_are_alike_or_not():
    said = [(HOLDS, HOLDS), (HOLDS, FAILS), (OPEN, OPEN), (OPEN, HOLDS), (FAILS, UNSURE)]
    said += [(FAILS, FAILS)]
    numbers = ["C01", "C02", "C03", "C04", "C05", "C06"]
    one, other = ({n: verdict(n, pair[side]) for n, pair in zip(numbers, said)} for side in (0, 1))
    both = comparisons.carried(one, other)
    assert both == comparisons.carried(other, one) == (["C01"], ["C06"], ["C02"])
    assert comparisons.carried(one, one) == (["C01", "C02"], ["C05", "C06"], [])


def test_shifts_are_of_the_models_of_the_variant():
    base = small_study.record(models=["Baseline", "Binary"])
    variant = small_study.record(models=["Focal Loss", "Baseline"])
    whole = comparisons.shifts(base, variant)
    assert list(whole.index) == ["Focal", "Plain"]
    assert whole[("TPR", "variant")].tolist() == [1, 0.4375]
    assert np.isnan(whole.loc["Focal", ("TPR", variants.BASE)])
    assert whole.loc["Plain", ("TPR", variants.BASE)] == 0.4375
    line = comparisons.shifts(base, variant, "line")
    assert line[("precision", "variant")].tolist() == [0.5, 0.5]
    assert line.loc["Plain", ("TPR", variants.BASE)] == 0.5


def test_late_checkpoints_of_several_records_stand_side_by_side():
    one, other = (small_study.record() for _ in range(2))
    spoiled = one.findings.counts.assign(tp=0)
    late = [one.findings.counts.assign(iteration=70), spoiled.assign(iteration=100)]
    vars(one)["findings"] = replace(one.findings, late=pd.concat(late))
    vars(other)["findings"] = replace(one.findings, late=late[0])
    found = comparisons.late({"one": one, "other": other}).set_index("iteration")
    assert found["TPR, one"].tolist() == [0.4375, 0] and found["TPR, other"][70] == 0.4375
    assert np.isnan(found["precision, other"][100])
    assert comparisons.late({"one": one}, "Plain").empty


def test_shifts_of_several_variants_stand_below_each_other(monkeypatch):
    def flat(*studies):  # these made-up studies have no histograms
        return comparisons.shifts(*studies)[["TPR"]]

    monkeypatch.setattr(comparisons, "shifts_at_one_fpr", flat)
    base = small_study.record(models=["Baseline", "Binary"])
    each = {"one": small_study.record(models=["Focal Loss", "Baseline"]), "two": base}
    whole = comparisons.every_shift(base, each)
    one = comparisons.shifts(base, each["one"])
    assert whole["profile"].tolist() == ["one"] * 2 + ["two"] * (len(whole) - 2)
    assert whole["TPR, variant"].tolist()[:2] == one[("TPR", "variant")].tolist()
    missing = whole[f"TPR at one FPR, {variants.BASE}"].isna().tolist()
    assert missing[:2] == one[("TPR", variants.BASE)].isna().tolist() == [True, False]
    assert whole["TPR at one FPR, variant"].tolist()[:2] == one[("TPR", "variant")].tolist()
    same = whole[whole["profile"] == "two"]
    for rate in ("TPR", "FPR", "precision", "TPR at one FPR"):
        ours, theirs = same[f"{rate}, {variants.BASE}"], same[f"{rate}, variant"]
        np.testing.assert_array_equal(ours, theirs)


def test_the_table_of_variants_names_each_and_its_models():
    shipped = small_study.record()
    table = comparisons.variants_table({"matched-decay": shipped}).set_index("profile")
    networks = len(shipped.shipped.manifest["runs"])
    assert table["networks shipped"].to_dict() == dict.fromkeys(variants.VARIANTS, 0) | {
        "matched-decay": networks
    }
    assert list(table.index) == list(variants.VARIANTS) and (table["what is changed"] != "").all()
    titles = {row.name: row.title for row in experiments.ROWS.values()}
    for name, variant in variants.VARIANTS.items():
        named = [titles[row] if isinstance(row, str) else row.title for row in variant.rows]
        few = len(named) <= comparisons.MANY
        told = "; ".join(named) if few else f"{len(named)} models, those of What really helps"
        assert table.loc[name, "models"] == told
    assert table["models"].str.contains("models, those of What really helps").sum() == 1


def test_what_a_change_gains_is_that_of_the_models_that_both_studies_have():
    one, base = "TPR at one FPR, variant", f"TPR at one FPR, {variants.BASE}"
    decay = "matched-decay"
    rows = [(decay, "Baseline", 0.7, 0.6), (decay, "alone", 0.9, np.nan), ("x", "b", 0.1, 0.4)]
    found = comparisons.changes(pd.DataFrame(rows, columns=["profile", "model", one, base]))
    assert found["change"].tolist() == [variants.VARIANTS[decay].changed, "x"]
    assert found["model"].tolist() == ["Baseline", "b"]
    assert found["gain"].tolist() == pytest.approx([0.1, -0.3])


def test_tables_of_means_are_stacked_as_they_come():
    one = comparisons.means(small_study.record(models=["Binary"]))
    both = comparisons.stacked([one, one.assign(model="again")])
    assert both["model"].tolist() == ["Binary", "again"] and list(both.index) == [0, 1]
    assert both.columns.tolist() == ["model", *comparisons.RATES]


def test_claims_that_no_variant_decides_are_left_out():
    whole = {number: verdict(number, HOLDS) for number in CLAIMS}
    open_ = {number: verdict(number, OPEN) for number in CLAIMS}
    judged = {
        "first": open_ | {"C02": verdict("C02", FAILS)},
        "second": open_ | {"C07": verdict("C07", HOLDS)},
    }
    table = comparisons.decided(whole, judged).set_index("claim")
    assert list(table.index) == ["C02", "C07"]
    assert table["first"].tolist() == [FAILS, ""] and table["second"].tolist() == ["", HOLDS]
    assert table[variants.BASE].tolist() == [HOLDS, HOLDS]
    printed = verdicts.judge_all(evidence.printed())
    assert table["thesis"].tolist() == [printed["C02"].verdict, printed["C07"].verdict]
    assert comparisons.decided(whole, {"none": open_}).empty


def test_the_runs_behind_studies_are_listed_with_seed_code_and_data():
    made = {"python": "3.12", "libraries": {"torch": "2"}, "machine": "x", "threads": 1}
    runs = {
        "alone": {"made": made, "determines": {"seed": 3, "code": "abcdefghij"}},
        "joined": {"made": made, "determines": {"code": "klmnopqrst"}},
    }
    table = comparisons.runs_of([small_study.record(runs=runs)]).set_index("run")
    assert table["seed"].tolist() == [3, 7]  # one that joins others has the study's
    assert table["code"].tolist() == ["abcdefgh", "klmnopqr"] and set(table["data"]) == {"01234567"}
    assert table["made with"].unique().tolist() == ["Python 3.12, torch 2, x, 1 thread"]
    assert set(table["study"]) == {"small"} and set(table["command"]) == {"make it"}


@pytest.fixture
def measured():
    """Two models, of which the first never errs above a threshold and the second finds all."""
    careful = {"pit": {HIGH: (0, 8), LOW: (184, 8)}, "line": {LOW: (180, 20)}}
    eager = {"pit": {HIGH: (20, 16), LOW: (164, 0)}, "line": {HIGH: (60, 20), LOW: (120, 0)}}
    found = {"Plain": careful, "Rest": eager}
    figures = {title: small_study.histograms(places) for title, places in found.items()}
    return small_study.record(models=["Baseline", "Binary"], figures=figures)


def test_a_record_s_models_are_set_to_the_median_of_their_own_fprs(measured):
    table = measured.compared.table(20).set_index("model")
    assert table["own threshold"].tolist() == [0.4375, 0.375]
    # medians of the models' own FPRs: 4 of 184 pixels of no pit, and of no line 5 of 180
    pit, line = 4 / 184, 5 / 180
    # between two thresholds by linear interpolation, from (0, 0.5), (0, 0) and (0, 0)
    plain = (0.5 + 0.5 * pit, line)
    rest = (pit / (20 / 184), line / (60 / 180))
    np.testing.assert_allclose(table["one FPR"], [np.mean(plain), np.mean(rest)])
    assert "own threshold, test" not in table and "set them" in measured.compared.note
    assert measured.compared.whole_note == "No foils were held out whole."


def test_the_cheapest_model_depends_on_the_price_of_a_miss(measured):
    table = measured.compared.cheapest([1, 10, 100]).set_index("price of a miss")
    # careful: half of the pits missed, or everything called; eager: its false alarms, or nothing
    plain = [(0.5 + 1) / 2, (0.5 + 180 / 200) / 2, (184 / 1600 + 180 / 2000) / 2]
    rest = [(1 + 1) / 2, (20 / 160 + 60 / 200) / 2, (20 / 1600 + 60 / 2000) / 2]
    assert table["cheapest"].tolist() == ["Plain", "Rest", "Rest"]
    assert table["dearest"].tolist() == ["Rest", "Plain", "Plain"]
    np.testing.assert_allclose(table["cost"], np.minimum(plain, rest))
    np.testing.assert_allclose(table["its cost"], np.maximum(plain, rest))


def test_the_made_up_histograms_hold_the_pixels_of_both_images(measured):
    for figures in measured.compared.judged.values():
        for c in DEFECTS:
            positive = 16 if c.name == "pit" else 20
            assert figures.total(c.name).sum(axis=0).tolist() == [200 - positive, positive]


def test_a_study_stands_beside_the_thesis_s_own_settings():
    record = records.record(variants.BASE)
    table = comparisons.circumstances(record).set_index("setting")
    assert table.loc["micrometres per pixel"].tolist() == ["100", "50"]
    assert table.loc["foils"].tolist() == ["26", "26"]
    assert table.loc["feature maps of the first layer"].tolist() == ["8", "32"]
    assert table.loc["edge of a patch in pixels"].tolist() == ["128", "256"]
    assert table.loc["steps", "thesis"] == f"{setting('iterations'):,.0f}"
    assert table.loc["patches per step", "thesis"] == "not stated"


def test_levels_stand_beside_the_published_ones():
    table = comparisons.levels(small_study.record(models=["Baseline", "Binary"]))
    assert list(table.index) == ["Baseline", "Binary"]
    assert table.loc["Binary", ("TPR", "reproduced")] == 0.375
    printed = published.table("means").set_index("model")["mean_TPR"]
    ours = table[("TPR", "published")]
    assert ours["Binary"] == pytest.approx(printed["Binary"], abs=1e-3)
    mean = np.mean([4 / 184, 10 / 180])
    assert table.loc["Baseline", ("false alarms per million pixels", "reproduced")] == 1e6 * mean


def test_the_gap_to_the_published_means_leaves_out_the_baseline():
    ours = pd.DataFrame({"model": ["Baseline", "a", "b"], "TPR": [0.9, 0.5, 0.4]})
    theirs = pd.DataFrame({"model": ["Baseline", "a", "b"], "TPR": [0.1, 0.6, 0.7]})
    both = (table.assign(FPR=0.1, precision=np.nan) for table in (ours, theirs))
    gaps = trainings.published_gaps(*both).set_index("rate")["mean absolute difference"]
    assert gaps["TPR"] == pytest.approx(0.2) and gaps["FPR"] == 0 and np.isnan(gaps["precision"])


def test_the_tpr_at_one_fpr_is_that_of_the_shifts():
    base, other = records.record(variants.BASE).first, records.record("matched-random-order")
    found = comparisons.tpr_at_one_fpr(base, other)
    shifts = comparisons.shifts_at_one_fpr(base, other)["TPR", "variant"]
    assert len(found) == 14 and found["Eq. Pixels, thesis"] == shifts["Eq. Pixels, thesis"]
    assert found["Baseline"] == pytest.approx(
        base.compared.table(2).set_index("model")["one FPR"]["Baseline"]
    )
