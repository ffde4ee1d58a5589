"""What is done to a patch after it was cut: turned, given a defect of elsewhere, edges ignored.

A maker looks at the training regions once and returns a function that alters the patches of a
batch in place: images float32 (n, C, size, size), masks uint8 (n, size, size). A row of the table
of models names makers (:data:`ALTERATIONS`), ``"turned+pasted"`` for one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import ndimage

from foilseg.data.dataset import IGNORED, Foil
from foilseg.data.photometric import holds_normals
from foilseg.registry import pick
from foilseg.sampling.pools import Index

Alter = Callable[[np.ndarray, np.ndarray, np.random.Generator], None]

MARGIN = 6  # pixels of surroundings that are cut out with an object
BLUR = 1.5  # pixels, standard deviation of the edge of what is pasted
PASTED = 0.5  # share of the patches into which something is pasted
BAND = 2  # pixels on either side of an edge of the annotation that count nowhere
FLATTEST = 0.05  # z of a normal below which its slope is not followed any further


def turn(image: np.ndarray, which: int, normals: bool) -> np.ndarray:
    """A picture (C, H, W) moved by one of the eight turns and mirrors of a square.

    Parameters
    ----------
    which : 0 to 7. Bit 0 swaps rows and columns, bit 1 then turns the rows upside down, bit 2 the
        columns from left to right; 0 changes nothing.
    normals : whether the channels are (x right, y down, z to the camera) of a vector, which is
        turned with the surface. As colours alone, a turned picture of normals would show bumps
        for pits.

    Returns
    -------
    A new array.
    """
    moved = image.transpose(0, 2, 1) if which & 1 else image
    moved = moved[:, ::-1] if which & 2 else moved
    moved = (moved[:, :, ::-1] if which & 4 else moved).copy()
    if normals:
        if which & 1:
            moved[[0, 1]] = moved[[1, 0]]
        for bit, axis in ((2, 1), (4, 0)):
            if which & bit:
                np.negative(moved[axis], out=moved[axis])
    return moved


def _moved(index: Index, positions: Sequence[int]) -> Alter:
    """Each patch in one of some positions of :func:`turn`, all equally likely."""
    normals = holds_normals(index.regions)

    def alter(images: np.ndarray, masks: np.ndarray, generator: np.random.Generator) -> None:
        for k, place in enumerate(generator.integers(0, len(positions), len(images)).tolist()):
            images[k] = turn(images[k], positions[place], normals)
            masks[k] = turn(masks[k][None], positions[place], False)[0]

    return alter


def turned(index: Index) -> Alter:
    """Each patch in one of the eight positions of a square; normals turn as vectors."""
    return _moved(index, range(8))


def mirrored(index: Index) -> Alter:
    """Each patch as it is or in one of its three mirror images, for defects with a direction."""
    return _moved(index, (0, 2, 4, 6))


def pasted(index: Index) -> Alter:
    """Into half of the patches, an object of the training regions: first a class, then an object.

    All classes are equally likely and so are the objects of a class; place and position are
    random. Its mask, blurred, leads from one surface to the other; slopes are composed and made
    normals again, for the mean of two normals is none. A place that shows a defect already gets
    nothing. After Ghiasi et al., "Simple copy-paste", CVPR 2021, arXiv 2012.07177.
    """
    normals, objects = holds_normals(index.regions), index.objects
    order = np.argsort(objects.owner, kind="stable")
    runs = np.split(order, np.cumsum(np.bincount(objects.owner, minlength=len(objects)))[:-1])
    owned = [np.flatnonzero(objects.label == c) for c in range(1, index.n_classes)]
    owned = [numbers for numbers in owned if len(numbers)]

    def alter(images: np.ndarray, masks: np.ndarray, generator: np.random.Generator) -> None:
        for k in np.flatnonzero(generator.random(len(images)) < PASTED):
            if not owned:
                continue
            numbers = owned[generator.integers(len(owned))]
            number = numbers[generator.integers(len(numbers))]
            place = int(objects.region[number])
            region, label = index.regions[place], int(objects.label[number])
            own = runs[number]
            rows = objects.row[own] - objects.first_row[place]
            there = _drawn(region.shape, rows, objects.start[own], objects.stop[own])
            source = _cut_out(region, there, index.size, generator)
            _paste(images[k], masks[k], source, label, normals, generator)

    return alter


def _drawn(shape: tuple[int, int], rows, start, stop) -> np.ndarray:
    """bool (H, W): an object by its runs."""
    there = np.zeros(shape, bool)
    for row, first, last in zip(rows.tolist(), start.tolist(), stop.tolist()):
        there[row, first:last] = True
    return there


def _cut_out(region: Foil, there: np.ndarray, size: int, generator):
    """An object with its margin: image, bool. Of a long one a piece around one of its pixels."""
    pixels = np.nonzero(there)
    chosen = int(generator.integers(len(pixels[0])))
    window = []
    for axis, edge in zip(pixels, there.shape):
        first, stop = max(int(axis.min()) - MARGIN, 0), min(int(axis.max()) + 1 + MARGIN, edge)
        if stop - first > size:
            low = max(first, int(axis[chosen]) - size + 1)
            high = min(stop - size, int(axis[chosen]))
            first = int(generator.integers(low, high + 1))
            stop = first + size
        window.append(slice(first, stop))
    return region.image[:, *window], there[tuple(window)]


def _paste(image: np.ndarray, mask: np.ndarray, source, label: int, normals: bool, generator):
    picture, there = source
    which = int(generator.integers(8))
    picture, there = turn(picture, which, normals), turn(there[None], which, False)[0]
    height, width = there.shape
    top, left = (int(generator.integers(a - b + 1)) for a, b in zip(mask.shape, there.shape))
    place = np.s_[top : top + height, left : left + width]
    share = ndimage.gaussian_filter(
        ndimage.binary_dilation(there, iterations=2).astype(np.float32), BLUR
    )
    if not there.any() or mask[place][share > 0.01].any():
        return
    image[:, *place] = blend(image[:, *place], picture, share, normals)
    mask[place][there] = label


def blend(under: np.ndarray, over: np.ndarray, share: np.ndarray, normals: bool) -> np.ndarray:
    """Two surfaces as one: ``share`` (H, W) of the second, the rest of the first.

    Of normals the slopes are mixed, which are what adds up on a surface, and the result has
    length 1; of grey values and colours the values. Where ``share`` is 0 nothing changes.
    """
    if not normals:
        return under + share * (over - under)
    slopes = [n[:2] / np.maximum(n[2], FLATTEST) for n in (under, over)]
    mixed = np.concatenate([slopes[0] + share * (slopes[1] - slopes[0]), np.ones_like(under[:1])])
    mixed /= np.sqrt((mixed * mixed).sum(axis=0))
    return np.where(share > 0, mixed, under)


def edges_ignored(index: Index) -> Alter:
    """Two pixels on either side of every edge of the annotation become :data:`IGNORED`.

    An annotated line is rarely right by a pixel; a loss that ignores it learns from what is sure.
    An object that is nowhere wider than the band disappears with its edge.
    """

    def alter(images: np.ndarray, masks: np.ndarray, generator: np.random.Generator) -> None:
        edge = 2 * BAND + 1
        for mask in masks:
            low, high = (f(mask, edge) for f in (ndimage.minimum_filter, ndimage.maximum_filter))
            mask[low != high] = IGNORED

    return alter


ALTERATIONS: dict[str, Callable[[Index], Alter]] = {
    "turned": turned,
    "mirrored": mirrored,
    "pasted": pasted,
    "edges-ignored": edges_ignored,
}


def chosen(names: str) -> list[Callable[[Index], Alter]]:
    """The makers that a row names, ``"turned+pasted"``, in order; none for "".

    Raises
    ------
    ValueError
        If one does not exist; lists those there are.
    """
    return [pick("alter", ALTERATIONS, name) for name in names.split("+")] if names else []


def make(names: str, index: Index) -> Alter | None:
    """One function that does all of them in order, or None if nothing is altered."""
    each = [maker(index) for maker in chosen(names)]
    if not each:
        return None

    def alter(images: np.ndarray, masks: np.ndarray, generator: np.random.Generator) -> None:
        for one in each:
            one(images, masks, generator)

    return alter
