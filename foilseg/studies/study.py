"""A study: data, profile, seed, and the place where its runs lie.

What a chapter opens first. Runs that are there are found, those that are missing are trained,
and nothing is trained twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg.data import folder
from foilseg.data.dataset import Dataset, Foil, split, training_regions, validation_regions
from foilseg.evaluation import metrics
from foilseg.sampling.pools import Index, build_index
from foilseg.studies import provenance, variants
from foilseg.studies.model import Model, stack
from foilseg.studies.provenance import Provenance
from foilseg.studies.shipped import Shipped, open_shipped
from foilseg.studies.workers import train as train_networks
from foilseg.training import experiments, runs
from foilseg.training.experiments import Experiment, Profile
from foilseg.training.runs import ROOT
from foilseg.training.stored_run import StoredRun

TWIN = "twin"
DATA_ROOT = Path("_data")


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
    """

    data: str
    profile: Profile
    seed: int
    runs: Path
    shipped_as: str = ""

    @property
    def dataset(self) -> Dataset:
        """The data, read once; the twin is rendered first if it is not there.

        Where a shipped study is of this twin, its masks are those of the study.
        """
        return self._data[0]

    @property
    def rendering(self) -> str:
        """A sentence on what the rendering here differs in from the shipped study's, or ""."""
        return self._data[1]

    @cached_property
    def _data(self) -> tuple[Dataset, str]:
        data = folder.load(self.root)
        return self.shipped.adopt(data) if self.is_twin and self.shipped else (data, "")

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Foil -> pixels of its validation region."""
        return {foil.name: foil.mask.size for foil in validation_regions(self.dataset)}

    @cached_property
    def index(self) -> Index:
        """The index of the training regions for the profile's patches, made once."""
        classes = len(self.dataset.classes)
        return build_index(training_regions(self.dataset), classes, self.profile.patch)

    @property
    def root(self) -> Path:
        """The dataset folder."""
        if self.data != TWIN:
            return Path(self.data)
        from foilseg.twin import render

        config = render.TwinConfig(**self.profile.twin)
        name = f"twin-{self.profile.name}-{render.recipe(config)[:8]}"
        return render.write(DATA_ROOT / name, config, lights=1)

    @property
    def name(self) -> str:
        """What its shipped results are called: the profile, with the folder of other data."""
        return study_name(self.data, self.profile.name)

    @property
    def is_twin(self) -> bool:
        """Whether the embedded twin is the data."""
        return self.data == TWIN

    @property
    def shipped(self) -> Shipped | None:
        """The shipped study, if there is one of this name that chapters can be made of."""
        found = open_shipped(self.shipped_as) if self.shipped_as else None
        return found if found and found.manifest.get("predictions", True) else None

    def find(self, determines: dict[str, Any]) -> StoredRun | None:
        """The run with these determinants, of the store or else of the shipped study, or None.

        Raises
        ------
        foilseg.studies.shipped.ShippedError
            If the store has none and that of the shipped study is stale or altered.
        """
        found = runs.find(self.runs, determines)
        if found is None and self.shipped is not None:
            found = self.shipped.find(determines)
        return found

    def _repr_html_(self) -> str:
        """The banner at the head of a chapter: which study its numbers come from."""
        return provenance.banner(self)

    def with_seed(self, seed: int) -> Study:
        """The same study with another seed; data that are read already are not read again."""
        other = replace(self, seed=seed)
        known = {k: v for k, v in vars(self).items() if k in ("_data", "index")}
        vars(other).update(known)
        return other

    def model(self, name: str | Experiment) -> Model:
        """A model of the study, by the name of its experiment or by a row of your own."""
        return Model(self, experiments.experiment(name))

    def run(self, name: str | Experiment, defect: str = "", **places) -> StoredRun:
        """The run of one network: of a multi-class model, or of a One-vs-Rest one for a defect.

        Raises
        ------
        ValueError
            If a One-vs-Rest model is asked for without a defect, or a multi-class one with one.
        """
        model = self.model(name)
        if defect not in model.networks:
            choice = ", ".join(map(repr, model.networks))
            raise ValueError(
                f"defect: {model.row.name} has the networks {choice}, not {defect!r}; "
                "study.model(name) is the whole model"
            )
        return model.run(defect, **places)

    def missing(self, names: Iterable[str | Experiment]) -> list[tuple[str, str]]:
        """The networks that have no run yet: (experiment, defect), "" for all classes."""
        models = [self.model(name) for name in names]
        return [(m.row.name, defect) for m in models for defect in m.missing()]

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
            raise ValueError(f"models: none is trained; {provenance.command(self, ['all'])}")
        return names

    def train(
        self,
        names: Iterable[str | Experiment],
        device: str = "auto",
        progress: bool = True,
        seeds: Iterable[int] = (),
        workers: int = 1,
    ) -> None:
        """Train every network of some models that is missing, and join One-vs-Rest predictions.

        One bar over all iterations that are missing, and one for each network under way.

        Parameters
        ----------
        seeds : those of the trainings; the study's own unless told.
        workers : how many networks are trained at a time, each in a process of its own.
        """
        models = [self.with_seed(s).model(name) for s in seeds or (self.seed,) for name in names]
        todo = [(model, defect) for model in models for defect in model.missing()]
        if todo:
            train_networks(todo, max(1, min(workers, len(todo))), device, progress)
        for model in models:
            model.joined()

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
        """
        counted = Model.joined_counts if joined else Model.counts
        table = stack([self.model(name) for name in names], counted, against)
        metrics.check_sizes(table, self.sizes)
        return table

    def costs(self, names: Iterable[str | Experiment]) -> pd.DataFrame:
        """What each network and each model costs, see :func:`foilseg.networks.costs.table`."""
        from foilseg.networks import costs

        models = [self.model(name) for name in names]
        return costs.table({m.title: [run.cost() for run in m.runs.values()] for m in models})

    def provenance(self, names: Iterable[str | Experiment], *seeds) -> Provenance:
        """The runs behind a page, see :func:`foilseg.studies.provenance.table`; trains nothing."""
        return Provenance(provenance.table(self, names, *seeds))

    def validation(self, name: str) -> Foil:
        """The validation region of a foil."""
        return split(self.dataset.foil(name))[1]

    def predictions(self, names: Iterable[str | Experiment], foil: str) -> dict[str, np.ndarray]:
        """Model title -> predicted mask of the foil's validation region (joined if need be)."""
        models = [self.model(name) for name in names]
        return {model.title: model.prediction(foil) for model in models}


def open_study(
    data: str = TWIN, profile: str = "smoke", seed: int = 0, runs: str = "", shipped: bool = True
) -> Study:
    """Check the parameters of a chapter and freeze them.

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
    return Study(data, sizes, seed, Path(runs or ROOT), name)


def study_name(data: str, profile: str) -> str:
    """``PROFILE`` for the twin, ``FOLDER-PROFILE`` for other data."""
    return profile if data == TWIN else f"{Path(data).resolve().name}-{profile}"
