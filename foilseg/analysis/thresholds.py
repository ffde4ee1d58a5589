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
from foilseg.evaluation import bootstrap, metrics
from foilseg.evaluation.bootstrap import TRAINING

RATES = list(metrics.RATES)
MOVED = "dial"  # what the baseline at another setting is called beside a model


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
        return means(self.judged, ["tau"])

    @property
    def points(self) -> pd.DataFrame:
        """Mean rates of every model at its own threshold, judged there as well: model, rates."""
        return means(self.own, ["model"])

    def setting(self, fpr: float) -> float:
        """The tau at which the mean FPR on the validation regions is this; NaN if none is.

        Between two stored settings it stands for a mixture of both in that proportion, of which
        the FPR is met exactly. Of several the smallest counts.
        """
        known = means(self.chosen, ["tau"])
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

    def beside(self, resamples: int = 500, seed: int = 0) -> pd.DataFrame:
        """Every other model beside the dial at the FPR that the model has on validation regions.

        Columns model, tau, ``FPR``, ``dial's FPR`` and ``TPR``, ``dial's TPR`` (means over the
        defects, as judged), difference (model minus dial) with its interval over images and
        trainings, low and high. What the dial does not reach is NaN.
        """
        wanted = means(self.compared.own, ["model"]).astype({"model": str}).set_index("model")
        table = []
        for model in (m for m in self.compared.parts if m != self.plain):
            tau = self.setting(wanted.loc[model, "FPR"]) if len(self.chosen) else np.nan
            table.append({"model": model, "tau": tau, **self._beside(model, tau, resamples, seed)})
        return pd.DataFrame(table)

    def _beside(self, model: str, tau: float, resamples: int, seed: int) -> dict[str, float]:
        theirs = self.own[self.own["model"] == model]
        rates = means(theirs, ["model"]).iloc[0]
        if np.isnan(tau):
            names = ["dial's FPR", "dial's TPR", "difference", "low", "high"]
            return {"FPR": rates["FPR"], "TPR": rates["TPR"], **dict.fromkeys(names, np.nan)}
        ours = self.counts_at(tau)
        both = pd.concat([ours, theirs], ignore_index=True)[list(ours)]
        gaps = bootstrap.differences(both, MOVED, resamples, seed).set_index("rate")
        at = means(ours, ["model"]).iloc[0]
        return {
            "FPR": rates["FPR"],
            "dial's FPR": at["FPR"],
            "TPR": rates["TPR"],
            "dial's TPR": at["TPR"],
            **gaps.loc["TPR", ["difference", "low", "high"]],
        }

    def by_defect(self, table: pd.DataFrame) -> pd.DataFrame:
        """TPR of every model minus the dial's at the settings of :meth:`beside`, defect by defect.

        Columns model, and a column a defect; models that the dial does not reach are left out.
        """
        each = {}
        for row in table.dropna(subset=["tau"]).itertuples():
            theirs = self.own[self.own["model"] == row.model]
            each[row.model] = _tpr(theirs) - _tpr(self.counts_at(row.tau))
        named = pd.DataFrame(each).T.rename_axis("model")
        return named.reindex(columns=self.compared.defects).reset_index()

    def orders(self) -> pd.DataFrame:
        """Mean TPR of every model: own threshold, priors put right, one FPR; all as judged.

        The mean FPR of the first two stands beside. Models trained by a focal loss have no priors
        to put right (NaN), those that saw the data's own keep what they have.
        """
        own, even = (
            means(t.astype({"model": str}), ["model"]).set_index("model")
            for t in (self.own, self.compared.even)
        )
        right = means(self.corrected, ["model"]).set_index("model")
        columns = {
            "own threshold": own["TPR"],
            "priors put right": right["TPR"].reindex(own.index),
            "one FPR": even["TPR"],
            "own FPR": own["FPR"],
            "FPR with priors put right": right["FPR"].reindex(own.index),
        }
        table = pd.DataFrame(columns).loc[list(self.compared.parts)]
        return table.rename_axis("model").reset_index()


def means(counts: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean over the defects of pooled rates, by some keys: the keys, TPR, FPR, precision."""
    if counts.empty:
        return pd.DataFrame(columns=[*keys, *RATES])
    each = metrics.score(counts, [*keys, "defect"])
    return each.groupby(keys, sort=False, observed=True)[RATES].mean().reset_index()


def _tpr(counts: pd.DataFrame) -> pd.Series:
    each = metrics.score(counts.astype({"defect": str}), ["defect"], scores=["TPR"])
    return each.set_index("defect")["TPR"]
