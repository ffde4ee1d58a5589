"""Predictions of a foil by stored runs: what is stored is taken, the rest is predicted now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foilseg.data.dataset import Foil, LabelClass
from foilseg.evaluation import metrics
from foilseg.training import restore
from foilseg.training.runs import Run, RunError


def classes(runs: Sequence[Run], own: Sequence[LabelClass] = ()) -> tuple[LabelClass, ...]:
    """The classes of the runs, in table order; ``own`` are those of the data, if they are known.

    Raises
    ------
    ValueError
        If a run was trained for other classes than the data have, or than the first run.
    """
    found = [restore.classes(run) for run in runs]
    expected, whose = (own, "these data have") if own else (found[0], f"{runs[0].name} was")
    for run, other in zip(runs, found):
        if {(c.index, c.name) for c in other} != {(c.index, c.name) for c in expected}:
            raise ValueError(f"runs: {run.name} was trained for other classes than {whose}")
    return tuple(expected)


def add(runs: Sequence[Run], foil: Foil, masks: dict[str, np.ndarray]) -> str:
    """Add the predictions of a foil to ``masks``; if a run cannot predict it, the reason why.

    Nothing is predicted without an image.
    """
    try:
        masks |= predictions(runs if foil.image is not None else (), foil)
    except (ValueError, RunError) as error:
        return str(error)
    return ""


def predictions(runs: Sequence[Run], foil: Foil, device: str = "auto") -> dict[str, np.ndarray]:
    """Name of the run -> mask of the foil, uint8 (H, W).

    A foil that a network cannot take (another number of channels) is a ValueError that names it.
    """
    return {run.name: prediction(run, foil, device) for run in runs}


def prediction(run: Run, foil: Foil, device: str = "auto") -> np.ndarray:
    """The mask of one foil by one run."""
    kept = stored(run, foil)
    if kept is not None:
        return kept
    return foil.without_ignored(restore.load(run, device).mask(foil.image))


def stored(run: Run, foil: Foil) -> np.ndarray | None:
    """The mask that the run has stored for exactly this foil, or None.

    A foil of the same name may be another one: its stored counts have to follow from the mask
    and the foil's labels.
    """
    try:
        mask = run.prediction(foil.name)
    except RunError:
        return None
    if mask.shape != foil.shape:
        return None
    counts = run.counts()
    rows = counts[(counts["foil"] == foil.name) & (counts["against"] == "label")]
    names = {c.name: c.index for c in restore.classes(run)}
    for row in rows.to_dict("records"):
        label = names[row["defect"]]
        pair = foil.counted(foil.mask == label), foil.counted(mask == label)
        found = metrics.binary_counts(*pair)
        if found.tolist() != [row[name] for name in metrics.COUNTS]:
            return None
    return mask if len(rows) else None
