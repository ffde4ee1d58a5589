"""What runs answer as rows of a table, and back: exact both ways.

History holds float32 numbers. Of ledgers a row is a pool and class, and of costs a run, with
every value in JSON, so that 1 and 1.0, null and nothing stay apart. Of histograms a row is a bin
with pixels in it: ``negative`` are not of the class, ``positive`` are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import attrgetter, methodcaller
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg.evaluation.curves import BINS, KEYS, Histograms
from foilseg.sampling.ledger import Ledger
from foilseg.studies import tables
from foilseg.training.stored_run import PARTS, StoredRun

FOLDER = "runs"
CONFIGS = f"{FOLDER}/configs.json"
EVALUATIONS = "evaluations"
CHECKPOINTS = "checkpoints"
LOSSES = ("train_loss", "validation_loss")
POOL, CLASS = "pool", "class"


def write(
    runs: Sequence[StoredRun],
    root: Path,
    parts: Callable[[StoredRun], Sequence[str]] = attrgetter("parts"),
    evaluations: Callable[[StoredRun], list[str]] = methodcaller("evaluations"),
) -> list[str]:
    """Write these tables and evaluations of each of some runs; paths of the files."""
    files = []
    for part in PARTS:
        each = [(run.name, ROWS[part](run)) for run in runs if part in parts(run)]
        files += [tables.write(root, f"{FOLDER}/{part}", together(each))] if each else []
    found: dict[str, list[tuple[str, pd.DataFrame]]] = {}
    for run in runs:
        for name in evaluations(run):
            kind, iteration = kind_of(name)
            table = run.evaluation(name)
            if iteration is not None:
                table.insert(0, "iteration", iteration)
            found.setdefault(kind, []).append((run.name, table))
    for kind, each in found.items():
        files.append(tables.write(root, f"{EVALUATIONS}/{kind}", together(each)))
    text = json.dumps({run.name: run.config for run in runs}, indent=1) + "\n"
    (root / CONFIGS).write_text(text)
    return [*files, CONFIGS]


def together(each: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """Tables of runs, by their names, as one with a column run; of empty ones no row."""
    frames = [table.assign(run=name) for name, table in each]
    table = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
    return table[["run", *(c for c in table if c != "run")]]


def kind_of(evaluation: str) -> tuple[str, int | None]:
    """The table that an evaluation stands in, and its iteration if it is of a checkpoint."""
    return (CHECKPOINTS, int(evaluation)) if evaluation.isdigit() else (evaluation, None)


def _history(run: StoredRun) -> pd.DataFrame:
    table = run.history()
    short = table.astype(dict.fromkeys(LOSSES, np.float32))
    if not np.array_equal(short[list(LOSSES)], table[list(LOSSES)], equal_nan=True):
        raise ValueError(f"{run.name}: its losses are not float32 numbers")
    return short


def read_history(rows: pd.DataFrame) -> pd.DataFrame:
    """iteration, train_loss, validation_loss (float64, each a float32 number)."""
    return rows.astype(dict.fromkeys(LOSSES, np.float32)).astype(dict.fromkeys(LOSSES, float))


def _ledgers(run: StoredRun) -> pd.DataFrame:
    rows = []
    for number, account in enumerate(run.ledgers()):
        pool = json.loads(account.to_json())
        each = (value for value in pool.values() if isinstance(value, dict))
        for index in sorted({int(key) for value in each for key in value}):
            cells = {name: _cell(value, str(index)) for name, value in pool.items()}
            rows.append({POOL: number, CLASS: index, **cells})
    return pd.DataFrame(rows)


def _cell(value: Any, index: str) -> str | None:
    """JSON of a pool's value for a class; nothing where the class has none."""
    if not isinstance(value, dict):
        return _json(value)
    return _json(value[index]) if index in value else None


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


# Of a pool as a whole; all others are keyed by class, or null as a whole.
WHOLE = ("sampler", "n", "size", "requested_tolerance", "tolerance")
WHOLE += ("distinct_windows", "nearest_overlap", "distinct_pixels")


def read_ledgers(rows: pd.DataFrame) -> list[Ledger]:
    """The account of every pool, in order."""
    found, rows = [], rows.astype({POOL: int, CLASS: int})
    for _, pool in rows.groupby(POOL, sort=False):
        content = {}
        for name in pool.columns.drop([POOL, CLASS]):
            cells = dict(zip(pool[CLASS], pool[name]))
            held = {key: cell for key, cell in cells.items() if isinstance(cell, str)}
            if name in WHOLE or (name in OPTIONAL and set(held.values()) == {"null"}):
                content[name] = json.loads(next(iter(held.values())))
            else:
                content[name] = {key: json.loads(cell) for key, cell in held.items()}
        found.append(Ledger.from_json(json.dumps(content)))
    return found


OPTIONAL = ("requested_patches", "requested_pixels", "patches")


def _histograms(run: StoredRun) -> pd.DataFrame:
    return histogram_rows(run.histograms())


def histogram_rows(found: Histograms) -> pd.DataFrame:
    """A row a bin with pixels in it: foil, against, defect, bin, negative, positive."""
    filled = found.counts.any(axis=2)
    filled[~filled.any(axis=1), 0] = True  # a region without pixels keeps its row
    row, place = np.nonzero(filled)
    keys = found.keys[KEYS].iloc[row].reset_index(drop=True)
    negative, positive = found.counts[row, place].T
    return keys.assign(bin=place, negative=negative, positive=positive)


def read_histograms(rows: pd.DataFrame) -> Histograms:
    """How probable the pixels of each class were."""
    number = rows.groupby(KEYS, sort=False, observed=True).ngroup().to_numpy()
    keys = rows[KEYS].drop_duplicates().reset_index(drop=True)
    counts = np.zeros((len(keys), BINS, 2), np.int64)
    counts[number, rows["bin"]] = rows[["negative", "positive"]]
    return Histograms(keys, counts)


def _cost(run: StoredRun) -> pd.DataFrame:
    return pd.DataFrame([{name: _json(value) for name, value in run.cost().items()}])


def read_cost(rows: pd.DataFrame) -> dict[str, Any]:
    """Seconds, parameters and what else was measured."""
    cells = rows.iloc[0].items()
    return {name: json.loads(cell) for name, cell in cells if isinstance(cell, str)}


ROWS = {
    "counts": lambda run: run.counts(),
    "history": _history,
    "ledgers": _ledgers,
    "histograms": _histograms,
    "claims": lambda run: run.claims(),
    "cost": _cost,
}
