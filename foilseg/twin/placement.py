"""Where the defects of a foil lie, until its quota of label pixels is met."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from foilseg.twin.annotators import AnnotatorConfig, annotate
from foilseg.twin.kinds import BY_INDEX, BY_NAME, KINDS, N_CLASSES, draw, per_class
from foilseg.twin.quotas import TRAINING, VALIDATION
from foilseg.twin.shapes import Shape
from foilseg.twin.surface import overlap

# what lies on top where defects overlap, by class index
_LAYER = per_class({kind.index: kind.layer for kind in KINDS}).astype(np.uint8)
_SMALL = per_class({kind.index: kind.small for kind in KINDS})
# a quota counts as met within these parts of a small specimen, below and above
_UNDERSHOOT, _OVERSHOOT = 0.3, 0.4
_MOST_PROPOSALS = 6000


@dataclass(frozen=True, eq=False)
class Placed:
    """A defect on a foil: its shape, the place of its grid, and what the annotators made of it.

    ``labelled`` is the class index drawn, 0 if the defect was missed.
    """

    shape: Shape
    top: int
    left: int
    labelled: int

    @property
    def place(self) -> tuple[int, int]:
        """(row, column) of the shape's anchor in the image."""
        return self.top + self.shape.anchor[0], self.left + self.shape.anchor[1]


@dataclass(eq=False)
class Layout:
    """The masks of a foil while defects are added.

    Attributes
    ----------
    roi : top, left, height, width of the region of interest.
    cut : rows of the region of interest that validate.
    truth, labels : uint8 (H, W), class indices.
    counts : int64 (classes, 2), label pixels in the training and in the validation region.
    """

    shape: tuple[int, int]
    roi: tuple[int, int, int, int]
    cut: int
    placed: list[Placed] = field(default_factory=list)

    def __post_init__(self):
        self.truth = np.zeros(self.shape, np.uint8)
        self.labels = np.zeros(self.shape, np.uint8)
        self.counts = np.zeros((N_CLASSES, 2), np.int64)

    def region(self, number: int) -> tuple[int, int]:
        """First and last row (exclusive) of the training (0) or validation (1) region."""
        top, _, height, _ = self.roi
        middle = top + self.cut
        return (middle, top + height) if number == TRAINING else (top, middle)

    def change(self, mask: np.ndarray, kind: int, top: int, left: int) -> np.ndarray:
        """By how much drawing a mask would change ``counts``; nothing is drawn."""
        window, inner = overlap(self.shape, mask.shape, top, left)
        before = self.labels[window]
        new = mask[inner] & (_LAYER[before] <= _LAYER[kind])
        columns = np.arange(window[1].start, window[1].stop)
        new &= (columns >= self.roi[1]) & (columns < self.roi[1] + self.roi[3])
        change = np.zeros((N_CLASSES, 2), np.int64)
        for number in (TRAINING, VALIDATION):
            first, last = (np.clip(r - window[0].start, 0, None) for r in self.region(number))
            hit = new[first:last]
            change[:, number] -= np.bincount(before[first:last][hit], minlength=N_CLASSES)
            change[kind, number] += np.count_nonzero(hit)
        return change

    def put(self, placed: Placed, drawn: np.ndarray, margin: int, change: np.ndarray) -> None:
        """Draw a defect into the truth, and its annotation into the labels unless missed."""
        self.placed.append(placed)
        self.counts += change
        _paint(self.truth, placed.shape.mask, placed.shape.kind, placed.top, placed.left)
        if placed.labelled:
            _paint(self.labels, drawn, placed.labelled, placed.top - margin, placed.left - margin)


def _paint(canvas: np.ndarray, mask: np.ndarray, kind: int, top: int, left: int) -> None:
    window, inner = overlap(canvas.shape, mask.shape, top, left)
    part = canvas[window]
    part[mask[inner] & (_LAYER[part] <= _LAYER[kind])] = kind


def fill(
    rng: np.random.Generator,
    layout: Layout,
    quota: np.ndarray,
    scale: float,
    annotators: AnnotatorConfig,
    contrast: dict[int, float],
    hurry: float = 1.0,
) -> Layout:
    """Add defects to a layout until the labels have their quota of pixels.

    Always the kind and region that is furthest behind comes next. A defect that would overshoot
    by more than a scrap is drawn again, smaller.

    Parameters
    ----------
    quota : float64 (classes, 2), label pixels per class in the training and validation region.
    contrast : factor on the relief of each kind.

    Raises
    ------
    RuntimeError
        If the quota cannot be met, because the foil is too small or too much is missed.
    """
    done = np.zeros_like(quota, bool)
    done[0] = True
    for _ in range(_MOST_PROPOSALS):
        behind = np.where(done, 0, (quota - layout.counts) / np.maximum(quota, 1))
        kind, region = np.unravel_index(int(behind.argmax()), behind.shape)
        rest = quota[kind, region] - layout.counts[kind, region]
        if behind[kind, region] <= 0:
            return layout
        if rest < _UNDERSHOOT * _SMALL[kind] * scale**2:
            done[kind, region] = True
            continue
        done[kind, region] = not _propose(
            rng, layout, quota, int(kind), int(region), scale, annotators, contrast, hurry
        )
    raise RuntimeError("the quota of label pixels was not met; the foil is too small for it")


def _propose(
    rng,
    layout: Layout,
    quota: np.ndarray,
    kind: int,
    region: int,
    scale: float,
    annotators: AnnotatorConfig,
    contrast: dict[int, float],
    hurry: float,
) -> bool:
    """Try to add a defect; whether one was added."""
    size = 1.0
    for _ in range(12):
        shape = draw(rng, kind, scale, size, contrast[kind])
        row, column = _place(rng, layout, kind, region, scale)
        top, left = row - shape.anchor[0], column - shape.anchor[1]
        labelled, drawn, margin = annotate(rng, shape, scale, annotators, hurry)
        corner = (top - margin, left - margin)
        change = layout.change(drawn, labelled or kind, *corner)
        if labelled not in (0, kind) and _overshoots(layout.counts, change, quota, scale):
            labelled, change = kind, layout.change(drawn, kind, *corner)
        if not _overshoots(layout.counts, change, quota, scale):
            change = change if labelled else np.zeros_like(change)
            layout.put(Placed(shape, top, left, labelled), drawn, margin, change)
            return True
        size = max(size * rng.uniform(0.6, 0.9), 0.05)
    return False


def _overshoots(counts: np.ndarray, change: np.ndarray, quota: np.ndarray, scale: float) -> bool:
    """Whether a class that grows would end further above its quota than a scrap of a defect."""
    grows = (change > 0) & (np.arange(N_CLASSES) > 0)[:, None]
    scrap = _OVERSHOOT * _SMALL[:, None] * scale**2
    return bool((grows & (counts + change > quota + scrap)).any())


def _place(rng, layout: Layout, kind: int, region: int, scale: float) -> tuple[int, int]:
    """A place in the region: near a defect that the kind seeks, or anywhere."""
    first, last = layout.region(region)
    left, width = layout.roi[1], layout.roi[3]
    row, column = rng.integers(first, last), rng.integers(left, left + width)
    own = BY_INDEX[kind]
    sought = BY_NAME[own.near].index
    if own.own_share and rng.random() < own.own_share:
        sought = kind
    there = [
        p.place for p in layout.placed if p.shape.kind == sought and first <= p.place[0] < last
    ]
    if not there or rng.random() >= own.near_share:
        return int(row), int(column)
    head = there[rng.integers(len(there))]
    if own.reach is None:
        return head
    reach = scale * (15 + rng.exponential(own.reach))
    angle = rng.uniform(0, 2 * np.pi)
    row = np.clip(head[0] + reach * np.sin(angle), first, last - 1)
    column = np.clip(head[1] + reach * np.cos(angle), left, left + width - 1)
    return int(row), int(column)
