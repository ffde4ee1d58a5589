"""The comparison viewer in a page without a kernel, and reading what it draws."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import browser
import numpy as np

from foilseg.data.dataset import Foil, LabelClass

HOST = Path(__file__).parent.parent / "book" / "_static" / "anywidget-host.js"
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
CLASSES = (
    LabelClass(0, "background", "#ffffff"),
    LabelClass(1, "pit", "#cc79a7"),
    LabelClass(2, "crack & line", "#56b4e9"),
    LabelClass(3, "spot", "#009e73"),
)

# The colour in the middle of every pixel of the foil, of a pane: [x, y, red, green, blue].
PIXELS = """([pane, width, height]) => {
  const root = document.querySelector(".fs-compare");
  const [x0, y0, zoom] = root.dataset.camera.split(" ").map(Number);
  const [left, top, right, bottom] = root.dataset.window.split(" ").map(Number);
  const canvas = root.querySelectorAll("canvas")[pane];
  const scale = Math.min(canvas.width / width, canvas.height / height) * zoom;
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  const found = [];
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const u = Math.floor(canvas.width / 2 + (x + 0.5 - x0) * scale);
      const v = Math.floor(canvas.height / 2 + (y + 0.5 - y0) * scale);
      if (u < 0 || v < 0 || u >= canvas.width || v >= canvas.height) continue;
      const i = 4 * (v * canvas.width + u);
      found.push([x, y, data[i], data[i + 1], data[i + 2]]);
    }
  return found;
}"""


def foil(name: str, seed: int, shape=(60, 120), truth=True, channels=3) -> Foil:
    """A foil of soft noise, normals or grey, with blocks of every class."""
    generator = np.random.default_rng(seed)
    image = generator.normal(0, 0.2, (channels, *shape)).clip(-0.6, 0.6).astype(np.float32)
    if channels == 3:
        image[2] = np.sqrt(1 - image[0] ** 2 - image[1] ** 2)
    mask = blocks(generator, shape)
    return Foil(name, abs(image) if channels == 1 else image, mask, mask_like(mask, generator))


def blocks(generator, shape, number=8) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    for k in range(number):
        height, width = generator.integers(3, 14, 2)
        top = generator.integers(0, shape[0] - height)
        left = generator.integers(0, shape[1] - width)
        mask[top : top + height, left : left + width] = 1 + k % (len(CLASSES) - 1)
    return mask


def mask_like(mask, generator) -> np.ndarray:
    """A mask that agrees with another one in part."""
    other = np.roll(mask, generator.integers(0, 3, 2), (0, 1))
    extra = blocks(generator, mask.shape, 3)
    return np.where(extra > 0, extra, other).astype(np.uint8)


def models(foils, number=3, seed=9) -> dict[str, dict[str, np.ndarray]]:
    generator = np.random.default_rng(seed)
    titles = [f"Model {chr(65 + k)}" for k in range(number)]
    return {f.name: {t: mask_like(f.mask, generator) for t in titles} for f in foils}


def write_page(widgets, path: Path, body: str = "") -> Path:
    """A page with widgets and the static host, as the book embeds them."""
    from ipywidgets.widgets.widget import _remove_buffers

    saved, views = {}, ""
    for widget in widgets:
        state, paths, buffers = _remove_buffers(widget.get_state())
        encoded = [base64.b64encode(bytes(b)).decode() for b in buffers]
        saved[widget.model_id] = {
            "model_module": "anywidget",
            "state": {k: v for k, v in state.items() if k != "layout"},
            "buffers": [
                {"path": p, "data": d, "encoding": "base64"} for p, d in zip(paths, encoded)
            ],
        }
        views += f'<div><script type="{VIEW}">{json.dumps({"model_id": widget.model_id})}'
        views += "</script></div>"
    # as Sphinx does: no closing tag inside a script
    text = json.dumps({"state": saved}).replace("</", "<\\/")
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head = f'{meta}<script src="{HOST.as_uri()}"></script><script type="{STATE}">{text}</script>'
    path.write_text(f"<!doctype html><head>{head}</head><body>{body}{views}", encoding="utf-8")
    return path


def page(foils, path: Path, masks=None, **more):
    """The file of a page with a viewer, its foils, and their masks (made unless given)."""
    from foilseg.figures import widgets

    masks = masks or models(foils)
    return write_page([widgets.compare(foils, masks, CLASSES, **more)], path), foils, masks


class Screen:
    """An open page with a viewer; every line on its console is kept."""

    def __init__(self, page, foils, masks, said=None):
        self.page, self.masks = page, masks
        self.foils = {f.name: f for f in foils}
        self.said = [] if said is None else said
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.set_default_timeout(8000)

    def again(self, window):
        """The same viewer in another page of a window."""
        return Screen(window.new_page(), self.foils.values(), self.masks, self.said)

    def open(self, path: Path, link: str = ""):
        self.path = path
        self.page.goto(path.as_uri() + link)
        self.wait()
        return self

    def wait(self):
        """Until every mask of the chosen foil is there and drawn."""
        self.page.wait_for_selector('.fs-compare[data-ready]:not([data-ready=""])')
        self.settle()

    def settle(self):
        """Until what was asked for is drawn."""
        twice = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.page.evaluate(twice)

    def pick(self, name: str, value: str):
        self.page.get_by_label(name, exact=True).select_option(value)
        self.wait()

    def key(self, *keys: str):
        self.page.locator(".fs-stage").focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.wait()

    def chosen(self, name: str) -> str:
        return self.page.get_by_label(name, exact=True).input_value()

    def data(self, name: str) -> list[float]:
        text = self.page.locator(".fs-compare").get_attribute(f"data-{name}")
        return [float(part) for part in text.split()]

    @property
    def foil(self) -> Foil:
        return self.foils[self.chosen("Image")]

    def pixels(self, pane: int = 0) -> np.ndarray:
        """int (n, 5): column, row, red, green, blue of every visible pixel of the foil."""
        self.settle()
        height, width = self.foil.shape
        return np.array(self.page.evaluate(PIXELS, [pane, width, height]))

    def box(self, pane: int = 0) -> dict:
        return self.page.locator(".fs-compare canvas").nth(pane).bounding_box()

    def hover(self, row: int, column: int, pane: int = 0) -> tuple[float, float]:
        """Moves the mouse to the middle of a pixel of a foil that is wholly seen in a pane."""
        box, (height, width) = self.box(pane), self.foil.shape
        room, high = box["width"] - 2, box["height"] - 2
        scale = min(room / width, high / height)
        x = box["x"] + 1 + room / 2 + (column + 0.5 - width / 2) * scale
        y = box["y"] + 1 + high / 2 + (row + 0.5 - height / 2) * scale
        self.page.mouse.move(x, y)
        return x, y

    def told(self) -> str:
        """The line about the pixel under the pointer, once all is drawn."""
        self.settle()
        return self.page.locator(".fs-readout").inner_text()


def open_window():
    browser.require()
    return browser.window()
