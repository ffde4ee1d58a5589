"""What foils rendered for the rarest defect are worth beside few annotated ones.

Each training is a draw of annotated foils, with rendered ones or without
(``python -m benchmarks.endless``). An arm says by which recipe these are rendered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from foilseg.evaluation import bootstrap, metrics
from foilseg.evaluation.bootstrap import TRAINING

TABLE = Path(__file__).with_name("endless.csv")  # written by benchmarks.endless
FOILS = TABLE.with_name("endless_foils.csv")  # so is this
ALONE, SAME, OTHER = "alone", "same recipe", "another recipe"
LEAST = 6  # annotated foils of a draw
ARMS = ["annotated", "rendered", "arm"]
FIRST = (LEAST, 0, ALONE)  # what rendered foils are added to
KEYS = [*ARMS, "draw"]
# Headings that say what the bounds are of, so that they bear its sign.
HEADS = {"low": "gain, low", "high": "gain, high"}


def rates(against: str = "label") -> pd.DataFrame:
    """A row a training and defect: :data:`KEYS`, ``defect``, TPR and FPR at one FPR, AP, counts.

    ``TPR, own`` and ``FPR, own`` have thresholds from the validation regions of the annotated foils
    that trained; the counts are those at the network's own threshold.
    """
    table = pd.read_csv(TABLE)
    return table[table["against"] == against].drop(columns="against").reset_index(drop=True)


def foils() -> pd.DataFrame:
    """Counts at one FPR by the annotation, a row a training, test foil and defect.

    The columns are named as :mod:`foilseg.evaluation.bootstrap` wants them; a model is an arm.
    """
    return pd.read_csv(FOILS).rename(columns={"draw": TRAINING})


def worth(rates: Mapping[int, float], value: float) -> float:
    """How many annotated foils find as much.

    Read off straight lines between ``rates``, number of annotated foils -> TPR, over the logarithm
    of the number. A TPR that falls counts as one that stays, and of several numbers that find as
    much the least one is meant. The least number for what is not above its TPR; inf for what is
    above all.
    """
    numbers = sorted(rates)
    heights = np.maximum.accumulate([rates[n] for n in numbers])
    place = int(np.searchsorted(heights, value))  # the first that find as much
    if place == len(numbers):
        return float("inf")
    if place == 0:
        return float(numbers[0])
    ends = np.s_[place - 1 : place + 1]
    return float(np.exp(np.interp(value, heights[ends], np.log(numbers[ends]))))


def summary(table: pd.DataFrame, rare: str) -> pd.DataFrame:
    """Of each arm, over its draws: TPR of the rarest defect and mean TPR of the others.

    Parameters
    ----------
    table : of :func:`rates`.

    Returns
    -------
    A row an arm: :data:`ARMS`, ``draws``, ``TPR``, and of the rarest defect's TPR in a draw, over
    that of its annotated foils alone, ``least gain`` and ``largest gain``, NaN without those.
    Then ``TPR of the others``; ``as annotated``, the annotated foils that find as much of the
    rarest defect (:func:`worth`); and ``price``, rendered foils for each that they stand for beyond
    those that were annotated: inf if they stand for none, 0 if more is found than with all
    annotated foils.
    """
    is_rare = table["defect"] == rare
    gains = gain_by_draw(table[is_rare])
    columns = {
        "draws": table[is_rare].groupby(ARMS)["draw"].nunique(),
        "TPR": table[is_rare].groupby(ARMS)["TPR"].mean(),
        "least gain": gains.min(),
        "largest gain": gains.max(),
        "TPR of the others": table[~is_rare].groupby(ARMS)["TPR"].mean(),
    }
    found = pd.DataFrame(columns).rename_axis(ARMS).reset_index()
    alone = found[found["arm"] == ALONE].set_index("annotated")["TPR"].to_dict()
    found["as annotated"] = [worth(alone, value) for value in found["TPR"]]
    more = found["as annotated"] - found["annotated"]
    price = (found["rendered"] / more.where(more > 1e-9)).fillna(np.inf)
    return found.assign(price=price.where(found["rendered"] > 0))


def gain_by_draw(own: pd.DataFrame, rate: str = "TPR") -> pd.DataFrame:
    """Mean rate over the defects of some rows, less that of :data:`FIRST` in the same draw.

    A row a draw, a column an arm.
    """
    wide = own.groupby([*ARMS, "draw"])[rate].mean().unstack(ARMS)
    return wide.sub(wide.get(FIRST, np.nan), axis=0)


def intervals(
    counts: pd.DataFrame, defects: Sequence[str], resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Mean TPR of some defects, less that of :data:`FIRST`, with its 95% interval: ``gain``, ends.

    ``counts`` : of :func:`foils`. Test foils and draws are resampled, thresholds stay; a row an
    arm, its index :data:`ARMS`.
    """
    own = counts[counts["defect"].isin(defects)]
    arms = list(dict.fromkeys(own[ARMS].itertuples(index=False, name=None)))
    numbers = own[ARMS].apply(tuple, axis=1).map({arm: str(k) for k, arm in enumerate(arms)})
    table = own[[TRAINING, "foil", "defect", *metrics.COUNTS]].assign(model=numbers)
    found = bootstrap.differences(table, str(arms.index(FIRST)), resamples, seed)
    found = found[found["rate"] == "TPR"].set_index("model")
    places = pd.MultiIndex.from_tuples([arms[int(k)] for k in found.index], names=ARMS)
    return (
        found[["difference", "low", "high"]]
        .set_index(places)
        .set_axis(["gain", "low", "high"], axis=1)
    )


def table(rare: str, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """What a page shows: a row an arm, :data:`ARMS`, ``draws``, and of the rarest defect its TPR.

    Then ``gain``, ``low`` and ``high`` of :func:`intervals`; by the truth, ``TPR by the truth`` and
    the least and largest gain of a draw there; ``TPR of the others`` and ``price``, both by the
    annotation.
    """
    own, true = (summary(rates(against), rare).set_index(ARMS) for against in ("label", "truth"))
    columns = ["TPR", "least gain", "largest gain"]
    true = true[columns].add_suffix(" by the truth")
    found = own[["draws", "TPR"]].join(intervals(foils(), [rare], resamples, seed))
    return found.join(true).join(own[["TPR of the others", "price"]]).reset_index()
