"""What really helps: rows that the thesis does not have, beside its thirteen, with their costs.

All are judged as the thirteen are (:mod:`foilseg.analysis.trainings`): the validation regions set
every threshold to the one FPR of the study, and the test foils judge it. Variants of the baseline
bear the name of what is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from foilseg.analysis import records
from foilseg.analysis.records import Record
from foilseg.analysis.trainings import Compared, average_precisions, mean_tpr
from foilseg.evaluation import bootstrap, operating_points
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.operating_points import Trainings
from foilseg.networks.registry import OPINIONS
from foilseg.studies import variants
from foilseg.training import rows
from foilseg.training.experiments import BEYOND as BEYOND_ROWS
from foilseg.training.experiments import experiment
from foilseg.training.rows import Experiment

BEYOND, DECAY = f"{variants.BASE}-beyond", f"{variants.BASE}-decay"
# The controls that are a profile of their own -> what a model of the thirteen is called in it.
CONTROLS = {
    f"{variants.BASE}-longer": "{model}, four times the steps",
    f"{variants.BASE}-shorter": "{model}, a quarter of the steps",
    DECAY: "{model}, falling rate",
}
# What a row changes -> what sort of remedy that is; several of them are "together".
KINDS = {
    "loss": "loss",
    "gamma": "loss",
    "weights": "loss",
    "sampler": "patches",
    "alter": "patches",
    "average": "training",
    "decay": "training",
    "network": "prediction",
}
MOST_COST, CLOSE = 1.5, 0.005  # of a recommended recipe; its distance to the highest mean TPR
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
        return self._at_one_fpr()

    def _at_one_fpr(self, judge: str = "label") -> pd.DataFrame:
        return operating_points.at_one_fpr(self.parts, self.base.levels, judge)

    def counting(self, number: int) -> Remedies:
        """The same models with their first trainings alone, at most so many."""
        return replace(self, parts=_first(self.parts, number))

    @property
    def trainings(self) -> int:
        """How many of each model count."""
        return self.even[TRAINING].nunique()

    @property
    def new(self) -> list[str]:
        """What is none of the thirteen."""
        return [title for title in self.parts if title not in self.base.parts]

    @property
    def lacking(self) -> str:
        """A sentence: the rows and controls that are not trained yet; "" if all are."""
        rows = [(row, BEYOND) for row in BEYOND_ROWS]
        rows += [(row, profile) for profile in CONTROLS for row in _shown(profile)]
        names = [_name(experiment(row).title, profile, self.base.parts) for row, profile in rows]
        lacking = [name for name in names if name not in self.parts]
        return f"Not trained yet, and so in no table: {', '.join(lacking)}." if lacking else ""

    @property
    def best(self) -> str:
        """The one of the thirteen with the highest mean TPR there: the hardest to beat."""
        means = mean_tpr(self.even, ["model"])
        return str(means[list(self.base.parts)].idxmax())

    @property
    def times(self) -> pd.DataFrame:
        """Costs as multiples of the plain model's."""
        return self.costs / self.costs.loc[self.plain]

    def gains(
        self,
        than: str,
        defect: str = "",
        resamples: int = 1000,
        seed: int = 0,
        counts: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """What every model finds more than one of them: difference of the TPR, low, high.

        Of the mean over the defects, or of one ``defect``. Rows the models; intervals over images
        and trainings. ``counts`` : by default those at one FPR, judged by the annotation.
        """
        counts = self.even if counts is None else counts
        if defect:
            counts = counts[counts["defect"].astype(str) == defect]
        found = bootstrap.differences(counts, than, resamples, seed)
        found = found[found["rate"] == "TPR"].set_index("model")[["difference", "low", "high"]]
        itself = pd.DataFrame(0.0, index=[than], columns=found.columns)
        return pd.concat([found, itself]).loc[list(self.parts)].rename_axis("model")

    def _both(self, than: str, defect: str, *drawn, **counts) -> pd.DataFrame:
        """:meth:`gains` of the mean, and of a defect beside it, under the names of a table."""
        whole = self.gains(than, "", *drawn, **counts)
        own = self.gains(than, defect, *drawn, **counts)
        whole = whole.rename(columns={"difference": "mean TPR"})
        return whole.join(own.set_axis([defect, "least", "most"], axis=1))

    def table(self, defect: str, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
        """A row a model that goes beyond: what it finds more than the plain one, and its cost.

        Columns model, kind (:func:`kind`), ``mean TPR`` (difference at one FPR), low, high, the
        same of one defect under its name with ``least`` and ``most``, ``average precision``,
        ``training`` and ``prediction`` in units of the plain model's cost, and ``trainings``, the
        number of those that count.
        """
        beside = self._both(self.plain, defect, resamples, seed)
        precise = average_precisions(self.parts, self.base.defects)
        beside = beside.join(precise.rename("average precision"))
        beside = beside.join(self.times)
        table = beside.loc[[*self.new, self.best]].rename_axis("model").reset_index()
        kinds = ["of the thesis" if m == self.best else kind(m) for m in table["model"]]
        table.insert(1, "kind", kinds)
        return table.assign(trainings=self.trainings)

    def by_truth(self, defect: str, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
        """The differences to the plain model as in :meth:`table`, judged by the truth.

        Thresholds are set by the truth of the validation regions as well, to the same FPR.
        """
        counts = self._at_one_fpr("truth")
        return self._both(self.plain, defect, resamples, seed, counts=counts).reset_index()

    def lead(self, model: str, defect: str, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
        """A model minus each of the thirteen: model, mean TPR, low, high, defect, least, most."""
        own = self._both(model, defect, resamples, seed).loc[list(self.base.parts)]
        turned = -own[["mean TPR", "high", "low", defect, "most", "least"]]
        return turned.set_axis(own.columns, axis=1).rename_axis("model").reset_index()

    def choice(self, defect: str) -> pd.DataFrame:
        """What the recommended recipe is chosen by: the *validation* regions alone.

        Columns model, ``mean TPR`` and that of one defect at one FPR, ``training`` and
        ``prediction``; of all that may be chosen, the highest first.
        """
        here = {title: Trainings(p.chosen_on, p.chosen_on) for title, p in self.parts.items()}
        counts = operating_points.at_one_fpr(here, self.base.levels)
        own = counts[counts["defect"].astype(str) == defect]
        columns = {"mean TPR": mean_tpr(counts, ["model"]), defect: mean_tpr(own, ["model"])}
        table = pd.DataFrame(columns).join(self.times)
        table = table.loc[self.new].sort_values("mean TPR", ascending=False, kind="stable")
        return table[table["training"] <= MOST_COST].rename_axis("model").reset_index()

    @property
    def chosen(self) -> str:
        """What the rule of ``book/protocol.md`` chooses from :meth:`choice`."""
        table = self.choice(self.base.defects[0])
        close = table[table["mean TPR"] >= table["mean TPR"].iloc[0] - CLOSE]
        return str(close.sort_values("prediction", kind="stable")["model"].iloc[0])


def shipped() -> dict[str, Record]:
    """What goes beyond the thirteen, by profile: the shipped studies of it."""
    there = (BEYOND, *CONTROLS)
    return {name: record for name, record in records.varied().items() if name in there}


def of_records(base: Record, others: Mapping[str, Record]) -> Remedies:
    """The thirteen of a record and all models of others, by profile.

    So many trainings count as every one of them has: the first ones.
    """
    parts, costs = dict(base.compared.parts), [_costs(base)]
    plain = next(e for e in base.shipped.manifest["models"] if e["experiment"] == "baseline")
    for profile, record in others.items():
        kept = _kept(profile, record)
        names = {title: _name(title, profile, parts) for title in kept}
        parts |= {names[title]: record.trainings_of(title) for title in kept}
        costs.append(_costs(record).loc[kept].rename(index=names))
    least = min(len(part.chosen_on) for part in parts.values())
    return Remedies(base.compared, _first(parts, least), pd.concat(costs), plain["title"])


def _kept(profile: str, record: Record) -> list[str]:
    """The titles of a record's models that go beyond the thirteen."""
    shown = {getattr(row, "name", row) for row in _shown(profile)}
    models = record.shipped.manifest["models"]
    return [entry["title"] for entry in models if entry["experiment"] in shown]


def _first(parts: Mapping[str, Trainings], number: int) -> dict[str, Trainings]:
    """The first trainings of every model."""
    return {t: Trainings(p.chosen_on[:number], p.judged_on[:number]) for t, p in parts.items()}


def _shown(profile: str) -> tuple[str | Experiment, ...]:
    """The rows of a control that change one thing: of a falling rate the baseline alone."""
    return ("baseline",) if profile == DECAY else variants.rows(profile)


def alone(found: Remedies, record: Record, title: str) -> Remedies:
    """The thirteen and one model of a record, with all trainings that it and they have."""
    own = record.trainings_of(title)
    number = min(len(own.chosen_on), found.base.trainings)
    return replace(found, parts=_first({**found.base.parts, title: own}, number))


def _name(title: str, profile: str, taken: Mapping[str, Trainings]) -> str:
    """A model's title; with what is changed where another one has it."""
    return (
        CONTROLS[profile].format(model=title) if title in taken and profile in CONTROLS else title
    )


def _costs(record: Record) -> pd.DataFrame:
    """Multiply-adds of every model of a record by its title here: training, prediction.

    Only those of the networks count; what is drawn, pasted or averaged costs beside them little.
    """
    sizes, table = record.shipped.manifest["sizes"], {}
    patches = sizes["iterations"] * sizes["batch"]
    for entry in record.shipped.manifest["models"]:
        each = [record.shipped.run(name) for name in entry["runs"]]
        row = rows.row_of(each[0].determines)
        often = row.trainings / OPINIONS.get(row.network, 1)  # in training one at a time
        table[entry["title"]] = {
            "training": PASSES * patches * sum(r.cost()["macs_per_patch"] for r in each) * often,
            "prediction": sum(run.cost()["macs_per_megapixel"] for run in each),
        }
    return pd.DataFrame(table, dtype=float).T


def kind(title: str) -> str:
    """What sort of remedy a row is, by its title; "training" if it is trained for longer."""
    row = next((row for row in BEYOND_ROWS.values() if row.title == title), None)
    if row is None:
        return "training"
    if row.relabel or row.alter == "edges-ignored" or row.loss == "forward_corrected":
        return "labels"
    changed = {KINDS[name] for name in row.determining if name in KINDS}
    return changed.pop() if len(changed) == 1 else "together"
