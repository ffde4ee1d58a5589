"""One network of a study: what determines it, its run, and training those that have none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from foilseg.data.dataset import Dataset
from foilseg.sampling.pools import Index
from foilseg.studies import cluster
from foilseg.studies import workers as processes
from foilseg.training import experiments
from foilseg.training.rows import Experiment, Profile
from foilseg.training.runs import folder, lock
from foilseg.training.stored_run import StoredRun

LISTED = 6  # networks that a message names


class NotTrainedError(RuntimeError):
    """Networks without a run; the message names them and what trains them."""


class Home(Protocol):
    """What a network needs of the study that it is in, see :class:`foilseg.studies.study.Study`."""

    profile: Profile
    seed: int
    runs: Path

    @property
    def dataset(self) -> Dataset: ...

    @property
    def index(self) -> Index: ...

    @property
    def root(self) -> Path: ...

    @property
    def is_twin(self) -> bool: ...

    def render(self) -> object: ...

    def moved(self, runs: Path | None = None) -> Home: ...

    def find(self, determines: dict[str, Any]) -> StoredRun | None: ...

    def command(self, names: Iterable[str]) -> str: ...


@dataclass(frozen=True)
class Network:
    """The network of a row in a study; of a One-vs-Rest row that for one defect."""

    study: Home
    row: Experiment
    defect: str = ""

    @property
    def name(self) -> str:
        """Its experiment, and the defect if it has one."""
        return f"{self.row.name} ({self.defect})" if self.defect else self.row.name

    @property
    def label(self) -> str:
        """What a progress bar calls it."""
        home = self.study
        parts = (self.row.name, self.defect, home.profile.name, f"seed {home.seed}")
        return " ".join(filter(None, parts))

    @property
    def iterations(self) -> int:
        """Of its training, and of those before it that relabel for it."""
        return self.row.trainings * self.study.profile.iterations

    def determines(self) -> dict[str, Any]:
        """Everything that decides what its run holds."""
        s = self.study
        return experiments.determinants(s.dataset, self.row, s.profile, s.seed, self.defect)

    def path(self) -> Path:
        """The folder of its run, whether it is there or not."""
        return folder(self.study.runs, self.determines())

    def found(self) -> StoredRun | None:
        """Its run if it is there, of one's own or shipped."""
        return self.study.find(self.determines())

    def run(self) -> StoredRun:
        """Its run; a NotTrainedError if it is not there."""
        found = self.found()
        if found is None:
            raise _not_trained([self])
        return found

    def moved(self, runs: Path | None = None) -> Network:
        """The same with absolute paths, and another folder for the runs if one is given."""
        return replace(self, study=self.study.moved(runs))

    def prepare(self) -> None:
        """Render the twin, if it is the data and not there yet; one process at a time."""
        if self.study.is_twin and not self.study.root.is_dir():
            with lock(self.study.root.resolve(), wait=True):
                self.study.render()

    def train(self, device: str, progress: Callable[[int], object]) -> StoredRun:
        """Train it, unless its run is there; ``progress`` is told numbers of iterations."""
        from foilseg.training import fit, relabelling

        s, shared = self.study, {"device": device, "progress": progress}
        data, where = s.dataset, (s.profile, s.seed, s.runs)
        if self.row.relabel:
            data = relabelling.relabelled(data, self.row.relabel, *where, **shared)
        index = None if self.row.relabel else s.index  # is of the labels as they are
        return fit.fit(data, self.row, *where, defect=self.defect, index=index, **shared)


def lacking(networks: Iterable[Network]) -> list[Network]:
    """Those of some networks that have no run yet."""
    return [network for network in networks if network.found() is None]


def require(networks: Iterable[Network]) -> None:
    """Raise a NotTrainedError unless every one of some networks has its run."""
    without = lacking(networks)
    if without:
        raise _not_trained(without)


def train(
    networks: Sequence[Network],
    device: str = "auto",
    progress: bool = True,
    workers: int = 1,
    scheduler: str = "",
) -> None:
    """Train those of some networks that have no run yet.

    One bar over all iterations that are missing, and one for each network under way.

    Parameters
    ----------
    workers : how many networks are trained at a time, each in a process of its own.
    scheduler : address of a Dask cluster that trains them, ``"local"`` for one on this machine;
        "" for this machine's processes.
    """
    todo = lacking(networks)
    if not todo:
        return
    crew = cluster.crew(scheduler) if scheduler else None
    processes.train(todo, max(1, min(workers, len(todo))), device, progress, crew)


def _not_trained(networks: Sequence[Network]) -> NotTrainedError:
    shown = ", ".join(network.name for network in networks[:LISTED])
    shown += f" and {len(networks) - LISTED} more" if networks[LISTED:] else ""
    home, names = networks[0].study, list(dict.fromkeys(n.row.name for n in networks))
    said = f"{shown}: not trained with seed {home.seed}; study.train("
    if any(name not in experiments.ROWS for name in names):
        return NotTrainedError(f"{said}[...]) with your own rows trains what is missing")
    return NotTrainedError(
        f"{said}{names}) trains what is missing, and so does `{home.command(names)}`"
    )
