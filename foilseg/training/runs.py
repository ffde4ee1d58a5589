"""The store: a run is a folder named by the hash of what determines it.

A run is made under ``NAME.part`` and renamed when it is complete, so a run is there or it is
not. ``checksums.json`` is written last; a file that no longer fits it is never used.
"""

from __future__ import annotations

import io
import json
import platform
import re
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from foilseg.data.files import digest
from foilseg.training.locks import FOLDER as LOCKS
from foilseg.training.locks import RunError, lock
from foilseg.training.stored_run import PARTS

if TYPE_CHECKING:
    from foilseg.sampling.ledger import Ledger

__all__ = ["LOCKS", "Run", "RunError", "complete", "digest", "find", "folder", "lock", "open_run"]
ROOT = Path("_runs")  # where runs lie unless told otherwise
LIBRARIES = ("torch", "numpy")
CONFIG, COUNTS, COST, CHECKSUMS = "config.json", "counts.csv", "cost.json", "checksums.json"
MODEL, HISTORY, LEDGERS = "model.safetensors", "history.csv", "ledgers.json"
CLAIMS = "claims.csv"
HISTOGRAMS = "histograms.npz"
EVALUATIONS = "evaluations"  # beside the runs: what is found out about them later
FILES = dict(zip(PARTS, (COUNTS, HISTORY, LEDGERS, HISTOGRAMS, CLAIMS, COST), strict=True))


@dataclass(frozen=True)
class Run:
    """A complete run folder, see :class:`foilseg.training.stored_run.StoredRun`."""

    path: Path

    @property
    def determines(self) -> dict[str, Any]:
        """Everything that decided what it holds."""
        return self.config["determines"]

    @property
    def config(self) -> dict[str, Any]:
        """What determined the run and the circumstances it was made in."""
        return json.loads(self.file(CONFIG).read_text())

    @property
    def name(self) -> str:
        """The folder's name: experiment, profile, seed and hash."""
        return self.path.name

    @property
    def parts(self) -> tuple[str, ...]:
        """What it holds, of :data:`foilseg.training.stored_run.PARTS`."""
        return tuple(part for part, name in FILES.items() if (self.path / name).is_file())

    @property
    def has_weights(self) -> bool:
        """Whether the trained weights are here."""
        return (self.path / MODEL).is_file()

    def history(self) -> pd.DataFrame:
        """iteration, train_loss, validation_loss."""
        return pd.read_csv(self.file(HISTORY))

    def ledgers(self) -> list[Ledger]:
        """The account of every training pool, in order."""
        from foilseg.sampling.ledger import Ledger

        content = json.loads(self.file(LEDGERS).read_text())["pools"]
        return [Ledger.from_json(json.dumps(pool)) for pool in content]

    def histograms(self):
        """How probable the pixels of each class were, see ``evaluation.curves.Histograms``."""
        from foilseg.evaluation.curves import Histograms

        return Histograms.read(self.file(HISTOGRAMS))

    def claims(self) -> pd.DataFrame:
        """Of joined predictions: foil, against, class (of the reference), claims, pixels."""
        return pd.read_csv(self.file(CLAIMS), dtype={"foil": str})

    def counts(self) -> pd.DataFrame:
        """One row a foil, class and reference: foil, against, defect, tp, fp, fn, tn."""
        return pd.read_csv(self.file(COUNTS), dtype={"foil": str})

    def cost(self) -> dict[str, float]:
        """Seconds, parameters and what else was measured."""
        return json.loads(self.file(COST).read_text())

    def prediction(self, foil: str):
        """The predicted mask of a foil's validation region: uint8 (H, W)."""
        from foilseg.data import images

        return images.read_indexed(self.file(f"predictions/{foil}.png"))

    def model(self) -> Path:
        """The file of the trained weights."""
        return self.file(MODEL)

    def checkpoint(self, iteration: int) -> Path:
        """The file of the weights that were kept after an iteration (thesis 3.5.1)."""
        return self.file(checkpoint_name(iteration))

    def member(self, name: str) -> Run:
        """A run that it joins, by name."""
        return Run(self.path.parent / name)

    def evaluation_file(self, name: str) -> Path:
        """Where an evaluation lies, or would lie."""
        return self.path.parent / EVALUATIONS / f"{self.name}-{name}.csv"

    def evaluations(self) -> list[str]:
        """Names of its evaluations that are stored, see :mod:`foilseg.training.evaluations`."""
        files = self.evaluation_file("").parent.glob("*.csv")
        head = f"{self.name}-"
        return sorted(p.stem.removeprefix(head) for p in files if p.name.startswith(head))

    def evaluation(self, name: str) -> pd.DataFrame | None:
        """An evaluation, None if it is not stored; foils are text."""
        path = self.evaluation_file(name)
        if not path.is_file():
            return None
        return pd.read_csv(io.BytesIO(path.read_bytes()), dtype={"foil": str})

    def problems(self) -> list[str]:
        """What is wrong with the folder: files that are missing, altered, or do not belong."""
        found = []
        expected = _checksums(self.path / CHECKSUMS)
        for name in expected:
            try:
                self.file(name)
            except RunError as error:
                found.append(str(error))
        for path in sorted(p for p in self.path.rglob("*") if p.is_file()):
            name = path.relative_to(self.path).as_posix()
            if name not in expected and name != CHECKSUMS:
                found.append(f"{path}: is no file of the run; move it elsewhere")
        return found

    def file(self, name: str) -> Path:
        """The path of a file of the run, after its checksum was compared.

        Raises
        ------
        RunError
            If the run has no such file, or it was altered.
        """
        path = self.path / name
        expected = _checksums(self.path / CHECKSUMS).get(name)
        if is_weight(name) and not path.is_file() and expected is not None:
            raise no_weights(path, self.determines)
        if expected is None or not path.is_file():
            raise RunError(f"{path}: is not in the run; delete {self.path} and train it again")
        if digest(path) != expected:
            advice = f"delete {self.path} and train it again"
            raise RunError(f"{path}: truncated or altered since the run was stored; {advice}")
        return path


def again(determines: dict[str, Any]) -> str:
    """What to do about a part of a run that is not here: the command that makes it again."""
    command = f"foilseg train {determines['experiment']} --profile {determines['profile']}"
    return f"train it again: `{command} --seed {determines['seed']}`"


def no_weights(path: Path, determines: dict[str, Any]) -> RunError:
    """The error that a file of weights is not here."""
    return RunError(f"{path}: weights lost or not shipped; {again(determines)}")


def is_weight(name: str) -> bool:
    """Whether a file of a run holds weights; a shipped study has none."""
    return name.endswith(".safetensors")


def checkpoint_name(iteration: int) -> str:
    """The file of the weights that were kept after an iteration, in a run's folder."""
    return f"checkpoints/model-{iteration:06d}.safetensors"


def _checksums(path: Path) -> dict[str, str]:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: missing or unreadable ({error}); delete the run folder") from error


def folder(root: Path, determines: dict[str, Any]) -> Path:
    """Where the run with these determinants lies, or would lie."""
    text = json.dumps(determines, sort_keys=True)
    parts = [str(determines.get(k, "")) for k in ("experiment", "defect", "profile", "seed")]
    plain = [re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-") for part in parts]
    return Path(root) / "-".join([*filter(None, plain), sha256(text.encode()).hexdigest()[:12]])


def find(root: Path, determines: dict[str, Any]) -> Run | None:
    """The complete run with these determinants, or None.

    Raises
    ------
    RunError
        If the folder of that name was altered, or was made from something else.
    """
    path = folder(root, determines)
    if not path.is_dir():
        return None
    run = Run(path)
    if run.config["determines"] != json.loads(json.dumps(determines)):
        raise RunError(f"{path}: was made from other settings; move it elsewhere and train again")
    return run


def open_run(path: Path) -> Run:
    """The complete run in a folder.

    Raises
    ------
    RunError
        If there is no such folder, the training in it is not complete, or it is no run.
    """
    path = Path(path)
    if path.name.endswith(".part"):
        raise RunError(f"{path}: this training is not complete; continue it with foilseg train")
    if not path.is_dir():
        raise RunError(f"{path}: no such folder; foilseg train prints where its runs are")
    run = Run(path)
    if "determines" not in run.config:
        raise RunError(f"{path}: is no run of this version; train it again")
    return run


def circumstances() -> dict[str, Any]:
    """Where a run was made: recorded with it, but no part of its identity."""
    import torch

    return {
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
    }


def complete(part: Path, path: Path, leave_out: tuple[str, ...] = ()) -> Run:
    """Seal the folder ``part`` with checksums, rename it to ``path``, drop what is left out.

    ``leave_out`` names files that only a resume needs: until the folder has its final name a
    process that is killed can go on from them.
    """
    files = sorted(p for p in part.rglob("*") if p.is_file())
    names = {p.relative_to(part).as_posix(): p for p in files}
    sums = {n: digest(p) for n, p in names.items() if n not in (*leave_out, CHECKSUMS)}
    (part / CHECKSUMS).write_text(json.dumps(sums, indent=1) + "\n")
    part.replace(path)
    for name in leave_out:
        (path / name).unlink(missing_ok=True)
    return Run(path)
