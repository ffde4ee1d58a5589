"""The fastest format of a network whose decisions are those of the exact one.

A few pictures are decided in every format. One is allowed if on each of them the word is the
same, stop or go, and of no class more than :data:`PIXELS` of the picture's pixels or
:data:`OBJECTS` of the reported objects change; of these the fastest on this machine is taken. Where
nothing is reported nothing is known, and the exact network stays. The thresholds of a decision were
chosen with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foilseg.data.components import components
from foilseg.decisions.scores import class_scores
from foilseg.networks.inference import Predictor
from foilseg.networks.quick import EXACT, FORMATS

PIXELS, OBJECTS = 0.001, 0.05  # largest shares that may change, of any class
TRIED = 3  # pictures that formats are tried on
EDGE = 1536  # of the part of a larger picture that they are tried on

Stop = Callable[[list[int]], bool]  # sizes of the reported objects -> whether a picture is stopped


@dataclass(frozen=True)
class Quick:
    """A predictor in its format, and what that changed where it was tried.

    ``pixels`` and ``objects`` are the largest shares of any class and picture, and ``times`` how
    many times as fast as the exact one it was; None if it was not tried, but taken from results
    that are there.
    """

    predictor: Predictor
    format: str
    pixels: float | None = None
    objects: float | None = None
    times: float | None = None

    def __str__(self) -> str:
        if self.format == EXACT:
            return "the exact network"
        if self.times is None:
            return f"{self.format}, as the results that are there"
        return (
            f"{self.format}, {self.times:.1f} times as fast; on the first pictures at most "
            f"{self.pixels:.3%} of the pixels and {self.objects:.1%} of the objects of a class "
            "differ from the exact network's (--exact takes that one)"
        )


def choose(
    predictor: Predictor,
    pictures: Sequence[np.ndarray],
    thresholds: Mapping[int, float],
    stops: Stop = bool,
) -> Quick:
    """The fastest format that is allowed.

    Parameters
    ----------
    pictures : float32 (C, H, W), those that formats are tried on.
    thresholds : class index -> log-odds from which on a pixel is reported.
    stops : sizes of reported objects -> whether they stop a picture.
    """
    formats = {name: make(predictor) for name, make in FORMATS.items()}
    seconds = dict.fromkeys(formats, 0.0)
    worst = dict.fromkeys(formats, (0.0, 0.0))
    known = False
    for image in pictures:
        part = image[:, :EDGE, :EDGE]
        exact: Mapping[int, np.ndarray] = {}
        for name, each in formats.items():
            begin = time.perf_counter()
            scores = class_scores(each, part, above=thresholds)
            seconds[name] += time.perf_counter() - begin
            exact = exact or scores
            found = changed(exact, scores, thresholds, stops)
            worst[name] = tuple(map(max, worst[name], found))
        known |= any((exact[k] >= t).any() for k, t in thresholds.items())
    allowed = [n for n, (p, o) in worst.items() if p <= PIXELS and o <= OBJECTS and known]
    if not allowed:
        return Quick(predictor, EXACT)
    best = min(allowed, key=seconds.get)
    return Quick(formats[best], best, *worst[best], seconds[EXACT] / seconds[best])


def changed(
    exact: Mapping[int, np.ndarray],
    other: Mapping[int, np.ndarray],
    thresholds: Mapping[int, float],
    stops: Stop = bool,
) -> tuple[float, float]:
    """Largest shares of the pixels, and of a class's objects, that differ in two predictions.

    A pixel differs if it is reported for a class by one of them alone. An object does if the
    other reports no pixel of it. Where one of them stops the picture and the other does not, the
    share of the objects is 1.
    """
    pixels, objects, sizes = 0.0, 0.0, ([], [])
    for index, threshold in thresholds.items():
        both = [scores[index] >= threshold for scores in (exact, other)]
        number = lost = 0
        for k, (own, theirs) in enumerate((both, both[::-1])):
            numbers, n = components(own)
            number += n
            lost += n - len(np.unique(numbers[own & theirs]))
            sizes[k].extend(np.bincount(numbers.ravel(), minlength=n + 1)[1:].tolist())
        pixels = max(pixels, float((both[0] != both[1]).mean()))
        objects = max(objects, lost / max(number, 1))
    return pixels, 1.0 if stops(sizes[0]) != stops(sizes[1]) else objects
