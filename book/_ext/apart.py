"""Sphinx extension: what is large in the state of a widget lies beside the page, not in it.

A page that holds the pictures and masks of a dozen foils is slow to open, whether or not anybody
looks at them. Here they go to ``_static/state/DIGEST.js``, and ``anywidget-host.js`` loads them
when the reader comes near the widget. They are scripts because a page opened from a file may load
nothing else.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

LEAST = 500_000  # letters of a binary part that is put beside
FOLDER = "_static/state"
KIND = "widget-state+json"


def put_apart(app: Sphinx, page: str, template: str, context: dict, tree: object) -> None:
    """Take the large binary parts out of a page's widget states."""
    if app.builder.format != "html":
        return
    for script in context.get("script_files", ()):
        attributes = getattr(script, "attributes", {})
        if attributes.get("body") and KIND in attributes.get("type", ""):
            attributes["body"] = smaller(attributes["body"], Path(app.outdir) / FOLDER)


def smaller(text: str, folder: Path) -> str:
    """The states of widgets as JSON, each large part in a script of the folder."""
    saved = json.loads(text)
    for widget in saved["state"].values():
        for part in widget.get("buffers", ()):
            if len(part["data"]) >= LEAST:
                _write(part, folder)
    return json.dumps(saved)


def _write(part: dict[str, Any], folder: Path) -> None:
    """Move the data of one part to a file that its digest names."""
    data, part["data"] = part["data"], ""
    part["beside"] = sha256(data.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    text = f'(globalThis.foilsegState ??= {{}})["{part["beside"]}"] = "{data}";\n'
    (folder / f"{part['beside']}.js").write_text(text, encoding="ascii")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx: after MyST-NB, before ``plain`` escapes what it has written."""
    app.connect("html-page-context", put_apart)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
