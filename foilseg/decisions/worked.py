"""One picture worked out as ``foilseg predict --decision`` does: an example from pixels to stop."""

from __future__ import annotations

from collections.abc import Iterator
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
from foilseg.decisions.scores import class_scores
from foilseg.evaluation.object_scores import near
from foilseg.measured import held_out
from foilseg.studies.study import Study
from foilseg.training import restore


@dataclass(frozen=True, eq=False)
class Worked:
    """A picture, what is reported in it, and what is decided.

    Attributes
    ----------
    chosen : the decision.
    foil : the picture, with its annotation.
    classes : those that the decision promises something for.
    objects : the reported objects as in ``objects.csv``, the most certain first, with a column
        ``annotated``: "yes" if one comes within the decision's reach of an annotated object.
    """

    chosen: Decision
    foil: Foil
    classes: tuple[LabelClass, ...]
    objects: pd.DataFrame

    @property
    def word(self) -> str:
        """Stop or go."""
        return STOP if self.chosen.stops(self.objects["area_pixels"].tolist()) else GO

    @property
    def promises(self) -> pd.DataFrame:
        """What was promised: a row a class, and what this picture has of it.

        Columns class, ``from probability``, ``missed at most``, pictures, ``false there`` (reports
        in the calibration pictures), ``reported here`` and ``of these annotated``.
        """
        rows = []
        for each in self.chosen.promises:
            own = self.objects[self.objects["class"] == each.name]
            chance = float(expit(each.threshold))
            head = (each.name, chance, each.miss, each.images, each.false)
            rows.append((*head, len(own), int((own["annotated"] == "yes").sum())))
        columns = ["class", "from probability", "missed at most", "pictures", "false there"]
        return pd.DataFrame(rows, columns=[*columns, "reported here", "of these annotated"])


def of_study(study: Study, name: str = brought.BEST, root: Path = brought.FOLDER) -> Worked | None:
    """A test foil by a network that comes with us; None if that is for other data.

    It is the first of the foils that show most classes.
    """
    if name not in brought.names(root):
        return None
    run = brought.open_network(Path(name), root)
    source = study.source.held_out
    if source is None or run.determines["data"] != study.dataset.fingerprint:
        return None
    chosen = decision.read(root / f"{name}.json")
    classes = {c.name: c for c in restore.classes(run)}
    foil = max(held_out.dataset(study).foils, key=lambda foil: len(np.unique(foil.mask)))
    scores = class_scores(restore.load(run), foil.image)
    found = listed(
        entry | {"annotated": "yes" if close else "no"}
        for p in chosen.promises
        for entry, close in _reported(p, chosen, foil, classes[p.name].index, scores)
    )
    columns = ["class", "score", "area_pixels", "area_mm2", *BOX, "annotated"]
    promised = tuple(classes[p.name] for p in chosen.promises)
    return Worked(chosen, foil, promised, pd.DataFrame(found, columns=columns))


def _reported(promise: Promise, chosen: Decision, foil: Foil, index: int, scores) -> Iterator:
    """The reported objects of a class, each with whether it is near an annotated one."""
    score = scores[index]
    close = near(score >= promise.threshold, foil.mask == index, chosen.reach)
    return zip(objects_of(score, promise.threshold, promise.name, chosen), close, strict=True)
