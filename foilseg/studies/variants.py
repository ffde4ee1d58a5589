"""Variants of the desk study: one thing is changed at a time, to see what a difference hangs on.

Each is a profile of its own with the few models that its question needs. ``make variants`` trains
and ships them all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from foilseg.training import experiments
from foilseg.training.experiments import EXPERIMENTS, Experiment, Profile
from foilseg.twin.annotators import AnnotatorConfig
from foilseg.twin.kinds import KINDS

BASE = "desk"
_FAULTLESS = AnnotatorConfig(**dict.fromkeys(AnnotatorConfig.__dataclass_fields__, 0.0))
_ONE_OF_EACH = ("baseline", "oversampled-cavities", "equal-pixels", "wce-icf", "focal-iscf")


@dataclass(frozen=True)
class Variant:
    """The desk study with one thing changed.

    Attributes
    ----------
    profile : its sizes and its twin, under a name of its own.
    changed : what is changed, in words.
    rows : the models that are trained, by name or as rows of their own.
    """

    profile: Profile
    changed: str
    rows: tuple[str | Experiment, ...]


def _variant(name: str, changed: str, rows: tuple, twin: dict | None = None, **sizes) -> Variant:
    base = experiments.profile(BASE)
    profile = replace(base, name=name, twin={**base.twin, **(twin or {})}, **sizes)
    return Variant(profile, changed, rows)


def _variants() -> list[Variant]:
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
            ("baseline", "equal-samples", "wce-icf"),
            batch=8,
            iterations=3000,
            refresh=25,
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


VARIANTS = {variant.profile.name: variant for variant in _variants()}


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
