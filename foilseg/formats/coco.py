"""COCO: one JSON file of images, categories and annotations, in and out, read by pycocotools.

Polygons and run lengths (compressed or not) are areas. Of annotations that overlap the smaller lies
above, for COCO says nothing of an order and a small object may lie in a large one. An image without
annotations is not annotated.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from foilseg.data import files, images
from foilseg.data.components import BOX, boxes, components, corner_and_size
from foilseg.data.dataset import Dataset, as_pixels
from foilseg.formats import assembling
from foilseg.formats.assembling import FormatError, Item

NAME = "annotations.json"
PICTURES = "images"  # the folder beside the file in which pictures are looked for as well


def bring(source: Path, root: Path, *, unannotated: str = "", all_grey: bool = False) -> Path:
    """Write the images of a COCO file as a dataset folder; its classes are the categories.

    Parameters
    ----------
    source : the JSON file, or a folder that holds just one. Pictures are looked for beside it and
        in ``images/`` there.
    unannotated, all_grey : as of :func:`foilseg.formats.assembling.write`.

    Raises
    ------
    foilseg.formats.assembling.FormatError
        If the file cannot be understood, or names a picture that is not there; names it.
    """
    path = _file(Path(source))
    found = _read(path)
    kinds = sorted(found.cats.values(), key=lambda kind: kind["id"])
    numbers = {kind["id"]: k for k, kind in enumerate(kinds, 1)}
    items = []
    for told in sorted(found.imgs.values(), key=lambda image: str(image["file_name"])):
        own = found.loadAnns(found.getAnnIds(imgIds=[told["id"]]))
        mask = partial(_mask, path, found, told, own, numbers) if own else None
        items.append(Item(_picture(path, told["file_name"]), mask, _name(told["file_name"])))
    classes = assembling.classes_of(str(kind["name"]) for kind in kinds)
    return assembling.write(
        root, path.resolve().parent.name, classes, items, unannotated=unannotated, all_grey=all_grey
    )


def _file(source: Path) -> Path:
    if not source.is_dir():
        return source
    there = sorted(source.glob("*.json"))
    if len(there) != 1:
        told = "no JSON file" if not there else f"{len(there)} JSON files"
        raise FormatError(f"{source}: holds {told}; name the one with the annotations")
    return there[0]


def _read(path: Path):
    from pycocotools.coco import COCO

    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it tells how long it takes
            found = COCO(str(path))
        for image in found.imgs.values():
            image["id"], image["file_name"], image["height"], image["width"]
        if not found.imgs or not found.cats:
            raise ValueError("no images or no categories")
        return found
    except (OSError, ValueError, TypeError, KeyError, AssertionError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        raise FormatError(f"{path}: is no COCO file of annotations ({why})") from error


def _picture(path: Path, name: str) -> Path:
    places = [path.parent / name, path.parent / PICTURES / name]
    for place in places:
        if place.is_file():
            return place
    raise FormatError(f"{path}: names {name}, which is neither beside it nor in {PICTURES}/")


def _name(file: str) -> str:
    """What an image of a subfolder is called: one name, without its ending."""
    return "-".join(Path(file).with_suffix("").parts)


def _mask(
    path: Path,
    found: Any,
    told: Mapping[str, Any],
    own: Sequence[Mapping[str, Any]],
    numbers: Mapping[int, int],
    size: tuple[int, int],
) -> np.ndarray:
    if (told["height"], told["width"]) != size:
        raise FormatError(
            f"{path}: says that {told['file_name']} has {told['width']} x {told['height']} pixels, "
            f"but it has {size[1]} x {size[0]}"
        )
    areas = []
    for each in own:
        try:
            with warnings.catch_warnings():  # of pycocotools, about its own use of numpy
                warnings.simplefilter("ignore", DeprecationWarning)
                areas.append((found.annToMask(each) > 0, numbers[each["category_id"]]))
        except Exception as error:  # whatever the C code makes of it
            raise FormatError(
                f"{path}: annotation {each.get('id')} of {told['file_name']}: cannot be drawn "
                f"({type(error).__name__}: {error})"
            ) from error
    mask = np.zeros(size, np.uint8)
    for area, number in sorted(areas, key=lambda entry: -int(entry[0].sum())):
        mask[area] = number
    return mask


def export(data: Dataset, target: Path) -> Path:
    """Write every image of a data set and one COCO file into a new folder.

    Each object is an annotation with compressed run lengths, which give back its pixels exactly.
    """
    kinds = [{"id": c.index, "name": c.name, "supercategory": ""} for c in data.defects]
    pictures, found = [], []
    with files.new_folder(Path(target)) as part:
        for number, foil in enumerate(data.foils, 1):
            file = f"{foil.name}.png"
            images.write(part / PICTURES / file, as_pixels(foil.image))
            height, width = foil.shape
            pictures.append({"id": number, "file_name": file, "height": height, "width": width})
            for c in data.defects:
                found += _objects(foil.mask == c.index, number, c.index, len(found))
        told = {"info": {"description": data.name}, "licenses": [], "images": pictures}
        told |= {"annotations": found, "categories": kinds}
        files.write_text(json.dumps(told) + "\n", part / NAME)
    return Path(target)


def _objects(mask: np.ndarray, image: int, kind: int, before: int) -> list[dict[str, Any]]:
    from pycocotools import mask as lengths

    numbers, _ = components(mask)
    made = []
    for k, box in enumerate(boxes(numbers), 1):
        own = np.asfortranarray(numbers == k, np.uint8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            code = lengths.encode(own)
        corner = dict(zip(BOX, corner_and_size(box)))
        made.append(
            {
                "id": before + k,
                "image_id": image,
                "category_id": kind,
                "segmentation": code | {"counts": code["counts"].decode()},
                "area": int(own.sum()),
                "bbox": [corner[name] for name in ("left", "top", "width", "height")],
                "iscrowd": 0,
            }
        )
    return made
