"""The public photographs of magnetic tiles as a dataset folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from foilseg.data import images
from foilseg.formats import assembling
from foilseg.formats.assembling import Item

DEFECTS = ("blowhole", "break", "crack", "fray", "uneven")
FREE = "MT_Free"
THRESHOLD = 128  # the masks are anti-aliased; at and above it a pixel is defect


def magnetic_tile(source: Path, root: Path, **shared: Any) -> Path:
    """Write the magnetic tile photographs as a dataset folder of five defects.

    Huang, Qiu, Yuan, "Surface defect saliency of magnetic tile", The Visual Computer 36 (2020),
    85-96, doi 10.1007/s00371-018-1588-5. ``source`` holds ``MT_<Defect>/Imgs/NAME.jpg`` with the
    mask ``NAME.png`` of that one defect beside it; folders that are absent are left out, but at
    least one must be there.

    Parameters
    ----------
    source : the data set's own folder.
    root : the dataset folder to write; it must not exist yet.
    shared : shrink and standardise of :func:`foilseg.formats.assembling.write`.

    Returns
    -------
    The folder.

    Raises
    ------
    FileExistsError, FileNotFoundError, foilseg.data.images.ImageFileError
        If ``root`` exists, ``source`` holds no such folder, a mask is missing, of another size
        or unreadable. Nothing is left behind then.
    """
    items = _items(Path(source))
    classes = assembling.classes_of(DEFECTS)
    return assembling.write(root, "magnetic tile", classes, items, all_grey=True, **shared)


def _items(source: Path) -> list[Item]:
    kinds = {f"MT_{name.capitalize()}": index for index, name in enumerate(DEFECTS, 1)}
    items = []
    for folder, index in (kinds | {FREE: 0}).items():
        for picture in sorted((source / folder / "Imgs").glob("*.jpg")):
            name = f"{folder[3:].lower()}-{picture.stem}"
            items.append(Item(picture, partial(_mask, picture.with_suffix(".png"), index), name))
    if not items:
        wanted = ", ".join([*kinds, FREE])
        raise FileNotFoundError(f"{source}: holds none of {wanted} with pictures in Imgs/")
    return items


def _mask(path: Path, index: int, size: tuple[int, int]) -> np.ndarray:
    mask = assembling.as_grey(images.read(path))
    if mask.shape != size:
        sizes = f"{mask.shape[1]} x {mask.shape[0]}, its picture {size[1]} x {size[0]}"
        raise images.ImageFileError(f"{path}: is {sizes} pixels")
    return np.where(mask >= THRESHOLD, index, 0).astype(np.uint8)
