"""Shipped studies beside each other: imbalance, mean rates, orders of the models, claims, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from foilseg.analysis import counterfactuals
from foilseg.analysis.records import Record
from foilseg.claims import evidence, verdicts
from foilseg.claims.verdicts import OPEN, Verdict
from foilseg.evaluation import bootstrap, curves, metrics, scores
from foilseg.studies import provenance, variants
from foilseg.training import experiments

RATES = tuple(metrics.RATES)
THESIS = "thesis"


def imbalance(studies: Mapping[str, Record]) -> pd.DataFrame:
    """Pixels of every defect in the training regions, and of background for one of them."""
    rows = []
    for name, record in studies.items():
        table = record.pixels()
        own = table[table["region"] == "training"]
        background = 1 - own["share"].sum()
        for _, row in own.iterrows():
            ratio = background / row["share"] if row["share"] else np.nan
            rows.append((name, row["defect"], row["pixels"], row["share"], ratio))
    columns = ["study", "defect", "pixels", "share", "background per pixel"]
    return pd.DataFrame(rows, columns=columns)


def rates(record: Record) -> pd.DataFrame:
    """Rates of each model, by its title here, and defect: see :mod:`foilseg.evaluation.scores`."""
    return scores.defect_rates(record.counts)


def means(record: Record) -> pd.DataFrame:
    """Mean rates of each model, pooled, under the thesis's names, see its scores."""
    return scores.mean_rates(scores.defect_rates(record.findings.counts)).astype({"model": str})


def published_means() -> pd.DataFrame:
    """The same of the printed tables; the precision is that of the printed counts."""
    return scores.mean_rates(scores.published_rates()).astype({"model": str})


def beside(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean rates of several studies, a row a model of the first and a column a rate and study."""
    first = next(iter(tables.values()))["model"]
    wide = {name: table.set_index("model").reindex(list(first)) for name, table in tables.items()}
    both = {(rate, name): table[rate] for rate in RATES for name, table in wide.items()}
    return pd.DataFrame(both).rename_axis("model")


def correlations(
    studies: Mapping[str, Record], resamples: int = 300, seed: int = 0
) -> pd.DataFrame:
    """Spearman's correlation of the mean rates of every two studies, and of each and the thesis.

    The interval is that of other images of the study named first.
    """
    tables = {name: means(record) for name, record in studies.items()}
    pairs = [*combinations(studies, 2), *((name, THESIS) for name in studies)]
    parts = []
    for one, other in pairs:
        theirs = published_means() if other == THESIS else tables[other]
        found = bootstrap.rank_correlations(
            studies[one].findings.counts.astype({"model": str}), theirs, resamples, seed
        )
        found.insert(0, "and", other)
        found.insert(0, "of", one)
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def claims(judged: Mapping[str, Mapping[str, Verdict]]) -> pd.DataFrame:
    """The verdicts on each claim in several studies: claim, what it says, a column a study."""
    first = next(iter(judged.values()))
    rows = []
    for number, verdict in first.items():
        row = {"claim": number, "says": verdict.claim.says}
        rows.append(row | {name: each[number].verdict for name, each in judged.items()})
    return pd.DataFrame(rows)


def behind(judged: Mapping[str, Verdict]) -> pd.DataFrame:
    """The numbers behind the verdicts of one study: claim, verdict, numbers."""
    rows = [(number, verdict.verdict, verdict.numbers) for number, verdict in judged.items()]
    return pd.DataFrame(rows, columns=["claim", "verdict", "numbers"])


def carried(one: Mapping[str, Verdict], other: Mapping[str, Verdict]) -> tuple[int, int]:
    """How many claims come out alike in two studies, and how many both of them decide."""
    both = [n for n in one if OPEN not in (one[n].verdict, other[n].verdict)]
    return len(both) - len([n for n in verdicts.changed(one, other) if n in both]), len(both)


def shifts(base: Record, variant: Record, defect: str = "") -> pd.DataFrame:
    """Mean rates of the models that two studies share, or those of one defect, side by side.

    A model that only the variant has stands beside nothing.
    """
    tables = []
    for record in (base, variant):
        rates = scores.defect_rates(record.findings.counts).astype({"defect": str})
        part = rates[rates["defect"] == defect] if defect else scores.mean_rates(rates)
        tables.append(part.astype({"model": str}).set_index("model"))
    models = list(tables[1].index)
    both = {
        (rate, name): table.reindex(models)[rate]
        for rate in RATES
        for name, table in zip(("desk", "variant"), tables)
    }
    return pd.DataFrame(both).rename_axis("model")


def variants_table() -> pd.DataFrame:
    """The variants of the desk study: profile, what is changed, models."""
    rows = [
        (name, v.changed, ", ".join(experiments.experiment(row).title for row in v.rows))
        for name, v in variants.VARIANTS.items()
    ]
    return pd.DataFrame(rows, columns=["profile", "what is changed", "models"])


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Mean rates of several tables of :func:`means`, one below the other."""
    return pd.concat(tables, ignore_index=True)[["model", *RATES]]


def decided(
    whole: Mapping[str, Verdict], judged: Mapping[str, Mapping[str, Verdict]]
) -> pd.DataFrame:
    """The claims that at least one variant decides, with the verdicts of thesis and whole study."""
    printed = verdicts.judge_all(evidence.printed())
    table = claims({THESIS: printed, variants.BASE: whole, **judged})
    open_ = (table[list(judged)] == OPEN).all(axis=1)
    return table[~open_].replace(OPEN, "")


def runs_of(studies: Sequence[Record]) -> pd.DataFrame:
    """The runs behind several records: study, run, seed, command that makes it again, machine."""
    rows = []
    for record in studies:
        manifest = record.shipped.manifest
        for name, entry in manifest["runs"].items():
            made = provenance.circumstances(entry["made"])
            seed = entry["determines"].get("seed", manifest["seed"])
            code, data = entry["determines"]["code"][:8], manifest["data"]["fingerprint"][:8]
            rows.append((record.name, name, seed, manifest["command"], made, code, data))
    columns = ["study", "run", "seed", "command", "made with", "code", "data"]
    return pd.DataFrame(rows, columns=columns)


def at_one_fpr(record: Record) -> pd.DataFrame:
    """Mean TPR of each model, by its title here, at its own threshold and at one FPR for all.

    For each defect that is the median FPR of the models.
    """
    here = evidence.from_counts(record.counts.astype({"model": str}))
    same = counterfactuals.at_one_fpr(here, record.histograms(), record.defects)
    return counterfactuals.matched(here, same)


def cheapest(record: Record, ratios: Sequence[float]) -> pd.DataFrame:
    """The model with the least cost for each price of a missed pixel, and that cost.

    See :func:`foilseg.evaluation.curves.least_cost`; the mean over the defects.
    """
    costs = {}
    for title, each in record.histograms().items():
        parts = [curves.least_cost(each.total(c.name, "label"), ratios) for c in record.defects]
        costs[title] = np.mean(parts, axis=0)
    table = pd.DataFrame(costs, index=pd.Index(ratios, name="price of a miss"))
    found = {"cheapest": table.idxmin(axis=1), "cost": table.min(axis=1)}
    dearest = {"dearest": table.idxmax(axis=1), "its cost": table.max(axis=1)}
    return pd.DataFrame(found | dearest).reset_index()
