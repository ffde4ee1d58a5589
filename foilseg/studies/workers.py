"""Several networks at a time: processes that train what a study lacks.

Small patches leave a second core idle, so two processes of one thread each finish a study sooner
than one process of two. What a run holds does not depend on the process that trained it. The
processes are those of this machine, or of a cluster (:mod:`foilseg.studies.cluster`).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager
from functools import partial
from queue import Empty
from typing import Protocol

from tqdm import tqdm

from foilseg.networks import devices
from foilseg.training import meters

LOOK = 0.2  # seconds after which the bars are drawn again


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
    return max(1, meters.cores() // threads)


class Crew(Protocol):
    """Processes that train: an executor, with what it tells on the way."""

    def submit(self, n: int) -> Future:
        """Have the n-th job trained."""

    def told(self) -> Iterator[tuple[int, int | None]]:
        """What was told since the last time: a job, and its further iterations (None: its end)."""

    def finish(self, n: int, future: Future) -> Future | None:
        """Take the result of a job, raise its error, or give the future of another attempt."""

    def end(self) -> None:
        """All is trained: wait until everything is told."""

    def stop(self) -> None:
        """Let go of everything under way."""


def train(
    jobs: Sequence[Job],
    workers: int,
    device: str = "auto",
    progress: bool = True,
    crew: Callable[..., AbstractContextManager[Crew]] | None = None,
) -> None:
    """Train some networks in their order.

    Shows one bar over all iterations and one for each network under way. A network that fails
    ends the whole: those under way keep their last checkpoints, and the error is raised here.

    Parameters
    ----------
    workers : how many at a time, each in a process of its own; 1 trains them in this process.
    crew : (jobs, workers, device) -> the processes; those of this machine unless told.

    Raises
    ------
    ValueError
        If there is no worker.
    Exception
        What a training raises, see :func:`foilseg.training.fit.fit`.
    """
    if workers < 1:
        raise ValueError(f"workers: {workers} is not positive")
    if workers == 1 and crew is None:
        return _one_by_one(jobs, device, progress)
    with (crew or Processes)(jobs, workers, device) as members, _Bars(jobs, progress) as bars:
        waiting = {members.submit(n): n for n in range(len(jobs))}
        try:
            while waiting:
                done, _ = wait(waiting, timeout=LOOK, return_when=FIRST_COMPLETED)
                bars.show(members.told())
                for future in done:
                    n = waiting.pop(future)
                    if again := members.finish(n, future):
                        waiting[again] = n
        except BaseException:
            members.stop()
            raise
        members.end()
        bars.show(members.told())


def _one_by_one(jobs: Sequence[Job], device: str, progress: bool) -> None:
    with _Bars(jobs, progress) as bars:
        for n, job in enumerate(jobs):
            bars.under(n)
            job.train(device, partial(bars.advance, n))
            bars.end(n)


class Processes:
    """A crew of this machine's processes."""

    def __init__(self, jobs: Sequence[Job], workers: int, device: str):
        context = multiprocessing.get_context("spawn")
        self.queue, self.device = context.Queue(), device
        begun = {"initializer": _begin, "initargs": (self.queue, list(jobs))}
        self.pool = ProcessPoolExecutor(workers, context, **begun)

    def __enter__(self):
        return self

    def __exit__(self, *error: object) -> None:
        self.pool.shutdown(wait=False)

    def submit(self, n: int) -> Future:
        return self.pool.submit(_work, n, self.device)

    def told(self) -> Iterator[tuple[int, int | None]]:
        while True:
            try:
                yield self.queue.get_nowait()
            except Empty:
                return

    def finish(self, n: int, future: Future) -> None:
        future.result()

    def end(self) -> None:
        self.pool.shutdown()  # what the processes told last comes with their end

    def stop(self) -> None:
        processes = list((self.pool._processes or {}).values())
        self.pool.shutdown(wait=False, cancel_futures=True)
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

    def __init__(self, jobs: Sequence[Job], progress: bool):
        self.jobs, self.shown, self.done = jobs, progress, 0
        self.free: list[int] = []
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

    def show(self, told: Iterator[tuple[int, int | None]]) -> None:
        """Show what a crew tells."""
        for n, steps in told:
            self.end(n) if steps is None else self.advance(n, steps)

    def under(self, n: int) -> None:
        """Show the bar of a network from now on."""
        if n not in self.under_way:
            job, lowest = self.jobs[n], 1 + len(self.under_way)
            place = self.free.pop(0) if self.free else lowest
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
