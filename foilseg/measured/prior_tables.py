"""Networks under other priors, worked out once while their weights are there.

Of a plain network (no weights, no resampling, cross entropy) the counts at each setting of the
dial; of one that is trained by cross entropy otherwise, what it gives once its priors are put
right (:mod:`foilseg.evaluation.prior_correction`). One-vs-Rest networks need no table: a prior
moves their single logit, and their histogram has every threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from foilseg.data.dataset import Dataset, Foil, class_pixels, training_regions
from foilseg.evaluation import metrics, prior_correction
from foilseg.evaluation.curves import KEYS, Histograms, histogram
from foilseg.networks import weighting
from foilseg.studies.run_tables import histogram_rows
from foilseg.training import fit, probing, rows
from foilseg.training.rows import Experiment
from foilseg.training.stored_run import StoredRun

DIAL, CORRECTED, COUNTS = "dial", "corrected", "corrected-counts"
COLUMNS = {
    DIAL: ["tau", *KEYS, *metrics.COUNTS],
    CORRECTED: [*KEYS, "bin", "negative", "positive"],
    COUNTS: [*KEYS, *metrics.COUNTS],
}


def has_priors(row: Experiment) -> bool:
    """Whether the logits of a row's networks are those of priors: it trains by cross entropy."""
    return row.loss == "focal" and not row.gamma


def is_plain(row: Experiment) -> bool:
    """Whether a row's networks learn the priors of the data: no weights, no resampling."""
    return has_priors(row) and row.sampler == "uniform" and row.weights == "none"


def kinds(run: StoredRun) -> tuple[str, ...]:
    """The tables that a run has: those of the dial, or of its corrected logits, or none."""
    row = rows.row_of(run.determines)
    if row.is_one_vs_rest or not has_priors(row):
        return ()
    return (DIAL,) if is_plain(row) else (CORRECTED, COUNTS)


def _pixels(data: Dataset, run: StoredRun) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of each class in the training regions, and in a run's patches: (K,) each."""
    delivered = np.zeros(len(data.classes))
    for pool in run.ledgers():
        for index, number in pool.pixels.items():
            delivered[index] += number
    return class_pixels(training_regions(data), len(data.classes)).sum(axis=0), delivered


def priors(data: Dataset, run: StoredRun) -> tuple[np.ndarray, np.ndarray]:
    """Those of the training regions, and those that a run learned: float64 (K,) each.

    Of a One-vs-Rest network K is 2, everything else and its class.

    Raises
    ------
    ValueError
        If a class has no pixel, in the data or in the patches.
    """
    (pixels, delivered), label = _pixels(data, run), run.config["label"]
    weights = weighting.target_weights(rows.row_of(run.determines).weights, pixels, label)
    if label is not None:
        pixels, delivered = (weighting.binary_pixels(p, label) for p in (pixels, delivered))
    return prior_correction.shares(pixels), prior_correction.learned(delivered, weights)


def shift(data: Dataset, run: StoredRun) -> float:
    """What to add to the single logit of a One-vs-Rest network to put its priors right."""
    below, above = prior_correction.correction(*priors(data, run))
    return float(above - below)


@dataclass(frozen=True, eq=False)
class PriorTables:
    """The tables of a run, filled picture by picture."""

    data: Dataset
    run: StoredRun
    counted: list[dict] = field(default_factory=list)
    filed: list[tuple] = field(default_factory=list)

    @cached_property
    def _priors(self) -> tuple[np.ndarray, np.ndarray] | None:
        """None where a class has no pixel, in the data or in the patches."""
        try:
            return priors(self.data, self.run)
        except ValueError:
            return None

    def add(self, foil: Foil, logits: Tensor) -> None:
        """File a picture; ``logits`` : raw, float (K, H, W)."""
        made = kinds(self.run)
        if not made or self._priors is None:
            return
        if DIAL in made:
            for tau in prior_correction.TAUS:
                moved = _moved(logits, prior_correction.adjustment(self._priors[0], tau))
                self._count(foil, moved, {"tau": tau})
            return
        moved = _moved(logits, prior_correction.correction(*self._priors))
        self._count(foil, moved, {})
        each = probing.class_logits(moved)
        for against, mask in fit.references(foil):
            for c in self.data.defects:
                logit = foil.counted(each[c.index].numpy())
                counts = histogram(logit, foil.counted(mask == c.index))
                self.filed.append((foil.name, against, c.name, counts))

    def _count(self, foil: Foil, logits: Tensor, head: dict) -> None:
        # The same as argmax(0), in a seventh of its time.
        said, number = logits.max(0).indices.numpy(), len(self.data.classes)
        found = fit.count(foil, said, list(self.data.defects), number)
        self.counted.extend(head | row for row in found)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Kind -> table: counts (with tau), or the rows of histograms and counts.

        They have no rows if a class was never shown, whose prior cannot be taken back.
        """
        made = kinds(self.run)
        if not self.counted:
            return {kind: pd.DataFrame(columns=COLUMNS[kind]) for kind in made}
        if DIAL in made:
            return {DIAL: pd.DataFrame(self.counted)}
        keys = pd.DataFrame([row[:3] for row in self.filed], columns=KEYS)
        filed = Histograms(keys, np.stack([row[3] for row in self.filed]))
        return {CORRECTED: histogram_rows(filed), COUNTS: pd.DataFrame(self.counted)}


def _moved(logits: Tensor, by: np.ndarray) -> Tensor:
    return logits + torch.tensor(by, dtype=logits.dtype)[:, None, None]
