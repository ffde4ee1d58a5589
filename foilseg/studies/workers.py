"""Several networks at a time: processes that train what a study lacks.

Small patches leave a second core idle, so two processes of one thread each finish a study sooner
than one process of two. What a run holds does not depend on the process that trained it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache
from queue import Empty
from typing import TYPE_CHECKING

from tqdm import tqdm

from foilseg.networks import devices
from foilseg.training import machine

if TYPE_CHECKING:
    from foilseg.studies.model import Model
    from foilseg.studies.study import Study
    from foilseg.training.experiments import Experiment

_told = None  # of a worker: the queue that it reports to


@dataclass(frozen=True)
class Task:
    """One network of a study that is to be trained."""

    study: Study
    row: Experiment
    defect: str

    @property
    def label(self) -> str:
        """What a progress bar calls it."""
        parts = (self.row.name, self.defect, self.study.profile.name, f"seed {self.study.seed}")
        return " ".join(filter(None, parts))


def number(threads: int, device: str = "auto") -> int:
    """How many processes are worth it: one for each group of ``threads`` cores.

    One where a graphics card computes, or where a training takes all threads there are (0).
    """
    if threads < 1 or devices.resolve_device(device) != "cpu":
        return 1
    return max(1, machine.cores() // threads)


def train(
    networks: Sequence[tuple[Model, str]], workers: int, device: str = "auto", progress: bool = True
) -> None:
    """Train some networks, each a model and a defect, in their order.

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
        return _one_by_one(networks, device, progress)
    tasks = [Task(replace(model.study), model.row, defect) for model, defect in networks]
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(queue,))
    with _Bars(tasks, workers, progress) as bars:
        waiting = {pool.submit(_work, n, task, device) for n, task in enumerate(tasks)}
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


def _one_by_one(networks: Sequence[tuple[Model, str]], device: str, progress: bool) -> None:
    total = sum(model.study.profile.iterations for model, _ in networks)
    with tqdm(total=total, desc="all", unit="it", disable=not progress, position=0) as whole:
        for number, (model, defect) in enumerate(networks, 1):
            whole.set_description(f"all ({number} of {len(networks)} networks)")
            model.run(defect, device, progress=whole.update if progress else False)


def _stop(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _begin(queue) -> None:
    """Make a process ready: it tells what it does, and ends with the one that began it."""
    global _told
    _told = queue
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the rest
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


@cache
def _read(study: Study) -> Study:
    study.dataset, study.index  # noqa: B018  read once for all networks of the process
    return study


def _work(n: int, task: Task, device: str) -> None:
    study = _read(replace(task.study, seed=0)).with_seed(task.study.seed)
    study.model(task.row).fit(task.defect, device, lambda steps: _told.put((n, steps)))
    _told.put((n, None))


class _Bars:
    """One bar for the whole, and one for each network under way."""

    def __init__(self, tasks: Sequence[Task], workers: int, progress: bool):
        self.tasks, self.shown, self.done = tasks, progress, 0
        self.free = list(range(1, workers + 1))
        self.under_way: dict[int, tuple[tqdm, int]] = {}
        total = sum(task.study.profile.iterations for task in tasks)
        self.whole = self._bar(total, "all", 0, leave=True)

    def _bar(self, total: int, label: str, position: int, leave: bool = False) -> tqdm:
        places = {"position": position, "leave": leave, "disable": not self.shown}
        return tqdm(total=total, desc=label, unit="it", **places)

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
            self._end(n) if steps is None else self._advance(n, steps)
        self.whole.set_description(f"all ({self.done} of {len(self.tasks)} networks)")

    def _advance(self, n: int, steps: int) -> None:
        if n not in self.under_way:
            place, task = self.free.pop(0), self.tasks[n]
            bar = self._bar(task.study.profile.iterations, task.label, place)
            self.under_way[n] = bar, place
        self.under_way[n][0].update(steps)
        self.whole.update(steps)

    def _end(self, n: int) -> None:
        if n in self.under_way:
            bar, place = self.under_way.pop(n)
            bar.close()
            self.free.append(place)
        self.done += 1
