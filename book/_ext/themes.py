"""Sphinx extension: figures by day and by night, and no letter of theirs too small.

The metadata of an executed chapter's output hold the dark picture of a figure and the least width
at which its letters can be read (:mod:`foilseg.figures.night`). Here both pictures go into one box,
of which the page shows the one of its theme; a box that is narrower than that width scrolls.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from foilseg.figures import night

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
        root = Path(self.env.srcdir)
        held = twins(root)
        for image in list(self.document.findall(nodes.image)):
            file = root / image["uri"].lstrip("/")
            digest = sha256(file.read_bytes()).hexdigest() if file.suffix == ".png" else ""
            if digest in held:
                image.parent.replace(image, _box(image, held[digest], root, digest))


def _box(image: nodes.image, twin: Twin, root: Path, digest: str) -> Box:
    """The picture and its twin, whose file is written beside those of the chapters."""
    place = root / PICTURES / f"{digest[:16]}-night.png"
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(twin.night)
    other = image.deepcopy()
    other["uri"], other["loading"] = f"/{place.relative_to(root).as_posix()}", "lazy"
    day = image.deepcopy()
    for picture, only in ((day, "only-light"), (other, "only-dark")):
        picture["classes"] = [*picture["classes"], only]
    return Box("", day, other, least=twin.least_width, shape=twin.shape)


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
