"""A model of a study: one row, the networks that belong to it, and what they predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from foilseg.training import experiments
from foilseg.training.experiments import Experiment
from foilseg.training.runs import Run, folder
from foilseg.training.stored_run import StoredRun

if TYPE_CHECKING:
    from foilseg.evaluation.curves import Histograms
    from foilseg.studies.study import Study


@dataclass(frozen=True)
class Model:
    """One of the models in a study: its row and the networks that belong to it."""

    study: Study
    row: Experiment

    @cached_property
    def title(self) -> str:
        """What tables and legends call it; names the rarest defect where it is oversampled."""
        return experiments.title(self.row, self.study.dataset)

    @property
    def networks(self) -> tuple[str, ...]:
        """The defects its networks are for; ``("",)`` for one network of all classes."""
        return experiments.networks(self.row, self.study.dataset)

    def determines(self, defect: str = "") -> dict[str, Any]:
        """Everything that decides what the run of one of its networks holds."""
        s = self.study
        return experiments.determinants(s.dataset, self.row, s.profile, s.seed, defect)

    def path(self, defect: str = "") -> Path:
        """The folder of the run of one of its networks, whether it is there or not."""
        return folder(self.study.runs, self.determines(defect))

    def missing(self) -> list[str]:
        """Those of its networks that have no run yet."""
        return [defect for defect in self.networks if self.found(defect) is None]

    def found(self, defect: str = "") -> StoredRun | None:
        """The run of one of its networks if it is there, of one's own or shipped."""
        return self.study.find(self.determines(defect))

    def run(self, defect: str = "", device: str = "auto", progress=True) -> StoredRun:
        """The run of one of its networks, trained if it is not there yet.

        ``progress`` : True shows a bar, False nothing; a function is called, besides the bar,
        with numbers of iterations.
        """
        s = self.study
        found = self.found(defect)
        if found:
            return found
        label = " ".join(filter(None, [self.row.name, defect, s.profile.name, f"seed {s.seed}"]))
        inner = {"position": 1, "leave": False} if callable(progress) else {}
        total = s.profile.iterations
        with tqdm(total=total, desc=label, unit="it", disable=not progress, **inner) as bar:

            def advance(steps: int) -> None:
                bar.update(steps)
                if callable(progress):
                    progress(steps)

            return self.fit(defect, device, advance)

    def fit(self, defect: str, device: str, progress: Callable[[int], object]) -> Run:
        """:meth:`run` without a bar: ``progress`` is called with numbers of iterations."""
        from foilseg.training import fit

        s = self.study
        places = {"defect": defect, "device": device, "progress": progress, "index": s.index}
        return fit.fit(s.dataset, self.row, s.profile, s.seed, s.runs, **places)

    @property
    def runs(self) -> dict[str, StoredRun]:
        """Defect (``""`` for all classes) -> run, each trained if it is not there yet."""
        return {defect: self.run(defect) for defect in self.networks}

    def made(self) -> list[StoredRun]:
        """Those of its runs that are there; trains nothing."""
        found = map(self.found, self.networks)
        return [run for run in found if run is not None]

    def joined(self, thresholds: float | Sequence[float] = 0.5) -> StoredRun:
        """The run that shows the whole model: joined for One-vs-Rest, else the network's own.

        ``thresholds`` : probability above which a One-vs-Rest network claims a pixel, one for
        all or one a network.
        """
        if not self.row.is_one_vs_rest:
            return self.run()
        from foilseg.training import one_vs_rest

        s, members = self.study, self.runs
        each = np.broadcast_to(np.asarray(thresholds, float), len(members))
        found = s.find(one_vs_rest.determinants(members, each))
        return found or one_vs_rest.join(s.dataset, members, s.runs, thresholds=thresholds)

    def counts(self) -> pd.DataFrame:
        """Stored counts, each network's for its own defect: foil, against, defect, tp, ..."""
        return pd.concat([run.counts() for run in self.runs.values()], ignore_index=True)

    def joined_counts(self) -> pd.DataFrame:
        """Stored counts of the mask that :meth:`prediction` returns."""
        return self.joined().counts()

    def histograms(self) -> Histograms:
        """Probabilities of its pixels, each network's for its own defect."""
        from foilseg.evaluation import curves

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
