"""A shipped study read by itself, without its data: what its tables say about its models.

Chapters that compare studies read them so. No picture and no weight is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import pandas as pd

from foilseg import curves, prose, shelf, variants
from foilseg.code import code_version
from foilseg.dataset import LabelClass
from foilseg.evidence import Evidence
from foilseg.findings import Findings
from foilseg.twin import recipe
from foilseg.twin_config import TwinConfig

FOLDER = "findings"


@dataclass(frozen=True, repr=False)
class Record:
    """The tables of one shipped study.

    Attributes
    ----------
    shelf : where they lie, every file compared with its checksum.
    """

    shelf: shelf.Shelf

    @property
    def name(self) -> str:
        """What its data are called."""
        return self.shelf.manifest["data"]["name"]

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """Of its data, the background first."""
        return tuple(LabelClass(**entry) for entry in self.shelf.manifest["classes"])

    @property
    def defects(self) -> tuple[LabelClass, ...]:
        """All classes but the background."""
        return tuple(c for c in self.classes if c.index)

    @property
    def titles(self) -> dict[str, str]:
        """The thesis's name of each model, or its title if it has none -> its title here."""
        models = self.shelf.manifest["models"]
        return {entry["published"] or entry["title"]: entry["title"] for entry in models}

    @cached_property
    def findings(self) -> Findings:
        """Counts, mistakes, costs and the like, under the thesis's names of the models."""
        tables = {}
        for name in (f.name for f in fields(Findings)):
            path = self.shelf.path / FOLDER / f"{name}.csv"
            tables[name] = pd.read_csv(path) if path.is_file() else None
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
            entry["title"]: [self.shelf.run(name) for name in entry["runs"]]
            for entry in self.shelf.manifest["models"]
        }
        return {t: curves.stack([run.histograms() for run in found]) for t, found in each.items()}

    def __repr__(self) -> str:
        return f"{self.name}: {self.shelf.summary}"

    def _repr_html_(self) -> str:
        return prose.banner(repr(self), smoke=False)


def record(name: str) -> Record:
    """The shipped study of that name in ``results``.

    Raises
    ------
    foilseg.shelf.ShelfError
        If there is none, a file was altered, or code of today would compute other results.
    """
    found = shelf.shelf(name)
    path = shelf.ROOT / name
    if found is None:
        raise shelf.ShelfError(f"{path}: no study is shipped there")
    stale = _stale(found.manifest)
    if stale:
        listed = list(found.manifest["runs"])
        more = f" and {len(listed) - shelf.LISTED} more" if len(listed) > shelf.LISTED else ""
        raise shelf.ShelfError(
            f"{path}: stale, another {' and '.join(stale)} than when it was trained: "
            f"{', '.join(listed[: shelf.LISTED])}{more}. Train it again with "
            f"`{found.manifest['command']}`"
        )
    return Record(found)


def _stale(told: dict[str, Any]) -> list[str]:
    """What is no longer what it was when a study with this manifest was trained."""
    stale = ["code"] if told["code"] != code_version() else []
    if told["twin"] and told["profile"] not in variants.names():
        return [*stale, "profile"]
    if told["twin"]:
        config = TwinConfig(**variants.profile(told["profile"]).twin)
        stale += ["data"] if told["data"]["fingerprint"] != recipe(config) else []
    return stale
