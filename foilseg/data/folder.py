"""Reading a dataset folder strictly: every problem found at once, each with what to do.

``check`` and ``load`` are one pass over the folder; the first returns the problems, the second
refuses to return foils as long as there is one.
"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from foilseg.data import description, images
from foilseg.data.dataset import Dataset, Foil, LabelClass, as_float, class_pixels, split
from foilseg.data.scan import DatasetError, Problem, Scan, files

RECIPE = "twin.json"  # of a folder that the library rendered: what from, and what came out
ROI_COLUMNS = ["name", "top", "left", "height", "width"]
LOSSLESS = (".png", ".tif", ".tiff", ".bmp")
# The network halves an image four times, so each part of a region has at least 16 pixels a side;
# of 48 rows a third validates. And the smallest patch, that of the profile "smoke", must fit.
LEAST_ROWS, LEAST_COLUMNS, LEAST_PATCH = 48, 16, 64


def check(root: Path) -> list[Problem]:
    """Every problem of a dataset folder; an empty list if it is sound."""
    return _read(Path(root))[1]


def load(root: Path) -> Dataset:
    """Read a dataset folder.

    Raises
    ------
    DatasetError
        If anything in the folder is wrong; it lists every problem, with file and advice.
    """
    dataset, problems = _read(Path(root))
    if problems:
        raise DatasetError(Path(root), problems)
    return replace(dataset, recipe=_recipe(Path(root) / RECIPE, dataset.pixels))


def _recipe(path: Path, pixels: str) -> str:
    """The recipe that a folder was rendered from; "" if there is none or it was altered since."""
    try:
        told = json.loads(path.read_text())
        return str(told["recipe"]) if told["pixels"] == pixels else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _read(root: Path) -> tuple[Dataset | None, list[Problem]]:
    scan = Scan(root)
    if not root.is_dir():
        scan.add(root, "no such folder", "give the path of a dataset folder")
        return None, scan.problems
    described = _description(scan)
    pictures = files(scan, "images", images.SUFFIXES)
    if not pictures:
        scan.add(root / "images", "holds no image", "put one picture a foil into it")
    labels = files(scan, "labels", LOSSLESS)
    truths = files(scan, "truth", LOSSLESS)
    _orphans(scan, pictures, labels | truths)
    for name in sorted(set(pictures) - set(labels)):
        advice = "draw a mask (all background if the foil is clean) or remove the image"
        scan.add(root / "labels" / f"{name}.png", "missing: the image has no label", advice)
    rois = _rois(scan, pictures)
    if described is None:
        return None, scan.problems
    foils, digests = [], []
    for name in sorted(pictures):
        foil, digest = _foil(
            scan,
            name,
            picture=pictures[name],
            label=labels.get(name),
            truth=truths.get(name),
            classes=described["classes"],
            roi=rois.get(name),
        )
        foils.append(foil)
        digests.append(digest)
    _same_kind(scan, pictures, foils)
    found = tuple(foil for foil in foils if foil is not None)
    if not scan.problems:
        _large_enough(scan, found)
        _learnable(scan, found, described["classes"])
    return Dataset(**described, foils=found, digests=tuple(digests)), scan.problems


def _large_enough(scan: Scan, foils: tuple[Foil, ...]) -> None:
    """Patches grow by mirroring at a region's narrow side, so one side of one region must do."""
    largest = max(max(split(foil)[0].shape) for foil in foils)
    if largest < LEAST_PATCH:
        what = f"no training region (two thirds of the rows) has a side over {largest} pixels"
        advice = f"the smallest patches have {LEAST_PATCH}; give larger images or regions"
        scan.add(scan.root / "images", what, advice)


def _learnable(scan: Scan, foils: tuple[Foil, ...], classes) -> None:
    """A class that no training region shows can be neither learned nor weighted."""
    counts = class_pixels(tuple(split(foil)[0] for foil in foils), len(classes)).sum(axis=0)
    for c in classes:
        if not counts[c.index]:
            advice = "annotate it below the first third of the rows of some image, or remove it"
            what = f"class {c.name!r} has no pixel in any training region"
            scan.add(scan.root / "labels", what, advice)


def _description(scan: Scan) -> dict | None:
    path = scan.root / description.NAME
    try:
        return description.read(path)
    except description.DescriptionError as error:
        scan.add(path, str(error), description.ADVICE)
        return None


def _orphans(scan: Scan, pictures: dict[str, Path], masks: dict[str, Path]) -> None:
    for name in sorted(set(masks) - set(pictures)):
        scan.add(masks[name], "belongs to no image", f"add images/{name}.png or remove it")


def _rois(scan: Scan, pictures: dict[str, Path]) -> dict[str, tuple[int, int, int, int]]:
    path = scan.root / "rois.csv"
    if not path.exists():
        return {}
    try:
        table = pd.read_csv(path, dtype={"name": str}, keep_default_na=False)
        rows = [tuple(int(v) for v in row) for row in table[ROI_COLUMNS[1:]].to_numpy()]
        if (table[ROI_COLUMNS[1:]].to_numpy() != np.array(rows).reshape(-1, 4)).any():
            raise ValueError("a coordinate is no whole number")
    except (ValueError, TypeError, KeyError, OSError) as error:
        scan.add(path, f"cannot be understood ({error})", f"columns: {','.join(ROI_COLUMNS)}")
        return {}
    for name in sorted(set(table["name"]) - set(pictures)):
        scan.add(path, f"names {name!r}, which is no image", "correct the name or drop the row")
    for name in table["name"][table["name"].duplicated()].unique():
        scan.add(path, f"has two rows for {name!r}", "keep one")
    return dict(zip(table["name"], rows))


def _foil(
    scan: Scan,
    name: str,
    *,
    picture: Path,
    label: Path | None,
    truth: Path | None,
    classes: tuple[LabelClass, ...],
    roi: tuple[int, int, int, int] | None,
) -> tuple[Foil | None, str]:
    before, path = len(scan.problems), picture
    picture = scan.pixels(path)
    masks = [None if p is None else _mask(scan, p, classes, picture) for p in (label, truth)]
    if picture is None or masks[0] is None or len(scan.problems) > before:
        return None, ""
    height, width = picture.shape[:2]
    top, left, rows, columns = roi or (0, 0, height, width)
    inside = top >= 0 and left >= 0 and top + rows <= height and left + columns <= width
    what = f"region of {name!r} ({top}, {left}, {rows}, {columns})"
    if not inside or rows < 1 or columns < 1:
        advice = f"the image has {height} rows, {width} columns"
        scan.add(scan.root / "rois.csv", f"{what} is not inside the image", advice)
        return None, ""
    if rows < LEAST_ROWS or columns < LEAST_COLUMNS:
        least = f"{LEAST_ROWS} rows and {LEAST_COLUMNS} columns"
        file, what = (scan.root / "rois.csv", what) if roi else (path, "its region")
        what = f"{what} has {rows} rows and {columns} columns, too few to train and validate on"
        scan.add(file, what, f"take a region of at least {least}, or leave the foil out")
        return None, ""
    window = np.s_[top : top + rows, left : left + columns]
    parts = [picture[window]] + [m[window] for m in masks if m is not None]
    digest = sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()
    truth = None if masks[1] is None else parts[2]
    return Foil(name, as_float(parts[0]), parts[1], truth, (top, left)), digest


def _mask(scan: Scan, path: Path, classes, picture: np.ndarray | None) -> np.ndarray | None:
    pixels = scan.pixels(path)
    if pixels is None:
        return None
    if picture is not None and pixels.shape[:2] != picture.shape[:2]:
        sizes = [f"{a.shape[1]} x {a.shape[0]}" for a in (pixels, picture)]
        advice = "label and image must have the same size"
        scan.add(path, f"is {sizes[0]} pixels, its image {sizes[1]}", advice)
        return None
    if pixels.ndim == 2:
        mask = np.where(pixels < len(classes), pixels, 255).astype(np.uint8)
    else:
        mask = _from_colours(pixels, classes)
    unknown = mask == 255
    if not unknown.any():
        return mask
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
    return None


def _from_colours(pixels: np.ndarray, classes) -> np.ndarray:
    mask = np.full(pixels.shape[:2], 255, np.uint8)
    if pixels.dtype != np.uint8:
        return mask
    red, green, blue = (pixels[..., k].astype(np.uint32) for k in range(3))
    packed = red << 16 | green << 8 | blue
    for c in classes:
        mask[packed == int(c.colour[1:], 16)] = c.index
    return mask


def _same_kind(scan: Scan, pictures: dict[str, Path], foils: list[Foil | None]) -> None:
    """The network has one number of input channels, so all images must."""
    sound = [(name, foil) for name, foil in zip(sorted(pictures), foils) if foil is not None]
    for name, foil in sound[1:]:
        if foil.image.shape[0] != sound[0][1].image.shape[0]:
            what = f"has {foil.image.shape[0]} channel(s), {sound[0][0]} has another number"
            scan.add(pictures[name], what, "save all images in colour or all in grey")
