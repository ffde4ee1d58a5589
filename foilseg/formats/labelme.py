"""LabelMe: a folder of pictures, each with a JSON file of shapes beside it, in and out.

A file is about the picture of its own name, or else about the one that its ``imagePath`` names.

Polygons, rectangles, circles and masks are areas; a line or a point is none and is refused. Of
shapes that overlap the later one lies above, as LabelMe shows them. A picture without a file is
not annotated; one whose file has no shape is clean. What is labelled ``__ignore__`` counts
nowhere.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
from PIL import Image

from foilseg.data import files, images
from foilseg.data.components import boxes, components
from foilseg.data.dataset import IGNORED, Dataset, as_pixels
from foilseg.formats import assembling, shapes
from foilseg.formats.assembling import NOWHERE, FormatError, Item

VERSION = "5.4.1"  # of LabelMe, whose files these are
NOTHING = "_background_"  # a label that LabelMe's tools keep for themselves
AREAS: dict[str, Callable[..., np.ndarray]] = {
    "polygon": shapes.polygon,
    "rectangle": shapes.rectangle,
    "circle": shapes.circle,
}


def bring(source: Path, root: Path, **shared: Any) -> Path:
    """Write a folder of LabelMe files as a dataset folder; its classes are the labels, by name.

    Parameters
    ----------
    shared : what :func:`foilseg.formats.assembling.write` takes beside the items.

    Raises
    ------
    foilseg.formats.assembling.FormatError
        If a file cannot be understood, or lies beside no picture; names it.
    """
    source = Path(source)
    if not source.is_dir():
        raise FileNotFoundError(
            f"{source}: no such folder; give the one with the pictures and their JSON files"
        )
    pictures = images.pictures(source.iterdir())
    told = {path: _read(path) for path in _files(source)}
    files_of = _pictures_of(told, pictures)
    labels = {shape["label"] for each in told.values() for shape in each["shapes"]}
    labels = sorted(labels - {NOTHING, NOWHERE})
    if not labels:
        raise FormatError(f"{source}: no file holds a shape; LabelMe writes NAME.json beside NAME")
    numbers = {NOTHING: 0, NOWHERE: IGNORED} | {label: k for k, label in enumerate(labels, 1)}
    items = []
    for picture in pictures:
        path = files_of.get(picture)
        mask = None if path is None else partial(_mask, path, told[path], numbers)
        items.append(Item(picture, mask))
    classes = assembling.classes_of(labels)
    return assembling.write(root, source.resolve().name, classes, items, **shared)


def _pictures_of(
    told: Mapping[Path, Mapping[str, Any]], pictures: Sequence[Path]
) -> dict[Path, Path]:
    """Picture -> the file about it: the one of its name, or else the one that names it.

    Raises
    ------
    FormatError
        If a file is about no picture that is there, or two are about one.
    """
    named, stems = {p.name: p for p in pictures}, {p.stem: p for p in pictures}
    found: dict[Path, Path] = {}
    for path, content in told.items():
        said = PureWindowsPath(str(content.get("imagePath") or "")).name
        picture = stems.get(path.stem) or named.get(said)
        if picture is None:
            raise FormatError(f"{path}: lies beside no picture of that name, nor of {said!r}")
        if picture in found:
            raise FormatError(f"{path} and {found[picture]} are about {picture}; keep one")
        found[picture] = path
    return found


def _files(source: Path) -> list[Path]:
    return sorted(p for p in source.glob("*.json") if not images.is_left_behind(p.name))


def _read(path: Path) -> dict[str, Any]:
    """What a file says, without the picture that it holds a second time."""
    try:
        told = json.loads(path.read_text("utf-8"))
        told.pop("imageData", None)
        for shape in told["shapes"]:
            shape["points"], shape.setdefault("shape_type", "polygon")
            shape["label"] = _label(shape["label"])
        return told
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        raise FormatError(f"{path}: is no LabelMe file ({why}); mend or remove it") from error


def _label(label: Any) -> str:
    if not isinstance(label, str):
        raise ValueError(f"a label {label!r}, which is no text")
    return label.strip()


def _mask(
    path: Path, told: Mapping[str, Any], numbers: Mapping[str, int], size: tuple[int, int]
) -> np.ndarray:
    own = told.get("imageHeight"), told.get("imageWidth")
    if None not in own and tuple(map(str, own)) != tuple(map(str, size)):
        raise FormatError(
            f"{path}: was drawn on a picture of {own[1]} x {own[0]} pixels, but the one beside it "
            f"has {size[1]} x {size[0]}"
        )
    mask = np.zeros(size, np.uint8)
    for number, shape in enumerate(told["shapes"], 1):
        mask[_area(path, number, shape, size)] = numbers[shape["label"]]
    return mask


def _area(path: Path, number: int, shape: Mapping[str, Any], size: tuple[int, int]) -> np.ndarray:
    kind = shape["shape_type"]
    try:
        if kind == "mask":
            return _placed(shape, size)
        if kind not in AREAS:
            raise ValueError(f"a {kind} is no area; draw a polygon, or remove it")
        return AREAS[kind](shape["points"], size)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise FormatError(f"{path}: shape {number} ({shape['label']}): {error}") from error


def _placed(shape: Mapping[str, Any], size: tuple[int, int]) -> np.ndarray:
    """A mask that LabelMe stores as a picture, with the corner where it lies."""
    with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as image:
        part = np.array(image) > 0
    (left, top), _ = shape["points"]
    rows, columns = np.nonzero(part)
    rows, columns = rows + int(top), columns + int(left)
    inside = (rows >= 0) & (rows < size[0]) & (columns >= 0) & (columns < size[1])
    whole = np.zeros(size, bool)
    whole[rows[inside], columns[inside]] = True
    return whole


def export(data: Dataset, target: Path) -> Path:
    """Write every image of a data set, and its annotation as LabelMe shapes, into a new folder.

    An object without holes becomes a polygon, another one a mask (LabelMe 5.3 and later); read
    again, all of them give the same pixels. Pictures are written with 8 bits a channel.
    """
    with files.new_folder(Path(target)) as part:
        for foil in data.foils:
            images.write(part / f"{foil.name}.png", as_pixels(foil.image))
            found = [s for c in data.defects for s in _shapes(foil.mask == c.index, c.name)]
            found += [] if foil.ignored is None else _shapes(foil.ignored, NOWHERE)
            told = {
                "version": VERSION,
                "flags": {},
                "shapes": found,
                "imagePath": f"{foil.name}.png",
                "imageData": None,
                "imageHeight": foil.shape[0],
                "imageWidth": foil.shape[1],
            }
            files.write_text(json.dumps(told, indent=1) + "\n", part / f"{foil.name}.json")
    return Path(target)


def _shapes(mask: np.ndarray, label: str) -> list[dict[str, Any]]:
    numbers, _ = components(mask)
    found = []
    for k, box in enumerate(boxes(numbers), 1):
        own = numbers[box] == k
        top, left = box[0].start, box[1].start
        if shapes.has_holes(own):
            found.append(_shape(label, "mask", _corners(box), _png(own)))
            continue
        for outline in shapes.outlines(own):
            found.append(_shape(label, "polygon", [[x + left, y + top] for x, y in outline]))
    return found


def _corners(box: tuple[slice, slice]) -> list[list[int]]:
    rows, columns = box
    return [[columns.start, rows.start], [columns.stop - 1, rows.stop - 1]]


def _shape(label: str, kind: str, points: Sequence, mask: str | None = None) -> dict[str, Any]:
    shape = {"label": label, "points": points, "group_id": None, "description": ""}
    return shape | {"shape_type": kind, "flags": {}, "mask": mask}


def _png(mask: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8)).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()
