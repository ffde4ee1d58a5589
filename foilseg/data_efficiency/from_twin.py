"""Few annotated photographs of tiles: trainings that begin on the twin, and trainings alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from foilseg.elsewhere.domains import MEAN
from foilseg.evaluation import bootstrap, metrics
from foilseg.evaluation.bootstrap import TRAINING

TABLE = Path(__file__).with_name("from_twin.csv")  # written by benchmarks.from_twin
PIECES = TABLE.with_name("from_twin_pieces.csv")  # so is this
ALONE, AFTER = "alone", "from the twin"  # where a training begins
ALL = "all"  # numbers of images together


def few_images() -> pd.DataFrame:
    """TPR at one FPR of trainings on few photographs of tiles, alone and from the twin.

    A row a number of images, draw and defect, and :data:`MEAN` of the defects: ``images``,
    ``draw``, ``defect``, and the TPR under :data:`ALONE` and :data:`AFTER`. A training that the
    table does not have yet is NaN.
    """
    told = pd.read_csv(TABLE).rename(columns={"number": "images", "images": "judged"})
    keys = ["images", "draw", "defect"]
    wide = told.pivot(index=keys, columns="arm", values="TPR").reindex(columns=[ALONE, AFTER])
    each = [wide.xs(name, level="defect") for name in told["defect"].unique()]
    parts = [*each, wide.groupby(keys[:2]).mean()]
    names = [*told["defect"].unique(), MEAN]
    table = pd.concat(parts, keys=names, names=["defect"]).reset_index()
    return table[[*keys, ALONE, AFTER]].rename_axis(columns=None)


def few_pieces() -> pd.DataFrame:
    """Counts at one FPR of the same trainings, a row a number, start, draw, piece and defect.

    The columns are named as :mod:`foilseg.evaluation.bootstrap` wants them: a start is a model, a
    draw a training, and a piece of tile an image.
    """
    return pd.read_csv(PIECES).rename(columns={"arm": "model", "draw": TRAINING, "piece": "foil"})


def by_number(table: pd.DataFrame, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Means over draws and defects of :func:`few_images`, with the interval of the gain.

    A row a number of images, and one of all numbers together: ``images``, the TPR of both starts,
    ``gain`` from one to the other, ``gain, low`` and ``gain, high``, its 95% interval over pieces
    of tile that judge and draws of images, and ``draws that gain``. The draws are resampled for
    either start by itself, although they share the images; paired, the intervals are hardly
    narrower.
    """
    pieces = few_pieces()
    keys = ["model", TRAINING, "foil", "defect"]
    whole = pieces.groupby(keys, sort=False)[list(metrics.COUNTS)].sum().reset_index()
    means, rows = table[table["defect"] == MEAN], []
    for number, counts in [*pieces.groupby("number"), (ALL, whole)]:
        own = means if number == ALL else means[means["images"] == number]
        each = own.groupby("draw")[[ALONE, AFTER]].mean()
        gain = each[AFTER] - each[ALONE]
        _, *ends = _beyond_alone(counts, resamples, seed)
        rows.append((number, *each.mean(), gain.mean(), *ends, sum(gain > 0)))
    columns = ["images", ALONE, AFTER, "gain", "gain, low", "gain, high", "draws that gain"]
    return pd.DataFrame(rows, columns=columns)


def _beyond_alone(counts: pd.DataFrame, resamples: int, seed: int) -> tuple[float, float, float]:
    """Mean TPR from the twin less that alone, and the ends of its interval."""
    found = bootstrap.differences(counts, ALONE, resamples, seed).set_index("rate").loc["TPR"]
    return found["difference"], found["low"], found["high"]


def lead_over_twice(resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Mean TPR from the twin less that of twice as many images alone: images, lead, low, high."""
    pieces, rows = few_pieces(), []
    for number in sorted(pieces["number"].unique()):
        few = (pieces["number"] == number) & (pieces["model"] == AFTER)
        twice = (pieces["number"] == 2 * number) & (pieces["model"] == ALONE)
        if twice.any():
            rows.append((number, *_beyond_alone(pieces[few | twice], resamples, seed)))
    return pd.DataFrame(rows, columns=["images", "lead", "low", "high"])


def gain_without_piece(defect: str) -> tuple[int, float, float]:
    """How a gain hangs on the piece of tile that holds most of a defect.

    The pieces that show the defect, the share of its pixels on that piece, and the gain over all
    numbers of images without it.
    """
    pieces = few_pieces()
    own = pieces[pieces["defect"] == defect].groupby("foil")[["tp", "fn"]].sum().sum(axis=1)
    rest = pieces[pieces["foil"] != own.idxmax()]
    counts = rest.groupby(["model", "defect"])[["tp", "fn"]].sum()
    tpr = (counts["tp"] / counts.sum(axis=1)).groupby("model").mean()
    return int((own > 0).sum()), own.max() / own.sum(), tpr[AFTER] - tpr[ALONE]
