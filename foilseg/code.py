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
    """Python source without comments, docstrings, blank lines and where it imports from.

    What is imported counts, from which module of the package does not: a module that moves
    computes what it did.
    """
    lines = source.splitlines()
    drop: set[int] = set()
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            drop.update(range(first.lineno - 1, first.end_lineno))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "foilseg":
            drop.update(range(node.lineno - 1, node.end_lineno))
            names += [ast.unparse(name) for name in node.names]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    kept = (line.rstrip() for n, line in enumerate(lines) if n not in drop)
    return "\n".join([*sorted(names), *(line for line in kept if line)])


def _base(module: str) -> str:
    return module.rpartition(".")[2]


@cache
def code_version(modules: tuple[str, ...] = DETERMINING) -> str:
    """Hash of the code that determines a run; prose in it does not count."""
    digest = sha256()
    for module in sorted(modules, key=_base):
        source = resources.files("foilseg").joinpath(f"{module.replace('.', '/')}.py")
        digest.update(f"{_base(module)}\n{normalised(source.read_text('utf-8'))}\n".encode())
    return digest.hexdigest()[:16]
