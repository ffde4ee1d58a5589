"""The batches of a training, cut ahead of their use, and the ledgers of the pools they are from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from foilseg.data.dataset import Foil
from foilseg.sampling import uniform
from foilseg.sampling.alterations import Alter
from foilseg.sampling.ledger import ledger
from foilseg.sampling.plans import Plan, rng
from foilseg.sampling.pools import Index

Draw = Callable[[int, np.random.Generator], Plan]


class Batch(NamedTuple):
    """Some patches of a pool.

    ``images`` are float32 (n, C, size, size) with the channels innermost in memory, ``target``
    uint8 (n, size, size).
    """

    images: Tensor
    target: Tensor


@dataclass
class Pools:
    """The pools of one stream (Eq. 3.2), each planned when its first batch is asked for.

    Attributes
    ----------
    regions : prepared for the patch size (:func:`foilseg.sampling.uniform.prepare`).
    draw : (number of patches, generator) -> plan.
    seed : with the number of the pool and the stream's name it determines the plan.
    stream : ``"train"`` or ``"validation"``.
    batch, refresh : patches a batch, and batches a pool.
    label : the class that a One-vs-Rest target is 1 for, or None for the classes themselves.
    alter : what is done to the patches of a batch, or None; its randomness hangs on the seed, the
        stream and the iteration alone.
    index : of the regions, for the ledgers; None keeps none.
    ledgers : number of a pool -> its ledger as JSON values, of all pools planned so far.
    """

    regions: Sequence[Foil]
    draw: Draw
    seed: int
    stream: str
    batch: int
    refresh: int
    label: int | None = None
    alter: Alter | None = None
    index: Index | None = None
    ledgers: dict[int, dict] = field(default_factory=dict)
    _number: int = -1
    _plan: Plan | None = None

    def number(self, iteration: int) -> int:
        """Which pool the batch of an iteration belongs to."""
        return (iteration - 1) // self.refresh

    def at(self, iteration: int) -> Batch:
        """The batch of an iteration, counted from 1."""
        number, place = divmod(iteration - 1, self.refresh)
        if number != self._number:
            generator = rng(self.seed, number, self.stream)
            self._plan = self.draw(self.batch * self.refresh, generator)
            self._number = number
            if self.index is not None:
                self.ledgers[number] = json.loads(ledger(self.index, self._plan).to_json())
        part = self._plan.take(slice(place * self.batch, (place + 1) * self.batch))
        size, channels = part.size, self.regions[0].image.shape[0]
        images = np.empty((len(part), size, size, channels), np.float32).transpose(0, 3, 1, 2)
        masks = np.empty((len(part), size, size), np.uint8)
        uniform.cut(self.regions, part, out=(images, masks))
        if self.alter is not None:
            self.alter(images, masks, rng(self.seed, iteration, f"{self.stream} patches"))
        target = masks if self.label is None else uniform.binary_masks(masks, self.label)
        return Batch(torch.from_numpy(images), torch.from_numpy(target))

    def ledgers_until(self, iteration: int) -> list[dict]:
        """The ledgers of the pools up to that of an iteration, in order."""
        return [self.ledgers[k] for k in sorted(self.ledgers) if k <= self.number(iteration)]


def ahead(pools: Pools, iterations: Iterable[int]) -> Iterator[Batch]:
    """The batches of some iterations in order, the next one cut while the last one is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as worker:
        waiting = None
        for iteration in iterations:
            following = worker.submit(pools.at, iteration)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
