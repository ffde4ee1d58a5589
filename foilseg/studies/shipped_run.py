"""A run inside the tables of a shipped study."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg.evaluation.curves import Histograms
from foilseg.sampling.ledger import Ledger
from foilseg.studies import run_tables
from foilseg.studies.tables import ENDING, PREDICTIONS, Tables
from foilseg.training import runs
from foilseg.training.locks import RunError


@dataclass(frozen=True)
class ShippedRun:
    """See :class:`foilseg.training.stored_run.StoredRun`; it has no weights.

    Attributes
    ----------
    path : the study's folder and the run's name, as messages name it; no such folder is there.
    entry : of the manifest: ``determines``, ``made``, ``parts`` and ``evaluations``.
    tables : those of the study.
    """

    path: Path
    entry: dict[str, Any] = field(compare=False, repr=False)
    tables: Tables = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """Experiment, profile, seed and hash."""
        return self.path.name

    @property
    def determines(self) -> dict[str, Any]:
        """Everything that decided what it holds, by today's names."""
        return self.entry["determines"]

    @property
    def config(self) -> dict[str, Any]:
        """What determined it when it was made, its classes, network and circumstances."""
        return deepcopy(self.tables.document(run_tables.CONFIGS)[self.name])

    @property
    def parts(self) -> tuple[str, ...]:
        """What it holds, of :data:`foilseg.training.stored_run.PARTS`."""
        return tuple(self.entry["parts"])

    @property
    def has_weights(self) -> bool:
        """Never."""
        return False

    def counts(self) -> pd.DataFrame:
        """One row a foil, class and reference: foil, against, defect, tp, fp, fn, tn."""
        return self._rows("counts")

    def history(self) -> pd.DataFrame:
        """iteration, train_loss, validation_loss."""
        return run_tables.read_history(self._rows("history"))

    def ledgers(self) -> list[Ledger]:
        """The account of every training pool, in order."""
        return run_tables.read_ledgers(self._rows("ledgers", literal=True))

    def histograms(self) -> Histograms:
        """How probable the pixels of each class were."""
        return run_tables.read_histograms(self._rows("histograms"))

    def claims(self) -> pd.DataFrame:
        """Of joined predictions: foil, against, class (of the reference), claims, pixels."""
        return self._rows("claims")

    def cost(self) -> dict[str, Any]:
        """Seconds, parameters and what else was measured."""
        return run_tables.read_cost(self._rows("cost", literal=True))

    def prediction(self, foil: str) -> np.ndarray:
        """The predicted mask of a foil's validation region: uint8 (H, W).

        Raises
        ------
        foilseg.training.runs.RunError
            If the study brings none of this run, as of trainings with further seeds.
        """
        if f"{PREDICTIONS}/{self.name}.png" not in self.tables.files:
            raise RunError(f"{self.path}: predictions not shipped; {runs.again(self.determines)}")
        return self.tables.mask(self.name, foil)

    def evaluations(self) -> list[str]:
        """Names of what was found out about it later."""
        return list(self.entry["evaluations"])

    def evaluation(self, name: str) -> pd.DataFrame | None:
        """One of these tables, None if it is not stored; foils are text."""
        if name not in self.entry["evaluations"]:
            return None
        kind, iteration = run_tables.kind_of(name)
        table = self.tables.rows(f"{run_tables.EVALUATIONS}/{kind}", self.name)
        if iteration is None:
            return table
        own = table[table["iteration"] == iteration]
        return own.drop(columns="iteration").reset_index(drop=True)

    def evaluation_file(self, name: str) -> Path:
        """The table that holds, or would hold, an evaluation."""
        kind = run_tables.kind_of(name)[0]
        return self.path.parent / run_tables.EVALUATIONS / f"{kind}{ENDING}"

    def model(self) -> Path:
        """Raises RunError: weights are not shipped."""
        raise runs.no_weights(self.path / runs.MODEL, self.determines)

    def checkpoint(self, iteration: int) -> Path:
        """Raises RunError: weights are not shipped."""
        raise runs.no_weights(self.path / runs.checkpoint_name(iteration), self.determines)

    def member(self, name: str) -> ShippedRun:
        """A run of the same study, by name."""
        entries = self.tables.document(run_tables.CONFIGS)
        if name not in entries:
            raise RunError(f"{self.path.parent}: has no run {name}; restore it")
        entry = {"determines": entries[name]["determines"], "parts": [], "evaluations": []}
        return ShippedRun(self.path.with_name(name), entry, self.tables)

    def _rows(self, part: str, literal: bool = False) -> pd.DataFrame:
        if part not in self.entry["parts"]:
            raise RunError(f"{self.path}: holds no {part}")
        return self.tables.rows(f"{run_tables.FOLDER}/{part}", self.name, literal)
