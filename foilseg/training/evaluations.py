"""Evaluations of a run: computed once from its weights and kept beside the runs.

A run folder is sealed, so what is found out about it later lies in a folder of its own. A study
that is passed on with these files and without weights can be read as if the weights were there.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from foilseg.data import files
from foilseg.training.locks import lock
from foilseg.training.runs import Run

FOLDER = "evaluations"


def place(run: Run, name: str) -> Path:
    """The file of an evaluation of a run, whether it is there or not."""
    return run.path.parent / FOLDER / f"{run.name}-{name}.csv"


def stored(run: Run, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """An evaluation of a run: read if it is there, else made and written; foils are text.

    A process that finds another one at it waits and reads what that one has written.
    """
    path = place(run, name)
    if not path.is_file():
        with lock(path, wait=True):
            if not path.is_file():
                files.write_text(make().to_csv(index=False), path)
    return pd.read_csv(io.BytesIO(path.read_bytes()), dtype={"foil": str})
