"""One process at a time makes a run; another is told to go away, or waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

WAIT = "FOILSEG_WAIT"  # of the environment: whoever finds something locked waits for it
FOLDER = ".locks"
FOREVER = -1


class RunError(RuntimeError):
    """A run folder that cannot be used; the message names file and remedy."""


@contextmanager
def lock(path: Path, wait: bool | None = None) -> Iterator[None]:
    """Hold the run folder ``path`` for this process alone, also while it is not there yet.

    The system gives the lock back when the process ends, however it ends. Locks lie in a folder
    of their own and stay: one that is removed while another process waits for it locks nothing.
    Beside a lock that is held lies a file with the number of the process.

    ``wait`` : until another process has given it back; None does so if ``FOILSEG_WAIT`` is set.

    Raises
    ------
    RunError
        If another process holds it, and this one is not to wait.
    """
    place = path.parent / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    holder = place / f"{path.name}.pid"
    waits = bool(os.environ.get(WAIT)) if wait is None else wait
    held = FileLock(place / f"{path.name}.lock", timeout=FOREVER if waits else 0)
    try:
        held.acquire()
    except Timeout:
        raise RunError(
            f"{path}: process {_pid(holder)} is training this run; wait for it, or give another "
            "place for the runs"
        ) from None
    try:
        holder.write_text(str(os.getpid()))
        yield
    finally:
        holder.unlink(missing_ok=True)
        held.release()


@contextmanager
def waiting() -> Iterator[None]:
    """A block in which whoever finds something locked waits for it."""
    before = os.environ.get(WAIT)
    os.environ[WAIT] = "1"
    try:
        yield
    finally:
        os.environ.pop(WAIT)
        if before is not None:
            os.environ[WAIT] = before


def _pid(holder: Path) -> str:
    """Who has a lock; it may be given back, or have been taken, only just now."""
    try:
        return holder.read_text() or "unknown"
    except OSError:
        return "unknown"
