"""What pixels cost in variety: the best equal-pixels designs, explored before any is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from foilseg.sampling.equal_design import Design, highest, solve
from foilseg.sampling.equal_lattice import Lattice, lattice
from foilseg.sampling.pools import Index, check_labels

# Windows on which a frontier, and the weights of one design, are explored. Plans are drawn from
# all windows.
FRONTIER, WEIGHTS = 12_000, 24_000


def default_stride(index: Index, n: int) -> int:
    """A sixteenth of the patch, or less where that leaves fewer than 16 candidates a patch."""
    stride = max(1, index.size // 16)
    while stride > 1 and (-(-index.spans[:, [1, 3]] // stride)).prod(axis=1).sum() < 16 * n:
        stride //= 2
    return stride


def frontier(
    index: Index,
    n: int,
    labels: Sequence[int] | None = None,
    points: int = 12,
    stride: int | None = None,
) -> pd.DataFrame:
    """What pixels cost in variety: expected figures of the best designs, before any is drawn.

    Parameters
    ----------
    index, n, labels, stride : as for :func:`equal_pixels`.
    points : numbers of pixels, evenly spaced up to the most possible, which is not among them.

    Returns
    -------
    One row per number: ``pixels`` per patch and class; ``share`` of the patch; ``variety``;
    ``variety_C``, ``seen_C`` (objects expected to be seen at least half a time, as a share) and
    ``times_C`` (most often that one is expected) for each class C. ``attrs["highest"]`` is the
    most pixels possible, 0 with an empty table if equal pixels are impossible. On more than
    12,000 windows the figures are estimated from every k-th of them.
    """
    labels = check_labels(index, labels)
    stride = stride or default_stride(index, n)
    top, found = designs(index, n, labels, stride, points)
    label, rows = index.objects.label, []
    for design in found:
        row = {"pixels": design.pixels, "share": design.pixels / index.size**2}
        row["variety"] = float(np.mean(design.variety))
        for c, value in zip(labels, design.variety):
            times = design.seen[label == c]
            row[f"variety_{c}"], row[f"seen_{c}"] = value, float((times >= 0.5).mean())
            row[f"times_{c}"] = float(times.max())
        rows.append(row)
    frame = pd.DataFrame(rows)
    frame.attrs["highest"] = top
    return frame


def tolerance_frontier(
    index: Index, n: int, tolerances: Sequence[float], labels: Sequence[int] | None = None
) -> pd.DataFrame:
    """The most pixels per patch and class at each tolerance, NaN where none is possible.

    Exact on the windows of the unshifted lattice, each at most once (a linear programme each).
    """
    candidates = lattice(index, check_labels(index, labels), default_stride(index, n))
    found = [highest(candidates, n, tolerance)[0] for tolerance in tolerances]
    return pd.DataFrame({"tolerance": list(tolerances), "pixels": np.array(found, float)})


def _thinned(
    index: Index, labels: tuple[int, ...], stride: int, most: int
) -> tuple[Lattice, float]:
    """Every k-th window of the unshifted lattice, and the share of them that is."""
    full = lattice(index, labels, stride)
    step = max(1, -(-len(full) // most))
    part = Lattice(full.windows[::step], full.counts[::step], full.shows[::step])
    return part, len(part) / max(len(full), 1)


def _part(index: Index, labels: tuple[int, ...], stride: int, most: int) -> tuple[Lattice, float]:
    key = ("thinned", labels, stride, most)
    return index.remember(key, lambda: _thinned(index, labels, stride, most))


def explore(
    index: Index, n: int, pixels: float, labels, stride: int, most: int = WEIGHTS
) -> Design | None:
    """The design for a part of the windows and of n: good prices and weights to start from."""

    def compute():
        part, share = _part(index, labels, stride, most)
        if n * share > len(part):
            return None
        return solve(part, index.objects.label, labels, n * share, pixels)

    return index.remember(("design", n, pixels, labels, stride, most), compute)


def designs(index: Index, n: int, labels, stride: int, points: int) -> tuple[float, list[Design]]:
    """The most pixels possible (0 if none are) and designs evenly spaced below it."""

    def compute():
        part, share = _part(index, labels, stride, FRONTIER)
        top = highest(part, n * share)[0] if n * share <= len(part) else None
        steps = np.arange(1, points + 1) / (points + 1)
        found = [] if top is None else [explore(index, n, float(top * s), labels, stride, FRONTIER)
                                        for s in steps]  # fmt: skip
        found = [d for d in found if d is not None]
        return top or 0.0, [replace(d, n=n, seen=d.seen / share) for d in found]

    return index.remember(("designs", n, labels, stride, points), compute)


def most_pixels(index: Index, n: int, variety: float, labels, stride: int) -> float | None:
    """The most pixels that leave a share of the best variety; None if none can be equal."""
    found = designs(index, n, labels, stride, 12)[1]
    if not found:
        return None
    pixels = np.array([design.pixels for design in found])
    scores = np.array([np.mean(design.variety) for design in found])
    goal = variety * scores.max()
    last = int(np.flatnonzero(scores >= goal)[-1])
    if last == len(found) - 1:
        return float(pixels[last])
    part = (scores[last] - goal) / (scores[last] - scores[last + 1])
    return float(pixels[last] + part * (pixels[last + 1] - pixels[last]))
