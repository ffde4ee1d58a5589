"""All trainings of some models by their objects, each judged where its thresholds were not chosen.

The counterpart of :mod:`foilseg.analysis.trainings` for objects instead of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd

from foilseg.analysis import object_parts
from foilseg.analysis.records import Record
from foilseg.analysis.trainings import Compared, studies_of
from foilseg.decisions import conformal, objects
from foilseg.decisions.objects import Rule
from foilseg.evaluation import bootstrap, metrics
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.curves import BINS
from foilseg.studies.study import Study
from foilseg.training.experiments import Experiment

HALF = BINS // 2  # the edge at probability 0.5
# Times the common rate: the range of a mean over the FROC curve. The quietest models end above.
SPAN = np.logspace(-1, np.log10(2), 9)


@dataclass(frozen=True, eq=False)
class Objects:
    """Counts of objects of several models and trainings.

    Attributes
    ----------
    chosen, judged : model -> one table (:func:`foilseg.decisions.objects.counts`) a training, of
        where thresholds are chosen and judged.
    areas : of all pictures of either, in ``unit``.
    unit : of area, as of :func:`foilseg.decisions.objects.area`.
    defects : in table order.
    """

    chosen: dict[str, list[pd.DataFrame]]
    judged: dict[str, list[pd.DataFrame]]
    areas: tuple[float, float]
    unit: str
    defects: list[str]

    @cached_property
    def curves(self) -> pd.DataFrame:
        """FROC curves where judged, trainings pooled: model, defect, edge, recall, false."""
        return _curves(self.judged, self.areas[1])

    @cached_property
    def rates(self) -> dict[str, float]:
        """Defect -> the median of the models' false objects at 0.5, where thresholds are chosen."""
        curves = _curves(self.chosen, self.areas[0])
        at = curves[curves["edge"] == HALF]
        return at.groupby("defect")["false"].median().reindex(self.defects).to_dict()

    @cached_property
    def even(self) -> pd.DataFrame:
        """Counts at one rate of false objects: model, training, foil, defect, tp, fp, fn, tn."""
        parts = []
        for model, tables in self.judged.items():
            for number, (here, there) in enumerate(zip(self.chosen[model], tables, strict=True)):
                curve = objects.froc(here, self.areas[0])
                for defect, rate in self.rates.items():
                    own = curve[curve["defect"] == defect]
                    place = objects.place_of_rate(own, rate)
                    found = objects.at_place(there, defect, place)
                    head = {"model": model, TRAINING: number, "defect": defect}
                    parts.append(found.assign(**head))
        return pd.concat(parts, ignore_index=True)

    def table(self, resamples: int = 500, seed: int = 0) -> pd.DataFrame:
        """Recall of each model at one rate of false objects, and the mean over its FROC curve.

        Columns model, ``found at 0.5`` (recall at probability 0.5), the false objects there (see
        :attr:`false_at_half`), ``found at one rate`` (with its interval over images and trainings,
        ``interval from`` and ``interval to``), ``mean of FROC`` (from a tenth of that rate to twice
        it, where thresholds are judged); all means over the defects.
        """
        even = bootstrap.intervals(self.even, resamples, seed)
        even = even[even["rate"] == "TPR"].set_index("model")
        half = self.curves[self.curves["edge"] == HALF].groupby("model", sort=False)
        columns = {
            "found at 0.5": half["recall"].mean(),
            self.false_at_half: half["false"].mean(),
            "found at one rate": even["mean"],
            "interval from": even["low"],
            "interval to": even["high"],
            "mean of FROC": self._mean_froc(),
        }
        return pd.DataFrame(columns).loc[list(self.judged)].rename_axis("model").reset_index()

    @property
    def false_at_half(self) -> str:
        """The name of the column of the false objects at probability 0.5, with its unit."""
        return f"false objects per {self.unit} at 0.5"

    def highlighted(self, table: pd.DataFrame) -> list[str]:
        """A few models of :meth:`table` for figures to point at: the first, and the extremes.

        Those that find most and least at one rate, and with most and fewest false objects at 0.5.
        """
        own = table.set_index("model").fillna(0)
        each = (own["found at one rate"], own[self.false_at_half])
        ends = [name for values in each for name in (values.idxmax(), values.idxmin())]
        return list(dict.fromkeys([own.index[0], *ends]))

    def _mean_froc(self) -> pd.Series:
        each = self.curves.groupby(["model", "defect"], sort=False)
        found = {
            key: objects.mean_recall(part, self.rates[key[1]] * SPAN)
            for key, part in each
            if self.rates[key[1]] > 0
        }
        return pd.Series(found, dtype=float).groupby(level=0, sort=False).mean()

    @property
    def realised(self) -> pd.DataFrame:
        """What became of the promised rate: defect, promised, and realised / promised.

        Of all models and trainings the least, the median and the largest ratio.
        """
        false = self.even.groupby([TRAINING, "model", "defect"])["fp"].sum() / self.areas[1]
        rows = []
        for defect, rate in self.rates.items():
            ratio = false.xs(defect, level="defect") / rate if rate else false[:0]
            rows.append((defect, rate, *ratio.quantile([0, 0.5, 1])))
        columns = ["defect", f"promised per {self.unit}", "least", "median", "largest"]
        return pd.DataFrame(rows, columns=columns)

    def by_defect(self) -> pd.DataFrame:
        """Recall at one rate of false objects: a row a model, a column a defect."""
        each = metrics.score(self.even, ["model", "defect"], scores=["TPR"])
        wide = each.pivot(index="model", columns="defect", values="TPR")
        return wide.reindex(columns=self.defects).rename_axis(columns=None).loc[list(self.judged)]

    def promises(self, model: str, alphas: Sequence[float]) -> pd.DataFrame:
        """What the first training of a model can promise, and what it costs.

        Chosen on the pictures where thresholds are chosen and told where they are judged. Columns
        defect, α (what is promised), bound (see :class:`foilseg.decisions.conformal.Chosen`),
        images, ``missed`` (share of the objects, mean of the pictures that show the defect) and
        ``false objects`` (per unit). NaN where the risk cannot be promised; where it can be by
        reporting everything alone, nothing is missed and the false objects are infinite.
        """
        here, there = self.chosen[model][0], self.judged[model][0]
        losses = {d: conformal.missed_objects(here, d) for d in self.defects}
        losses = {d: wide for d, wide in losses.items() if len(wide)}
        made = conformal.table({d: w.to_numpy() for d, w in losses.items()}, alphas)
        curve = objects.froc(there, self.areas[1]).set_index(["defect", "edge"])
        missed, false = [], []
        for row in made.itertuples():
            if np.isnan(row.place):
                missed.append(np.nan)
                false.append(np.nan)
                continue
            edge = list(losses[row[1]])[int(row.place)]
            if edge == conformal.EVERYTHING:
                missed.append(0.0)
                false.append(np.inf)
                continue
            judged = conformal.missed_objects(there, row[1])
            missed.append(judged[edge].mean() if len(judged) else np.nan)
            false.append(curve.loc[(row[1], edge), "false"])
        return made.drop(columns=["place", "risk"]).assign(
            **{"missed": missed, f"false objects per {self.unit}": false}
        )


def _curves(tables: dict[str, list[pd.DataFrame]], area: float) -> pd.DataFrame:
    parts = []
    for model, each in tables.items():
        pooled = pd.concat(each, ignore_index=True)
        curve = objects.froc(pooled, area * len(each))
        parts.append(curve.assign(model=model))
    return pd.concat(parts, ignore_index=True)[["model", "defect", "edge", "recall", "false"]]


def of_study(
    study: Study, names: Sequence[str | Experiment], compared: Compared, rule: Rule | None = None
) -> Objects:
    """The objects of all trainings that ``compared`` holds; what is not worked out yet is."""
    rule, studies = rule or Rule(), studies_of(study, names, compared)
    models = {
        study.model(name).title: [list(s.model(name).runs.values()) for s in studies]
        for name in names
    }
    chosen, judged = object_parts.of_models(
        study, compared, models, partial(objects.counts, rule=rule)
    )
    (here, unit), (there, _) = (area_of(study, side) for side in object_parts.sides(compared))
    return Objects(chosen, judged, (here, there), unit, compared.defects)


def of_record(record: Record, rule: Rule | None = None) -> Objects:
    """The objects of all models and trainings of a shipped study that brings their tables.

    Raises
    ------
    foilseg.studies.shipped.ShippedError
        If it brings none.
    """
    compared, rule = record.compared, rule or Rule()
    chosen, judged = object_parts.of_record(record, partial(objects.counts, rule=rule))
    areas = [
        objects.area(_pixels(compared.tested if side else compared.own), None)
        for side in object_parts.sides(compared)
    ]
    return Objects(chosen, judged, (areas[0][0], areas[1][0]), areas[0][1], compared.defects)


def _pixels(counts: pd.DataFrame) -> int:
    """Of all pictures together: those of one defect, model and training."""
    keys = ["model", TRAINING, "defect"]
    one = counts[(counts[keys] == counts[keys].iloc[0]).all(axis=1)]
    return int(one[list(metrics.COUNTS)].to_numpy().sum())


def area_of(study: Study, test: bool) -> tuple[float, str]:
    """Of all test foils, or else validation regions, together; and its unit."""
    pixels = sum(foil.area for foil in object_parts.pictures(study, test))
    return objects.area(pixels, study.dataset.pixel_size_um)


def by_rule(study: Study, name: str | Experiment, compared: Compared) -> pd.DataFrame:
    """What hangs on the choice of a rule: a row a rule, for the first training of a model.

    Columns ``widened by`` (pixels), ``covered share``, recall and ``false objects`` (per unit) at
    probability 0.5, where thresholds are judged; means over the defects.
    """
    test, rows = compared.tested is not None, []
    tables = object_parts.read(study, study.model(name).runs.values(), test)
    shown = (
        [f.name for f in object_parts.pictures(study, test)],
        compared.defects,
        compared.against,
    )
    area, unit = area_of(study, test)
    for rule in objects.grid():
        curve = objects.froc(objects.counts(*tables, rule, *shown), area)
        at = curve[curve["edge"] == HALF]
        rows.append((rule.reach, rule.cover, at["recall"].mean(), at["false"].mean()))
    columns = ["widened by", "covered share", "recall", f"false objects per {unit}"]
    return pd.DataFrame(rows, columns=columns)


def by_size(
    study: Study,
    name: str | Experiment,
    compared: Compared,
    rule: Rule,
    sizes: Sequence[int] = (1, 5, 20, 100),
) -> pd.DataFrame:
    """Recall by the size of the objects at probability 0.5: rows a defect, columns a size.

    Of the first training of a model, where thresholds are judged; a size is the least number of
    pixels of its group. Columns ``recall, 1-4 px`` and so on, with a dash of numbers, and how many
    objects there are, ``objects, 1-4 px``.
    """
    found, _ = object_parts.read(
        study, study.model(name).runs.values(), compared.tested is not None
    )
    table = objects.by_size(found, rule, HALF, sizes, compared.against)
    wide = table.pivot(index="defect", columns="from", values=["recall", "objects"])
    wide["objects"] = wide["objects"].fillna(0).astype(int)
    last = [str(following - 1) for following in sizes[1:]]
    groups = [f"{size}–{end} px" for size, end in zip(sizes, last)] + [f"from {sizes[-1]} px"]
    names = dict(zip(sizes, groups, strict=True))
    wide.columns = [f"{what}, {names[size]}" for what, size in wide.columns]
    return wide.reindex([d for d in compared.defects if d in wide.index])
