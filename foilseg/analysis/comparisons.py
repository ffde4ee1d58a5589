"""Shipped studies beside each other: imbalance, mean rates, orders of the models, claims, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from foilseg.analysis import stability, trainings
from foilseg.analysis.records import Record
from foilseg.claims import evidence, verdicts
from foilseg.claims.verdicts import FAILS, HOLDS, OPEN, UNSURE, Verdict
from foilseg.evaluation import bootstrap, metrics, operating_points, scores
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.studies import provenance, variants
from foilseg.training import experiments
from foilseg.twin.config import TwinConfig

RATES = tuple(metrics.RATES)
THESIS = "thesis"
MANY = 8  # models of a variant that are still named in a table
MICROMETRES, FOILS = 50, 26  # a pixel of the original images, and their number (thesis 3.1)


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
    return scores.defect_rates(record.own)


def means(record: Record) -> pd.DataFrame:
    """Mean rates of each model, pooled, under the thesis's names, see its scores."""
    return scores.mean_rates(scores.defect_rates(record.findings.pooled)).astype({"model": str})


def published_means() -> pd.DataFrame:
    """The same of the printed tables; the precision is that of the printed counts."""
    return scores.mean_rates(scores.published_rates()).astype({"model": str})


def circumstances(record: Record) -> pd.DataFrame:
    """What a study of the twin is beside the thesis's own: setting, here, thesis.

    All as text. The thesis's are those of sections 3.1 and 3.2.
    """
    sizes, theirs = record.shipped.manifest["sizes"], experiments.profile("thesis")
    twin = TwinConfig(**variants.profile(record.shipped.manifest["profile"]).twin)
    rows = [
        ("micrometres per pixel", MICROMETRES / twin.scale, MICROMETRES),
        ("foils", len(record.shipped.manifest["regions"]), FOILS),
        ("feature maps of the first layer", sizes["base"], theirs.base),
        ("edge of a patch in pixels", sizes["patch"], theirs.patch),
        ("patches per step", sizes["batch"], "not stated"),
        ("steps", sizes["iterations"], theirs.iterations),
        ("trainings of every model", record.own[TRAINING].nunique(), 1),
    ]
    told = [
        (name, *(v if isinstance(v, str) else f"{v:,.0f}" for v in both)) for name, *both in rows
    ]
    return pd.DataFrame(told, columns=["setting", "here", "thesis"])


def levels(record: Record) -> pd.DataFrame:
    """Mean rates of every model beside the published ones; false alarms per million pixels.

    Columns (rate, reproduced or published), rows the models.
    """
    table = beside({"reproduced": means(record), "published": published_means()})
    table["FPR"] *= 1e6
    return table.rename(columns={"FPR": scores.MILLION}, level=0)


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
            studies[one].findings.pooled.astype({"model": str}), theirs, resamples, seed
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


class Carried(NamedTuple):
    """Claims that two studies decide: those that hold in both, fail in both, and differ."""

    hold: list[str]
    fail: list[str]
    differ: list[str]


def carried(one: Mapping[str, Verdict], other: Mapping[str, Verdict]) -> Carried:
    """Which claims come out alike in two studies, of those that both of them decide."""
    both = [n for n in one if not {OPEN, UNSURE} & {one[n].verdict, other[n].verdict}]
    differ = [n for n in verdicts.changed(one, other) if n in both]
    alike = [n for n in both if n not in differ]
    hold, fail = ([n for n in alike if one[n].verdict == kind] for kind in (HOLDS, FAILS))
    return Carried(hold, fail, differ)


def shifts(base: Record, variant: Record, defect: str = "") -> pd.DataFrame:
    """Mean rates of the models that two studies share, or those of one defect, side by side.

    A model that only the variant has stands beside nothing. Judged as the thesis judges.
    """
    return _beside(base.own, variant.own, RATES, defect)


def shifts_at_one_fpr(base: Record, variant: Record, defect: str = "") -> pd.DataFrame:
    """As :func:`shifts`, the TPR alone and with every threshold set to the base's common FPR.

    Each study's thresholds are set and judged on its own data, see
    :mod:`foilseg.evaluation.operating_points`.
    """
    levels = base.compared.levels
    each = [operating_points.at_one_fpr(r.compared.parts, levels) for r in (base, variant)]
    return _beside(*each, ("TPR",), defect)


def tpr_at_one_fpr(base: Record, *others: Record) -> pd.Series:
    """Mean TPR of all models of some studies at the base's common FPR, by their names here."""
    parts = {name: part for r in (base, *others) for name, part in r.compared.parts.items()}
    counts = operating_points.at_one_fpr(parts, base.compared.levels)
    return trainings.mean_tpr(counts, ["model"])


def every_shift(base: Record, each: Mapping[str, Record], defect: str = "") -> pd.DataFrame:
    """:func:`shifts` and :func:`shifts_at_one_fpr` of several variants, one below the other."""
    tables = {}
    for name, variant in each.items():
        even = shifts_at_one_fpr(base, variant, defect)
        even = even.rename(columns={"TPR": "TPR at one FPR"}, level=0)
        tables[name] = shifts(base, variant, defect).join(even)
    whole = pd.concat(tables, names=["profile", "model"])
    whole.columns = [f"{rate}, {study}" for rate, study in whole.columns]
    return whole.reset_index()


def late(each: Mapping[str, Record], model: str = "Baseline") -> pd.DataFrame:
    """Mean rates of a model at its late checkpoints, several records side by side.

    Columns iteration, then ``TPR, NAME``, ``FPR, NAME`` and ``precision, NAME`` of every record,
    which has to bring what its late checkpoints predict. Of a model that is in none, no rows.
    """
    tables = []
    for name, record in each.items():
        means = stability.mean_rates(record.findings.late, "iteration").astype({"model": str})
        own = means[means["model"] == model].set_index("iteration")
        tables.append(own[list(RATES)].add_suffix(f", {name}"))
    return pd.concat(tables, axis=1).rename_axis("iteration").reset_index()


def _beside(
    one: pd.DataFrame, other: pd.DataFrame, rates: Sequence[str], defect: str
) -> pd.DataFrame:
    tables = []
    for counts in (one, other):
        each = scores.defect_rates(counts).astype({"defect": str})
        part = each[each["defect"] == defect] if defect else scores.mean_rates(each)
        tables.append(part.astype({"model": str}).set_index("model"))
    models = list(tables[1].index)
    both = {
        (rate, name): table.reindex(models)[rate]
        for rate in rates
        for name, table in zip((variants.BASE, "variant"), tables)
    }
    return pd.DataFrame(both).rename_axis("model")


def variants_table(each: Mapping[str, Record]) -> pd.DataFrame:
    """The variants there are: profile, what is changed, models, and networks that are shipped.

    Of more than :data:`MANY` models their number alone.
    """
    rows = [
        (
            name,
            v.changed,
            _listed([experiments.experiment(row).title for row in v.rows]),
            len(each[name].shipped.manifest["runs"]) if name in each else 0,
        )
        for name, v in variants.VARIANTS.items()
    ]
    return pd.DataFrame(rows, columns=["profile", "what is changed", "models", "networks shipped"])


def _listed(titles: Sequence[str]) -> str:
    few = len(titles) <= MANY
    return "; ".join(titles) if few else f"{len(titles)} models, those of What really helps"


def changes(shifts: pd.DataFrame) -> pd.DataFrame:
    """What the models of variants find more at one FPR than in the base: change, model, gain.

    ``shifts`` : of :func:`every_shift`; ``change`` is what a variant changes, in words, and models
    that the base does not have are left out.
    """
    one = "TPR at one FPR"
    gains = shifts[f"{one}, variant"] - shifts[f"{one}, {variants.BASE}"]
    words = {name: v.changed for name, v in variants.VARIANTS.items()}
    told = [words.get(name, name) for name in shifts["profile"]]
    table = pd.DataFrame({"change": told, "model": shifts["model"], "gain": gains})
    return table.dropna(subset="gain").reset_index(drop=True)


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
