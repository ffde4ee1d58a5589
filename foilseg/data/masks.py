"""The masks of a dataset folder: indices or colours -> class indices, and what counts nowhere.

A pixel is given as an index or as a colour of ``dataset.json``. One of index 255, or of a class
that is marked ``"ignore": true`` there, counts nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from foilseg.data.dataset import IGNORED, LabelClass
from foilseg.data.scan import Scan


def read(
    scan: Scan,
    path: Path,
    classes: Sequence[LabelClass],
    ignored: Sequence[LabelClass],
    size: tuple[int, int] | None,
) -> np.ndarray | None:
    """The class indices of a mask file, uint8 (H, W) with :data:`IGNORED`; None, and a problem.

    ``size`` : height and width of its picture, if that could be read.
    """
    pixels = scan.pixels(path)
    if pixels is None:
        return None
    if size is not None and pixels.shape[:2] != size:
        shown = [f"{width} x {height}" for height, width in (pixels.shape[:2], size)]
        advice = "label and image must have the same size"
        scan.add(path, f"is {shown[0]} pixels, its image {shown[1]}", advice)
        return None
    targets = {c: c.index for c in classes} | dict.fromkeys(ignored, IGNORED)
    mask, known = (_of_indices if pixels.ndim == 2 else _of_colours)(pixels, targets)
    if not known.all():
        _unknown(scan, path, pixels, ~known)
        return None
    return mask


def _unknown(scan: Scan, path: Path, pixels: np.ndarray, unknown: np.ndarray) -> None:
    row, column = np.argwhere(unknown)[0]
    value = pixels[row, column]
    colour = "".join(f"{v:02x}" for v in np.atleast_1d(value))
    shown = f"index {value}" if pixels.ndim == 2 else f"colour #{colour}"
    kinds = len(np.unique(pixels[unknown], axis=0))
    what = f"{unknown.sum()} pixels of {kinds} value(s) that are no class, first {shown}"
    advice = "use only the classes of dataset.json"
    if kinds > 1 and pixels.ndim == 3:
        advice += ", and draw without anti-aliasing and save without lossy compression"
    scan.add(path, f"{what} at row {row}, column {column}", advice)


def _of_indices(pixels: np.ndarray, targets) -> tuple[np.ndarray, np.ndarray]:
    """The mask, and bool (H, W) where a pixel is of a class or ignored."""
    table = np.full(np.iinfo(pixels.dtype).max + 1, -1)
    table[IGNORED] = IGNORED
    for c, target in targets.items():
        table[c.index] = target
    found = table[pixels]
    return found.astype(np.uint8), found >= 0


def _of_colours(pixels: np.ndarray, targets) -> tuple[np.ndarray, np.ndarray]:
    mask, known = np.zeros(pixels.shape[:2], np.uint8), np.zeros(pixels.shape[:2], bool)
    if pixels.dtype != np.uint8:
        return mask, known
    red, green, blue = (pixels[..., k].astype(np.uint32) for k in range(3))
    packed = red << 16 | green << 8 | blue
    for c, target in targets.items():
        own = packed == int(c.colour[1:], 16)
        mask[own] = target
        known |= own
    return mask, known


def apart(
    mask: np.ndarray, truth: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Mask and truth with the background where either is :data:`IGNORED`, and where that is.

    The last is bool (H, W), or None if no pixel is ignored; then both come back as they are.
    """
    ignored = mask == IGNORED if truth is None else (mask == IGNORED) | (truth == IGNORED)
    if not ignored.any():
        return mask, truth, None
    mask, truth = (None if m is None else np.where(ignored, np.uint8(0), m) for m in (mask, truth))
    return mask, truth, ignored
