"""Names beside marks: where each stands, so that it covers no mark, name or line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from foilseg.data import escape
from foilseg.drawing.style import INK, edge, look

MARK = 7  # points, how wide a mark is
DISTANCES = (7, 13, 18, 23, 28, 34, 40, 54, 70)  # points from a mark at which its name may stand
FAR = 12  # points from which on a thin line leads from the mark to its name
SIDES = {-1: ("right", "top"), 0: ("center", "center"), 1: ("left", "bottom")}
# What a place costs: to stand outside, on a mark or name, under or with one's own line across a
# name, mark or name's line, on a line, or nearer to another mark; a point of distance costs 1.
OUTSIDE, COVERED, LED, CROSSED, NEARER = 1000, 120, 80, 60, 60
ROOM = np.array([3, 1.5])  # pixels that stay free around a name
BESIDE = 7  # points from a mark of another, within which a name would seem to be its
ORDERS = 200  # in which names are put


def laid_out(figure: Figure) -> None:
    """Give the panels of a figure their final places, before names are written into them."""
    figure.canvas.draw()
    figure.set_layout_engine("none")


def named(
    axes: Axes,
    places: np.ndarray,
    names: Iterable[str],
    others: np.ndarray | None = None,
    colours: Mapping[str, str] | None = None,
) -> None:
    """Write names beside marks, where they cover no mark, name or line if there is such a place.

    ``places`` : float (N, 2) in the data's units, NaN has no name; ``others`` : (M, 2), marks that
    have none. Lines and texts that the axes have already are kept free as well. The figure has its
    final layout (:func:`laid_out`). ``colours`` : of the names; by default those of the models.
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
    chosen = _settled(np.array(costs), _among(tried))
    for (name, place), best in zip(known, chosen):
        colour = colours[name] if colours else look(name).colour
        _beside(axes, name, place, directions[best], colour)


def _among(tried: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """What every place of a name costs beside every place of another: (N, N, C, C)."""
    count = len(tried[0][0])
    among = np.zeros((len(tried), len(tried), count, count))
    for i, (boxes, leads) in enumerate(tried):
        for j, (theirs, lines) in enumerate(tried[:i]):
            led = _hit(leads, theirs) + _hit(lines, boxes).T.astype(int) + _meet(leads, lines)
            cost = LED * led
            among[i, j] = cost + COVERED * _overlap(boxes, theirs)
            among[j, i] = among[i, j].T
    return among


def _settled(own: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The cheapest places found (N,): names are put one after the other, in several orders."""
    rows, rng = np.arange(len(own)), np.random.default_rng(0)
    best, least = rows, np.inf
    for order in (rows, *(rng.permutation(rows) for _ in range(ORDERS - 1))):
        costs, chosen = own.copy(), np.full(len(own), -1)
        for k in np.tile(order, 6):  # all but the first round: each in turn, as the others stand
            if chosen[k] >= 0:
                costs -= among[:, k, :, chosen[k]]
            chosen[k] = np.argmin(costs[k])
            costs += among[:, k, :, chosen[k]]
        total = (costs + own)[rows, chosen].sum() / 2
        if total < least - 1e-9:
            best, least = chosen, total
    return best


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
    text = _beside(axes, name, point, directions[0], INK)
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
    alone = (leads[:, 0] == leads[:, 1]).all(1)[:, None]
    own = np.where(alone, _gap(boxes, leads[:1, 0]) + 2, BESIDE * scale)
    return cost + NEARER * (_gap(boxes, marked) < own).any(1)


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


def _meet(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which lines (L, 2, 2) cross which others (M, 2, 2): bool (L, M); a point crosses nothing."""
    return _parted(one, other) & _parted(other, one).T


def _parted(lines: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which lines (L, 2, 2), made endless, have an end of which others (M, 2, 2) on each side."""
    way = lines[:, 1] - lines[:, 0]
    from_start = others[None] - lines[:, None, :1]
    sides = way[:, None, None, 0] * from_start[..., 1] - way[:, None, None, 1] * from_start[..., 0]
    return sides[..., 0] * sides[..., 1] < 0


def extent(text: Text) -> np.ndarray:
    """The box of a text in pixels (4,), without its line."""
    renderer = text.figure.canvas.get_renderer()
    if isinstance(text, Annotation):
        text.update_positions(renderer)
    return Text.get_window_extent(text, renderer).extents


def _beside(axes: Axes, name: str, place: np.ndarray, by: np.ndarray, colour: str) -> Annotation:
    """A name ``by`` points from its mark."""
    across, up = _corner(by)
    line = {"arrowstyle": "-", "lw": 0.7, "color": colour, "shrinkA": 1, "shrinkB": MARK / 2}
    line["relpos"] = (1 - across) / 2, (1 - up) / 2
    return axes.annotate(
        escape.lines(name), place, tuple(by), textcoords="offset points", fontsize=10,
        color=colour, arrowprops=line if np.hypot(*by) > FAR else None, path_effects=edge(),
        ha=SIDES[across][0], va=SIDES[up][1],
    )  # fmt: skip
