"""Does a picture look like those that a decision was calibrated on?

Of each calibration picture a few numbers are kept: mean, standard deviation and mean difference of
neighbours of every channel, and the median log-odds of every class. A new picture is unlike them
if one of its numbers lies outside the interval in which the next draw of a normal distribution
with their mean and deviation falls with a probability of 1 - 0.01 / (how many numbers): by chance
alone at most one picture in a hundred is called unlike. It is a test of what is measured here and
of nothing else; a picture that passes it may still be of another kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from foilseg.decisions.scores import EACH

LEVEL = 0.01  # of pictures like the others that are called unlike
FEWEST = 5  # calibration pictures from which on it can be said
# Below this share of the number's own size a deviation is one of rounding.
LEAST = 1e-3


@dataclass(frozen=True)
class Likeness:
    """Names, means and standard deviations of the numbers of ``pictures`` pictures."""

    pictures: int
    names: list[str]
    mean: list[float]
    deviation: list[float]

    @classmethod
    def of(cls, described: Sequence[Mapping[str, float]]) -> Likeness:
        """From what :func:`describe` says of each calibration picture."""
        names = list(described[0])
        numbers = np.array([[each[name] for name in names] for each in described])
        deviation = numbers.std(axis=0, ddof=1) if len(numbers) > 1 else np.zeros(len(names))
        return cls(len(numbers), names, numbers.mean(axis=0).tolist(), deviation.tolist())

    def unlike(self, described: Mapping[str, float]) -> str:
        """In words, the number of a picture that is farthest outside; "" if none is outside."""
        if self.pictures < FEWEST:
            return ""
        mean, deviation = np.array(self.mean), np.array(self.deviation)
        deviation = np.maximum(deviation, LEAST * np.maximum(np.abs(mean), LEAST))
        spread = deviation * np.sqrt(1 + 1 / self.pictures)
        bound = stats.t.ppf(1 - LEVEL / (2 * len(mean)), self.pictures - 1)
        numbers = np.array([described[name] for name in self.names])
        away = (numbers - mean) / spread
        worst = int(np.abs(away).argmax())
        if abs(away[worst]) <= bound:
            return ""
        low, high = mean[worst] - bound * spread[worst], mean[worst] + bound * spread[worst]
        return f"{self.names[worst]} is {numbers[worst]:.3g}, outside {low:.3g} to {high:.3g}"


def describe(image: np.ndarray, scores: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The numbers of a picture (C, H, W), of whose classes these are the log-odds (H, W).

    A picture of a single row or column has no difference of neighbours there, which is 0.
    """
    found = {}
    for k, channel in enumerate(image, 1):
        steps = np.diff(channel[:, ::EACH], axis=0), np.diff(channel[::EACH], axis=1)
        found[f"mean of channel {k}"] = channel.mean()
        found[f"deviation of channel {k}"] = channel.std()
        rough = [np.abs(step).mean() if step.size else 0.0 for step in steps]
        found[f"roughness of channel {k}"] = np.mean(rough)
    for name, score in scores.items():
        found[f"median log-odds of {name}"] = np.median(score[::EACH, ::EACH])
    return {name: float(value) for name, value in found.items()}
