"""Kernels side by side: how many, and a way to end all of them at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from foilseg.book.forked import Server
from foilseg.training import meters

MEMORY = 2.5e9  # bytes that a kernel may come to need
SOCKET = 80  # characters of a folder in which the socket of a kernel can lie


def number(wanted: int) -> int:
    """How many kernels to run at a time: one a core, as long as memory lasts, at least one."""
    return max(1, min(wanted, meters.cores(), int(meters.free_memory() // MEMORY)))


def threads(kernels: int) -> int:
    """How many threads each of so many kernels may compute with."""
    return max(1, meters.cores() // kernels)


class Kernels:
    """The kernels that run for one caller."""

    def __init__(self, server: Server | None = None):
        self.server = server
        self.held: list[Any] = []
        self.numbers = count()

    def manager(self, folder: Path) -> type:
        """A class of kernel managers that are known here.

        They talk through sockets in ``folder``, if its name is short enough for that: a port that
        is free when it is looked for can be taken when a kernel opens it, if several start.
        """
        from jupyter_client import AsyncKernelManager

        kernels = self

        class Manager(AsyncKernelManager):
            def __init__(self, **options):
                if len(str(folder)) <= SOCKET:
                    place = folder / f"kernel-{next(kernels.numbers)}"
                    options |= {"transport": "ipc", "ip": str(place)}
                super().__init__(**options)
                if kernels.server is not None:
                    self.kernel_id = str(uuid4())
                    self.provisioner = kernels.server.provisioner(self)
                kernels.held.append(self)

        return Manager

    def end(self) -> None:
        """Kill every kernel that is known."""
        for manager in self.held:
            pid = getattr(manager.provisioner, "pid", None)
            if pid:
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(pid).kill()


def _in_own_loop(work: Callable, *arguments: Any) -> Any:
    """Do some work whose event loop, one a thread, ends with it."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    try:
        return work(*arguments)
    finally:
        loop.close()


def side_by_side(
    jobs: Sequence[Any],
    work: Callable[[Any, Kernels], Any],
    at_a_time: int,
    done: Callable[[Any, Any], None],
    begun: Callable[[list[Any]], None] = lambda running: None,
    server: Server | None = None,
) -> list[Exception]:
    """Do some jobs, several at a time, each with kernels of its own.

    After a failure nothing is begun any more, and what is under way ends. If this is interrupted,
    the kernels are killed.

    Parameters
    ----------
    work : does one, in a thread.
    done : called with a job and what ``work`` returned, as soon as it is done.
    begun : called with the jobs under way whenever that has changed.
    server : what forks the kernels, None starts each as usual.

    Returns
    -------
    What ``work`` raised, in the order of the jobs.
    """
    kernels, failed = Kernels(server), {}
    waiting, running = deque(enumerate(jobs)), {}
    with ThreadPoolExecutor(at_a_time) as pool:
        try:
            while running or (waiting and not failed):
                while waiting and len(running) < at_a_time and not failed:
                    place, job = waiting.popleft()
                    running[pool.submit(_in_own_loop, work, job, kernels)] = place, job
                begun([job for _, job in running.values()])
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    place, job = running.pop(future)
                    if future.exception() is None:
                        done(job, future.result())
                    else:
                        failed[place] = future.exception()
        except BaseException:
            _end(kernels, running)
            raise
    return [failed[place] for place in sorted(failed)]


def _end(kernels: Kernels, running: Sequence[Future]) -> None:
    """Kill the kernels until nothing runs any more: one may be starting right now."""
    left = set(running)
    while left:
        kernels.end()
        left = wait(left, timeout=0.2).not_done
