"""Sphinx extension: the built book asks no other host for anything.

It puts MathJax beside the pages, and takes out the scripts of Thebe, which fetch their code from a
public host and fail on every page without it.
"""

from __future__ import annotations

import shutil
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

PACKAGE = "sphinx-mathjax-offline"
SCRIPT = "tex-chtml.js"
FONTS = "output/chtml/fonts/woff-v2"
# Of MathJax 3.2.2 as its authors published it: the package is only the vehicle.
SHA256 = "0a6ded5abbce13331658dd239f34382abd06492c74b71b61e8caa8112ec55fa5"


def mathjax_folder() -> Path:
    """Where the installed package keeps MathJax; the script in it must be the published one."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ExtensionError(f'offline mathematics needs {PACKAGE}: pip install "foilseg[book]"')
    folder = Path(spec.origin).parent / "static" / "mathjax"
    if sha256((folder / SCRIPT).read_bytes()).hexdigest() != SHA256:
        raise ExtensionError(f"{folder / SCRIPT} is not MathJax 3.2.2; reinstall {PACKAGE}")
    return folder


def copy_mathjax(app: Sphinx) -> None:
    """Copy the script and its fonts to ``_static/mathjax`` of an HTML build."""
    if app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    shutil.copytree(source / FONTS, target / FONTS, dirs_exist_ok=True)
    shutil.copy2(source / SCRIPT, target / SCRIPT)


def silence_thebe(app: Sphinx, config: object) -> None:
    """Disconnect all that Thebe's extension would do to a page."""
    for listeners in app.events.listeners.values():
        listeners[:] = [l for l in listeners if l.handler.__module__ != "sphinx_thebe"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", silence_thebe)
    app.connect("builder-inited", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
