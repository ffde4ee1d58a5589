"""What is the cheapest choice, given what a miss and a false report cost?

All costs are told in one unit: that of looking at a unit of area by hand. A missed object costs
``miss`` and a false report ``false``. One may report nothing, look at everything, or use a model
with its cheapest threshold for every defect, which may be to leave that defect out. The choice is
made where thresholds are chosen and its cost is told where they are judged; the *regret* is what
it costs there above the choice that would have been cheapest there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from foilseg.analysis import object_parts, remedies
from foilseg.analysis.records import Record
from foilseg.analysis.trainings import Compared
from foilseg.data.components import components
from foilseg.decisions import objects
from foilseg.decisions.compared import Objects
from foilseg.decisions.objects import Rule
from foilseg.studies import variants
from foilseg.studies.study import Study
from foilseg.training import experiments

NOTHING, EVERYTHING = "report nothing", "look at everything"
STEPS = 41  # of either axis


@dataclass(frozen=True, eq=False)
class Prices:
    """Costs of every choice over a grid of what a miss and a false report cost.

    Attributes
    ----------
    choices : :data:`NOTHING`, :data:`EVERYTHING`, then the models.
    miss, false : float64 (X,) and (Y,), rising, in units of looking at a unit of area.
    expected, realised : float64 (choices, Y, X), cost a unit of area with the thresholds that are
        cheapest where they are chosen: told there, and told where they are judged.
    unit : of area, as of :class:`foilseg.decisions.compared.Objects`.
    """

    choices: list[str]
    miss: np.ndarray
    false: np.ndarray
    expected: np.ndarray
    realised: np.ndarray
    unit: str

    @cached_property
    def chosen(self) -> np.ndarray:
        """int64 (Y, X): the cheapest where thresholds are chosen; of equal ones the first."""
        return self.expected.argmin(axis=0)

    @cached_property
    def cost(self) -> np.ndarray:
        """float64 (Y, X): what that choice costs where it is judged."""
        return np.take_along_axis(self.realised, self.chosen[None], 0)[0]

    @cached_property
    def regret(self) -> np.ndarray:
        """float64 (Y, X), at least 0: its cost above that of the cheapest choice there."""
        return self.cost - self.realised.min(axis=0)

    @cached_property
    def relative_regret(self) -> np.ndarray:
        """float64 (Y, X): the regret as a share of the cheapest choice's cost there.

        Infinite where that costs nothing and the choice does; 0 without a regret.
        """
        cheapest = self.realised.min(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.regret > 0, self.regret / cheapest, 0.0)

    @cached_property
    def regions(self) -> list[tuple[int, np.ndarray]]:
        """Each connected part of the map with one choice, the largest first.

        The number of the choice, and bool (Y, X); places that touch at a corner are connected.
        """
        found = []
        for choice in np.unique(self.chosen).tolist():
            numbers, n = components(self.chosen == choice)
            found += [(choice, numbers == k) for k in range(1, n + 1)]
        return sorted(found, key=lambda region: -region[1].sum())

    def shares(self) -> pd.DataFrame:
        """How much of the map each region takes: a row a region, the largest first.

        Columns choice, ``share of the map``, ``miss costs from`` and ``miss costs to`` (in false
        reports), and ``largest regret``, a share of the cost of the cheapest choice. Choices that
        are never the cheapest have no region.
        """
        ratio = self.miss[None] / self.false[:, None]
        rows = [
            (self.choices[k], there.mean(), ratio[there].min(), ratio[there].max(),
             self.relative_regret[there].max())
            for k, there in self.regions
        ]  # fmt: skip
        columns = ["choice", "share of the map", "miss costs from", "miss costs to"]
        return pd.DataFrame(rows, columns=[*columns, "largest regret"])


def of_objects(found: Objects, steps: int = STEPS) -> Prices:
    """The grid of a study's models.

    On both axes it reaches from where all objects that there are cost a hundredth of a look to
    where they cost a hundred: reporting nothing is nearly free at one end, and looking at
    everything is at the other.
    """
    each = {name: _ledger(tables, found.areas[0]) for name, tables in found.chosen.items()}
    there = {name: _ledger(tables, found.areas[1]) for name, tables in found.judged.items()}
    all_objects = {part: _objects(ledgers) for part, ledgers in (("here", each), ("there", there))}
    miss = false = np.logspace(-2, 2, steps) / all_objects["here"]
    grid = np.meshgrid(miss, false)
    expected = [grid[0] * all_objects["here"], np.ones_like(grid[0])]
    realised = [grid[0] * all_objects["there"], np.ones_like(grid[0])]
    for name in each:
        for costs, told in zip((expected, realised), _costs(each[name], there[name], *grid)):
            costs.append(told)
    names = [NOTHING, EVERYTHING, *each]
    return Prices(names, miss, false, np.stack(expected), np.stack(realised), found.unit)


def _ledger(tables: list[pd.DataFrame], area: float) -> pd.DataFrame:
    """Missed objects and false reports a unit of area, by defect and edge; mean of the trainings.

    The edge of -1 reports nothing.
    """
    pooled = pd.concat(tables).groupby(["defect", "edge"], sort=True)[["objects", "hit", "false"]]
    sums = pooled.sum() / (area * len(tables))
    table = pd.DataFrame({"missed": sums["objects"] - sums["hit"], "false": sums["false"]})
    none = sums["objects"].groupby("defect").first()
    silent = pd.DataFrame({"missed": none, "false": 0.0})
    silent.index = pd.MultiIndex.from_product([none.index, [-1]], names=table.index.names)
    return pd.concat([table, silent]).sort_index()


def _objects(ledgers: dict[str, pd.DataFrame]) -> float:
    """All objects a unit of area; the same for every model."""
    first = next(iter(ledgers.values()))
    return float(first.xs(-1, level="edge")["missed"].sum())


def _costs(here: pd.DataFrame, there: pd.DataFrame, miss: np.ndarray, false: np.ndarray):
    """Cost of a model at the thresholds that are cheapest here: told here, and told there."""
    told = [np.zeros_like(miss), np.zeros_like(miss)]
    for _, own in here.groupby("defect"):
        other = there.loc[own.index]
        costs = [
            table["missed"].to_numpy()[:, None, None] * miss
            + table["false"].to_numpy()[:, None, None] * false
            for table in (own, other)
        ]
        best = costs[0].argmin(axis=0)[None]
        for total, cost in zip(told, costs):
            total += np.take_along_axis(cost, best, 0)[0]
    return told


def with_recommended(study: Study, found: Objects, compared: Compared) -> Objects:
    """The same with the recommended recipe, where the study is the one it was judged beside."""
    record = remedies.shipped().get(remedies.BEYOND)
    title = experiments.experiment(experiments.RECOMMENDED).title
    judged_beside = study.shipped is not None and study.name == variants.BASE and not study.seed
    if not judged_beside or record is None or title not in record.titles.values():
        return found
    return beside(study, found, compared, record, title, Rule())


def beside(
    study: Study, found: Objects, compared: Compared, record: Record, title: str, rule: Rule
) -> Objects:
    """The same with a model of a shipped record, which brings what its networks gave."""
    models = {title: record.runs_of(title)}
    sides = object_parts.of_models(study, compared, models, partial(objects.counts, rule=rule))
    chosen, judged = (one | other for one, other in zip((found.chosen, found.judged), sides))
    return replace(found, chosen=chosen, judged=judged)
