"""Which chapters there are, what parameters they take, and which models they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foilseg.book import notebooks
from foilseg.studies.source import TWIN
from foilseg.training import experiments

SOURCES = Path("notebooks")
OWN = "own"  # the folder in it of chapters that take the place of others for other data


class ChapterError(RuntimeError):
    """A chapter that does not exist, cannot be executed or must not be published."""


def sources(root: Path = Path()) -> list[Path]:
    """The chapters' sources in the order of their numbers."""
    return sorted((Path(root) / SOURCES).glob("[0-9][0-9]_*.ipynb"))


def find(name: str, root: Path = Path()) -> Path:
    """The source of a chapter by number (``4``), name (``losses``) or stem (``04_losses``).

    Raises
    ------
    ChapterError
        If there is none; the message lists those there are.
    """
    known = sources(root)
    wanted = f"{int(name):02d}" if name.isdecimal() else name
    for source in known:
        if wanted in (source.stem, *source.stem.split("_", 1)):
            return source
    stems = ", ".join(s.stem for s in known) or f"none: {Path(root) / SOURCES} holds no chapter"
    raise ChapterError(f"no chapter {name!r}; the chapters are {stems}")


def select(names: Sequence[str], root: Path = Path()) -> list[Path]:
    """The sources of several chapters, each once, in the order given; ``all`` means all."""
    chosen = [s for n in names for s in (sources(root) if n == "all" else [find(n, root)])]
    if not chosen:
        raise ChapterError(f"{Path(root) / SOURCES} holds no chapter NN_name.ipynb")
    return list(dict.fromkeys(chosen))


def is_own(given: Mapping[str, Any]) -> bool:
    """Whether parameters name data of one's own."""
    return (given.get("data") or TWIN) != TWIN


def for_data(chosen: Sequence[Path], given: Mapping[str, Any]) -> list[Path]:
    """The same chapters; of one's own data with those that are written about such."""
    if not is_own(given):
        return list(chosen)
    others = [(source, source.parent / OWN / source.name) for source in chosen]
    return [other if other.exists() else source for source, other in others]


def settings(chosen: Sequence[Path], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per chapter, those of the given parameters that it has, in the kind of its defaults.

    Raises
    ------
    ChapterError
        If none of the chapters has one of the parameters, or if a value is of the wrong kind.
    """
    try:
        defaults = [notebooks.parameters(notebooks.read(s), s.name) for s in chosen]
    except notebooks.NotebookError as error:
        raise ChapterError(str(error)) from error
    known = list(dict.fromkeys(key for table in defaults for key in table))
    unknown = [key for key in given if key not in known]
    if unknown:
        where = ", ".join(s.stem for s in chosen)
        have = ", ".join(known) or "none"
        raise ChapterError(f"{where}: no parameter {unknown[0]!r}; there are: {have}")
    try:
        return [
            {k: notebooks.coerce(k, v, table[k]) for k, v in given.items() if k in table}
            for table in defaults
        ]
    except notebooks.NotebookError as error:
        raise ChapterError(str(error)) from error


def models(chosen: Sequence[Path], given: Mapping[str, Any]) -> list[str]:
    """The models that some chapters are about, each once: of their parameter ``models``."""
    tables = [notebooks.parameters(notebooks.read(s), s.name) for s in chosen]
    wanted = {str(given.get("models", t["models"])) for t in tables if "models" in t}
    named = [experiments.select(names) for names in sorted(wanted) if names.strip() != "trained"]
    return list(dict.fromkeys(name for names in named for name in names))
