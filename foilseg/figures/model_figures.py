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
from matplotlib.text import Annotation, Text

from foilseg.data import escape
from foilseg.figures.style import INK, PALE, PAPER, REMEDY_COLOURS, done, house_style, look, note

MILLION = 1e6
PUBLISHED = "published"  # the one thing that is hollow
FALSELY = "false alarms per million pixels"
MARK = 7  # points, how wide a mark is
DISTANCES = (7, 18, 28, 40, 54)  # points from a mark at which its name may stand
FAR = 12  # points from which on a thin line leads from the mark to its name
SIDES = {-1: ("right", "top"), 0: ("center", "center"), 1: ("left", "bottom")}
# What a place costs: to stand outside, on a mark or name, under or with one's own line across a
# name or mark, on a line, or nearer to another mark; a point of distance costs 1.
OUTSIDE, COVERED, LED, CROSSED, NEARER = 1000, 120, 80, 40, 24
ROOM = np.array([3, 1.5])  # pixels that stay free around a name


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
    with house_style():
        size = (5.2 * len(tables), 4.8)
        figure, axes = plt.subplots(1, len(tables), figsize=size, sharey=True, squeeze=False)
        for place, table in zip(axes[0], tables):
            hollow = table is not points
            walk(place, curve, table, hollow=hollow)
            place.set(ylim=(_floor(curve, *tables), 1))
            place.set_title("published" if hollow else "this study", loc="left")
        for place in axes[0, 1:]:
            place.set_ylabel("")
        handles = legend(points["model"])
        figure.legend(handles=handles, loc="outside upper center", ncols=1 + 2 * len(tables))
        laid_out(figure)
        for place, table in zip(axes[0], tables):
            named(place, places_of(table), table["model"])
        return done(figure)


def laid_out(figure: Figure) -> None:
    """Give the panels of a figure their final places, before names are written into them."""
    figure.canvas.draw()
    figure.set_layout_engine("none")


def _floor(*tables: pd.DataFrame) -> float:
    """A tenth below which no mark lies, at most 0.2."""
    least = min(table["TPR"].min() for table in tables)
    return min(0.2, max(0.0, np.floor(10 * least) / 10))


def walk(axes: Axes, curve: pd.DataFrame, points: pd.DataFrame, *, hollow: bool = False) -> None:
    """The curve of the dial with its settings, and the models' marks, which have no names yet."""
    _settings(axes, curve)
    edge = {} if hollow else {"mec": PAPER, "mew": 0.4}  # parts marks that lie on each other
    marks(axes, places_of(points), points["model"], hollow=hollow, **edge)
    floor = _floor(curve, points)
    axes.set(xscale="log", xlabel=f"mean {FALSELY}", ylabel="mean TPR", ylim=(floor, 1))


def _settings(axes: Axes, curve: pd.DataFrame) -> None:
    across = MILLION * curve["FPR"]
    axes.plot(across, curve["TPR"], c=PALE, lw=3, solid_capstyle="round", zorder=1)
    axes.plot(across, curve["TPR"], "o", c=PALE, ms=3, zorder=1)
    for row in curve[curve["tau"] % 0.5 == 0].itertuples():
        beside = {"textcoords": "offset points", "color": INK, "fontsize": 10, "ha": "left"}
        place = MILLION * row.FPR, row.TPR
        axes.annotate(f"{row.tau:g}", place, (5, -11), **beside)


def marks(
    axes: Axes, places: np.ndarray, models: Iterable[str], *, hollow: bool = False, **more
) -> None:
    """A mark for every model, in its look: filled, or hollow where it is published.

    ``places`` : float (N, 2) in the data's units; NaN has no mark.
    """
    for (x, y), model in zip(places, map(str, models), strict=True):
        if not np.isfinite((x, y)).all():
            continue
        style = look(model)
        fill = PAPER if hollow else style.colour
        axes.plot(x, y, style.mark, **{"mfc": fill, "mec": style.colour, "ms": 7} | more)


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


def line_legend(figure: Figure, axes: Axes, place: str, **style) -> None:
    """The entries of :func:`lines` outside of the panels; none if there is no line."""
    handles, names = axes.get_legend_handles_labels()
    order = sorted(range(len(names)), key=lambda n: names[n] == OTHERS)  # they come last
    handles, names = [handles[n] for n in order], [names[n] for n in order]
    if handles:
        figure.legend(handles, names, loc=f"outside {place}", fontsize=10, **style)


def places_of(table: pd.DataFrame) -> np.ndarray:
    return np.stack([MILLION * table["FPR"], table["TPR"]], axis=1)


def named(
    axes: Axes, places: np.ndarray, names: Iterable[str], others: np.ndarray | None = None
) -> None:
    """Write names beside marks, where they cover no mark, name or line if there is such a place.

    ``places`` : float (N, 2) in the data's units, NaN has no name; ``others`` : (M, 2), marks that
    have none. Lines and texts that the axes have already are kept free as well. The figure has its
    final layout (:func:`laid_out`).
    """
    known = [(str(n), p) for n, p in zip(names, places, strict=True) if np.isfinite(p).all()]
    if not known:
        return
    bare = np.empty((0, 2)) if others is None else others[np.isfinite(others).all(axis=1)]
    points = axes.transData.transform([*(p for _, p in known), *bare])
    directions = np.array([(x, y) for r in DISTANCES for x, y in r * _compass()])
    written = np.array([extent(text) for text in axes.texts]).reshape(-1, 4)
    tried = [_tried(axes, name, point, directions) for (name, _), point in zip(known, points)]
    costs = [
        _cost(axes, boxes, leads, np.delete(points, k, 0), written) + _lengths(directions)
        for k, (boxes, leads) in enumerate(tried)
    ]
    chosen = [int(np.argmin(cost)) for cost in costs]
    for _ in range(6):  # each name in turn, as the others stand
        for k, (boxes, leads) in enumerate(tried):
            rest = [j for j in range(len(known)) if j != k]
            theirs = np.array([tried[j][0][chosen[j]] for j in rest]).reshape(-1, 4)
            lines = np.array([tried[j][1][chosen[j]] for j in rest]).reshape(-1, 2, 2)
            among = COVERED * _overlap(boxes, theirs).sum(1) + LED * _hit(leads, theirs).sum(1)
            among += LED * _hit(lines, boxes).sum(0)
            chosen[k] = int(np.argmin(costs[k] + among))
    for (name, place), best in zip(known, chosen):
        _beside(axes, name, place, directions[best])


def _compass() -> np.ndarray:
    """Unit vectors (16, 2): first to the sides, then above and below, then the others."""
    angles = np.radians([0, 180, 90, 270, 45, 135, 315, 225, *np.arange(22.5, 360, 45)])
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _lengths(directions: np.ndarray) -> np.ndarray:
    return np.hypot(*directions.T) + 0.1 * (np.arange(len(directions)) % 16)


def _corner(by: np.ndarray) -> tuple[int, int]:
    """Which corner or side of a name stands at its place: -1, 0 or 1, across and up."""
    across, up = np.round(by / np.hypot(*by)).astype(int)
    return int(across), int(up)


def _tried(
    axes: Axes, name: str, point: np.ndarray, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of every place of a name, in pixels: its box (C, 4), and the line to it (C, 2, 2)."""
    text = _beside(axes, name, point, directions[0])
    x0, y0, x1, y1 = extent(text)
    text.remove()
    size, scale = np.array([x1 - x0, y1 - y0]), axes.figure.dpi / 72
    ends = point + directions * scale
    lows = ends - size * (1 - np.array([_corner(by) for by in directions])) / 2
    near = np.hypot(*directions.T) <= FAR
    starts = np.broadcast_to(point, ends.shape)
    leads = np.stack([starts, np.where(near[:, None], starts, ends)], axis=1)
    return np.concatenate([lows - ROOM, lows + size + ROOM], axis=1), leads


def _cost(
    axes: Axes, boxes: np.ndarray, leads: np.ndarray, marked: np.ndarray, written: np.ndarray
) -> np.ndarray:
    """What each place of a name costs (C,), beside the other marks (M, 2) and what is written."""
    scale = axes.figure.dpi / 72
    fixed, wide = (_around(marked, share * MARK * scale, written) for share in (0.5, 0.65))
    low, high = axes.bbox.min, axes.bbox.max
    cost = OUTSIDE * ((boxes[:, :2] < low).any(1) | (boxes[:, 2:] > high).any(1))
    cost = cost + COVERED * _overlap(boxes, fixed).sum(1) + LED * _hit(leads, wide).sum(1)
    for line in axes.lines:
        if line.get_linestyle() not in ("None", "", " ") and len(line.get_xydata()) > 1:
            path = line.get_transform().transform(line.get_xydata())
            parts = np.stack([path[:-1], path[1:]], axis=1)
            cost = cost + CROSSED * _hit(parts, boxes).any(0)
    own, alone = _gap(boxes, leads[:1, 0]), (leads[:, 0] == leads[:, 1]).all(1)
    return cost + NEARER * (alone & (_gap(boxes, marked) < own + 2).any(1))


def _around(marked: np.ndarray, radius: float, written: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) of marks and of what is written; a diamond reaches over half its size."""
    return np.concatenate([np.concatenate([marked - radius, marked + radius], 1), written])


def _gap(boxes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How far points (M, 2) are from boxes (C, 4): (C, M)."""
    out = np.maximum(boxes[:, None, :2] - points, points - boxes[:, None, 2:]).clip(min=0)
    return np.hypot(out[..., 0], out[..., 1])


def _overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which boxes (C, 4) overlap which others (M, 4): bool (C, M)."""
    one, other = one[:, None], other[None]
    return ((one[..., :2] < other[..., 2:]) & (other[..., :2] < one[..., 2:])).all(-1)


def _hit(lines: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which lines (L, 2, 2) run through which boxes (C, 4): bool (L, C)."""
    start, way = lines[:, None, 0], lines[:, None, 1] - lines[:, None, 0] + 1e-9
    ends = np.stack([(boxes[:, :2] - start) / way, (boxes[:, 2:] - start) / way])
    return ends.min(0).max(-1).clip(min=0) < ends.max(0).min(-1).clip(max=1)


def extent(text: Text) -> np.ndarray:
    """The box of a text in pixels (4,), without its line."""
    renderer = text.figure.canvas.get_renderer()
    if isinstance(text, Annotation):
        text.update_positions(renderer)
    return Text.get_window_extent(text, renderer).extents


def _beside(axes: Axes, name: str, place: np.ndarray, by: np.ndarray) -> Annotation:
    """A name in the colour of its model, ``by`` points from its mark."""
    colour, (across, up) = look(name).colour, _corner(by)
    line = {"arrowstyle": "-", "lw": 0.7, "color": colour, "shrinkA": 1, "shrinkB": MARK / 2}
    line["relpos"] = (1 - across) / 2, (1 - up) / 2
    return axes.annotate(
        escape.lines(name), place, tuple(by), textcoords="offset points", fontsize=10,
        color=colour, arrowprops=line if np.hypot(*by) > FAR else None,
        ha=SIDES[across][0], va=SIDES[up][1],
    )  # fmt: skip


def legend(models: Iterable[str], sources: Sequence[str] = ()) -> list[Line2D]:
    """One entry a remedy of some models, in its colour; and what the marks of two sources are."""
    kinds = {look(str(model)).remedy for model in models}
    mark = partial(Line2D, [], [], ls="", marker="o")
    found = [mark(color=c, label=kind) for kind, c in REMEDY_COLOURS.items() if kind in kinds]
    for name, style in zip(sources, ({}, second(*sources[1:]))):
        found.append(mark(**{"mec": INK, "mfc": INK} | style, label=escape.legend(name)))
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
        size = (2.4 * len(defects) + 0.8, 3.8)
        figure, axes = plt.subplots(1, len(defects), figsize=size, sharey=True, squeeze=False)
        for place, defect in zip(axes[0], defects):
            own = pd.concat([p for p in parts if p["defect"].iloc[0] == defect] or [curves[:0]])
            lines(place, own, "false", "recall", highlighted)
            place.set(xscale="log", ylim=(0, 1), title=escape.lines(defect))
            if (rates or {}).get(defect, 0) > 0:
                place.axvline(rates[defect], c=INK, lw=1, ls=":", zorder=1, label=COMMON)
        axes[0, 0].set_ylabel("share of the objects found")
        figure.supxlabel(f"false objects per {unit}", fontsize=12)
        line_legend(figure, axes[0, 0], "upper left", ncols=3)
        return done(figure)


def _drawn(curve: pd.DataFrame) -> pd.DataFrame:
    """One FROC curve from its loosest threshold on, NaN in ``false`` where none is drawn.

    A threshold without a false object has no place on a logarithmic axis. The loosest ones let
    reports flow together, so that there are fewer: from the most false objects on, none is drawn.
    """
    own = curve.sort_values("edge")
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
