"""A threshold that keeps its word: conformal risk control of what is missed.

Angelopoulos, Bates, Fisch, Lei, Schuster, "Conformal Risk Control", arXiv 2208.02814: of settings
from strict to loose, each image has a loss in [0, 1] that does not rise. The first setting with

    n / (n + 1) R(setting) + 1 / (n + 1) <= alpha,

R the mean loss of n images, has an expected loss of at most alpha on one more image, whatever the
images are, if only they and the new one are exchangeable, alpha is fixed beforehand, and the
loosest setting loses nothing (such as reporting everything): a promise that is only made when it
looks possible is a weaker one.

No image is set aside to choose with. Cross-validated over images (Cohen, Park, Simeone, Shamai,
arXiv 2401.11974), every image is judged by a network that was not trained on it, and the losses
of all of them stand in one sum, (the sum over folds of their mean losses + 1) / (folds + 1). With
a fold an image that is the left side above. Here one network serves all folds: what calibrates,
the validation region of every image or images that are ``unseen``, has trained nothing. Where it
is a region of an image of which another part was trained on, a wholly new image is only nearly
exchangeable with it; what became of the promise on such images has to be told beside it.

Foils of one reel are not a sample of all foils, and a drift ends
the promise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

LEVELS = ("object", "pixel")  # what a miss is
ROUNDING = 1e-12  # of sums of shares
EVERYTHING = 0  # the edge from which on every pixel is reported


class PromiseError(ValueError):
    """A risk that these images cannot promise; ``least`` is the smallest that they can."""

    def __init__(self, message: str, least: float):
        super().__init__(message)
        self.least = least


class Chosen(NamedTuple):
    """A setting and what stands behind it.

    ``place`` is its number among the settings, ``risk`` the mean loss of the images there,
    ``bound`` the left side of the inequality there (what is promised is alpha), ``images`` how
    many there were.
    """

    place: int
    risk: float
    bound: float
    images: int


def monotone(losses: np.ndarray) -> np.ndarray:
    """Losses (images, settings) made falling: the largest of a setting and all looser ones."""
    return np.maximum.accumulate(np.asarray(losses, float)[:, ::-1], axis=1)[:, ::-1]


def bounds(losses: np.ndarray) -> np.ndarray:
    """The left side of the inequality at every setting: float64 (settings,).

    The losses are made monotone.

    Raises
    ------
    ValueError
        If there is no image, no setting, or a loss outside [0, 1].
    """
    losses = np.asarray(losses, float)
    if losses.ndim != 2 or not losses.size:
        raise ValueError(
            f"losses: {losses.shape}; give one row for each image that shows the class"
        )
    if not ((losses >= 0) & (losses <= 1)).all():
        raise ValueError("losses: a share of what is missed lies in [0, 1]")
    number = len(losses)
    return (monotone(losses).sum(axis=0) + 1) / (number + 1)


def choose(losses: np.ndarray, alpha: float) -> Chosen:
    """The strictest setting whose expected loss on one more image is at most ``alpha``.

    Parameters
    ----------
    losses : (images, settings), from the strictest to the loosest; a row for every image that
        shows the class.
    alpha : in (0, 1).

    Raises
    ------
    PromiseError
        If no setting can promise it: even without a miss, n images promise no less than
        1 / (n + 1).
    ValueError
        If alpha is outside (0, 1), or for what :func:`bounds` refuses.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: {alpha} is outside (0, 1)")
    promised = bounds(losses)
    number, least = len(losses), _up(float(promised.min()))
    kept = np.flatnonzero(promised <= alpha)
    if not len(kept):
        raise PromiseError(
            f"alpha: {number} images that show the class, with these settings, cannot promise "
            f"{alpha:g}; the smallest that they can is {least:.3f}. Give more images or "
            "looser settings, or ask for that",
            least,
        )
    place = int(kept[0])
    risk = float(monotone(losses)[:, place].mean())
    return Chosen(place, risk, float(promised[place]), number)


def left_out(losses: np.ndarray, alpha: float) -> np.ndarray:
    """The loss of each image at the setting that the others choose: float64 (images,).

    Its mean estimates what is lost on one more image, without any further image. It is never above
    ``alpha``, whatever the images are (that is how the promise is proved), and says how far below
    the promise is kept. Empty where the others cannot promise ``alpha``.

    Raises
    ------
    ValueError
        For what :func:`bounds` refuses.
    """
    bounds(losses)  # refuses what is none
    falling = monotone(losses)
    total, number, found = falling.sum(axis=0), len(falling), []
    for own in falling:
        kept = np.flatnonzero((total - own + 1) / number <= alpha + ROUNDING)
        if number == 1 or not len(kept):
            return np.zeros(0)
        found.append(own[kept[0]])
    return np.array(found)


def _up(share: float) -> float:
    """The next thousandth above: what is named can be promised."""
    return math.ceil(1000 * share - 1e-9) / 1000


def missed_objects(table: pd.DataFrame, defect: str) -> pd.DataFrame:
    """Share of the objects that are missed: a row an image that shows the class, a column an edge.

    ``table`` : of :func:`foilseg.decisions.objects.counts`; the strictest edge comes first, and
    last comes :data:`EVERYTHING`, where every pixel is reported and no object is missed.
    """
    own = table[(table["defect"] == defect) & (table["objects"] > 0)]
    share = 1 - own["hit"] / own["objects"]
    wide = own.assign(share=share).pivot(index="foil", columns="edge", values="share")
    return (
        wide[sorted(wide, reverse=True)]
        .assign(**{str(EVERYTHING): 0.0})
        .rename(columns={str(EVERYTHING): EVERYTHING})
    )


def table(losses: dict[str, np.ndarray], alphas: Sequence[float]) -> pd.DataFrame:
    """For each defect and risk what can be promised: defect, α, place, risk, bound, images.

    A risk that cannot be promised has a place of NaN and the smallest bound there is.
    """
    rows = []
    for name, each in losses.items():
        for alpha in alphas:
            try:
                rows.append((name, alpha, *choose(each, alpha)))
            except PromiseError:
                rows.append((name, alpha, np.nan, np.nan, bounds(each).min(), len(each)))
    return pd.DataFrame(rows, columns=["defect", "α", "place", "risk", "bound", "images"])
