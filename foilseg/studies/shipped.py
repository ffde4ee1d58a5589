"""Studies that come with the repository: runs without their weights, in ``results/NAME``.

What the runs hold are tables of the whole study (:mod:`foilseg.studies.run_tables`), and the masks
of a network one PNG, the validation regions one below the other in the order of the manifest.
``manifest.json`` binds every file to its run, and every run to what determined it. A study whose
files were altered, or whose data or code are no longer those of today, is refused by name, so
that no old number is printed for a new one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from foilseg.data import files
from foilseg.data.dataset import Dataset
from foilseg.studies import run_tables
from foilseg.studies.references import FILE, ReferenceError, References
from foilseg.studies.shipped_run import ShippedRun
from foilseg.studies.tables import PREDICTIONS, PROBABILITIES, Tables
from foilseg.training import runs

ROOT = Path("results")
MANIFEST = "manifest.json"
SAME = ("experiment", "defect", "profile", "seed")  # what a run is asked for by
LISTED = 6  # runs that a message names
FOLDERS = (run_tables.FOLDER, run_tables.EVALUATIONS, "findings", PREDICTIONS, PROBABILITIES)


class ShippedError(RuntimeError):
    """A shipped study that cannot be used; the message names files or runs, and the remedy."""


@dataclass(frozen=True)
class Shipped:
    """One shipped study.

    Attributes
    ----------
    path : its folder.
    manifest : ``command`` that made it, ``twin`` (whether its data is the embedded one), ``data``
        (name and fingerprint), ``profile``, ``files`` (path -> sha256) and ``regions`` (foil ->
        height and width of its validation region), and per run name its ``determines``, ``made``
        (circumstances), ``parts`` and ``evaluations``.
    """

    path: Path
    manifest: dict[str, Any]

    def run(self, name: str) -> ShippedRun:
        """One of its runs."""
        return ShippedRun(self.path / name, self.manifest["runs"][name], self.tables)

    @cached_property
    def tables(self) -> Tables:
        """Its tables and masks, each read once."""
        return Tables(self.path, self.manifest["files"], self.manifest.get("regions", {}))

    def adopt(self, data: Dataset) -> tuple[Dataset, str]:
        """The local rendering of the study's twin, with the masks that the study was judged by.

        With it comes a sentence on what differs, "" if nothing does.

        Other data than the study's, and those of a study without references, stay as they are;
        its runs are then refused when they are asked for.

        Raises
        ------
        ShippedError
            If the rendering has the study's recipe and differs by more than a processor does.
        """
        if not self.is_of(data):
            return data, ""
        try:
            return self.references.adopt(data)
        except ReferenceError as error:
            raise ShippedError(
                f"{self.path}: made of another twin than the one that is rendered here: {error}. "
                f"Train it again with `{self.manifest['command']}`"
            ) from error

    def is_of(self, data: Dataset) -> bool:
        """Whether these are its data, and it brings references to compare them with."""
        same = self.manifest["data"]["fingerprint"] == data.fingerprint
        return same and (self.path / FILE).is_file()

    @cached_property
    def references(self) -> References:
        """The masks that its numbers rest on."""
        return References.read(self.path / FILE)

    def find(self, determines: dict[str, Any]) -> ShippedRun | None:
        """The run with these determinants, or None if the study never had one of that name.

        Raises
        ------
        ShippedError
            If it has one of the same experiment, defect, profile and seed that something else
            determined, which makes it stale.
        """
        if determines["profile"] != self.manifest["profile"]:
            return None
        wanted = json.loads(json.dumps(determines))
        stale, differs = [], set()
        for name, entry in self.manifest["runs"].items():
            held = entry["determines"]
            if held == wanted:
                return self.run(name)
            if "members" not in held and _asked(held) == _asked(wanted):
                differs |= {k for k in held.keys() | wanted.keys() if held.get(k) != wanted.get(k)}
                stale.append(name)
        if stale and self.manifest["twin"]:
            raise ShippedError(self._stale(wanted, sorted(differs)))
        return None

    def _stale(self, wanted: dict[str, Any], differs: list[str]) -> str:
        held = {n: e["determines"] for n, e in self.manifest["runs"].items()}
        old = [
            name
            for name, entry in held.items()
            if any(entry.get(k) != wanted.get(k) for k in ("data", "code"))
            or _asked(entry) == _asked(wanted)
        ]
        more = f" and {len(old) - LISTED} more" if len(old) > LISTED else ""
        return (
            f"{self.path}: stale, another {' and '.join(differs)} than when it was trained: "
            f"{', '.join(old[:LISTED])}{more}. Train it again with `{self.manifest['command']}`, "
            f"choose another profile, or delete {self.path} to train what a chapter asks for"
        )

    def problems(self) -> list[str]:
        """Files that are missing, altered, or not in the manifest."""
        listed = self.manifest["files"]
        found = [
            f"{self.path / name}: missing or altered"
            for name, digest in listed.items()
            if not (self.path / name).is_file() or runs.digest(self.path / name) != digest
        ]
        there = (p for p in self.path.rglob("*") if p.is_file())
        names = sorted(p.relative_to(self.path).as_posix() for p in there)
        strange = [name for name in names if name not in listed and name != MANIFEST]
        return found + [f"{self.path / name}: not in the manifest" for name in strange]

    @property
    def summary(self) -> str:
        """One sentence for a banner: where the numbers come from and how to make them again."""
        made = [entry["made"] for entry in self.manifest["runs"].values()]
        return (
            f"The study shown comes with the book, in {self.path.as_posix()}: {len(made)} runs, "
            f"made by “{self.manifest['command']}” with torch {made[0]['libraries']['torch']} "
            f"in {formats([m.get('precision') for m in made])}."
        )


def formats(names: Iterable[str | None]) -> str:
    """Number formats of several runs in words, with a caution where they are mixed."""
    found = Counter(name or "an unknown number format" for name in names)
    if len(found) < 2:
        return next(iter(found), "")
    counts = sorted(found.items())
    each = " and ".join(f"{name} ({n} run{'s' if n > 1 else ''})" for name, n in counts)
    return f"{each}: number formats are mixed, and trainings differ for that alone"


def _asked(determines: dict[str, Any]) -> list[Any]:
    return [determines.get(key) for key in SAME]


def open_shipped(name: str, root: Path = ROOT) -> Shipped | None:
    """The shipped study of that name, every file compared with its checksum; None if there is none.

    Raises
    ------
    ShippedError
        If the manifest cannot be read or a file is missing, altered or unknown.
    """
    path = Path(root) / name / MANIFEST
    if not path.is_file():
        return None
    folders = [path.parent, *(path.parent / part for part in FOLDERS)]
    return _open(path, files.state(folders))


@lru_cache(maxsize=8)
def _open(path: Path, state: int) -> Shipped:
    try:
        manifest = json.loads(path.read_text())
        found = Shipped(path.parent, manifest)
        problems = found.problems()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        advice = "restore it from the repository"
        raise ShippedError(f"{path}: no manifest of a study ({error!r}); {advice}") from error
    if problems:
        more = f", and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
        raise ShippedError(f"{'; '.join(problems[:LISTED])}{more}: restore {path.parent}")
    return found
