"""Pictures with annotations, from whatever they come, -> a dataset folder, whole or not at all.

An importer lists :class:`Item` s; what is the same for all of them is decided here: what a picture
without annotation means, grey among colour, orientation, and names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from foilseg.data import description, escape, files, images
from foilseg.data.dataset import IGNORED, LabelClass, write_mask
from foilseg.formats import shrinking, standardising

CLEAN = "clean"
UNANNOTATED = (CLEAN, "leave-out")
LISTED = 3  # names that an error shows
# A label or category of this name marks what counts nowhere, as LabelMe's tools have it.
NOWHERE = "__ignore__"
# Colours of Okabe and Ito for the defects, told apart by colour-blind readers too; then Tol's.
COLOURS = (
    *("#56b4e9", "#cc79a7", "#009e73", "#d55e00", "#e69f00", "#0072b2", "#f0e442"),
    *("#332288", "#117733", "#882255", "#44aa99", "#999933", "#aa4499", "#661100"),
)
BACKGROUND = LabelClass(0, "background", "#ffffff")
UNCOUNTED = LabelClass(IGNORED, "ignored", "#bdbdbd")


class FormatError(ValueError):
    """Annotations that cannot be brought in; the message names the file and says what to do."""


@dataclass(frozen=True)
class Item:
    """A picture, and how to make its mask.

    Attributes
    ----------
    picture : its file.
    mask : (height, width) of the upright picture -> uint8 (H, W) of class indices, and of
        :data:`foilseg.data.dataset.IGNORED` where a pixel is to count nowhere; or None if the
        picture has no annotation.
    name : of it there, "" for that of its file without ending.
    """

    picture: Path
    mask: Callable[[tuple[int, int]], np.ndarray] | None
    name: str = ""

    @property
    def called(self) -> str:
        """What it is called in the dataset folder."""
        return self.name or self.picture.stem


def classes_of(names: Iterable[str]) -> tuple[LabelClass, ...]:
    """The background, then classes of these names in their order, each in a colour of its own.

    Raises
    ------
    FormatError
        If there are more than 254; a mask has no room for them.
    """
    names = list(names)
    if len(names) >= description.MOST_CLASSES:
        raise FormatError(
            f"{len(names)} classes, such as {names[0]!r}; at most {description.MOST_CLASSES - 1}"
        )
    rounds = (divmod(k, len(COLOURS)) for k in range(len(names)))
    colours = [_shifted(COLOURS[place], times) for times, place in rounds]
    made = [LabelClass(k, n, c) for k, (n, c) in enumerate(zip(names, colours), 1)]
    return (BACKGROUND, *made)


def _shifted(colour: str, times: int) -> str:
    """Another colour near it, for each number of times (below 37) another one."""
    shade = [(value + 7 * times) % 256 for value in images.rgb(colour)]
    return "#" + "".join(f"{value:02x}" for value in shade)


def write(
    root: Path,
    name: str,
    classes: Sequence[LabelClass],
    items: Sequence[Item],
    *,
    unannotated: str = "",
    all_grey: bool = False,
    shrink: int = 1,
    standardise: bool = False,
) -> Path:
    """Write a dataset folder, which must be new; nothing of it if anything is wrong.

    Parameters
    ----------
    unannotated : what a picture without annotation is: ``"clean"``, nothing to see in it, or
        ``"leave-out"``, nobody looked. It has to be said if there is one.
    all_grey : make colour pictures grey, so that both may come together.
    shrink : make pictures and masks this many times smaller (:mod:`foilseg.formats.shrinking`).
    standardise : bring every picture, when it has its size, to one brightness and contrast
        (:mod:`foilseg.formats.standardising`).

    Raises
    ------
    FileExistsError
        If ``root`` exists.
    FormatError
        If ``shrink`` is below 1 or larger than a picture, two pictures share a name, one has no
        annotation and nobody says what that means, some are grey and some in colour, or there is
        none at all.
    foilseg.data.images.ImageFileError
        If a picture cannot be read; names it.
    """
    root = Path(root)
    if root.exists():
        raise FileExistsError(f"{root}: exists already; give a new folder or remove it")
    if shrink < 1:
        raise FormatError(f"shrink: {shrink} times smaller cannot be; use 1 or more")
    name = name.strip()[: escape.LONGEST_NAME].strip()
    if wrong := description.problem(name, tuple(classes)):
        raise FormatError(f"{wrong}; rename it where it was annotated")
    taken = _taken(items, unannotated)
    kinds: dict[bool, Path] = {}
    ignored: tuple[LabelClass, ...] = ()
    with files.new_folder(root) as part:
        for item in tqdm(taken, desc="import", unit="picture", disable=None):
            pixels = upright(item.picture)
            pixels = as_grey(pixels) if all_grey else pixels
            kinds.setdefault(pixels.ndim == 2, item.picture)
            if len(kinds) == 2:
                raise FormatError(
                    f"{kinds[True]} is grey and {kinds[False]} in colour; use --all-grey"
                )
            shape = pixels.shape[:2]
            if shrink > min(shape):
                raise FormatError(f"{item.picture}: is smaller than --shrink {shrink}")
            mask = item.mask(shape) if item.mask else np.zeros(shape, np.uint8)
            if shrink > 1:
                pixels, mask = shrinking.picture(pixels, shrink), shrinking.mask(mask, shrink)
            pixels = standardising.picture(pixels) if standardise else pixels
            extra = (UNCOUNTED,) if (mask == IGNORED).any() else ()
            ignored = ignored or extra
            images.write(part / "images" / f"{item.called}.png", pixels)
            write_mask(part / "labels" / f"{item.called}.png", mask, (*classes, *extra))
        description.write(part / description.NAME, name, tuple(classes), ignored=ignored)
    return root


def _taken(items: Sequence[Item], unannotated: str) -> list[Item]:
    if unannotated and unannotated not in UNANNOTATED:
        raise FormatError(f"unannotated: {unannotated!r} is not one of {', '.join(UNANNOTATED)}")
    bare = [item for item in items if item.mask is None]
    if bare and not unannotated:
        raise FormatError(
            f"{len(bare)} picture(s) have no annotation, such as {listed(bare)}; say what that "
            "means: --unannotated clean (there is no defect) or leave-out (nobody looked)"
        )
    taken = [item for item in items if item.mask or unannotated == CLEAN]
    if not taken:
        raise FormatError("there is no annotated picture")
    named: dict[str, Item] = {}
    for item in taken:
        if wrong := _unfit(item.called):
            raise FormatError(f"{item.picture}: its name {wrong}; rename the file")
        other = named.setdefault(item.called, item)
        if other is not item:
            raise FormatError(
                f"{item.picture} and {other.picture} would both be called {item.called}; rename one"
            )
    return taken


def _unfit(name: str) -> str:
    """Why a picture cannot be called so, in words."""
    if name.startswith(".") or "/" in name or "\\" in name:
        return "is no plain file name"
    return escape.unfit(name, escape.LONGEST_FILE)


def listed(items: Sequence[Item]) -> str:
    """The first of some pictures, by their files."""
    shown = ", ".join(str(item.picture) for item in items[:LISTED])
    return f"{shown} ..." if len(items) > LISTED else shown


# EXIF orientation -> quarter turns to the left, and whether left and right are exchanged then.
TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True),
         8: (1, False)}  # fmt: skip


def upright(path: Path) -> np.ndarray:
    """The pixels of a picture, turned as its EXIF orientation says, which annotation tools do."""
    pixels = images.read(path)
    quarter, mirrored = TURNS.get(images.orientation(path), (0, False))
    moved = np.rot90(pixels, quarter)
    return np.ascontiguousarray(moved[:, ::-1] if mirrored else moved)


def as_grey(pixels: np.ndarray) -> np.ndarray:
    """Pixels (H, W) or (H, W, 3) as grey values (H, W): the mean of the channels."""
    if pixels.ndim == 2:
        return pixels
    return np.rint(pixels.mean(axis=2)).astype(pixels.dtype)
