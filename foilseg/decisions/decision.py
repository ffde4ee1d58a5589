"""``decision.json``: thresholds with what they promise, bound to the run they were made for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from foilseg.data import files
from foilseg.data.dataset import LabelClass
from foilseg.decisions.likeness import Likeness
from foilseg.training import restore, runs
from foilseg.training.runs import Run

NAME = "decision.json"
VERSION = 2


class DecisionError(ValueError):
    """A decision that cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Promise:
    """The threshold of one class.

    Attributes
    ----------
    name : of the class.
    threshold : log-odds from which on a pixel is reported.
    miss : the share of misses that is promised at most, expected for one more picture that shows
        the class.
    images : pictures with the class that stand behind it.
    risk : mean share of misses in these pictures.
    left_out : the same of each picture at the threshold that the others alone would choose, and
        its standard error; None where they cannot promise so little.
    false : falsely reported objects in all calibration pictures.
    found, objects : annotated objects that are found, and how many there are.
    """

    name: str
    threshold: float
    miss: float
    images: int
    risk: float
    false: int
    found: int
    objects: int
    left_out: float | None
    left_out_error: float | None


@dataclass(frozen=True)
class Decision:
    """What is reported, what that promises, and when the line stops.

    Attributes
    ----------
    run, weights : name of the run, and a digest of its weights.
    data, fingerprint, part : the data it was calibrated on, and which part of every picture.
    level, reach, cover : what a miss is (:mod:`foilseg.decisions.calibration`).
    area : calibrated pixels of all pictures together.
    pixel_size_um : edge of a pixel in micrometres, or None.
    stop_pixels, stop_number : a picture is stopped if at least so many objects of at least so
        many pixels are reported.
    promises : one for each class.
    likeness : what the calibration pictures look like.
    """

    run: str
    weights: str
    data: str
    fingerprint: str
    part: str
    level: str
    reach: int
    cover: float
    area: int
    pixel_size_um: float | None
    stop_pixels: int
    stop_number: int
    promises: tuple[Promise, ...]
    likeness: Likeness

    def stops(self, pixels: Sequence[int]) -> bool:
        """Whether reported objects of these sizes stop a picture."""
        return sum(size >= self.stop_pixels for size in pixels) >= self.stop_number

    def write(self, path: Path) -> None:
        """Write it with its own digest."""
        content = {"version": VERSION, **asdict(self)}
        files.write_text(
            json.dumps(content | {"sha256": _digest(content)}, indent=1) + "\n", Path(path)
        )

    def check(self, run: Run, classes: Sequence[LabelClass]) -> None:
        """Refuse a run that it was not made for.

        Raises
        ------
        DecisionError
            If the run has other weights, or lacks a class.
        """
        if self.weights != weights(run):
            raise DecisionError(
                f"the decision was made for the run {self.run}, not for {run.name}; calibrate "
                "this run, or predict with that one"
            )
        lacking = {p.name for p in self.promises} - {c.name for c in classes}
        if lacking:
            raise DecisionError(f"{run.name}: knows no {', '.join(sorted(lacking))}")


def read(path: Path) -> Decision:
    """Read a decision.

    Raises
    ------
    DecisionError
        If there is no such file, it is no decision of this version, or somebody altered it.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text("utf-8"))
        told = content.pop("sha256")
        if told != _digest(content):
            raise DecisionError(f"{path}: was altered after it was made; calibrate again")
        if content.pop("version") != VERSION:
            raise DecisionError(f"{path}: is of another version; calibrate again")
        promises = tuple(Promise(**each) for each in content.pop("promises"))
        likeness = Likeness(**content.pop("likeness"))
        return Decision(promises=promises, likeness=likeness, **content)
    except FileNotFoundError as error:
        raise DecisionError(f"{path}: no such file; foilseg calibrate writes one") from error
    except DecisionError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DecisionError(
            f"{path}: is no decision ({type(error).__name__}: {error}); "
            "foilseg calibrate writes one"
        ) from error


def _digest(content: dict[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def weights(run: Run) -> str:
    """A digest of everything that a run predicts with: SHA-256 of its networks' files, in order."""
    members = run.determines.get("members")
    each = [run] if members is None else [run.member(name) for name in members.values()]
    told = [[member.config["label"], runs.digest(member.model())] for member in each]
    return sha256(json.dumps(told).encode()).hexdigest()


def classes_of(run: Run) -> list[LabelClass]:
    """The defects that a run can report, in table order."""
    label = run.config.get("label")
    return [c for c in restore.classes(run) if c.index and label in (None, c.index)]
