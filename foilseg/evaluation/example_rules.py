"""Rules that pick examples, so that nobody picks them by hand.

Each rule returns a :class:`foilseg.evaluation.examples.Pick`: which foil, by which rule, with
which value, and where to look. Of equal values the first in the order of the foils counts.

Rules about what annotators do wrong need data with a truth. The thesis shows a coarse annotation
(Fig. 5.1), chosen by eye.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from foilseg.data.components import boxes, components, corner_and_size
from foilseg.data.dataset import Foil, LabelClass
from foilseg.evaluation.example_windows import densest
from foilseg.evaluation.examples import NONE, Pick, foils_of
from foilseg.evaluation.mistakes import objects

Masks = Mapping[str, Mapping[str, np.ndarray]]
BLIND = "These data have no truth, so nothing can be said about what the annotators did wrong"


def f_scores(counts: pd.DataFrame) -> pd.Series:
    """Foil -> 2 TP / (2 TP + FP + FN), counts added up over the rows; NaN if all are 0."""
    sums = counts.groupby("foil", sort=False, observed=True)[["tp", "fp", "fn"]].sum()
    below = 2 * sums["tp"] + sums["fp"] + sums["fn"]
    return 2 * sums["tp"] / below.where(below > 0)


def by_score(counts: pd.DataFrame, which: str, of: str = "") -> Pick:
    """The foil in which the models of ``counts`` are ``"worst"``, ``"median"`` or ``"best"``.

    What decides is the F-score, with the counts added up over models and defects. The median of
    an even number of foils is the lower one of the middle. Foils without a defect in label and
    prediction have no score and are left out. ``of`` : what the rule calls several models.

    Raises
    ------
    ValueError
        If ``which`` is none of these, or no foil has a score.
    """
    order = f_scores(counts).dropna().sort_values(kind="stable")
    places = {"worst": 0, "median": (len(order) - 1) // 2, "best": -1}
    if which not in places:
        raise ValueError(f"which: {which!r} is not one of {', '.join(places)}")
    if order.empty:
        raise ValueError("counts: no foil has a defect, so none has a score")
    if which == "best":
        order = order[order == order.iloc[-1]].iloc[:1]
    foil = order.index[places[which]]
    models = counts["model"].unique() if "model" in counts else [""]
    model = str(models[0]) if len(models) == 1 else ""
    said = f"{which} F-score{f' of {of or model}' if of or model else ''}"
    return Pick(said, str(foil), float(order[foil]), model=model, unit="(F-score)")


def typical(counts: pd.DataFrame, titles: Sequence[str], of: str = "") -> Pick | None:
    """The foil in which some models have their median F-score; None if they have none."""
    own = counts[counts["model"].isin(titles)]
    if f_scores(own).isna().all():
        return None
    return by_score(own.assign(model=own["model"].astype(str)), "median", of)


def strongest(counts: pd.DataFrame, titles: Sequence[str]) -> str | None:
    """Of some models the one with the highest F-score over all foils; None if none has one."""
    scores = {}
    for title in titles:
        own = counts[counts["model"] == title].assign(foil="all")
        scores |= {title: float(f_scores(own).iloc[0])} if len(own) else {}
    known = {title: score for title, score in scores.items() if score == score}
    return max(known, key=known.__getitem__) if known else None


def representative(foils: Sequence[Foil], classes: Sequence[LabelClass]) -> list[Pick]:
    """For each defect the foil with most annotated objects of it, each foil once.

    A foil that another defect has taken is left out, so the next one follows. A class of which
    no foil that is left has an object has no pick.
    """
    picked = []
    for c in (c for c in classes if c.index):
        free = [f for f in foils if f.name not in foils_of(picked)]
        counts = {f.name: components(f.mask == c.index)[1] for f in free}
        name = max(counts, key=counts.__getitem__, default=None)
        if name is not None and counts[name]:
            rule = "most annotated objects of a class, each foil once"
            picked.append(Pick(rule, name, float(counts[name]), c.name, unit="objects"))
    return picked


def most_disagreed(masks: Masks) -> Pick:
    """The foil on the largest share of whose pixels the models do not all agree.

    Its box is the window with most such pixels
    (:func:`foilseg.evaluation.example_windows.densest`).
    """
    apart = {}
    for foil, each in masks.items():
        first, *rest = each.values()
        apart[foil] = np.any([np.zeros(first.shape, bool), *(m != first for m in rest)], axis=0)
    foil = max(apart, key=lambda name: apart[name].mean())
    rule = "largest share of pixels on which models disagree"
    box = densest(apart[foil])
    return Pick(rule, foil, float(apart[foil].mean()), box=box, unit="% of the pixels")


def largest_missed(
    foils: Sequence[Foil], masks: Mapping[str, np.ndarray], classes: Sequence[LabelClass]
) -> Pick | None:
    """The largest annotated defect of which a model finds no pixel; None if there is none.

    ``masks`` : foil name -> mask of the model.
    """

    def unfound(foil: Foil, c: LabelClass, numbers: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        sizes[np.unique(numbers[masks[foil.name] == c.index])] = 0
        return sizes

    return top_object(
        foils, classes, unfound, "largest annotated defect of which no pixel is found"
    )


def top_object(
    foils: Sequence[Foil],
    classes: Sequence[LabelClass],
    values: Callable[[Foil, LabelClass, np.ndarray, np.ndarray], np.ndarray],
    rule: str,
) -> Pick | None:
    """The annotated object with the highest value, the first of equals; None if none is above 0.

    ``values`` : foil, class, its objects numbered from 1 and their pixels (0: all else) -> the
    value of each, the one of 0 being ignored.
    """
    best = None
    for foil in foils:
        for c in (c for c in classes if c.index):
            numbers, count = components(foil.mask == c.index)
            each = values(foil, c, numbers, np.bincount(numbers.ravel(), minlength=count + 1))
            each[0] = 0
            k = int(each.argmax())
            if each[k] > (best.value if best else 0):
                box = corner_and_size(boxes(numbers)[k - 1])
                best = Pick(rule, foil.name, float(each[k]), c.name, box=box, unit="pixels")
    return best


def typical_object(
    foils: Sequence[Foil], masks: Mapping[str, np.ndarray], c: LabelClass
) -> Pick | None:
    """The object that a model finds as much of as of its whole class; None without any object.

    Of the annotated objects of at least median size, the first whose share of found pixels is
    nearest to that of all pixels of the class. Its value is that share. ``masks`` : foil name ->
    mask of the model.
    """
    parts = [objects(masks[foil.name], foil.mask, c).assign(foil=foil.name) for foil in foils]
    found = pd.concat(parts)  # numbered foil by foil
    if found.empty:
        return None
    share, whole = found["hit"] / found["pixels"], found["hit"].sum() / found["pixels"].sum()
    away = (share - whole).abs().where(found["pixels"] >= found["pixels"].median())
    place = int(np.nanargmin(away))
    name, number = found["foil"].iloc[place], int(found.index[place])
    numbers, _ = components(next(foil for foil in foils if foil.name == name).mask == c.index)
    rule = "as much of it is found as of all of its class"
    box = corner_and_size(boxes(numbers)[number])
    return Pick(rule, name, float(share.iloc[place]), c.name, box=box)


def most_against_label(
    foils: Sequence[Foil], masks: Masks, classes: Sequence[LabelClass]
) -> Pick | None:
    """Where most models say the same defect on unlabelled ground; None if none does.

    Of the areas with the largest number of models, the largest.
    """
    best = None
    for foil in foils:
        stack = np.stack(list(masks[foil.name].values()))
        for c in (c for c in classes if c.index):
            votes = np.where(foil.mask == 0, (stack == c.index).sum(axis=0), 0)
            most = int(votes.max(initial=0))
            if not most:
                continue
            areas, _ = components(votes == most)
            sizes = np.bincount(areas.ravel())
            sizes[0] = 0
            k = int(sizes.argmax())
            if best is None or (most, sizes[k]) > best[0]:
                box = corner_and_size(boxes(areas)[k - 1])
                rule = "most models against the annotation"
                pick = Pick(rule, foil.name, float(most), c.name, box=box, unit="models")
                best = (most, sizes[k]), pick
    return best and best[1]


def share_in_truth(
    pick: Pick | None, foils: Sequence[Foil], masks: Masks, classes: Sequence[LabelClass]
) -> float:
    """How much of what :func:`most_against_label` picked is there: a share of its pixels, or NaN.

    Its pixels are those in its box that as many models report as its defect, and the annotation
    calls background; the truth has the defect in that share of them.
    """
    foil = next((f for f in foils if pick and f.name == pick.foil), None)
    if foil is None or foil.truth is None:
        return float("nan")
    index = next(c.index for c in classes if c.name == pick.defect)
    top, left, height, width = pick.box
    place = slice(top, top + height), slice(left, left + width)
    votes = np.sum([mask[place] == index for mask in masks[foil.name].values()], axis=0)
    said = (votes == pick.value) & (foil.mask[place] == 0)
    return float(np.mean(foil.truth[place][said] == index))


def without_truth(foils: Sequence[Foil]) -> str:
    """What stands in the place of a pick: why there is none."""
    return BLIND if any(foil.truth is None for foil in foils) else NONE


def coarsest(foils: Sequence[Foil], classes: Sequence[LabelClass]) -> Pick | None:
    """The annotated object with most pixels beyond the defect that it stands for.

    Beyond are pixels in which the truth does not have the class; an object without a pixel in
    which it has stands for nothing and is left out. None without a truth or such an object.
    """
    if any(foil.truth is None for foil in foils):
        return None

    def beyond(foil: Foil, c: LabelClass, numbers: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        inside = np.bincount(numbers[foil.truth == c.index], minlength=len(sizes))
        return np.where(inside > 0, sizes - inside, 0)

    rule = "annotated object with most pixels beyond its defect"
    return top_object(foils, classes, beyond, rule)
