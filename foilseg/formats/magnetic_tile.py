"""The public photographs of magnetic tiles as a dataset folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from foilseg.data import description, files, images
from foilseg.data.dataset import LabelClass, write_mask

# Colours of Okabe and Ito, told apart by colour-blind readers too.
TILE_CLASSES = (
    LabelClass(0, "background", "#ffffff"),
    LabelClass(1, "blowhole", "#56b4e9"),
    LabelClass(2, "break", "#cc79a7"),
    LabelClass(3, "crack", "#009e73"),
    LabelClass(4, "fray", "#d55e00"),
    LabelClass(5, "uneven", "#e69f00"),
)
TILE_FREE = "MT_Free"
TILE_THRESHOLD = 128  # the masks are anti-aliased; at and above it a pixel is defect


def magnetic_tile(source: Path, root: Path) -> Path:
    """Write the magnetic tile photographs as a dataset folder of five defects.

    Huang, Qiu, Yuan, "Surface defect saliency of magnetic tile", The Visual Computer 36 (2020),
    85-96, doi 10.1007/s00371-018-1588-5. ``source`` holds ``MT_<Defect>/Imgs/NAME.jpg`` with the
    mask ``NAME.png`` of that one defect beside it; folders that are absent are left out, but at
    least one must be there.

    Parameters
    ----------
    source : the data set's own folder.
    root : the dataset folder to write; it must not exist yet.

    Returns
    -------
    The folder.

    Raises
    ------
    FileExistsError, FileNotFoundError, foilseg.data.images.ImageFileError
        If ``root`` exists, ``source`` holds no such folder, a mask is missing, of another size
        or unreadable. Nothing is left behind then.
    """
    source, root = Path(source), Path(root)
    if root.exists():
        raise FileExistsError(f"{root}: exists already; give a new folder or remove it")
    pairs = _tile_pairs(source)
    with files.new_folder(root) as part:
        for name, index, picture in pairs:
            image, mask = _tile(picture, index)
            images.write(part / "images" / f"{name}.png", image)
            write_mask(part / "labels" / f"{name}.png", mask, TILE_CLASSES)
        description.write(part / description.NAME, "magnetic tile", TILE_CLASSES)
    return root


def _tile_pairs(source: Path) -> list[tuple[str, int, Path]]:
    kinds = {f"MT_{c.name.capitalize()}": c for c in TILE_CLASSES[1:]}
    pairs = []
    for folder in [*kinds, TILE_FREE]:
        index = kinds[folder].index if folder in kinds else 0
        for picture in sorted((source / folder / "Imgs").glob("*.jpg")):
            pairs.append((f"{folder[3:].lower()}-{picture.stem}", index, picture))
    if not pairs:
        wanted = ", ".join([*kinds, TILE_FREE])
        raise FileNotFoundError(f"{source}: holds none of {wanted} with pictures in Imgs/")
    return pairs


def _tile(picture: Path, index: int) -> tuple[np.ndarray, np.ndarray]:
    image, mask = images.read(picture), images.read(picture.with_suffix(".png"))
    if mask.shape[:2] != image.shape[:2]:
        sizes = (
            f"{mask.shape[1]} x {mask.shape[0]}, its picture {image.shape[1]} x {image.shape[0]}"
        )
        raise images.ImageFileError(f"{picture.with_suffix('.png')}: is {sizes} pixels")
    grey = [a if a.ndim == 2 else np.rint(a.mean(axis=2)).astype(np.uint8) for a in (image, mask)]
    return grey[0], ((grey[1] >= TILE_THRESHOLD) & (index > 0)).astype(np.uint8) * np.uint8(index)
