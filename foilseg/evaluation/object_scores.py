"""Which objects are found and which reports are false, at every threshold of a ladder at once.

Thresholds are the edges of the bins that :mod:`foilseg.evaluation.curves` files logits in: a pixel
is reported at edge e if its bin is e or a later one, so every number here belongs to a point of
those curves. Bin 64 begins at probability 0.5.

An object of the reference is judged together with its surroundings up to ``r`` pixels: at a
threshold its *cover* is how many reported pixels lie there, as a share of its own pixels. So an
object that is found without surroundings is found with them, and one that is found at a threshold
is found at every lower one; it is enough to store the last bin at which it still is. Reported
objects are stored at each edge of :data:`LADDER`, with how near they come to the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage

from foilseg.data.components import boxes, components
from foilseg.evaluation.curves import BINS, LARGEST

REACHES = (0, 2, 5)  # pixels around an object that count as the object
COVERS = (0.0, 0.01, 0.1, 0.5)  # shares of an object's pixels; 0 is a single pixel
LADDER = tuple(range(49, 98, 3))  # logits -3.75, -3, ..., 0, ..., 8.25
BEYOND = 99  # the reach of a reported object that comes near no object of the reference
JOINED = 2  # pixels; a report within it of two objects joins them


def bins(logit: np.ndarray) -> np.ndarray:
    """uint8 of the same shape: the bins of :func:`foilseg.evaluation.curves.histogram`."""
    place = (logit + LARGEST) * (BINS / (2 * LARGEST))
    return np.clip(place, 0, BINS - 1).astype(np.uint8)


def column(cover: float, reach: int) -> str:
    """The column of :meth:`Reference.found` for a share and a reach."""
    return f"{cover:g} within {reach}"


@dataclass(frozen=True, eq=False)
class Reference:
    """The objects of one class in one picture, and their surroundings.

    Attributes
    ----------
    pixels : int64 (n,), of each object.
    corners : of each object, the box that holds it and its surroundings.
    distances : of each object, float32 over that box, the distance to the object.
    places : int64 (m,), the pixels within the largest reach of any object, in reading order.
    reach : uint8 (m,), the smallest of :data:`REACHES` that holds each of them.
    nearest : int32 (m,), the object, 1 to n, that it is nearest to.
    """

    pixels: np.ndarray
    corners: list[tuple[slice, slice]]
    distances: list[np.ndarray]
    places: np.ndarray
    reach: np.ndarray
    nearest: np.ndarray

    @classmethod
    def of(cls, mask: np.ndarray) -> Reference:
        """The objects of a bool mask (H, W): its components with eight neighbours."""
        numbers, n = components(mask)
        corners = [_widened(box, mask.shape) for box in boxes(numbers)]
        distances = [_distance(numbers[box] == k + 1) for k, box in enumerate(corners)]
        pixels = np.bincount(numbers.ravel(), minlength=n + 1)[1:]
        return cls(pixels, corners, distances, *_near(numbers, n))

    def found(self, filed: np.ndarray) -> pd.DataFrame:
        """Until which bin each object is found: a row an object, no object no row.

        Parameters
        ----------
        filed : uint8 (H, W), see :func:`bins`.

        Columns
        -------
        pixels, and for each of :data:`COVERS` and :data:`REACHES` the last bin at whose edge at
        least that share of the object is covered within that reach (-1: at none).
        """
        rows = [self._found(filed, k) for k in range(len(self.pixels))]
        names = ["pixels", *(column(c, r) for r in REACHES for c in COVERS)]
        return pd.DataFrame(rows, columns=names, dtype=int)

    def _found(self, filed: np.ndarray, k: int) -> list[int]:
        inside, row = filed[self.corners[k]], [int(self.pixels[k])]
        for reach in REACHES:
            held = np.sort(inside[self.distances[k] <= reach])[::-1]
            for cover in COVERS:
                needed = max(1, int(np.ceil(cover * self.pixels[k] - 1e-9)))
                row.append(int(held[needed - 1]) if needed <= len(held) else -1)
        return row


def near(said: np.ndarray, mask: np.ndarray, reach: int) -> np.ndarray:
    """Which objects of ``said`` (H, W) come within ``reach`` pixels of an object of ``mask``.

    bool (objects,), in the order in which reading the rows meets them.
    """
    numbers, n = components(said)
    reference = Reference.of(mask)
    touched = np.zeros(n + 1, bool)
    touched[numbers.ravel()[reference.places[reference.reach <= reach]]] = True
    return touched[1:]


def reported(filed: np.ndarray, references: dict[str, Reference]) -> pd.DataFrame:
    """The objects that are reported at each edge of :data:`LADDER`: a row an object and edge.

    Parameters
    ----------
    filed : uint8 (H, W), see :func:`bins`.
    references : name -> objects of the class, such as those of the label and of the truth.

    Columns
    -------
    edge, pixels, and for each reference ``reach NAME``, the smallest of :data:`REACHES` within
    which it comes to an object of the reference, else :data:`BEYOND`, and ``objects NAME``, how
    many of them it touches within :data:`JOINED` pixels (a pixel counts for the nearest).
    Reported objects have eight neighbours.
    """
    names = ["edge", "pixels"]
    names += [f"{kind} {name}" for name in references for kind in ("reach", "objects")]
    tables = [_at(filed, edge, references) for edge in LADDER]
    return pd.DataFrame(np.concatenate(tables), columns=names)


def _at(filed: np.ndarray, edge: int, references: dict[str, Reference]) -> np.ndarray:
    labels, n = components(filed >= edge)
    if not n:
        return np.zeros((0, 2 + 2 * len(references)), int)
    labels = labels.ravel()
    columns = [np.full(n, edge), np.bincount(labels)[1:]]
    for reference in references.values():
        columns += _nearness(labels[reference.places], n, reference)
    return np.stack(columns, axis=1)


def _nearness(number: np.ndarray, n: int, reference: Reference) -> tuple[np.ndarray, np.ndarray]:
    """Reach of each reported object 1 to n, and how many objects it touches."""
    reach = np.full(n + 1, BEYOND, np.uint8)
    np.minimum.at(reach, number, reference.reach)
    close = (number > 0) & (reference.reach <= JOINED)
    touched = number[close].astype(np.int64) * (len(reference.pixels) + 1)
    pairs = np.unique(touched + reference.nearest[close])
    many = np.bincount(pairs // (len(reference.pixels) + 1), minlength=n + 1)
    return reach[1:], many[1:]


def _widened(box: tuple[slice, slice], shape: tuple[int, ...]) -> tuple[slice, slice]:
    far = REACHES[-1]
    return tuple(slice(max(0, s.start - far), min(n, s.stop + far)) for s, n in zip(box, shape))


def _distance(mask: np.ndarray) -> np.ndarray:
    return ndimage.distance_transform_edt(~mask).astype(np.float32)


def _near(numbers: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places, reach and nearest object of the pixels around objects."""
    if not n:
        return np.zeros(0, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.int32)
    far, source = ndimage.distance_transform_edt(numbers == 0, return_indices=True)
    places = np.flatnonzero(far <= REACHES[-1])
    reach = np.array(REACHES, np.uint8)[np.searchsorted(REACHES, far.ravel()[places])]
    row, place = (axis.ravel()[places] for axis in source)
    return places, reach, numbers[row, place]
