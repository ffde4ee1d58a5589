"""The resampler's pools: for each class, all windows that show it (thesis 3.3).

The thesis dilates each one-hot mask with a k x k square, k being the patch size: a pixel of the
dilated mask is the centre of a patch that holds at least one pixel of the class. Here the classes
are bits of one picture, and the dilation is a logarithmic number of shifted ORs of it.

Eq. 3.3 keeps centres between k / 2 + 1 and H - (k / 2 + 1), both included and k / 2 rounded down,
and likewise for columns. It leaves out the outermost positions: for even k the first and the last
one. A defect of which only pixels outside all these patches exist is in no pool. Where a region
is too small for Eq. 3.3 to leave any centre, all positions at which the patch fits are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from foilseg.data.dataset import IGNORED, Foil
from foilseg.sampling.object_runs import Objects, find_objects, object_pixels
from foilseg.sampling.uniform import prepare


@dataclass(frozen=True, eq=False)
class Index:
    """What the samplers look up. Everything beyond the regions is computed at first use.

    Attributes
    ----------
    regions : the prepared regions; cut patches from these.
    n_classes : number of classes, the background (0) included.
    size : edge of the patches in pixels.
    memo : results that depend on nothing else, kept for the next pool.
    """

    regions: tuple[Foil, ...]
    n_classes: int
    size: int
    memo: dict = field(default_factory=dict, repr=False)

    def remember(self, key: tuple, compute: Callable[[], object]):
        """``compute()``, or what it gave when the key was first asked for."""
        if key not in self.memo:
            self.memo[key] = compute()
        return self.memo[key]

    @cached_property
    def spans(self) -> np.ndarray:
        """int64 (regions, 4): first and number of rows, and of columns, a patch may begin at."""
        spans = [[safe_span(edge, self.size) for edge in r.shape] for r in self.regions]
        return np.array(spans, np.int64).reshape(len(self.regions), 4)

    @cached_property
    def shown(self) -> tuple[np.ndarray, ...]:
        """Per region uint8 (planes, rows, columns): bit c % 8 of plane c // 8 is set where the
        window at this position shows class c."""
        return tuple(
            np.stack([_windows_or(_bits(mask, plane), self.size, span) for plane in self._planes])
            for mask, span in zip(self._masks(), self.spans)
        )

    def _masks(self) -> Iterator[np.ndarray]:
        """The masks, :data:`IGNORED`, which is no class, where a pixel counts nowhere."""
        return (region.without_ignored(region.mask, IGNORED) for region in self.regions)

    @property
    def _planes(self) -> range:
        return range(-(-self.n_classes // 8))

    @cached_property
    def row_counts(self) -> np.ndarray:
        """int64 (n_classes, rows of all regions): windows that show the class, per row."""
        regions, classes = range(len(self.regions)), range(self.n_classes)
        counts = [[self.windows_with(c, i).sum(axis=1) for i in regions] for c in classes]
        return np.array([np.concatenate(rows) for rows in counts], np.int64)

    @cached_property
    def pool_sizes(self) -> np.ndarray:
        """int64 (n_classes,): windows in the pool of each class."""
        return self.row_counts.sum(axis=1)

    @cached_property
    def objects(self) -> Objects:
        """The defect objects of the regions."""
        return find_objects([region.mask for region in self.regions])

    @cached_property
    def _ignored(self) -> Objects:
        planes = [r.without_ignored(np.zeros(r.shape, np.uint8), 1) for r in self.regions]
        return find_objects(planes)

    def ignored_in(self, windows: np.ndarray) -> np.ndarray:
        """int64 (n,): pixels of windows (n, 3), as of :meth:`place`, that count nowhere."""
        if all(region.ignored is None for region in self.regions):
            return np.zeros(len(windows), np.int64)
        return np.asarray(object_pixels(self._ignored, windows, self.size).sum(axis=1)).ravel()

    @cached_property
    def reach(self) -> np.ndarray:
        """int64 (objects, 2, 2): for rows, then columns, the first safe position of a window
        that meets the object's bounding box, and the position after the last."""
        boxes = self.objects.boxes().reshape(-1, 2, 2)
        spans = self.spans[self.objects.region].reshape(-1, 2, 2)
        low = np.maximum(spans[..., 0], boxes[..., 0] - self.size + 1)
        high = np.minimum(spans[..., 0] + spans[..., 1], boxes[..., 1])
        return np.stack([low, high], axis=-1)

    @cached_property
    def reachable(self) -> np.ndarray:
        """bool (objects,): whether any safe window shows the object."""
        runs, spans = self.objects, self.spans[self.objects.region[self.objects.owner]]
        row = runs.row - runs.first_row[runs.region[runs.owner]]
        inside = (row >= spans[:, 0]) & (row < spans[:, 0] + spans[:, 1] + self.size - 1)
        inside &= runs.stop > spans[:, 2]
        inside &= runs.start < spans[:, 2] + spans[:, 3] + self.size - 1
        return np.bincount(runs.owner[inside], minlength=len(runs)) > 0

    @cached_property
    def first(self) -> tuple[np.ndarray, np.ndarray]:
        """int64 (regions + 1,) twice: where each region's rows, and its windows, begin."""
        rows, columns = self.spans[:, 1], self.spans[:, 3]
        return tuple(np.concatenate([[0], np.cumsum(n)]) for n in (rows, rows * columns))

    @property
    def nbytes(self) -> int:
        """Memory in bytes beyond the regions, once all of it is computed."""
        tables = self.row_counts.nbytes + self.spans.nbytes + sum(f.nbytes for f in self.first)
        return sum(plane.nbytes for plane in self.shown) + tables + self.objects.nbytes

    def windows_with(self, label: int, region: int) -> np.ndarray:
        """bool (rows, columns): whether the window at each safe position shows the class."""
        plane, bit = divmod(label, 8)
        return (self.shown[region][plane] & (1 << bit)) != 0

    def centres(self, label: int, region: int) -> np.ndarray:
        """bool (H, W): the pool of a class in a region as the centres of its patches, for a map."""
        (top, rows, left, columns), half = self.spans[region], self.size // 2
        picture = np.zeros(self.regions[region].shape, bool)
        picture[top + half :, left + half :][:rows, :columns] = self.windows_with(label, region)
        return picture

    def place(self, number: np.ndarray) -> np.ndarray:
        """int64 (n, 3), region, top and left, of safe windows numbered in reading order."""
        number = np.asarray(number, np.int64)
        region = np.searchsorted(self.first[1], number, side="right") - 1
        row, column = np.divmod(number - self.first[1][region], self.spans[region, 3])
        return np.stack([region, row + self.spans[region, 0], column + self.spans[region, 2]], 1)

    def number(self, windows: np.ndarray) -> np.ndarray:
        """int64 (n,): the inverse of :meth:`place`."""
        region, top, left = np.asarray(windows, np.int64).T
        spans = self.spans[region]
        row, column = top - spans[:, 0], left - spans[:, 2]
        return self.first[1][region] + row * spans[:, 3] + column

    def pool(self, label: int, ordinal: np.ndarray, absent: bool = False) -> np.ndarray:
        """int64 (n,): numbers of windows, given which of a class's pool they are.

        ``absent`` picks from the windows that do not show the class. Ordinals count in reading
        order from 0 to ``pool_sizes[label]``, or to the number of the others.
        """
        counts = self.row_counts[label]
        if absent:
            counts = np.repeat(self.spans[:, 3], self.spans[:, 1]) - counts
        until = np.cumsum(counts)
        rows = np.searchsorted(until, ordinal, side="right")
        within = np.asarray(ordinal, np.int64) - (until - counts)[rows]
        numbers = np.empty(len(rows), np.int64)
        region = np.searchsorted(self.first[0], rows, side="right") - 1
        plane, bit = divmod(label, 8)
        wanted = 0 if absent else 1 << bit
        for row in np.unique(rows):
            here = rows == row
            index = region[here][0]
            line = int(row - self.first[0][index])
            columns = np.flatnonzero((self.shown[index][plane, line] & (1 << bit)) == wanted)
            offset = self.first[1][index] + line * self.spans[index, 3]
            numbers[here] = offset + columns[within[here]]
        return numbers


def build_index(regions: Sequence[Foil], n_classes: int, size: int) -> Index:
    """Prepare regions for sampling patches of one size.

    Costs nothing but the mirroring of small regions; what a sampler needs is computed when it
    asks, once.

    Parameters
    ----------
    regions : of any sizes, such as :func:`foilseg.data.dataset.training_regions` gives.
    n_classes : number of classes, the background included.
    size : edge of the patches in pixels.

    Raises
    ------
    ValueError
        For what :func:`foilseg.sampling.uniform.prepare` refuses, or if a mask holds an index that
        is no class.
    """
    regions = prepare(regions, size)
    for region in regions:
        if (highest := int(region.mask.max())) >= n_classes:
            raise ValueError(
                f"n_classes: {region.name} holds class {highest}, so there are more than "
                f"{n_classes} classes"
            )
    return Index(regions, int(n_classes), int(size))


def check_labels(
    index: Index, labels: Iterable[int] | None, need_pixels: bool = True
) -> tuple[int, ...]:
    """The classes as a sorted tuple, by default every defect class.

    Raises
    ------
    ValueError
        If there is none, if one does not exist or, unless ``need_pixels`` is False, if no window
        shows it; the message says whether it has no pixel at all.
    """
    labels = sorted(set(range(1, index.n_classes) if labels is None else labels))
    if not labels:
        raise ValueError("labels: no class is named")
    for label in labels:
        if not 0 <= label < index.n_classes:
            raise ValueError(
                f"label: class {label} does not exist; there are 0 to {index.n_classes - 1}"
            )
        if need_pixels and index.pool_sizes[label] == 0:
            pixels = sum(int((region.mask == label).sum()) for region in index.regions)
            why = f"only {pixels} at the border, outside Eq. 3.3" if pixels else "no pixel"
            raise ValueError(f"label: class {label} has {why} in these regions; leave it out")
    return tuple(int(label) for label in labels)


def safe_span(edge: int, size: int) -> tuple[int, int]:
    """First and number of the safe positions of a patch's first pixel along one edge (Eq. 3.3)."""
    margin = size // 2 + 1
    first, last = margin - size // 2, edge - margin - size // 2
    if last < first:
        return 0, max(edge - size, 0) + 1
    return first, last - first + 1


def _bits(mask: np.ndarray, plane: int) -> np.ndarray:
    table = np.zeros(256, np.uint8)
    table[8 * plane :][:8] = 1 << np.arange(8)
    return table[mask]


def _windows_or(bits: np.ndarray, size: int, span: np.ndarray) -> np.ndarray:
    """OR of the bits inside each window whose first pixel lies in the span."""
    top, rows, left, columns = span
    bits = bits[top : top + rows + size - 1, left : left + columns + size - 1]
    shifts, covered = [], 1
    while covered < size:
        shifts.append(min(covered, size - covered))
        covered += shifts[-1]
    for shift in shifts:
        bits = bits[:-shift] | bits[shift:]
    for shift in shifts:
        bits = bits[:, :-shift] | bits[:, shift:]
    return np.ascontiguousarray(bits)
