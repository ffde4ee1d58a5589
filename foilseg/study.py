"""A study: data, profile, seed, and the place where its runs lie.

What a chapter opens first. Runs that are there are found, those that are missing are trained,
and nothing is trained twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg import experiments, folder, runs
from foilseg.dataset import Dataset, Foil, split
from foilseg.experiments import Profile

TWIN = "twin"
DATA_ROOT = Path("_data")
RUNS_ROOT = Path("_runs")


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

    @property
    def root(self) -> Path:
        """The dataset folder."""
        if self.data != TWIN:
            return Path(self.data)
        from foilseg import twin

        name = f"twin-{self.profile.name}-{runs.code_version(twin.MODULES)[:8]}"
        config = twin.TwinConfig(**self.profile.twin)
        return twin.write(DATA_ROOT / name, config, lights=1)

    @property
    def is_twin(self) -> bool:
        """Whether the embedded twin is the data."""
        return self.data == TWIN

    def _repr_html_(self) -> str:
        """The banner at the head of a chapter: which study its numbers come from."""
        smoke = self.profile.name == "smoke"
        kind, title = ("warning", "Smoke run") if smoke else ("note", "Study")
        caution = (
            " A smoke run shows that everything works. It is far too small for its numbers to mean"
            " anything."
            if smoke
            else ""
        )
        data = self.dataset
        facts = (
            f"Data: {data.name} ({len(data.foils)} foils, fingerprint {data.fingerprint[:8]});"
            f" profile {self.profile.name}; seed {self.seed}; code {runs.code_version()[:8]}."
        )
        return (
            f'<div class="admonition {kind}"><p class="admonition-title">{title}</p>'
            f"<p>{facts}{caution}</p></div>"
        )

    def determines(self, name: str) -> dict[str, Any]:
        """Everything that decides what the run of an experiment holds."""
        from foilseg import fit

        return fit.determinants(self.dataset, experiments.experiment(name), self.profile, self.seed)

    def run(self, name: str, device: str = "auto", progress: bool = True) -> runs.Run:
        """The run of an experiment, trained if it is not there yet."""
        from foilseg import fit

        found = runs.find(self.runs, self.determines(name))
        if found:
            return found
        row = experiments.experiment(name)
        places = {"device": device, "progress": progress}
        return fit.fit(self.dataset, row, self.profile, self.seed, self.runs, **places)

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of the experiments that have no run yet."""
        return [name for name in names if runs.find(self.runs, self.determines(name)) is None]

    def counts(self, names: Iterable[str], against: str = "label") -> pd.DataFrame:
        """Stored counts of several experiments: model, foil, defect, tp, fp, fn, tn.

        Only defects count; ``against`` is ``"label"`` or ``"truth"``.

        Raises
        ------
        ValueError
            If the data has no such reference.
        """
        frames = []
        for name in names:
            frame = self.run(name).counts()
            frame.insert(0, "model", experiments.experiment(name).title)
            frames.append(frame[frame["against"] == against])
        table = pd.concat(frames, ignore_index=True)
        if table.empty:
            raise ValueError(f"against: the data has no {against!r}; use 'label'")
        order = [c.name for c in self.dataset.defects]
        table = table[table["defect"].isin(order)].drop(columns="against")
        table["defect"] = pd.Categorical(table["defect"], order)
        models = list(dict.fromkeys(table["model"]))
        table["model"] = pd.Categorical(table["model"], models)
        return table.sort_values(["model", "foil", "defect"]).reset_index(drop=True)

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

    def predictions(self, names: Iterable[str], foil: str) -> dict[str, np.ndarray]:
        """Model title -> predicted mask of the foil's validation region."""
        titles = {name: experiments.experiment(name).title for name in names}
        return {title: self.run(name).prediction(foil) for name, title in titles.items()}

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


def open_study(data: str = TWIN, profile: str = "smoke", seed: int = 0, runs: str = "") -> Study:
    """Check the parameters of a chapter and freeze them.

    Raises
    ------
    ValueError
        If the profile does not exist (lists those that do) or the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed: {seed} is negative")
    return Study(data or TWIN, experiments.profile(profile), seed, Path(runs or RUNS_ROOT))
