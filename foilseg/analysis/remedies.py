"""What really helps: rows that the thesis does not have, beside its thirteen, with their costs.

All are judged as the thirteen are (:mod:`foilseg.analysis.trainings`): the validation regions set
every threshold to the one FPR of the study, and the test foils judge it. Variants of the baseline
bear the name of what is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from foilseg.analysis.records import Record
from foilseg.analysis.trainings import Compared, mean_tpr
from foilseg.evaluation import bootstrap, operating_points
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.operating_points import Trainings
from foilseg.studies import variants

BEYOND = f"{variants.BASE}-beyond"
# The controls that are a profile of their own -> what their models are called here.
CONTROLS = {
    f"{variants.BASE}-longer": "{model}, four times the steps",
    f"{variants.BASE}-shorter": "{model}, a quarter of the steps",
    f"{variants.BASE}-decay": "{model}, falling rate",
}
PASSES = 3  # of a network in a step of training: forward, and twice as much backward


@dataclass(frozen=True, eq=False)
class Remedies:
    """The thirteen and what goes beyond them, each model under a title of its own.

    Attributes
    ----------
    base : the thirteen, which give the FPR that all are set to.
    parts : title -> histograms of the validation regions and of the test foils, the thirteen
        first.
    costs : title -> multiply-adds: ``training`` of the whole model, and ``prediction`` of a
        megapixel.
    plain : the model that all are compared with.
    """

    base: Compared
    parts: Mapping[str, Trainings]
    costs: pd.DataFrame
    plain: str

    @cached_property
    def even(self) -> pd.DataFrame:
        """Counts of all models at the one FPR of the thirteen, where thresholds are judged."""
        return operating_points.at_one_fpr(self.parts, self.base.levels)

    @property
    def trainings(self) -> int:
        """How many of each model count."""
        return self.even[TRAINING].nunique()

    @property
    def new(self) -> list[str]:
        """What is none of the thirteen."""
        return [title for title in self.parts if title not in self.base.parts]

    @property
    def best(self) -> str:
        """The one of the thirteen with the highest mean TPR there: the hardest to beat."""
        means = mean_tpr(self.even, ["model"])
        return str(means[list(self.base.parts)].idxmax())

    @property
    def average_precision(self) -> pd.Series:
        """Of every model, as :attr:`foilseg.analysis.trainings.Compared.average_precision`."""
        return Compared(self.even, self.parts).average_precision

    def gains(
        self, against: str, defect: str = "", resamples: int = 1000, seed: int = 0
    ) -> pd.DataFrame:
        """What every model finds more than one of them: difference of the TPR, low, high.

        Of the mean over the defects, or of one ``defect``. Rows the models; intervals over images
        and trainings.
        """
        counts = self.even
        if defect:
            counts = counts[counts["defect"].astype(str) == defect]
        found = bootstrap.differences(counts, against, resamples, seed)
        found = found[found["rate"] == "TPR"].set_index("model")
        return found[["difference", "low", "high"]]

    def table(self, defect: str, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
        """A row a model that goes beyond: what it finds more than the plain one, and its cost.

        Columns model, ``mean TPR`` (difference at one FPR), low, high, the same of one defect
        under its name with ``least`` and ``most``, ``average precision``, and ``training`` and
        ``prediction`` in units of the plain model's cost.
        """
        whole = self.gains(self.plain, "", resamples, seed)
        own = self.gains(self.plain, defect, resamples, seed)
        own = own.set_axis([defect, "least", "most"], axis=1)
        whole = whole.rename(columns={"difference": "mean TPR"})
        beside = whole.join(own).join(self.average_precision.rename("average precision"))
        beside = beside.join(self.costs / self.costs.loc[self.plain])
        order = [*self.new, self.best]
        return beside.loc[order].rename_axis("model").reset_index()

    def without_thresholds(self, defect: str) -> pd.DataFrame:
        """Mean TPR and that of one defect on the *validation* regions: what choices rest on."""
        here = {title: Trainings(p.chosen_on, p.chosen_on) for title, p in self.parts.items()}
        counts = operating_points.at_one_fpr(here, self.base.levels)
        own = counts[counts["defect"].astype(str) == defect]
        columns = {"mean TPR": mean_tpr(counts, ["model"]), defect: mean_tpr(own, ["model"])}
        return pd.DataFrame(columns).loc[list(self.parts)]


def of_records(base: Record, others: Mapping[str, Record]) -> Remedies:
    """The thirteen of a record and all models of others, by profile.

    So many trainings count as every one of them has: the first ones.
    """
    parts, costs = dict(base.compared.parts), [_costs(base)]
    for profile, record in others.items():
        name = CONTROLS.get(profile, "{model}").format
        parts |= {name(model=title): part for title, part in record.compared.parts.items()}
        costs.append(_costs(record).rename(index=lambda model, name=name: name(model=model)))
    least = min(len(part.chosen_on) for part in parts.values())
    cut = {t: Trainings(p.chosen_on[:least], p.judged_on[:least]) for t, p in parts.items()}
    plain = next(e for e in base.shipped.manifest["models"] if e["experiment"] == "baseline")
    return Remedies(base.compared, cut, pd.concat(costs), plain["title"])


def _costs(record: Record) -> pd.DataFrame:
    """Multiply-adds of every model of a record by its title here: training, prediction.

    Only those of the networks count; what is drawn, pasted or averaged costs beside them little.
    """
    sizes, rows = record.shipped.manifest["sizes"], {}
    for entry in record.shipped.manifest["models"]:
        each = [record.shipped.run(name).cost for name in entry["runs"]]
        patches = sizes["iterations"] * sizes["batch"]
        patch = sum(cost["macs_per_patch"] for cost in each)
        rows[entry["title"]] = {
            "training": PASSES * patches * patch,
            "prediction": sum(cost["macs_per_megapixel"] for cost in each),
        }
    return pd.DataFrame(rows, dtype=float).T
