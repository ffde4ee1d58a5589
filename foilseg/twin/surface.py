"""The coating without its defects, and the four photographs taken of it (thesis 3.1).

Heights are micrometres, lengths units of 50 micrometres. The rows of a picture run along the
transport direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from foilseg.twin.shapes import UNIT_UM


@dataclass(frozen=True)
class SurfaceConfig:
    """Coating and camera.

    Attributes
    ----------
    grain, streaks, waviness : root mean square slopes of the fine grain, of the texture drawn
        out along the transport direction, and of the slow waves of the coating.
    variation : standard deviation of the logarithm of those slopes from foil to foil.
    coarse_grains : single coarse grains per million units squared; they belong to no defect.
    coarse_rise : height of the steepest of them over its radius, from 0.05.
    unevenness : relative variation of a line light's brightness along the foil.
    penumbra : width of a shadow's edge in degrees: a line light is no point.
    read_noise, shot_noise : sensor noise; its variance is ``read_noise**2 + shot_noise * value``
        in 8-bit counts.
    exposure : count of a white surface that faces the light.
    """

    grain: float = 0.04
    streaks: float = 0.016
    waviness: float = 0.018
    variation: float = 0.22
    coarse_grains: float = 60.0
    coarse_rise: float = 0.2
    unevenness: float = 0.01
    penumbra: float = 6.0
    read_noise: float = 1.0
    shot_noise: float = 0.02
    exposure: float = 330.0

    def __post_init__(self):
        for name in self.__dataclass_fields__:
            number = getattr(self, name)
            if not 0 <= number < 1e4:
                raise ValueError(f"surface.{name}: {number} is negative or no sensible number")
        if self.exposure <= 0:
            raise ValueError("surface.exposure: must be positive, or every picture is black")


def coating(
    rng: np.random.Generator, shape: tuple[int, int], scale: float, config: SurfaceConfig
) -> tuple[np.ndarray, np.ndarray]:
    """A coating without defects: heights in micrometres and albedo, float32 (H, W) each."""
    factor = np.exp(config.variation * rng.standard_normal(4))
    pixel = UNIT_UM / scale
    height = _sloped(
        _blurred(rng, shape, 0.9 * scale, 0.9 * scale), config.grain * factor[0], pixel
    )
    along = _blurred(rng, shape, rng.uniform(20, 70) * scale, rng.uniform(1.2, 2.6) * scale)
    height += _sloped(along, config.streaks * factor[1] ** 2, pixel)
    reach = rng.uniform(60, 180, 2) * scale
    height += _sloped(_blurred(rng, shape, *reach), config.waviness * factor[2], pixel)
    _coarse_grains(rng, height, scale, config)
    level = 0.52 * np.exp(0.3 * config.variation * rng.standard_normal())
    albedo = _blurred(rng, shape, 0.7 * scale, 0.7 * scale)
    albedo *= 0.03 / max(float(albedo.std()), 1e-9)
    slow = _blurred(rng, shape, 90 * scale, 50 * scale)
    albedo += 0.03 * slow / max(float(slow.std()), 1e-9)
    albedo += 1
    albedo *= level
    return height, np.clip(albedo, 0.05, 1, out=albedo)


def _blurred(rng, shape: tuple[int, int], rows: float, columns: float) -> np.ndarray:
    """White noise under a Gaussian, drawn on a coarser grid along directions it hardly varies."""
    steps = [max(1, int(sigma / 3)) for sigma in (rows, columns)]
    small = [size // step + 4 for size, step in zip(shape, steps)]
    field = rng.standard_normal(small, dtype=np.float32)
    sigmas = [sigma / step for sigma, step in zip((rows, columns), steps)]
    if max(sigmas) > 0.3:
        field = cv2.GaussianBlur(field, (0, 0), sigmaX=sigmas[1], sigmaY=sigmas[0])
    if max(steps) > 1:
        size = (small[1] * steps[1], small[0] * steps[0])
        field = cv2.resize(field, size, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(field[: shape[0], : shape[1]])


def _sloped(field: np.ndarray, slope: float, pixel: float) -> np.ndarray:
    """The field scaled to a root mean square slope (both directions together)."""
    dx = (field[:, 2:] - field[:, :-2]) / 2
    dy = (field[2:] - field[:-2]) / 2
    rms = float(np.sqrt(np.square(dx).mean() + np.square(dy).mean()))
    field *= slope * pixel / max(rms, 1e-12)
    return field


def _coarse_grains(rng, height: np.ndarray, scale: float, config: SurfaceConfig) -> None:
    """Scatter small bumps and dents that are within what a sound coating shows."""
    rows, columns = height.shape
    number = rng.poisson(config.coarse_grains * rows * columns / scale**2 / 1e6)
    for _ in range(number):
        radius = rng.uniform(1.5, 4.5) * scale
        half = int(3 * radius) + 1
        y, x = rng.integers(0, rows), rng.integers(0, columns)
        axis = np.arange(-half, half + 1, dtype=np.float32)
        bump = np.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / (2 * (radius / 1.5) ** 2))
        rise = (
            rng.choice([-0.5, 1]) * rng.uniform(0.05, config.coarse_rise) * radius / scale * UNIT_UM
        )
        add(height, rise * bump, y - half, x - half)


def add(plane: np.ndarray, patch: np.ndarray, top: int, left: int) -> None:
    """Add a patch to a plane in place; what sticks out over the edge is cut off."""
    window, inner = overlap(plane.shape, patch.shape, top, left)
    plane[window] += patch[inner]


def overlap(shape, patch_shape, top: int, left: int) -> tuple[tuple, tuple]:
    """Slices of a plane and of a patch laid on it at (top, left) that cover each other."""
    begin = (max(top, 0), max(left, 0))
    end = (min(top + patch_shape[0], shape[0]), min(left + patch_shape[1], shape[1]))
    end = (max(end[0], begin[0]), max(end[1], begin[1]))
    window = np.s_[begin[0] : end[0], begin[1] : end[1]]
    return window, np.s_[begin[0] - top : end[0] - top, begin[1] - left : end[1] - left]


def normals_of(height: np.ndarray, pixel: float) -> np.ndarray:
    """Unit normals (x right, y down, z to the camera) of a height field: float32 (3, H, W).

    ``height`` and the edge of a pixel have the same unit; slopes are central differences.
    """
    dy, dx = np.gradient(height, np.float32(pixel))
    normals = np.stack([-dx, -dy, np.ones_like(height)])
    normals /= np.sqrt(_sum_of_products(normals, normals))
    return normals


def _sum_of_products(left, right: np.ndarray) -> np.ndarray:
    """Sum over the first axis of ``left * right``, in its order: float32 (H, W).

    A BLAS or ``einsum`` picks its routine, and with it the last bit, by processor.
    """
    total = left[0] * right[0]
    for one, other in zip(left[1:], right[1:]):
        total += one * other
    return total


def visibility(height: np.ndarray, pixel: float, light: np.ndarray, penumbra: float) -> np.ndarray:
    """Share of a line light that each point sees over its surroundings: float32 (H, W).

    The light's azimuth is taken as the nearest of the eight directions of the pixel grid.
    Looked at are obstacles as far as the shadow of the steepest rise within 16 pixels reaches.
    """
    flat = float(np.hypot(light[0], light[1]))
    if flat < 1e-6:
        return np.ones_like(height)
    step = [round(float(v) / max(abs(light[0]), abs(light[1]))) for v in (light[1], light[0])]
    distance = pixel * float(np.hypot(*step))
    elevation = float(np.rad2deg(np.arctan2(light[2], flat)))
    low = np.tan(np.deg2rad(max(elevation - penumbra / 2, 0.5)))
    high = np.tan(np.deg2rad(min(elevation + penumbra / 2, 89.5)))
    horizon = np.zeros_like(height)
    for k in range(1, 17):
        rise = _towards(height, step[0] * k, step[1] * k) - height
        if float(rise.max()) <= low * distance * k:
            break
        np.maximum(horizon, rise / np.float32(distance * k), out=horizon)
    return np.clip((np.float32(high) - horizon) / np.float32(max(high - low, 1e-6)), 0, 1)


def _towards(plane: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Value ``rows`` below and ``columns`` to the right of each pixel; its own beyond the edge."""
    moved = plane.copy()
    height, width = plane.shape
    there = np.s_[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
    here = np.s_[max(-rows, 0) : height - max(rows, 0), max(-columns, 0) : width - max(columns, 0)]
    moved[here] = plane[there]
    return moved


def photograph(
    rng: np.random.Generator,
    height: np.ndarray,
    albedo: np.ndarray,
    lights: np.ndarray,
    scale: float,
    config: SurfaceConfig,
) -> np.ndarray:
    """The 8-bit pictures of a surface, one a light: uint8 (n, H, W)."""
    pixel = UNIT_UM / scale
    normals = normals_of(height, pixel)
    pictures = np.empty((len(lights), *height.shape), np.uint8)
    for k, light in enumerate(lights):
        value = _one(normals, albedo, light)
        value *= visibility(height, pixel, light, config.penumbra)
        value *= np.float32(config.exposure)
        phase = rng.uniform(0, 2 * np.pi, 2)
        across = np.linspace(0, np.pi, height.shape[1], dtype=np.float32)
        value *= 1 + np.float32(config.unevenness) * np.sin(across + phase[0])
        noise = rng.standard_normal(height.shape, dtype=np.float32)
        noise *= np.sqrt(np.float32(config.read_noise**2) + np.float32(config.shot_noise) * value)
        value += noise
        pictures[k] = np.rint(np.clip(value, 0, 255, out=value), out=value)
    return pictures


def _one(normals: np.ndarray, albedo: np.ndarray, light: np.ndarray) -> np.ndarray:
    shading = _sum_of_products(light.astype(np.float32), normals)
    return np.maximum(shading, 0, out=shading) * albedo
