"""A model of a study: one row, the networks that belong to it, and what they predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg.evaluation import curves
from foilseg.evaluation.curves import Histograms
from foilseg.studies.network import Home, Network, NotTrainedError, lacking, require
from foilseg.studies.network import train as train_networks
from foilseg.training import experiments
from foilseg.training.rows import Experiment
from foilseg.training.stored_run import StoredRun

__all__ = ["Model", "NotTrainedError", "stack", "train"]


@dataclass(frozen=True)
class Model:
    """One of the models in a study: its row and the networks that belong to it.

    What it tells about its runs is read from the store; only :meth:`train` and :meth:`join`
    compute.
    """

    study: Home
    row: Experiment

    @cached_property
    def title(self) -> str:
        """What tables and legends call it; names the rarest defect where it is oversampled."""
        return experiments.title(self.row, self.study.dataset)

    @property
    def networks(self) -> tuple[str, ...]:
        """The defects its networks are for; ``("",)`` for one network of all classes."""
        return experiments.networks(self.row, self.study.dataset)

    def network(self, defect: str = "") -> Network:
        """One of its networks."""
        return Network(self.study, self.row, defect)

    @property
    def each(self) -> list[Network]:
        """All of its networks."""
        return [self.network(defect) for defect in self.networks]

    def determines(self, defect: str = "") -> dict[str, Any]:
        """Everything that decides what the run of one of its networks holds."""
        return self.network(defect).determines()

    def path(self, defect: str = "") -> Path:
        """The folder of the run of one of its networks, whether it is there or not."""
        return self.network(defect).path()

    def missing(self) -> list[str]:
        """The defects of those of its networks that have no run yet."""
        return [network.defect for network in lacking(self.each)]

    def found(self, defect: str = "") -> StoredRun | None:
        """The run of one of its networks if it is there, of one's own or shipped."""
        return self.network(defect).found()

    def train(
        self, device: str = "auto", progress: bool = True, workers: int = 1
    ) -> dict[str, StoredRun]:
        """Train those of its networks that are missing, and join them if there are several.

        Returns
        -------
        Defect (``""`` for all classes) -> run.
        """
        train([self], device, progress, workers)
        return self.runs

    def run(self, defect: str = "") -> StoredRun:
        """The run of one of its networks; a NotTrainedError if it is not there."""
        return self.network(defect).run()

    @property
    def runs(self) -> dict[str, StoredRun]:
        """Defect (``""`` for all classes) -> run; a NotTrainedError names those without one."""
        require(self.each)
        return {network.defect: network.run() for network in self.each}

    def made(self) -> list[StoredRun]:
        """Those of its runs that are there; trains nothing."""
        found = map(self.found, self.networks)
        return [run for run in found if run is not None]

    def join(self, thresholds: float | Sequence[float] = 0.5, device: str = "auto") -> StoredRun:
        """Join the predictions of its networks, if that is not done yet: :meth:`joined`.

        ``thresholds`` : probability above which a One-vs-Rest network claims a pixel, one for
        all or one a network.
        """
        found = self._joined(thresholds)
        if found is not None:
            return found
        from foilseg.training import one_vs_rest

        s = self.study
        return one_vs_rest.join(s.dataset, self.runs, s.runs, thresholds=thresholds, device=device)

    def joined(self, thresholds: float | Sequence[float] = 0.5) -> StoredRun:
        """The run that shows the whole model: joined for One-vs-Rest, else the network's own.

        Raises
        ------
        NotTrainedError
            If a network is not trained, or they are not joined at these thresholds.
        """
        found = self._joined(thresholds)
        if found is None:
            raise NotTrainedError(
                f"{self.row.name}: its networks are not joined at {thresholds}; "
                f"study.model({self.row.name!r}).join({thresholds}) joins them"
            )
        return found

    def _joined(self, thresholds: float | Sequence[float]) -> StoredRun | None:
        if not self.row.is_one_vs_rest:
            return self.run()
        from foilseg.training import one_vs_rest

        members = self.runs
        each = np.broadcast_to(np.asarray(thresholds, float), len(members))
        return self.study.find(one_vs_rest.determinants(members, each))

    def counts(self) -> pd.DataFrame:
        """Stored counts, each network's for its own defect: foil, against, defect, tp, ..."""
        return pd.concat([run.counts() for run in self.runs.values()], ignore_index=True)

    def joined_counts(self) -> pd.DataFrame:
        """Stored counts of the mask that :meth:`prediction` returns."""
        return self.joined().counts()

    def histograms(self) -> Histograms:
        """Probabilities of its pixels, each network's for its own defect."""
        return curves.stack([run.histograms() for run in self.runs.values()])

    def prediction(self, foil: str) -> np.ndarray:
        """The predicted mask of a foil's validation region: uint8 (H, W)."""
        return self.joined().prediction(foil)

    def network_predictions(self, foil: str) -> dict[str, np.ndarray]:
        """Defect (``""`` for all classes) -> mask of its network, uint8 (H, W)."""
        return {defect: run.prediction(foil) for defect, run in self.runs.items()}

    def history(self) -> dict[str, pd.DataFrame]:
        """Title of the network -> its history; titles name the defect for One-vs-Rest."""
        titles = {d: f"{self.title}: {d}" if d else self.title for d in self.networks}
        return {titles[defect]: run.history() for defect, run in self.runs.items()}


def train(
    models: Sequence[Model],
    device: str = "auto",
    progress: bool = True,
    workers: int = 1,
    scheduler: str = "",
) -> None:
    """Train every network of some models that is missing, and join One-vs-Rest predictions.

    The twin is rendered first if it is not there. Arguments as of
    :func:`foilseg.studies.network.train`.
    """
    for model in models:
        model.study.render()
    each = [network for model in models for network in model.each]
    train_networks(each, device, progress, workers, scheduler)
    for model in models:
        model.join(device=device)


def stack(models: Sequence[Model], counts: Callable, against: str) -> pd.DataFrame:
    """Counts of several models of one study in one table, see
    :meth:`foilseg.studies.study.Study.counts`.

    ``counts`` takes a model and returns its rows for every reference and class.
    """
    kinds = {(m.study.dataset.fingerprint, m.study.profile) for m in models}
    if len(kinds) > 1:
        raise ValueError("models: of different data or profiles; one table takes one of each")
    titles = [model.title for model in models]
    twice = {title for title in titles if titles.count(title) > 1}
    if twice:
        raise ValueError(f"names: the title {sorted(twice)[0]!r} stands for two models")
    require(network for model in models for network in model.each)
    frames = []
    for model in models:
        frame = counts(model)
        frame.insert(0, "model", model.title)
        frames.append(frame[frame["against"] == against])
    table = pd.concat(frames, ignore_index=True)
    if table.empty:
        raise ValueError(f"against: the data has no {against!r}; use 'label'")
    order = [c.name for c in models[0].study.dataset.defects]
    table = table[table["defect"].isin(order)].drop(columns="against")
    table["defect"] = pd.Categorical(table["defect"], order)
    table["model"] = pd.Categorical(table["model"], titles)
    return table.sort_values(["model", "foil", "defect"]).reset_index(drop=True)
