"""Times of things that are to be compared: taken in turns, in one process, in one run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import torch

from foilseg.data.dataset import Foil


def in_turns(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """Seconds of each work in each round, after one round that is not counted.

    The works follow one another within a round, so whatever slows the machine for a while slows
    all of them.
    """
    seconds = {name: np.empty(rounds) for name in works}
    for turn in range(-1, rounds):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            if turn >= 0:
                seconds[name][turn] = time.perf_counter() - begin
    return seconds


def ratio(above: np.ndarray, below: np.ndarray) -> str:
    """Median of the rounds' ratios, and that of the fastest rounds."""
    return f"{np.median(above / below):.2f} (fastest rounds: {above.min() / below.min():.2f})"


def machine() -> str:
    """What was measured on, and how busy it was."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    cores, threads = os.cpu_count(), torch.get_num_threads()
    return f"{cores} cores, {threads} threads, load {load}, torch {torch.__version__}"


def foils(number: int, side: int, seed: int = 0) -> list[Foil]:
    """Foils of noise with some rectangles of four defects."""
    generator = np.random.default_rng(seed)
    made = []
    for name in range(number):
        image = generator.standard_normal((3, side, side), np.float32) * np.float32(0.3)
        mask = np.zeros((side, side), np.uint8)
        for label in (1, 2, 3, 4) * 6:
            top, left = generator.integers(0, side - 40, 2)
            height, width = generator.integers(4, 40, 2)
            mask[top : top + height, left : left + width] = label
        made.append(Foil(str(name), image, mask))
    return made
