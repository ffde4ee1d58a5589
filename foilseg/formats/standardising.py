"""Pictures brought to one brightness and one contrast, each by itself.

Photographs of one thing under different light differ about in a factor and an offset, which say
nothing of its defects.
"""

from __future__ import annotations

import numpy as np

MIDDLE, SPREAD = 0.5, 0.2  # of the range of values: the mean, and one standard deviation


def picture(pixels: np.ndarray) -> np.ndarray:
    """Pixels (H, W) or (H, W, C) of an unsigned type, each channel by itself.

    The mean becomes half of the type's range and one standard deviation a fifth of it; what is
    more than 2.5 standard deviations from the mean is clipped. A channel of one value becomes
    the middle.
    """
    values, largest = pixels.astype(np.float64), np.iinfo(pixels.dtype).max
    mean, spread = values.mean(axis=(0, 1)), values.std(axis=(0, 1))
    away = (values - mean) / np.where(spread > 0, spread, 1.0)
    return np.rint(np.clip(MIDDLE + SPREAD * away, 0, 1) * largest).astype(pixels.dtype)
