"""A study: data, profile, seed, and the place where its runs lie.

What a chapter opens first. Runs that are there are found, those that are missing are trained,
and nothing is trained twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from foilseg import experiments, folder, metrics, prose, provenance, runs
from foilseg.code import code_version
from foilseg.dataset import (
    Dataset,
    Foil,
    class_pixels,
    split,
    training_regions,
    validation_regions,
)
from foilseg.experiments import Experiment, Profile
from foilseg.models import Model, stack
from foilseg.pools import Index, build_index
from foilseg.provenance import Provenance
from foilseg.runs import ROOT
from foilseg.workers import Task
from foilseg.workers import train as train_tasks

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
    """

    data: str
    profile: Profile
    seed: int
    runs: Path

    @cached_property
    def dataset(self) -> Dataset:
        """The data, read once; the twin is rendered first if it is not there."""
        return folder.load(self.root)

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
    def training_pixels(self) -> np.ndarray:
        """int64 (K,): pixels of each class index in the training regions."""
        foils = training_regions(self.dataset)
        return class_pixels(foils, len(self.dataset.classes)).sum(axis=0)

    @property
    def root(self) -> Path:
        """The dataset folder."""
        if self.data != TWIN:
            return Path(self.data)
        from foilseg import twin

        name = f"twin-{self.profile.name}-{code_version(twin.MODULES)[:8]}"
        config = twin.TwinConfig(**self.profile.twin)
        return twin.write(DATA_ROOT / name, config, lights=1)

    @property
    def is_twin(self) -> bool:
        """Whether the embedded twin is the data."""
        return self.data == TWIN

    def _repr_html_(self) -> str:
        """The banner at the head of a chapter: which study its numbers come from."""
        data = self.dataset
        facts = (
            f"Data: {data.name} ({len(data.foils)} images, fingerprint {data.fingerprint[:8]});"
            f" profile {self.profile.name}; seed {self.seed}; code {code_version()[:8]}."
        )
        return prose.banner(facts, smoke=self.profile.name == "smoke")

    def with_seed(self, seed: int) -> Study:
        """The same study with another seed; data that are read already are not read again."""
        other = replace(self, seed=seed)
        known = {k: v for k, v in vars(self).items() if k in ("dataset", "index")}
        vars(other).update(known)
        return other

    def model(self, name: str | Experiment) -> Model:
        """A model of the study, by the name of its experiment or by a row of your own."""
        return Model(self, experiments.experiment(name))

    def run(self, name: str | Experiment, defect: str = "", **places) -> runs.Run:
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
        if workers > 1 and len(todo) > 1:
            bare = [replace(model.study) for model, _ in todo]
            tasks = [Task(s, m.row, d) for s, (m, d) in zip(bare, todo)]
            train_tasks(tasks, min(workers, len(tasks)), device)
        else:
            _train_one_by_one(todo, device, progress and bool(todo))
        for model in models:
            model.joined()

    def counts(self, names: Iterable[str | Experiment], against: str = "label") -> pd.DataFrame:
        """Stored counts of several experiments: model, foil, defect, tp, fp, fn, tn.

        Only defects count; ``against`` is ``"label"`` or ``"truth"``. Of a One-vs-Rest model
        each network is counted for its own defect, as in the thesis.

        Raises
        ------
        ValueError
            If the data has no such reference, two models share a title, or counts do not add up
            to the size of their image.
        """
        table = stack([self.model(name) for name in names], Model.counts, against)
        metrics.check_sizes(table, self.sizes)
        return table

    def joined_counts(
        self, names: Iterable[str | Experiment], against: str = "label"
    ) -> pd.DataFrame:
        """As :meth:`counts`, but One-vs-Rest models are counted on their joined mask."""
        table = stack([self.model(name) for name in names], Model.joined_counts, against)
        metrics.check_sizes(table, self.sizes)
        return table

    def costs(self, names: Iterable[str | Experiment]) -> pd.DataFrame:
        """What each network and each whole model costs; see :func:`foilseg.costs.table`."""
        from foilseg import costs

        models = [self.model(name) for name in names]
        return costs.table({m.title: [run.cost() for run in m.runs.values()] for m in models})

    def provenance(self, names: Iterable[str | Experiment], *seeds) -> Provenance:
        """The runs behind a page, see :func:`foilseg.provenance.table`; trains nothing."""
        return Provenance(provenance.table(self, names, *seeds))

    def validation(self, name: str) -> Foil:
        """The validation region of a foil."""
        return split(self.dataset.foil(name))[1]

    def photographs(self, name: str) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
        """A foil's pictures under each light (n, H, W) and the light directions (n, 3).

        Cropped to the region of interest; (None, None) where the data has none of this foil.
        """
        from foilseg import raw_lights

        if not (self.root / "lights" / f"{name}_1.png").is_file():
            return None, None
        foil = self.dataset.foil(name)
        lights = raw_lights.read_lights(self.root / "lights.json")
        pictures = raw_lights.read_photographs(self.root, name, len(lights))
        rows, columns = (slice(o, o + n) for o, n in zip(foil.origin, foil.shape))
        return pictures[:, rows, columns], lights

    def albedo(self, name: str) -> dict[str, np.ndarray]:
        """``{"albedo": (H, W)}`` of a validation region, from 0 to 1; empty without photographs."""
        from foilseg import photometric

        photographs, lights = self.photographs(name)
        if photographs is None:
            return {}
        found = photometric.estimate_normals(photographs, lights)[1]
        whole = self.dataset.foil(name)
        region = self.validation(name)
        top, left = (r - w for r, w in zip(region.origin, whole.origin))
        height, width = region.shape
        part = np.nan_to_num(found[top : top + height, left : left + width])
        return {"albedo": (part / max(float(part.max()), 1e-9)).clip(0, 1).astype(np.float32)}

    def predictions(self, names: Iterable[str | Experiment], foil: str) -> dict[str, np.ndarray]:
        """Model title -> predicted mask of the foil's validation region (joined if need be)."""
        models = [self.model(name) for name in names]
        return {model.title: model.prediction(foil) for model in models}

    def most_disputed(self, names: Iterable[str]) -> tuple[str, float]:
        """The foil on whose pixels the models disagree most, and the share of those pixels."""
        names = list(names)
        shares = {}
        for foil in self.dataset.foils:
            masks = list(self.predictions(names, foil.name).values())
            differs = np.any([mask != masks[0] for mask in masks[1:]], axis=0)
            shares[foil.name] = float(np.mean(differs))
        name = max(shares, key=shares.__getitem__)
        return name, shares[name]


def _train_one_by_one(todo: list[tuple[Model, str]], device: str, progress: bool) -> None:
    total = sum(model.study.profile.iterations for model, _ in todo)
    with tqdm(total=total, desc="all", unit="it", disable=not progress, position=0) as whole:
        for number, (model, defect) in enumerate(todo, 1):
            whole.set_description(f"all ({number} of {len(todo)} networks)")
            model.run(defect, device, progress=whole.update if progress else False)


def open_study(data: str = TWIN, profile: str = "smoke", seed: int = 0, runs: str = "") -> Study:
    """Check the parameters of a chapter and freeze them.

    Raises
    ------
    ValueError
        If the profile does not exist (lists those that do) or the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed: {seed} is negative")
    return Study(data or TWIN, experiments.profile(profile), seed, Path(runs or ROOT))
