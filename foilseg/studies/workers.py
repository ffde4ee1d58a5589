"""Several networks at a time: processes that train what a study lacks.

Small patches leave a second core idle, so two processes of one thread each finish a study sooner
than one process of two. What a run holds does not depend on the process that trained it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from functools import partial
from queue import Empty
from typing import Protocol

from tqdm import tqdm

from foilseg.networks import devices
from foilseg.training import machine


class Job(Protocol):
    """One network that is to be trained, here or in another process: it can be pickled.

    Attributes
    ----------
    label : what a progress bar calls it.
    iterations : of its training.
    """

    @property
    def label(self) -> str: ...

    @property
    def iterations(self) -> int: ...

    def train(self, device: str, progress: Callable[[int], object]) -> object:
        """Train it; ``progress`` is called with numbers of iterations."""


# Of a process that works for another one: what there is to train, and the queue that it reports to.
_jobs: Sequence[Job] = ()
_told = None


def number(threads: int, device: str = "auto") -> int:
    """How many processes are worth it: one for each group of ``threads`` cores.

    One where a graphics card computes, or where a training takes all threads there are (0).
    """
    if threads < 1 or devices.resolve_device(device) != "cpu":
        return 1
    return max(1, machine.cores() // threads)


def train(jobs: Sequence[Job], workers: int, device: str = "auto", progress: bool = True) -> None:
    """Train some networks in their order.

    Shows one bar over all iterations and one for each network under way. A network that fails
    ends the whole: those under way keep their last checkpoints, and the error is raised here.

    Parameters
    ----------
    workers : how many at a time, each in a process of its own; 1 trains them in this process.

    Raises
    ------
    ValueError
        If there is no worker.
    Exception
        What a training raises, see :func:`foilseg.training.fit.fit`.
    """
    if workers < 1:
        raise ValueError(f"workers: {workers} is not positive")
    if workers == 1:
        return _one_by_one(jobs, device, progress)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(queue, list(jobs)))
    with _Bars(jobs, workers, progress) as bars:
        waiting = {pool.submit(_work, n, device) for n in range(len(jobs))}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                bars.read(queue)
                for future in done:
                    future.result()
        except BaseException:
            _stop(pool)
            raise
        pool.shutdown()
        bars.read(queue)  # what the processes told last comes with their end


def _one_by_one(jobs: Sequence[Job], device: str, progress: bool) -> None:
    with _Bars(jobs, 1, progress) as bars:
        for n, job in enumerate(jobs):
            bars.under(n)
            job.train(device, partial(bars.advance, n))
            bars.end(n)


def _stop(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _begin(queue, jobs: Sequence[Job]) -> None:
    """Make a process ready: it tells what it does, and ends with the one that began it.

    It gets all jobs at once, so that those of one study share what is read for the first.
    """
    global _told, _jobs
    _told, _jobs = queue, jobs
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the rest
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _work(n: int, device: str) -> None:
    _jobs[n].train(device, lambda steps: _told.put((n, steps)))
    _told.put((n, None))


class _Bars:
    """One bar for the whole, and one for each network under way."""

    def __init__(self, jobs: Sequence[Job], workers: int, progress: bool):
        self.jobs, self.shown, self.done = jobs, progress, 0
        self.free = list(range(1, workers + 1))
        self.under_way: dict[int, tuple[tqdm, int]] = {}
        self.whole = self._bar(sum(job.iterations for job in jobs), "all", 0, leave=True)

    def _bar(self, total: int, label: str, position: int, leave: bool = False) -> tqdm:
        return tqdm(
            total=total,
            desc=label,
            unit="it",
            position=position,
            leave=leave,
            disable=not self.shown,
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for bar, _ in self.under_way.values():
            bar.close()
        self.whole.close()

    def read(self, queue) -> None:
        """Show what the processes told since the last time."""
        while True:
            try:
                n, steps = queue.get_nowait()
            except Empty:
                break
            self.end(n) if steps is None else self.advance(n, steps)

    def under(self, n: int) -> None:
        """Show the bar of a network from now on."""
        if n not in self.under_way:
            place, job = self.free.pop(0), self.jobs[n]
            self.under_way[n] = self._bar(job.iterations, job.label, place), place

    def advance(self, n: int, steps: int) -> None:
        """A network has done so many iterations more."""
        self.under(n)
        self.under_way[n][0].update(steps)
        self.whole.update(steps)

    def end(self, n: int) -> None:
        """A network is trained."""
        if n in self.under_way:
            bar, place = self.under_way.pop(n)
            bar.close()
            self.free.append(place)
        self.done += 1
        self.whole.set_description(f"all ({self.done} of {len(self.jobs)} networks)")
