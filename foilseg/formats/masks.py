"""Pairs of a picture and a mask, by where they lie: folders of one's own, and public data sets.

Masks of two values are of one class; of a few values, indices of a palette or colours, each is a
class, and 0 (black) is the background. Soft edges are refused unless a threshold is given.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from foilseg.data import images
from foilseg.data.dataset import IGNORED
from foilseg.formats import assembling
from foilseg.formats.assembling import FormatError, Item

NO_VALUE = -1  # that no pixel has
MOST_VALUES = 64  # of masks that are classes and no shades
COLOUR = 1 << 16  # what is added to a colour, so that it is no grey value
LOSSY = (".jpg", ".jpeg")
GOOD = "good"  # the folder of MVTec AD without a defect


@dataclass(frozen=True)
class Layout:
    """Where pictures and masks lie, from the folder that is read.

    Attributes
    ----------
    pictures, masks : glob patterns of either; the second is "" where masks lie among pictures.
    mask : the mask of a picture without its ending, with ``{folder}`` (of the picture),
        ``{parent}`` (name of its folder) and ``{stem}`` (its name without ending).
    ending : of masks; "" takes the first that is there.
    marked : what the name of every mask holds, "" if nothing does.
    by_folder : whether a picture's folder says its class, and ``good`` is none.
    says : for the help of the command line.
    """

    pictures: str
    masks: str
    mask: str
    ending: str = ""
    marked: str = ""
    by_folder: bool = False
    says: str = ""


LAYOUTS = {
    "beside": Layout(
        "*", "", "{folder}/{stem}", ".png", says="NAME.jpg with NAME.png beside it"
    ),
    "folders": Layout("images/*", "masks/*", "masks/{stem}", says="images/NAME and masks/NAME"),
    "mvtec": Layout(
        "test/*/*", "ground_truth/*/*", "ground_truth/{parent}/{stem}_mask", by_folder=True,
        says="a category of MVTec AD: test/KIND/NAME.png, ground_truth/KIND/NAME_mask.png",
    ),
    "kolektor": Layout(
        "*/*", "", "{folder}/{stem}_GT", marked="_GT", says="KolektorSDD2: NAME.png and NAME_GT.png"
    ),
}  # fmt: skip


def bring(
    source: Path,
    root: Path,
    *,
    layout: str = "folders",
    threshold: int = 0,
    ignore: int = NO_VALUE,
    **shared: Any,
) -> Path:
    """Write pairs of pictures and masks as a dataset folder.

    Parameters
    ----------
    layout : a key of :data:`LAYOUTS`.
    threshold : grey value from which on a pixel of an anti-aliased mask is a defect; 0 takes the
        values as they are.
    ignore : value of the pixels that count nowhere, in masks of more than two values.
    shared : what :func:`foilseg.formats.assembling.write` takes beside the items. A picture in a
        folder ``good`` of MVTec AD is clean without a word.

    Raises
    ------
    foilseg.formats.assembling.FormatError
        If there is no such picture, a mask has another size than its picture or holds shades.
    """
    source = Path(source)
    if not source.is_dir():
        raise FileNotFoundError(
            f"{source}: no such folder; give the one with the pictures and the masks"
        )
    if layout not in LAYOUTS:
        raise FormatError(f"layout: {layout!r} is not one of {', '.join(LAYOUTS)}")
    pairs = _pairs(source, LAYOUTS[layout])
    if not pairs:
        raise FormatError(f"{source}: holds no picture at {LAYOUTS[layout].pictures}")
    if LAYOUTS[layout].by_folder and ignore != NO_VALUE:
        raise FormatError(f"ignore: masks of {layout} have one class each, and no value to ignore")
    if LAYOUTS[layout].by_folder:
        names, items = _by_folder(pairs, threshold)
    else:
        names, items = _by_value(pairs, threshold, ignore)
    classes = assembling.classes_of(names)
    return assembling.write(root, source.resolve().name, classes, items, **shared)


def _pairs(source: Path, layout: Layout) -> list[tuple[Path, Path | None]]:
    """Each picture with its mask, None if there is none.

    Raises
    ------
    FormatError
        If a mask belongs to no picture; names it.
    """
    found = _files(source, layout.pictures)
    there = {_key(p.relative_to(source)): p for p in [*found, *_files(source, layout.masks)]}
    masks = {path: _mask_of(source, path, layout, there) for path in found}
    taken = set(masks.values())
    alone = [p for p in _files(source, layout.masks) if p not in taken and p not in masks]
    alone += [p for p in masks if layout.marked and layout.marked in p.stem and p not in taken]
    if alone:
        raise FormatError(f"{alone[0]}: is a mask that belongs to no picture; remove or rename it")
    return [(path, mask) for path, mask in masks.items() if path not in taken]


def _files(source: Path, pattern: str) -> list[Path]:
    return images.pictures(source.glob(pattern)) if pattern else []


def _key(path: Path) -> str:
    """A file without its ending, and its ending, for comparison in either case of letters."""
    return f"{path.with_suffix('').as_posix()}{path.suffix.lower()}"


def _mask_of(source: Path, path: Path, layout: Layout, there: dict[str, Path]) -> Path | None:
    folder = path.parent.relative_to(source)
    told = {"folder": folder, "parent": path.parent.name, "stem": path.stem}
    name = PurePosixPath(layout.mask.format(**told)).as_posix()
    for ending in (layout.ending,) if layout.ending else images.SUFFIXES:
        place = there.get(f"{name}{ending}")
        if place is not None and place != path:
            return place
    return None


def _by_folder(pairs, threshold: int) -> tuple[list[str], list[Item]]:
    kinds = sorted({path.parent.name for path, mask in pairs if mask} - {GOOD})
    items = []
    for path, mask in pairs:
        if path.parent.name == GOOD:
            draw = _nothing
        else:
            index = kinds.index(path.parent.name) + 1 if mask else 0
            draw = partial(_one_class, mask, index, threshold) if mask else None
        items.append(Item(path, draw, f"{path.parent.name}-{path.stem}"))
    return kinds, items


def _by_value(pairs, threshold: int, ignore: int) -> tuple[list[str], list[Item]]:
    values: set[int] = set()
    for _, mask in pairs:
        values |= set(np.unique(_read(mask, threshold)).tolist()) if mask else set()
        if len(values) > MOST_VALUES:
            raise FormatError(_shades(mask, len(values)))
    first = next((mask for _, mask in pairs if mask), None)
    if first is None:
        raise FormatError("no picture has a mask; --layout says where masks lie")
    if 0 not in values:
        raise FormatError(f"{first}: no pixel of any mask is 0, so nothing is background")
    shown = sorted(values - {0, ignore})
    one = shown in ([1], [255], [1, 255])  # files of either kind may come together
    table = {value: 1 if one else k for k, value in enumerate(shown, 1)} | {ignore: IGNORED}
    names = ["defect"] if one or len(shown) == 1 else [_called(value) for value in shown]
    if not names:
        raise FormatError(f"{first}: no pixel of any mask is anything but 0: there is no defect")
    items = []
    for path, mask in pairs:
        draw = partial(_by_table, mask, table, threshold) if mask else None
        items.append(Item(path, draw))
    return names, items


def _called(value: int) -> str:
    return f"value {value}" if value < COLOUR else f"colour #{value - COLOUR:06x}"


def _shades(mask: Path, many: int) -> str:
    return (
        f"{mask}: the masks hold {many} values, which are shades and no classes; say --threshold "
        "128 if they are masks of one class with soft edges"
    )


def _read(path: Path, threshold: int) -> np.ndarray:
    """A mask's values (H, W): indices of a palette, grey values, or colours above 65,535.

    With a threshold 0 and 255, of the brightest channel.

    Raises
    ------
    FormatError
        If the file loses what it holds, as JPEG does, and there is no threshold.
    """
    if threshold:
        pixels = images.read(path)
        return np.where((pixels if pixels.ndim == 2 else pixels.max(axis=2)) >= threshold, 255, 0)
    if path.suffix.lower() in LOSSY:
        raise FormatError(f"{path}: JPEG blurs a mask; say --threshold 128, or give PNG files")
    with contextlib.suppress(images.ImageFileError):
        return images.read_indexed(path).astype(int)
    pixels = images.read(path).astype(int)
    if pixels.ndim == 2:
        return pixels
    packed = (pixels << np.array([16, 8, 0])).sum(axis=2)
    grey = (pixels == pixels[..., :1]).all(axis=2)
    return np.where(grey, pixels[..., 0], packed + COLOUR)


def _fitting(path: Path, mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if mask.shape != size:
        raise FormatError(
            f"{path}: has {mask.shape[1]} x {mask.shape[0]} pixels, its picture has "
            f"{size[1]} x {size[0]}"
        )
    return mask


def _one_class(path: Path, index: int, threshold: int, size: tuple[int, int]) -> np.ndarray:
    mask = _fitting(path, _read(path, threshold), size)
    values = np.unique(mask)
    if len(values) > 2:
        raise FormatError(_shades(path, len(values)))
    return np.where(mask > 0, index, 0).astype(np.uint8)


def _by_table(
    path: Path, table: dict[int, int], threshold: int, size: tuple[int, int]
) -> np.ndarray:
    mask = _fitting(path, _read(path, threshold), size)
    found = np.zeros(size, np.uint8)
    for value, index in table.items():
        found[mask == value] = index
    return found


def _nothing(size: tuple[int, int]) -> np.ndarray:
    return np.zeros(size, np.uint8)
