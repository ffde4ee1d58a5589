"""Objects found and falsely reported at every threshold of a ladder: what an FROC curve is made of.

The tables come from :mod:`foilseg.evaluation.object_scores`, where each object of the reference
is stored with the last bin at whose edge it is still found, and each reported object with how
near it comes to the reference. A :class:`Rule` says what counts. An FROC curve sets the share of
the objects that are found against the false ones in an area.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from foilseg.evaluation.metrics import COUNTS
from foilseg.evaluation.object_scores import COVERS, JOINED, LADDER, REACHES, column

SQUARE_METRE, MEGAPIXEL = "square metre", "megapixel"
KEYS = ["foil", "defect", "edge"]
NUMBERS = ["objects", "hit", "false", "merged", "split"]


def area(pixels: int, micrometres: float | None) -> tuple[float, str]:
    """An area and its unit: square metres where the edge of a pixel is known, else megapixels."""
    if micrometres:
        return pixels * (micrometres * 1e-6) ** 2, SQUARE_METRE
    return pixels / 1e6, MEGAPIXEL


@dataclass(frozen=True)
class Rule:
    """When an object is found, and when a report is false.

    Attributes
    ----------
    reach : pixels by which an object of the reference is widened, one of
        :data:`foilseg.evaluation.object_scores.REACHES`. A report is false if it touches none of
        the widened ones.
    cover : share of an object's own pixels that a report has to cover, one of ``COVERS``; 0 is a
        single pixel.
    smallest : pixels below which neither an object nor a report counts.

    Raises
    ------
    ValueError
        If reach or cover is none of those that are stored, or ``smallest`` is below 1.
    """

    reach: int = 2
    cover: float = 0.1
    smallest: int = 1

    def __post_init__(self):
        for name, value, choices in (
            ("reach", self.reach, REACHES),
            ("cover", self.cover, COVERS),
        ):
            if value not in choices:
                raise ValueError(f"{name}: {value} is not one of {', '.join(map(str, choices))}")
        if self.smallest < 1:
            raise ValueError(f"smallest: {self.smallest} pixels; use 1 or more")

    @property
    def column(self) -> str:
        """Of the table of objects found."""
        return column(self.cover, self.reach)


def counts(
    found: pd.DataFrame,
    reported: pd.DataFrame,
    rule: Rule,
    foils: Sequence[str],
    defects: Sequence[str],
    against: str = "label",
) -> pd.DataFrame:
    """Objects and reports of every picture, defect and edge: a row each, with zeros for none.

    Parameters
    ----------
    found, reported : the tables of a model's networks
        (:mod:`foilseg.measured.object_tables`), one below the other.
    foils, defects : those that are to have a row.
    against : the reference, ``"label"`` or ``"truth"``.

    Returns
    -------
    foil, defect, edge (of :data:`foilseg.evaluation.object_scores.LADDER`), objects (of the
    reference), hit (of these), false (reports), merged (reports that touch two objects or more),
    split (reports beyond the first on an object); int64.

    Raises
    ------
    ValueError
        If a table holds a picture or a defect that is not named.
    """
    own = found[(found["against"] == against) & (found["pixels"] >= rule.smallest)]
    said = reported[reported["pixels"] >= rule.smallest]
    shape = (len(foils) * len(defects), len(LADDER))
    at, there = places(own, foils, defects), places(said, foils, defects)

    def reached(name: str) -> np.ndarray:
        """Objects that are found at every edge by a column of last bins."""
        bins = own[name].to_numpy()
        each = [np.bincount(at[bins >= edge], minlength=shape[0]) for edge in LADDER]
        return np.stack(each, axis=1)

    edges = np.searchsorted(LADDER, said["edge"].to_numpy())

    def summed(numbers: pd.Series) -> np.ndarray:
        """Sums over the reports at every edge."""
        flat = there * len(LADDER) + edges
        return np.bincount(flat, numbers.to_numpy(float), shape[0] * shape[1]).reshape(shape)

    joined, times = said[f"objects {against}"], said["times"]
    each = {
        "objects": np.repeat(np.bincount(at, minlength=shape[0])[:, None], shape[1], axis=1),
        "hit": reached(rule.column),
        "false": summed(times * (said[f"reach {against}"] > rule.reach)),
        "merged": summed(times * (joined > 1)),
        "split": np.maximum(summed(times * joined) - reached(column(0, JOINED)), 0),
    }
    index = pd.MultiIndex.from_product([foils, defects, LADDER], names=KEYS)
    table = pd.DataFrame({name: numbers.ravel() for name, numbers in each.items()}, index=index)
    return table.astype(np.int64).reset_index()


def places(table: pd.DataFrame, foils: Sequence[str], defects: Sequence[str]) -> np.ndarray:
    """Which pair of picture and defect every row belongs to: int (rows,).

    Raises
    ------
    ValueError
        If a row is of a picture or a defect that is not named.
    """
    pairs = [
        pd.Categorical(table[k].astype(str), c).codes
        for k, c in (("foil", foils), ("defect", defects))
    ]
    if any((codes < 0).any() for codes in pairs):
        raise ValueError("found, reported: hold a picture or a defect that is none of those named")
    return pairs[0].astype(np.int64) * len(defects) + pairs[1]


def froc(table: pd.DataFrame, area: float) -> pd.DataFrame:
    """The curve of some pictures, from the highest threshold to the lowest, defect by defect.

    Parameters
    ----------
    table : of :func:`counts`.
    area : of all its pictures together, in the unit in which false objects are told.

    Returns
    -------
    defect, edge, recall (NaN without an object), false (per unit of area).
    """
    sums = table.groupby(["defect", "edge"], sort=False)[["objects", "hit", "false"]].sum()
    sums = sums.reset_index().sort_values("edge", ascending=False, kind="stable")
    recall = sums["hit"] / sums["objects"].where(sums["objects"] > 0)
    return sums.assign(recall=recall, false=sums["false"] / area)[
        ["defect", "edge", "recall", "false"]
    ].reset_index(drop=True)


def place_of_rate(curve: pd.DataFrame, rate: float) -> float:
    """Where on the ladder one defect's curve has this rate of false objects.

    A place is a number from 0 (the highest edge) to ``len(LADDER) - 1``; between two whole ones
    it stands for a mixture of both thresholds in that proportion. At lower thresholds blobs grow
    together, so the number of false ones may fall again: the first place from above counts. It
    is -1 if already the highest edge has more, and a part of that for a mixture with reporting
    nothing.
    """
    ordered = curve.sort_values("edge", ascending=False, kind="stable")
    false = np.concatenate([[0.0], ordered["false"].to_numpy(float)])
    above = np.flatnonzero(false > rate)
    if not len(above):
        return float(len(false) - 2)
    k = int(above[0])
    return k - 2 + float((rate - false[k - 1]) / (false[k] - false[k - 1]))


def at_place(table: pd.DataFrame, defect: str, place: float) -> pd.DataFrame:
    """Counts of one defect at a place: foil, and tp, fn (objects found and missed) and fp (false).

    ``tn`` is 0: there is no object that is rightly not reported.
    """
    own = table[table["defect"] == defect]
    edges = sorted(LADDER, reverse=True)
    below = int(np.floor(place))
    part = place - below
    mixed = (1 - part) * _at(own, edges, below) + part * _at(own, edges, below + 1)
    missed = mixed["objects"] - mixed["hit"]
    rows = {"tp": mixed["hit"], "fp": mixed["false"], "fn": missed, "tn": 0.0 * missed}
    return pd.DataFrame(rows)[list(COUNTS)].rename_axis("foil").reset_index()


def _at(own: pd.DataFrame, edges: Sequence[int], k: int) -> pd.DataFrame:
    """Objects, hit and false at an edge by its place; beyond the highest nothing is reported."""
    edge = edges[min(max(k, 0), len(edges) - 1)]
    found = own[own["edge"] == edge].set_index("foil")[["objects", "hit", "false"]].astype(float)
    return found.assign(hit=0.0, false=0.0) if k < 0 else found


def by_size(
    found: pd.DataFrame, rule: Rule, edge: int, sizes: Sequence[int], against: str = "label"
) -> pd.DataFrame:
    """Recall of objects by their size: defect, from, objects, recall.

    ``sizes`` : pixels from which a group begins, rising; the last one has no end.
    """
    own = found[(found["against"] == against) & (found["pixels"] >= max(rule.smallest, sizes[0]))]
    group = pd.cut(own["pixels"], [*sizes, np.inf], right=False, labels=list(sizes))
    hit = (own[rule.column] >= edge).groupby([own["defect"], group], observed=False)
    table = hit.agg(["size", "mean"]).rename(columns={"size": "objects", "mean": "recall"})
    return table.rename_axis(["defect", "from"]).reset_index()


def mean_recall(curve: pd.DataFrame, rates: Iterable[float]) -> float:
    """The mean of one defect's recall at some rates of false objects, as on the curve."""
    ordered = curve.sort_values("edge", ascending=False, kind="stable")
    recall = np.concatenate([[0.0], ordered["recall"].to_numpy(float), [np.nan]])
    found = []
    for rate in rates:
        place = place_of_rate(curve, rate) + 1
        below, part = int(place), place - int(place)
        mixed = recall[below] if not part else (1 - part) * recall[below] + part * recall[below + 1]
        found.append(mixed)
    return float(np.mean(found))


def grid(rules: Sequence[int] = REACHES, covers: Sequence[float] = COVERS[1:]) -> list[Rule]:
    """Every rule that is stored, for a table of how much hangs on the choice."""
    return [Rule(reach, cover) for reach, cover in product(rules, covers)]
