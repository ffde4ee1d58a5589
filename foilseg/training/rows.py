"""What a row of the table of models says, and what a profile does.

A row is data: it names a sampler, a loss, class weights and a network by their registries, and
knows where the code begins that its runs are computed with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from foilseg.code_version import code_version
from foilseg.evaluation.label_audit import VOTERS
from foilseg.networks.registry import LOSSES, NETWORKS, NORMALISERS, STARTS
from foilseg.networks.weighting import WEIGHTS
from foilseg.registry import pick, root_of
from foilseg.sampling import alterations
from foilseg.sampling.resampling import SAMPLERS

MULTI_CLASS, ONE_VS_REST = "multi-class", "one-vs-rest"
# What a row changes of the plain baseline, in the order in which figures show it.
REMEDIES = ("baseline", "resampling", "One-vs-Rest", "class weights", "focal loss", "beyond")
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
JUDGED = 1000  # iterations of the shortest training whose late checkpoints say anything
SHOWN = ("name", "title", "published")  # fields that decide nothing


# Where the code of every run begins, and of one that joins One-vs-Rest networks.
FIT, JOIN = ("training.fit", "fit"), ("training.one_vs_rest", "join")
RELABEL = ("training.relabelling", "relabelled")
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
    alter : what is done to the patches, of :data:`foilseg.sampling.alterations.ALTERATIONS`,
        joined by "+"; "" for nothing.
    average : decay of the moving average of the weights, 0 for none.
    decay : power with which the learning rate falls to 0; with 0 the profile says it.
    loss_options : further arguments of the loss, such as ``{"missed": 0.2}``.
    relabel : confidence above which what an audit proposes is entered into the training labels
        (:mod:`foilseg.training.relabelling`), 0 for labels as they are.

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
    alter: str = ""
    average: float = 0.0
    decay: float = 0.0
    loss_options: dict[str, Any] = field(hash=False, default_factory=dict)
    relabel: float = 0.0

    def __post_init__(self):
        if not self.name or not all(c.isalnum() or c in "-_" for c in self.name):
            raise ValueError(f"name: {self.name!r}; use letters, digits, - and _")
        for key, choices in CHOICES.items():
            if getattr(self, key) not in choices:
                given = getattr(self, key)
                raise ValueError(f"{key}: {given!r} is not one of {', '.join(choices)}")
        alterations.chosen(self.alter)
        if not self.gamma >= 0:
            raise ValueError(f"gamma: {self.gamma} is negative")
        if not 0 <= self.relabel < 1:
            raise ValueError(f"relabel: {self.relabel} is not at least 0 and below 1")
        if SAMPLERS[self.sampler].one_vs_rest and not self.is_one_vs_rest:
            raise ValueError(f"sampler: {self.sampler!r} needs scheme={ONE_VS_REST!r}")

    @property
    def is_one_vs_rest(self) -> bool:
        """Whether the model is one network per defect."""
        return self.scheme == ONE_VS_REST

    @property
    def remedy(self) -> str:
        """What it changes of the plain baseline, one of :data:`REMEDIES`; of several the last."""
        changed = {
            "One-vs-Rest": self.is_one_vs_rest,
            "focal loss": self.gamma > 0,
            "class weights": self.weights != "none",
            "resampling": self.sampler != "uniform",
        }
        if self.alter or self.average or self.decay or self.relabel:
            return "beyond"
        if self.loss != "focal" or self.network != "unet":
            return "beyond"
        return next((name for name, said in changed.items() if said), "baseline")

    @property
    def trainings(self) -> int:
        """How many networks are trained for each one that is kept."""
        return 1 + (VOTERS if self.relabel else 0)

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
        joined += (RELABEL,) if self.relabel else ()
        altered = (root_of(maker) for maker in alterations.chosen(self.alter))
        return (FIT, *DATA, *joined, *chosen, *altered, NETWORKS[self.network].root)

    @property
    def code(self) -> str:
        """Hash of that code (:mod:`foilseg.code_version`)."""
        return self.code_with({})

    def code_with(self, sizes: Mapping[str, Any]) -> str:
        """The same together with what a profile of these ``sizes`` does to every model."""
        more = [root_of(maker) for maker in alterations.chosen(sizes.get("augment", ""))]
        more += [STARTS[sizes["start"]].root] if "start" in sizes else []
        return code_version(*self.roots, *more)


@dataclass(frozen=True)
class Profile:
    """How large a study is. Batch and refresh are choices: the thesis states neither.

    ``threads`` of torch while a network is trained and predicts, 0 for as many as torch takes;
    their number decides the last bits of a result. One thread is the fastest for small patches,
    and many times so on a busy machine (benchmarks/README.md).
    ``learning_rate`` and ``decay`` are those of :class:`foilseg.training.settings.Settings`.
    ``augment`` names what is done to every training patch of every model
    (:data:`foilseg.sampling.alterations.ALTERATIONS`), before what a row does; the thesis does
    nothing. ``start`` names where every network begins
    (:data:`foilseg.networks.registry.STARTS`), "" where torch lets it.
    ``twin`` holds the arguments of :class:`foilseg.twin.render.TwinConfig` for the embedded data.
    """

    name: str
    base: int
    patch: int
    batch: int
    iterations: int
    refresh: int
    threads: int = 0
    learning_rate: float = 1e-3
    decay: float = 0.0
    augment: str = ""
    start: str = ""
    twin: dict[str, Any] = field(hash=False, default_factory=dict)

    def __post_init__(self):
        alterations.chosen(self.augment)
        if self.start:
            pick("start", STARTS, self.start)

    @property
    def is_smoke(self) -> bool:
        """Whether a training is too short to be judged by."""
        return self.iterations < JUDGED

    @property
    def keep(self) -> tuple[int, ...]:
        """The iterations whose models are kept: 70, 75, ..., 100 % (thesis 3.5.1).

        Of a training too short to be judged by, a smoke run, 70, 85 and 100 %.
        """
        parts = range(14, 21, 3 if self.is_smoke else 1)
        return tuple(sorted({max(1, self.iterations * part // 20) for part in parts}))

    @property
    def sizes(self) -> dict[str, int]:
        """Everything but the name and the twin: what a training is told."""
        return {k: v for k, v in told(self).items() if k not in ("name", "twin")}


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
