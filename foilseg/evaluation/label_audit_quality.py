"""How good an audit of the labels is, where the truth is known: its list, and its order.

A candidate is *right* if the truth has its defect in at least half of its pixels. What there is
to find are the objects of the truth of which the labels have less than a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import ndimage

from foilseg.data.components import components
from foilseg.data.dataset import Foil, LabelClass
from foilseg.evaluation.label_audit import OVERLAP, Audit

TRUE = 0.5  # share of a candidate that the truth has to confirm
AT = (10, 25, 50, 100)  # lengths of the head of a list that is reviewed
AGREEMENT, BOTH, CONFIDENCE = "agreement", "agreement and confidence", "confidence"
SIZE = "size"
# By what each order sorts, the largest first.
ORDERS = {
    AGREEMENT: ["agreement", "pixels"],
    BOTH: ["score", "pixels"],
    CONFIDENCE: ["confidence", "pixels"],
    SIZE: ["pixels"],
}
_JUDGED = ["candidates", "right", "precision", "missing", "found", "recall"]


def missed(foil: Foil, label: int, anything: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The objects of one class that the annotators missed.

    ``anything`` : an object that is annotated as another defect is not missed, either.

    Returns
    -------
    numbers : int32 (H, W), every object of the truth numbered from 1.
    chosen : int64 (n,), the numbers of those of which the labels have less than a tenth.
    """
    numbers, count = components(foil.truth == label)
    every = np.arange(1, count + 1)
    marked = foil.mask > 0 if anything else foil.mask == label
    labelled = ndimage.mean(marked, numbers, every) if count else np.zeros(0)
    return numbers, every[labelled < OVERLAP]


def confirmed(found: Audit, foils: Sequence[Foil], classes: Sequence[LabelClass]) -> np.ndarray:
    """Whether each candidate, in the order of the table, is right: bool (n,).

    Raises
    ------
    ValueError
        If a foil has no truth.
    """
    index = {c.name: c.index for c in classes}
    right = np.zeros(len(found.table), bool)
    for foil in foils:
        if foil.truth is None:
            raise ValueError(f"{foil.name}: has no truth to judge candidates by")
        for defect, rows in found.table[found.table["foil"] == foil.name].groupby("defect"):
            each = rows["object"].to_numpy(int)
            share = ndimage.mean(foil.truth == index[defect], found.numbers[foil.name], each)
            right[rows.index.to_numpy()] = share >= TRUE
    return right


def judged(found: Audit, foils: Sequence[Foil], classes: Sequence[LabelClass]) -> pd.DataFrame:
    """Precision and recall of an audit against the truth, by class.

    A missed object is found if right candidates of its defect cover at least a tenth of it.

    Columns
    -------
    defect, candidates, right, precision, missing, found, recall; a share of nothing is NaN. Data
    without a truth give no rows.
    """
    if any(foil.truth is None for foil in foils):
        return pd.DataFrame(columns=["defect", *_JUDGED])
    right = confirmed(found, foils, classes)
    rows = []
    for c in (c for c in classes if c.index):
        own = (found.table["defect"] == c.name).to_numpy()
        reached = np.sum([_found(found, right & own, foil, c.index) for foil in foils], axis=0)
        listed, good, (missing, hit) = int(own.sum()), int((right & own).sum()), reached.tolist()
        shares = good / listed if listed else np.nan, hit / missing if missing else np.nan
        values = (listed, good, shares[0], missing, hit, shares[1])
        rows.append({"defect": c.name, **dict(zip(_JUDGED, values))})
    return pd.DataFrame(rows)


def _found(found: Audit, right: np.ndarray, foil: Foil, label: int) -> np.ndarray:
    """Objects missed by the annotators, and those of them that right candidates cover."""
    rows = found.table[right & (found.table["foil"] == foil.name).to_numpy()]
    numbers, chosen = missed(foil, label)
    hits = np.isin(found.numbers[foil.name], rows["object"].to_numpy(int))
    covered = ndimage.mean(hits, numbers, chosen) if len(chosen) else np.zeros(0)
    return np.array([len(chosen), int((covered >= OVERLAP).sum())])


def note(found: Audit, table: pd.DataFrame) -> str:
    """One sentence that reads :func:`judged`."""
    if table.empty:
        return "These data have no truth, so the list has to be reviewed by eye."
    listed, right = int(table["candidates"].sum()), int(table["right"].sum())
    missing, hit = int(table["missing"].sum()), int(table["found"].sum())
    return (
        f"The truth confirms {right:,} of the {listed:,} candidates, and they find {hit:,} of the "
        f"{missing:,} objects that the annotators missed."
    )


def average_precision(right: np.ndarray) -> float:
    """Mean, over the right entries of a list, of the precision down to each; NaN without any."""
    right = np.asarray(right, bool)
    if not right.any():
        return float("nan")
    return float((np.cumsum(right) / np.arange(1, len(right) + 1))[right].mean())


def orders(
    found: Audit,
    foils: Sequence[Foil],
    classes: Sequence[LabelClass],
    at: Sequence[int] = AT,
) -> pd.DataFrame:
    """How often a reviewer who begins at the top is right, for each order of the same list.

    Columns
    -------
    order (by agreement; by agreement and confidence; by confidence; by size), "first 10" and so
    on: the share of right ones among the first candidates, for the numbers of ``at`` that the
    list has; "all", which no order changes; and "average precision". Equal values are ordered by
    size. Orders by an unknown confidence are left out. Data without a truth, and an empty list,
    give no rows.
    """
    heads = [k for k in at if k < len(found.table)]
    columns = ["order", *(f"first {k}" for k in heads), "all", "average precision"]
    if found.table.empty or any(foil.truth is None for foil in foils):
        return pd.DataFrame(columns=columns)
    table = found.table.assign(right=confirmed(found, foils, classes))
    known = table["confidence"].notna().all()
    rows = []
    for order, by in ORDERS.items():
        if not known and order in (BOTH, CONFIDENCE):
            continue
        keys = [*by, "foil", "object"]
        ascending = [False] * len(by) + [True, True]
        right = table.sort_values(keys, ascending=ascending)["right"].to_numpy()
        shares = [right[:k].mean() for k in heads]
        rows.append((order, *shares, right.mean(), average_precision(right)))
    return pd.DataFrame(rows, columns=columns)


def order_note(table: pd.DataFrame) -> str:
    """One sentence that reads :func:`orders`: what confidence adds to agreement."""
    each = table.set_index("order")["average precision"]
    if not {AGREEMENT, BOTH} <= set(each.index):
        return "What confidence adds cannot be measured here: it needs a truth and the confidence."
    alone, both = each[AGREEMENT], each[BOTH]
    if np.isnan(both):
        return "No candidate is right, so no order is better than another."
    word = "raises" if both > alone else "lowers" if both < alone else "does not change"
    way = f"from {alone:.3f} to {both:.3f}" if both != alone else f"({both:.3f})"
    return f"Confidence {word} the average precision of the list {way}."
