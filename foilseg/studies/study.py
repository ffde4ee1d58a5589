"""A study: data, profile, seed, and the place where its runs lie.

What a chapter opens first. ``study.train(names)`` trains what is missing, and nothing twice; all
else reads the runs that are there, of the store or else of the shipped study.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg.data import splits
from foilseg.data.dataset import Dataset, Foil, validation_regions
from foilseg.evaluation import metrics
from foilseg.sampling.pools import Index
from foilseg.studies import provenance, variants
from foilseg.studies.model import Model, stack, train
from foilseg.studies.network import Network, lacking, require
from foilseg.studies.provenance import Provenance
from foilseg.studies.shipped import Shipped
from foilseg.studies.source import TWIN, Source
from foilseg.training import experiments, runs
from foilseg.training.rows import Experiment, Profile
from foilseg.training.runs import ROOT
from foilseg.training.stored_run import StoredRun


@dataclass(frozen=True)
class Study:
    """The frozen configuration of a chapter.

    Attributes
    ----------
    data : ``"twin"`` or the path of a dataset folder.
    profile : sizes of network and training.
    seed : first seed; decides the initial weights and every patch.
    runs : folder of the run store.
    shipped_as : name of a study in ``results``, whose runs are taken where the store has none; ""
        for none.
    numbers : whether a shipped study of numbers alone counts as well.
    """

    data: str
    profile: Profile
    seed: int
    runs: Path
    shipped_as: str = ""
    numbers: bool = False

    @cached_property
    def source(self) -> Source:
        """Its data, and what was read of them."""
        return Source(self.data, self.profile, self.shipped_as, self.numbers)

    @property
    def dataset(self) -> Dataset:
        """The data, read once, see :attr:`foilseg.studies.source.Source.dataset`."""
        return self.source.dataset

    @property
    def rendering(self) -> str:
        """A sentence on what the rendering here differs in from the shipped study's, or ""."""
        return self.source.rendering

    @property
    def index(self) -> Index:
        """The index of the training regions for the profile's patches, made once."""
        return self.source.index

    @property
    def root(self) -> Path:
        """The dataset folder, whether it is there or not."""
        return self.source.root

    @property
    def name(self) -> str:
        """What its shipped results are called: the profile, with the folder of other data."""
        return study_name(self.data, self.profile.name)

    @property
    def is_twin(self) -> bool:
        """Whether the embedded twin is the data."""
        return self.source.is_twin

    @property
    def shipped(self) -> Shipped | None:
        """The shipped study that counts, see :attr:`foilseg.studies.source.Source.shipped`."""
        return self.source.shipped

    def moved(self, runs: Path | None = None) -> Study:
        """The same with absolute paths, and another folder for the runs if one is given."""
        data = self.data if self.is_twin else str(Path(self.data).resolve())
        return replace(self, data=data, runs=Path(runs or self.runs).resolve())

    def render(self, progress: bool = True) -> Study:
        """Render the twin, if it is the data and not there yet."""
        self.source.render(progress)
        return self

    def find(self, determines: dict[str, Any]) -> StoredRun | None:
        """The run with these determinants, of the store or else of the shipped study, or None.

        Raises
        ------
        foilseg.studies.shipped.ShippedError
            If the store has none and that of the shipped study is stale or altered.
        """
        found = runs.find(self.runs, determines)
        shipped = self.shipped if found is None else None  # asked once, since asking looks at files
        return shipped.find(determines) if shipped is not None else found

    def _repr_html_(self) -> str:
        """The banner at the head of a chapter: which study its numbers come from."""
        shipped = self.shipped.summary if self.shipped else ""
        told = (self.profile.name, self.seed, shipped, self.rendering)
        return provenance.banner(self.dataset, *told)

    def with_seed(self, seed: int) -> Study:
        """The same study with another seed; data that are read already are not read again."""
        other = replace(self, seed=seed)
        vars(other)["source"] = self.source
        return other

    def model(self, name: str | Experiment) -> Model:
        """A model of the study, by the name of its experiment or by a row of your own."""
        return Model(self, experiments.experiment(name))

    def run(self, name: str | Experiment, defect: str = "") -> StoredRun:
        """The run of one network: of a multi-class model, or of a One-vs-Rest one for a defect.

        Raises
        ------
        ValueError
            If a One-vs-Rest model is asked for without a defect, or a multi-class one with one.
        foilseg.studies.model.NotTrainedError
            If it is not there.
        """
        whole = self.model(name)
        if defect not in whole.networks:
            choice = ", ".join(map(repr, whole.networks))
            raise ValueError(
                f"defect: {whole.row.name} has the networks {choice}, not {defect!r}; "
                "study.model(name) is the whole model"
            )
        return whole.run(defect)

    def command(self, names: Iterable[str], *flags: str) -> str:
        """The command line that trains experiments of the study; ``flags`` are put at its end."""
        data = "" if self.is_twin else self.data
        return provenance.command(data, self.profile.name, self.seed, self.runs, names, *flags)

    def missing(self, names: Iterable[str | Experiment]) -> list[tuple[str, str]]:
        """The networks that have no run yet: (experiment, defect), "" for all classes."""
        return [(n.row.name, n.defect) for n in lacking(self._networks(names))]

    def _networks(self, names: Iterable[str | Experiment]) -> list[Network]:
        return [network for name in names for network in self.model(name).each]

    def left_out(self, names: Iterable[str]) -> str:
        """One sentence: the models that are not among these, and the command that trains them."""
        others = [name for name in experiments.EXPERIMENTS if name not in set(names)]
        if not others:
            return "No model is left out."
        titles = ", ".join(self.model(name).title for name in others)
        return f"Left out: {titles}. To train what is missing of them: {self.command(others)}."

    def select(self, models: str) -> list[str]:
        """Names of the models of a chapter's parameter, see :func:`experiments.select`.

        ``"trained"`` are those that need no training.

        Raises
        ------
        ValueError
            If a name does not exist, there is none, or nothing is trained yet.
        """
        if models.strip() != "trained":
            return experiments.select(models)
        names = [name for name in experiments.EXPERIMENTS if not self.missing([name])]
        if not names:
            raise ValueError(f"models: none is trained; {self.command(['all'])}")
        return names

    def train(
        self,
        names: Iterable[str | Experiment],
        device: str = "auto",
        progress: bool = True,
        seeds: Iterable[int] = (),
        workers: int = 1,
        scheduler: str = "",
    ) -> None:
        """Train every network of some models that is missing, and join One-vs-Rest predictions.

        One bar over all iterations that are missing, and one for each network under way.

        Parameters
        ----------
        seeds : those of the trainings; the study's own unless told.
        workers, scheduler : as of :func:`foilseg.studies.network.train`.
        """
        studies = [self.with_seed(seed) for seed in seeds or (self.seed,)]
        names = list(names)
        models = [study.model(name) for study in studies for name in names]
        train(models, device, progress, workers, scheduler)

    def counts(
        self, names: Iterable[str | Experiment], against: str = "label", joined: bool = False
    ) -> pd.DataFrame:
        """Stored counts of several experiments: model, foil, defect, tp, fp, fn, tn.

        Only defects count; ``against`` is ``"label"`` or ``"truth"``. Of a One-vs-Rest model
        each network is counted for its own defect, as in the thesis; ``joined`` counts its joined
        mask instead.

        Raises
        ------
        ValueError
            If the data has no such reference, two models share a title, or counts do not add up
            to the size of their image.
        foilseg.studies.model.NotTrainedError
            If a network is not trained.
        """
        counted = Model.joined_counts if joined else Model.counts
        table = stack([self.model(name) for name in names], counted, against)
        metrics.check_sizes(table, self.source.sizes)
        return table

    def costs(self, names: Iterable[str | Experiment]) -> pd.DataFrame:
        """What each network and each model costs, see :func:`foilseg.networks.costs.table`."""
        from foilseg.networks import costs

        names = list(names)
        require(self._networks(names))
        models = [self.model(name) for name in names]
        return costs.table({m.title: [run.cost() for run in m.runs.values()] for m in models})

    def provenance(
        self,
        names: Iterable[str | Experiment],
        seeds: Sequence[int] = (),
        repeated: Iterable[str | Experiment] | None = None,
    ) -> Provenance:
        """The runs behind a page, see :func:`foilseg.studies.provenance.table`.

        Parameters
        ----------
        seeds : of the trainings; the study's own unless told.
        repeated : those of the models that other seeds than the study's own count for; None is all.
        """
        names = list(names)
        again = names if repeated is None else list(repeated)
        models = [
            self.with_seed(seed).model(name)
            for seed in seeds or (self.seed,)
            for name in (names if seed == self.seed else again)
        ]
        return Provenance(provenance.table(models))

    @property
    def divided(self) -> str:
        """A sentence: what of the images trains, validates and is kept for the test."""
        kept = None if self.is_twin else self.source.held_out
        return splits.divided(self.dataset, len(kept.dataset.foils) if kept else 0)

    def validation(self, name: str) -> Foil:
        """The validation region of a foil; a KeyError of one that has none lists those that do."""
        found = {region.name: region for region in validation_regions(self.dataset)}
        if name not in found:
            raise KeyError(f"{name!r} does not validate; these do: {', '.join(found)}")
        return found[name]

    def predictions(self, names: Iterable[str | Experiment], foil: str) -> dict[str, np.ndarray]:
        """Model title -> predicted mask of the foil's validation region (joined if need be)."""
        names = list(names)
        require(self._networks(names))
        models = [self.model(name) for name in names]
        return {m.title: m.prediction(foil) for m in models}


def open_study(
    data: str = TWIN, profile: str = "smoke", seed: int = 0, runs: str = "", shipped: bool = True
) -> Study:
    """Check the parameters of a chapter, freeze them, and render the twin if it is not there.

    With ``shipped`` the runs of ``results/PROFILE`` (the twin) or ``results/FOLDER-PROFILE``
    (other data, by the name of its folder) are taken where the store of runs has none.

    Raises
    ------
    ValueError
        If the profile does not exist (lists those that do) or the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed: {seed} is negative")
    data, sizes = data or TWIN, variants.profile(profile)
    name = study_name(data, profile) if shipped else ""
    return Study(data, sizes, seed, Path(runs or ROOT), name).render()


def study_name(data: str, profile: str) -> str:
    """``PROFILE`` for the twin, ``FOLDER-PROFILE`` for other data."""
    return profile if data == TWIN else f"{Path(data).resolve().name}-{profile}"
