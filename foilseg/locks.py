"""One process at a time makes a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

FOLDER = ".locks"


class RunError(RuntimeError):
    """A run folder that cannot be used; the message names file and remedy."""


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the run folder ``path`` for this process alone, also while it is not there yet.

    The system gives the lock back when the process ends, however it ends. Locks lie in a folder
    of their own and stay: one that is removed while another process waits for it locks nothing.

    Raises
    ------
    RunError
        If another process holds it.
    """
    place = path.parent / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    holder = place / f"{path.name}.pid"
    try:
        with FileLock(place / f"{path.name}.lock", timeout=0):
            holder.write_text(str(os.getpid()))
            yield
    except Timeout:
        pid = holder.read_text() if holder.is_file() else "unknown"
        raise RunError(
            f"{path}: process {pid} is training this run; wait for it, or give another place "
            "for the runs"
        ) from None
