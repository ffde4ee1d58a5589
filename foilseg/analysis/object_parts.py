"""Tables of objects of several models and trainings, where thresholds are chosen and judged.

The counterpart, for objects, of what :mod:`foilseg.analysis.trainings` reads of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import pandas as pd

from foilseg.analysis.records import Record
from foilseg.analysis.trainings import Compared
from foilseg.data.dataset import Foil, validation_regions
from foilseg.measured import held_out, object_tables
from foilseg.studies.shipped import ShippedError
from foilseg.studies.study import Study
from foilseg.training.stored_run import StoredRun

Counted = TypeVar("Counted")


def sides(compared: Compared) -> tuple[bool, bool]:
    """Whether the pictures that choose, and those that judge, are the test foils."""
    return False, compared.tested is not None


def of_record(record: Record, make: Callable[..., Counted]) -> list[dict[str, list[Counted]]]:
    """The same of all models and trainings of a shipped study, without its pictures.

    Raises
    ------
    foilseg.studies.shipped.ShippedError
        If it brings no tables of objects.
    """

    def shown(test: bool) -> list[str]:
        counts = record.compared.tested if test else record.compared.own
        return list(dict.fromkeys(counts["foil"].astype(str)))

    def tables(runs: Iterable[StoredRun], test: bool) -> tuple[pd.DataFrame, ...]:
        found, runs = [], list(runs)
        for kind in object_tables.KINDS:
            name = f"{held_out.KIND}-{kind}-{record.test_suffix}" if test else kind
            each = [run.evaluation(name) for run in runs]
            if any(table is None for table in each):
                raise ShippedError(f"{record.shipped.path}: brings no tables of objects ({name})")
            found.append(pd.concat(each, ignore_index=True))
        return tuple(found)

    return _sides(record.compared, record.networks, make, shown, tables)


def of_models(
    study: Study,
    compared: Compared,
    models: Mapping[str, Sequence[Sequence[StoredRun]]],
    make: Callable[..., Counted],
) -> list[dict[str, list[Counted]]]:
    """Where thresholds are chosen and judged: title -> what is made of each training's tables.

    Parameters
    ----------
    models : title -> the networks of each training.
    make : takes the tables of objects found and reported, and by name ``foils`` and ``defects``
        that are shown and ``against`` what.
    """

    def shown(test: bool) -> list[str]:
        return [foil.name for foil in pictures(study, test)]

    return _sides(compared, models, make, shown, partial(read, study))


def _sides(
    compared: Compared,
    models: Mapping[str, Sequence[Sequence[StoredRun]]],
    make: Callable[..., Counted],
    shown: Callable[[bool], list[str]],
    tables: Callable[[Iterable[StoredRun], bool], tuple[pd.DataFrame, ...]],
) -> list[dict[str, list[Counted]]]:
    found: list[dict[str, list[Counted]]] = []
    for side in sides(compared):
        if found and not side:  # there are no test foils: the same pictures judge
            return [*found, found[0]]
        told = {"defects": compared.defects, "against": compared.against, "foils": shown(side)}
        found.append(
            {
                title: [make(*tables(runs, side), **told) for runs in trainings]
                for title, trainings in models.items()
            }
        )
    return found


def pictures(study: Study, test: bool) -> Sequence[Foil]:
    """The test foils, or else the validation regions."""
    return held_out.dataset(study).foils if test else validation_regions(study.dataset)


def read(study: Study, runs: Iterable[StoredRun], test: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Objects found and reported of a model's networks, one below the other."""
    runs = list(runs)
    return tuple(
        pd.concat([held_out.of_part(study, run, kind, test) for run in runs], ignore_index=True)
        for kind in object_tables.KINDS
    )
