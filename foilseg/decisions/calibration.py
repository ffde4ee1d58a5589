"""A run and annotated pictures -> thresholds that keep a promise, by conformal risk control.

Pictures that the run was not trained on have to be used. Of its own training data these are the
validation regions; of other data, all of every picture, if the user says that none was trained
on. Each class gets its own threshold, the
strictest whose expected share of misses in one more picture with the class is at most what was
asked for. What is missed is a pixel, or an object: it is found if reported pixels within 2 of it
are a tenth of its own (the defaults).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from foilseg.data.dataset import Dataset, Foil, LabelClass, validation_regions
from foilseg.decisions import conformal, decision, likeness
from foilseg.decisions.conformal import LEVELS
from foilseg.decisions.decision import Decision, Promise
from foilseg.decisions.scores import class_scores, object_scores
from foilseg.evaluation.object_scores import near
from foilseg.training import restore
from foilseg.training.runs import Run

MOST_KEPT = 200_000_000  # values of log-odds that are kept in memory; more are worked out twice
MOST_SETTINGS = 2000  # thresholds that are tried for pixels; of objects all that there are
REACH, COVER = 2, 0.1  # what counts as found unless told otherwise
WHOLE, VALIDATION = "whole pictures", "validation regions"


def pictures(run: Run, data: Dataset, unseen: bool = False) -> tuple[str, tuple[Foil, ...]]:
    """What of a data set the run was not trained on: which part, and the pictures.

    Raises
    ------
    ValueError
        If these are not the data that it was trained on, and nobody says that it has not seen
        them: a folder with a picture more, or a label mended, is another one, and most of it was
        trained on.
    """
    if run.determines["data"] == data.fingerprint:
        return VALIDATION, validation_regions(data)
    if not unseen:
        raise ValueError(
            f"{data.name}: is not, or no longer, the data that {run.name} was trained on; give "
            "those, or say --unseen if it was trained on none of these pictures"
        )
    return WHOLE, data.foils


def calibrate(
    run: Run,
    data: Dataset,
    miss: float,
    *,
    level: str = "object",
    classes: Sequence[str] = (),
    unseen: bool = False,
    reach: int = REACH,
    cover: float = COVER,
    stop_pixels: int = 1,
    stop_number: int = 1,
    device: str = "auto",
    progress: Callable[[str], object] = lambda name: None,
) -> Decision:
    """Choose the thresholds.

    Parameters
    ----------
    run : of any kind.
    data : a dataset folder with the run's classes.
    miss : largest expected share of misses, in (0, 1).
    level : ``"object"`` or ``"pixel"``.
    classes : names of the defects; all that the run knows unless told.
    unseen : that the run was trained on none of these pictures (:func:`pictures`).
    reach, cover : when an object is found (:func:`foilseg.decisions.scores.object_scores`).
    stop_pixels, stop_number : see :class:`foilseg.decisions.decision.Decision`.

    Raises
    ------
    foilseg.decisions.conformal.PromiseError
        If so few misses cannot be promised by these pictures; names the class and the smallest
        share that can.
    ValueError
        If a parameter is none of the above, the data have other channels or other classes than
        the run, or no picture shows a class.
    """
    check(miss, level, cover, stop_pixels, stop_number)
    wanted = _wanted(run, data, classes)
    part, foils = pictures(run, data, unseen)
    _check_shown(foils, wanted, data)
    scores_of = _scores_of(run, wanted, foils, device)
    collected: dict[str, list] = {c.name: [] for c in wanted}
    described = []
    for foil in foils:
        own = scores_of(foil)
        described.append(likeness.describe(foil.image, own))
        for c in wanted:
            score = foil.without_ignored(own[c.name], -np.inf)
            collected[c.name].append(scores_in(score, foil.mask == c.index, reach, cover))
        progress(foil.name)
    promises = [_promise(c.name, collected[c.name], miss, level) for c in wanted]
    return Decision(
        run=run.name,
        weights=decision.weights(run),
        data=data.name,
        fingerprint=data.fingerprint,
        part=part,
        level=level,
        reach=reach,
        cover=cover,
        area=sum(foil.area for foil in foils),
        pixel_size_um=data.pixel_size_um,
        stop_pixels=stop_pixels,
        stop_number=stop_number,
        promises=tuple(_with_false(promises, foils, wanted, scores_of, reach)),
        likeness=likeness.Likeness.of(described),
    )


def _scores_of(
    run: Run, wanted: Sequence[LabelClass], foils: Sequence[Foil], device: str
) -> Callable[[Foil], dict[str, np.ndarray]]:
    """Foil -> the log-odds (H, W) of each wanted class; kept in memory if there is room."""
    predictor = restore.load(run, device)
    fits = len(wanted) * sum(foil.mask.size for foil in foils) <= MOST_KEPT

    @lru_cache(None if fits else 1)
    def scores_of(foil: Foil) -> dict[str, np.ndarray]:
        scores = class_scores(predictor, foil.image)
        return {c.name: scores[c.index] for c in wanted}

    return scores_of


def check(
    miss: float,
    level: str = "object",
    cover: float = COVER,
    stop_pixels: int = 1,
    stop_number: int = 1,
) -> None:
    """Refuse what :func:`calibrate` cannot take, before anything is loaded or predicted.

    Raises
    ------
    ValueError
        If a parameter is out of its range; names it.
    """
    if not 0 < miss < 1:
        raise ValueError(f"miss: {miss} is no share between 0 and 1")
    if level not in LEVELS:
        raise ValueError(f"level: {level!r} is not one of {', '.join(LEVELS)}")
    if not 0 <= cover <= 1:
        raise ValueError(f"cover: {cover} is no share of an object")
    for name, value in (("stop_pixels", stop_pixels), ("stop_number", stop_number)):
        if value < 1:
            raise ValueError(f"{name}: {value}; use 1 or more")


def _wanted(run: Run, data: Dataset, names: Sequence[str]) -> list[LabelClass]:
    """The classes to promise for; the data must call them as the run does."""
    there = {c.name: c for c in decision.classes_of(run)}
    for name in names:
        if name not in there:
            raise ValueError(f"class: {name!r} is not one of {', '.join(there)}")
    chosen = [there[name] for name in dict.fromkeys(names)] or list(there.values())
    in_data = {c.name: c.index for c in data.classes}
    other = [c.name for c in chosen if in_data.get(c.name) != c.index]
    if other:
        raise ValueError(
            f"{data.name}: has no class {', '.join(other)} with the index that {run.name} was "
            "trained with; name the classes that both have"
        )
    return chosen


def _check_shown(foils: Sequence[Foil], wanted: Sequence[LabelClass], data: Dataset) -> None:
    for c in wanted:
        if not any((foil.mask == c.index).any() for foil in foils):
            rest = [other.name for other in wanted if other != c]
            advice = f"name others ({', '.join(rest)})" if rest else "annotate some"
            raise ValueError(f"{data.name}: no picture shows {c.name}; {advice}")


def scores_in(
    score: np.ndarray, mask: np.ndarray, reach: int = REACH, cover: float = COVER
) -> dict[str, np.ndarray]:
    """Of a picture, the scores up to which its objects, and its pixels, are found; sorted."""
    objects = object_scores(score, mask, reach, cover)
    return {"object": np.sort(objects), "pixel": np.sort(score[mask].astype(float))}


def losses(
    each: Sequence[np.ndarray], most: int | None = MOST_SETTINGS
) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds from strict to loose, and the share that each picture misses at each of them.

    Parameters
    ----------
    each : of every picture that shows the class, the scores up to which things are found, rising.
    most : thresholds at most, which then are quantiles of the scores, the lowest among them; None
        takes all.

    Returns
    -------
    float64 (settings,) falling, and float64 (pictures, settings). At a threshold is found what
    scores at least as much.
    """
    settings = np.unique(np.concatenate(list(each)))
    if most and len(settings) > most:
        settings = np.unique(np.quantile(settings, np.linspace(0, 1, most), method="lower"))
    settings = settings[np.isfinite(settings)][::-1]
    missed = [np.searchsorted(scores, settings, side="left") / len(scores) for scores in each]
    return settings, np.array(missed).reshape(len(each), len(settings))


def _promise(name: str, collected: list[dict], miss: float, level: str) -> Promise:
    shown = [each for each in collected if len(each["pixel"])]
    most = MOST_SETTINGS if level == "pixel" else None
    settings, missed = losses([each[level] for each in shown], most)
    try:
        chosen = conformal.choose(missed, miss)
    except conformal.PromiseError as error:
        raise conformal.PromiseError(
            f"{name}: {len(shown)} pictures that show it cannot promise that at most {miss:g} is "
            f"missed; the smallest share that they can promise is {error.least:.3f}. Give more "
            "pictures, or ask for that",
            error.least,
        ) from error
    threshold = float(settings[chosen.place])
    scores = np.concatenate([each["object"] for each in shown])
    found = int((scores >= threshold).sum())
    left = conformal.left_out(missed, miss)
    mean = float(left.mean()) if len(left) else None
    error = float(left.std(ddof=1) / len(left) ** 0.5) if len(left) else None
    return Promise(
        name, threshold, miss, chosen.images, chosen.risk, 0, found, len(scores), mean, error
    )


def _with_false(
    promises: Sequence[Promise], foils, wanted, scores_of: Callable, reach: int
) -> list[Promise]:
    """The promises with the objects that are falsely reported in the calibration pictures."""
    false = dict.fromkeys((p.name for p in promises), 0)
    for foil in foils:
        scores = scores_of(foil)
        for c, promise in zip(wanted, promises):
            said = foil.without_ignored(scores[c.name] >= promise.threshold)
            false[c.name] += false_objects(said, foil.mask == c.index, reach)
    return [replace(p, false=false[p.name]) for p in promises]


def false_objects(said: np.ndarray, mask: np.ndarray, reach: int) -> int:
    """Components of ``said`` (H, W) that come within ``reach`` pixels of no object of ``mask``."""
    return int((~near(said, mask, reach)).sum())
