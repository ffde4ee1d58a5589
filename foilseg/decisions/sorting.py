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
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from threading import Event, Lock

import numpy as np

from foilseg.data import files, images
from foilseg.data.dataset import LabelClass
from foilseg.decisions import decision, quickest, results
from foilseg.decisions.decision import Decision
from foilseg.decisions.quickest import Quick
from foilseg.decisions.scores import class_scores
from foilseg.networks import devices
from foilseg.networks.inference import Predictor
from foilseg.networks.quick import EXACT, FORMATS
from foilseg.studies.predict import find_images, read_image
from foilseg.training import meters, restore
from foilseg.training.runs import Run

ON_DEVICE = 2  # pictures at once where one device computes for all
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

    Pictures that the folder holds from an earlier call stay in its tables, unread ones too. Writes
    into ``out``: for each picture the mask ``NAME.png`` (class indices);
    ``objects.csv``, the most certain object first, with score (probability), area (pixels, and
    mm2 where the size of a pixel is known), box and centre in pixels; ``pictures.csv`` with stop
    or go, and what makes a picture unlike those of the calibration; and the decision itself.

    Parameters
    ----------
    chosen : made for this run.
    places : image files and folders.
    out : a new or empty folder, or one of the same run and decision.
    exact : take the network as it is, not the fastest format (:mod:`foilseg.decisions.quickest`).
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
    _begin(out, chosen, paths)
    job = _Job(out, chosen, classes, restore.load(run, device), exact)
    at_once = workers or (meters.cores() if job.predictor.device == "cpu" else ON_DEVICE)
    with devices.threads(1):  # of each worker: pictures are shared out, not the maps of one
        job.settle(paths)
        for name in _in_order(job.work, paths, at_once):
            progress(name)
    return results.tables(out, job.quick)


def _in_order(work: Callable[[Path], str], paths: Sequence[Path], workers: int) -> Iterator[str]:
    """What ``work`` gives for every path, in their order.

    When an error comes to light, what was begun is finished and no other path begins.
    """
    failed = Event()

    def careful(path: Path) -> str:
        if failed.is_set():
            return path.name
        try:
            return work(path)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[str]] = deque()
        try:
            for path in paths:
                waiting.append(pool.submit(careful, path))
                if len(waiting) > AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            failed.set()
            pool.shutdown(cancel_futures=True)


@dataclass(eq=False)
class _Job:
    """What happens to every picture; several of them may be worked on at once.

    ``quick`` is the network in its format, None as long as no picture is to be predicted.
    """

    out: Path
    chosen: Decision
    classes: Sequence[LabelClass]
    predictor: Predictor
    exact: bool
    quick: Quick | None = None
    large: Lock = field(default_factory=Lock)

    def settle(self, paths: Sequence[Path]) -> None:
        """Find the format: that of results that are there, else the fastest that is allowed.

        It is tried on the first pictures that can be read and have no results.
        """
        name = _format_of(self.out) or (EXACT if self.exact else "")
        if self.exact and name != EXACT:
            raise JobError(f"{self.out}: holds results in {name}; give a new folder for --exact")
        if name:
            self.quick = Quick(FORMATS[name](self.predictor), name)
            return
        read = (self._read(path)[1] for path in paths)
        pictures = list(islice((image for image in read if image is not None), quickest.TRIED))
        if pictures:
            self.quick = quickest.choose(
                self.predictor, pictures, self.thresholds, self.chosen.stops
            )

    @cached_property
    def thresholds(self) -> dict[int, float]:
        """Class index -> log-odds from which on a pixel is reported."""
        index = {c.name: c.index for c in self.classes}
        return {index[p.name]: p.threshold for p in self.chosen.promises}

    def work(self, path: Path) -> str:
        """Work out a picture, unless that is done or it cannot be read; its name."""
        with self.large if np.prod(images.size_of(path)) > LARGE else nullcontext():
            digest, image, why = self._read(path)
            if why:
                self._record(path, results.unread(path, why, self.out))
            if image is not None:
                scores = class_scores(self.quick.predictor, image, above=self.thresholds)
                self._record(path, self._worked_out(path, digest, image, scores))
        return path.name

    def _read(self, path: Path) -> tuple[str, np.ndarray | None, str]:
        """Digest, and the picture unless it is done or cannot be read; and why it cannot be."""
        try:
            digest = files.digest(path)
            if _done(self._place(path), path, digest):
                return digest, None, ""
            return digest, read_image(path, self.predictor), ""
        except JobError:
            raise
        except Exception as error:  # whatever a decoder makes of a spoiled file
            return "", None, str(error) or type(error).__name__

    def _worked_out(self, path: Path, digest: str, image: np.ndarray, scores) -> dict:
        with _kept(self.out):
            told = results.work_out(image, scores, path, self.chosen, self.classes, self.out)
        return told | {"digest": digest, "format": self.quick.format}

    def _record(self, path: Path, told: dict) -> None:
        with _kept(self.out):
            text = json.dumps(told | {"from": str(path.resolve())}) + "\n"
            files.write_text(text, self._place(path))

    def _place(self, path: Path) -> Path:
        return self.out / results.RECORDS / f"{path.stem}.json"


@contextmanager
def _kept(out: Path) -> Iterator[None]:
    """Errors of a full disk and the like, with what to do about them."""
    try:
        yield
    except OSError as error:
        raise OSError(
            f"{error}; {out} keeps what is done, and the same command goes on when that is mended"
        ) from error


def _format_of(out: Path) -> str:
    """The format of the results in a folder, "" if there is none."""
    for record in sorted((out / results.RECORDS).glob("*.json")):
        told = json.loads(record.read_text("utf-8"))
        if "stop" in told:
            return told.get("format", EXACT)
    return ""


def _begin(out: Path, chosen: Decision, paths: Sequence[Path]) -> None:
    """Make the folder of results, or find that it is of the same decision.

    Raises
    ------
    JobError
        If it is of another one, holds something else, or is where the pictures themselves lie.
    """
    if out.resolve() in {path.resolve().parent for path in paths}:
        raise JobError(f"{out}: holds the pictures themselves; give a folder of its own")
    there = out / decision.NAME
    if there.is_file():
        if decision.read(there) != chosen:
            raise JobError(f"{out}: holds results of another decision; give a new folder")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise JobError(f"{out}: is there already and not empty; give a new folder")
    chosen.write(there)


def _done(record: Path, path: Path, digest: str) -> bool:
    """Whether a picture has its results; of another picture of that name it has none."""
    if not record.is_file():
        return False
    told = json.loads(record.read_text("utf-8"))
    if told["picture"] != path.name or told.get("from", str(path.resolve())) != str(path.resolve()):
        raise JobError(
            f"{record.parent.parent}: holds results of {told.get('from', told['picture'])}, which "
            f"{path} would be written over; give a new folder"
        )
    return told.get("digest") == digest
