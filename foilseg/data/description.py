"""``dataset.json``: reading it strictly, and writing it."""

from __future__ import annotations

import json
import re
from math import isfinite
from pathlib import Path
from typing import Any

from foilseg.data import escape
from foilseg.data.dataset import IGNORED, LabelClass

NAME = "dataset.json"
ADVICE = 'it must look like {"name": ..., "classes": [{"index", "name", "colour"}, ...]}'
MOST_CLASSES = IGNORED  # its index is free in a mask


class DescriptionError(ValueError):
    """A ``dataset.json`` that is missing or wrong; the message says what, not where."""


def read(path: Path) -> dict[str, Any]:
    """Name, classes, ignored classes and pixel size of a data set, as the fields of ``Dataset``.

    A class with ``"ignore": true`` is none: its pixels count nowhere.

    Raises
    ------
    DescriptionError
        If the file is missing, no JSON, lacks something, or describes no sound classes.
    """
    try:
        content = json.loads(Path(path).read_text("utf-8"))
        name, entries = content["name"], content["classes"]
        told = [
            (LabelClass(e["index"], e["name"], str(e["colour"]).lower()), e.get("ignore", False))
            for e in entries
        ]
        size = content.get("pixel_size_um")
    except FileNotFoundError as error:
        raise DescriptionError("missing") from error
    except RecursionError as error:
        raise DescriptionError("is nested too deeply to be a description") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"cannot be understood ({type(error).__name__}: {error})"
        raise DescriptionError(what) from error
    odd = next((c.name for c, ignore in told if type(ignore) is not bool), None)
    if odd is not None:
        raise DescriptionError(f'"ignore" of {odd!r} is neither true nor false')
    classes = tuple(c for c, ignore in told if not ignore)
    ignored = tuple(c for c, ignore in told if ignore)
    if wrong := problem(name, classes, ignored) or _wrong_size(size):
        raise DescriptionError(wrong)
    size = None if size is None else float(size)
    return {"name": name, "classes": classes, "ignored": ignored, "pixel_size_um": size}


def problem(
    name: Any, classes: tuple[LabelClass, ...], ignored: tuple[LabelClass, ...] = ()
) -> str:
    """Why a data set cannot be called so or have these classes, in words; "" if it can."""
    return _wrong_name(name, classes) or _wrong_classes(classes, ignored)


def _wrong_name(name: Any, classes: tuple[LabelClass, ...]) -> str:
    """Why the data set or a class cannot be called so; names stand in every table and figure."""
    if why := escape.unfit(name):
        return f"name {name!r:.60} {why}"
    for c in classes:
        if why := escape.unfit(c.name) or _as_number(c.name):
            return f"class name {c.name!r:.60} {why}"
    return ""


def _as_number(name: str) -> str:
    try:
        float(name)
    except ValueError:
        return "is read as true or false from a table" if name.lower() in ("true", "false") else ""
    return "is read as a number from a table"


def _wrong_size(size: Any) -> str:
    if size is None:
        return ""
    if type(size) not in (int, float) or not isfinite(size):
        return f"pixel_size_um is {size!r:.60}, not a number of micrometres"
    return "" if size > 0 else "pixel_size_um is not positive"


def _wrong_classes(classes: tuple[LabelClass, ...], ignored: tuple[LabelClass, ...]) -> str:
    every = classes + ignored
    odd = [c for c in every if type(c.index) is not int]
    if odd:
        return f"class index {odd[0].index!r:.60} of {odd[0].name!r} is no whole number"
    indices = sorted(c.index for c in classes)
    if indices != list(range(len(classes))) or not 2 <= len(classes) <= MOST_CLASSES:
        return f"class indices {indices} are not 0 (background), 1, 2, ... without a gap"
    if any(c.index > IGNORED for c in ignored) or len({c.index for c in every}) < len(every):
        return f"an ignored class has an index that is taken, or above {IGNORED}"
    if len({c.name for c in every}) < len(every):
        return "two classes have one name"
    bad = [c.colour for c in every if not re.fullmatch(r"#[0-9a-f]{6}", c.colour)]
    if bad:
        return f'class colour {bad[0]!r} is not of the form "#rrggbb"'
    if len({c.colour for c in every}) < len(every):
        return "two classes have one colour"
    return ""


def write(
    path: Path,
    name: str,
    classes: tuple[LabelClass, ...],
    pixel_size_um: float | None = None,
    ignored: tuple[LabelClass, ...] = (),
) -> None:
    """Write ``dataset.json``, with its folder."""
    content: dict[str, Any] = {"name": name}
    if pixel_size_um is not None:
        content["pixel_size_um"] = pixel_size_um
    content["classes"] = [_entry(c) for c in classes]
    content["classes"] += [_entry(c) | {"ignore": True} for c in ignored]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def _entry(c: LabelClass) -> dict[str, Any]:
    return {"index": c.index, "name": c.name, "colour": c.colour}
