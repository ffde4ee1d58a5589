"""Looking at a built book in a real browser, from files and without a network.

``inspect`` opens every page and lists what a reader should not meet. As a script it takes
pictures: ``python tests/browser.py _build/html OUT_DIR [PAGE ...]``.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

NARROW, WIDE, WIDEST = 390, 1280, 1920
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = "no Chromium found: apt-get install chromium, or set FOILSEG_CHROMIUM to one"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCAL = re.compile(r"^(file|data|blob|about):")

READY = """async () => {
  await window.MathJax?.startup?.promise;
  await document.fonts.ready;
  for (const image of document.images) image.loading = "eager";  // or they wait to be seen
  for (const view of document.querySelectorAll(".widget-view:empty")) {
    view.scrollIntoView();
    for (let n = 0; n < 100 && !view.childElementCount; n++)
      await new Promise((done) => setTimeout(done, 50));
  }
  scrollTo(0, 0);
  await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
}"""
LOOK = """() => {
  const found = [];
  for (const image of document.images)
    if (!image.naturalWidth) found.push(`image not loaded: ${image.getAttribute("src")}`);
  for (const math of document.querySelectorAll(".math"))
    if (!math.querySelector("mjx-container"))
      found.push(`mathematics not rendered: ${math.textContent.trim().slice(0, 60)}`);
  for (const error of document.querySelectorAll("mjx-merror, [data-mjx-error]"))
    found.push(`mathematics with an error: ${error.getAttribute("data-mjx-error")}`);
  for (const font of document.fonts)
    if (font.status === "error") found.push(`font not loaded: ${font.family}`);
  for (const view of document.querySelectorAll('script[type*="widget-view"]')) {
    const drawn = view.previousElementSibling;
    if (!drawn?.matches(".widget-view") || !drawn.innerHTML) found.push("widget not drawn");
  }
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    const id = decodeURIComponent(link.hash.slice(1));
    if (id && !document.getElementById(id)) found.push(`link to nothing: #${id}`);
  }
  for (const note of document.querySelectorAll(".widget-note"))
    found.push(`widget not drawn: ${note.textContent}`);
  return found;
}"""
SCROLLED = """async () => {
  const height = () => document.documentElement.scrollHeight;
  for (let top = 0, last = 0; top < height() || last !== height(); top += innerHeight) {
    last = height();
    scrollTo(0, Math.min(top, last));
    await new Promise((done) => setTimeout(done, 50));
  }
  scrollTo(0, 0);
  return height();
}"""
OVERFLOW = """() => {
  const room = document.documentElement.clientWidth;
  if (Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) <= room) return [];
  const clipped = (node) => {
    for (let up = node.parentElement; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return true;
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")].filter(
    (node) => node.getBoundingClientRect().right > room + 1 && !clipped(node));
  const names = wide.slice(0, 3).map((n) => `<${n.tagName.toLowerCase()} class="${n.className}">`);
  return [`page wider than ${room} px: ${names.join(", ")}`];
}"""

# Words whose contrast with their ground is below 4.5 (WCAG 2.2, success criterion 1.4.3): one of
# each kind. Words on pictures are not looked at, nor what cannot be used.
FAINT = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((v, k) => v * a + under[k] * (1 - a));
  const light = (colour) => colour.map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const ground = (node) => {
    const layers = [];
    for (let up = node; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.backgroundImage !== "none") return null;
      const colour = parse(style.backgroundColor);
      if ((colour[3] ?? 1) > 0) layers.push(colour);
      if (colour.length && (colour[3] ?? 1) === 1) break;
    }
    return layers.reduceRight((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const found = new Map();
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const text = words.currentNode.textContent.trim();
    const node = words.currentNode.parentElement;
    const seen = node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!text || !seen) continue;
    if (node.closest("script, style, svg, mjx-container, [disabled]")) continue;
    const box = node.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    const under = ground(node);
    if (!under) continue;
    const colour = over(parse(getComputedStyle(node).color), under);
    const [dark, bright] = [light(colour), light(under)].sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < 4.5) {
      const name = `${node.tagName.toLowerCase()}.${node.className}`;
      if (!found.has(name)) found.set(name, `${ratio.toFixed(2)} ${name}: ${text.slice(0, 40)}`);
    }
  }
  return [...found.values()];
}"""


@dataclass(frozen=True)
class Finding:
    """Something on a page that a reader should not meet."""

    page: str
    what: str

    def __str__(self) -> str:
        return f"{self.page}: {self.what}"


def chromium() -> str | None:
    """Path of an installed Chromium, or None."""
    named = os.environ.get("FOILSEG_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def painted(canvas):
    """The pixels of a canvas: int (H, W, 4)."""
    script = """c => { const p = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        return [c.height, c.width, Array.from(p.data)]; }"""
    height, width, data = canvas.evaluate(script)
    return np.array(data).reshape(height, width, 4)


def require() -> None:
    """Skip the running test if there is no Chromium; in CI fail instead."""
    import pytest

    if chromium() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(ADVICE)


@contextmanager
def window(width: int = WIDE, scheme: str = "light", scripts: bool = True) -> Iterator:
    """A browser context with a fresh profile and no network at all, with or without scripts."""
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            args=FLAGS,
            headless=True,
            offline=True,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        yield context
        context.close()


def pages(html: Path) -> list[Path]:
    """Every page of a built book, without the templates of its themes."""
    return [p for p in sorted(html.rglob("*.html")) if "_static" not in p.relative_to(html).parts]


def inspect(
    html: Path,
    chosen: Sequence[Path] | None = None,
    visit: Callable[[Path, Any], object] | None = None,
) -> list[Finding]:
    """All findings on the pages of a built book (all unless some are chosen), or an empty list.

    A page must say nothing on the console, open no dialog, raise no error, ask no other host for
    anything, load its images and fonts, render its mathematics and widgets, and not be wider than
    a telephone. ``visit`` gets each page's path and the open page.
    """
    html = Path(html)
    looked_at = pages(html) if chosen is None else chosen
    with window(NARROW) as context:
        return [f for path in looked_at for f in _look_at(context, path, html, visit)]


def _look_at(context, path: Path, html: Path, visit) -> list[Finding]:
    heard: list[str] = []

    def dismiss(dialog):
        heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page = context.new_page()
    page.on("dialog", dismiss)
    page.on("console", lambda message: heard.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda r: LOCAL.match(r.url) or heard.append(f"asks for {r.url}"))
    page.on("requestfailed", lambda r: heard.append(f"cannot load {r.url}: {r.failure}"))
    open_page(page, path)
    page.wait_for_timeout(100)  # for what scripts say after they have started
    seen = page.evaluate(LOOK) + page.evaluate(OVERFLOW)
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map((link) => link.href)")
    seen += [f"link to no file: {url}" for url in sorted(set(links)) if _is_dead(url)]
    if visit:
        visit(path, page)
    page.set_viewport_size({"width": WIDE, "height": 900})
    seen += page.evaluate(OVERFLOW)
    page.close()
    name = path.relative_to(html).as_posix()
    return [Finding(name, what) for what in dict.fromkeys(heard + seen)]


def open_page(page, path: Path) -> None:
    """Open a page and wait until its mathematics, fonts and images are there."""
    page.goto(path.as_uri(), wait_until="load")
    if 'http-equiv="refresh"' in path.read_text(encoding="utf-8").lower():
        page.wait_for_url(lambda url: url != path.as_uri(), wait_until="load")
    page.evaluate(READY)


def _is_dead(url: str) -> bool:
    """Whether a link names a file that is not there."""
    parts = urlsplit(url)
    return parts.scheme == "file" and not Path(unquote(parts.path)).is_file()


PIECE = 4000  # pixels of a page's height in one picture; a browser draws no more than 16,384


def photograph(html: Path, target: Path, chosen: Sequence[Path] | None = None) -> None:
    """Pictures of every page, or of the chosen ones: three widths, light and dark, from top to end.

    A page that grows while it is scrolled, as one with a viewer does, is scrolled through first.
    """
    target.mkdir(parents=True, exist_ok=True)
    for width, scheme in product((NARROW, WIDE, WIDEST), ("light", "dark")):
        with window(width, scheme) as context:
            for path in pages(html) if chosen is None else chosen:
                page = context.new_page()
                open_page(page, path)
                height = page.evaluate(SCROLLED)
                stem = "_".join(path.relative_to(html).with_suffix("").parts)
                for k, top in enumerate(range(0, height, PIECE)):
                    part = {"x": 0, "y": top, "width": width, "height": min(PIECE, height - top)}
                    name = f"{stem}_{width}_{scheme}_{k}.png"
                    still = {"full_page": True, "clip": part, "animations": "disabled"}
                    page.screenshot(path=target / name, **still)
                page.close()


if __name__ == "__main__":
    book, names = Path(sys.argv[1]).resolve(), sys.argv[3:]
    photograph(book, Path(sys.argv[2]), [book / name for name in names] or None)
