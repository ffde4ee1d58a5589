"""Speed, memory and variety of the samplers, beside MONAI and the thesis's procedure.

    python -m benchmarks.sampling [--dataset FOLDER] [--patch 256] [--images 26] [--plain 26]

The data are the twin at thesis size unless told; it is rendered first if it is not there. Every
figure is printed beside the value that was asked for. MONAI is needed for its comparison only:
``pip install --no-deps monai``. CPU seconds are given too, for machines that do other work.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.sampling_peers import (
    FOILS,
    THESIS_SHARE,
    N,
    beside_monai,
    beside_the_thesis,
    full_index,
    line,
    timed,
)
from foilseg.data import folder
from foilseg.data.dataset import training_regions
from foilseg.sampling.equal_frontier import frontier
from foilseg.sampling.ledger import ledger
from foilseg.sampling.resampling import equal_pixels
from foilseg.sampling.uniform import cut, rng, uniform
from foilseg.studies.study import open_study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", type=Path, help="dataset folder instead of the twin")
    parser.add_argument("--patch", type=int, default=256)
    parser.add_argument("--images", type=int, default=FOILS)
    parser.add_argument("--plain", type=int, default=FOILS, help="for the thesis's procedure")
    options = parser.parse_args()
    dataset = folder.load(options.dataset or open_study(profile="thesis").root)
    regions, n_classes = training_regions(dataset)[: options.images], len(dataset.classes)
    pixels = sum(region.mask.size for region in regions)
    print(f"{len(regions)} regions, {pixels / 1e6:.1f} megapixels, {n_classes} classes")
    index = own_figures(regions, n_classes, options.patch, pixels)
    beside_monai(regions, n_classes, options.patch)
    beside_the_thesis(regions[: options.plain], n_classes, options.patch)
    print(frontier(index, N).round(3).to_string(index=False))


def own_figures(regions, n_classes: int, size: int, pixels: int):
    (index, *_), wall, cpu = timed(lambda _: full_index(regions, n_classes, size), 3)
    line("index of all regions", f"{wall:.2f} s ({cpu:.2f} s CPU)", "<= 10 s")
    share = index.nbytes / pixels / n_classes
    line("index memory per pixel and class", f"{share:.3f} bytes", "<= 1.0")
    for name, kwargs in (
        ("at the thesis's share", {"pixels": THESIS_SHARE * size**2}),
        ("as many as leave variety", {}),
    ):
        index.memo.clear()

        def draw(refresh, kwargs=kwargs):
            return equal_pixels(index, N, rng(0, refresh, "train"), **kwargs)

        plan, wall, cpu = timed(draw)
        line(f"equal pixels, {name}: first pool", f"{wall:.2f} s ({cpu:.2f} s CPU)", "<= 1 s")
        plan, wall, cpu = timed(draw, 3)
        line(f"equal pixels, {name}: next pools", f"{wall:.2f} s ({cpu:.2f} s CPU)", "<= 1 s")
        book = ledger(index, plan)
        mean = min(book.pixels[c] for c in range(1, n_classes)) / N
        line("  (max - min) / max", f"{book.tolerance:.3%}", "<= 1 %")
        line(
            "  pixels per patch and class",
            f"{mean:.0f} ({mean / size**2:.2%})",
            f"{THESIS_SHARE * size**2:.0f} (thesis)",
        )
        line("  distinct windows", f"{book.distinct_windows:.1%}")
        line("  variety", f"{np.mean(list(book.variety.values())):.3f}")
    plan = uniform(index.regions, N, size, rng(0, 0, "train"))
    channels = regions[0].image.shape[0]
    out = np.empty((8, channels, size, size), np.float32), np.empty((8, size, size), np.uint8)
    batches = range(0, N, 8)

    def all_batches(_):
        for first in batches:
            cut(index.regions, plan, slice(first, first + 8), out)

    _, wall, cpu = timed(all_batches, 3)
    per_patch = f"{wall / N * 1e3:.3f} ms ({cpu / N * 1e3:.3f} ms CPU)"
    line("cutting, per patch", per_patch, "<= 0.3 ms")
    _, wall, cpu = timed(lambda _: ledger(index, plan), 2)
    line("ledger of a pool", f"{wall:.2f} s ({cpu:.2f} s CPU)")
    return index


if __name__ == "__main__":
    main()
