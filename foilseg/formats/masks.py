"""Pairs of a picture and a mask, by where they lie: folders of one's own, and public data sets.

Masks of two values are of one class; masks of a few grey values are class indices or one class a
value. Anti-aliased masks are refused unless a threshold is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from foilseg.data import images
from foilseg.formats import assembling
from foilseg.formats.assembling import FormatError, Item

MOST_VALUES = 32  # grey values of masks that are classes and no shades


@dataclass(frozen=True)
class Layout:
    """Where pictures and masks lie, from the folder that is read.

    Attributes
    ----------
    pictures : a glob pattern.
    mask : the mask of a picture, with ``{folder}`` (of the picture), ``{parent}`` (name of its
        folder) and ``{stem}`` (its name without ending); without an ending the first that is
        there.
    by_folder : whether a picture's folder says its class, and ``good`` is none.
    says : for the help of the command line.
    """

    pictures: str
    mask: str
    by_folder: bool = False
    says: str = ""


LAYOUTS = {
    "beside": Layout("*", "{folder}/{stem}.png", says="NAME.jpg with NAME.png beside it"),
    "folders": Layout("images/*", "masks/{stem}", says="images/NAME and masks/NAME"),
    "mvtec": Layout(
        "test/*/*", "ground_truth/{parent}/{stem}_mask", True,
        says="a category of MVTec AD: test/KIND/NAME.png, ground_truth/KIND/NAME_mask.png",
    ),
    "kolektor": Layout("*/*", "{folder}/{stem}_GT", says="KolektorSDD2: NAME.png and NAME_GT.png"),
}  # fmt: skip


def bring(
    source: Path,
    root: Path,
    *,
    layout: str = "folders",
    threshold: int = 0,
    unannotated: str = "",
    all_grey: bool = False,
) -> Path:
    """Write pairs of pictures and masks as a dataset folder.

    Parameters
    ----------
    layout : a key of :data:`LAYOUTS`.
    threshold : grey value from which on a pixel of an anti-aliased mask is a defect; 0 takes the
        values as they are.
    unannotated, all_grey : as of :func:`foilseg.formats.assembling.write`. A picture in a folder
        ``good`` of MVTec AD is clean without a word.

    Raises
    ------
    foilseg.formats.assembling.FormatError
        If there is no such picture, a mask has another size than its picture or holds shades.
    """
    source = Path(source)
    if not source.is_dir():
        raise FileNotFoundError(f"{source}: no such folder")
    if layout not in LAYOUTS:
        raise FormatError(f"layout: {layout!r} is not one of {', '.join(LAYOUTS)}")
    pairs = list(_pairs(source, LAYOUTS[layout]))
    if not pairs:
        raise FormatError(f"{source}: holds no picture at {LAYOUTS[layout].pictures}")
    if LAYOUTS[layout].by_folder:
        names, items = _by_folder(pairs, threshold)
    else:
        names, items = _by_value(pairs, threshold)
    classes = assembling.classes_of(names)
    return assembling.write(
        root, source.resolve().name, classes, items, unannotated=unannotated, all_grey=all_grey
    )


def _pairs(source: Path, layout: Layout) -> Iterator[tuple[Path, Path | None]]:
    """Each picture with its mask, None if there is none; masks beside pictures are no pictures."""
    found = [
        path
        for path in sorted(source.glob(layout.pictures))
        if path.suffix.lower() in images.SUFFIXES and not images.is_left_behind(path.name)
    ]
    masks = {path: _mask_of(source, path, layout) for path in found}
    taken = set(masks.values())
    for path in found:
        if path not in taken:
            yield path, masks[path]


def _mask_of(source: Path, path: Path, layout: Layout) -> Path | None:
    folder = path.parent.relative_to(source)
    name = layout.mask.format(folder=folder, parent=path.parent.name, stem=path.stem)
    for ending in ("",) if Path(name).suffix in images.SUFFIXES else images.SUFFIXES:
        place = source / f"{name}{ending}"
        if place != path and place.is_file():
            return place
    return None


def _by_folder(pairs, threshold: int) -> tuple[list[str], list[Item]]:
    kinds = sorted({path.parent.name for path, mask in pairs if mask})
    items = []
    for path, mask in pairs:
        draw = (
            partial(_binary, mask, kinds.index(path.parent.name) + 1, threshold) if mask else None
        )
        clean = mask is None and path.parent.name == "good"
        draw = _nothing if clean else draw
        items.append(Item(path, draw, f"{path.parent.name}-{path.stem}"))
    return kinds, items


def _by_value(pairs, threshold: int) -> tuple[list[str], list[Item]]:
    values = set()
    for _, mask in pairs:
        values |= set(np.unique(_read(mask, threshold)).tolist()) if mask else set()
    if len(values) > MOST_VALUES:
        first = next(mask for _, mask in pairs if mask)
        raise FormatError(
            f"{first}: the masks hold {len(values)} grey values, which are shades and no classes; "
            "say --threshold 128 if they are anti-aliased masks of one class"
        )
    shown = sorted(values - {0})
    table = np.zeros(65536, np.uint8)
    table[shown] = range(1, len(shown) + 1)
    names = ["defect"] if len(shown) == 1 else [f"value {value}" for value in shown]
    items = []
    for path, mask in pairs:
        draw = partial(_by_table, mask, table, threshold) if mask else None
        items.append(Item(path, draw))
    return names, items


def _read(path: Path, threshold: int) -> np.ndarray:
    """A mask's values (H, W); with a threshold 0 and 255."""
    pixels = images.read(path)
    pixels = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    return np.where(pixels >= threshold, 255, 0) if threshold else pixels


def _fitting(path: Path, mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if mask.shape != size:
        raise FormatError(
            f"{path}: has {mask.shape[1]} x {mask.shape[0]} pixels, its picture has "
            f"{size[1]} x {size[0]}"
        )
    return mask


def _binary(path: Path, index: int, threshold: int, size: tuple[int, int]) -> np.ndarray:
    mask = _fitting(path, _read(path, threshold), size)
    return np.where(mask > 0, index, 0).astype(np.uint8)


def _by_table(path: Path, table: np.ndarray, threshold: int, size: tuple[int, int]) -> np.ndarray:
    return table[_fitting(path, _read(path, threshold), size)]


def _nothing(size: tuple[int, int]) -> np.ndarray:
    return np.zeros(size, np.uint8)
