"""Executing chapters: ``notebooks/NN_name.ipynb`` -> ``book/chapters/NN_name.ipynb``.

A chapter that is still valid is not executed again. Beside each result lies a stamp of what
determined it: the code cells, the parameters, the library, the data, and the stored measurements
that it shows. Where only the prose has changed, the outputs are carried over into the new text.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from tqdm import tqdm

from foilseg.book import (
    answers,
    captions,
    execution,
    forked,
    kernels,
    links,
    notebooks,
    own,
    prose,
    selection,
)
from foilseg.book.selection import (
    ChapterError,
    find,
    for_data,
    models,
    select,
    settings,
    sources,
)
from foilseg.data import description, files

__all__ = ["ChapterError", "execute", "find", "models", "select", "settings", "sources"]

RESULTS = Path("book/chapters")
FAILED = Path("_build/failed")
LIBRARY = Path(__file__).parents[1]
# The stored measurements that a chapter shows.
_NAMED = re.compile(r"""\bmeasured\(["'](\w+)["']\)""").findall
SHOWING = ("anywidget", "matplotlib", "numpy", "pandas", "papermill", "seaborn", "torch")


@dataclass(frozen=True)
class Task:
    """One chapter that is to be brought up to date."""

    source: Path
    given: Mapping[str, Any]
    result: Path
    state: str
    root: Path

    def carried(self) -> str:
        """Bring the result up to date without execution and say how; "" if that cannot be."""
        text, code = _stamps(self.source, self.given, self.state, self.root)
        old = _valid_stamp(self.result)
        if old.get("code") != code:
            return ""
        if old["source"] == text:
            return "up to date"
        source, executed = notebooks.read(self.source), notebooks.read(self.result)
        self.keep(_with_outputs(source, executed, self.root))
        return "prose renewed, outputs kept"

    def execute(self, stderr: Any, manager: type | None = None) -> str:
        """Execute the chapter and say how long that took."""
        begun, work = time.monotonic(), self.root / FAILED / self.source.name
        try:
            executed = execution.run(self.source, self.given, work, self.root, stderr, manager)
        except execution.ExecutionError as error:
            raise ChapterError(f"{self.source.stem}: {error}") from error
        self.keep(executed)
        return f"executed in {time.monotonic() - begun:.1f} s"

    def keep(self, executed: Any) -> None:
        """Write a result with its stamp."""
        text, code = _stamps(self.source, self.given, self.state, self.root)
        answers.first(executed)
        stem, number = self.source.stem, str(int(self.source.stem[:2]))
        if selection.is_own(self.given):
            place, number = self.root / self.given["data"], own.number(stem)
            data = description.read(place / description.NAME)
            names = [c.name for c in data["classes"]]
            own.write(executed, stem, data["name"], names, own.lacking(place))
        links.short_names(executed)
        captions.write(executed, number)
        links.write(executed, stem)
        links.terms(executed, self.root / links.GLOSSARY)
        notebooks.write(executed, self.result)
        stamp = {"source": text, "code": code, "result": _digest(self.result.read_bytes())}
        stamp |= {"parameters": self.given, "state": self.state}
        text = json.dumps(stamp, indent=2) + "\n"
        files.write_text(text, self.result.with_suffix(".json"), shared=True)


def execute(
    names: Sequence[str],
    parameters: Mapping[str, Any] | None = None,
    out_dir: Path | None = None,
    state: str = "",
    force: bool = False,
    progress: bool = True,
    root: Path = Path(),
    prepare: Callable[[list[Path]], None] = lambda due: None,
    at_a_time: int = 0,
) -> list[Path]:
    """Execute chapters, each in a fresh kernel of the running interpreter, several at a time.

    Parameters
    ----------
    names : chapters by number, name or stem, or ``all``.
    parameters : values for the parameters cells; text is read as YAML. A chapter gets those of
        them that it has.
    out_dir : where the results go, ``book/chapters`` of the root if None.
    state : what identifies the input data (a fingerprint); another state, another result.
    force : execute also what is still valid.
    progress : show a bar over the chapters on stderr and say on stdout what was done.
    root : the repository; the working directory of every chapter.
    prepare : called once with the sources of the chapters that are to be executed, if there are
        any, before the first one is.
    at_a_time : kernels that run at a time; 0 is :func:`foilseg.book.kernels.number`.

    Returns
    -------
    The results' paths, in the order of ``names``.

    Raises
    ------
    ChapterError
        If a chapter or parameter is unknown, if a cell fails, or if one writes to stderr
        anything but a progress bar (a warning, say). What was executed until then is kept in
        ``_build/failed/``; an earlier result stays as it was. Chapters that are under way end,
        and no other one is begun.
    """
    root = Path(root).resolve()
    chosen = for_data(select(names, root), parameters or {})
    values = settings(chosen, parameters or {})
    target = root / RESULTS if out_dir is None else Path(out_dir).resolve()
    tasks = [Task(s, given, target / s.name, state, root) for s, given in zip(chosen, values)]
    carried = {task.source: "" if force else task.carried() for task in tasks}
    due = [task for task in tasks if not carried[task.source]]
    if due:
        prepare([task.source for task in due])
    with tqdm(total=len(tasks), desc="chapters", unit="chapter", disable=not progress) as bar:

        def tell(task: Task, done: str) -> None:
            if progress:
                bar.write(f"{task.source.stem}: {done}", file=sys.stdout)
            bar.update()

        for task in tasks:
            if carried[task.source]:
                tell(task, carried[task.source])
        _execute(due, at_a_time or kernels.number(len(due)), tell, bar, root)
    return [task.result for task in tasks]


def _execute(due: list[Task], at_a_time: int, tell: Callable, bar: tqdm, root: Path) -> None:
    def begun(running: list[Task]) -> None:
        bar.set_postfix_str(", ".join(task.source.stem for task in running))

    with (
        execution.environment(root, kernels.threads(at_a_time)) as place,
        forked.server(root, len(due), _opened(due)) as server,
    ):

        def work(task: Task, held: kernels.Kernels) -> str:
            return task.execute(execution.Relay(bar, task.source.stem), held.manager(place))

        failed = kernels.side_by_side(due, work, at_a_time, tell, begun, server)
    others = [error for error in failed if not isinstance(error, ChapterError)]
    if others:
        raise others[0]
    if failed:
        raise ChapterError("\n".join(map(str, failed))) from failed[0]


def _opened(due: Iterable[Task]) -> dict[str, str]:
    """The data, profile and store that the chapters open."""
    names = ("data", "profile", "runs")
    return {k: v for task in due for k, v in task.given.items() if k in names}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _stamps(source: Path, given: Mapping[str, Any], state: str, root: Path) -> tuple[str, str]:
    """Digests of the whole source, and of all that determines its outputs."""
    notebook = notebooks.read(source)
    cells = [(c.source, c.metadata.get("tags", [])) for c in notebook.cells if _is_code(c)]
    files = sorted(p for p in LIBRARY.rglob("*") if p.suffix in (".py", ".csv", ".js", ".css"))
    library = [(p.relative_to(LIBRARY).as_posix(), _digest(p.read_bytes())) for p in files]
    installed = {d: _version(d) for d in SHOWING} | {"python": sys.version.split()[0]}
    text = "\n".join(code for code, _ in cells)
    shown = [repr(prose.measured(name, root / prose.RESULTS)) for name in _NAMED(text)]
    parts = [cells, sorted(given.items()), state, library, installed, shown]
    return _digest(source.read_bytes()), _digest(json.dumps(parts).encode())


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "none"


def _valid_stamp(result: Path) -> dict[str, str]:
    """The stamp beside a result; empty if there is none, or if the result was changed since."""
    try:
        stamp = json.loads(result.with_suffix(".json").read_text())
        return stamp if stamp["result"] == _digest(result.read_bytes()) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _is_code(cell: Any) -> bool:
    return cell.cell_type == "code"


def _with_outputs(source: Any, executed: Any, root: Path) -> Any:
    """A new text with the outputs of the same code cells executed before."""
    renewed, before = (list(filter(_is_code, n.cells)) for n in (source, executed))
    held = {cell.id: cell for cell in before}  # cells of the answer stand elsewhere there
    for new, same_place in zip(renewed, before):
        old = held.get(new.id, same_place)
        new.outputs, new.execution_count = old.outputs, old.execution_count
    source.metadata = executed.metadata
    return notebooks.clean(source, root)
