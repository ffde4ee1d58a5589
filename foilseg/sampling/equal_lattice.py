"""Candidate windows on a lattice: their pixels per class and the objects that each one shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from foilseg.sampling.object_runs import expand
from foilseg.sampling.pools import Index


@dataclass(frozen=True, eq=False)
class Lattice:
    """Windows at every ``stride`` pixels that show a pixel of some classes.

    Attributes
    ----------
    windows : int32 (m, 3), region, top and left.
    counts : float64 (m, classes), pixels of each of the classes in each window.
    shows : float64 sparse (m, objects), 1 where a window shows an object of these classes. Of an
        object that leaves a window and comes back, the windows between count as showing it;
        nothing but the choice of weights depends on this.
    """

    windows: np.ndarray
    counts: np.ndarray
    shows: csr_matrix

    def __len__(self) -> int:
        return len(self.windows)


def lattice(
    index: Index, labels: tuple[int, ...], stride: int, shift: tuple[int, int] = (0, 0)
) -> Lattice:
    """The windows of all regions at every ``stride`` safe positions, from ``shift`` on.

    ``shift`` moves the lattice down and right by less than ``stride`` pixels, in regions with
    fewer safe positions by less.
    """
    objects = index.objects
    wanted = np.isin(objects.label, labels)
    runs = np.flatnonzero(wanted[objects.owner])
    cuts = np.searchsorted(objects.row[runs], objects.first_row)
    windows, counts, pairs, offset = [], [], [], 0
    for region, (top, rows, left, columns) in enumerate(index.spans):
        tops = np.arange(top + min(shift[0], rows - 1), top + rows, stride)
        lefts = np.arange(left + min(shift[1], columns - 1), left + columns, stride)
        part = runs[cuts[region] : cuts[region + 1]]
        row = objects.row[part] - objects.first_row[region]
        start, stop = objects.start[part], objects.stop[part]
        label = np.searchsorted(labels, objects.label[objects.owner[part]])
        counts.append(_counts(row, start, stop, label, len(labels), tops, lefts, index.size))
        window, owner = _pairs(row, start, stop, objects.owner[part], tops, lefts, index.size)
        pairs.append((window + offset, owner))
        places = np.stack(np.meshgrid(region, tops, lefts, indexing="ij"), axis=-1)
        windows.append(places.reshape(-1, 3))
        offset += len(windows[-1])
    windows, counts = np.concatenate(windows).astype(np.int32), np.concatenate(counts)
    window, owner = (np.concatenate(part) for part in zip(*pairs))
    keep = counts.any(axis=1)
    shows = csr_matrix((np.ones(len(window)), (window, owner)), (len(windows), len(objects)))
    return Lattice(windows[keep], counts[keep], shows[keep])


def _counts(row, start, stop, label, labels: int, tops, lefts, size: int) -> np.ndarray:
    """float64 (windows, labels), from an integral image that has only the windows' edges."""
    row_edges = np.unique(np.concatenate([tops, tops + size]))
    column_edges = np.unique(np.concatenate([lefts, lefts + size]))
    line = np.searchsorted(row_edges, row, side="right")
    low = np.searchsorted(column_edges, start, side="right")
    high = np.searchsorted(column_edges, stop - 1, side="right") + 1
    run, column = expand(low, high)
    bounds = np.concatenate([[0], column_edges, [np.iinfo(np.int32).max]])
    length = np.minimum(stop[run], bounds[column + 1]) - np.maximum(start[run], bounds[column])
    shape = (labels, len(row_edges) + 1, len(column_edges) + 1)
    flat = np.ravel_multi_index((label[run], line[run], column), shape)
    sums = np.bincount(flat, length, np.prod(shape)).reshape(shape).cumsum(axis=1).cumsum(axis=2)
    upper, lower = np.searchsorted(row_edges, tops), np.searchsorted(row_edges, tops + size)
    first, last = np.searchsorted(column_edges, lefts), np.searchsorted(column_edges, lefts + size)
    bands = sums[:, lower] - sums[:, upper]
    return (bands[:, :, last] - bands[:, :, first]).reshape(labels, -1).T


def _pairs(row, start, stop, owner, tops, lefts, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows and objects that meet, as two equally long arrays."""
    low = np.searchsorted(tops, row - size, side="right")
    high = np.searchsorted(tops, row, side="right")
    # Runs of one object in the same rows of windows count as one, from first to last column.
    first, start, stop = _hull([owner, low, high], start, stop)
    owner = owner[first]
    run, line = expand(low[first], high[first])
    first, start, stop = _hull([owner[run], line], start[run], stop[run])
    owner, line = owner[run][first], line[first]
    low = np.searchsorted(lefts, start - size, side="right")
    high = np.searchsorted(lefts, stop, side="left")
    part, column = expand(low, high)
    return line[part] * len(lefts) + column, owner[part]


def _hull(keys: list, start, stop) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One member, smallest start and largest stop of each group of equal keys."""
    if not len(start):
        return np.zeros(0, np.int64), start, stop
    order = np.lexsort(keys)
    changes = np.any([np.diff(key[order]) != 0 for key in keys], axis=0)
    begin = np.concatenate([[0], np.flatnonzero(changes) + 1])
    lowest, highest = (
        np.minimum.reduceat(start[order], begin),
        np.maximum.reduceat(stop[order], begin),
    )
    return order[begin], lowest, highest
