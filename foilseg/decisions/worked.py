"""One picture worked out as ``foilseg predict --decision`` does: an example from pixels to stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from foilseg.data.components import BOX
from foilseg.data.dataset import Foil, LabelClass
from foilseg.decisions import brought, decision
from foilseg.decisions.decision import Decision, Promise
from foilseg.decisions.results import GO, STOP, listed, objects_of
from foilseg.decisions.scores import class_scores, object_scores
from foilseg.evaluation.object_scores import near
from foilseg.measured import held_out
from foilseg.studies.study import Study
from foilseg.training import restore

COLUMNS = ["class", "score", "area_pixels", "area_mm2", *BOX, "annotated"]


@dataclass(frozen=True, eq=False)
class Worked:
    """A picture, what is reported in it, and what is decided.

    Attributes
    ----------
    chosen : the decision; None if no network is for the data, and nothing is reported.
    foil : the picture, with its annotation; None likewise.
    classes : those that the decision promises something for.
    objects : the reported objects as in ``objects.csv``, the most certain first, with a column
        ``annotated``: "yes" if one comes within the decision's reach of an annotated object.
    found : class -> bool, which of its annotated objects are found, as the decision counts it.
    """

    chosen: Decision | None
    foil: Foil | None
    classes: tuple[LabelClass, ...]
    objects: pd.DataFrame
    found: Mapping[str, np.ndarray]

    @property
    def word(self) -> str:
        """Stop or go; go if there is no picture."""
        return (
            STOP if self.chosen and self.chosen.stops(self.objects["area_pixels"].tolist()) else GO
        )

    @property
    def promises(self) -> pd.DataFrame:
        """What was promised: a row a class.

        Columns class, ``from probability``, ``missed at most``, ``calibration pictures``, and
        ``false reports in them``.
        """
        rows = [
            (each.name, float(expit(each.threshold)), each.miss, each.images, each.false)
            for each in (self.chosen.promises if self.chosen else ())
        ]
        columns = ["class", "from probability", "missed at most", "calibration pictures"]
        return pd.DataFrame(rows, columns=[*columns, "false reports in them"])

    @property
    def shown(self) -> pd.DataFrame:
        """What this picture shows: a row a class.

        Columns class, ``annotated`` (objects), ``missed`` of them, their share, ``reported``
        (objects), and ``near none`` (of these, near no annotated object).
        """
        rows = []
        for name, found in self.found.items():
            own = self.objects[self.objects["class"] == name]
            missed, share = int((~found).sum()), float((~found).mean()) if len(found) else np.nan
            far = int((own["annotated"] == "no").sum())
            rows.append((name, len(found), missed, share, len(own), far))
        columns = ["class", "annotated", "missed", "share missed", "reported", "near none"]
        return pd.DataFrame(rows, columns=columns)

    def first(self, number: int) -> pd.DataFrame:
        """The most certain objects, with the units in the names of the columns."""
        named = {"area_pixels": "area (pixels)", "area_mm2": "area (mm\N{SUPERSCRIPT TWO})"}
        return self.objects.head(number).rename(columns=named)


def of_study(study: Study, name: str = brought.BEST, root: Path = brought.FOLDER) -> Worked:
    """A test foil by a network that comes with us; without a picture if that is for other data.

    It is the first of the foils that show most classes.
    """
    nothing = Worked(None, None, (), pd.DataFrame(columns=COLUMNS), {})
    if name not in brought.names(root):
        return nothing
    run = brought.open_network(Path(name), root)
    source = study.source.held_out
    if source is None or run.determines["data"] != study.dataset.fingerprint:
        return nothing
    chosen = decision.read(root / f"{name}.json")
    classes = {c.name: c for c in restore.classes(run)}
    foil = max(held_out.dataset(study).foils, key=lambda foil: len(np.unique(foil.mask)))
    scores = class_scores(restore.load(run), foil.image)
    found = listed(
        entry | {"annotated": "yes" if close else "no"}
        for p in chosen.promises
        for entry, close in _reported(p, chosen, foil, classes[p.name].index, scores)
    )
    promised = tuple(classes[p.name] for p in chosen.promises)
    hit = {
        p.name: _until(foil, classes[p.name].index, scores, chosen) >= p.threshold
        for p in chosen.promises
    }
    return Worked(chosen, foil, promised, pd.DataFrame(found, columns=COLUMNS), hit)


def _until(foil: Foil, index: int, scores: np.ndarray, chosen: Decision) -> np.ndarray:
    """Up to which log-odds each annotated object of a class is found, as calibration counts it."""
    own = foil.without_ignored(scores[index], -np.inf)
    return object_scores(own, foil.mask == index, chosen.reach, chosen.cover)


def _reported(promise: Promise, chosen: Decision, foil: Foil, index: int, scores) -> Iterator:
    """The reported objects of a class, each with whether it is near an annotated one."""
    score = scores[index]
    close = near(score >= promise.threshold, foil.mask == index, chosen.reach)
    return zip(objects_of(score, promise.threshold, promise.name, chosen), close, strict=True)
