"""Dataset folder -> foils: name, image, mask, truth; classes and colours; ROI; vertical split.

The folder is described in the README. Everything in it is read strictly: what :func:`load`
refuses, :func:`foilseg.data.folder.check` lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from foilseg.data import images

REGIONS = ("top", "bottom")
TRAIN, VALIDATION, TEST = PARTS = ("train", "validation", "test")
IGNORED = 255  # in a target: neither background nor defect, no loss counts it


@dataclass(frozen=True)
class LabelClass:
    """A class of the mask: its index in the mask, its name, its colour ``"#rrggbb"``."""

    index: int
    name: str
    colour: str


@dataclass(frozen=True, eq=False)
class Foil:
    """One image with its annotation, cropped to the region of interest.

    Attributes
    ----------
    name : the file name without its ending.
    image : float32 (C, H, W); three channels are normals (or colours) in [-1, 1], one channel
        is a grey value in [0, 1].
    mask : uint8 (H, W), the annotators' class indices.
    truth : uint8 (H, W), the class indices without annotation errors, or None.
    origin : (row, column) of the crop's first pixel in the image file.
    ignored : bool (H, W), pixels that count nowhere; background in both masks. None: no pixel.
    """

    name: str
    image: np.ndarray
    mask: np.ndarray
    truth: np.ndarray | None = None
    origin: tuple[int, int] = (0, 0)
    ignored: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.mask.shape

    @property
    def area(self) -> int:
        """Pixels that count."""
        return self.mask.size - (0 if self.ignored is None else int(self.ignored.sum()))

    def counted(self, values: np.ndarray) -> np.ndarray:
        """Of values (H, W) those of the pixels that count: all as they are, or (n,)."""
        return values if self.ignored is None else values[~self.ignored]

    def without_ignored(self, values: np.ndarray, blank: float = 0) -> np.ndarray:
        """Values (H, W) with ``blank`` where a pixel counts nowhere; themselves if all count."""
        if self.ignored is None:
            return values
        return np.where(self.ignored, np.array(blank, values.dtype), values)

    def crop(self, top: int, left: int, height: int, width: int) -> Foil:
        """The part of the foil in a rectangle, as views on the same memory."""
        rows, columns = slice(top, top + height), slice(left, left + width)
        truth = None if self.truth is None else self.truth[rows, columns]
        ignored = None if self.ignored is None else self.ignored[rows, columns]
        origin = (self.origin[0] + top, self.origin[1] + left)
        parts = {"image": self.image[:, rows, columns], "mask": self.mask[rows, columns]}
        return replace(self, **parts, truth=truth, origin=origin, ignored=ignored)


@dataclass(frozen=True, eq=False)
class Dataset:
    """All foils of a dataset folder.

    Attributes
    ----------
    name : what ``dataset.json`` calls it.
    classes : every class in the order in which tables print them; index 0 is the background.
    foils : sorted by name.
    pixel_size_um : edge of a pixel in micrometres, or None where it is not known.
    digests : per foil, a SHA-256 of the stored pixels inside the region of interest.
    recipe : of a folder that the library rendered, and that nobody altered since, a hash of what
        it was rendered from (:func:`foilseg.twin.render.recipe`); else "".
    ignored : what ``dataset.json`` marks as counting nowhere; no classes.
    parts : name of a foil -> :data:`TRAIN` or :data:`VALIDATION`, where whole images are divided
        (:mod:`foilseg.data.splits`); empty where the rows of each are.
    """

    name: str
    classes: tuple[LabelClass, ...]
    foils: tuple[Foil, ...]
    pixel_size_um: float | None = None
    digests: tuple[str, ...] = ()
    recipe: str = ""
    ignored: tuple[LabelClass, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def defects(self) -> tuple[LabelClass, ...]:
        """The classes other than the background, in table order."""
        return tuple(c for c in self.classes if c.index)

    @property
    def channels(self) -> int:
        """Channels of every image: 3 or 1."""
        return self.foils[0].image.shape[0]

    @property
    def colours(self) -> dict[int, str]:
        """Class index -> ``"#rrggbb"``."""
        return {c.index: c.colour for c in self.classes}

    @property
    def has_truth(self) -> bool:
        """Whether every foil has a mask without annotation errors."""
        return all(foil.truth is not None for foil in self.foils)

    def foil(self, name: str) -> Foil:
        """The foil of that name; a KeyError lists the names there are."""
        for foil in self.foils:
            if foil.name == name:
                return foil
        raise KeyError(f"no foil {name!r} in {self.name}: {', '.join(f.name for f in self.foils)}")

    @property
    def fingerprint(self) -> str:
        """What the data are: their recipe if they were rendered, else their pixels.

        Two processors render one recipe with other last bits, and so a few pixels with another
        grey level; that makes no other data.
        """
        return self.recipe or self.pixels

    @cached_property
    def pixels(self) -> str:
        """SHA-256 of classes, names, pixels and parts: equal for equal data, whoever wrote them."""
        classes = sorted((c.index, c.name) for c in self.classes)
        names = [f.name for f in self.foils]
        told = [classes, names, self.digests, *([sorted(self.parts.items())] if self.parts else [])]
        return sha256(json.dumps(told).encode()).hexdigest()


def split(foil: Foil, fraction: float = 0.33, region: str = "top") -> tuple[Foil, Foil]:
    """Cut a foil into its training and its validation part (thesis 3.1).

    Parameters
    ----------
    foil : the foil, already cropped to its region of interest.
    fraction : share of the rows that validates, in (0, 1); rounded to whole rows.
    region : ``"top"`` if the first rows validate, ``"bottom"`` if the last ones do.

    Returns
    -------
    (training, validation) : two foils without a common pixel, together the whole foil.

    Raises
    ------
    ValueError
        If the fraction or the region is none of the above, or if a part would have no row.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction: {fraction} is not between 0 and 1")
    if region not in REGIONS:
        raise ValueError(f"region: {region!r} is not one of {', '.join(REGIONS)}")
    height, width = foil.shape
    rows = round(height * fraction)
    if not 0 < rows < height:
        raise ValueError(f"{foil.name}: {height} rows cannot be split at fraction {fraction}")
    if region == "top":
        return foil.crop(rows, 0, height - rows, width), foil.crop(0, 0, rows, width)
    return foil.crop(0, 0, height - rows, width), foil.crop(height - rows, 0, rows, width)


def training_regions(dataset: Dataset) -> tuple[Foil, ...]:
    """What trains: a part of every foil, in the thesis's split, or some foils as they are."""
    return _of_part(dataset, TRAIN, 0)


def validation_regions(dataset: Dataset) -> tuple[Foil, ...]:
    """What validates: a part of every foil, in the thesis's split, or some foils as they are."""
    return _of_part(dataset, VALIDATION, 1)


def _of_part(dataset: Dataset, part: str, place: int) -> tuple[Foil, ...]:
    """Some foils as they are, or the same one of the two parts of every foil."""
    if not dataset.parts:
        return tuple(split(foil)[place] for foil in dataset.foils)
    return tuple(foil for foil in dataset.foils if dataset.parts[foil.name] == part)


def class_pixels(foils: tuple[Foil, ...], n_classes: int, truth: bool = False) -> np.ndarray:
    """Pixels per foil and class index: int64 (foils, n_classes).

    ``truth`` counts the masks without annotation errors instead of the annotators'. No foils
    give an array of no rows.
    """
    masks = [foil.counted(foil.truth if truth else foil.mask) for foil in foils]
    counts = [np.bincount(mask.ravel(), minlength=n_classes) for mask in masks]
    return np.array(counts, np.int64).reshape(len(foils), n_classes)


def richest(dataset: Dataset) -> list[tuple[Foil, list[str]]]:
    """For each defect in table order, the foil in which it takes the largest share of pixels.

    A foil comes once, with the names of the defects in which it is richest; a defect without a
    pixel is left out.
    """
    counts = class_pixels(dataset.foils, len(dataset.classes))
    shares = counts / counts.sum(axis=1, keepdims=True)
    found: dict[int, list[str]] = {}
    for c in (c for c in dataset.defects if counts[:, c.index].any()):
        found.setdefault(int(shares[:, c.index].argmax()), []).append(c.name)
    return [(dataset.foils[place], names) for place, names in found.items()]


def rarest(dataset: Dataset) -> LabelClass:
    """The defect with the fewest training pixels, of those that have one.

    Raises
    ------
    ValueError
        If no training region shows a defect.
    """
    pixels = class_pixels(training_regions(dataset), len(dataset.classes)).sum(axis=0)
    present = [c for c in dataset.defects if pixels[c.index]]
    if not present:
        raise ValueError(f"{dataset.name}: no training region shows a defect")
    return min(present, key=lambda c: pixels[c.index])


def as_float(pixels: np.ndarray) -> np.ndarray:
    """Stored pixels (H, W) or (H, W, 3) as what the network sees: float32 (C, H, W).

    Colours are unit normals packed into the integer range, so 0 becomes -1 and the largest
    value 1; grey values go from 0 to 1.
    """
    top = np.float32(np.iinfo(pixels.dtype).max)
    if pixels.ndim == 2:
        return (pixels.astype(np.float32) / top)[None]
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype(np.float32)
    planes *= np.float32(2) / top
    planes -= np.float32(1)
    return planes


def as_pixels(image: np.ndarray) -> np.ndarray:
    """The inverse of :func:`as_float` in 8 bit: uint8 (H, W) or (H, W, 3)."""
    if image.shape[0] == 1:
        return np.rint(image[0] * 255).clip(0, 255).astype(np.uint8)
    return np.rint((image.transpose(1, 2, 0) + 1) * 127.5).clip(0, 255).astype(np.uint8)


def write_mask(path: Path, mask: np.ndarray, classes: tuple[LabelClass, ...]) -> None:
    """Write a mask as an indexed PNG in the class colours; ``classes`` : all that occur in it."""
    images.write_indexed(path, mask, {c.index: c.colour for c in classes})
