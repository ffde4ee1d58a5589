"""All trainings of some models beside each other, each judged where its thresholds were not chosen.

The thesis compares models at their own thresholds on the validation regions. Every other
comparison here goes this way: the validation regions set the thresholds, and the test foils, on
which nothing is chosen, judge them (:mod:`foilseg.evaluation.operating_points`). Data without test
foils are judged by the same regions that set the thresholds, and :attr:`Compared.note` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from foilseg.analysis import stability
from foilseg.evaluation import bootstrap, metrics, operating_points, scores
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.curves import Histograms, average_precision, stack
from foilseg.evaluation.operating_points import Trainings
from foilseg.measured import held_out
from foilseg.studies.run_tables import read_histograms
from foilseg.studies.study import Study
from foilseg.training.experiments import Experiment
from foilseg.training.stored_run import StoredRun

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Compared:
    """Several trainings of several models.

    Attributes
    ----------
    own : counts on the validation regions at the models' own thresholds: model, training (0, 1,
        ...), foil, defect, tp, fp, fn, tn.
    parts : title -> histograms of the validation regions, and of where thresholds are judged.
    tested : counts on the test foils at the models' own thresholds, None without test foils.
    against : what all of them are judged by.
    """

    own: pd.DataFrame
    parts: Mapping[str, Trainings]
    tested: pd.DataFrame | None = None
    against: str = "label"

    @property
    def trainings(self) -> int:
        """How many of each model."""
        return self.own[TRAINING].nunique()

    @property
    def defects(self) -> list[str]:
        """Their names, in table order."""
        return list(dict.fromkeys(self.own["defect"].astype(str)))

    @cached_property
    def levels(self) -> dict[str, float]:
        """Defect -> the FPR that all models are set to: the median of their own."""
        return operating_points.common_fpr(self.own)

    @cached_property
    def even(self) -> pd.DataFrame:
        """Counts of all models at one FPR, where thresholds are judged."""
        return operating_points.at_one_fpr(self.parts, self.levels, self.against)

    @property
    def judged(self) -> dict[str, Histograms]:
        """Title -> what its thresholds are judged on, of all trainings together."""
        return {title: stack(part.judged_on) for title, part in self.parts.items()}

    @property
    def average_precision(self) -> pd.Series:
        """Of each model, the mean over defects and trainings where it is defined."""
        return average_precisions(self.parts, self.defects, self.against)

    @property
    def highlighted(self) -> list[str]:
        """A few models for figures to point at: the first, and the extremes of the mean TPR.

        Those that find most at their own threshold, and most and least at one FPR.
        """
        own, even = (mean_tpr(each, ["model"]).fillna(0) for each in (self.own, self.even))
        first = next(iter(self.parts))
        return list(dict.fromkeys([first, own.idxmax(), even.idxmax(), even.idxmin()]))

    @property
    def realised(self) -> pd.DataFrame:
        """What became of the FPR that the thresholds promised."""
        return operating_points.realised(self.even, self.levels)

    def table(self, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
        """Mean TPR of each model: own threshold, and at one FPR with its interval.

        Columns model, ``own threshold`` (validation), ``own threshold, test`` (if there are test
        foils), ``one FPR``, low, high (an interval over images and trainings) and ``average
        precision``, which needs no threshold.
        """
        even = bootstrap.intervals(self.even, resamples, seed)
        even = even[even["rate"] == "TPR"].set_index("model")
        columns = {"own threshold": mean_tpr(self.own, ["model"])}
        if self.tested is not None:
            columns["own threshold, test"] = mean_tpr(self.tested, ["model"])
        columns |= {"one FPR": even["mean"], "low": even["low"], "high": even["high"]}
        columns["average precision"] = self.average_precision
        return pd.DataFrame(columns).loc[list(self.parts)].rename_axis("model").reset_index()

    def each(self) -> pd.DataFrame:
        """Mean TPR of every training: model, training, and the columns of thresholds of a table."""
        keys = ["model", TRAINING]
        columns = {"own threshold": mean_tpr(self.own, keys)}
        if self.tested is not None:
            columns["own threshold, test"] = mean_tpr(self.tested, keys)
        columns["one FPR"] = mean_tpr(self.even, keys)
        return pd.DataFrame(columns).loc[list(self.parts)].rename_axis(keys).reset_index()

    def costs(self, prices: Sequence[float]) -> pd.DataFrame:
        """Cost of each model for some prices of a missed pixel, as a share of reporting nothing."""
        return operating_points.costs(self.parts, self.defects, prices, self.against)

    def cheapest(self, prices: Sequence[float]) -> pd.DataFrame:
        """The cheapest and the dearest model for each price, with their costs."""
        table = self.costs(prices)
        found = {"cheapest": table.idxmin(axis=1), "cost": table.min(axis=1)}
        dearest = {"dearest": table.idxmax(axis=1), "its cost": table.max(axis=1)}
        return pd.DataFrame(found | dearest).reset_index()

    @property
    def note(self) -> str:
        """Sentences: what sets thresholds, what judges them, and over how many trainings."""
        many = {1: "is one training", 2: "are two trainings"}
        counted = many.get(self.trainings, f"are {self.trainings} trainings")
        trained = f"There {counted} of each model."
        if self.tested is None:
            return (
                f"Thresholds are judged by the validation regions that set them, so they look "
                f"better than they are. {trained}"
            )
        foils = self.tested["foil"].nunique()
        return (
            f"Thresholds are set on the validation regions and judged on {foils} test foils, on "
            f"which nothing is chosen. {trained}"
        )

    @property
    def whole_note(self) -> str:
        """A sentence: what whole foils give that were held out, where training saw no part."""
        if self.tested is None:
            return "No foils were held out whole."
        here, there = (mean_tpr(counts, ["model"]).mean() for counts in (self.own, self.tested))
        return (
            f"At their own thresholds the models find on average {here:.3f} of the defect pixels "
            f"of the validation regions and {there:.3f} of those of foils that were held out "
            "whole, of which training saw no part."
        )


def average_precisions(
    parts: Mapping[str, Trainings], defects: Sequence[str], against: str = "label"
) -> pd.Series:
    """Of each model where it is judged, the mean over defects and trainings if it is defined."""
    totals = {
        title: [h.total(d, against) for h in part.judged_on for d in defects]
        for title, part in parts.items()
    }
    return pd.DataFrame({t: map(average_precision, each) for t, each in totals.items()}).mean()


def mean_tpr(counts: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Mean TPR over the defects, pooled, by some keys."""
    return scores.mean_rates_by(counts.astype({"model": str}), keys).set_index(keys)["TPR"]


def complete_seeds(study: Study, names: Sequence[str | Experiment]) -> list[int]:
    """The seeds with which all of some models are trained; the study's own is always one."""
    further = stability.seeds(study)[1:]
    return [study.seed, *(s for s in further if not study.with_seed(s).missing(names))]


def studies_of(study: Study, names: Sequence[str | Experiment], compared: Compared) -> list[Study]:
    """The study with the seed of each training that is compared, in its order."""
    seeds = complete_seeds(study, names)[: compared.trainings]
    return [study.with_seed(seed) for seed in seeds]


def numbered(counts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Counts of trainings, one below the other, with their number in a column."""
    each = [part.astype({"model": str}).assign(**{TRAINING: n}) for n, part in enumerate(counts)]
    return pd.concat(each, ignore_index=True)


def of_study(study: Study, names: Sequence[str | Experiment], against: str = "label") -> Compared:
    """The trainings of a study that are complete.

    The test foils are worked out if they are not yet, but for a smoke run.
    """
    studies = [study.with_seed(seed) for seed in complete_seeds(study, names)]
    own = numbered(s.counts(names, against) for s in studies)
    runs = {
        study.model(name).title: [list(s.model(name).runs.values()) for s in studies]
        for name in names
    }
    test = _worked_out(study, [run for each in runs.values() for some in each for run in some])
    return together(own, runs, test, against)


def _worked_out(study: Study, runs: Sequence[StoredRun]) -> str:
    """What test evaluations of these runs end in, "" if there are none."""
    if study.source.held_out is None:
        return ""
    if not all(held_out.known(study, run) for run in runs):
        if study.profile.is_smoke or not all(run.has_weights for run in runs):
            return ""
        held_out.complete(study, runs)
    return held_out.suffix(study)


def together(
    own: pd.DataFrame,
    runs: Mapping[str, Sequence[Sequence[StoredRun]]],
    test: str = "",
    against: str = "label",
) -> Compared:
    """Compared are the trainings of some models.

    Parameters
    ----------
    own : see :class:`Compared`.
    runs : title -> the runs of each training, one a network.
    test : what the names of their evaluations of test foils end in, "" without test foils.
    """
    here = {t: tuple(stack([r.histograms() for r in some]) for some in e) for t, e in runs.items()}
    if not test:
        return Compared(own, {m: Trainings(h, h) for m, h in here.items()}, None, against)
    name, counts, parts = f"{held_out.KIND}-{test}", f"{held_out.COUNTS}-{test}", {}
    for title, each in runs.items():
        there = [[read_histograms(run.evaluation(name)) for run in some] for some in each]
        parts[title] = Trainings(here[title], tuple(map(stack, there)))
    found = [
        run.evaluation(counts).assign(model=title, **{TRAINING: number})
        for title, each in runs.items()
        for number, some in enumerate(each)
        for run in some
    ]
    tested = pd.concat(found, ignore_index=True)
    defects = own["defect"].astype(str).unique()
    tested = tested[(tested["against"] == against) & tested["defect"].isin(defects)]
    return Compared(own, parts, tested, against)


def published_gaps(means: pd.DataFrame, printed: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute difference of mean rates to the published ones, without the baseline.

    The baseline was matched; the others are a prediction. Columns rate, models, mean absolute
    difference.
    """
    ours = means.astype({"model": str}).set_index("model").drop("Baseline", errors="ignore")
    theirs = printed.astype({"model": str}).set_index("model").reindex(ours.index)
    rows = []
    for rate in metrics.RATES:
        gap = (ours[rate] - theirs[rate]).dropna()
        rows.append((rate, len(gap), float(np.abs(gap).mean()) if len(gap) else np.nan))
    return pd.DataFrame(rows, columns=["rate", "models", "mean absolute difference"])
