"""Pictures and masks made smaller by a whole number, block by block.

What is learned and judged is then of the smaller pictures; rows and columns that make no whole
block, at the bottom and the right, are left out.
"""

from __future__ import annotations

import numpy as np


def picture(pixels: np.ndarray, times: int) -> np.ndarray:
    """Pixels (H, W) or (H, W, C) as the means of blocks, rounded, of the same type."""
    blocks = _blocks(pixels, times)
    return np.rint(blocks.mean(axis=(1, 3), dtype=np.float64)).astype(pixels.dtype)


def mask(indices: np.ndarray, times: int) -> np.ndarray:
    """Class indices uint8 (H, W) by blocks: the background where it fills more than half of one.

    Elsewhere it is the defect, or what is ignored, that fills most of the block; of equal ones
    that with the lower index.
    """
    blocks = _blocks(indices, times)
    filled = np.zeros(blocks.shape[::2], np.int64)
    found = np.zeros(blocks.shape[::2], np.uint8)
    for index in np.unique(indices[indices > 0]):
        own = (blocks == index).sum(axis=(1, 3))
        found[own > filled] = index
        filled = np.maximum(filled, own)
    background = (blocks == 0).sum(axis=(1, 3))
    return np.where(2 * background > times * times, 0, found).astype(np.uint8)


def _blocks(values: np.ndarray, times: int) -> np.ndarray:
    """(rows of blocks, times, columns of blocks, times[, C])."""
    height, width = (edge // times for edge in values.shape[:2])
    whole = values[: height * times, : width * times]
    return whole.reshape(height, times, width, times, *values.shape[2:])
