"""What was found, at one glance: thresholds against knowledge, and claims over studies."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from foilseg.style import INK, PALE, done, house_style
from foilseg.verdicts import FAILS, HOLDS, OPEN, Verdict

_MARKS = {HOLDS: ("o", INK), FAILS: ("o", "white"), OPEN: (".", PALE)}


def matched(table: pd.DataFrame) -> Figure:
    """Mean TPR at the models' own thresholds (open) and at one FPR for all (filled).

    ``table`` : of :func:`foilseg.changes.matched`; the best at the common FPR comes first.
    """
    table = table.sort_values("common FPR", ascending=False).reset_index(drop=True)
    with house_style():
        figure, axes = plt.subplots(figsize=(7, 0.32 * len(table) + 1.3))
        rows = range(len(table))
        axes.hlines(rows, table["own threshold"], table["common FPR"], color=PALE, lw=1, zorder=1)
        kinds = (("own threshold", "white"), ("common FPR", INK))
        for name, colour in kinds:
            axes.plot(table[name], rows, "o", mfc=colour, mec=INK, ms=8, label=f"at the {name}")
        axes.set_yticks(rows, table["model"])
        axes.set(xlabel="mean TPR", xlim=(min(0.5, table["own threshold"].min() - 0.02), 1))
        axes.invert_yaxis()
        figure.legend(loc="outside upper center", ncols=2)
        return done(figure)


def claim_grid(judged: Mapping[str, Mapping[str, Verdict]]) -> Figure:
    """A column a claim and a row a study: filled, it holds; open, it does not; a dot, undecided."""
    numbers = list(next(iter(judged.values())))
    with house_style():
        figure, axes = plt.subplots(figsize=(9, 0.42 * len(judged) + 1.2))
        for kind, (marker, colour) in _MARKS.items():
            places = [
                (x, y)
                for y, each in enumerate(judged.values())
                for x, number in enumerate(numbers)
                if each[number].verdict == kind
            ]
            xs, ys = zip(*places) if places else ((), ())
            size = 11 if marker == "o" else 6
            edge = INK if marker == "o" else PALE
            axes.plot(xs, ys, marker, mfc=colour, mec=edge, ms=size, ls="none", label=kind)
        axes.set_xticks(range(len(numbers)), numbers, rotation=90)
        axes.set_yticks(range(len(judged)), list(judged))
        axes.set(xlim=(-0.7, len(numbers) - 0.3), ylim=(len(judged) - 0.5, -0.5))
        figure.legend(loc="outside upper center", ncols=3)
        return done(figure)
