"""Sphinx extension: the built book asks no other host for anything, and for little of its own.

It puts MathJax beside the pages, takes out Thebe, whose scripts come from a public host and fail on
every page without it, and stops the theme's scripts from reporting on the console what they do. Of
the theme's icons, a script of 1.5 MB that every page loads, it keeps those that the pages show.
"""

from __future__ import annotations

import re
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

# One icon in the theme's script: its name, then its size, other names, code and outline.
ICON = re.compile(
    r"""(?:"([\w-]+)"|([A-Za-z_$][\w$]*)):\[\d+,\d+,\[[^\]]*\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?"""
)
SHOWN = re.compile(r"\bfa-([a-z0-9-]+)")


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


def remove_thebe(app: Sphinx, config: object) -> None:
    """Disconnect all that Thebe's extension would do to a page."""
    for listeners in app.events.listeners.values():
        listeners[:] = [item for item in listeners if item.handler.__module__ != "sphinx_thebe"]
    styles = app.registry.css_files
    styles[:] = [style for style in styles if style[0] != "sphinx-thebe.css"]


def silence_theme(app: Sphinx, error: Exception | None) -> None:
    """Take the calls of ``console.log`` out of the built copies of the theme's scripts."""
    if error is not None or app.builder.format != "html":
        return
    built = Path(app.outdir)
    static = built / "_static"
    theme = [*(static / "scripts").glob("*.js"), static / "togglebutton.js", built / "search.html"]
    for script in filter(Path.exists, theme):
        text = script.read_text(encoding="utf-8")
        script.write_text(text.replace("console.log(", "void ("), encoding="utf-8")


def keep_shown_icons(app: Sphinx, error: Exception | None) -> None:
    """Leave in the theme's script of icons those that a page or another script names."""
    static = Path(app.outdir) / "_static" / "scripts"
    script = static / "fontawesome.js"
    if error is not None or not script.is_file():
        return
    others = [*(p for p in static.glob("*.js") if p != script), *Path(app.outdir).rglob("*.html")]
    shown = {name for path in others for name in SHOWN.findall(path.read_text(encoding="utf-8"))}
    text = script.read_text(encoding="utf-8")
    kept = ICON.sub(lambda icon: icon[0] if (icon[1] or icon[2]) in shown else "", text)
    script.write_text(kept, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", remove_thebe)
    app.connect("builder-inited", copy_mathjax)
    app.connect("build-finished", silence_theme)
    app.connect("build-finished", keep_shown_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
