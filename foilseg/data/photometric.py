"""Lambertian photometric stereo: n intensities under known lights -> unit normals and albedo.

Thesis Eq. 3.1 (R. J. Woodham, doi 10.1117/12.7972479): the pseudo-inverse of the light
directions times the intensities is the normal scaled by the albedo. Coordinates are those of the
image: x to the right, y down, z towards the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from foilseg.data.dataset import Foil

_CHUNK = 1 << 15
_SMALLEST_VOLUME = 1e-3
UNIT = 0.05  # by how much the vectors of a picture of normals may differ from length 1
LUMA = np.float32(0.299), np.float32(0.587), np.float32(0.114)  # of red, green, blue (BT.601)


def line_lights(n: int = 4, polar_deg: float = 55.0, azimuth_deg: float = 45.0) -> np.ndarray:
    """Unit directions towards n lights spaced evenly around the camera: float64 (n, 3).

    The defaults are the thesis's set-up (3.1): four lights 90 degrees apart, turned by 45
    degrees against the transport direction (the image's rows), 55 degrees from the vertical.
    """
    azimuth = np.deg2rad(azimuth_deg) + 2 * np.pi * np.arange(n) / n
    polar = np.deg2rad(polar_deg)
    flat = np.sin(polar) * np.stack([np.cos(azimuth), np.sin(azimuth)], axis=1)
    return np.column_stack([flat, np.full(n, np.cos(polar))])


def render(normals: np.ndarray, albedo: np.ndarray, light_directions: np.ndarray) -> np.ndarray:
    """Intensities of a Lambertian surface, dark where it faces away from the light.

    Parameters
    ----------
    normals : (3, H, W) unit normals.
    albedo : (H, W), not negative.
    light_directions : (n, 3) unit vectors towards the lights.

    Returns
    -------
    float32 (n, H, W), ``albedo * max(0, l . n)``.

    Raises
    ------
    ValueError
        If the sizes do not fit, or the directions are refused by :func:`check_lights`.
    """
    lights = check_lights(light_directions)
    if normals.ndim != 3 or normals.shape[0] != 3 or albedo.shape != normals.shape[1:]:
        raise ValueError(f"normals {normals.shape} and albedo {albedo.shape} do not fit together")
    flat = np.asarray(normals, np.float32).reshape(3, -1)
    shading = lights.astype(np.float32) @ flat
    np.maximum(shading, 0, out=shading)
    shading *= np.asarray(albedo, np.float32).reshape(1, -1)
    return shading.reshape(len(lights), *albedo.shape)


def check_lights(light_directions: np.ndarray) -> np.ndarray:
    """The directions as float64 (n, 3) unit vectors.

    Raises
    ------
    ValueError
        If there are fewer than three, if one is not finite or not of unit length (within 1 %),
        or if all lie in one plane, so that a direction of the normal stays unknown.
    """
    lights = np.asarray(light_directions, np.float64)
    if lights.ndim != 2 or lights.shape[1] != 3 or len(lights) > 60:
        raise ValueError(f"light_directions: shape {lights.shape} is not (n, 3), n at most 60")
    if len(lights) < 3:
        raise ValueError(f"light_directions: {len(lights)} lights; normals need at least 3")
    if not np.isfinite(lights).all():
        raise ValueError("light_directions: contains NaN or infinity")
    length = np.linalg.norm(lights, axis=1)
    if (np.abs(length - 1) > 0.01).any():
        raise ValueError(f"light_directions: lengths {length.round(3)} are not 1; normalise them")
    lights = lights / length[:, None]
    if not _spans(lights):
        raise ValueError("light_directions: all lie in one plane; move a light out of it")
    return lights


def _spans(lights: np.ndarray) -> bool:
    return len(lights) >= 3 and np.linalg.svd(lights, compute_uv=False)[2] > _SMALLEST_VOLUME


def estimate_normals(
    intensities: np.ndarray, light_directions: np.ndarray, workers: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Unit normals and albedo from intensities (thesis Eq. 3.1).

    A light whose intensity is 0 does not reach the point (attached shadow) and is left out
    there, so the result is exact wherever at least three lights that are not in one plane do.
    Where fewer reach it, all intensities enter and the result is the least-squares answer, not
    the surface's; where none does, the normal is (0, 0, 1) and the albedo 0.

    Parameters
    ----------
    intensities : (n, H, W), integer or floating, one picture per light; no pixel gives empty
        arrays.
    light_directions : (n, 3) unit vectors towards the lights.
    workers : threads.

    Returns
    -------
    (normals, albedo) : float32 (3, H, W) of unit length, and float32 (H, W) in the unit of the
        intensities.

    Raises
    ------
    ValueError
        If the pictures differ in size or number from the lights, contain NaN, infinity or a
        negative value, or if :func:`check_lights` refuses the directions.
    """
    lights = check_lights(light_directions)
    pictures = _stacked(intensities)
    if len(pictures) != len(lights):
        raise ValueError(f"intensities: {len(pictures)} pictures for {len(lights)} lights")
    shape = pictures.shape[1:]
    flat = pictures.reshape(len(lights), -1)
    normals = np.empty((3, flat.shape[1]), np.float32)
    albedo = np.empty(flat.shape[1], np.float32)
    inverse = np.linalg.pinv(lights).astype(np.float32)

    def solve(start: int) -> None:
        window = np.s_[start : start + _CHUNK]
        observed = np.ascontiguousarray(flat[:, window], np.float32)
        low, high = observed.min(), observed.max()
        if not (low >= 0 and high < np.inf):
            raise ValueError("intensities: contain NaN, infinity or a negative value")
        scaled = _product(inverse, observed, normals[:, window])
        if low == 0:
            _without_shadows(scaled, observed, lights)
        _normalise(scaled, albedo[window])

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(solve, range(0, flat.shape[1], _CHUNK)))
    return normals.reshape(3, *shape), albedo.reshape(shape)


def _product(matrix: np.ndarray, rows, out: np.ndarray) -> np.ndarray:
    """``matrix @ rows`` for a tiny matrix and long rows.

    A BLAS starts its own threads for this inside ours, and waits for them on a busy machine.
    """
    for weights, target in zip(matrix, out):
        np.multiply(rows[0], weights[0], out=target)
        for weight, row in zip(weights[1:], rows[1:]):
            target += weight * row
    return out


def _stacked(intensities) -> np.ndarray:
    if isinstance(intensities, np.ndarray) and intensities.ndim == 3:
        return intensities
    sizes = [np.shape(picture) for picture in intensities]
    if len(set(sizes)) != 1 or len(sizes[0]) != 2:
        raise ValueError(f"intensities: sizes {sizes} are not n times the same (H, W)")
    return np.stack(list(intensities))


def _without_shadows(scaled: np.ndarray, observed: np.ndarray, lights: np.ndarray) -> None:
    """Solve again, in place and with the lit lights only, the pixels some light does not reach."""
    dark = np.flatnonzero(observed.min(axis=0) == 0)
    kind = np.uint16 if len(lights) <= 16 else np.uint64
    code = np.zeros(len(dark), kind)
    for k, row in enumerate(observed):
        code |= (row[dark] > 0).astype(kind) << kind(k)
    order = np.argsort(code, kind="stable")
    dark, code = dark[order], code[order]
    patterns, starts = np.unique(code, return_index=True)
    for pattern, pixels in zip(patterns, np.split(dark, starts[1:])):
        lit = (int(pattern) >> np.arange(len(lights))) & 1 == 1
        if not _spans(lights[lit]):
            continue
        inverse = np.linalg.pinv(lights[lit]).astype(np.float32)
        seen = [row[pixels] for row, is_lit in zip(observed, lit) if is_lit]
        scaled[:, pixels] = _product(inverse, seen, np.empty((3, len(pixels)), np.float32))


def _normalise(scaled: np.ndarray, albedo: np.ndarray) -> None:
    """Split albedo times normal, in place; a black pixel faces the camera."""
    np.multiply(scaled[0], scaled[0], out=albedo)
    albedo += scaled[1] * scaled[1]
    albedo += scaled[2] * scaled[2]
    np.sqrt(albedo, out=albedo)
    black = albedo == 0
    if black.any():
        scaled[2, black] = 1
        scaled /= np.where(black, 1, albedo)
    else:
        scaled /= albedo


def holds_normals(regions: Sequence[Foil]) -> bool:
    """Whether the pictures are surface normals: three channels, vectors of length 1.

    Colours have three channels too, but no length in common.
    """
    if regions[0].image.shape[0] != 3:
        return False
    lengths = (np.linalg.norm(region.image[:, ::7, ::7], axis=0) for region in regions)
    return all(np.median(np.abs(length - 1)) < UNIT for length in lengths)


def are_normals(image: np.ndarray) -> bool:
    """Whether an image (C, H, W) in [-1, 1] holds normals that mostly face the camera.

    A photograph of one brightness has vectors of one length as well, but another direction. An
    image without a pixel holds none.
    """
    if not image.size or not holds_normals([SimpleNamespace(image=image)]):
        return False
    x, y, z = image[:, ::7, ::7]
    return bool(np.median(z - np.hypot(x, y)) > 0)


def brightness(image: np.ndarray) -> np.ndarray:
    """The grey values of an image (1, H, W), or the luma of colours (3, H, W): (H, W) in [0, 1]."""
    if image.shape[0] == 1:
        return image[0]
    return (sum(part * plane for part, plane in zip(LUMA, image)) + 1) / 2  # no BLAS: every bit
