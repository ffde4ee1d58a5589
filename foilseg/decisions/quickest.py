"""The fastest format of a network whose decisions are those of the exact one.

A picture is decided in every format. One is allowed if it changes at most :data:`PIXELS` of the
pixels and :data:`OBJECTS` of the reported objects; of these the fastest on this machine is taken.
The thresholds of a decision were chosen with the exact network.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foilseg.data.components import components
from foilseg.decisions.scores import class_scores
from foilseg.networks.inference import Predictor
from foilseg.networks.quick import EXACT, FORMATS

PIXELS, OBJECTS = 0.001, 0.05  # largest share that may change
ROUNDS = 2  # that a picture is predicted; the fastest counts


@dataclass(frozen=True)
class Quick:
    """A predictor in its format, and what that changed on the picture it was tried on.

    ``pixels`` and ``objects`` are shares, 0 for the exact format; ``times`` how many times as
    fast as the exact one it was.
    """

    predictor: Predictor
    format: str
    pixels: float = 0.0
    objects: float = 0.0
    times: float = 1.0

    def __str__(self) -> str:
        if self.format == EXACT:
            return "the exact network"
        return (
            f"{self.format}, {self.times:.1f} times as fast; on the first picture "
            f"{self.pixels:.3%} of the pixels and {self.objects:.1%} of the objects differ from "
            "the exact network's (--exact takes that one)"
        )


def choose(predictor: Predictor, image: np.ndarray, thresholds: Mapping[int, float]) -> Quick:
    """The fastest format that is allowed.

    Parameters
    ----------
    image : float32 (C, H, W), the picture that formats are tried on.
    thresholds : class index -> log-odds from which on a pixel is reported.
    """
    formats = {name: make(predictor) for name, make in FORMATS.items()}
    told = {name: _tried(each, image) for name, each in formats.items()}
    exact, slowest = told[EXACT]
    found = []
    for name, (scores, seconds) in told.items():
        pixels, objects = changed(exact, scores, thresholds)
        if pixels <= PIXELS and objects <= OBJECTS:
            found.append((seconds, name, pixels, objects))
    seconds, name, pixels, objects = min(found)
    return Quick(formats[name], name, pixels, objects, slowest / seconds)


def _tried(predictor: Predictor, image: np.ndarray) -> tuple[dict[int, np.ndarray], float]:
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        scores = class_scores(predictor, image)
        seconds.append(time.perf_counter() - begin)
    return scores, min(seconds)


def changed(
    exact: Mapping[int, np.ndarray],
    other: Mapping[int, np.ndarray],
    thresholds: Mapping[int, float],
) -> tuple[float, float]:
    """Share of the pixels, and of the reported objects, that differ between two predictions.

    A pixel differs if it is reported for a class by one of them alone. An object does if the
    other reports no pixel of it. Without an object the share is 0.
    """
    pixels = total = objects = lost = 0
    for index, threshold in thresholds.items():
        both = [scores[index] >= threshold for scores in (exact, other)]
        pixels += int((both[0] != both[1]).sum())
        total += both[0].size
        for own, theirs in (both, both[::-1]):
            numbers, n = components(own)
            objects += n
            lost += n - len(np.unique(numbers[own & theirs]))
    return pixels / max(total, 1), lost / max(objects, 1)
