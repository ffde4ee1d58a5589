"""How a window is chosen among those that show a class, or that do not: three ways.

Each is ``choose(index, label, absent, n, used, total, generator) -> numbers of n windows``: of the
pool of a class or, where ``absent``, of the windows without it. ``used`` are the numbers drawn
before for a plan of ``total`` windows. One of them, or one drawn already, comes again only where
there is no other.
"""

from __future__ import annotations

import numpy as np

from foilseg.sampling.object_runs import object_pixels
from foilseg.sampling.pools import Index
from foilseg.sampling.uniform import draw


def by_window(index: Index, label: int, absent: bool, n: int, used, total: int, generator):
    """Every window equally likely: large defects, and images with many, are drawn most."""
    low, high = 0, int(_sizes(index, label, absent).sum())
    return _between(index, label, absent, (low, high), n, used, total, generator)


def by_image(index: Index, label: int, absent: bool, n: int, used, total: int, generator):
    """Every image with such a window equally often, up to one, then one of its windows.

    For many small images: one that is larger than another, or shows more of a class, is not seen
    more often for that.
    """
    ends = np.cumsum(_sizes(index, label, absent))
    images = np.flatnonzero(np.diff(ends, prepend=0))
    times = np.full(len(images), n // max(1, len(images)))
    times[draw(len(images), n - int(times.sum()), generator)] += 1
    numbers = np.zeros(0, np.int64)
    for image, number in zip(images, times):
        span = int(ends[image - 1]) if image else 0, int(ends[image])
        seen = np.concatenate([used, numbers])
        new = _between(index, label, absent, span, int(number), seen, total, generator)
        numbers = np.concatenate([numbers, new])
    return numbers


def _sizes(index: Index, label: int, absent: bool) -> np.ndarray:
    """int64 (regions,): windows of each region that show a class, or that do not."""
    ends = np.concatenate([[0], np.cumsum(index.row_counts[label])])
    shown = np.diff(ends[index.first[0]])
    return np.diff(index.first[1]) - shown if absent else shown


def _between(index: Index, label, absent, span, n, used, total, generator) -> np.ndarray:
    """Numbers of n windows, given the ordinals in the pool between which they lie."""
    low, size = span[0], span[1] - span[0]
    if n == 0:
        return np.zeros(0, np.int64)
    if size <= 2 * total:
        pool = index.pool(label, low + np.arange(size), absent)
        rounds, rest = divmod(n, size)
        mixed = generator.permutation(pool)
        unused_first = np.argsort(np.isin(mixed, used), kind="stable")
        return np.concatenate([pool] * rounds + [mixed[unused_first[:rest]]])
    found = np.zeros(0, np.int64)
    while len(found) < n:
        more = index.pool(label, low + draw(size, n - len(found), generator), absent)
        found = np.concatenate([found, more[~np.isin(more, np.concatenate([used, found]))]])
    return found


def by_object(index: Index, label: int, absent: bool, n: int, used, total: int, generator):
    """Every object of the class equally often, up to one, then a window that shows it.

    Windows without the class, of which no object says anything, are chosen :func:`by_window`.

    Raises
    ------
    ValueError
        If the class has no object that a safe window shows; the background never has.
    """
    if absent:
        return by_window(index, label, absent, n, used, total, generator)
    objects = np.flatnonzero((index.objects.label == label) & index.reachable)
    if not len(objects):
        raise ValueError(f"choice: class {label} has no objects; use choice='window'")
    rounds, rest = divmod(n, len(objects))
    wanted = np.concatenate(
        [np.tile(objects, rounds), objects[draw(len(objects), rest, generator)]]
    )
    numbers = np.full(n, -1, np.int64)
    for _ in range(40):
        open_rows = np.flatnonzero(numbers < 0)
        if not len(open_rows):
            return numbers
        drawn, fits = _try_windows(index, wanted[open_rows], generator)
        fits &= ~np.isin(drawn, np.concatenate([used, numbers]))
        fits[fits] = _first_of_each(drawn[fits])
        numbers[open_rows[fits]] = drawn[fits]
    for row in np.flatnonzero(numbers < 0):
        every = generator.permutation(_all_windows(index, wanted[row]))
        times = [(number == used).sum() + (number == numbers).sum() for number in every]
        numbers[row] = every[np.argmin(times)]
    return numbers


def _try_windows(index: Index, wanted: np.ndarray, generator) -> tuple[np.ndarray, np.ndarray]:
    """A random window at each wanted object, and whether it shows the object."""
    low, high = index.reach[wanted, :, 0], index.reach[wanted, :, 1]
    places = generator.integers(low, high)
    windows = np.column_stack([index.objects.region[wanted], places])
    shown = object_pixels(index.objects, windows, index.size)
    fits = np.asarray(shown[np.arange(len(wanted)), wanted]).ravel() > 0
    return index.number(windows), fits


def _first_of_each(numbers: np.ndarray) -> np.ndarray:
    first = np.zeros(len(numbers), bool)
    first[np.unique(numbers, return_index=True)[1]] = True
    return first


def _all_windows(index: Index, wanted: int) -> np.ndarray:
    """Numbers of all safe windows that show an object."""
    (first, last), (left, right) = index.reach[wanted]
    region = index.objects.region[wanted]
    places = np.meshgrid(region, np.arange(first, last), np.arange(left, right), indexing="ij")
    windows = np.stack(places, axis=-1).reshape(-1, 3)
    shown = object_pixels(index.objects, windows, index.size)[:, [wanted]].toarray().ravel()
    return index.number(windows[shown > 0])


# name -> how windows are chosen; a further one is an entry here, its function and its test
CHOICES = {"window": by_window, "object": by_object, "image": by_image}
