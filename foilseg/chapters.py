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
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from tqdm import tqdm

from foilseg import execution, notebooks, prose

SOURCES = Path("notebooks")
RESULTS = Path("book/chapters")
FAILED = Path("_build/failed")
LIBRARY = Path(__file__).parent
# The stored measurements that a chapter shows.
_NAMED = re.compile(r"""\bmeasured\(["'](\w+)["']\)""").findall
SHOWING = ("anywidget", "matplotlib", "numpy", "pandas", "papermill", "seaborn", "torch")


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


def execute(
    names: Sequence[str],
    parameters: Mapping[str, Any] | None = None,
    out_dir: Path | None = None,
    state: str = "",
    force: bool = False,
    progress: bool = True,
    root: Path = Path(),
) -> list[Path]:
    """Execute chapters, each in a fresh kernel of the running interpreter.

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

    Returns
    -------
    The results' paths, in the order of ``names``.

    Raises
    ------
    ChapterError
        If a chapter or parameter is unknown, if a cell fails, or if one writes to stderr
        anything but a progress bar (a warning, say). What was executed until then is kept in
        ``_build/failed/``; an earlier result stays as it was.
    """
    root = Path(root).resolve()
    chosen = select(names, root)
    values = settings(chosen, parameters or {})
    target = root / RESULTS if out_dir is None else Path(out_dir).resolve()
    results = []
    with tqdm(total=len(chosen), desc="chapters", unit="chapter", disable=not progress) as bar:
        for source, given in zip(chosen, values):
            bar.set_postfix_str(source.stem)
            begun = time.monotonic()
            done = _renew(source, given, target / source.name, state, force, root, bar)
            if progress:
                took = f" in {time.monotonic() - begun:.1f} s" if done == "executed" else ""
                bar.write(f"{source.stem}: {done}{took}", file=sys.stdout)
            bar.update()
            results.append(target / source.name)
    return results


def _renew(source, given, result, state, force, root, bar) -> str:
    """Bring one result up to date and say in a few words how."""
    text, code = _stamps(source, given, state)
    old = _valid_stamp(result)
    if not force and old.get("code") == code:
        if old["source"] == text:
            return "up to date"
        executed = _with_outputs(notebooks.read(source), notebooks.read(result), root)
        done = "prose renewed, outputs kept"
    else:
        work = root / FAILED / source.name
        try:
            relay = execution.Relay(bar, source.stem)
            executed = execution.run(source, given, work, root, relay)
        except execution.ExecutionError as error:
            raise ChapterError(f"{source.stem}: {error}") from error
        done = "executed"
    notebooks.write(executed, result)
    stamp = {"source": text, "code": code, "result": _digest(result.read_bytes())}
    partial = result.with_suffix(".json.part")
    partial.write_text(json.dumps(stamp | {"parameters": given, "state": state}, indent=2) + "\n")
    partial.replace(result.with_suffix(".json"))
    return done


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _stamps(source: Path, given: Mapping[str, Any], state: str) -> tuple[str, str]:
    """Digests of the whole source, and of all that determines its outputs."""
    notebook = notebooks.read(source)
    cells = [(c.source, c.metadata.get("tags", [])) for c in notebook.cells if _is_code(c)]
    files = sorted(p for p in LIBRARY.rglob("*") if p.suffix in (".py", ".csv", ".js", ".css"))
    library = [(p.relative_to(LIBRARY).as_posix(), _digest(p.read_bytes())) for p in files]
    installed = {d: _version(d) for d in SHOWING} | {"python": sys.version.split()[0]}
    text = "\n".join(code for code, _ in cells)
    shown = [repr(prose.measured(name, source.parents[1] / prose.RESULTS)) for name in _NAMED(text)]
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
    injected = notebooks.tagged(executed, "injected-parameters")
    if injected:
        after = notebooks.tagged(source, "parameters")[0] + 1
        source.cells.insert(after, executed.cells[injected[0]])
    for new, old in zip(filter(_is_code, source.cells), filter(_is_code, executed.cells)):
        new.outputs, new.execution_count = old.outputs, old.execution_count
    source.metadata = executed.metadata
    return notebooks.clean(source, root)
