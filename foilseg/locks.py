"""One process at a time makes a run; another is told to go away, or waits."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

WAIT = "FOILSEG_WAIT"  # of the environment: whoever finds something locked waits for it


class RunError(RuntimeError):
    """A run folder that cannot be used; the message names file and remedy."""


@contextmanager
def lock(path: Path, wait: bool | None = None) -> Iterator[None]:
    """Hold the run folder ``path`` for this process alone, also while it is not there yet.

    The system gives the lock back when the process ends, however it ends.

    ``wait`` : until another process has given it back; None does so if ``FOILSEG_WAIT`` is set.

    Raises
    ------
    RunError
        If another process holds it, and this one is not to wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.with_name(path.name + ".lock")
    with _locked(name, bool(os.environ.get(WAIT)) if wait is None else wait) as file:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            name.unlink(missing_ok=True)


def _locked(name: Path, wait: bool) -> TextIO:
    """The open file of a lock that is held."""
    while True:
        file = name.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            if _is(file, name):
                return file
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise RunError(
                f"{name.with_suffix('')}: process {holder} is training this run; wait for it, or "
                "give another place for the runs"
            ) from None
        file.close()


def _is(file: TextIO, name: Path) -> bool:
    """Whether a file still has its name: the holder before may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), name.stat())
    except FileNotFoundError:
        return False
