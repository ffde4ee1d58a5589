"""The samplers' peers: MONAI's random crops by class, and the thesis's own procedure."""

from __future__ import annotations

import time

import cv2
import numpy as np

from foilseg.sampling.ledger import ledger
from foilseg.sampling.pools import build_index
from foilseg.sampling.resampling import equal_pixels, equal_samples
from foilseg.sampling.uniform import cut, plan_of, rng

FOILS, N = 26, 1337
# Table 3.5: 163 cavity pixels in a patch of 256 x 256.
THESIS_SHARE = 163 / 256**2


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


def beside_monai(regions, n_classes: int, size: int) -> None:
    """Patches of each defect class equally often, from the same images.

    A plan draws the image of each patch anew, so that is what MONAI is asked for; patches of one
    image at a time share its cost per image, and are given too.
    """
    try:
        import monai  # noqa: F401
    except ImportError:
        print("MONAI is not installed: no comparison (pip install --no-deps monai)")
        return
    per_image = -(-N // len(regions))
    regions = regions[:8]
    wall, cpu = own_times(regions, n_classes, size, per_image * len(regions))
    line("ours, per patch, plan and cutting", f"{wall * 1e3:.3f} ms")
    times = monai_times(regions, n_classes, size, per_image)
    print("MONAI RandCropByLabelClassesd, the image drawn anew for every patch, as ours:")
    for name in ("anew", "anew, indices listed before"):
        count, each, each_cpu = times[name]
        line(f"  {name}, per patch of {count}", f"{each * 1e3:.3f} ms")
        asked = ">= 20" if name == "anew" else ""
        line("  ratio", f"{each / wall:.1f} (CPU {each_cpu / cpu:.1f})", asked)
    print(f"MONAI, {per_image} patches of one image at a time:")
    for name in ("together", "together, indices listed before"):
        count, each, each_cpu = times[name]
        line(f"  {name}, per patch of {count}", f"{each * 1e3:.3f} ms")
        line("  ratio", f"{each / wall:.1f} (CPU {each_cpu / cpu:.1f})")


def monai_times(regions, n_classes: int, size: int, per_image: int) -> dict[str, tuple]:
    """Way of asking MONAI -> patches, and the seconds and CPU seconds of one of them."""
    import torch
    from monai.transforms import ClassesToIndicesd, RandCropByLabelClassesd

    kwargs = {
        "keys": ["image", "label"],
        "label_key": "label",
        "spatial_size": (size, size),
        "ratios": [0] + [1] * (n_classes - 1),
        "num_classes": n_classes,
        "warn": False,
    }
    bare = [
        {"image": torch.from_numpy(r.image), "label": torch.from_numpy(r.mask)[None]}
        for r in regions
    ]
    lister = ClassesToIndicesd("label", num_classes=n_classes, indices_postfix="_all")
    listed = [lister(pair) for pair in bare]
    indices = {"indices_key": "label_all"}
    times = {}
    for name, pairs, n, extra, repeats in (
        ("anew", _drawn(bare, 16), 1, {}, 2),
        ("anew, indices listed before", _drawn(listed, 64), 1, indices, 3),
        ("together", bare, per_image, {}, 3),
        ("together, indices listed before", listed, per_image, indices, 3),
    ):
        crop = RandCropByLabelClassesd(**kwargs, **extra, num_samples=n)

        def crops(_, crop=crop, pairs=pairs):
            return sum(len(crop(pair)) for pair in pairs)

        count, wall, cpu = timed(crops, repeats)
        times[name] = count, wall / count, cpu / count
    return times


def _drawn(pairs: list, n: int) -> list:
    return [pairs[i] for i in rng(0, 0, "images").integers(0, len(pairs), n)]


def own_times(regions, n_classes: int, size: int, n: int) -> tuple[float, float]:
    """Seconds and CPU seconds of a patch of Equal Samples, planned and cut."""
    index, channels = full_index(regions, n_classes, size)[0], regions[0].image.shape[0]
    out = np.empty((8, channels, size, size), np.float32), np.empty((8, size, size), np.uint8)

    def ours(refresh):
        plan = equal_samples(index, n, rng(0, refresh, "train"))
        for first in range(0, n, 8):
            cut(index.regions, plan, slice(first, first + 8), out)

    _, wall, cpu = timed(ours, 5)
    return wall / n, cpu / n


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
