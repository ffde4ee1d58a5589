"""Tables A1 and A2, chapter 5 and Table 4.1, recomputed from one another.

A printed sum that does not add up says that one of its terms is wrong, not which. The term is
found by trying: each is replaced by what the others make of it, and the one replacement that
also agrees with everything else that is printed about it is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from foilseg.thesis import published
from foilseg.thesis.checks import AGREES, DIFFERS, Cell, agrees, compare

DIGITS = 4  # of Table A2
ULP = 10.0**-DIGITS
# names of columns of Table 4.1, as the thesis writes them
SPELLED = {"psoi": "PSoI", "psomt": "PSoMT", "tpr": "TPR", "fpr": "FPR"}
# sum = first term + second term, and the printed rate that the terms decide (Table A2)
SUMS = {"P": ("TP", "FN", "TPR"), "N": ("FP", "TN", "FPR")}
# formulas that may stand behind a printed precision, on sums over all images
FORMULAS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "TP / (TP + FP), pooled": lambda c: c["TP"] / (c["TP"] + c["FP"]),
    "mean of the precision of defect and background": lambda c: (
        (c["TP"] / (c["TP"] + c["FP"]) + c["TN"] / (c["TN"] + c["FN"])) / 2
    ),
    "accuracy": lambda c: (c["TP"] + c["TN"]) / (c["P"] + c["N"]),
    "F1": lambda c: 2 * c["TP"] / (2 * c["TP"] + c["FP"] + c["FN"]),
    "IoU": lambda c: c["TP"] / (c["TP"] + c["FP"] + c["FN"]),
    "1 - FP / P": lambda c: 1 - c["FP"] / c["P"],
}


def corrected_counts() -> tuple[pd.DataFrame, list[Cell]]:
    """Table A1 with every sum made to add up, and the verdict on each of its cells."""
    counts = published.table("counts")
    rates = published.table("rates")
    right = counts.copy()
    cells = []
    for at, row in counts.iterrows():
        for total, (first, second, rate) in SUMS.items():
            usual = counts.loc[counts["defect"] == row["defect"], total].mode()[0]
            values = _solve(row, (total, first, second), usual, rates.loc[at, rate])
            for name, value in values.items():
                where = f"{row['model']}, {row['defect']}, {name}"
                rule = f"{total} = {first} + {second}"
                cells.append(compare("Table A1", where, rule, row[name], value))
                right.loc[at, name] = value
            if values[total] != values[first] + values[second]:
                where = f"{row['model']}, {row['defect']}, {total} = {first} + {second}"
                makes = values[first] + values[second]
                said = "several terms could be the wrong one"
                cells.append(compare("Table A1", where, rule, row[total], makes, reading=said))
    return right, cells + _totals(right)


def _solve(row: pd.Series, names: tuple[str, str, str], usual: int, rate: float) -> dict[str, int]:
    """The three terms of a sum; where it fails, with the one term replaced that is at fault."""
    total, first, second = names
    values = {name: int(row[name]) for name in names}
    if values[total] == values[first] + values[second] == usual:
        return values
    choices = [
        values | {total: values[first] + values[second]},
        values | {first: values[total] - values[second]},
        values | {second: values[total] - values[first]},
    ]
    positive = "TP" if "TP" in values else "FP"
    fitting = [
        v
        for v in choices
        if v[total] == usual and agrees(rate, v[positive] / v[total], decimals=DIGITS)
    ]
    return fitting[0] if len(fitting) == 1 else values


def _totals(counts: pd.DataFrame) -> list[Cell]:
    """Every row must cover the same pixels: P + N is the size of all validation regions."""
    usual = float((counts["P"] + counts["N"]).mode()[0])
    names = counts["model"] + ", " + counts["defect"]
    sums = (counts["P"] + counts["N"]).astype(float)
    rule = "the same pixels in every row"
    return [compare("Table A1", f"{n}, P + N", rule, s, usual) for n, s in zip(names, sums)]


def rate_cells(counts: pd.DataFrame) -> list[Cell]:
    """TPR, FPR and precision of Table A2 from counts in the columns of Table A1."""
    printed = published.table("rates")
    made = {
        "TPR": counts["TP"] / counts["P"],
        "FPR": counts["FP"] / counts["N"],
        "precision": counts["TP"] / (counts["TP"] + counts["FP"]),
    }
    hits = formula_hits(counts)
    none = "" if hits.max() else "fits none of the pooled formulas that were tried: another average"
    cells = []
    for rate, values in made.items():
        reading = none if rate == "precision" else ""
        for (_, row), value in zip(printed.iterrows(), values):
            where = f"{row['model']}, {row['defect']}, {rate}"
            rule = f"Table A1, pooled {rate}"
            cells.append(
                compare("Table A2", where, rule, row[rate], value, DIGITS, reading=reading)
            )
    return cells


def formula_hits(counts: pd.DataFrame) -> pd.Series:
    """How many of the printed precisions each of :data:`FORMULAS` gives."""
    printed = published.table("rates")["precision"]
    fits = {
        name: sum(agrees(p, v, decimals=DIGITS) for p, v in zip(printed, formula(counts)))
        for name, formula in FORMULAS.items()
    }
    return pd.Series(fits, name="cells that fit")


def mean_cells(counts: pd.DataFrame) -> list[Cell]:
    """The means of Table A2: from its own rows, and TPR and FPR from the counts as well."""
    rows, printed = published.table("rates"), published.table("means").set_index("model")
    exact = rows[["model"]].assign(TPR=counts["TP"] / counts["P"], FPR=counts["FP"] / counts["N"])
    cells = []
    for source, table, slack in (("its rows", rows, ULP / 2), ("Table A1", exact, 0.0)):
        for rate in [c for c in ("TPR", "FPR", "precision") if c in table]:
            means = table.groupby("model", sort=False)[rate].mean()
            for model, mean in means.items():
                value = printed.loc[model, f"mean_{rate}"]
                rule = f"mean of {source}"
                where = f"{model}, mean {rate}"
                cell = compare("Table A2", where, rule, value, mean, DIGITS, slack)
                cells.append(_read_mean(cell, rows, model, rate) if slack == 0 else cell)
    return cells


def _read_mean(cell: Cell, rows: pd.DataFrame, model: str, rate: str) -> Cell:
    """Whether a mean that differs was taken over rates that had been rounded."""
    rounded = rows.loc[rows["model"] == model, rate].mean()
    if cell.verdict == DIFFERS and agrees(cell.printed, rounded, decimals=DIGITS):
        return replace(cell, reading="mean of rates that were rounded before")
    return cell


def quoted_cells(counts: pd.DataFrame) -> list[Cell]:
    """The differences quoted in chapter 5: from the means of Table A2, and from Table A1."""
    printed = published.table("means").set_index("model")
    printed.columns = [c.removeprefix("mean_") for c in printed]
    exact = counts.assign(TPR=counts["TP"] / counts["P"], FPR=counts["FP"] / counts["N"])
    exact = exact.groupby("model", sort=False)[["TPR", "FPR"]].mean()
    text = published.table("text")
    quoted = text[text["kind"].isin(["difference", "percent"])]
    cells = []
    for source, means in (("the means of Table A2", printed), ("the counts of Table A1", exact)):
        for _, row in quoted[quoted["quantity"].isin(means)].iterrows():
            ours, base = (means.loc[row[k], row["quantity"]] for k in ("subject", "reference"))
            value = ours - base if row["kind"] == "difference" else 100 * (ours / base - 1)
            unit = " in %" if row["kind"] == "percent" else ""
            where = f"{row['subject']} against {row['reference']}, {row['quantity']}{unit}"
            cell = compare(row["place"], where, source, row["printed"], value, int(row["decimals"]))
            cells.append(_read_quote(cell, cells, where))
    return cells


def _read_quote(cell: Cell, earlier: list[Cell], where: str) -> Cell:
    """Whether a difference that the counts do not give comes out of the rounded means."""
    rounded = [c for c in earlier if c.cell == where]
    if cell.verdict == DIFFERS and rounded and rounded[0].verdict == AGREES:
        return replace(cell, reading="computed from means that were rounded before")
    return cell


def stability_cells() -> list[Cell]:
    """Every SD of Table 4.1 against the bound that section 4.1 states for all of them."""
    text = published.table("text")
    bound = text.loc[text["quantity"] == "bound of the SD", "printed"].item()
    cells = []
    for _, row in published.table("stability").iterrows():
        for column in [c for c in row.index if c.endswith("_sd")]:
            test, rate, _ = column.split("_")
            where = f"{row['model']}, {SPELLED[test]} {SPELLED.get(rate, rate)}"
            below = row[column] < bound
            verdict, should = (AGREES, "") if below else (DIFFERS, f"below {bound:g}")
            said = str(row[f"{test}_passed"]).removeprefix("yes").strip(" ()")
            rule = f"section 4.1: every SD is below {bound:g}"
            reading = "" if below else said
            cells.append(
                Cell("Table 4.1", where, rule, row[column], np.nan, verdict, should, reading)
            )
    return cells
