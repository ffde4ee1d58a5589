"""A hash of the code that determines what a run holds, so that old runs are not taken for new."""

from __future__ import annotations

import ast
import io
import tokenize
from functools import cache
from hashlib import sha256
from importlib import resources

# The modules whose code decides what a run holds.
DETERMINING = (
    "dataset",
    "plans",
    "sampling",
    "objects",
    "pools",
    "design",
    "lattice",
    "exchange",
    "frontier",
    "equal_pixels",
    "object_choice",
    "resampling",
    "ledger",
    "losses",
    "unet",
    "metrics",
    "curves",
    "inference",
    "devices",
    "probing",
    "batches",
    "checkpoints",
    "training",
    "fit",
    "rest",
)


def normalised(source: str) -> str:
    """Python source without comments, docstrings and blank lines: what it does."""
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
    """Hash of the code that determines a run; prose in it does not count."""
    digest = sha256()
    for module in modules:
        source = resources.files("foilseg").joinpath(f"{module}.py").read_text("utf-8")
        digest.update(f"{module}\n{normalised(source)}\n".encode())
    return digest.hexdigest()[:16]
