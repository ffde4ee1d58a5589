"""A printed number beside what it should be: rounding, verdicts, and slips of the pen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

AGREES, DIFFERS, OPEN = "agrees", "differs", "cannot be recomputed"
EPSILON = 1e-9


@dataclass(frozen=True)
class Cell:
    """One printed number under check.

    Attributes
    ----------
    table, cell : where it is printed, and which one it is.
    rule : what it was recomputed from.
    printed, recomputed : both numbers; ``recomputed`` is NaN where it cannot be computed.
    verdict : :data:`AGREES`, :data:`DIFFERS` or :data:`OPEN`.
    should_be : the recomputed number with the digits of the printed one; "" where they agree.
    reading : what explains a difference, "" if nothing was found or needed.
    """

    table: str
    cell: str
    rule: str
    printed: float
    recomputed: float
    verdict: str
    should_be: str = ""
    reading: str = ""


def agrees(printed: float, low: float, high: float | None = None, decimals: int = 0) -> bool:
    """Whether a number in [``low``, ``high``] can be written as ``printed``.

    A number halfway between two last digits may be rounded to either. NaN never agrees.
    """
    half = 0.5 * 10.0**-decimals * (1 + 1e-6) + EPSILON * 10.0**-decimals
    high = low if high is None else high
    return bool(low - half <= printed <= high + half)


def compare(
    table: str,
    cell: str,
    rule: str,
    printed: float,
    recomputed: float,
    decimals: int = 0,
    slack: float = 0.0,
    reading: str = "",
) -> Cell:
    """A cell with its verdict.

    Parameters
    ----------
    decimals : digits after the point that are printed.
    slack : how far the recomputed number may be off because its inputs were rounded.
    reading : explanation to keep if the numbers differ; otherwise that of :func:`slip`.
    """
    if math.isnan(recomputed):
        return Cell(table, cell, rule, printed, recomputed, OPEN, "", reading)
    if agrees(printed, recomputed - slack, recomputed + slack, decimals):
        return Cell(table, cell, rule, printed, recomputed, AGREES)
    should = f"{recomputed:,.{decimals}f}"
    reading = reading or slip(f"{printed:.{decimals}f}", f"{recomputed:.{decimals}f}")
    return Cell(table, cell, rule, printed, recomputed, DIFFERS, should, reading)


def slip(printed: str, right: str) -> str:
    """What turns ``right`` into ``printed`` if it is one slip of the pen, else ""."""
    if len(printed) == len(right):
        wrong = [i for i, (a, b) in enumerate(zip(printed, right)) if a != b]
        if len(wrong) == 1:
            return f"one digit: {printed[wrong[0]]} for {right[wrong[0]]}"
        swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1
        if swapped and printed[wrong[0]] + printed[wrong[1]] == right[wrong[1]] + right[wrong[0]]:
            return "two digits swapped"
    for longer, shorter, said in ((right, printed, "missing"), (printed, right, "too many")):
        if len(longer) == len(shorter) + 1:
            lost = [c for i, c in enumerate(longer) if longer[:i] + longer[i + 1 :] == shorter]
            if lost:
                return f"one digit {said}: {lost[0]}"
    return ""


def as_table(cells: Iterable[Cell]) -> pd.DataFrame:
    """One row a cell, in the columns of :class:`Cell`; no cells give no rows."""
    return pd.DataFrame([asdict(c) for c in cells], columns=list(Cell.__dataclass_fields__))
