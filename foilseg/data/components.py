"""What pixels are one object: connected components with eight neighbours, and their boxes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

EIGHT = np.ones((3, 3), int)  # neighbours that make pixels one object
BOX = ["top", "left", "height", "width"]


def components(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the connected components of a mask.

    Pixels that touch with a side or a corner belong together.

    Parameters
    ----------
    mask : bool (H, W); a mask without a pixel has no component.

    Returns
    -------
    (numbers, n) : int32 (H, W), 0 outside of the mask and 1 to n in the order in which reading
        the rows meets them; and how many there are.
    """
    return ndimage.label(mask, EIGHT)


def objects(mask: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Number the components of each class of a mask, class after class.

    Parameters
    ----------
    mask : integer (H, W) of class indices; 0 is the background and no object.

    Returns
    -------
    (numbers, kinds) : int32 (H, W), 0 for the background and then 1, 2, ...; and the class index
        of each object, kinds[0] being 0.
    """
    numbers, kinds = np.zeros(mask.shape, np.int32), [np.zeros(1, int)]
    for kind in range(1, n_classes):
        hit = mask == kind
        found, n = components(hit) if hit.any() else (numbers, 0)
        numbers[hit] = found[hit] + sum(len(k) for k in kinds) - 1
        kinds.append(np.full(n, kind))
    return numbers, np.concatenate(kinds)


def corner_and_size(place: tuple[slice, slice]) -> tuple[int, int, int, int]:
    """Top, left, height and width of two slices, as of :func:`boxes`; the columns :data:`BOX`."""
    rows, columns = place
    return rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start


def boxes(numbers: np.ndarray) -> list[tuple[slice, slice]]:
    """The smallest rectangle around each component 1 to n of ``numbers`` (H, W), as slices."""
    return ndimage.find_objects(numbers)
