"""Variants of the book's study: one thing is changed at a time, to see what a difference hangs on.

Each is a profile of its own with the few models that its question needs. ``make variants`` trains
and ships them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from foilseg.training import experiments
from foilseg.training.experiments import BEYOND, EXPERIMENTS, RECOMMENDED
from foilseg.training.rows import Experiment, Profile
from foilseg.twin.annotators import AnnotatorConfig

BASE = "matched"
# The profiles of real images, and what "all" means in them: the thesis's models and the recipe, or
# the recipe and what it is compared with.
_REAL_ROWS = (*EXPERIMENTS, RECOMMENDED)
REAL = {"photographs": _REAL_ROWS, "tiles": _REAL_ROWS, "tiles-longer": ("baseline", RECOMMENDED)}
_FAULTLESS = AnnotatorConfig(**dict.fromkeys(AnnotatorConfig.__dataclass_fields__, 0.0))
_ONE_OF_EACH = ("baseline", "oversampled-cavities", "equal-pixels", "wce-icf", "focal-iscf")


@dataclass(frozen=True)
class Variant:
    """A study with one thing changed.

    Attributes
    ----------
    profile : its sizes and its twin, under a name of its own.
    changed : what is changed, in words.
    rows : the models that are trained, by name or as rows of their own.
    again : those of them that are trained three times.
    objects : those whose tables of objects, and what else was found out of them, go along.
    late : whether what late checkpoints predict goes along.
    """

    profile: Profile
    changed: str
    rows: tuple[str | Experiment, ...]
    again: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    late: bool = False


def _variant(name: str, changed: str, rows: tuple, twin: dict | None = None, **sizes) -> Variant:
    other = experiments.profile(BASE)
    profile = replace(other, name=name, twin={**other.twin, **(twin or {})}, **sizes)
    return Variant(profile, changed, rows)


LARGER = {"batch": 8, "iterations": 3000, "refresh": 25}
FEW = ("baseline", "equal-samples", "wce-icf")


def _all() -> list[Variant]:
    contrasts = {k: v for k, v in experiments.profile(BASE).twin.items() if "contrast" in k}
    double, half = ({k: f * v for k, v in contrasts.items()} for f in (2.0, 0.5))
    random = Experiment("equal-pixels-thesis", "Eq. Pixels, thesis", sampler="random_order")
    committee = Experiment("committee", "Four baselines", network="committee")
    quarter = "the same patches in batches of 8, a quarter of the steps"
    rate, one = 4 * experiments.profile(BASE).learning_rate, ("baseline",)
    each = [
        ("batch-8", quarter, FEW, None, LARGER),
        ("batch-8-rate", f"{quarter}, at four times the learning rate", FEW, None,
         {**LARGER, "learning_rate": rate}),
        ("decay", "the learning rate falls to 0 (power 0.9)", FEW, None, {"decay": 0.9}),
        ("faultless", "the annotators make no error", _ONE_OF_EACH,
         {"annotators": _FAULTLESS}, {}),
        ("easier", "defects twice as high or deep", _ONE_OF_EACH, double, {}),
        ("harder", "defects half as high or deep", _ONE_OF_EACH, half, {}),
        ("random-order", "Equal Pixels by the thesis's procedure (10%, random order)",
         (random,), None, {}),
        ("fine", "50 micrometres per pixel, patches of 256", one, {"scale": 1.0}, {"patch": 256}),
        ("beyond", "losses, patches, averages and predictions of today, and controls",
         tuple(BEYOND), None, {}),
        ("longer", "four times the steps", ("baseline", committee), None, {"iterations": 48_000}),
        ("shorter", "a quarter of the steps", ("binary",), None, {"iterations": 3_000}),
        ("start", "the last layer begins at the priors of the classes",
         ("baseline", "focal", "wce-icf", "binary"), None, {"start": "priors"}),
        ("base-16", "16 feature maps in the first layer", one, None, {"base": 16}),
    ]  # fmt: skip
    made = [
        _variant(f"{BASE}-{name}", changed, rows, twin, **sizes)
        for name, changed, rows, twin, sizes in each
    ]
    beyond = {"again": tuple(BEYOND), "objects": (RECOMMENDED,)}
    more = {f"{BASE}-beyond": beyond, f"{BASE}-fine": {"late": True}}
    return [replace(variant, **more.get(variant.profile.name, {})) for variant in made]


VARIANTS = {variant.profile.name: variant for variant in _all()}


def names() -> list[str]:
    """Every profile there is, those of the variants last."""
    return [*experiments.PROFILES, *VARIANTS]


def profile(name: str) -> Profile:
    """The profile of that name, of a variant or not.

    Raises
    ------
    ValueError
        If there is none; lists those there are.
    """
    if name in VARIANTS:
        return VARIANTS[name].profile
    if name not in experiments.PROFILES:
        raise ValueError(f"profile {name!r} does not exist; choose one of {', '.join(names())}")
    return experiments.profile(name)


def rows(name: str) -> tuple[str | Experiment, ...]:
    """The models that "all" means in a profile: those of a variant, else all."""
    if name in VARIANTS:
        return VARIANTS[name].rows
    return REAL.get(name, tuple(EXPERIMENTS))


def again(name: str) -> tuple[str, ...]:
    """The models of a variant that are trained three times; none of another profile."""
    return VARIANTS[name].again if name in VARIANTS else ()


def objects(name: str) -> tuple[str, ...]:
    """The models whose tables of objects go along with a study of numbers."""
    if name in VARIANTS:
        return VARIANTS[name].objects
    return REAL.get(name, ())


def late(name: str) -> bool:
    """Whether a variant brings what late checkpoints predict, or further trainings."""
    return name in VARIANTS and bool(VARIANTS[name].late or VARIANTS[name].again)
