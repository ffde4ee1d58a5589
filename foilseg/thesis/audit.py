"""The audit of the thesis's printed numbers: every table recomputed from every other."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from foilseg.thesis import published, result_tables, training_tables
from foilseg.thesis.checks import AGREES, DIFFERS, as_table

VERDICTS = (AGREES, DIFFERS)


def printed_numbers() -> pd.DataFrame:
    """Every check of a printed number: one row a check, the columns of :class:`cells.Cell`.

    Nothing is known beforehand about what is wrong; the whole table follows from the printed
    digits in ``foilseg/data``.
    """
    counts, cells = result_tables.corrected_counts()
    cells += result_tables.rate_cells(counts) + result_tables.mean_cells(counts)
    cells += result_tables.quoted_cells(counts) + result_tables.stability_cells()
    cells += (
        training_tables.ratio_cells()
        + training_tables.total_cells()
        + training_tables.composition_cells()
    )
    cells += training_tables.weight_cells() + training_tables.binary_weight_cells()
    return as_table(cells).sort_values("table", kind="stable").reset_index(drop=True)


def differing(checks: pd.DataFrame) -> pd.DataFrame:
    """The checks that failed, those with the same fault in a whole column as one row.

    A column of Table A2 of which no cell agrees is one finding, not 52. The most telling stand
    first: those of most cells, then those whose printed number is most times too large or too
    small; without a recomputed number, last.
    """
    bad = checks[checks["verdict"] == DIFFERS].copy()
    kind = checks["cell"].str.rsplit(", ", n=1).str[-1]
    whole = checks.groupby([checks["table"], checks["rule"], kind])["verdict"].agg(set)
    rows, cells = [], []
    for (table, rule, name), group in bad.groupby(["table", "rule", kind], sort=False):
        if len(group) > 2 and whole[(table, rule, name)] == {DIFFERS}:
            row = group.iloc[0].to_dict()
            row["cell"] = f"{name}, all {len(group)} cells (first: {row['cell']})"
            rows.append(row)
            cells.append(len(group))
        else:
            rows += group.to_dict("records")
            cells += [1] * len(group)
    found = pd.DataFrame(rows, columns=checks.columns)
    times = np.log(found["printed"].astype(float) / found["recomputed"].astype(float)).abs()
    order = pd.DataFrame({"cells": cells, "times": times}, index=found.index)
    order = order.sort_values(["cells", "times"], ascending=False, kind="stable")
    return found.loc[order.index].reset_index(drop=True)


_PLACE = re.compile(r"(?<!thesis )\b(Tables?|Figs?\.|Eqs?\.|[Ss]ections?|chapters?)(?= [\dA])")


def told(table: pd.DataFrame | str) -> pd.DataFrame | str:
    """A table or text in which places of the thesis are told from those of the book.

    "Table 3.2" of a table's words and rows becomes "thesis Table 3.2", "section 4.1" becomes
    "thesis Section 4.1".
    """
    if isinstance(table, str):
        return _PLACE.sub(lambda found: f"thesis {found[1].replace('section', 'Section')}", table)
    return table.map(lambda value: told(value) if isinstance(value, str) else value)


def summary(checks: pd.DataFrame) -> pd.DataFrame:
    """Per table: checks, how many agree and how many differ."""
    counts = pd.crosstab(checks["table"], checks["verdict"]).reindex(columns=VERDICTS, fill_value=0)
    counts.insert(0, "checks", counts.sum(axis=1))
    return counts.rename_axis(columns=None).reset_index()


def precision_averages() -> pd.DataFrame:
    """Mean precision per model, as printed and pooled from Table A1, with both ranks (1 = best).

    ``against baseline`` says on which side of the baseline the model lies in each.
    """
    counts, _ = result_tables.corrected_counts()
    pooled = (counts["TP"] / (counts["TP"] + counts["FP"])).groupby(counts["model"], sort=False)
    means = published.table("means").set_index("model")["mean_precision"]
    table = pd.DataFrame({"printed": means, "pooled": pooled.mean()})
    for name in ("printed", "pooled"):
        table[f"rank {name}"] = table[name].rank(ascending=False).astype(int)
        above = table[name] > table.loc["Baseline", name]
        table[f"above baseline, {name}"] = above.map({True: "yes", False: "no"})
    table.loc["Baseline", [c for c in table if c.startswith("above")]] = ""
    return table.rename_axis("model").reset_index()


def rank_agreement(table: pd.DataFrame) -> float:
    """Spearman's correlation of the two ranks of :func:`precision_averages`."""
    return float(spearmanr(table["printed"], table["pooled"]).statistic)


def fault_count(checks: pd.DataFrame) -> str:
    """One sentence: how many checks, how many fail, in how many tables."""
    bad = checks[checks["verdict"] == DIFFERS]
    if bad.empty:
        return f"Of {len(checks):,} checks none fails."
    kinds: dict[str, list[str]] = {}
    for place in dict.fromkeys(bad["table"]):
        kind, _, number = place.rpartition(" ")
        kinds.setdefault(kind, []).append(number)
    said = (f"{kind}s {all_of(n)}" if len(n) > 1 else f"{kind} {n[0]}" for kind, n in kinds.items())
    return f"Of {len(checks):,} checks {len(bad):,} fail. They lie in {', and in '.join(said)}."


def all_of(names: list[str]) -> str:
    """Names in words, at least one: "3.2", "3.2 and 3.5", "3.2, 3.5 and A1"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
