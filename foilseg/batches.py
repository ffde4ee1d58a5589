"""The batches of a training, cut ahead of their use, and the ledger of what was delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from foilseg import sampling
from foilseg.dataset import Foil

LEDGER_COLUMNS = ("patches", "pixels", "drawn_for")

Draw = Callable[[int, np.random.Generator], sampling.Plan]


class Batch(NamedTuple):
    """Some patches of a pool.

    ``images`` are float32 (n, C, size, size) with the channels innermost in memory, ``target``
    uint8 (n, size, size); ``delivered`` is int64 (K, 3), per class of the annotation the patches
    that contain it, its pixels, and the patches drawn from its pool.
    """

    images: Tensor
    target: Tensor
    delivered: np.ndarray


@dataclass
class Pools:
    """The pools of one stream (Eq. 3.2), each planned when its first batch is asked for.

    Attributes
    ----------
    regions : prepared for the patch size (:func:`foilseg.sampling.prepare`).
    draw : (number of patches, generator) -> plan.
    seed : with the number of the pool and the stream's name it determines the plan.
    stream : ``"train"`` or ``"validation"``.
    batch, refresh : patches a batch, and batches a pool.
    n_classes : of the annotation.
    label : the class that a One-vs-Rest target is 1 for, or None for the classes themselves.
    """

    regions: Sequence[Foil]
    draw: Draw
    seed: int
    stream: str
    batch: int
    refresh: int
    n_classes: int
    label: int | None = None
    _number: int = -1
    _plan: sampling.Plan | None = None

    def at(self, iteration: int) -> Batch:
        """The batch of an iteration, counted from 1."""
        number, place = divmod(iteration - 1, self.refresh)
        if number != self._number:
            generator = sampling.rng(self.seed, number, self.stream)
            self._plan = self.draw(self.batch * self.refresh, generator)
            self._number = number
        rows = slice(place * self.batch, (place + 1) * self.batch)
        part = self._plan.take(rows)
        size, channels = part.size, self.regions[0].image.shape[0]
        images = np.empty((len(part), size, size, channels), np.float32).transpose(0, 3, 1, 2)
        masks = np.empty((len(part), size, size), np.uint8)
        sampling.cut(self.regions, part, out=(images, masks))
        target = masks if self.label is None else sampling.binary_masks(masks, self.label)
        delivered = _delivered(masks, part.drawn_for, self.n_classes)
        return Batch(torch.from_numpy(images), torch.from_numpy(target), delivered)


def _delivered(masks: np.ndarray, drawn_for: np.ndarray | None, n_classes: int) -> np.ndarray:
    pixels = np.stack([np.bincount(mask.ravel(), minlength=n_classes) for mask in masks])
    drawn = np.array([]) if drawn_for is None else drawn_for[drawn_for >= 0]
    drawn = np.bincount(drawn.astype(np.int64), minlength=n_classes)
    return np.stack([(pixels > 0).sum(axis=0), pixels.sum(axis=0), drawn], axis=1).astype(np.int64)


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


class Ledger:
    """What each pool delivered: int64 (pools, K, 3), columns as :data:`LEDGER_COLUMNS`."""

    def __init__(self, pools: int, n_classes: int, refresh: int):
        self.counts = np.zeros((pools, n_classes, len(LEDGER_COLUMNS)), np.int64)
        self.refresh = refresh

    def add(self, iteration: int, batch: Batch) -> None:
        """Count the batch of an iteration."""
        self.counts[(iteration - 1) // self.refresh] += batch.delivered

    def frame(self) -> pd.DataFrame:
        """refresh, class (index), patches, pixels, drawn_for: one row a pool and class."""
        pools, classes, _ = self.counts.shape
        index = np.indices((pools, classes)).reshape(2, -1)
        columns = dict(zip(LEDGER_COLUMNS, self.counts.reshape(-1, len(LEDGER_COLUMNS)).T))
        return pd.DataFrame({"refresh": index[0], "class": index[1], **columns})
