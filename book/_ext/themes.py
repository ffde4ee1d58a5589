"""Sphinx extension: figures by day and by night, and no letter of theirs too small.

The metadata of an executed chapter's output hold the dark picture of a figure and the least width
at which its letters can be read (:mod:`foilseg.drawing.night`). Here both pictures go into one box,
of which the page shows the one of its theme; a box that is narrower than that width scrolls. A
picture of the repository (``NAME.jpg``) has its twin beside it (``NAME-night.jpg``).
"""

from __future__ import annotations

import base64
import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from foilseg.drawing import night

DENSE = 2  # pixels of a file per CSS pixel, of pictures that are files of the repository
CHAPTERS, PICTURES = Path("book/chapters"), Path("book/chapters/pictures")


class Box(nodes.General, nodes.Element):
    """A picture by day and by night: its ``least`` width (CSS pixels) and its ``shape``."""


class Twin(NamedTuple):
    """What a chapter tells of a picture."""

    night: bytes
    least_width: int
    shape: tuple[int, int]


@cache
def _told(path: Path, state: int) -> dict[str, Twin]:
    """Digest of a picture -> its twin, of one executed chapter."""
    found = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            told = output.get("metadata", {}).get(night.PNG, {})
            if night.KEY in told:
                day = base64.b64decode("".join(output["data"][night.PNG]))
                dark = base64.b64decode(told[night.KEY])
                twin = Twin(dark, told[night.WIDTH], night.shape(day))
                found[sha256(day).hexdigest()] = twin
    return found


def twins(root: Path) -> dict[str, Twin]:
    """Digest of a picture -> its twin, of all executed chapters."""
    chapters = sorted((root / CHAPTERS).glob("*.ipynb"))
    return {k: v for path in chapters for k, v in _told(path, path.stat().st_mtime_ns).items()}


class BothThemes(SphinxTransform):
    """Runs when a page is read, before Sphinx collects its pictures (priority 880)."""

    default_priority = 870

    def apply(self, **_: Any) -> None:
        """Put a box in the place of each picture that has a twin."""
        root, held = Path(self.env.srcdir), twins(Path(self.env.srcdir))
        for image in list(self.document.findall(nodes.image)):
            file = root / self.env.relfn2path(image["uri"], self.env.docname)[0]
            box = _of_file(image, file, root) or _of_chapter(image, file, root, held)
            if box is not None:
                image.parent.replace(image, box)


def _of_file(image: nodes.image, file: Path, root: Path) -> Box | None:
    """The box of a picture of the repository that has a twin beside it."""
    twin = file.with_stem(f"{file.stem}{night.SUFFIX}")
    if not twin.is_file():
        return None
    with Image.open(file) as picture:
        width, height = (length // DENSE for length in picture.size)
    return _box(image, twin.relative_to(root), width, (width, height))


def _of_chapter(image: nodes.image, file: Path, root: Path, held: dict[str, Twin]) -> Box | None:
    """The box of a picture that a chapter has printed; its twin is written to a file."""
    if file.suffix != ".png" or not file.is_file():
        return None
    digest = sha256(file.read_bytes()).hexdigest()
    if digest not in held:
        return None
    twin = held[digest]
    place = PICTURES / f"{sha256(twin.night).hexdigest()[:16]}{night.SUFFIX}.png"
    if not (root / place).is_file():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(twin.night)
    return _box(image, place, twin.least_width, twin.shape)


def _box(image: nodes.image, twin: Path, least: int, shape: tuple[int, int]) -> Box:
    """The picture and its twin; neither is loaded before it is near the window."""
    day, dark = image.deepcopy(), image.deepcopy()
    dark["uri"] = f"/{twin.as_posix()}"
    for picture, only in ((day, "only-light"), (dark, "only-dark")):
        picture["classes"] = [*picture["classes"], only]
        picture["loading"] = "lazy"
    return Box("", day, dark, least=least, shape=shape)


def _open(writer: Any, box: Box) -> None:
    width, height = box["shape"]  # the lazy picture has its place before it is loaded
    style = f"--least: {box['least']}px; --width: {width}px; --shape: {width} / {height}"
    writer.body.append(f'<div class="picture" style="{style}">\n')


def _close(writer: Any, box: Box) -> None:
    writer.body.append("</div>\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_node(Box, html=(_open, _close))
    app.add_transform(BothThemes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
