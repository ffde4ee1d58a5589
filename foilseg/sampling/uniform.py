"""The standard sampler (thesis 3.2), and cutting the patches of a plan into batches.

The resamplers (:mod:`foilseg.sampling.resampling`) write plans of the same form.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from foilseg.data.dataset import IGNORED, Foil
from foilseg.sampling.plans import Plan, Request, plan_of, rng

__all__ = ["Plan", "Request", "binary_masks", "cut", "plan_of", "prepare", "rng", "uniform"]


def prepare(regions: Sequence[Foil], size: int) -> tuple[Foil, ...]:
    """Regions in which a patch fits everywhere: small ones grow by mirroring, once.

    A region with fewer than ``size`` rows or columns is extended at its bottom or right edge by
    its own mirror image (numpy's ``"symmetric"``, repeated if need be), image, mask and truth
    alike; positions in a plan therefore keep their meaning. All others come back unchanged.

    Parameters
    ----------
    regions : of any sizes, with images of one number of channels.
    size : edge of the patches in pixels.

    Raises
    ------
    ValueError
        If there is no region, if ``size`` is below 1, or if every region is smaller than the
        patch in both directions.
    """
    check_size(regions, size)
    return tuple(_grow(region, size) for region in regions)


def check_size(regions: Sequence[Foil], size: int) -> None:
    """Refuse a patch that no region can hold in either direction (see :func:`prepare`)."""
    if not len(regions):
        raise ValueError("regions: there is none to sample from")
    if size < 1:
        raise ValueError(f"size: a patch of {size} pixels does not exist; use 1 or more")
    largest = max(max(region.shape) for region in regions)
    if largest < size:
        raise ValueError(
            f"size: a patch of {size} pixels is larger than every region; the longest edge of "
            f"the {len(regions)} regions has {largest} pixels, so use at most that"
        )


def _grow(region: Foil, size: int) -> Foil:
    height, width = region.shape
    edges = ((0, max(0, size - height)), (0, max(0, size - width)))
    if edges == ((0, 0), (0, 0)):
        return region
    planes = {name: getattr(region, name) for name in ("mask", "truth", "ignored")}
    grown = {k: None if p is None else np.pad(p, edges, "symmetric") for k, p in planes.items()}
    return replace(region, image=np.pad(region.image, ((0, 0), *edges), "symmetric"), **grown)


def extents(regions: Sequence[Foil], size: int) -> np.ndarray:
    """int64 (regions, 2): rows and columns of positions at which a patch fits, after mirroring."""
    shapes = np.array([region.shape for region in regions], np.int64)
    return np.maximum(shapes - size, 0) + 1


def uniform(regions: Sequence[Foil], n: int, size: int, generator: np.random.Generator) -> Plan:
    """The standard sampler (thesis 3.2): an image uniformly, then a position in it uniformly.

    No patch comes twice while there is another: a region whose windows are used up leaves the
    choice to the others. A pool larger than all windows together takes every window equally
    often, and the remainder as above.

    Parameters
    ----------
    regions : prepared or not, the plan is the same (see :func:`prepare`).
    n : number of patches; 0 gives an empty plan.
    size : edge of the patches in pixels.
    generator : from :func:`rng`.

    Raises
    ------
    ValueError
        If ``n`` is negative, or for what :func:`prepare` refuses.
    """
    check_size(regions, size)
    check_count(n)
    spans = extents(regions, size)
    windows = spans.prod(axis=1)
    rounds, rest = divmod(n, int(windows.sum()))
    shares = _shares(windows, rest, generator)
    foil, position = [], []
    for index, (span, share) in enumerate(zip(windows, shares)):
        chosen = np.concatenate([np.arange(span)] * rounds + [draw(span, share, generator)])
        foil.append(np.full(len(chosen), index))
        position.append(chosen)
    foil, position = np.concatenate(foil), np.concatenate(position)
    top, left = np.divmod(position, spans[foil, 1])
    return plan_of(foil, top, left, size).take(generator.permutation(n))


def check_count(n: int) -> None:
    """Refuse a negative number of patches."""
    if operator.index(n) < 0:
        raise ValueError(f"n: {n} patches cannot be drawn; use 0 or more")


def draw(population: int, n: int, generator: np.random.Generator) -> np.ndarray:
    """int64 (n,): ``n`` different numbers below ``population``, all sets equally likely."""
    return generator.choice(int(population), int(n), replace=False, shuffle=False)


def _shares(capacity: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
    """How many of ``n`` patches each region gives, each region equally likely while it can."""
    shares = np.zeros_like(capacity)
    while missing := n - int(shares.sum()):
        open_regions = shares < capacity
        drawn = generator.multinomial(missing, open_regions / open_regions.sum())
        shares = np.minimum(shares + drawn, capacity)
    return shares


def cut(
    regions: Sequence[Foil],
    plan: Plan,
    rows: slice | np.ndarray = slice(None),
    out: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the patches of a plan: images float32 (m, C, size, size), masks uint8 (m, size, size).

    A pixel that counts nowhere has :data:`foilseg.data.dataset.IGNORED` in the mask.

    Parameters
    ----------
    regions : the prepared regions that the plan was made for.
    plan : of the pool.
    rows : which patches of the plan, as a slice or an array of indices; none give m = 0.
    out : buffers of at least m patches to write into; views of their first m come back.

    Raises
    ------
    ValueError
        If a patch reaches beyond its region, or if a buffer is too small or of another type.
    """
    part = plan.take(rows)
    size, channels = plan.size, regions[0].image.shape[0]
    if out is None:
        out = (
            np.empty((len(part), channels, size, size), np.float32),
            np.empty((len(part), size, size), np.uint8),
        )
    images, masks = _buffers(out, len(part), channels, size)
    for row, (foil, top, left) in enumerate(part.windows.tolist()):
        region = regions[foil]
        height, width = region.shape
        if top < 0 or left < 0 or top + size > height or left + size > width:
            raise ValueError(
                f"plan: the patch at row {top}, column {left} of {region.name} reaches beyond its "
                f"{height} x {width} pixels; cut from the regions that prepare(regions, {size}) "
                f"gave"
            )
        images[row] = region.image[:, top : top + size, left : left + size]
        masks[row] = region.mask[top : top + size, left : left + size]
        if region.ignored is not None:
            masks[row][region.ignored[top : top + size, left : left + size]] = IGNORED
    return images, masks


def _buffers(out, n: int, channels: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    wanted = ((np.float32, (channels, size, size)), (np.uint8, (size, size)))
    for buffer, (dtype, shape) in zip(out, wanted):
        if buffer.dtype != dtype or buffer.shape[1:] != shape or len(buffer) < n:
            raise ValueError(
                f"out: a buffer of {buffer.dtype} {buffer.shape} was given where {n} or more "
                f"patches of {np.dtype(dtype)} {shape} are written"
            )
    return out[0][:n], out[1][:n]


def binary_masks(masks: np.ndarray, label: int) -> np.ndarray:
    """One-vs-Rest masks from the masks of the same plan: uint8, 1 where the class is, else 0.

    What is ignored stays ignored.
    """
    own = (masks == label).view(np.uint8)
    own[masks == IGNORED] = IGNORED
    return own
