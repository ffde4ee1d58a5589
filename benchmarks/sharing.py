"""Trainings that several processes share, whose rows go to one table: each is taken once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd

from foilseg.data import files
from foilseg.training.locks import RunError, lock


def known(table: Path, keys: Sequence[str]) -> set[tuple]:
    """The values of ``keys`` in the rows that a table has; nothing if there is no table."""
    if not table.exists():
        return set()
    return set(pd.read_csv(table)[list(keys)].itertuples(index=False, name=None))


def add(rows: pd.DataFrame, keys: Sequence[str], table: Path, place: Path) -> None:
    """Write rows whose ``keys`` a table lacks at its end, one process at a time.

    The table is replaced as a whole, so another process never reads half of it, and what was
    written before an interruption is not written again. Locks lie in ``place``.
    """
    with lock(place / table.stem, wait=True):
        there = known(table, keys)
        new = [key not in there for key in rows[list(keys)].itertuples(index=False, name=None)]
        if any(new):
            before = table.read_text() if there else ""
            files.write_text(before + rows[new].to_csv(header=not before, index=False), table)


@contextmanager
def taken(path: Path) -> Iterator[bool]:
    """Whether this process has a piece of work, for the time inside; another one may have it."""
    with ExitStack() as held:
        try:
            held.enter_context(lock(path, wait=False))
        except RunError:
            free = False
        else:
            free = True
        yield free
