"""The data of a study: a dataset folder, or the twin that its profile describes.

Reading never renders: the twin is rendered by :meth:`Source.render`, a verb.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from foilseg.data import files, folder, splits
from foilseg.data.dataset import TEST, Dataset, training_regions, validation_regions
from foilseg.sampling.pools import Index, build_index
from foilseg.studies.shipped import Shipped, open_shipped
from foilseg.training.rows import Profile

TWIN = "twin"
DATA_ROOT = Path("_data")
TEST_SEED = 1000  # of the twin's test foils; never of one to train on


@lru_cache(maxsize=2)
def _load(root: Path, test: bool, state: int) -> Dataset:
    """A dataset folder, which several studies of a process read once while it stays as it is."""
    return folder.load(root, test)


class NotRenderedError(RuntimeError):
    """The twin is not there yet; the message says what renders it."""


@dataclass(frozen=True)
class Source:
    """Where data lie, and what was read of them; that is read once, and not passed on.

    Attributes
    ----------
    data : ``"twin"`` or the path of a dataset folder.
    profile : of the study, with the settings of the twin and the size of patches.
    shipped_as : name of a study in ``results``, or "".
    numbers : whether that may be a study of numbers alone, of which no chapter can be made.
    test : of a dataset folder, the images that are kept for the test instead of all others.
    """

    data: str
    profile: Profile
    shipped_as: str = ""
    numbers: bool = False
    test: bool = False

    def __getstate__(self) -> dict[str, Any]:
        """What another process is told: the fields, and nothing that was read."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def is_twin(self) -> bool:
        """Whether the embedded twin is the data."""
        return self.data == TWIN

    @property
    def root(self) -> Path:
        """The dataset folder, whether it is there or not."""
        if not self.is_twin:
            return Path(self.data)
        return DATA_ROOT / f"twin-{self.profile.name}-{self.recipe[:8]}"

    @property
    def recipe(self) -> str:
        """What the twin is rendered from; "" of other data."""
        if not self.is_twin:
            return ""
        from foilseg.twin import render

        return render.recipe(render.TwinConfig(**self.profile.twin))

    @property
    def identity(self) -> str:
        """What the data are, known of the twin before it is rendered."""
        return self.recipe or self.dataset.fingerprint

    @cached_property
    def held_out(self) -> Source | None:
        """The test foils of the twin: as many again with another seed; those of other data that
        ``splits.csv`` keeps for the test, or None."""
        if not self.is_twin:
            kept = TEST in splits.read(self.root).parts.values()
            return Source(self.data, self.profile, test=True) if kept else None
        twin = {**self.profile.twin, "seed": TEST_SEED}
        return Source(TWIN, replace(self.profile, name=f"{self.profile.name}-test", twin=twin))

    def render(self, progress: bool = True) -> Path:
        """Render the twin, if it is the data and not there yet; the dataset folder."""
        if not self.is_twin:
            return self.root
        from foilseg.twin import render

        return render.write(self.root, render.TwinConfig(**self.profile.twin), progress, lights=1)

    @property
    def shipped(self) -> Shipped | None:
        """The shipped study of this name, if chapters can be made of it or ``numbers`` do."""
        found = open_shipped(self.shipped_as) if self.shipped_as else None
        return found if found and (self.numbers or found.manifest["predictions"]) else None

    @property
    def dataset(self) -> Dataset:
        """The data; where a shipped study is of this twin, with the masks of the study.

        Raises
        ------
        NotRenderedError
            If the twin is not there yet.
        foilseg.data.scan.DatasetError
            If anything in the folder is wrong.
        """
        return self._read[0]

    @property
    def rendering(self) -> str:
        """A sentence on what the rendering here differs in from the shipped study's, or ""."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[Dataset, str]:
        if self.is_twin and not self.root.is_dir():
            raise NotRenderedError(
                f"{self.root}: the twin is not rendered yet; study.render() renders it, and so do "
                f"open_study() and `foilseg train baseline --profile {self.profile.name}`"
            )
        data = _load(self.root, self.test, files.state([self.root, *self.root.glob("*")]))
        return self.shipped.adopt(data) if self.is_twin and self.shipped else (data, "")

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Foil -> pixels of its validation region that count."""
        return {foil.name: foil.area for foil in validation_regions(self.dataset)}

    @cached_property
    def index(self) -> Index:
        """The index of the training regions for the profile's patches."""
        classes = len(self.dataset.classes)
        return build_index(training_regions(self.dataset), classes, self.profile.patch)
