"""Sphinx extension: the log-odds of the shipped studies beside the pages, for the viewer.

A page that was opened from a file may load scripts and nothing else, so every picture of
``results/STUDY/probabilities`` that a chapter names becomes a script, which names it as well:
``_static/levels/STUDY/NAME.js``. A page loads one when a reader asks for another threshold.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = "probabilities"


def script(key: str, picture: bytes) -> str:
    """A picture as a script that puts it, as a data URL, under its key."""
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    return f"(globalThis.foilsegLevels ??= {{}})[{json.dumps(key)}] = {json.dumps(url)};\n"


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the scripts that the chapters name beside a built book."""
    if error or app.builder.format != "html":
        return
    chapters = Path(app.srcdir, "book", "chapters").glob("*.ipynb")
    named = "".join(path.read_text("utf-8") for path in chapters)
    for source in sorted(Path(app.srcdir).glob(f"results/*/{FOLDER}/*.png")):
        key = f"{source.parent.parent.name}/{source.stem}"
        if json.dumps(key)[1:-1] not in named:
            continue
        target = Path(app.outdir) / "_static" / "levels" / f"{key}.js"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(script(key, source.read_bytes()), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
