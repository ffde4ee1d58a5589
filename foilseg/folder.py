"""Reading a dataset folder strictly: every problem found at once, each with what to do.

``check`` and ``load`` are one pass over the folder; the first returns the problems, the second
refuses to return foils as long as there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from foilseg import description, images
from foilseg.dataset import Dataset, Foil, as_float, class_pixels, split

ROI_COLUMNS = ["name", "top", "left", "height", "width"]
LOSSLESS = (".png", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which file, what, and what to do about it."""

    file: str
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}; {self.advice}"


class DatasetError(ValueError):
    """A dataset folder with problems; ``problems`` lists them all, the message shows them."""

    def __init__(self, root: Path, problems: list[Problem]):
        self.problems = problems
        lines = "\n".join(f"  {p}" for p in problems)
        super().__init__(f"{root}: {len(problems)} problem(s) in the dataset folder\n{lines}")


@dataclass
class _Scan:
    root: Path
    problems: list[Problem] = field(default_factory=list)

    def add(self, file: Path | str, what: str, advice: str) -> None:
        path = Path(file)
        name = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        self.problems.append(Problem(str(name), what, advice))

    def pixels(self, path: Path) -> np.ndarray | None:
        try:
            return images.read(path)
        except images.ImageFileError as error:
            reason = str(error).split(": ", 1)[1]
            self.add(path, reason, "export the file again or remove it")
            return None


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
    return dataset


def _read(root: Path) -> tuple[Dataset | None, list[Problem]]:
    scan = _Scan(root)
    if not root.is_dir():
        scan.add(root, "no such folder", "give the path of a dataset folder")
        return None, scan.problems
    described = _description(scan)
    pictures = _files(scan, "images", images.SUFFIXES)
    if not pictures:
        scan.add(root / "images", "holds no image", "put one picture a foil into it")
    labels = _files(scan, "labels", LOSSLESS)
    truths = _files(scan, "truth", LOSSLESS)
    _orphans(scan, pictures, labels | truths)
    for name in sorted(set(pictures) - set(labels)):
        advice = "draw a mask (all background if the foil is clean) or remove the image"
        scan.add(root / "labels" / f"{name}.png", "missing: the image has no label", advice)
    rois = _rois(scan, pictures)
    if described is None:
        return None, scan.problems
    foils, digests = [], []
    for name in sorted(pictures):
        paths = (pictures[name], labels.get(name), truths.get(name))
        foil, digest = _foil(scan, name, paths, described["classes"], rois.get(name))
        foils.append(foil)
        digests.append(digest)
    _same_kind(scan, pictures, foils)
    found = tuple(foil for foil in foils if foil is not None)
    if not scan.problems:
        _learnable(scan, found, described["classes"])
    return Dataset(**described, foils=found, digests=tuple(digests)), scan.problems


def _learnable(scan: _Scan, foils: tuple[Foil, ...], classes) -> None:
    """A class that no training region shows can be neither learned nor weighted."""
    counts = class_pixels(tuple(split(foil)[0] for foil in foils), len(classes)).sum(axis=0)
    for c in classes:
        if not counts[c.index]:
            advice = "annotate it below the first third of the rows of some image, or remove it"
            what = f"class {c.name!r} has no pixel in any training region"
            scan.add(scan.root / "labels", what, advice)


def _description(scan: _Scan) -> dict | None:
    path = scan.root / description.NAME
    try:
        return description.read(path)
    except description.DescriptionError as error:
        scan.add(path, str(error), description.ADVICE)
        return None


def _files(scan: _Scan, folder: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Name -> file. Hidden files (a leading dot) belong to the file manager and do not count."""
    found: dict[str, Path] = {}
    place = scan.root / folder
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if path.name.startswith("."):
            continue
        if path.suffix.lower() not in suffixes or not path.is_file():
            scan.add(path, f"is not one of {', '.join(suffixes)}", f"move it out of {folder}/")
        elif path.stem in found:
            other = found[path.stem].name
            scan.add(path, f"has the same name as {other}", "keep one of the two")
        else:
            found[path.stem] = path
    return found


def _orphans(scan: _Scan, pictures: dict[str, Path], masks: dict[str, Path]) -> None:
    for name in sorted(set(masks) - set(pictures)):
        scan.add(masks[name], "belongs to no image", f"add images/{name}.png or remove it")


def _rois(scan: _Scan, pictures: dict[str, Path]) -> dict[str, tuple[int, int, int, int]]:
    path = scan.root / "rois.csv"
    if not path.exists():
        return {}
    try:
        table = pd.read_csv(path, dtype={"name": str})
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


def _foil(scan, name, paths, classes, roi) -> tuple[Foil | None, str]:
    before = len(scan.problems)
    picture = scan.pixels(paths[0])
    masks = [None if p is None else _mask(scan, p, classes, picture) for p in paths[1:]]
    if picture is None or masks[0] is None or len(scan.problems) > before:
        return None, ""
    height, width = picture.shape[:2]
    top, left, rows, columns = roi or (0, 0, height, width)
    inside = top >= 0 and left >= 0 and top + rows <= height and left + columns <= width
    if not inside or rows < 2 or columns < 1:
        what = f"region of {name!r} ({top}, {left}, {rows}, {columns}) is not inside the image"
        scan.add(scan.root / "rois.csv", what, f"the image has {height} rows, {width} columns")
        return None, ""
    window = np.s_[top : top + rows, left : left + columns]
    parts = [picture[window]] + [m[window] for m in masks if m is not None]
    digest = sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()
    truth = None if masks[1] is None else parts[2]
    return Foil(name, as_float(parts[0]), parts[1], truth, (top, left)), digest


def _mask(scan: _Scan, path: Path, classes, picture: np.ndarray | None) -> np.ndarray | None:
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


def _same_kind(scan: _Scan, pictures: dict[str, Path], foils: list[Foil | None]) -> None:
    """The network has one number of input channels, so all images must."""
    sound = [(name, foil) for name, foil in zip(sorted(pictures), foils) if foil is not None]
    for name, foil in sound[1:]:
        if foil.image.shape[0] != sound[0][1].image.shape[0]:
            what = f"has {foil.image.shape[0]} channel(s), {sound[0][0]} has another number"
            scan.add(pictures[name], what, "save all images in colour or all in grey")
