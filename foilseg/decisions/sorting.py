"""Pictures + a decision -> masks, a list of objects in the order of worth, stop or go.

Each picture is worked out by itself and its record is written last, so a command that was stopped
goes on with the pictures that have none. Several pictures are worked on at once, one a core, so
reading, network and writing overlap. A picture that cannot be read is named, and the others are
worked out all the same.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np

from foilseg.data import files
from foilseg.data.dataset import LabelClass
from foilseg.decisions import decision, quickest, results
from foilseg.decisions.decision import Decision
from foilseg.decisions.quickest import Quick
from foilseg.decisions.scores import class_scores
from foilseg.networks import devices
from foilseg.networks.inference import Predictor
from foilseg.networks.quick import EXACT, FORMATS
from foilseg.studies.predict import find_images, overlays_over, read_image
from foilseg.training import machine, restore
from foilseg.training.runs import Run

AHEAD = 2  # pictures a worker that are begun before the first of them is told as done
LARGE = 8_000_000  # pixels of a picture of which only one is worked on at a time


class JobError(ValueError):
    """A folder of results that belongs to something else; the message says what to do."""


def sort_files(
    run: Run,
    chosen: Decision,
    places: Sequence[Path],
    out: Path,
    *,
    device: str = "auto",
    exact: bool = False,
    workers: int = 0,
    progress: Callable[[str], object] = lambda name: None,
) -> results.Done:
    """Work out all pictures that have no record yet, and write the tables of all.

    Pictures that the folder holds from an earlier call stay in its tables. Writes into ``out``:
    for each picture ``NAME.png`` (class indices) and ``NAME_overlay.jpg``;
    ``objects.csv``, the most certain object first, with score (probability), area (pixels, and
    mm2 where the size of a pixel is known), box and centre in pixels; ``pictures.csv`` with stop
    or go, and what makes a picture unlike those of the calibration; and the decision itself.

    Parameters
    ----------
    chosen : made for this run.
    places : image files and folders.
    out : a new or empty folder, or one of the same run and decision.
    exact : take the network as it is, not the fastest format (:mod:`quickest`).
    workers : pictures at once, 0 for as many as there are cores.
    progress : called with the name of each picture, those that were done before too.

    Raises
    ------
    foilseg.decisions.decision.DecisionError
        If the decision was made for another run.
    JobError
        If ``out`` holds something else.
    ValueError
        If there is nothing to predict, or two pictures share a name.
    OSError
        If something cannot be written; what was done stays, and the same command goes on.
    """
    classes = restore.classes(run)
    chosen.check(run, classes)
    paths, out = find_images(places), Path(out)
    _begin(out, chosen)
    there = (p.with_suffix(".png") for p in (out / results.RECORDS).glob("*.json"))
    overlays_over({p.stem: p for p in (*there, *paths)})
    job = _Job(out, chosen, classes, restore.load(run, device), exact)
    with devices.threads(1):  # of each worker: pictures are shared out, not the maps of one
        for name in _in_order(job.work, paths, workers or machine.cores()):
            progress(name)
    return results.tables(out, job.unread, job.quick)


def _in_order(work: Callable[[Path], str], paths: Sequence[Path], workers: int) -> Iterator[str]:
    """What ``work`` gives for every path, in their order; after an error no other path begins."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[str]] = deque()
        try:
            for path in paths:
                waiting.append(pool.submit(work, path))
                if len(waiting) > AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(eq=False)
class _Job:
    """What happens to every picture; several of them may be worked on at once.

    ``quick`` is the network in its format, found out on the first picture that is predicted.
    """

    out: Path
    chosen: Decision
    classes: Sequence[LabelClass]
    predictor: Predictor
    exact: bool
    quick: Quick | None = None
    unread: dict[str, str] = field(default_factory=dict)
    first: Lock = field(default_factory=Lock)
    large: Lock = field(default_factory=Lock)

    def work(self, path: Path) -> str:
        """Work out a picture, unless that is done or it cannot be read; its name."""
        record = self.out / results.RECORDS / f"{path.stem}.json"
        try:
            digest = files.digest(path)
            image = None if _done(record, path.name, digest) else read_image(path, self.predictor)
        except JobError:
            raise
        except Exception as error:  # whatever a decoder makes of a spoiled file
            self.unread[path.name] = str(error) or type(error).__name__
            return path.name
        if image is None:
            return path.name
        with self.large if image[0].size > LARGE else nullcontext():
            scores = class_scores(self._network(image), image)
            self._write(path, record, digest, image, scores)
        return path.name

    def _write(self, path: Path, record: Path, digest: str, image: np.ndarray, scores) -> None:
        try:
            told = results.work_out(image, scores, path, self.chosen, self.classes, self.out)
            told |= {"digest": digest, "format": self.quick.format}
            files.write_text(json.dumps(told) + "\n", record)
        except OSError as error:
            raise OSError(
                f"{error}; {self.out} keeps what is done, and the same command goes on when that "
                "is mended"
            ) from error

    def _network(self, image: np.ndarray) -> Predictor:
        with self.first:
            self.quick = self.quick or self._format(image)
        return self.quick.predictor

    def _format(self, image: np.ndarray) -> Quick:
        """The format that results of an earlier call have, else the fastest that is allowed."""
        name = _format_of(self.out) or (EXACT if self.exact else "")
        if self.exact and name != EXACT:
            raise JobError(f"{self.out}: holds results in {name}; give a new folder for --exact")
        if name:
            return Quick(FORMATS[name](self.predictor), name)
        index = {c.name: c.index for c in self.classes}
        thresholds = {index[p.name]: p.threshold for p in self.chosen.promises}
        return quickest.choose(self.predictor, image, thresholds)


def _format_of(out: Path) -> str:
    """The format of the results in a folder, "" if there is none."""
    records = sorted((out / results.RECORDS).glob("*.json"))
    return json.loads(records[0].read_text("utf-8"))["format"] if records else ""


def _begin(out: Path, chosen: Decision) -> None:
    """Make the folder of results, or find that it is of the same decision."""
    there = out / decision.NAME
    if there.is_file():
        if decision.read(there) != chosen:
            raise JobError(f"{out}: holds results of another decision; give a new folder")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise JobError(f"{out}: is there already and not empty; give a new folder")
    chosen.write(there)


def _done(record: Path, name: str, digest: str) -> bool:
    """Whether a picture has its record; of another picture of that name it has none."""
    if not record.is_file():
        return False
    told = json.loads(record.read_text("utf-8"))
    if told["picture"] != name:
        raise JobError(
            f"{record.parent.parent}: holds results of {told['picture']}, which would be written "
            f"under the name of {name}; give a new folder"
        )
    return told["digest"] == digest
