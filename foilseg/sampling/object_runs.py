"""Defect objects as runs of pixels: connected components, and how much of each a window shows.

A run is a maximal horizontal stretch of one class. Masks of rare defects have few runs, so what
is kept here is small beside the masks, and counting in windows touches no pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True, eq=False)
class Objects:
    """Every defect object of some masks; the background (class 0) is no object.

    Attributes
    ----------
    label : uint8 (objects,), class of each object.
    region : int32 (objects,), the mask that each object lies in.
    pixels : int64 (objects,), area.
    row : int32 (runs,), row of each run, the rows of all masks counted through.
    start, stop : int32 (runs,), first column and column after the last; runs are in
        reading order.
    owner : int32 (runs,), the object of each run.
    first_row : int64 (masks + 1,), where the rows of each mask begin.
    """

    label: np.ndarray
    region: np.ndarray
    pixels: np.ndarray
    row: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    owner: np.ndarray
    first_row: np.ndarray

    def __len__(self) -> int:
        return len(self.label)

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))

    def boxes(self) -> np.ndarray:
        """int64 (objects, 4): first row, row after the last, and likewise for columns."""
        row = self.row - self.first_row[self.region[self.owner]]
        boxes = np.zeros((len(self), 4), np.int64)
        boxes[:, [0, 2]] = np.iinfo(np.int64).max
        np.minimum.at(boxes[:, 0], self.owner, row)
        np.maximum.at(boxes[:, 1], self.owner, row + 1)
        np.minimum.at(boxes[:, 2], self.owner, self.start)
        np.maximum.at(boxes[:, 3], self.owner, self.stop)
        return boxes


def find_objects(masks: Sequence[np.ndarray]) -> Objects:
    """The 8-connected components of each class other than 0 in masks uint8 (H, W).

    Masks without a defect give no objects.
    """
    first_row = np.concatenate([[0], np.cumsum([len(mask) for mask in masks])])
    parts = [_runs(mask) for mask in masks]
    row = np.concatenate([part[0] + offset for part, offset in zip(parts, first_row)])
    start, stop, label = (np.concatenate([part[i] for part in parts]) for i in (1, 2, 3))
    # One row apart is adjacent; rows of different masks must not be.
    apart = row + np.searchsorted(first_row, row, side="right")
    owner = _components(apart, start, stop, label)
    objects = int(owner.max(initial=-1)) + 1
    first_run = np.zeros(objects, np.int64)
    first_run[owner[::-1]] = np.arange(len(owner))[::-1]
    return Objects(
        label=label[first_run],
        region=(np.searchsorted(first_row, row[first_run], side="right") - 1).astype(np.int32),
        pixels=np.bincount(owner, stop - start, objects).astype(np.int64),
        row=row.astype(np.int32),
        start=start.astype(np.int32),
        stop=stop.astype(np.int32),
        owner=owner.astype(np.int32),
        first_row=first_row,
    )


def _runs(mask: np.ndarray) -> tuple[np.ndarray, ...]:
    """Row, start, stop and class of the runs of one mask in reading order, without class 0."""
    height, width = mask.shape
    begins = np.ones((height, width), bool)
    np.not_equal(mask[:, 1:], mask[:, :-1], out=begins[:, 1:])
    begin = np.flatnonzero(begins)
    end = np.append(begin[1:], mask.size)
    label = mask.ravel()[begin]
    keep = label > 0
    row, start = np.divmod(begin[keep], width)
    return row, start, start + (end - begin)[keep], label[keep]


def _components(row, start, stop, label) -> np.ndarray:
    """Component of each run: runs in adjacent rows that touch, corners included, are one."""
    runs = len(row)
    step = int(stop.max(initial=0)) + 2
    below = (row + 1) * step
    low = np.searchsorted(row * step + stop, below + start, side="left")
    high = np.searchsorted(row * step + start, below + stop, side="right")
    above, touching = expand(low, high)
    same = label[above] == label[touching]
    above, touching = above[same], touching[same]
    graph = coo_matrix((np.ones(len(above), bool), (above, touching)), (runs, runs))
    return connected_components(graph, directed=False)[1] if runs else np.zeros(0, np.int32)


def expand(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs (i, j) with low[i] <= j < high[i], as two int64 arrays ordered by i, then j."""
    counts = np.maximum(high - low, 0)
    source = np.repeat(np.arange(len(low)), counts)
    position = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
    return source, low[source] + position


def object_pixels(objects: Objects, windows: np.ndarray, size: int) -> csr_matrix:
    """How many pixels of each object each window shows.

    Parameters
    ----------
    objects : from :func:`find_objects`.
    windows : int (n, 3), region, top and left, as in :attr:`foilseg.sampling.uniform.Plan.windows`.
    size : edge of the windows in pixels.

    Returns
    -------
    int64 sparse (n, objects) without stored zeros.
    """
    windows = np.asarray(windows, np.int64).reshape(-1, 3)
    rows, columns, counts = [], [], []
    for part in range(0, len(windows), 1024):
        region, top, left = windows[part : part + 1024].T
        top = objects.first_row[region] + top
        low = np.searchsorted(objects.row, top, side="left")
        high = np.searchsorted(objects.row, top + size, side="left")
        window, run = expand(low, high)
        shown = np.minimum(objects.stop[run], (left + size)[window])
        shown -= np.maximum(objects.start[run], left[window])
        keep = shown > 0
        rows.append(window[keep] + part)
        columns.append(objects.owner[run[keep]])
        counts.append(shown[keep])
    entries = tuple(np.concatenate(part or [np.zeros(0, np.int64)]) for part in (rows, columns))
    counts = np.concatenate(counts or [np.zeros(0, np.int64)]).astype(np.int64)
    return coo_matrix((counts, entries), (len(windows), len(objects))).tocsr()


def class_counts(objects: Objects, shown: csr_matrix, n_classes: int, size: int) -> np.ndarray:
    """int64 (n, n_classes): pixels of each class per window, from :func:`object_pixels`.

    What is no object is background, be it ignored or not.
    """
    belongs = csr_matrix(
        (np.ones(len(objects), np.int64), (np.arange(len(objects)), objects.label)),
        (len(objects), n_classes),
    )
    counts = (shown @ belongs).toarray()
    counts[:, 0] = size * size - counts.sum(axis=1)
    return counts
