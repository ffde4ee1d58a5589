"""Sphinx extension: a figure of a chapter shown again on another page, by its label.

    :::{retold} fig-shares
    A caption of its own.
    :::

The picture and its alternative text are those of the executed chapter, so the two never differ.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst.directives.images import Figure
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

CHAPTERS, PICTURES = Path("book/chapters"), Path("book/chapters/pictures")
PNG = "image/png"


def find(root: Path, label: str) -> tuple[Path, dict[str, Any]] | None:
    """The executed chapter that has a figure, and its cell; None if there is none."""
    for path in sorted((root / CHAPTERS).glob("*.ipynb")):
        found = _figures(path, path.stat().st_mtime_ns)
        if label in found:
            return path, found[label]
    return None


@cache  # each chapter is read once, however many of its figures are told again
def _figures(path: Path, state: int) -> dict[str, dict[str, Any]]:
    """Label -> cell of the figures of a chapter."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    figures = ((c["metadata"].get("mystnb", {}).get("figure", {}), c) for c in cells)
    return {figure["name"]: cell for figure, cell in figures if "name" in figure}


def picture(cell: dict[str, Any]) -> bytes | None:
    """The PNG that a cell shows, None if it shows none."""
    for output in cell["outputs"]:
        if PNG in output.get("data", {}):
            data = output["data"][PNG]
            return base64.b64decode("".join(data))
    return None


class Retold(Figure, SphinxDirective):
    """``figure``, with a label in the place of a file."""

    def run(self) -> list[nodes.Node]:
        """The figure; a warning and nothing if no chapter has one of that label."""
        root, label = Path(self.env.srcdir), self.arguments[0]
        found = find(root, label)
        content = picture(found[1]) if found else None
        if content is None:
            return [
                self.state.document.reporter.warning(f"{label}: no chapter shows such a figure")
            ]
        place = root / PICTURES / f"{label}.png"
        if not place.is_file() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        self.env.note_dependency(str(found[0]))
        told = found[1]["metadata"]["mystnb"].get("image", {})
        self.options |= {"alt": told.get("alt", ""), "class": [told.get("classes", "")]}
        self.arguments[0] = f"/{PICTURES.as_posix()}/{label}.png"
        return super().run()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("retold", Retold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
