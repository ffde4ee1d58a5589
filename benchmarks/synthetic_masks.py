"""Masks with the statistics of the thesis's training regions, for benchmarks without the twin.

26 masks of 1286 x 1920 pixels hold the pixels of Table 3.1: agglomerations as blobs, cavities as
pores of 5 to 10 pixels in clusters, some of them at agglomerations, cracks as thin polylines,
blade trails as long strips in the coating direction.
"""

from __future__ import annotations

import cv2
import numpy as np

from foilseg.dataset import Foil
from foilseg.published import training_pixels

HEIGHT, WIDTH, FOILS = 1286, 1920, 26
AGGLOMERATION, CRACK, CAVITY, BLADE_TRAIL = 1, 2, 3, 4
# Share of the clusters of pores that lie at an agglomeration. In Table 3.4 a patch with a cavity
# holds 1,618 pixels of agglomeration, where a patch anywhere holds 1,565: hardly more.
NEAR = 0.1


def masks(foils: int = FOILS, height: int = HEIGHT, width: int = WIDTH, seed: int = 0):
    """uint8 masks with the thesis's share of every class, up to the last object drawn."""
    generator = np.random.default_rng(seed)
    drawn = [np.zeros((height, width), np.uint8) for _ in range(foils)]
    share = foils * height * width / sum(training_pixels().values())
    draw = {AGGLOMERATION: _blobs, CRACK: _crack, BLADE_TRAIL: _trail, CAVITY: _pores}
    names = {1: "agglomeration", 2: "crack", 3: "cavity", 4: "blade trail"}
    # Foils differ: some have many defects of a class, some none.
    weight = generator.dirichlet(np.full(foils, 0.7), 5)
    for label, add in draw.items():
        missing = training_pixels()[names[label]] * share
        while missing > 0:
            mask = drawn[generator.choice(foils, p=weight[1 if label == CAVITY else label])]
            missing -= add(mask, generator)
    return drawn


def foils(channels: int = 3, **options) -> tuple[Foil, ...]:
    """The masks with images of noise."""
    generator = np.random.default_rng(1)
    return tuple(
        Foil(f"foil_{i:02d}", generator.random((channels, *mask.shape), np.float32), mask)
        for i, mask in enumerate(masks(**options))
    )


def _fill(mask, label, draw) -> int:
    canvas = np.zeros_like(mask)
    draw(canvas)
    new = (canvas > 0) & (mask == 0)
    mask[new] = label
    return int(new.sum())


def _point(mask, generator):
    return generator.uniform((0, 0), mask.shape[::-1])


def _blobs(mask, generator) -> int:
    centre, total = _point(mask, generator), 0
    for _ in range(generator.integers(1, 8)):
        x, y = centre + generator.normal(0, 120, 2)
        axes = np.exp(generator.normal(2.7, 0.6, 2)).clip(3, 90).astype(int).tolist()
        turn = generator.uniform(0, 180)
        total += _fill(
            mask,
            AGGLOMERATION,
            lambda c, x=x, y=y, axes=axes, turn=turn: cv2.ellipse(
                c, (int(x), int(y)), axes, turn, 0, 360, 1, -1
            ),
        )
    return total


def _pores(mask, generator) -> int:
    rows, columns = np.nonzero(mask == AGGLOMERATION)
    centre = _point(mask, generator)
    if len(rows) and generator.random() < NEAR:
        at = generator.integers(len(rows))
        centre = np.array([columns[at], rows[at]])
    total = 0
    for _ in range(generator.integers(1, 7)):
        x, y = centre + generator.normal(0, 60, 2)
        radius = int(generator.integers(2, 6))
        total += _fill(
            mask,
            CAVITY,
            lambda c, x=x, y=y, radius=radius: cv2.circle(c, (int(x), int(y)), radius, 1, -1),
        )
    return total


def _crack(mask, generator) -> int:
    steps = generator.normal(0, 14, (int(generator.integers(8, 40)), 2))
    path = _point(mask, generator) + np.cumsum(steps + generator.normal(0, 12, 2), axis=0)
    thickness = int(generator.integers(3, 12))
    return _fill(
        mask, CRACK, lambda c: cv2.polylines(c, [path.astype(np.int32)], False, 1, thickness)
    )


def _trail(mask, generator) -> int:
    x, y = _point(mask, generator)
    length = generator.uniform(0.2, 1) * mask.shape[0]
    ends = (int(x), int(y)), (int(x + generator.normal(0, 30)), int(y + length))
    thickness = int(generator.integers(6, 26))
    return _fill(mask, BLADE_TRAIL, lambda c: cv2.line(c, *ends, 1, thickness))
