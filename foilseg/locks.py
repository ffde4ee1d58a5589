"""One process at a time makes a run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RunError(RuntimeError):
    """A run folder that cannot be used; the message names file and remedy."""


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the run folder ``path`` for this process alone, also while it is not there yet.

    The system gives the lock back when the process ends, however it ends.

    Raises
    ------
    RunError
        If another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.with_name(path.name + ".lock")
    with name.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise RunError(
                f"{path}: process {holder} is training this run; wait for it, or give another "
                "place for the runs"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            name.unlink(missing_ok=True)
