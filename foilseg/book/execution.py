"""Executing one notebook: a fresh kernel, a fixed environment, and a result fit to be published.

Several can be executed at a time, all inside one :func:`environment`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from tqdm import tqdm

from foilseg.book import notebooks
from foilseg.drawing import night
from foilseg.training import locks

EPOCH = "1704067200"  # 2024-01-01: stands where a file would hold the time of the build
# What tells the libraries how many threads to compute with.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


class ExecutionError(RuntimeError):
    """A cell failed, or wrote to stderr what no reader should see."""


def run(
    source: Path,
    parameters: Mapping[str, Any],
    work: Path,
    root: Path,
    stderr: TextIO | Relay,
    manager: type | None = None,
) -> Any:
    """Execute a notebook, inside :func:`environment`, and return the result, cleaned.

    Parameters
    ----------
    source : the notebook; it stays as it is.
    parameters : values for its parameters cell.
    work : where the notebook stands while it is executed; it stays there if that fails.
    root : working directory of the kernel.
    stderr : gets what the kernel writes to stderr, as it comes.
    manager : the class of the kernel's manager, see :meth:`foilseg.book.kernels.Kernels.manager`.

    Raises
    ------
    ExecutionError
        If a cell fails, or writes to stderr anything but a progress bar. A warning counts: it
        would be printed in the book.
    """
    try:
        import papermill
        from nbclient.exceptions import DeadKernelError
    except ImportError as error:
        raise ExecutionError('executing needs papermill: pip install "foilseg[book]"') from error
    work.parent.mkdir(parents=True, exist_ok=True)
    options = {"kernel_name": "python3", "progress_bar": False}
    options |= {"kernel_manager_class": manager} if manager else {}
    try:
        notebook = papermill.execute_notebook(
            source, work, dict(parameters), stderr_file=stderr, **options
        )
    except papermill.PapermillExecutionError as error:
        where = _where(_failed_cell(notebooks.read(work)), work, root)
        raise ExecutionError(f"{where} failed: {error.ename}: {error.evalue}") from error
    except DeadKernelError as error:
        message = f"the kernel died, perhaps for want of memory (see {work.relative_to(root)})"
        raise ExecutionError(message) from error
    if len(notebooks.executed(notebook)) < len(notebooks.code(notebook)):
        where = _where(_failed_cell(notebook), work, root)
        raise ExecutionError(f"{where} ended the chapter before its last cell")
    found = notebooks.complaint(notebook)
    if found:
        where = _where(notebook.cells[found[0]], work, root)
        raise ExecutionError(f"{where} wrote to stderr:\n{found[1]}")
    work.unlink()
    return notebooks.clean(notebook, root)


def _failed_cell(notebook: Any) -> Any:
    for cell in notebook.cells:
        if any(o["output_type"] == "error" for o in cell.get("outputs", [])):
            return cell
    return notebook.cells[-1]


def _where(cell: Any, work: Path, root: Path) -> str:
    first = cell.source.strip().partition("\n")[0]
    return f"cell {cell.get('id', '?')} (`{first}`; see {work.relative_to(root)})"


class Relay:
    """Shows at the end of a bar what the kernel's own progress bars show."""

    def __init__(self, bar: tqdm, name: str):
        self.bar, self.name = bar, name

    def write(self, text: str) -> None:
        """Take a piece of the kernel's stderr; only its last line can be seen."""
        shown = re.split(r"[\r\n]", text.strip())[-1].strip()
        if shown and sys.stderr.isatty():
            self.bar.set_postfix_str(f"{self.name}: {shown}"[:100])

    def flush(self) -> None:
        """Nothing is held back."""


@contextmanager
def environment(root: Path, threads: int) -> Iterator[Path]:
    """Kernels started inside are of this interpreter and take nothing from the user's settings.

    They begin in the folder ``root``, compute with so many threads, and wait for what another
    process is making. Gives a folder for the time inside.
    """
    with chdir(root), TemporaryDirectory(prefix="foilseg-") as name:
        place = Path(name)
        spec = place / "kernels" / "python3" / "kernel.json"
        spec.parent.mkdir(parents=True)
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        command.append("--log-level=ERROR")
        kernel = {"argv": command, "display_name": "Python 3", "language": "python"}
        spec.write_text(json.dumps(kernel))
        (place / "matplotlibrc").write_text("svg.hashsalt: foilseg\n")
        startup = place / "profile_default" / "startup" / "night.py"
        startup.parent.mkdir(parents=True)
        startup.write_text(night.STARTUP)
        changed = {
            "IPYTHONDIR": name,
            "JUPYTER_PATH": name,
            "JUPYTER_RUNTIME_DIR": name,
            "MATPLOTLIBRC": name,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": EPOCH,
            locks.WAIT: "1",
            **dict.fromkeys(THREADS, str(threads)),
        }
        before = {key: os.environ.get(key) for key in changed}
        os.environ.update(changed)
        try:
            yield place
        finally:
            for key, value in before.items():
                if value is None:
                    del os.environ[key]
                else:
                    os.environ[key] = value
