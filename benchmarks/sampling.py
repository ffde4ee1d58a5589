"""Speed, memory and variety of the samplers, beside MONAI and the thesis's procedure.

    python -m benchmarks.sampling [--dataset FOLDER] [--patch 256] [--images 26] [--plain 26]

The data are the twin at thesis size unless told; it is rendered first if it is not there. Every
figure is printed beside the value that was asked for. MONAI is needed for its comparison only:
``pip install --no-deps monai``. CPU seconds are given too, for machines that do other work.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from foilseg import folder
from foilseg.dataset import training_regions
from foilseg.frontier import frontier
from foilseg.ledger import ledger
from foilseg.pools import build_index
from foilseg.resampling import equal_pixels, equal_samples
from foilseg.sampling import cut, plan_of, rng, uniform
from foilseg.study import open_study

FOILS, N = 26, 1337
# Table 3.5: 163 cavity pixels in a patch of 256 x 256.
THESIS_SHARE = 163 / 256**2


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


def timed(function, repeats: int = 1):
    """Last result, least wall and least CPU seconds."""
    wall, cpu = [], []
    for repeat in range(repeats):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        result = function(repeat)
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - begin_cpu)
    return result, min(wall), min(cpu)


def line(what: str, figure: str, asked: str = "") -> None:
    print(f"{what:<58}{figure:>30}   {asked}")


def full_index(regions, n_classes, size):
    index = build_index(regions, n_classes, size)
    return index, index.pool_sizes, index.objects, index.reach, index.reachable


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


def beside_monai(regions, n_classes: int, size: int) -> None:
    """Patches of each defect class equally often, from the same images.

    A plan draws the image of each patch anew, so that is what MONAI is asked for; patches of one
    image at a time share its cost per image, and are given too.
    """
    try:
        import torch
        from monai.transforms import ClassesToIndicesd, RandCropByLabelClassesd
    except ImportError:
        print("MONAI is not installed: no comparison (pip install --no-deps monai)")
        return
    per_image = -(-N // len(regions))
    regions = regions[:8]
    n = per_image * len(regions)
    kwargs = {
        "keys": ["image", "label"],
        "label_key": "label",
        "spatial_size": (size, size),
        "ratios": [0] + [1] * (n_classes - 1),
        "num_classes": n_classes,
        "num_samples": per_image,
        "warn": False,
    }
    pairs = [
        {"image": torch.from_numpy(r.image), "label": torch.from_numpy(r.mask)[None]}
        for r in regions
    ]

    def crops(crop, pairs):
        return lambda _: sum(len(crop(pair)) for pair in pairs)

    count, wall, cpu = timed(crops(RandCropByLabelClassesd(**kwargs), pairs), 3)
    listed = ClassesToIndicesd("label", num_classes=n_classes, indices_postfix="_all")
    indexed, list_wall, _ = timed(lambda _: [listed(pair) for pair in pairs])
    crop = RandCropByLabelClassesd(**kwargs, indices_key="label_all")
    _, wall_2, cpu_2 = timed(crops(crop, indexed), 3)
    single = kwargs | {"num_samples": 1}
    drawn = [indexed[i] for i in rng(0, 0, "images").integers(0, len(indexed), 64)]
    one = RandCropByLabelClassesd(**single, indices_key="label_all")
    each, wall_3, cpu_3 = timed(crops(one, drawn), 3)
    bare = [pairs[i] for i in rng(0, 0, "images").integers(0, len(pairs), 16)]
    few, wall_4, _ = timed(crops(RandCropByLabelClassesd(**single), bare), 2)
    full, index_wall, _ = timed(lambda _: full_index(regions, n_classes, size), 3)
    index, channels = full[0], regions[0].image.shape[0]
    out = np.empty((8, channels, size, size), np.float32), np.empty((8, size, size), np.uint8)

    def ours(refresh):
        plan = equal_samples(index, n, rng(0, refresh, "train"))
        for first in range(0, n, 8):
            cut(index.regions, plan, slice(first, first + 8), out)

    _, own, own_cpu = timed(ours, 5)
    mine, mine_cpu = own / n, own_cpu / n
    line("ours, per patch, plan and cutting", f"{mine * 1e3:.3f} ms")
    print("MONAI RandCropByLabelClassesd, the image drawn anew for every patch, as ours:")
    line(f"  per patch of {few}", f"{wall_4 / few * 1e3:.3f} ms")
    line("  ratio", f"{wall_4 / few / mine:.1f}", ">= 20")
    line(f"  indices listed before, per patch of {each}", f"{wall_3 / each * 1e3:.3f} ms")
    line("  ratio", f"{wall_3 / each / mine:.1f} (CPU {cpu_3 / each / mine_cpu:.1f})")
    print(f"MONAI, {per_image} patches of one image at a time:")
    line(f"  per patch of {count}", f"{wall / count * 1e3:.3f} ms")
    line("  ratio", f"{wall / own:.1f} (CPU {cpu / own_cpu:.1f})")
    line("  ratio if ours builds its index for this one pool", f"{wall / (own + index_wall):.1f}")
    line("  indices listed before, per patch", f"{wall_2 / count * 1e3:.3f} ms")
    line("  ratio", f"{wall_2 / own:.1f} (CPU {cpu_2 / own_cpu:.1f})")
    line("  listing its indices / building our index", f"{list_wall:.2f} s / {index_wall:.2f} s")


def thesis_procedure(regions, n_classes, size, target, tolerance, generator, limit):
    """Section 3.3 as its text tells it: dilate, list coordinates, draw, cut, count, repeat.

    Classes have their turn from the rarest on. A patch is kept unless it lifts a class over the
    target, until all classes are within half the tolerance of it. As there, repeats are allowed.
    """
    half, begin = size // 2, time.perf_counter()
    least, pools = half + 1, {c: [] for c in range(1, n_classes)}
    for number, region in enumerate(regions):
        height, width = region.shape
        for c in pools:
            onehot = (region.mask == c).astype(np.uint8)
            dilated = cv2.dilate(onehot, np.ones((size, size), np.uint8))
            inside = dilated[least : height - least + 1, least : width - least + 1]
            centres = np.argwhere(inside) + least
            pools[c].append(np.column_stack([np.full(len(centres), number), centres]))
    pools = {c: np.concatenate(parts) for c, parts in pools.items()}
    rarest_first = sorted(pools, key=lambda c: sum((r.mask == c).sum() for r in regions))
    listed = time.perf_counter() - begin
    sums, windows, draws = np.zeros(n_classes), [], 0
    for wanted in rarest_first:
        while sums[wanted] < target * (1 - tolerance / 2):
            if time.perf_counter() - begin > limit:
                return np.array(windows), draws, listed, time.perf_counter() - begin
            number, row, column = pools[wanted][generator.integers(len(pools[wanted]))]
            top, left = row - half, column - half
            patch = regions[number].mask[top : top + size, left : left + size]
            counts = np.bincount(patch.ravel(), minlength=n_classes)
            draws += 1
            if (sums[1:] + counts[1:] <= target * (1 + tolerance / 2)).all():
                sums += counts
                windows.append((number, top, left))
    return np.array(windows), draws, listed, time.perf_counter() - begin


def beside_the_thesis(regions, n_classes: int, size: int, limit: float = 90) -> None:
    target = THESIS_SHARE * size**2 * N * len(regions) / FOILS
    print(f"the thesis's procedure on {len(regions)} regions, {target:.0f} pixels per class")
    for tolerance in (0.1, 0.01):
        windows, draws, listed, wall = thesis_procedure(
            regions, n_classes, size, target, tolerance, rng(0, 0, "plain"), limit
        )
        index = full_index(regions, n_classes, size)[0]
        theirs = ledger(index, plan_of(*windows.T, size))
        print(f" tolerance {tolerance:.0%}: {draws} draws; dilation and lists took {listed:.1f} s")
        report("  plain", theirs, wall)
        if theirs.tolerance > tolerance:
            print(f"  plain did not reach the tolerance in {limit:.0f} s")
        n, mean = theirs.n, min(v for c, v in theirs.pixels.items() if c) / theirs.n

        def ours(_, n=n, mean=mean, tolerance=tolerance):
            fresh = full_index(regions, n_classes, size)[0]
            return equal_pixels(fresh, n, rng(0, 0, "train"), tolerance=tolerance, pixels=mean)

        plan, own, _ = timed(ours, 2)
        report("  ours, index included", ledger(index, plan), own)
        line("  ratio of times", f"{wall / own:.0f}")
        line("  the 50 to 70 minutes of thesis section 5 / ours", f"{50 * 60 / own:.0f} or more")


def report(name: str, book, seconds: float) -> None:
    mean = min(v for c, v in book.pixels.items() if c) / max(book.n, 1)
    print(
        f"{name}: {seconds:.2f} s, {book.n} patches, {mean:.0f} pixels per patch and class, "
        f"tolerance {book.tolerance:.2%}, distinct windows {book.distinct_windows:.1%}, variety "
        f"{[round(v, 3) for v in book.variety.values()]} "
        f"(mean {np.nanmean(list(book.variety.values())):.3f}), times at most "
        f"{list(book.times_max.values())}, nearest overlap {book.nearest_overlap:.2f}"
    )


if __name__ == "__main__":
    main()
