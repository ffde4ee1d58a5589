"""Shapes of the coating defects: footprint, relief and albedo, one random draw at a time.

A draw function takes a generator, the scale and a factor on the size, and gives footprint, relief
and albedo (h, w) and the anchor (row, column); which class it is for says
:data:`foilseg.twin.kinds.KINDS`.

Lengths are given in units of 50 micrometres, the pixel of the thesis's camera (3.1); a *scale*
below 1 gives coarser pixels, so the same defect covers fewer of them. The kinds of defects follow
doi 10.3390/batteries9020111; the numbers are this project's choices.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

UNIT_UM = 50.0

Drawn = tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Shape:
    """One defect on its own small grid.

    Attributes
    ----------
    kind : class index, from 1 on.
    mask : bool (h, w), the footprint; never empty.
    relief : float32 (h, w), micrometres added to the coating (negative: missing material).
    albedo : float32 (h, w), factor on the albedo.
    anchor : (row, column) of the grid cell that is put on the chosen place: the centre, or the
        head of a blade trail.
    contrast : mean slope of the relief in the footprint, dimensionless.
    """

    kind: int
    mask: np.ndarray
    relief: np.ndarray
    albedo: np.ndarray
    anchor: tuple[int, int]
    contrast: float


def shape(kind: int, drawn: Drawn, scale: float, contrast: float = 1.0) -> Shape:
    """What a draw function made as a defect of a class.

    Parameters
    ----------
    kind : class index.
    drawn : footprint, relief, albedo and anchor, as the draw functions below return them.
    scale : pixels per 50 micrometres.
    contrast : factor on the heights and depths.
    """
    mask, relief, albedo, anchor = drawn
    relief = (contrast * relief).astype(np.float32)
    if not mask.any():
        mask[anchor] = True
    dy, dx = np.gradient(relief)
    slope = float(np.hypot(dy, dx)[mask].mean()) * scale / UNIT_UM
    return Shape(kind, mask, relief, albedo.astype(np.float32), anchor, slope)


def _lognormal(rng, median: float, sigma: float, low: float, high: float) -> float:
    return float(np.clip(median * np.exp(sigma * rng.standard_normal()), low, high))


def _noise(rng, shape: tuple[int, int], sigma: float) -> np.ndarray:
    """Smooth noise of unit standard deviation."""
    field = rng.standard_normal(shape, dtype=np.float32)
    field = cv2.GaussianBlur(field, (0, 0), sigma) if sigma > 0.3 else field
    return field / max(float(field.std()), 1e-6)


def _grid(half: int, centre: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    axis = np.arange(-half, half + 1, dtype=np.float32)
    return axis[:, None] - np.float32(centre[0]), axis[None, :] - np.float32(centre[1])


def agglomeration(rng, scale: float, size: float) -> Drawn:
    """A heap of one to five lumps with a frayed edge and a rough top."""
    radius = max(_lognormal(rng, 14.0, 0.5, 5.0, 50.0) * size, 2.0) * scale
    half = int(np.ceil(2.1 * radius)) + 2
    dy, dx = _grid(half, tuple(rng.uniform(-0.5, 0.5, 2)))
    lumps = 1 + rng.poisson(1.1)
    field = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for i in range(lumps):
        reach, angle = (0 if i == 0 else rng.uniform(0.3, 0.9)), rng.uniform(0, 2 * np.pi)
        r = radius * (rng.uniform(0.75, 1.0) if i == 0 else rng.uniform(0.3, 0.7))
        y, x = dy - reach * radius * np.sin(angle), dx - reach * radius * np.cos(angle)
        turn, flat = rng.uniform(0, np.pi), rng.uniform(0.55, 1.0)
        u, v = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
        bump = np.exp(-2 * ((u / r) ** 2 + (v / (r * flat)) ** 2))
        field += bump * rng.uniform(0.7, 1.0)
    field *= np.exp(0.3 * _noise(rng, field.shape, 0.35 * radius))
    edge = 0.16 * field.max()
    mask = field > edge
    steep = _lognormal(rng, 0.075, 0.55, 0.02, 0.4)
    profile = np.clip(field - 0.5 * edge, 0, None) / field.max()
    rough = 1 + rng.uniform(0.1, 0.35) * _noise(rng, field.shape, max(1.6 * scale, 0.12 * radius))
    relief = steep * radius / scale * UNIT_UM * profile ** rng.uniform(0.5, 0.9) * rough
    shade = rng.uniform(-0.10, 0.06)
    return mask, relief, 1 + shade * np.clip(profile * 3, 0, 1), (half, half)


def cavity(rng, scale: float, size: float) -> Drawn:
    """A small round pore, sometimes with a raised rim."""
    radius = max(_lognormal(rng, 5.2, 0.25, 2.8, 10.0) * size, 1.6) * scale
    half = int(np.ceil(2.0 * radius)) + 2
    dy, dx = _grid(half, tuple(rng.uniform(-0.5, 0.5, 2)))
    turn, flat = rng.uniform(0, np.pi), rng.uniform(0.65, 1.0)
    u, v = dx * np.cos(turn) + dy * np.sin(turn), -dx * np.sin(turn) + dy * np.cos(turn)
    q = np.hypot(u / radius, v / (radius * flat))
    q = q * (1 + 0.08 * _noise(rng, q.shape, 0.7 * radius))
    steep = _lognormal(rng, 0.85, 0.35, 0.3, 1.6)
    rim = rng.uniform(0.15, 0.4) * np.exp(-(((q - 1.15) / 0.25) ** 2))
    relief = steep * radius / scale * UNIT_UM * (rim - np.exp(-1.8 * q**2))
    return q < 1, relief, 1 - rng.uniform(0.05, 0.3) * np.exp(-(q**2)), (half, half)


def _crack_path(rng, length: float, angle: float) -> np.ndarray:
    """A kinked walk from the origin: (n, 3) of row, column and distance from the start."""
    steps = max(int(length), 3)
    kinks = (rng.random(steps) < 0.06) * rng.normal(0, 0.75, steps)
    turn = angle + np.cumsum(kinks + rng.normal(0, 0.06, steps))
    turn += 0.5 * np.arange(steps) * (angle - turn) / steps
    return np.stack([np.cumsum(np.sin(turn)), np.cumsum(np.cos(turn)), np.arange(steps)], 1)


def _branches(rng, length: float, width: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """The main crack, grown from its middle, and its branches: (points, half widths) each."""
    angle = rng.uniform(0, 2 * np.pi)
    ends = [(np.zeros(2), length / 2, angle + side, width) for side in (0, np.pi)]
    paths = []
    while ends and len(paths) < 14:
        start, reach, direction, half = ends.pop(0)
        path = _crack_path(rng, reach, direction)
        taper = np.sqrt(np.clip(1 - path[:, 2] / (path[-1, 2] + 1), 0.3, 1))
        points = path[:, :2] + start
        paths.append((points, half * taper))
        for _ in range(rng.poisson(reach / 130)):
            at = rng.integers(len(points) // 6, len(points))
            fork = direction + rng.choice([-1, 1]) * rng.uniform(0.4, 1.2)
            rest = (len(points) - at) * rng.uniform(0.4, 1.0)
            if rest > 8:
                ends.append((points[at], rest, fork, 0.8 * half * taper[at]))
    return paths


def crack(rng, scale: float, size: float) -> Drawn:
    """A thin, kinked, branching groove that tapers towards its tips."""
    length = _lognormal(rng, 200.0, 0.55, 40.0, 900.0) * size
    paths = _branches(rng, max(length, 12.0), rng.uniform(2.3, 3.8))
    points = np.concatenate([p for p, _ in paths]) * scale
    widths = np.concatenate([w for _, w in paths]) * scale
    low = np.floor(points.min(0)).astype(int) - 5
    shape = tuple(np.ceil(points.max(0)).astype(int) - low + 6)
    cells = np.rint(points - low).astype(int)
    free = np.full(shape, 255, np.uint8)
    free[cells[:, 0], cells[:, 1]] = 0
    wide = np.zeros(shape, np.float32)
    np.maximum.at(wide, (cells[:, 0], cells[:, 1]), widths)
    distance, nearest = cv2.distanceTransformWithLabels(
        free, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    lookup = np.zeros(nearest.max() + 1, np.float32)
    lookup[nearest[free == 0]] = wide[free == 0]
    width = np.maximum(lookup[nearest], 0.5)
    steep = _lognormal(rng, 0.55, 0.4, 0.12, 1.2)
    patchy = np.clip(1 + 0.35 * _noise(rng, shape, 12 * scale), 0.3, 1.8)
    valley = np.exp(-((distance / width) ** 2))
    relief = -steep * width / scale * UNIT_UM * valley * patchy
    anchor = tuple(int(v) for v in np.clip(-low, 0, np.array(shape) - 1))
    return distance < 1.15 * width, relief, 1 - rng.uniform(0.05, 0.3) * valley, anchor


def trail(rng, scale: float, size: float) -> Drawn:
    """A long faint groove along the transport direction, with material pushed to its sides."""
    length = max(_lognormal(rng, 700.0, 0.6, 150.0, 1700.0) * size**0.6, 60.0) * scale
    half = max(_lognormal(rng, 8.0, 0.35, 3.5, 18.0) * min(size, 1.0) ** 0.4, 2.2) * scale
    rows = int(length) + 1
    drift = _noise(rng, (rows, 1), 90 * scale)[:, 0] * rng.uniform(0.1, 0.7) * half
    drift += rng.normal(0, 0.006) * np.arange(rows)
    drift -= drift[0]
    reach = int(np.ceil(np.abs(drift).max() + 2.6 * half)) + 1
    across = np.arange(-reach, reach + 1, dtype=np.float32)[None, :]
    wide = half * np.clip(1 + 0.2 * _noise(rng, (rows, 1), 60 * scale), 0.5, 1.6)
    u = (across - drift[:, None].astype(np.float32)) / wide
    along = (np.arange(rows, dtype=np.float32) / max(rows - 1, 1))[:, None]
    fade = np.clip(along / rng.uniform(0.01, 0.06), 0, 1) * np.clip(
        (1 - along) / rng.uniform(0.1, 0.5), 0, 1
    )
    strength = fade**0.5 * np.clip(1 + 0.3 * _noise(rng, (rows, 1), 40 * scale), 0.5, 1.8)
    steep = _lognormal(rng, 0.15, 0.4, 0.04, 0.45)
    ridges = rng.uniform(0.1, 0.6, 2)
    profile = -np.exp(-((1.3 * u) ** 2)) + ridges[0] * np.exp(-(((u - 1.1) / 0.4) ** 2))
    profile += ridges[1] * np.exp(-(((u + 1.1) / 0.4) ** 2))
    relief = steep * half / scale * UNIT_UM * strength * profile
    mask = (np.abs(u) < 1.2) & (fade > 0.2)
    shade = 1 - rng.uniform(0, 0.08) * strength * np.exp(-(u**2))
    return mask, relief, shade, (0, reach)
