"""The store: a run is a folder named by the hash of what determines it.

A run is made under ``NAME.part`` and renamed when it is complete, so a run is there or it is
not. ``checksums.json`` is written last; a file that no longer fits it is never used.
"""

from __future__ import annotations

import io
import json
import platform
import tokenize
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pandas as pd

# The modules whose code decides what a run holds.
DETERMINING = (
    "dataset",
    "sampling",
    "losses",
    "unet",
    "metrics",
    "inference",
    "training",
    "fit",
)
LIBRARIES = ("torch", "numpy")
CONFIG, COUNTS, COST, CHECKSUMS = "config.json", "counts.csv", "cost.json", "checksums.json"
MODEL, HISTORY = "model.safetensors", "history.csv"


class RunError(RuntimeError):
    """A run folder that cannot be used; the message names file and remedy."""


@dataclass(frozen=True)
class Run:
    """A complete run folder."""

    path: Path

    @property
    def config(self) -> dict[str, Any]:
        """What determined the run and the circumstances it was made in."""
        return json.loads(self._file(CONFIG).read_text())

    @property
    def name(self) -> str:
        """The folder's name: experiment, profile, seed and hash."""
        return self.path.name

    def history(self) -> pd.DataFrame:
        """iteration, train_loss, validation_loss."""
        return pd.read_csv(self._file(HISTORY))

    def counts(self) -> pd.DataFrame:
        """One row a foil, class and reference: foil, against, defect, tp, fp, fn, tn."""
        return pd.read_csv(self._file(COUNTS), dtype={"foil": str})

    def cost(self) -> dict[str, float]:
        """Seconds, parameters and what else was measured."""
        return json.loads(self._file(COST).read_text())

    def prediction(self, foil: str):
        """The predicted mask of a foil's validation region: uint8 (H, W)."""
        from foilseg import images

        return images.read_indexed(self._file(f"predictions/{foil}.png"))

    def model(self) -> Path:
        """The file of the trained weights."""
        return self._file(MODEL)

    def _file(self, name: str) -> Path:
        """The path of a file of the run, after its checksum was compared."""
        path = self.path / name
        expected = _checksums(self.path / CHECKSUMS).get(name)
        if expected is None or not path.is_file():
            raise RunError(f"{path}: is not in the run; delete {self.path} and train it again")
        if _digest(path) != expected:
            advice = f"delete {self.path} and train it again"
            raise RunError(f"{path}: truncated or altered since the run was stored; {advice}")
        return path


def _checksums(path: Path) -> dict[str, str]:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: missing or unreadable ({error}); delete the run folder") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def normalised(source: str) -> str:
    """Python source without comments, docstrings and blank lines: what it does."""
    import ast

    lines = source.splitlines()
    drop: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            drop.update(range(first.lineno - 1, first.end_lineno))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    kept = (line.rstrip() for n, line in enumerate(lines) if n not in drop)
    return "\n".join(line for line in kept if line)


@cache
def code_version(modules: tuple[str, ...] = DETERMINING) -> str:
    """Hash of the code of some modules, by default of those that determine a run.

    Prose in the code does not count.
    """
    digest = sha256()
    for module in modules:
        source = resources.files("foilseg").joinpath(f"{module}.py").read_text("utf-8")
        digest.update(f"{module}\n{normalised(source)}\n".encode())
    return digest.hexdigest()[:16]


def folder(root: Path, determines: dict[str, Any]) -> Path:
    """Where the run with these determinants lies, or would lie."""
    text = json.dumps(determines, sort_keys=True)
    parts = [str(determines[k]) for k in ("experiment", "profile", "seed")]
    return Path(root) / "-".join([*parts, sha256(text.encode()).hexdigest()[:12]])


def find(root: Path, determines: dict[str, Any]) -> Run | None:
    """The complete run with these determinants, or None."""
    path = folder(root, determines)
    return Run(path) if path.is_dir() else None


def circumstances() -> dict[str, Any]:
    """Where a run was made: recorded with it, but no part of its identity."""
    import torch

    return {
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
    }


def complete(part: Path, path: Path) -> Run:
    """Seal the folder ``part`` with checksums and rename it to ``path``."""
    files = sorted(p for p in part.rglob("*") if p.is_file())
    sums = {p.relative_to(part).as_posix(): _digest(p) for p in files}
    (part / CHECKSUMS).write_text(json.dumps(sums, indent=1) + "\n")
    part.replace(path)
    return Run(path)
