"""What every stored run answers, wherever it lies: in a folder of one's own or in a shipped study.

Implemented by :class:`foilseg.training.runs.Run` and
:class:`foilseg.studies.shipped_run.ShippedRun`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from foilseg.evaluation.curves import Histograms
    from foilseg.sampling.ledger import Ledger

# What a run may hold; a joined one has counts and claims alone.
PARTS = ("counts", "history", "ledgers", "histograms", "claims", "cost")


class StoredRun(Protocol):
    """The answers of a complete run; each raises RunError if the run has none, or it was altered.

    Attributes
    ----------
    path : what messages name it by; of one's own run its folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """Experiment, profile, seed and hash."""

    @property
    def determines(self) -> dict[str, Any]:
        """Everything that decided what it holds, by today's names."""

    @property
    def config(self) -> dict[str, Any]:
        """What determined it when it was made, its classes, network and circumstances."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Which of :data:`PARTS` it holds."""

    @property
    def has_weights(self) -> bool:
        """Whether the trained weights are here."""

    def counts(self) -> pd.DataFrame:
        """One row a foil, class and reference: foil, against, defect, tp, fp, fn, tn."""

    def history(self) -> pd.DataFrame:
        """iteration, train_loss, validation_loss."""

    def ledgers(self) -> list[Ledger]:
        """The account of every training pool, in order."""

    def histograms(self) -> Histograms:
        """How probable the pixels of each class were."""

    def claims(self) -> pd.DataFrame:
        """Of joined predictions: foil, against, class (of the reference), claims, pixels."""

    def cost(self) -> dict[str, Any]:
        """Seconds, parameters and what else was measured."""

    def prediction(self, foil: str) -> np.ndarray:
        """The predicted mask of a foil's validation region: uint8 (H, W)."""

    def evaluations(self) -> list[str]:
        """Names of what was found out about it later, see :mod:`foilseg.training.evaluations`."""

    def evaluation(self, name: str) -> pd.DataFrame | None:
        """One of these tables, None if it is not stored; foils are text."""

    def evaluation_file(self, name: str) -> Path:
        """The file that holds, or would hold, such a table."""

    def model(self) -> Path:
        """The file of the trained weights."""

    def checkpoint(self, iteration: int) -> Path:
        """The file of the weights that were kept after an iteration (thesis 3.5.1)."""

    def member(self, name: str) -> StoredRun:
        """A run that it joins, by name."""
