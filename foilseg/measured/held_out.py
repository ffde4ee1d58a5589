"""Test foils: what networks say of foils on which nothing was chosen.

Of the twin they are as many foils again, whole, rendered with another seed; of other data those
that ``splits.csv`` keeps (:attr:`foilseg.studies.source.Source.held_out`). A run is worked out on
them once, while its weights are there, and keeps its tables: histograms of the probabilities, from
which every threshold's counts follow, the counts at its own threshold, those of the objects
(:mod:`foilseg.measured.object_tables`) and of other priors
(:mod:`foilseg.measured.prior_tables`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd
from tqdm import tqdm

from foilseg.data.dataset import Dataset
from foilseg.evaluation.curves import Histograms, stack
from foilseg.measured import object_tables, prior_tables
from foilseg.networks import devices
from foilseg.studies import model as models
from foilseg.studies.model import Model
from foilseg.studies.run_tables import histogram_rows, read_histograms
from foilseg.studies.study import Study
from foilseg.training import evaluations, fit, probing, restore
from foilseg.training.rows import Experiment
from foilseg.training.stored_run import StoredRun

KIND, COUNTS = "test", "test-counts"
# Names of a run's own two evaluations, which comparisons of studies read; group 1 is the foils'.
TESTED = re.compile(rf"(?:{COUNTS}|{KIND})-([0-9a-f]{{8}})")


def kinds(run: StoredRun) -> tuple[str, ...]:
    """The tables that a run has: its own two, and those of validation regions as ``test-KIND``."""
    return (KIND, COUNTS, *(f"test-{kind}" for kind in object_tables.kinds(run)))


class NoTestFoilsError(ValueError):
    """Data without test foils; the message says which."""


def dataset(study: Study) -> Dataset:
    """The test foils of a study, rendered if they are not there.

    Raises
    ------
    NoTestFoilsError
        If its data have none.
    """
    source = study.source.held_out
    if source is None:
        raise NoTestFoilsError(
            f"{study.dataset.name}: keeps no image for the test; `foilseg split` sets some apart"
        )
    source.render()
    return source.dataset


def histograms(study: Study, model: Model) -> Histograms:
    """How probable the pixels of the test foils were, of all networks of a model."""
    return stack([read_histograms(examine(study, run)) for run in model.runs.values()])


def counts(study: Study, names: Iterable[str | Experiment], against: str = "label") -> pd.DataFrame:
    """Counts on the test foils at the models' own thresholds, as :meth:`Study.counts` has them."""

    def counted(model: Model) -> pd.DataFrame:
        each = [examine(study, run, COUNTS) for run in model.runs.values()]
        return pd.concat(each, ignore_index=True)

    return models.stack([study.model(name) for name in names], counted, against)


def suffix(study: Study) -> str:
    """What the names of evaluations of these test foils end in; those of others end otherwise."""
    return study.source.held_out.identity[:8]


def _name(study: Study, kind: str) -> str:
    return f"{kind}-{suffix(study)}"


def examine(study: Study, run: StoredRun, kind: str = KIND, device: str = "auto") -> pd.DataFrame:
    """A table of a run, one of :func:`kinds`; by default the rows of its histograms.

    All are worked out at once, unless they already are.
    """
    name = _name(study, kind)
    return evaluations.stored_together(run, name, lambda: _work_out(study, run, device))


def of_part(study: Study, run: StoredRun, kind: str, test: bool) -> pd.DataFrame:
    """A table of :func:`foilseg.measured.object_tables.kinds`: of the test foils, or else of the
    validation regions.
    """
    if test:
        return examine(study, run, f"{KIND}-{kind}")
    return object_tables.examine(study, run, kind)


def complete(study: Study, runs: Iterable[StoredRun]) -> None:
    """Work out those runs that are not yet and whose weights are here; nothing without foils."""
    if study.source.held_out is None:
        return
    due = [run for run in runs if run.has_weights and not known(study, run)]
    for run in tqdm(due, desc="on test foils", unit="network", disable=None):
        for kind in kinds(run):
            examine(study, run, kind)


def known(study: Study, run: StoredRun) -> bool:
    """Whether a run is worked out."""
    return all(evaluations.known(run, _name(study, kind)) for kind in kinds(run))


def _work_out(study: Study, run: StoredRun, device: str) -> dict[str, pd.DataFrame]:
    """Name of the evaluation -> table."""
    data = dataset(study)
    defects = object_tables.counted(data, run)
    classes = [c for c in data.classes if run.config["label"] in (None, c.index)]
    probe, rows = probing.Probe.of(restore.load(run, device), classes), []
    objects = object_tables.Tables(object_tables.objects_of(data, "test"), defects)
    adjusted = prior_tables.PriorTables(study.dataset, run)
    with devices.threads(run.determines.get("threads", 0)):
        for foil in data.foils:
            rows += fit.count(foil, probe.mask(foil.image), classes, len(data.classes))
            objects.add(foil, object_tables.class_maps(probe.seen[-1], probe.labels))
            adjusted.add(foil, probe.seen[-1])
            probe.add(foil, fit.references(foil))
    made = {KIND: histogram_rows(probe.histograms()), COUNTS: pd.DataFrame(rows)}
    tables = {kind: objects.table(kind) for kind in object_tables.KINDS} | adjusted.tables()
    made |= {f"test-{kind}": table for kind, table in tables.items()}
    return {_name(study, kind): table for kind, table in made.items()}
