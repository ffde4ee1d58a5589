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

from foilseg.data import description, images, masks, splits
from foilseg.data.dataset import (
    TEST,
    Dataset,
    Foil,
    LabelClass,
    as_float,
    class_pixels,
    training_regions,
)
from foilseg.data.scan import DatasetError, Problem, Scan, files

RECIPE = "twin.json"  # of a folder that the library rendered: what from, and what came out
ROI_COLUMNS = ["name", "top", "left", "height", "width"]
LOSSLESS = (".png", ".tif", ".tiff", ".bmp")
# The network halves an image four times, so each part of a region has at least 16 pixels a side;
# of 48 rows a third validates. And the smallest patch, that of the profile "smoke", must fit.
LEAST_ROWS, LEAST_COLUMNS, LEAST_PATCH = 48, 16, 64


def check(root: Path) -> list[Problem]:
    """Every problem of a dataset folder; an empty list if it is sound."""
    return examine(root)[0]


def examine(root: Path) -> tuple[list[Problem], list[str]]:
    """Every problem of a folder, and of a sound one what it allows and results suffer from.

    The second are sentences of :func:`foilseg.data.splits.warnings`.
    """
    dataset, problems = _read(Path(root))
    if problems:
        return problems, []
    test = _of_part(dataset, True) if TEST in dataset.parts.values() else None
    return [], splits.warnings(_of_part(dataset, False), test, splits.read(root).groups)


def load(root: Path, test: bool = False) -> Dataset:
    """Read a dataset folder: all of it but the images kept for the test, or those alone.

    Raises
    ------
    DatasetError
        If anything in the folder is wrong, or none is kept for the test; it lists every problem,
        with file and advice.
    """
    root = Path(root)
    dataset, problems = _read(root)
    if problems:
        raise DatasetError(root, problems)
    chosen = _of_part(dataset, test)
    if not chosen.foils:
        advice = f"write one (foilseg split), or give some of its images the part {TEST!r}"
        raise DatasetError(root, [Problem(splits.NAME, "keeps no image for the test", advice)])
    return replace(chosen, recipe=_recipe(root / RECIPE, chosen.pixels))


def _of_part(dataset: Dataset, test: bool) -> Dataset:
    """The images that are kept for the test, or all others."""
    if not dataset.parts and not test:
        return dataset
    kept = [k for k, f in enumerate(dataset.foils) if (dataset.parts.get(f.name) == TEST) == test]
    return replace(
        dataset,
        foils=tuple(dataset.foils[k] for k in kept),
        digests=tuple(dataset.digests[k] for k in kept),
        parts={f.name: dataset.parts[f.name] for k in kept for f in [dataset.foils[k]]},
    )


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
        scan.add(root / "images", "holds no image", "put one picture for each foil into it")
    labels = files(scan, "labels", LOSSLESS)
    truths = files(scan, "truth", LOSSLESS)
    _orphans(scan, pictures, labels | truths)
    for name in sorted(set(pictures) - set(labels)):
        advice = "draw a mask (all background if the foil is clean) or remove the image"
        scan.add(root / "labels" / f"{name}.png", "missing: the image has no label", advice)
    rois, parts = _rois(scan, pictures), splits.check(scan, sorted(pictures)).parts
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
            ignored=described["ignored"],
            roi=rois.get(name),
            least=LEAST_COLUMNS if parts else LEAST_ROWS,
        )
        foils.append(foil)
        digests.append(digest)
    _same_kind(scan, pictures, foils)
    found = tuple(foil for foil in foils if foil is not None)
    made = Dataset(**described, foils=found, digests=tuple(digests), parts=parts)
    if not scan.problems:
        _large_enough(scan, made)
        _learnable(scan, made)
    return made, scan.problems


def _large_enough(scan: Scan, made: Dataset) -> None:
    """Patches grow by mirroring at a region's narrow side, so one side of one region must do."""
    largest = max(max(region.shape) for region in training_regions(made))
    if largest < LEAST_PATCH:
        what = f"no training region (two thirds of the rows) has a side over {largest} pixels"
        advice = f"the smallest patches have {LEAST_PATCH}; give larger images or regions"
        scan.add(scan.root / "images", what, advice)


def _learnable(scan: Scan, made: Dataset) -> None:
    """A class that no training region shows can be neither learned nor weighted."""
    counts = class_pixels(training_regions(made), len(made.classes)).sum(axis=0)
    for c in made.classes:
        if not counts[c.index]:
            advice = "annotate it below the first third of the rows of some image, or remove it"
            if made.parts:
                advice = f"let an image with it train ({splits.NAME}), or remove it"
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
    ignored: tuple[LabelClass, ...],
    roi: tuple[int, int, int, int] | None,
    least: int,
) -> tuple[Foil | None, str]:
    before, path = len(scan.problems), picture
    picture = scan.pixels(path)
    size = None if picture is None else picture.shape[:2]
    told = (classes, ignored, size)
    both = [None if p is None else masks.read(scan, p, *told) for p in (label, truth)]
    if picture is None or both[0] is None or len(scan.problems) > before:
        return None, ""
    height, width = picture.shape[:2]
    top, left, rows, columns = roi or (0, 0, height, width)
    inside = top >= 0 and left >= 0 and top + rows <= height and left + columns <= width
    what = f"region of {name!r} ({top}, {left}, {rows}, {columns})"
    if not inside or rows < 1 or columns < 1:
        advice = f"the image has {height} rows, {width} columns"
        scan.add(scan.root / "rois.csv", f"{what} is not inside the image", advice)
        return None, ""
    if rows < least or columns < LEAST_COLUMNS:
        file, what = (scan.root / "rois.csv", what) if roi else (path, "its region")
        what = f"{what} has {rows} rows and {columns} columns, too few to train and validate on"
        advice = f"take a region of at least {least} rows and {LEAST_COLUMNS} columns"
        scan.add(file, what, f"{advice}, or leave the foil out")
        return None, ""
    window = np.s_[top : top + rows, left : left + columns]
    parts = [picture[window]] + [m[window] for m in both if m is not None]
    digest = sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()
    label, truth, nowhere = masks.apart(*parts[1:])
    if nowhere is not None and nowhere.all():
        scan.add(path, "counts nowhere: all of its pixels are ignored", "leave the foil out")
        return None, ""
    return Foil(name, as_float(parts[0]), label, truth, (top, left), nowhere), digest


def _same_kind(scan: Scan, pictures: dict[str, Path], foils: list[Foil | None]) -> None:
    """The network has one number of input channels, so all images must."""
    sound = [(name, foil) for name, foil in zip(sorted(pictures), foils) if foil is not None]
    for name, foil in sound[1:]:
        if foil.image.shape[0] != sound[0][1].image.shape[0]:
            what = f"has {foil.image.shape[0]} channel(s), {sound[0][0]} has another number"
            scan.add(pictures[name], what, "save all images in colour or all in grey")
