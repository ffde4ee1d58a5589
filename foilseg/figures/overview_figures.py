"""What was found, at one glance: thresholds against knowledge, and claims over studies."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from foilseg.claims.verdicts import FAILS, HOLDS, OPEN, Verdict
from foilseg.data import escape
from foilseg.figures.style import INK, MARKERS, PALE, done, house_style

_MARKS = {HOLDS: ("o", INK), FAILS: ("o", "white"), OPEN: (".", PALE)}


def matched(table: pd.DataFrame) -> Figure:
    """Mean TPR at the models' own thresholds (open) and at one FPR for all (filled).

    ``table`` : of :func:`foilseg.analysis.counterfactuals.matched`; the best at the common FPR
    comes first.
    """
    with house_style():
        figure, axes = plt.subplots(figsize=(7, 0.32 * len(table) + 1.3))
        _matched(axes, table)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
        return done(figure)


def _matched(axes: Axes, table: pd.DataFrame) -> None:
    table = table.sort_values("common FPR", ascending=False).reset_index(drop=True)
    rows = range(len(table))
    axes.hlines(rows, table["own threshold"], table["common FPR"], color=PALE, lw=1, zorder=1)
    for name, colour in (("own threshold", "white"), ("common FPR", INK)):
        axes.plot(table[name], rows, "o", mfc=colour, mec=INK, ms=7, label=f"at the {name}")
    axes.set_yticks(rows, table["model"])
    least = table[["own threshold", "common FPR"]].min().min()
    axes.set(xlabel="mean TPR", xlim=(min(0.5, least - 0.02), 1))
    axes.invert_yaxis()


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
            edge, size = (INK, 11) if marker == "o" else (PALE, 6)
            axes.plot(xs, ys, marker, mfc=colour, mec=edge, ms=size, ls="none", label=kind)
        axes.set_xticks(range(len(numbers)), numbers, rotation=90)
        axes.set_yticks(range(len(judged)), list(judged))
        axes.set(xlim=(-0.7, len(numbers) - 0.3), ylim=(len(judged) - 0.5, -0.5))
        figure.legend(loc="outside upper center", ncols=3)
        return done(figure)


def front(
    studies: Mapping[str, pd.DataFrame], level: pd.DataFrame, judged: Mapping[str, dict]
) -> Figure:
    """Three panels: mean rates of two studies, one false-alarm rate for all, claims that hold.

    Parameters
    ----------
    studies : name -> mean rates (:func:`foilseg.analysis.comparisons.means`) of two studies.
    level : of :func:`foilseg.analysis.counterfactuals.matched`.
    judged : study -> verdicts.
    """
    with house_style():
        figure, axes = plt.subplots(1, 3, figsize=(9, 3.9), width_ratios=(1, 1, 0.75))
        _rates(axes[0], studies)
        _matched(axes[1], level)
        axes[1].legend(loc="upper center", bbox_to_anchor=(0.4, -0.18), fontsize=10)
        _tally(axes[2], judged)
        for letter, place in zip("abc", axes):
            place.set_title(f"({letter})", loc="left", fontsize=11)
        return done(figure)


def _rates(axes: Axes, studies: Mapping[str, pd.DataFrame]) -> None:
    (name, here), (other, there) = studies.items()
    joined = here.merge(there, on="model", suffixes=("", "_there"))
    for marker, (_, row) in zip(MARKERS, joined.iterrows()):
        axes.plot([row["FPR"], row["FPR_there"]], [row["TPR"], row["TPR_there"]], c=PALE, lw=0.8)
        axes.plot(row["FPR"], row["TPR"], marker, c=INK, ms=7, label=escape.legend(name))
        style = {"mfc": "white", "mec": INK, "ms": 7, "label": escape.legend(other)}
        axes.plot(row["FPR_there"], row["TPR_there"], marker, **style)
    axes.set(xlabel="mean FPR", ylabel="mean TPR", ylim=(0, 1))
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[:2], labels[:2], loc="lower right", fontsize=10)


def _tally(axes: Axes, judged: Mapping[str, dict]) -> None:
    """How many claims hold, do not, and stay open in each study, as stacked bars."""
    names, left = list(judged), [0] * len(judged)
    for kind, colour in ((HOLDS, INK), (FAILS, "white"), (OPEN, PALE)):
        counts = [sum(v.verdict == kind for v in each.values()) for each in judged.values()]
        bars = axes.barh(
            range(len(names)), counts, left=left, color=colour, edgecolor=INK, label=kind
        )
        inside = "white" if colour == INK else INK
        axes.bar_label(bars, [n or "" for n in counts], label_type="center", color=inside)
        left = [a + b for a, b in zip(left, counts)]
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlabel="claims")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.18), ncols=1, fontsize=10)
