"""Variants of a study: one thing is changed at a time, to see what a difference hangs on.

Each is a profile of its own with the few models that its question needs. ``make variants`` trains
and ships those of the desk study.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from foilseg.training import experiments
from foilseg.training.experiments import EXPERIMENTS
from foilseg.training.rows import Experiment, Profile
from foilseg.twin.annotators import AnnotatorConfig
from foilseg.twin.kinds import KINDS

BASE, MATCHED = "desk", "matched"
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
    base : the profile of the study that it varies.
    """

    profile: Profile
    changed: str
    rows: tuple[str | Experiment, ...]
    base: str = BASE


def _variant(
    name: str, changed: str, rows: tuple, twin: dict | None = None, study: str = BASE, **sizes
) -> Variant:
    other = experiments.profile(study)
    profile = replace(other, name=name, twin={**other.twin, **(twin or {})}, **sizes)
    return Variant(profile, changed, rows, study)


LARGER = {"batch": 8, "iterations": 3000, "refresh": 25}
FEW = ("baseline", "equal-samples", "wce-icf")


def _of_desk() -> list[Variant]:
    faint = {f"contrast_{kind.short}": 0.5 for kind in KINDS}
    narrow = Experiment(
        "equal-pixels-narrow",
        "Eq. Pixels, narrow",
        sampler="equal_pixels",
        options={"variety": 0.2},
    )
    return [
        _variant(
            "larger-batch",
            "the same patches in batches of 8: a quarter of the steps",
            FEW,
            **LARGER,
        ),
        _variant(
            "clean-labels",
            "the annotators make no error",
            _ONE_OF_EACH,
            {"annotators": _FAULTLESS},
        ),
        _variant("faint", "defects half as high or deep", _ONE_OF_EACH, faint),
        _variant("narrow", "Equal Pixels may keep a fifth of the variety, not four", (narrow,)),
    ]


def _of_matched() -> list[Variant]:
    contrasts = {k: v for k, v in experiments.profile(MATCHED).twin.items() if "contrast" in k}
    double, half = ({k: f * v for k, v in contrasts.items()} for f in (2.0, 0.5))
    random = Experiment("equal-pixels-thesis", "Eq. Pixels, thesis", sampler="random_order")
    quarter = "the same patches in batches of 8, a quarter of the steps"
    rate, one = 4 * experiments.profile(MATCHED).learning_rate, ("baseline",)
    each = [
        ("batch-8", quarter, FEW, None, LARGER),
        ("batch-8-rate", f"{quarter}, at four times the learning rate", FEW, None,
         {**LARGER, "learning_rate": rate}),
        ("decay", "the learning rate falls to 0 (power 0.9)", FEW, None, {"decay": 0.9}),
        ("faultless", "the annotators make no error", _ONE_OF_EACH,
         {"annotators": _FAULTLESS}, {}),
        ("easier", "defects twice as high or deep", _ONE_OF_EACH, double, {}),
        ("harder", "defects half as high or deep", _ONE_OF_EACH, half, {}),
        ("random-order", "Equal Pixels by the thesis's procedure (10 %, random order)",
         (random,), None, {}),
        ("fine", "50 micrometres a pixel, patches of 256", one, {"scale": 1.0}, {"patch": 256}),
        ("base-16", "16 feature maps in the first layer", one, None, {"base": 16}),
    ]  # fmt: skip
    return [
        _variant(f"{MATCHED}-{name}", changed, rows, twin, MATCHED, **sizes)
        for name, changed, rows, twin, sizes in each
    ]


VARIANTS = {variant.profile.name: variant for variant in (*_of_desk(), *_of_matched())}


def of(base: str = BASE) -> dict[str, Variant]:
    """The variants of a study, by their names."""
    return {name: variant for name, variant in VARIANTS.items() if variant.base == base}


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
    return VARIANTS[name].rows if name in VARIANTS else tuple(EXPERIMENTS)
