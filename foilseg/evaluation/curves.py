"""Histograms of probabilities -> curves: what other thresholds than 0.5 would give.

A pixel is filed by the logit of its probability, log(p / (1 - p)), in :data:`BINS` bins that are
fine where probabilities are extreme. The bins are counted apart for the pixels that are of the
class and those that are not, so every threshold at an edge of a bin gives exact counts; 0.5 is
such an edge.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from foilseg.data.files import write_bytes

BINS, LARGEST = 128, 16.0  # of the logit, from -LARGEST to LARGEST; beyond counts in the last bin
KEYS = ["foil", "against", "defect"]


def histogram(logit: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """int64 (BINS, 2): pixels of each bin that are not of the class, and that are.

    Parameters
    ----------
    logit : float array of any shape, of the probability of the class.
    positive : bool array of that shape; empty arrays give zeros.
    """
    place = np.clip((logit.ravel() + LARGEST) * (BINS / (2 * LARGEST)), 0, BINS - 1).astype(np.intp)
    filed = np.bincount(2 * place + positive.ravel(), minlength=2 * BINS)
    return filed.reshape(BINS, 2).astype(np.int64)


def probability(edge: int) -> float:
    """The probability at an edge of the bins, 0 to :data:`BINS`."""
    return float(expit(edge * (2 * LARGEST / BINS) - LARGEST))


@dataclass(frozen=True, eq=False)
class Histograms:
    """``counts`` int64 (rows, BINS, 2) of the foils, references and defects in ``keys``."""

    keys: pd.DataFrame
    counts: np.ndarray

    def write(self, path: Path) -> None:
        """Write both to a compressed file without pickles."""
        file = io.BytesIO()
        names = self.keys[KEYS].to_numpy(dtype=str)
        np.savez_compressed(file, keys=names, counts=self.counts)
        write_bytes(file.getvalue(), path)

    @classmethod
    def read(cls, path: Path) -> Histograms:
        """What :meth:`write` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls(pd.DataFrame(file["keys"], columns=KEYS), file["counts"])

    def total(self, defect: str, against: str = "label") -> np.ndarray:
        """Summed over the foils: int64 (BINS, 2); zeros where there is no such row."""
        rows = (self.keys["defect"] == defect) & (self.keys["against"] == against)
        return self.counts[rows.to_numpy()].sum(axis=0)


def stack(parts: Sequence[Histograms]) -> Histograms:
    """Histograms of several networks in one table."""
    keys = pd.concat([part.keys for part in parts], ignore_index=True)
    return Histograms(keys, np.concatenate([part.counts for part in parts]))


def curve(counts: np.ndarray) -> pd.DataFrame:
    """Every threshold from the highest to the lowest, for a histogram (BINS, 2).

    Columns threshold (probability), tp, fp, fn, tn, TPR, FPR, precision. The first row calls
    nothing positive, the last everything. Rates without a base are NaN.
    """
    negative, positive = counts[::-1].T
    fp, tp = (np.concatenate([[0], np.cumsum(n)]) for n in (negative, positive))
    edges = np.linspace(LARGEST, -LARGEST, BINS + 1)
    table = pd.DataFrame({"threshold": 1 / (1 + np.exp(-edges)), "tp": tp, "fp": fp})
    table.loc[0, "threshold"], table.loc[BINS, "threshold"] = 1.0, 0.0
    table["fn"], table["tn"] = tp[-1] - tp, fp[-1] - fp
    with np.errstate(divide="ignore", invalid="ignore"):
        table["TPR"] = tp / np.float64(tp[-1])
        table["FPR"] = fp / np.float64(fp[-1])
        table["precision"] = tp / (tp + fp).astype(float)
    return table


def average_precision(counts: np.ndarray) -> float:
    """Sum of the steps of recall times the precision there; NaN without a positive pixel."""
    table = curve(counts)
    steps = np.diff(table["TPR"].to_numpy(), prepend=0.0)
    return float(np.sum(steps[steps != 0] * table["precision"].to_numpy()[steps != 0]))
