"""``dataset.json``: reading it strictly, and writing it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from foilseg.dataset import LabelClass

NAME = "dataset.json"
ADVICE = 'it must look like {"name": ..., "classes": [{"index", "name", "colour"}, ...]}'
MOST_CLASSES = 255  # index 255 is free in a mask


class DescriptionError(ValueError):
    """A ``dataset.json`` that is missing or wrong; the message says what, not where."""


def read(path: Path) -> dict[str, Any]:
    """Name, classes and pixel size of a data set, as the fields of ``Dataset``.

    Raises
    ------
    DescriptionError
        If the file is missing, no JSON, lacks something, or describes no sound classes.
    """
    try:
        content = json.loads(Path(path).read_text())
        name, entries = str(content["name"]), content["classes"]
        classes = tuple(
            LabelClass(int(e["index"]), str(e["name"]), str(e["colour"]).lower()) for e in entries
        )
        size = content.get("pixel_size_um")
        size = None if size is None else float(size)
    except FileNotFoundError as error:
        raise DescriptionError("missing") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"cannot be understood ({type(error).__name__}: {error})"
        raise DescriptionError(what) from error
    if wrong := _wrong_classes(classes):
        raise DescriptionError(wrong)
    if size is not None and not size > 0:
        raise DescriptionError("pixel_size_um is not positive")
    return {"name": name, "classes": classes, "pixel_size_um": size}


def _wrong_classes(classes: tuple[LabelClass, ...]) -> str:
    indices = sorted(c.index for c in classes)
    if indices != list(range(len(classes))) or not 2 <= len(classes) <= MOST_CLASSES:
        return f"class indices {indices} are not 0 (background), 1, 2, ... without a gap"
    if len({c.name for c in classes}) < len(classes) or not all(c.name for c in classes):
        return "two classes have one name, or a class has none"
    bad = [c.colour for c in classes if not re.fullmatch(r"#[0-9a-f]{6}", c.colour)]
    if bad:
        return f'class colour {bad[0]!r} is not of the form "#rrggbb"'
    if len({c.colour for c in classes}) < len(classes):
        return "two classes have one colour"
    return ""


def write(
    path: Path, name: str, classes: tuple[LabelClass, ...], pixel_size_um: float | None = None
) -> None:
    """Write ``dataset.json``, with its folder."""
    content: dict[str, Any] = {"name": name}
    if pixel_size_um is not None:
        content["pixel_size_um"] = pixel_size_um
    content["classes"] = [{"index": c.index, "name": c.name, "colour": c.colour} for c in classes]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
