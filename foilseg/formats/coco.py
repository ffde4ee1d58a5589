"""COCO: one JSON file of images, categories and annotations, in and out.

Polygons and run lengths (compressed or not, by pycocotools) are areas; a box alone is none. Of
annotations that overlap the smaller lies above, for COCO says nothing of an order and a small
object may lie in a large one. An image without annotations is not annotated.
What is of the category ``__ignore__`` counts nowhere; a crowd is of its category.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from foilseg.data import files, images
from foilseg.data.components import BOX, boxes, components, corner_and_size
from foilseg.data.dataset import IGNORED, Dataset, as_pixels
from foilseg.formats import assembling, shapes
from foilseg.formats.assembling import NOWHERE, FormatError, Item

NAME = "annotations.json"
PICTURES = "images"  # the folder beside the file in which pictures are looked for as well


def bring(source: Path, root: Path, **shared: Any) -> Path:
    """Write the images of a COCO file as a dataset folder; its classes are the categories.

    Categories that nothing is annotated of are none.

    Parameters
    ----------
    source : the JSON file, or a folder that holds just one, itself or in ``annotations/``.
        Pictures are looked for beside it, in ``images/`` there, and in both one folder up.
    shared : what :func:`foilseg.formats.assembling.write` takes beside the items.

    Raises
    ------
    foilseg.formats.assembling.FormatError
        If the file cannot be understood, or names a picture that is not there; names it.
    """
    path = _file(Path(source))
    told = _read(path)
    used = {each["category_id"] for each in told["annotations"]}
    kinds = [k for k in sorted(told["categories"], key=lambda k: k["id"]) if k["id"] in used]
    numbers = {kind["id"]: IGNORED for kind in kinds if kind["name"].strip() == NOWHERE}
    kinds = [kind for kind in kinds if kind["id"] not in numbers]
    numbers |= {kind["id"]: k for k, kind in enumerate(kinds, 1)}
    every: dict[Any, list] = {image["id"]: [] for image in told["images"]}
    for each in told["annotations"]:
        every[each["image_id"]].append(each)
    items = []
    for image in sorted(told["images"], key=lambda image: image["file_name"]):
        own = every[image["id"]]
        mask = partial(_mask, path, image, own, numbers) if own else None
        items.append(Item(_picture(path, image["file_name"]), mask, _name(image["file_name"])))
    classes = assembling.classes_of(kind["name"].strip() for kind in kinds)
    return assembling.write(root, path.resolve().parent.name, classes, items, **shared)


def _file(source: Path) -> Path:
    if not source.is_dir():
        return source
    for place in (source, source / "annotations"):
        there = sorted(p for p in place.glob("*.json") if not images.is_left_behind(p.name))
        if len(there) == 1:
            return there[0]
        if there:
            raise FormatError(f"{place}: holds {len(there)} JSON files; name the one to take")
    raise FormatError(f"{source}: holds no JSON file with annotations; name it")


def _read(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Images, annotations and categories, with all that is needed of each."""
    if not path.is_file():
        raise FormatError(f"{path}: no such file; give the JSON file of the annotations")
    try:
        told = json.loads(path.read_text("utf-8"))
        _require(told["images"], {"file_name": str, "height": int, "width": int})
        _require(told["categories"], {"name": str})
        for each in told["annotations"]:
            each["image_id"], each["category_id"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        raise FormatError(f"{path}: is no COCO file of annotations ({why})") from error
    for kind, key in (("images", "image_id"), ("categories", "category_id")):
        known = {entry["id"] for entry in told[kind]}
        other = next((e for e in told["annotations"] if e[key] not in known), None)
        if other is not None:
            raise FormatError(
                f"{path}: annotation {other.get('id')} has the {key} {other[key]!r}, which is none "
                f"of its {kind}"
            )
    return told


def _require(entries: list[dict[str, Any]], kinds: Mapping[str, type]) -> None:
    if not entries:
        raise ValueError("no images or no categories")
    seen = [entry["id"] for entry in entries]
    if len(set(map(type, seen))) > 1 or len(set(seen)) < len(seen):
        raise ValueError("two entries have one id, or ids are numbers and texts")
    for entry in entries:
        for name, kind in kinds.items():
            if not isinstance(entry[name], kind):
                raise TypeError(f"{name} is {entry[name]!r}")


def _picture(path: Path, name: str) -> Path:
    inside = PurePosixPath(name.replace("\\", "/"))
    for folder in (path.parent, path.parent.parent):
        for place in (folder / inside, folder / PICTURES / inside, folder / PICTURES / inside.name):
            if place.is_file():
                return place
    raise FormatError(f"{path}: names {name}, which is neither beside it nor in {PICTURES}/")


def _name(file: str) -> str:
    """What an image of a subfolder is called: one name, without its ending.

    Of a path from the root of somebody's disk it is the last part alone.
    """
    path = PurePosixPath(file.replace("\\", "/")).with_suffix("")
    if path.is_absolute() or path.parts[0].endswith(":"):
        return path.name
    return "-".join(part for part in path.parts if part != "..")


def _mask(
    path: Path,
    image: Mapping[str, Any],
    own: Sequence[Mapping[str, Any]],
    numbers: Mapping[Any, int],
    size: tuple[int, int],
) -> np.ndarray:
    if (image["height"], image["width"]) != size:
        raise FormatError(
            f"{path}: says that {image['file_name']} has {image['width']} x {image['height']} "
            f"pixels, but it has {size[1]} x {size[0]}"
        )
    areas = []
    for each in own:
        try:
            area = _area(each.get("segmentation"), size)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise FormatError(
                f"{path}: annotation {each.get('id')} of {image['file_name']}: {error}"
            ) from error
        areas.append((np.packbits(area), int(area.sum()), numbers[each["category_id"]]))
    mask = np.zeros(size, np.uint8)
    for packed, _, number in sorted(areas, key=lambda entry: -entry[1]):
        mask[np.unpackbits(packed, count=mask.size).astype(bool).reshape(size)] = number
    return mask


def _area(told: Any, size: tuple[int, int]) -> np.ndarray:
    """bool (H, W) of what an annotation says: polygons, or run lengths by pycocotools."""
    if not told:
        raise ValueError("is only a box, or empty; draw a polygon, or remove it")
    if isinstance(told, dict):
        return _runs(told, size)
    rings = told if isinstance(told[0], (list, tuple)) else [told]
    area = np.zeros(size, bool)
    for ring in rings:
        area |= shapes.polygon(np.reshape(ring, (-1, 2)), size)
    return area


def _runs(told: Mapping[str, Any], size: tuple[int, int]) -> np.ndarray:
    from pycocotools import mask as lengths

    if tuple(told["size"]) != size:
        raise ValueError(f"its run lengths are of {told['size'][1]} x {told['size'][0]} pixels")
    with _quiet():
        packed = told
        if isinstance(told["counts"], list):
            packed = lengths.frPyObjects(dict(told), *size)
        return lengths.decode(packed) > 0


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what pycocotools is told about its own use of numpy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def export(data: Dataset, target: Path) -> Path:
    """Write every image of a data set and one COCO file into a new folder.

    Each object is an annotation with compressed run lengths, which give back its pixels exactly.
    Pictures are written with 8 bits a channel.
    """
    numbers = {c.index: c.name for c in data.defects}
    if any(foil.ignored is not None for foil in data.foils):
        numbers[IGNORED] = NOWHERE
    kinds = [{"id": k, "name": name, "supercategory": ""} for k, name in numbers.items()]
    pictures, found = [], []
    with files.new_folder(Path(target)) as part:
        for number, foil in enumerate(data.foils, 1):
            file = f"{foil.name}.png"
            images.write(part / PICTURES / file, as_pixels(foil.image))
            height, width = foil.shape
            pictures.append({"id": number, "file_name": file, "height": height, "width": width})
            mask = foil.without_ignored(foil.mask, IGNORED)
            for kind in numbers:
                found += _objects(mask == kind, number, kind, len(found))
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
        with _quiet():
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
