"""What several chapters need is made ahead of them, on all cores: runs, joined masks, evaluations.

Otherwise each would make its share on one core, and wait for what another one is making.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from foilseg.analysis import stability
from foilseg.book import notebooks
from foilseg.book.selection import models
from foilseg.measured import confidence
from foilseg.studies.network import lacking, train
from foilseg.studies.study import Study
from foilseg.studies.workers import number
from foilseg.training import evaluations
from foilseg.training.rows import Experiment

_todo: list[Task] = []  # of a process that works for another one
JOINED, OBJECTS, LATE, SEEN = "joined", "objects", "late", "seen"
# What a chapter's code calls -> the kinds of evaluations that it needs.
CALLS = {
    "confidence.maps(": (OBJECTS,),
    "stability.late_counts(": (LATE,),
    "gather.gather(": (SEEN, LATE),
}


@dataclass(frozen=True)
class Task:
    """One thing to be made of one network, or of a whole model if it is to be joined."""

    study: Study
    row: Experiment
    kind: str
    defect: str = ""
    iteration: int = 0


def prepare(study: Study, due: Sequence[Path], given: Mapping[str, Any]) -> None:
    """Make what several chapters need, on all cores; one alone makes what it needs itself.

    ``given`` : the parameters that the chapters get.
    """
    if len(due) > 1:
        make(study, models(due, given), kinds(due), number(study.profile.threads))


def kinds(chapters: Iterable[Path]) -> set[str]:
    """The kinds of evaluations that the code of some chapters asks for."""
    cells = (cell.source for path in chapters for cell in notebooks.code(notebooks.read(path)))
    text = "\n".join(cells)
    return {kind for call, needed in CALLS.items() if call in text for kind in needed}


def tasks(study: Study, names: Sequence[str], wanted: Iterable[str]) -> list[Task]:
    """What is lacking of the wanted kinds for some models whose networks are there.

    What has no weights, as in a shipped study, can be evaluated no more and is left out.
    """
    found = []
    for model in map(study.model, names):
        late = study.profile.keep[:-1] if model.row.name in stability.tested() else ()
        stored = {OBJECTS: [confidence.NAME], SEEN: ["training"], LATE: [f"{k:06d}" for k in late]}
        for defect, run in model.runs.items():
            if not run.has_weights:
                continue
            for kind in sorted(wanted):
                own = Task(study, model.row, kind, defect)
                lacking = [n for n in stored[kind] if not evaluations.known(run, n)]
                found += [replace(own, iteration=int(n) if kind == LATE else 0) for n in lacking]
    return found


def make(study: Study, names: Sequence[str], wanted: Iterable[str], workers: int) -> None:
    """Train what is missing of some models, then make what is wanted of them.

    Raises
    ------
    Exception
        What a training or an evaluation raises; nothing is begun after that.
    """
    missing = lacking(network for name in names for network in study.model(name).each)
    train(missing, workers=workers)
    joins = [row for row in dict.fromkeys(n.row for n in missing) if row.is_one_vs_rest]
    todo = [Task(study, row, JOINED) for row in joins]
    todo += tasks(study, names, wanted)
    if todo and workers > 1:
        _in_processes(todo, workers)
    else:
        for task in todo:
            _do(task)


def _in_processes(todo: list[Task], workers: int) -> None:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(todo,))
    processes = pool._processes
    try:
        futures = [pool.submit(_do_one, n) for n in range(len(todo))]
        for future in tqdm(as_completed(futures), "evaluations", len(futures)):
            future.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list((processes or {}).values()):
            process.terminate()
        raise
    pool.shutdown()


def _begin(todo: list[Task]) -> None:
    """Make a process ready; it gets all tasks at once, so that they share the data it reads."""
    global _todo
    _todo = todo
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the rest


def _do_one(n: int) -> None:
    _do(_todo[n])


def _do(task: Task) -> None:
    study = task.study
    model = study.model(task.row)
    if task.kind == JOINED:
        model.join()
        return
    run = model.run(task.defect)
    if task.kind == OBJECTS:
        confidence.objects(study.dataset, run)
    elif task.kind == LATE:
        stability.checkpoint_counts(study.dataset, run, task.iteration)
    else:
        stability.training_counts(study.dataset, run)
