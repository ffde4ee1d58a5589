"""A shipped study read by itself, without its data: what its tables say about its models.

Chapters that compare studies read them so. No picture and no weight is needed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import pandas as pd

from foilseg.analysis import drawn, priors, trainings
from foilseg.analysis.gather import Findings
from foilseg.analysis.priors import PLAIN
from foilseg.analysis.thresholds import Moved
from foilseg.analysis.trainings import Compared
from foilseg.claims import verdicts
from foilseg.claims.evidence import Evidence
from foilseg.claims.verdicts import Verdict
from foilseg.data.dataset import LabelClass
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.operating_points import Trainings
from foilseg.measured import held_out
from foilseg.studies import provenance, variants
from foilseg.studies.shipped import LISTED, MANIFEST, ROOT, Shipped, ShippedError, open_shipped
from foilseg.studies.study import Study
from foilseg.training import rows
from foilseg.training.stored_run import StoredRun
from foilseg.twin.config import TwinConfig
from foilseg.twin.render import recipe

FOLDER = "findings"
SUPPORT = f"{FOLDER}/support"
DRAWS, FEW_DRAWS = 2000, 200  # of images and trainings: packed with a study, and without


@dataclass(frozen=True, repr=False)
class Record:
    """The tables of one shipped study.

    Attributes
    ----------
    shipped : where they lie, every file compared with its checksum.
    alone : whether only the training with the study's own seed counts.
    """

    shipped: Shipped
    alone: bool = False

    @property
    def first(self) -> Record:
        """The same study with its first training alone, to set beside one that has no other."""
        return replace(self, alone=True)

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
        if self.alone:
            tables["trained"] = None
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

    @cached_property
    def own(self) -> pd.DataFrame:
        """Counts of all trainings at own thresholds, by the models' titles here.

        Columns model, training, foil, defect, tp, fp, fn, tn; against the labels.
        """
        counts = self.findings.pooled
        parts = [counts[counts[TRAINING] == s] for s in self._seeds] if self._seeds else [counts]
        return trainings.numbered(
            part.assign(model=part["model"].astype(str).replace(self.titles)) for part in parts
        )

    @property
    def _seeds(self) -> list[int]:
        """Of the trainings that every model has; empty if that is one."""
        counts = self.findings.pooled
        return list(dict.fromkeys(counts[TRAINING])) if TRAINING in counts else []

    @cached_property
    def compared(self) -> Compared:
        """All trainings of its models, judged by test foils if it brings what they gave there."""
        return trainings.together(self.own, self.networks, self.test_suffix)

    @property
    def networks(self) -> dict[str, list[list[StoredRun]]]:
        """Title -> the networks of each training that every model has."""
        return {
            entry["title"]: [self._runs(entry, seed) for seed in self._seeds or [None]]
            for entry in self.shipped.manifest["models"]
        }

    def runs_of(self, title: str) -> list[list[StoredRun]]:
        """The networks of every training of a model that the record brings."""
        entry = next(e for e in self.shipped.manifest["models"] if e["title"] == title)
        told = [run["determines"] for run in self.shipped.manifest["runs"].values()]
        seeds = {d["seed"] for d in told if d["experiment"] == entry["experiment"]}
        return [self._runs(entry, seed) for seed in sorted(seeds)]

    def trainings_of(self, title: str) -> Trainings:
        """All trainings of one model that the record brings, whatever the others have."""
        found = trainings.together(self.own, {title: self.runs_of(title)}, self.test_suffix)
        return found.parts[title]

    @cached_property
    def moved(self) -> Moved:
        """Its baseline at every prior, beside its models; without a row if it brings none."""
        plain = next(e for e in self.shipped.manifest["models"] if e["experiment"] == PLAIN)
        runs = [run for seed in self._seeds or [None] for run in self._runs(plain, seed)]
        return priors.of_runs(self.compared, plain["title"], runs, self.test_suffix)

    def _runs(self, entry: dict[str, Any], seed: int | None) -> list[StoredRun]:
        """The networks of a model with a seed, by default the study's own."""
        if seed in (None, self.shipped.manifest["seed"]):
            return [self.shipped.run(name) for name in entry["runs"]]
        wanted = entry["experiment"], seed
        return [
            self.shipped.run(name)
            for name, told in self.shipped.manifest["runs"].items()
            if (told["determines"]["experiment"], told["determines"]["seed"]) == wanted
            and "members" not in told["determines"]
        ]

    @property
    def test_suffix(self) -> str:
        """What the names of its evaluations of test foils end in, "" if it has none."""
        names = {n for told in self.shipped.manifest["runs"].values() for n in told["evaluations"]}
        found = [held_out.TESTED.fullmatch(name) for name in sorted(names)]
        return next((match[1] for match in found if match), "")

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """Claim number -> verdict by draws of images and trainings.

        The draws are those that the study was packed with, or a few if it was not.
        """
        found = stored_support(self.shipped)
        if found is None and not any(e["published"] for e in self.shipped.manifest["models"]):
            return verdicts.judge_all(self.evidence())  # claims are about the thesis's models
        if found is None:
            found = verdicts.support(drawn.draws(self.findings, FEW_DRAWS))
        return verdicts.drawn(verdicts.judge_all(self.evidence()), found)

    def __repr__(self) -> str:
        return f"Data: {self.name}. {self.shipped.summary}"

    def _repr_html_(self) -> str:
        return provenance.box(repr(self), smoke=False)


def stored_support(shipped: Shipped | None) -> pd.DataFrame | None:
    """What the draws that a study was packed with say; None if it was packed without."""
    if shipped is None or SUPPORT not in shipped.tables:
        return None
    stored = shipped.tables.table(SUPPORT)
    return stored.assign(parts=stored["parts"].map(json.loads)).set_index("claim")


def support(
    study: Study, found: Findings, resamples: int, seed: int, average: str, usual: bool
) -> pd.DataFrame:
    """How often each claim holds in draws of a study, see :mod:`foilseg.analysis.drawn`.

    A shipped study that is shown as it was packed (``usual``) tells what it was packed with.
    """
    stored = stored_support(study.shipped) if usual else None
    if stored is not None:
        return stored
    return verdicts.support(drawn.draws(found, resamples, seed, average))


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


def varied() -> dict[str, Record]:
    """The shipped variants of the study, by name, in the order of the table of variants."""
    there = (name for name in variants.VARIANTS if (ROOT / name / MANIFEST).is_file())
    return {name: record(name) for name in there}


def _stale(told: dict[str, Any]) -> list[str]:
    """What is no longer what it was when a study with this manifest was trained."""
    entries = [entry["determines"] for entry in told["runs"].values()]
    old = any(entry["code"] != rows.row_of(entry).code_with(entry) for entry in entries)
    stale = ["code"] if old else []
    if told["twin"] and told["profile"] not in variants.names():
        return [*stale, "profile"]
    if told["twin"]:
        config = TwinConfig(**variants.profile(told["profile"]).twin)
        stale += ["data"] if told["data"]["fingerprint"] != recipe(config) else []
    return stale
