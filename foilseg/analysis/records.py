"""A shipped study read by itself, without its data: what its tables say about its models.

Chapters that compare studies read them so. No picture and no weight is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import pandas as pd

from foilseg.analysis.gather import Findings
from foilseg.claims.evidence import Evidence
from foilseg.data.dataset import LabelClass
from foilseg.evaluation import curves
from foilseg.studies import provenance, variants
from foilseg.studies.shipped import LISTED, ROOT, Shipped, ShippedError, open_shipped
from foilseg.training import rows
from foilseg.twin.config import TwinConfig
from foilseg.twin.render import recipe

FOLDER = "findings"


@dataclass(frozen=True, repr=False)
class Record:
    """The tables of one shipped study.

    Attributes
    ----------
    shipped : where they lie, every file compared with its checksum.
    """

    shipped: Shipped

    @property
    def name(self) -> str:
        """What its data are called."""
        return self.shipped.manifest["data"]["name"]

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """Of its data, the background first."""
        return tuple(LabelClass(**entry) for entry in self.shipped.manifest["classes"])

    @property
    def defects(self) -> tuple[LabelClass, ...]:
        """All classes but the background."""
        return tuple(c for c in self.classes if c.index)

    @property
    def titles(self) -> dict[str, str]:
        """The thesis's name of each model, or its title if it has none -> its title here."""
        models = self.shipped.manifest["models"]
        return {entry["published"] or entry["title"]: entry["title"] for entry in models}

    @cached_property
    def findings(self) -> Findings:
        """Counts, mistakes, costs and the like, under the thesis's names of the models."""
        tables = {}
        for name in (f.name for f in fields(Findings)):
            known, held = f"{FOLDER}/{name}", self.shipped.tables
            tables[name] = held.table(known) if known in held else None
        return Findings(**{name: self._ordered(table) for name, table in tables.items()})

    def _ordered(self, table: pd.DataFrame | None) -> pd.DataFrame | None:
        """Models and defects as categories in the order of the study."""
        if table is None:
            return None
        orders = {"model": list(self.titles), "defect": [c.name for c in self.defects]}
        kinds = {k: pd.CategoricalDtype(v) for k, v in orders.items() if k in table}
        return table.astype(kinds)

    def evidence(self, average: str = "pooled") -> Evidence:
        """What claims are judged by."""
        return self.findings.evidence(average)

    @property
    def counts(self) -> pd.DataFrame:
        """Counts against the labels: model (by its title here), foil, defect, tp, fp, fn, tn."""
        counts = self.findings.counts
        return counts.assign(model=counts["model"].cat.rename_categories(self.titles))

    def pixels(self) -> pd.DataFrame:
        """Pixels of each defect in both regions: defect, region, pixels, share, background."""
        rows = []
        for region, table in (
            ("training", self.findings.seen),
            ("validation", self.findings.counts),
        ):
            own = table[table["model"] == next(iter(self.titles))]
            for c in self.defects:
                part = own[own["defect"] == c.name]
                pixels = int((part["tp"] + part["fn"]).sum())
                total = int(part[["tp", "fp", "fn", "tn"]].to_numpy().sum())
                rows.append((c.name, region, pixels, pixels / total))
        return pd.DataFrame(rows, columns=["defect", "region", "pixels", "share"])

    def histograms(self) -> dict[str, curves.Histograms]:
        """Title -> probabilities of its pixels, each network's for its own defect."""
        each = {
            entry["title"]: [self.shipped.run(name) for name in entry["runs"]]
            for entry in self.shipped.manifest["models"]
        }
        return {t: curves.stack([run.histograms() for run in found]) for t, found in each.items()}

    def __repr__(self) -> str:
        return f"{self.name}: {self.shipped.summary}"

    def _repr_html_(self) -> str:
        return provenance.box(repr(self), smoke=False)


def record(name: str) -> Record:
    """The shipped study of that name in ``results``.

    Raises
    ------
    foilseg.studies.shipped.ShippedError
        If there is none, a file was altered, or code of today would compute other results.
    """
    found = open_shipped(name)
    path = ROOT / name
    if found is None:
        raise ShippedError(f"{path}: no study is shipped there")
    stale = _stale(found.manifest)
    if stale:
        listed = list(found.manifest["runs"])
        more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
        raise ShippedError(
            f"{path}: stale, another {' and '.join(stale)} than when it was trained: "
            f"{', '.join(listed[:LISTED])}{more}. Train it again with "
            f"`{found.manifest['command']}`"
        )
    return Record(found)


def _stale(told: dict[str, Any]) -> list[str]:
    """What is no longer what it was when a study with this manifest was trained."""
    entries = [entry["determines"] for entry in told["runs"].values()]
    old = any(entry["code"] != rows.row_of(entry).code for entry in entries)
    stale = ["code"] if old else []
    if told["twin"] and told["profile"] not in variants.names():
        return [*stale, "profile"]
    if told["twin"]:
        config = TwinConfig(**variants.profile(told["profile"]).twin)
        stale += ["data"] if told["data"]["fingerprint"] != recipe(config) else []
    return stale
