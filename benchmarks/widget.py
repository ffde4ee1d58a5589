"""The viewer for predictions in Chromium: weight of a page, first paint, frames while panning.

Six regions of 960 x 317 pixels (the desk profile) with 14 predictions each are one page; one foil
of 1200 x 1200 pixels with 14 predictions is panned. Images are rendered by the twin, predictions
are its truth with objects left out, made larger and added by smooth noise.

    PYTHONPATH=.:tests python benchmarks/widget.py --book _build/html

With a built book the slider of thresholds is timed on its page as well.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import browser
import numpy as np
import viewer
from scipy import ndimage

from foilseg.data import folder
from foilseg.data.components import components
from foilseg.data.dataset import Foil, split
from foilseg.figures import widgets
from foilseg.twin import render

MODELS, TALL = 14, 1200
SLIDER = "Threshold of all models"
# Time of every frame, and time that the page's own script used in it, over a pan by hand.
PAN = """async ([mode, steps]) => {
  const choice = document.querySelector('[aria-label="Arrangement of the panes"]');
  choice.value = mode;
  choice.dispatchEvent(new Event("change"));
  await new Promise((done) => setTimeout(done, 1500));
  const canvas = document.querySelector(".fs-compare canvas");
  const box = canvas.getBoundingClientRect();
  const fire = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, clientX: box.left + x, clientY: box.top + y, bubbles: true }));
  canvas.setPointerCapture = () => {};
  for (let k = 0; k < 3; k++) document.querySelector('[aria-label="Zoom in"]').click();
  fire("pointerdown", box.width / 2, box.height / 2);
  const times = [];
  await new Promise((done) => {
    let old = 0;
    const frame = (now) => {
      if (old) times.push(now - old);
      old = now;
      const turn = times.length / 15;
      fire("pointermove", box.width * (0.5 + 0.3 * Math.sin(turn)),
        box.height * (0.5 + 0.3 * Math.cos(turn)));
      times.length < steps ? requestAnimationFrame(frame) : done();
    };
    requestAnimationFrame(frame);
  });
  fire("pointerup", 0, 0);
  return times;
}"""
# Milliseconds from a move of the threshold's slider to the masks drawn at it, once the maps are
# loaded: up and down the whole slider, several times.
SLIDE = """async ([label, turns]) => {
  const root = document.querySelector(".fs-compare");
  const slider = document.querySelector(`[aria-label="${label}"]`);
  const move = async (place) => {
    const drawn = root.dataset.frames, begin = performance.now();
    slider.value = place;
    slider.dispatchEvent(new Event("input"));
    while (root.dataset.frames === drawn || !root.dataset.ready)
      await new Promise(requestAnimationFrame);
    return performance.now() - begin;
  };
  await move(1);
  const times = [];
  for (let k = 0; k < turns; k++) {
    for (let place = 2; place <= Number(slider.max); place++) times.push(await move(place));
    for (let place = Number(slider.max) - 1; place; place--) times.push(await move(place));
  }
  return times;
}"""
PAINT = """() => new Promise((done) => {
  const look = () => document.querySelector(".fs-compare")?.dataset.frames
    ? done(performance.now()) : requestAnimationFrame(look);
  look();
})"""


def predictions(foil: Foil, generator, number: int = MODELS) -> dict[str, np.ndarray]:
    """Masks between an all too cautious and an all too eager model."""
    masks = {}
    for k, eager in enumerate(np.linspace(0, 1, number)):
        mask = np.zeros(foil.shape, np.uint8)
        edge = ndimage.gaussian_filter(generator.standard_normal(foil.shape), 3)
        for label in range(1, int(foil.truth.max()) + 1):
            numbers, count = components(foil.truth == label)
            kept = np.r_[False, generator.random(count) > 0.5 - 0.4 * eager][numbers]
            distance = ndimage.distance_transform_edt(kept) - ndimage.distance_transform_edt(~kept)
            if kept.any():
                mask[distance + 4 * eager + 1.2 * edge / edge.std() > 0] = label
        noise = ndimage.gaussian_filter(generator.standard_normal(foil.shape), 2.5)
        mask[(noise / noise.std() > 3.2 - eager) & (mask == 0)] = generator.integers(1, 5)
        masks[f"model {k + 1}"] = mask
    return masks


def report_page(path: Path, foils, classes, generator) -> None:
    masks = {foil.name: predictions(foil, generator) for foil in foils}
    widget = widgets.compare(foils, masks, classes)
    viewer.write_page([widget], path)
    files = sum(sum(facts["sizes"]) for facts in widget.facts["foils"])
    share = np.mean([mask > 0 for each in masks.values() for mask in each.values()])
    print(f"{len(foils)} foils {foils[0].shape}, {MODELS} models, {share:.1%} of pixels predicted")
    print(f"  page {path.stat().st_size / 1e6:.2f} MB (of it files {files / 1e6:.2f} MB as bytes)")
    times = []
    for _ in range(5):
        with browser.window() as context:
            page = context.new_page()
            begin = time.perf_counter()
            page.goto(path.as_uri(), wait_until="commit")
            times.append((page.evaluate(PAINT), 1e3 * (time.perf_counter() - begin)))
    inside, outside = np.median(times, axis=0)
    print(f"  first paint {inside:.0f} ms after navigation started ({outside:.0f} ms from outside)")


def report_pan(path: Path, foil: Foil, classes, generator, steps: int) -> None:
    widget = widgets.compare(foil, predictions(foil, generator), classes)
    viewer.write_page([widget], path)
    with browser.window() as context:
        page = context.new_page()
        page.goto(path.as_uri())
        page.wait_for_selector('.fs-compare[data-ready]:not([data-ready=""])')
        for mode in ("two panes", "swipe", "all models"):
            times = np.array(page.evaluate(PAN, [mode, steps]))
            levels = np.percentile(times, [5, 50, 90, 95, 99, 100])
            text = " ".join(f"{level:.1f}" for level in levels)
            fast = np.mean(times < 20)
            print(f"  {mode}: ms a frame at 5 50 90 95 99 100 %: {text}; {fast:.0%} below 20 ms")


def report_threshold(book: Path, turns: int = 5) -> None:
    """Time the slider of thresholds on the page of a built book, at its first foil that has one."""
    with browser.window() as context:
        page = context.new_page()
        browser.open_page(page, (book / "book/chapters/08_qualitative.html").resolve())
        page.wait_for_selector('.fs-compare[data-ready]:not([data-ready=""])')
        slider = page.get_by_label(SLIDER)
        foils = page.get_by_label("Foil", exact=True)
        for name in foils.locator("option").evaluate_all("all => all.map((o) => o.value)"):
            foils.select_option(name)
            page.wait_for_selector(f'.fs-compare[data-ready="{name}"]')
            if slider.is_enabled():
                break
        times = np.array(page.evaluate(SLIDE, [SLIDER, turns]))
    levels = " ".join(f"{level:.1f}" for level in np.percentile(times, [5, 50, 95, 100]))
    print(f"threshold of {name}, {len(times)} moves: ms to the masks at 5 50 95 100 %: {levels}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300, help="frames to measure a mode")
    parser.add_argument("--book", type=Path, help="pages of a built book, for its thresholds")
    given = parser.parse_args()
    steps, generator = given.steps, np.random.default_rng(0)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with TemporaryDirectory() as place:
        config = render.TwinConfig(foils=6, scale=0.5)
        small = folder.load(render.write(Path(place) / "desk", config))
        regions = [split(foil)[1] for foil in small.foils]
        report_page(Path(place) / "page.html", regions, small.classes, generator)
        config = render.TwinConfig(foils=1, scale=1.0, height=TALL, width=TALL)
        large = folder.load(render.write(Path(place) / "large", config)).foils[0]
        print(f"one foil {large.shape}, {MODELS} models")
        report_pan(Path(place) / "large.html", large, small.classes, generator, steps)
    if given.book:
        report_threshold(given.book)


if __name__ == "__main__":
    main()
