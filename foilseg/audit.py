"""The audit of the thesis's printed numbers: every table recomputed from every other."""

from __future__ import annotations

import pandas as pd
from scipy.stats import spearmanr

from foilseg import metrics, published, recount, reweigh
from foilseg.cells import AGREES, DIFFERS, as_table

VERDICTS = (AGREES, DIFFERS)


def printed_numbers() -> pd.DataFrame:
    """Every check of a printed number: one row a check, the columns of :class:`cells.Cell`.

    Nothing is known beforehand about what is wrong; the whole table follows from the printed
    digits in ``foilseg/data``.
    """
    counts, cells = recount.corrected_counts()
    cells += recount.rate_cells(counts) + recount.mean_cells(counts)
    cells += recount.quoted_cells(counts) + recount.stability_cells()
    cells += reweigh.ratio_cells() + reweigh.total_cells() + reweigh.composition_cells()
    cells += reweigh.weight_cells() + reweigh.binary_weight_cells()
    return as_table(cells).sort_values("table", kind="stable").reset_index(drop=True)


def differing(checks: pd.DataFrame) -> pd.DataFrame:
    """The checks that failed, those with the same fault in a whole column as one row.

    A column of Table A2 of which no cell agrees is one finding, not 52.
    """
    bad = checks[checks["verdict"] == DIFFERS].copy()
    kind = checks["cell"].str.rsplit(", ", n=1).str[-1]
    whole = checks.groupby([checks["table"], checks["rule"], kind])["verdict"].agg(set)
    rows = []
    for (table, rule, name), group in bad.groupby(["table", "rule", kind], sort=False):
        if len(group) > 2 and whole[(table, rule, name)] == {DIFFERS}:
            row = group.iloc[0].to_dict()
            row["cell"] = f"{name}, all {len(group)} cells (first: {row['cell']})"
            rows.append(row)
        else:
            rows += group.to_dict("records")
    return pd.DataFrame(rows, columns=checks.columns)


def summary(checks: pd.DataFrame) -> pd.DataFrame:
    """Per table: checks, how many agree and how many differ."""
    counts = pd.crosstab(checks["table"], checks["verdict"]).reindex(columns=VERDICTS, fill_value=0)
    counts.insert(0, "checks", counts.sum(axis=1))
    return counts.rename_axis(columns=None).reset_index()


def precision_averages() -> pd.DataFrame:
    """Mean precision per model, as printed and pooled from Table A1, with both ranks (1 = best).

    ``against baseline`` says on which side of the baseline the model lies in each.
    """
    counts, _ = recount.corrected_counts()
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


def always_negative(positive_share: float = 0.01) -> pd.DataFrame:
    """Scores of a model that never reports anything, for both classes (section 2.3).

    The section says that such a model has a high F-score although it is useless.

    ``positive_share`` : share of the samples that are positive, in (0, 1).
    """
    positive = round(1e6 * positive_share)
    negative = 1_000_000 - positive
    rows = [("positive", 0, 0, positive, negative), ("negative", negative, positive, 0, 0)]
    counts = pd.DataFrame(rows, columns=["class", *metrics.COUNTS])
    table = metrics.rates(counts, ["TPR", "precision", "F1"])
    table["accuracy"] = (counts["tp"] + counts["tn"]) / 1_000_000
    return table.drop(columns=list(metrics.COUNTS))


def fault_count(checks: pd.DataFrame) -> str:
    """One sentence: how many checks, how many fail, in how many tables."""
    bad = checks[checks["verdict"] == DIFFERS]
    places = ", ".join(dict.fromkeys(bad["table"])) or "none"
    return f"Of {len(checks):,} checks {len(bad):,} fail. They lie in: {places}."
