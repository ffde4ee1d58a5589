"""The models as rows of a table, and the profiles they are trained in.

An experiment is a row, never a file or a class: sampler, loss, weights. The same row means the
same thing on any dataset folder, because weights and classes come from the data.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

STANDARD_WEIGHTS = (0.25, 0.75)  # negative class, every defect (thesis 3.4.2)
GAMMA = 2.0  # focusing parameter of the thesis


@dataclass(frozen=True)
class Experiment:
    """One model of Fig. 3.12.

    Attributes
    ----------
    name : what the command line calls it.
    title : what tables and legends call it.
    published : the thesis's name of the model in Tables A1 and A2, or "" if it has none.
    gamma : focusing parameter; 0 is cross entropy.
    weights : ``"none"``, ``"standard"``, ``"icf"`` or ``"iscf"``.
    """

    name: str
    title: str
    published: str = ""
    gamma: float = 0.0
    weights: str = "none"


@dataclass(frozen=True)
class Profile:
    """How large a study is. Batch and refresh are choices: the thesis states neither.

    ``twin`` holds the arguments of :class:`foilseg.twin.TwinConfig` for the embedded data.
    """

    name: str
    base: int
    patch: int
    batch: int
    iterations: int
    refresh: int
    twin: dict[str, Any] = field(hash=False, default_factory=dict)

    @property
    def keep(self) -> tuple[int, ...]:
        """The iterations whose models are kept: 70, 75, ..., 100 % (thesis 3.5.1)."""
        return tuple(sorted({max(1, self.iterations * part // 20) for part in range(14, 21)}))

    @property
    def sizes(self) -> dict[str, int]:
        """Everything but the name and the twin: what a training is told."""
        return {k: v for k, v in asdict(self).items() if k not in ("name", "twin")}


_EXPERIMENTS = [
    Experiment("baseline", "Baseline", "Baseline"),
    Experiment("focal-iscf", "FL ISCF", "FL ISCF", gamma=GAMMA, weights="iscf"),
]
EXPERIMENTS = {e.name: e for e in _EXPERIMENTS}

_SMOKE_TWIN = {"foils": 4, "height": 640, "width": 512, "scale": 0.5}
_PROFILES = [
    Profile("smoke", base=8, patch=64, batch=8, iterations=96, refresh=12, twin=_SMOKE_TWIN),
    Profile("desk", base=8, patch=128, batch=4, iterations=1500, refresh=50, twin={"scale": 0.5}),
    Profile("thesis", base=32, patch=256, batch=8, iterations=10_000, refresh=175),
]
PROFILES = {p.name: p for p in _PROFILES}


def _pick(kind: str, table: dict, name: str):
    if name not in table:
        raise ValueError(f"{kind} {name!r} does not exist; choose one of {', '.join(table)}")
    return table[name]


def experiment(name: str) -> Experiment:
    """The row of that name; a ValueError lists the rows there are."""
    return _pick("experiment", EXPERIMENTS, name)


def profile(name: str) -> Profile:
    """The profile of that name; a ValueError lists the profiles there are."""
    return _pick("profile", PROFILES, name)
