"""Evaluations of a run: computed once from its weights and kept beside the runs.

A run folder is sealed, so what is found out about it later lies in a folder of its own. A shipped
study brings them as tables, so that it can be read as if the weights were there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from foilseg.data import files
from foilseg.training.locks import lock
from foilseg.training.runs import EVALUATIONS, Run
from foilseg.training.stored_run import StoredRun

FOLDER = EVALUATIONS


def place(run: StoredRun, name: str) -> Path:
    """The file of an evaluation of a run, whether it is there or not."""
    return run.evaluation_file(name)


def known(run: StoredRun, name: str) -> bool:
    """Whether an evaluation of a run is stored."""
    return name in run.evaluations()


def stored(run: StoredRun, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """An evaluation of a run: read if it is there, else made and written; foils are text.

    A process that finds another one at it waits and reads what that one has written. Nothing is
    written into a shipped study: what it lacks is made each time.
    """
    found = run.evaluation(name)
    if found is not None:
        return found
    if not isinstance(run, Run):
        return make()
    path = place(run, name)
    with lock(path, wait=True):
        if not path.is_file():
            files.write_text(make().to_csv(index=False), path)
    return run.evaluation(name)


def stored_together(
    run: StoredRun, name: str, make: Callable[[], dict[str, pd.DataFrame]]
) -> pd.DataFrame:
    """As :func:`stored`, of evaluations that are made at once: name -> table, all are written."""
    found = run.evaluation(name)
    if found is not None:
        return found
    tables = {key: stored(run, key, lambda t=table: t) for key, table in make().items()}
    return tables[name]
