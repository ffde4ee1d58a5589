"""The audit finds what is wrong in the printed numbers, wherever it is put, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foilseg.evaluation import scores
from foilseg.thesis import audit, published, result_tables, training_tables
from foilseg.thesis import checks as cells

READ = published._read


@pytest.fixture
def reprint(monkeypatch):
    """Change cells of a printed table: reprint(table, row number, column, value)."""
    changes = {}

    def read(name):
        frame = READ(name).copy()
        for (table, row, column), value in changes.items():
            if table == name:
                frame.loc[row, column] = value
        return frame

    def change(table, row, column, value):
        changes[table, row, column] = value

    monkeypatch.setattr(published, "_read", read)
    return change


def found(checks, table):
    bad = checks[(checks["verdict"] == cells.DIFFERS) & (checks["table"] == table)]
    return bad.set_index("cell")


@pytest.fixture(scope="module")
def checks():
    return audit.printed_numbers()


def test_the_missing_digit_of_table_a1_is_located(checks):
    bad = found(checks, "Table A1")
    assert list(bad.index) == ["wCE ICF, Crack, FP"]
    assert bad["should_be"].item() == "232,574" and "missing: 3" in bad["reading"].item()


def test_rates_agree_but_no_precision_is_pooled(checks):
    rates = checks[checks["rule"].str.startswith("Table A1, pooled")]
    verdicts = rates.groupby("rule")["verdict"].agg(lambda v: (v == cells.AGREES).sum())
    assert verdicts.to_dict() == {
        "Table A1, pooled FPR": 52, "Table A1, pooled TPR": 52, "Table A1, pooled precision": 0
    }  # fmt: skip
    assert (result_tables.formula_hits(result_tables.corrected_counts()[0]) == 0).all()


def test_the_wrong_mean_is_the_only_one_that_its_rows_do_not_give(checks):
    bad = checks[(checks["rule"] == "mean of its rows") & (checks["verdict"] == cells.DIFFERS)]
    assert bad["cell"].tolist() == ["Eq. Pixels, mean TPR"]
    assert bad["should_be"].item() == "0.2951"


def test_ratios_weights_and_compositions(checks):
    assert found(checks, "Table 3.2")["should_be"].to_dict() == {"blade trail : background": "81"}
    assert found(checks, "Table 3.6")["should_be"].to_dict() == {"ICF, cavity": "4.352"}
    binary = found(checks, "Table 3.7")
    assert binary["should_be"].to_dict() == {
        "negative, cavity": "0.024", "positive, cavity": "0.976",
        "negative, crack": "0.085", "positive, crack": "0.915",
    }  # fmt: skip
    assert binary["rule"].str.contains("normalised to 1").all()
    assert binary.loc["positive, cavity", "reading"] == "it is the weight of crack: columns swapped"
    assert found(checks, "Table 3.3").empty and found(checks, "Table 3.4").empty
    hits = training_tables.weight_readings()
    assert hits.idxmax() == "normalised to the number of classes" and hits.max() == 9


def test_the_bound_on_the_sds_and_the_quoted_differences(checks):
    assert list(found(checks, "Table 4.1").index) == ["Binary, PSoI TPR"]
    quoted = checks[checks["rule"] == "the means of Table A2"]
    bad = quoted[quoted["verdict"] == cells.DIFFERS]
    assert bad["cell"].tolist() == ["FL ISCF against Baseline, TPR in %"]
    assert pytest.approx(bad["recomputed"].item()) == 100 * (0.7823 / 0.5341 - 1)


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "place", "cell"),
    [
        ("counts", 5, "FN", 7489, "Table A1", "Eq. Samples, Cavity, FN"),
        ("counts", 8, "P", 750145, "Table A1", "Os. Cavities, Agglomeration, P"),
        ("counts", 9, "TN", 31599012, "Table A1", "Os. Cavities, Cavity, N = FP + TN"),
        ("counts", 0, "TP", 485965, "Table A1", "Baseline, Agglomeration, TP"),
        ("rates", 3, "FPR", 0.0075, "Table A2", "Baseline, Blade trail, FPR"),
        ("means", 8, "mean_precision", 0.6169, "Table A2", "Focal Loss, mean precision"),
        ("training_pixels", 3, "pixels", 550638, "Table 3.1", "defect pixels"),
        ("trainset_composition", 3, "background", 94804284, "Table 3.4",
         "pixels, sum of all classes"),
        ("pixel_ratios", 5, "ratio", "1:18", "Table 3.2", "cavity : blade trail"),
        ("pixel_ratios", 7, "ratio", "4:5", "Table 3.2", "crack : blade trail"),
        ("class_weights", 1, "crack", 0.739, "Table 3.6", "ISCF, crack"),
        ("stability", 0, "psomt_tpr_sd", 0.051, "Table 4.1", "Baseline, PSoMT TPR"),
    ],
)  # fmt: skip
def test_a_misprint_put_in_is_found_where_it_was_put(
    reprint, checks, table, row, column, value, place, cell
):
    reprint(table, row, column, value)
    new = set(found(audit.printed_numbers(), place).index) - set(found(checks, place).index)
    assert cell in new


def test_with_everything_corrected_the_sums_and_weights_are_green(reprint):
    reprint("counts", 26, "FP", 232574)
    reprint("means", 3, "mean_TPR", 0.2951)
    reprint("pixel_ratios", 9, "ratio", "1:81")
    reprint("class_weights", 0, "cavity", 4.352)
    for row, (cavity, crack) in enumerate([(0.024, 0.085), (0.976, 0.915)]):
        reprint("binary_weights", row, "cavity", cavity)
        reprint("binary_weights", row, "crack", crack)
    table = audit.printed_numbers()
    for place in ("Table A1", "Table 3.2", "Table 3.6", "Table 3.7"):
        assert found(table, place).empty, place


@given(st.floats(-100, 100), st.integers(0, 5))
def test_a_rounded_number_agrees_with_itself_and_not_with_its_neighbours(value, decimals):
    printed = float(f"{value:.{decimals}f}")
    assert cells.agrees(printed, value, decimals=decimals)
    assert not cells.agrees(printed + 2 * 10.0**-decimals, value, decimals=decimals)


@pytest.mark.parametrize(
    ("printed", "right", "said"),
    [
        ("22574", "232574", "one digit missing: 3"),
        ("2325744", "232574", "one digit too many: 4"),
        ("485965", "485695", "two digits swapped"),
        ("0.2958", "0.2951", "one digit: 8 for 1"),
        ("0.7055", "0.6873", ""),
        ("12", "12", ""),
    ],
)
def test_a_slip_of_the_pen_is_named(printed, right, said):
    assert cells.slip(printed, right) == said


def test_what_cannot_be_computed_is_not_called_wrong():
    cell = cells.compare("T", "c", "r", 1.0, float("nan"))
    assert cell.verdict == cells.OPEN and cells.as_table([]).empty


def test_findings_of_a_whole_column_are_one(checks):
    short = audit.differing(checks)
    assert sum("all 52 cells" in cell for cell in short["cell"]) == 1
    assert len(short) < (checks["verdict"] == cells.DIFFERS).sum()
    assert audit.summary(checks)["checks"].sum() == len(checks)
    assert "all 52 cells" in short["cell"][0] and "all 3 cells" in short["cell"][1]
    assert short["printed"].tolist()[2:5] == [22_574, 0.024, 0.085], "tenfold, then swapped"
    assert np.isnan(short["recomputed"].iloc[-1])


def test_a_model_that_never_reports_has_no_f_score_but_a_high_accuracy():
    table = scores.always_negative(0.01).set_index("class")
    assert table.loc["positive", "F1"] == 0 and table.loc["positive", "accuracy"] == 0.99
    assert np.isnan(table.loc["positive", "precision"])
    assert table.loc["negative", "F1"] == pytest.approx(2 * 0.99 / 1.99)


def test_pooling_the_precision_moves_binary_above_the_baseline_and_equal_pixels_below():
    table = audit.precision_averages().set_index("model")
    changed = table[table["above baseline, printed"] != table["above baseline, pooled"]]
    assert set(changed.index) == {"Binary", "Eq. Pixels"}
    assert 0.9 < audit.rank_agreement(table) < 1
    counts = published.table("counts").query("model == 'Binary'")
    expected = (counts["TP"] / (counts["TP"] + counts["FP"])).mean()
    assert table.loc["Binary", "pooled"] == pytest.approx(expected)
    assert isinstance(table, pd.DataFrame)


def test_places_of_the_thesis_are_told_from_those_of_the_book():
    table = pd.DataFrame({"table": ["Table 3.2", "section 3.1"], "checks": [4, 1]})
    told = audit.told(table)
    assert told["table"].tolist() == ["thesis Table 3.2", "thesis Section 3.1"]
    assert told["checks"].tolist() == [4, 1] and audit.told(told).equals(told)
    text = "They lie in: Table A1, Table 4.1 (Eq. 3.5). A table of 3."
    assert audit.told(text) == (
        "They lie in: thesis Table A1, thesis Table 4.1 (thesis Eq. 3.5). A table of 3."
    )
    assert audit.told("Eq. Pixels") == "Eq. Pixels"


def test_where_checks_fail_is_said_once_for_each_kind_of_place():
    rows = [("Table 3.2", cells.DIFFERS), ("Table 3.5", cells.DIFFERS), ("Table A1", cells.DIFFERS)]
    rows += [("Table 3.2", cells.DIFFERS), ("chapter 5", cells.DIFFERS), ("Table A2", cells.AGREES)]
    table = pd.DataFrame(rows, columns=["table", "verdict"])
    assert audit.told(audit.fault_count(table)) == (
        "Of 6 checks 5 fail. They lie in thesis Tables 3.2, 3.5 and A1, and in thesis chapter 5."
    )
    assert audit.fault_count(table[table["verdict"] == cells.AGREES]) == "Of 1 checks none fails."
