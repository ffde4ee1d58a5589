"""Plans: where the patches of a pool come from, and the generator that decides it.

A plan holds no pixels. It depends on its seed and refresh number alone, so it is the same
whatever the number of workers or after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np


@dataclass(frozen=True)
class Request:
    """What a resampler was asked for; the ledger sets it beside what it delivered.

    Attributes
    ----------
    sampler : name of the sampler.
    patches : class -> patches to draw from its pool, or None if no number was asked for.
    pixels : class -> pixels in the whole pool, or None likewise.
    tolerance : largest (max - min) / max of these classes' pixels, or None.
    """

    sampler: str
    patches: dict[int, int] | None = None
    pixels: dict[int, float] | None = None
    tolerance: float | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """Where the patches of one pool come from, in the order in which they are used.

    Attributes
    ----------
    foil : int32 (n,), index into the regions that the plan was made for.
    top, left : int32 (n,), first row and column of each patch inside its region, in pixels.
    size : edge of the square patches in pixels.
    drawn_for : int16 (n,), the class from whose pool a patch was drawn, -1 for none; None if
        the sampler draws from no class's pool.
    request : what was asked for, or None.
    """

    foil: np.ndarray
    top: np.ndarray
    left: np.ndarray
    size: int
    drawn_for: np.ndarray | None = None
    request: Request | None = None

    def __len__(self) -> int:
        return len(self.foil)

    @property
    def windows(self) -> np.ndarray:
        """int32 (n, 3): region, top and left of every patch."""
        return np.stack([self.foil, self.top, self.left], axis=1)

    def take(self, rows: slice | np.ndarray) -> Plan:
        """The plan of some of the patches, in the order of ``rows``."""
        drawn_for = None if self.drawn_for is None else self.drawn_for[rows]
        columns = (self.foil[rows], self.top[rows], self.left[rows])
        return Plan(*columns, self.size, drawn_for, self.request)


def plan_of(foil, top, left, size: int, drawn_for=None, request: Request | None = None) -> Plan:
    """A plan from equally long sequences of integers."""
    columns = (np.ascontiguousarray(column, np.int32) for column in (foil, top, left))
    drawn_for = None if drawn_for is None else np.ascontiguousarray(drawn_for, np.int16)
    return Plan(*columns, int(size), drawn_for, request)


def rng(seed: int, refresh: int, stream: str) -> np.random.Generator:
    """The generator of one pool: a function of its three arguments alone.

    Parameters
    ----------
    seed : of the run, at least 0.
    refresh : how often the pool was renewed before (Eq. 3.2), at least 0.
    stream : what the pool is for, such as ``"train"`` or ``"validation"``.

    Raises
    ------
    ValueError
        If the seed or the refresh number is negative.
    """
    for name, value in (("seed", seed), ("refresh", refresh)):
        if value < 0:
            raise ValueError(f"{name}: {value} is negative; use 0 or more")
    word = int.from_bytes(sha256(stream.encode()).digest()[:8], "little")
    return np.random.default_rng([int(seed), int(refresh), word])
