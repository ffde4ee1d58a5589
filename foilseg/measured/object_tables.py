"""What a network finds and reports as objects, worked out once while its weights are there.

Two tables for each run and part of the data: the objects of the reference with the bins until
which they are found, and the reported objects at every edge of a ladder of thresholds
(:mod:`foilseg.evaluation.object_scores`). Here of the validation regions; the test foils' are made
in the same pass as their histograms (:mod:`foilseg.measured.held_out`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
from torch import Tensor
from tqdm import tqdm

from foilseg.data.dataset import Dataset, Foil, LabelClass, validation_regions
from foilseg.evaluation import object_scores
from foilseg.evaluation.object_scores import Reference
from foilseg.measured import prior_tables
from foilseg.networks import devices, inference
from foilseg.studies.study import Study
from foilseg.training import evaluations, fit, probing, restore
from foilseg.training.stored_run import StoredRun

FOUND, REPORTED = KINDS = ("found", "reported")
TIMES = "times"


@dataclass(frozen=True, eq=False)
class Objects:
    """The objects of some pictures by name, found again for no network."""

    made: dict[tuple[str, str, int], Reference] = field(default_factory=dict)

    def of(self, foil: Foil, c: LabelClass) -> dict[str, Reference]:
        """The objects of a class, by what they are judged by: the label, and the truth if any."""
        each = {}
        for against, mask in fit.references(foil):
            key = (foil.name, against, c.index)
            if key not in self.made:
                self.made[key] = Reference.of(mask == c.index)
            each[against] = self.made[key]
        return each


@lru_cache(maxsize=4)
def objects_of(data: Dataset, part: str) -> Objects:
    """The objects of a dataset's part; kept, because every network is judged by them."""
    return Objects()


@dataclass(frozen=True, eq=False)
class Tables:
    """The two tables of a network, filled picture by picture."""

    objects: Objects
    classes: Sequence[LabelClass]
    rows: dict[str, list[pd.DataFrame]] = field(default_factory=lambda: {k: [] for k in KINDS})

    def add(self, foil: Foil, logits: Mapping[int, np.ndarray]) -> None:
        """File a picture; ``logits`` : class index -> log(p / (1 - p)), float (H, W)."""
        for c in self.classes:
            filed = foil.without_ignored(object_scores.bins(logits[c.index]))
            each = self.objects.of(foil, c)
            head = {"foil": foil.name, "defect": c.name}
            for against, reference in each.items():
                found = reference.found(filed)
                self.rows[FOUND].append(found.assign(**head, against=against, number=found.index))
            self.rows[REPORTED].append(object_scores.reported(filed, each).assign(**head))

    def table(self, kind: str) -> pd.DataFrame:
        """One of the tables, by foil and defect; of reported objects a row for all that are alike.

        How many these are says the column :data:`TIMES`; most reports are specks.
        """
        heads = ["foil", "defect", "against", "number"]
        table = pd.concat(self.rows[kind], ignore_index=True)
        first = [name for name in heads if name in table]
        columns = first + [name for name in table if name not in first]
        if kind == REPORTED:
            return table.groupby(columns).size().rename(TIMES).reset_index()
        return table[columns].sort_values(columns[: len(first) + 3], ignore_index=True)


def class_maps(logits: Tensor, labels: Sequence[int]) -> dict[int, np.ndarray]:
    """Class index -> log-odds (H, W) of raw logits (K, H, W); ``labels`` of One-vs-Rest ones."""
    each = logits if labels else probing.class_logits(logits)
    return {label: each[k].numpy() for k, label in enumerate(labels or range(len(each)))}


def kinds(run: StoredRun) -> tuple[str, ...]:
    """The tables that a run has: its objects, and those of other priors."""
    return (*KINDS, *prior_tables.kinds(run))


def counted(data: Dataset, run: StoredRun) -> list[LabelClass]:
    """The defects that a network is for."""
    return [c for c in data.defects if run.config["label"] in (None, c.index)]


def examine(study: Study, run: StoredRun, kind: str = FOUND, device: str = "auto") -> pd.DataFrame:
    """A table of a run's validation regions, one of :func:`kinds`; all are made at once."""
    return evaluations.stored_together(run, kind, lambda: _work_out(study, run, device))


def known(run: StoredRun) -> bool:
    """Whether a run is worked out."""
    return all(evaluations.known(run, kind) for kind in kinds(run))


def _work_out(study: Study, run: StoredRun, device: str) -> dict[str, pd.DataFrame]:
    data, device = study.dataset, devices.resolve_device(device)
    network, own = restore.network(run, device), run.config["label"]
    tables = Tables(objects_of(data, "validation"), counted(data, run))
    adjusted = prior_tables.PriorTables(data, run)
    with devices.threads(run.determines.get("threads", 0)):
        for foil in validation_regions(data):
            logits = inference.predict_logits(network, foil.image, device)
            tables.add(foil, class_maps(logits, () if own is None else (own,)))
            adjusted.add(foil, logits)
    return {kind: tables.table(kind) for kind in KINDS} | adjusted.tables()


def complete(study: Study, runs: Iterable[StoredRun]) -> None:
    """Work out those runs that are not yet and whose weights are here."""
    due = [run for run in runs if run.has_weights and not known(run)]
    for run in tqdm(due, desc="on validation regions", unit="network", disable=None):
        for kind in kinds(run):
            examine(study, run, kind)
