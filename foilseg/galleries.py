"""Rules that pick examples, so that nobody picks them by hand.

Each rule returns a :class:`Pick`: which foil, by which rule, with which value, and where to look.
Of equal values the first in the order of the foils counts.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from scipy import ndimage

from foilseg.dataset import Foil, LabelClass
from foilseg.defects import EIGHT, corner_and_size

Box = tuple[int, int, int, int]
Masks = Mapping[str, Mapping[str, np.ndarray]]
NONE = "No foil of these data is picked by this rule"


@dataclass(frozen=True)
class Pick:
    """An example: the rule in words, the foil, the rule's value, and what to look at.

    ``box`` is top, left, height and width in pixels of the region, or None for all of it.
    """

    rule: str
    foil: str
    value: float
    defect: str = ""
    model: str = ""
    box: Box | None = None


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
    return Pick(said, str(foil), float(order[foil]), model=model)


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
    picks = []
    for c in (c for c in classes if c.index):
        free = [f for f in foils if f.name not in foils_of(picks)]
        counts = {f.name: ndimage.label(f.mask == c.index, EIGHT)[1] for f in free}
        name = max(counts, key=counts.__getitem__, default=None)
        if name is not None and counts[name]:
            rule = "most annotated objects of a class, each foil once"
            picks.append(Pick(rule, name, float(counts[name]), c.name))
    return picks


def most_disagreed(masks: Masks) -> Pick:
    """The foil on the largest share of whose pixels the models do not all agree."""
    shares = {}
    for foil, each in masks.items():
        first, *rest = each.values()
        shares[foil] = float(np.mean(np.any([m != first for m in rest], axis=0))) if rest else 0.0
    foil = max(shares, key=shares.__getitem__)
    return Pick("largest share of pixels on which models disagree", foil, shares[foil])


def largest_missed(
    foils: Sequence[Foil], masks: Mapping[str, np.ndarray], classes: Sequence[LabelClass]
) -> Pick | None:
    """The largest annotated defect of which a model finds no pixel; None if there is none.

    ``masks`` : foil name -> mask of the model.
    """
    best = None
    for foil in foils:
        for c in (c for c in classes if c.index):
            numbers, count = ndimage.label(foil.mask == c.index, EIGHT)
            hit = np.unique(numbers[masks[foil.name] == c.index])
            sizes = np.bincount(numbers.ravel(), minlength=count + 1)
            sizes[0] = sizes[hit] = 0
            k = int(sizes.argmax())
            if sizes[k] and (best is None or sizes[k] > best.value):
                box = corner_and_size(ndimage.find_objects(numbers)[k - 1])
                rule = "largest annotated defect of which no pixel is found"
                best = Pick(rule, foil.name, float(sizes[k]), c.name, box=box)
    return best


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
            areas, _ = ndimage.label(votes == most, EIGHT)
            sizes = np.bincount(areas.ravel())
            sizes[0] = 0
            k = int(sizes.argmax())
            if best is None or (most, sizes[k]) > best[0]:
                box = corner_and_size(ndimage.find_objects(areas)[k - 1])
                rule = "most models against the annotation"
                best = (most, sizes[k]), Pick(rule, foil.name, float(most), c.name, box=box)
    return best and best[1]


def sentence(pick: Pick | None, without: str = NONE) -> str:
    """A pick for the prose of a chapter; ``without`` stands for none."""
    if pick is None:
        return without
    what = f", a defect of the class {pick.defect}" if pick.defect else ""
    return f"The rule ({pick.rule}) picks foil {pick.foil}{what}, with the value {pick.value:.4g}"


def look(pick: Pick, foil: Foil, masks: Mapping[str, np.ndarray], least: int = 96):
    """The part of a foil that a pick is about, and the same part of its masks.

    Around a box twice its size, at least ``least`` pixels a side where the foil is that large; all
    of the foil if the pick has no box.
    """
    if pick.box is None:
        return foil, dict(masks)
    corner, sizes = [], []
    for start, size, whole in zip(pick.box[:2], pick.box[2:], foil.shape):
        side = min(whole, max(least, 2 * size))
        corner.append(int(np.clip(start + size // 2 - side // 2, 0, whole - side)))
        sizes.append(side)
    place = tuple(slice(c, c + s) for c, s in zip(corner, sizes))
    return foil.crop(*corner, *sizes), {title: mask[place] for title, mask in masks.items()}


def foils_of(picks: Sequence[Pick | None]) -> list[str]:
    """The names of the foils of some picks, each once."""
    return list(dict.fromkeys(pick.foil for pick in picks if pick))


def link(pick: Pick, shape: tuple[int, int], page: str = "", key: str = "compare") -> str:
    """The address that opens a pick in the viewer of a page.

    ``shape`` : height and width of the foil's region. The box fills about a third of a pane.
    """
    view = {"foil": pick.foil}
    view |= {"defect": pick.defect} if pick.defect else {}
    view |= {"right": pick.model} if pick.model else {}
    if pick.box:
        top, left, height, width = pick.box
        zoom = np.clip(min(shape[1] / (3 * width), shape[0] / (3 * height)), 1, 12)
        place = {"x": left + width / 2, "y": top + height / 2, "zoom": round(float(zoom), 3)}
        view |= place
    return f"{page}#{key}:{urlencode(view)}"


class Listing:
    """Picks as a table whose foils are links into the viewer."""

    WRAPPED = "text-align: left; white-space: normal; min-width: 16em"

    def __init__(self, picks: Sequence[Pick | None], foils: Sequence[Foil], page: str):
        self.picks = [pick for pick in picks if pick]
        self.shapes = {foil.name: foil.shape for foil in foils}
        self.page = page

    def _repr_html_(self) -> str:
        rows = []
        for pick in self.picks:
            address = html.escape(link(pick, self.shapes[pick.foil], self.page))
            cells = map(html.escape, (pick.defect, f"{pick.value:.4g}"))
            foil = f'<a href="{address}">{html.escape(pick.foil)}</a>'
            rule = f'<td style="{self.WRAPPED}">{html.escape(pick.rule)}</td>'
            rest = "".join(f"<td>{cell}</td>" for cell in cells)
            rows.append(f"<td>{foil}</td>{rule}{rest}")
        titles = "".join(f"<th>{name}</th>" for name in ("foil", "rule", "defect", "value"))
        head = f"<thead><tr>{titles}</tr></thead>"
        body = "<tbody>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</tbody>"
        return f'<table class="dataframe">{head}{body}</table>'

    def __repr__(self) -> str:
        return "\n".join(f"{pick.foil}: {pick.rule} ({pick.value:.4g})" for pick in self.picks)
