"""Models in the plane of detections and false alarms, each in the look of its remedy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from foilseg.data import escape
from foilseg.drawing.names import MARK, laid_out, named
from foilseg.drawing.style import (
    INK,
    PALE,
    PAPER,
    QUIET,
    REMEDY_COLOURS,
    done,
    edge,
    house_style,
    look,
    note,
    outside_legend,
)

MILLION = 1e6
WIDER = 1.5  # times its usual width is a mark on which another one lies
APART = {"mec": PAPER, "mew": 0.4}  # parts marks that lie on each other
PUBLISHED = "published"  # the one thing that is hollow
FALSELY = "false alarms per million pixels"


def dial(curve: pd.DataFrame, points: pd.DataFrame, printed: pd.DataFrame | None = None) -> Figure:
    """Mean TPR over mean FPR: one network at every setting of the dial, and the models.

    Parameters
    ----------
    curve : tau, TPR, FPR, as :attr:`foilseg.analysis.thresholds.Moved.curve`.
    points : model, TPR, FPR; filled.
    printed : the same as published, hollow, in a panel of their own beside the same curve.
    """
    if curve.empty:
        return note("A class is never shown, so there is no prior to turn.")
    tables = [points] if printed is None else [points, printed]
    drawn = []
    with house_style():
        size = (5.2 * len(tables), 4.8)
        figure, axes = plt.subplots(1, len(tables), figsize=size, sharey=True, squeeze=False)
        for place, table in zip(axes[0], tables):
            hollow = table is not points
            drawn.append(walk(place, curve, table, hollow=hollow))
            place.set(ylim=(_floor(curve, *tables), 1))
            if len(tables) > 1:
                place.set_title("published" if hollow else "this study", loc="left")
        for place in axes[0, 1:]:
            place.set_ylabel("")
        handles = legend(points["model"])
        outside_legend(figure, handles)
        laid_out(figure)
        for place, table, marked in zip(axes[0], tables, drawn):
            stand_out(place, marked)
            named(place, places_of(table), table["model"])
        return done(figure)


def _floor(*tables: pd.DataFrame) -> float:
    """A tenth below which no mark lies, at most 0.2."""
    least = min(table["TPR"].min() for table in tables)
    return min(0.2, max(0.0, np.floor(10 * least) / 10))


def walk(
    axes: Axes, curve: pd.DataFrame, points: pd.DataFrame, *, hollow: bool = False
) -> list[Line2D]:
    """The curve of the dial with its settings, and the models' marks, which have no names yet.

    Returns the marks.
    """
    _settings(axes, curve)
    apart = {} if hollow else APART
    marked = marks(axes, places_of(points), points["model"], hollow=hollow, **apart)
    floor = _floor(curve, points)
    axes.set(xscale="log", xlabel=f"mean {FALSELY}", ylabel="mean TPR", ylim=(floor, 1))
    return marked


def stand_out(axes: Axes, marked: Sequence[Line2D]) -> None:
    """Make marks wider on which a later one lies, so that they are seen around it.

    The figure has its final layout (:func:`foilseg.drawing.names.laid_out`).
    """
    places = np.concatenate([line.get_xydata() for line in marked] or [np.empty((0, 2))])
    points = axes.transData.transform(places) * 72 / axes.figure.dpi
    for line, below in zip(marked, hidden(points, MARK / 2)):
        line.set_markersize(WIDER * MARK if below else line.get_markersize())


def hidden(places: np.ndarray, reach: float) -> np.ndarray:
    """Of places (N, 2) those that a later one lies on, within ``reach``: bool (N,)."""
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    return np.triu(apart <= reach, 1).any(axis=1)


def _settings(axes: Axes, curve: pd.DataFrame) -> None:
    across = MILLION * curve["FPR"]
    axes.plot(across, curve["TPR"], c=PALE, lw=3, solid_capstyle="round", zorder=1)
    told = curve["tau"] % 0.5 == 0
    for rows, size in ((curve[~told], 3), (curve[told], 6)):
        axes.plot(MILLION * rows["FPR"], rows["TPR"], "o", c=PALE, ms=size, zorder=1)
    falling = np.gradient(curve["TPR"]) < 0 if len(curve) > 1 else np.zeros(len(curve), bool)
    for row in curve.assign(falling=falling)[told].itertuples():
        by, side = ((-3, -14), "right") if row.falling else ((5, -11), "left")  # inside the bend
        beside = {"textcoords": "offset points", "color": INK, "fontsize": 10, "ha": side}
        place = MILLION * row.FPR, row.TPR
        axes.annotate(f"{row.tau:g}", place, by, path_effects=edge(), **beside)


def marks(
    axes: Axes, places: np.ndarray, models: Iterable[str], *, hollow: bool = False, **more
) -> list[Line2D]:
    """A mark for every model, in its look: filled, or hollow where it is published.

    ``places`` : float (N, 2) in the data's units; NaN has no mark.
    """
    drawn = []
    for (x, y), model in zip(places, map(str, models), strict=True):
        if not np.isfinite((x, y)).all():
            continue
        style = look(model)
        fill = PAPER if hollow else style.colour
        whole = {"mfc": fill, "mec": style.colour, "ms": MARK} | more
        drawn += axes.plot(x, y, style.mark, **whole)
    return drawn


OTHERS, COMMON = "other models", "common rate"


def lines(
    axes: Axes, table: pd.DataFrame, x: str, y: str, highlighted: Collection[str] = (), **style
) -> None:
    """A line for every model (column ``model``), in its look, with an entry for a legend.

    If some models are ``highlighted``, the others are grey, behind them, and share an entry.
    """
    label = OTHERS
    for model, part in table.groupby(table["model"].astype(str), sort=False):
        own = look(model)
        if not highlighted or model in highlighted:
            name = escape.legend(model)
            axes.plot(part[x], part[y], c=own.colour, ls=own.line, label=name, **style)
        else:
            axes.plot(part[x], part[y], c=PALE, lw=0.7, label=label, zorder=1.5)
            label = "_nolegend_"


def line_legend(figure: Figure, axes: Axes) -> None:
    """The entries of :func:`lines` above the panels; none if there is no line."""
    handles, names = axes.get_legend_handles_labels()
    order = sorted(range(len(names)), key=lambda n: names[n] == OTHERS)  # they come last
    if handles:
        across = 2 if len(names) <= 6 else 3
        outside_legend(figure, [handles[n] for n in order], across, handlelength=1.8)


def places_of(table: pd.DataFrame) -> np.ndarray:
    return np.stack([MILLION * table["FPR"], table["TPR"]], axis=1)


def legend(models: Iterable[str], sources: Sequence[str] = ()) -> list[Line2D]:
    """One entry a remedy of some models, in its colour; and what the marks of two sources are."""
    kinds = {look(str(model)).remedy for model in models}
    mark = partial(Line2D, [], [], ls="", marker="o")
    found = [mark(color=c, label=kind) for kind, c in REMEDY_COLOURS.items() if kind in kinds]
    for name, style in zip(sources, ({}, second(*sources[1:]))):
        grey = {"mec": QUIET, "mfc": QUIET}  # of no remedy
        found.append(mark(**grey | style, label=escape.legend(name)))
    return found


def second(name: str = PUBLISHED) -> dict:
    """How the marks of a second source are drawn: hollow if it is published, else faint."""
    return {"mfc": PAPER} if name == PUBLISHED else {"alpha": 0.5, "ms": 5}


def froc(
    curves: pd.DataFrame,
    defects: Sequence[str],
    unit: str,
    highlighted: Collection[str] = (),
    rates: Mapping[str, float] | None = None,
) -> Figure:
    """Share of the objects that are found over the false ones in an area; a panel a defect.

    ``curves`` : model, defect, edge, recall, false; the false ones on a logarithmic axis, drawn as
    :func:`_drawn` says. ``highlighted`` : as of :func:`lines`; ``rates`` : of a defect -> false
    objects at which a vertical line stands.
    """
    keys = ["model", "defect"]
    parts = [_drawn(part) for _, part in curves.groupby(keys, sort=False, observed=True)]
    with house_style():
        rows = -(-len(defects) // 2)  # two panels side by side are in sight on a telephone
        size = (5.4, 2.5 * rows + 1.2)
        figure, axes = plt.subplots(rows, 2, figsize=size, sharey=True, squeeze=False)
        for place in axes.flat[len(defects) :]:
            place.set_axis_off()
        for place, defect in zip(axes.flat, defects):
            own = pd.concat([p for p in parts if p["defect"].iloc[0] == defect] or [curves[:0]])
            lines(place, own, "false", "recall", highlighted)
            place.set(xscale="log", ylim=(0, 1), title=escape.lines(defect))
            if (rates or {}).get(defect, 0) > 0:
                place.axvline(rates[defect], c=INK, lw=0.8, zorder=1, label=COMMON)
        figure.supylabel("share of the objects found", fontsize=12)
        figure.supxlabel(f"false objects per {unit}", fontsize=12)
        line_legend(figure, axes[0, 0])
        return done(figure)


def _drawn(curve: pd.DataFrame) -> pd.DataFrame:
    """One FROC curve from its loosest threshold on, NaN in ``false`` where none is drawn.

    A threshold without a false object has no place on a logarithmic axis. The loosest ones let
    reports flow together, so that there are fewer: from the most false objects on, none is drawn.
    """
    own = curve.sort_values("edge", kind="stable")
    false = own["false"].where(own["false"] > 0)
    if false.notna().any():
        false = false.where(own["edge"] >= own.loc[false.idxmax(), "edge"])
    return own.assign(false=false)


def spread(levels: np.ndarray, gap: float) -> np.ndarray:
    """Rising heights (N,) as moved little, so that neighbours are at least ``gap`` apart."""
    heights = np.asarray(levels, float).copy()
    for _ in range(len(heights) ** 2):
        close = np.flatnonzero(np.diff(heights) < gap - 1e-9)
        if not len(close):
            break
        for k in close:
            lack = (gap - (heights[k + 1] - heights[k])) / 2
            if lack > 0:
                heights[k] -= lack
                heights[k + 1] += lack
    return heights
