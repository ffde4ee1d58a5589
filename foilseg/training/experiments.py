"""The models as rows of a table, and the profiles they are trained in.

An experiment is a row, never a file or a class: sampler, loss, weights, scheme. The same row
means the same thing on any dataset folder, because classes, weights and the number of One-vs-Rest
networks come from the data.

Adding a model needs a row and nothing else. In the library it is a line of the table below. A
notebook makes one and hands it over wherever the name of an experiment is taken::

    mild = Experiment("focal-mild", "FL mild", gamma=0.5, weights="iscf")
    study.model(mild).train()
    study.model(mild).counts()

Nothing is registered by that, and a row that bears the name of one of the table but says
something else is refused.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache
from hashlib import sha256
from typing import Any

from foilseg.code_version import code_version
from foilseg.data.dataset import Dataset, rarest
from foilseg.networks.registry import LOSSES, NETWORKS, NORMALISERS
from foilseg.networks.weighting import WEIGHTS
from foilseg.registry import root_of
from foilseg.sampling.resampling import SAMPLERS

GAMMA = 2.0  # focusing parameter of the thesis
MULTI_CLASS, ONE_VS_REST = "multi-class", "one-vs-rest"
SCHEMES = (MULTI_CLASS, ONE_VS_REST)
# field of a row -> the registry it names something of
CHOICES = {
    "sampler": SAMPLERS,
    "loss": LOSSES,
    "weights": WEIGHTS,
    "normaliser": NORMALISERS,
    "network": NETWORKS,
    "scheme": SCHEMES,
}
SHOWN = ("name", "title", "published")  # fields that decide nothing


# Where the code of every run begins, and of one that joins One-vs-Rest networks.
FIT, JOIN = ("training.fit", "fit"), ("training.one_vs_rest", "join")
DATA = tuple(("data.dataset", name) for name in ("Foil", "Dataset", "as_float"))


def told(settings: Any) -> dict[str, Any]:
    """The fields of a row or profile that are not at their default."""
    kept = {}
    for place in fields(settings):
        made = place.default_factory is not MISSING
        default = place.default_factory() if made else place.default
        value = getattr(settings, place.name)
        if value != default:
            kept[place.name] = value
    return kept


@dataclass(frozen=True)
class Experiment:
    """One model of Fig. 3.12.

    Attributes
    ----------
    name : what the command line calls it.
    title : what tables and legends call it; no two models of one table may share it.
    published : the thesis's name of the model in Tables A1 and A2, or "" if it has none.
    sampler : where training patches come from, a key of
        :data:`foilseg.sampling.resampling.SAMPLERS`, which also says what it takes where
        ``options`` say nothing.
    gamma : focusing parameter; 0 is cross entropy.
    weights : a key of :data:`foilseg.networks.weighting.WEIGHTS`.
    normaliser : what the summed loss is divided by, ``"pixels"`` or ``"weights"``.
    scheme : ``"multi-class"`` for one network with a logit a class, ``"one-vs-rest"`` for one
        network with a single logit per defect.
    loss, network : keys of :data:`foilseg.networks.registry.LOSSES` and ``NETWORKS``.
    options : further arguments of the sampler, such as ``{"choice": "object"}``.

    Raises
    ------
    ValueError
        If a field holds none of its choices, the name is no file name, or the sampler needs a
        One-vs-Rest network and there is none.
    """

    name: str
    title: str
    published: str = ""
    sampler: str = "uniform"
    gamma: float = 0.0
    weights: str = "none"
    normaliser: str = "pixels"
    scheme: str = MULTI_CLASS
    loss: str = "focal"
    network: str = "unet"
    options: dict[str, Any] = field(hash=False, default_factory=dict)

    def __post_init__(self):
        if not self.name or not all(c.isalnum() or c in "-_" for c in self.name):
            raise ValueError(f"name: {self.name!r}; use letters, digits, - and _")
        for key, choices in CHOICES.items():
            if getattr(self, key) not in choices:
                given = getattr(self, key)
                raise ValueError(f"{key}: {given!r} is not one of {', '.join(choices)}")
        if not self.gamma >= 0:
            raise ValueError(f"gamma: {self.gamma} is negative")
        if SAMPLERS[self.sampler].one_vs_rest and not self.is_one_vs_rest:
            raise ValueError(f"sampler: {self.sampler!r} needs scheme={ONE_VS_REST!r}")

    @property
    def is_one_vs_rest(self) -> bool:
        """Whether the model is one network per defect."""
        return self.scheme == ONE_VS_REST

    @property
    def determining(self) -> dict[str, Any]:
        """What decides the result: every field that is not at its default, but titles.

        So a field that is added later renames no run. A default must never be changed.
        """
        return {k: v for k, v in told(self).items() if k not in SHOWN}

    @property
    def roots(self) -> tuple[tuple[str, str], ...]:
        """Where the code begins that its runs are computed with."""
        loss = (
            LOSSES[self.loss].one_vs_rest if self.is_one_vs_rest else LOSSES[self.loss].multi_class
        )
        chosen = (*SAMPLERS[self.sampler].roots, root_of(WEIGHTS[self.weights]), loss.root)
        joined = (JOIN,) if self.is_one_vs_rest else ()
        return (FIT, *DATA, *joined, *chosen, NETWORKS[self.network].root)

    @property
    def code(self) -> str:
        """Hash of that code (:mod:`foilseg.code_version`)."""
        return code_version(*self.roots)


@dataclass(frozen=True)
class Profile:
    """How large a study is. Batch and refresh are choices: the thesis states neither.

    ``threads`` of torch while a network is trained and predicts, 0 for as many as torch takes;
    their number decides the last bits of a result. One thread is the fastest for small patches,
    and many times so on a busy machine (benchmarks/README.md).
    ``twin`` holds the arguments of :class:`foilseg.twin.render.TwinConfig` for the embedded data.
    """

    name: str
    base: int
    patch: int
    batch: int
    iterations: int
    refresh: int
    threads: int = 0
    twin: dict[str, Any] = field(hash=False, default_factory=dict)

    @property
    def keep(self) -> tuple[int, ...]:
        """The iterations whose models are kept: 70, 75, ..., 100 % (thesis 3.5.1)."""
        return tuple(sorted({max(1, self.iterations * part // 20) for part in range(14, 21)}))

    @property
    def sizes(self) -> dict[str, int]:
        """Everything but the name and the twin: what a training is told."""
        return {k: v for k, v in told(self).items() if k not in ("name", "twin")}


def _rows() -> list[Experiment]:
    focal, rest = {"gamma": GAMMA}, {"scheme": ONE_VS_REST}
    return [
        Experiment("baseline", "Baseline", "Baseline"),
        Experiment("equal-samples", "Eq. Samples", "Eq. Samples", "equal_samples"),
        Experiment("oversampled-cavities", "Os. Cavities", "Os. Cavities", "oversampled"),
        Experiment("equal-pixels", "Eq. Pixels", "Eq. Pixels", "equal_pixels"),
        Experiment("binary", "Binary", "Binary", **rest),
        Experiment("binary-balanced", "Bin. Balanced", "Bin. Balanced", "binary_balanced", **rest),
        Experiment("wce-icf", "wCE ICF", "wCE ICF", weights="icf"),
        Experiment("wce-iscf", "wCE ISCF", "wCE ISCF", weights="iscf"),
        Experiment("focal", "Focal Loss", "Focal Loss", weights="standard", **focal),
        Experiment("focal-icf", "FL ICF", "FL ICF", weights="icf", **focal),
        Experiment("focal-iscf", "FL ISCF", "FL ISCF", weights="iscf", **focal),
        Experiment("binary-focal", "Binary FL", "Binary FL", weights="standard", **focal, **rest),
        Experiment(
            "binary-focal-iscf", "Bin FL ISCF", "Bin FL ISCF", weights="iscf", **focal, **rest
        ),
    ]


EXPERIMENTS = {row.name: row for row in _rows()}

_HALF = {"scale": 0.5}
_SMOKE_TWIN = {"foils": 4, "height": 640, "width": 512, **_HALF}
_PROFILES = [
    Profile("smoke", 8, 64, batch=8, iterations=96, refresh=12, threads=1, twin=_SMOKE_TWIN),
    Profile("desk", 8, 128, batch=2, iterations=12_000, refresh=100, threads=1, twin=_HALF),
    Profile("thesis", base=32, patch=256, batch=8, iterations=10_000, refresh=175),
]
PROFILES = {p.name: p for p in _PROFILES}


def _pick(kind: str, table: dict, name: str):
    if name not in table:
        raise ValueError(f"{kind} {name!r} does not exist; choose one of {', '.join(table)}")
    return table[name]


def experiment(name: str | Experiment) -> Experiment:
    """The row of that name, or the row itself.

    Raises
    ------
    ValueError
        If there is no such name (lists those there are), or if a row bears the name of one of
        the table and differs from it.
    """
    if not isinstance(name, Experiment):
        return _pick("experiment", EXPERIMENTS, name)
    if EXPERIMENTS.get(name.name, name) != name:
        raise ValueError(f"experiment {name.name!r} is taken by another row; give yours a new name")
    return name


def select(names: str) -> list[str]:
    """The models of a chapter's parameter: ``"all"``, or names separated by commas, each once.

    Raises
    ------
    ValueError
        If a name does not exist (lists those that do), or there is none.
    """
    if names.strip() == "all":
        return list(EXPERIMENTS)
    chosen = dict.fromkeys(filter(None, map(str.strip, names.split(","))))
    if not chosen:
        raise ValueError("models: names no model; use 'all' or names separated by commas")
    return [experiment(name).name for name in chosen]


def profile(name: str) -> Profile:
    """The profile of that name; a ValueError lists the profiles there are."""
    return _pick("profile", PROFILES, name)


def networks(row: Experiment, data: Dataset) -> tuple[str, ...]:
    """What a model's networks are for: ``("",)`` for one of all classes, else every defect."""
    return tuple(c.name for c in data.defects) if row.is_one_vs_rest else ("",)


@lru_cache(maxsize=8)  # asked for every model that a table names
def title(row: Experiment, data: Dataset) -> str:
    """The row's title; "Os. Cavities" names the class that it oversamples in other data."""
    if row == EXPERIMENTS["oversampled-cavities"] and rarest(data).name != "cavity":
        return f"Os. {rarest(data).name}"
    return row.title


def determinants(
    data: Dataset, row: Experiment, profile: Profile, seed: int, defect: str = ""
) -> dict[str, Any]:
    """Everything that decides what a run holds; its hash names the run's folder."""
    return {
        "experiment": row.name,
        **row.determining,
        "defect": defect,
        "profile": profile.name,
        **profile.sizes,
        "seed": seed,
        "data": data.fingerprint,
        "code": row.code,
    }


def all_code() -> str:
    """Hash of the code of all models together."""
    return sha256("".join(row.code for row in EXPERIMENTS.values()).encode()).hexdigest()[:16]


def row_of(determines: dict[str, Any]) -> Experiment:
    """The row that a run with these determinants was made by, without its title.

    Raises
    ------
    ValueError
        If it names something that there is no more.
    """
    known = {place.name for place in fields(Experiment)} - set(SHOWN)
    chosen = {k: v for k, v in determines.items() if k in known}
    return Experiment(determines["experiment"], determines["experiment"], **chosen)
