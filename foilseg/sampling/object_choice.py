"""Per-object choice: every defect equally often whatever its size, then a window that shows it."""

from __future__ import annotations

import numpy as np

from foilseg.sampling.object_runs import object_pixels
from foilseg.sampling.pools import Index
from foilseg.sampling.uniform import draw


def by_object(
    index: Index, label: int, n: int, used: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Numbers of n windows, drawn for each object of a class equally often, up to one.

    A window in ``used`` or one already drawn comes again only if no other shows the object.

    Raises
    ------
    ValueError
        If the class has no object that a safe window shows; the background never has.
    """
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
