"""Networks that come with the repository: their weights, and what they were trained with.

Each lies in ``results/networks/NAME`` and is a run folder without losses, counts and predictions;
``NAME.json`` beside it is a decision that was calibrated for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from foilseg.data import files
from foilseg.studies import shipped
from foilseg.training import experiments, runs
from foilseg.training.runs import Run

FOLDER = shipped.ROOT / "networks"
BEST = experiments.RECIPE  # the network of the recipe that the book recommends
MOST_BYTES = 5_000_000  # of all networks together


def names(root: Path = FOLDER) -> list[str]:
    """The networks there are."""
    return sorted(path.parent.name for path in root.glob(f"*/{runs.CHECKSUMS}"))


def open_network(place: Path, root: Path = FOLDER) -> Run:
    """The run in a folder or, of a bare name that is no folder, the network that comes with us.

    Raises
    ------
    foilseg.training.runs.RunError
        If there is neither, or the training in the folder is not complete.
    """
    place = Path(place)
    if place.is_dir() or place.name.endswith(".part"):
        return runs.open_run(place)
    if str(place) in names(root):
        return runs.open_run(root / place)
    known = (
        f", or name a network that comes with us: {', '.join(names(root))}" if names(root) else ""
    )
    raise runs.RunError(f"{place}: no such folder; foilseg train prints where its runs are{known}")


def bring(run: Run, name: str, root: Path = FOLDER) -> Path:
    """Pack a network under a name: its weights and its configuration.

    Raises
    ------
    ValueError
        If the run joins several networks, the name is no file name, or all networks together would
        be larger than 5 MB.
    OSError
        If it cannot be written.
    """
    if "network" not in run.config:
        raise ValueError(f"{run.path}: joins several networks; bring each of them")
    if not name or not all(c.isalnum() or c in "-_" for c in name):
        raise ValueError(f"name: {name!r}; use letters, digits, - and _")
    chosen = (runs.MODEL, runs.CONFIG)
    others = [path for other in names(root) if other != name for path in (root / other).iterdir()]
    size = _size([run.file(part) for part in chosen]) + _size(others)
    if size > MOST_BYTES:
        raise ValueError(f"{root}: {size / 1e6:.1f} MB with {name}, at most {MOST_BYTES / 1e6:.0f}")
    with files.new_folder(root / name, over=True) as part:
        for file in chosen:
            files.write_bytes(run.file(file).read_bytes(), part / file)
        runs.complete(part, part)
    return root / name


def _size(paths: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in paths)
