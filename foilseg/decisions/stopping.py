"""Stop or go, picture by picture: stop if at least one object of some size is reported.

For each defect a rule is a threshold and a smallest size. A picture that shows the defect and is
not stopped is a miss, one that does not show it and is stopped a false stop; a miss costs so many
false stops. Never and always stopping are rules as well. The cheapest rule, of
equal ones the strictest, is chosen where thresholds are chosen and told where they are judged.

The pictures that choose may be smaller than those that judge, as the validation regions of the twin
are a third of a foil: a rule that counts objects then says more of the larger ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from foilseg.analysis import object_parts
from foilseg.analysis.trainings import Compared, studies_of
from foilseg.decisions import objects
from foilseg.evaluation import bootstrap
from foilseg.evaluation.curves import probability
from foilseg.evaluation.object_scores import LADDER
from foilseg.studies.study import Study
from foilseg.training.experiments import Experiment

SIZES = (1, 4, 16, 64)  # pixels, the smallest object that stops
RULES = len(LADDER) * len(SIZES) + 2
NEVER, ALWAYS = "never stop", "always stop"


@dataclass(frozen=True, eq=False)
class Stops:
    """Which pictures show a defect, and which a rule would stop.

    Attributes
    ----------
    defects : D names.
    shows : bool (P, D), of P pictures.
    stopped : bool (P, D, rules), from the strictest to the loosest: never, then the edges of the
        ladder from the highest times :data:`SIZES` from the largest, then always.
    """

    defects: list[str]
    shows: np.ndarray
    stopped: np.ndarray

    def each(self, price: float) -> np.ndarray:
        """False stops and ``price`` times misses of every picture: float64 (P, D, rules)."""
        shown = self.shows[..., None]
        return price * (shown & ~self.stopped) + (~shown & self.stopped)

    def costs(self, price: float) -> np.ndarray:
        """Their mean over the pictures: float64 (D, rules)."""
        return self.each(price).mean(axis=0)


def of_tables(
    found: pd.DataFrame,
    reported: pd.DataFrame,
    foils: Sequence[str],
    defects: Sequence[str],
    against: str = "label",
    critical: int = 1,
) -> Stops:
    """From the tables of objects of a model's networks (:mod:`foilseg.measured.object_tables`).

    A picture shows a defect if an object of at least ``critical`` pixels is annotated.
    """
    own = found[(found["against"] == against) & (found["pixels"] >= critical)]
    shape = len(foils) * len(defects)
    shows = np.zeros(shape, bool)
    shows[objects.places(own, foils, defects)] = True
    stopped = np.zeros((shape, len(LADDER), len(SIZES)), bool)
    where = objects.places(reported, foils, defects)
    edges = np.searchsorted(LADDER, reported["edge"].to_numpy())
    for k, size in enumerate(SIZES):
        large = reported["pixels"].to_numpy() >= size
        stopped[where[large], edges[large], k] = True
    shows = shows.reshape(len(foils), len(defects))
    stopped = stopped.reshape(*shows.shape, len(LADDER), len(SIZES))
    rules = stopped[:, :, ::-1, ::-1].reshape(*shows.shape, -1)
    ends = [np.zeros((*shows.shape, 1), bool), np.ones((*shows.shape, 1), bool)]
    return Stops(list(defects), shows, np.concatenate([ends[0], rules, ends[1]], axis=2))


def rule_of(number: int) -> tuple[float, int]:
    """Threshold (probability) and smallest size (pixels); 1 and 0 of never, 0 and 0 of always."""
    if number in (0, RULES - 1):
        return float(number == 0), 0
    edge, size = divmod(number - 1, len(SIZES))
    return probability(LADDER[::-1][edge]), SIZES[::-1][size]


@dataclass(frozen=True, eq=False)
class StopRules:
    """``chosen`` and ``judged`` : model -> the :class:`Stops` of each training."""

    chosen: dict[str, list[Stops]]
    judged: dict[str, list[Stops]]

    def table(self, prices: Sequence[float]) -> pd.DataFrame:
        """Cost a picture, mean over defects and trainings, for some prices of a miss.

        Columns model and one for each price; never and always stopping come last.
        """
        rows = {
            model: [np.mean([_cost(*pair, p) for pair in zip(here, self.judged[model])])
                    for p in prices]
            for model, here in self.chosen.items()
        }  # fmt: skip
        first = next(iter(self.judged.values()))[0]
        for name, rule in ((NEVER, 0), (ALWAYS, -1)):
            rows[name] = [first.costs(p)[:, rule].mean() for p in prices]
        columns = [f"miss costs {p:g}" for p in prices]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.rename_axis("model").reset_index()

    def rules(self, model: str, price: float) -> pd.DataFrame:
        """What the first training of a model does: a row a defect.

        Columns defect, ``from probability`` (the threshold), ``smallest object (pixels)``,
        ``pictures with it``, ``stopped``, ``pictures without it`` and ``stopped falsely``, all
        where judged.
        """
        here, there = self.chosen[model][0], self.judged[model][0]
        rows = []
        for k, defect in enumerate(here.defects):
            best = int(here.costs(price)[k].argmin())
            shows, stopped = there.shows[:, k], there.stopped[:, k, best]
            counts = shows.sum(), (shows & stopped).sum(), (~shows).sum(), (~shows & stopped).sum()
            rows.append((defect, *rule_of(best), *map(int, counts)))
        columns = ["defect", "from probability", "smallest object (pixels)", "pictures with it"]
        return pd.DataFrame(
            rows, columns=[*columns, "stopped", "pictures without it", "stopped falsely"]
        )

    def intervals(self, price: float, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
        """The costs of :meth:`table` at one price, with 95% intervals.

        Pictures that judge and trainings are drawn anew; the rules stay. Columns model, the cost,
        low, high, ``beside always`` (the cost minus that of always stopping on the same
        pictures), least, most. Never and always stopping come last.
        """
        each = {
            model: np.stack([_each(*pair, price) for pair in zip(here, self.judged[model])])
            for model, here in self.chosen.items()
        }
        shows = next(iter(self.judged.values()))[0].shows
        each[NEVER] = price * shows.mean(axis=1)[None]
        each[ALWAYS] = (~shows).mean(axis=1)[None]
        pictures = bootstrap.draws(len(shows), resamples, seed) / len(shows)
        always, rows = pictures @ each[ALWAYS][0], []
        for place, (model, costs) in enumerate(each.items(), 1):
            often = bootstrap.draws(len(costs), resamples, seed + place) / len(costs)
            drawn = ((often @ costs) * pictures).sum(axis=1)
            beside = costs.mean() - each[ALWAYS].mean()
            more = np.round(drawn - always, 12)  # of always stopping no last bits
            ends = (np.percentile(d, bootstrap.LEVEL) for d in (drawn, more))
            low, high, least, most = np.concatenate([*ends])
            rows.append((model, costs.mean(), low, high, beside, least, most))
        columns = ["model", f"miss costs {price:g}", "low", "high", "beside always"]
        return pd.DataFrame(rows, columns=[*columns, "least", "most"])


def _each(here: Stops, there: Stops, price: float) -> np.ndarray:
    """What the rules that are cheapest here cost in every picture there: float64 (P,)."""
    best = here.costs(price).argmin(axis=1)
    return there.each(price)[:, np.arange(len(best)), best].mean(axis=1)


def _cost(here: Stops, there: Stops, price: float) -> float:
    """The mean of these costs over the pictures."""
    return float(_each(here, there, price).mean())


def of_study(
    study: Study, names: Sequence[str | Experiment], compared: Compared, critical: int = 1
) -> StopRules:
    """All trainings that ``compared`` holds; ``critical`` as in :func:`of_tables`."""
    studies = studies_of(study, names, compared)
    models = {
        study.model(name).title: [list(s.model(name).runs.values()) for s in studies]
        for name in names
    }
    return StopRules(
        *object_parts.of_models(study, compared, models, partial(of_tables, critical=critical))
    )
