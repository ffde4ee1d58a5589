"""Is it only the threshold? One plain network under other priors, beside every model.

The *dial* is logit adjustment after training (Menon et al. 2021, arXiv 2007.07314): the plain
baseline calls the class with the largest z - tau log pi, and one number tau moves all defects at
once. The other way round, what weights and resampling did to the priors of a network that was
trained by cross entropy is taken back (:mod:`foilseg.evaluation.prior_correction`). Settings are
chosen on the validation regions and judged where :mod:`foilseg.analysis.trainings` judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from foilseg.analysis.trainings import Compared
from foilseg.evaluation import bootstrap, metrics, operating_points
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.scores import mean_rates_by

RATES = list(metrics.RATES)
MOVED = "dial"  # what the baseline at another setting is called beside a model
BESIDE = ["model", "tau", "FPR", "dial's FPR", "TPR", "dial's TPR", "one number", "low", "high"]
BESIDE += ["each defect", "least", "largest"]  # columns of a comparison with every other model


@dataclass(frozen=True, eq=False)
class Moved:
    """The plain baseline at every setting of the dial, and other models with priors put right.

    Attributes
    ----------
    compared : all models as they are, at their own thresholds and at one FPR.
    plain : title of the baseline here.
    chosen, judged : counts of the baseline on the validation regions and where settings are
        judged: tau, training, foil, defect, tp, fp, fn, tn. Without a row if a class is never
        shown, whose prior cannot be moved.
    corrected : judged counts of the models with priors put right: model, training, foil, defect,
        and the counts.
    """

    compared: Compared
    plain: str
    chosen: pd.DataFrame
    judged: pd.DataFrame
    corrected: pd.DataFrame

    @property
    def own(self) -> pd.DataFrame:
        """Counts of every model at its own threshold, where settings are judged."""
        found = self.compared.own if self.compared.tested is None else self.compared.tested
        return found.astype({"model": str})

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Mean rates at every setting, where they are judged: tau, TPR, FPR, precision."""
        return mean_rates_by(self.judged, ["tau"])

    @property
    def points(self) -> pd.DataFrame:
        """Mean rates of every model at its own threshold, judged there as well: model, rates."""
        return mean_rates_by(self.own, ["model"])

    def setting(self, fpr: float) -> float:
        """The tau at which the mean FPR on the validation regions is this; NaN if none is.

        Between two stored settings it stands for a mixture of both in that proportion, of which
        the FPR is met exactly. Of several the smallest counts.
        """
        known = mean_rates_by(self.chosen, ["tau"])
        taus, falsely = known["tau"].to_numpy(float), known["FPR"].to_numpy(float)
        for k in range(len(taus) - 1):
            low, high = falsely[k], falsely[k + 1]
            if low <= fpr <= high and low < high:
                return float(taus[k] + (taus[k + 1] - taus[k]) * (fpr - low) / (high - low))
        return float("nan")

    def counts_at(self, tau: float) -> pd.DataFrame:
        """Judged counts of the baseline at a setting (see :meth:`setting`): a model ``dial``."""
        taus = np.sort(self.judged["tau"].unique())
        below = int(np.clip(np.searchsorted(taus, tau, side="right") - 1, 0, len(taus) - 2))
        part = (tau - taus[below]) / (taus[below + 1] - taus[below])
        keys, numbers = [TRAINING, "foil", "defect"], list(metrics.COUNTS)
        low, high = (
            self.judged[self.judged["tau"] == taus[k]].set_index(keys)[numbers].astype(float)
            for k in (below, below + 1)
        )
        return ((1 - part) * low + part * high).reset_index().assign(model=MOVED)

    def beside(self, resamples: int = 200, seed: int = 0) -> pd.DataFrame:
        """Every other model beside the baseline at other thresholds.

        Columns
        -------
        model; tau (at which the dial has, on the validation regions, the model's mean FPR; NaN
        outside of its range); ``FPR``, ``dial's FPR``, ``TPR``, ``dial's TPR`` (means over the
        defects, as judged at that tau); ``one number``, ``low``, ``high``: the model's mean TPR
        minus that of the dial where both have the model's FPR as judged, since a tau that is
        chosen elsewhere does not meet it quite; ``each defect``, ``least``, ``largest``: minus
        that of the baseline with a threshold for each defect, set on the validation regions to
        the model's FPR there. The intervals are over images and trainings.
        """
        wanted = (
            mean_rates_by(self.compared.own, ["model"]).astype({"model": str}).set_index("model")
        )
        table = []
        for model in (m for m in self.compared.parts if m != self.plain):
            theirs = self.own[self.own["model"] == model]
            row = {"model": model, "tau": self._tau(wanted.loc[model, "FPR"])}
            row |= self._at_tau(theirs, row["tau"]) | self._one_number(theirs, resamples, seed)
            table.append(row | self._each_defect(model, theirs, resamples, seed))
        return pd.DataFrame(table, columns=BESIDE)

    def _tau(self, fpr: float) -> float:
        return self.setting(fpr) if len(self.chosen) else np.nan

    def _at_tau(self, theirs: pd.DataFrame, tau: float) -> dict[str, float]:
        own = mean_rates_by(theirs, ["model"]).iloc[0]
        dial = pd.Series(np.nan, RATES)
        if not np.isnan(tau):
            dial = mean_rates_by(self.counts_at(tau), ["model"]).iloc[0]
        each = {"FPR": own["FPR"], "dial's FPR": dial["FPR"]}
        return each | {"TPR": own["TPR"], "dial's TPR": dial["TPR"]}

    def _one_number(self, theirs: pd.DataFrame, resamples: int, seed: int) -> dict[str, float]:
        """The difference at the model's own FPR as judged, met anew in every draw."""
        names = ["one number", "low", "high"]
        if self.judged.empty:
            return dict.fromkeys(names, np.nan)
        taus = [f"{tau:g}" for tau in np.sort(self.judged["tau"].unique())]
        walk = _sorted(self.judged.assign(model=self.judged["tau"].map("{:g}".format)))
        order, _, walked = bootstrap.cube(walk)
        walked = walked[:, [order.index(tau) for tau in taus]]
        both = _sorted(pd.concat([theirs, self.counts_at(0.0)], ignore_index=True)[list(walk)[1:]])
        models, _, cubed = bootstrap.cube(both)
        own, dial = models.index(str(theirs["model"].iloc[0])), models.index(MOVED)
        ones = np.ones((len(cubed), 2))
        found = [
            _ahead(cubed[:, [own]], walked, w[:, [own]], w[:, [dial]])
            for w in [ones, *bootstrap.resample_weights(both, resamples, seed)]
        ]
        known = np.array(found[1:])[~np.isnan(found[1:])]
        told = len(known) and not np.isnan(found[0])  # an interval is one of a value
        low, high = np.percentile(known, bootstrap.LEVEL) if told else (np.nan, np.nan)
        return dict(zip(names, (found[0], low, high)))

    def _each_defect(
        self, model: str, theirs: pd.DataFrame, resamples: int, seed: int
    ) -> dict[str, float]:
        own = self.compared.own
        levels = operating_points.common_fpr(own[own["model"].astype(str) == model])
        parts = {MOVED: self.compared.parts[self.plain]}
        moved = operating_points.at_one_fpr(parts, levels, self.compared.against)
        both = pd.concat([moved, theirs], ignore_index=True)[list(moved)]
        gap = bootstrap.differences(both, MOVED, resamples, seed).set_index("rate").loc["TPR"]
        names = ["each defect", "least", "largest"]
        return dict(zip(names, gap[["difference", "low", "high"]]))

    def by_defect(self, table: pd.DataFrame, resamples: int = 200, seed: int = 0) -> pd.DataFrame:
        """TPR of every model minus the dial's at the settings of :meth:`beside`, defect by defect.

        Columns model, defect, difference, low, high, the last two the interval over images and
        trainings; models that the dial does not reach are left out.
        """
        ends, rows = ["difference", "low", "high"], []
        for row in table.dropna(subset=["tau"]).itertuples():
            theirs = self.own[self.own["model"] == row.model]
            both = _sorted(pd.concat([theirs, self.counts_at(row.tau)])[list(theirs)])
            for defect in self.compared.defects:
                part = both[both["defect"] == defect]
                found = bootstrap.differences(part, MOVED, resamples, seed).set_index("rate")
                rows.append((row.model, defect, *found.loc["TPR", ends]))
        return pd.DataFrame(rows, columns=["model", "defect", *ends])

    def false_alarms(self, model: str, defect: str, table: pd.DataFrame) -> tuple[float, float]:
        """False pixels of a defect per million: of a model, and of the dial beside it.

        ``table`` : of :meth:`beside`. NaN for a model that it does not have or reach.
        """
        taus = table.set_index("model")["tau"].dropna()
        if model not in taus:
            return np.nan, np.nan
        both = self.own[self.own["model"] == model], self.counts_at(taus[model])
        sums = [t[t["defect"].astype(str) == defect][["fp", "tn"]].sum() for t in both]
        own, dial = (float(1e6 * s["fp"] / s.sum()) for s in sums)
        return own, dial

    def gaps(self, points: pd.DataFrame) -> pd.Series:
        """Mean TPR of some points minus the curve at their mean FPR: by model, NaN outside of it.

        ``points`` : model, TPR, FPR, such as the published ones, which are of other images.
        """
        known = points.astype({"model": str}).set_index("model")
        if self.curve.empty:
            return known["TPR"] * np.nan
        falsely = np.maximum.accumulate(self.curve["FPR"].to_numpy(float))
        found = np.interp(known["FPR"], falsely, self.curve["TPR"], left=np.nan, right=np.nan)
        return known["TPR"] - found

    def orders(self) -> pd.DataFrame:
        """Mean TPR of every model: own threshold, priors put right, one FPR; all as judged.

        The mean FPR of the first two stands beside. Models trained by a focal loss have no priors
        to put right (NaN), those that saw the data's own keep what they have.
        """
        own, even = (
            mean_rates_by(t.astype({"model": str}), ["model"]).set_index("model")
            for t in (self.own, self.compared.even)
        )
        right = mean_rates_by(self.corrected, ["model"]).set_index("model")
        columns = {
            "own threshold": own["TPR"],
            "priors put right": right["TPR"].reindex(own.index),
            "one FPR": even["TPR"],
            "own FPR": own["FPR"],
            "FPR with priors put right": right["FPR"].reindex(own.index),
        }
        table = pd.DataFrame(columns).loc[list(self.compared.parts)]
        return table.rename_axis("model").reset_index()


def _sorted(counts: pd.DataFrame) -> pd.DataFrame:
    """By training, picture and defect, so that the units of two tables come in one order."""
    keys = [TRAINING, "foil", "defect"]
    plain = counts.astype({"foil": str, "defect": str, "model": str})
    return plain.sort_values(keys, kind="stable", ignore_index=True)


def _ahead(own: np.ndarray, walked: np.ndarray, weight: np.ndarray, other: np.ndarray) -> float:
    """Mean TPR of a model minus that of the walk at the same mean FPR; NaN outside of the walk.

    Parameters
    ----------
    own, walked : (units, 1, defects, 4) and (units, settings, defects, 4), by rising setting.
    weight, other : (units, 1), how often each unit counts.
    """
    tpr, fpr, _ = bootstrap.mean(bootstrap.cube_rates(own, weight))[0]
    across = np.broadcast_to(other, (len(other), walked.shape[1]))
    rates = bootstrap.mean(bootstrap.cube_rates(walked, across))
    if not rates[0, 1] <= fpr <= rates[-1, 1]:
        return float("nan")
    rising = np.maximum.accumulate(rates[:, 1])
    return float(tpr - np.interp(fpr, rising, rates[:, 0]))
