"""``foilseg split``: propose which images of a dataset folder train, validate and are tested."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from foilseg.data import folder, splits
from foilseg.data.dataset import PARTS, TEST, TRAIN, VALIDATION, Dataset


def propose(
    root: Path,
    *,
    by_group: bool = False,
    groups: str = "",
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    replace: bool = False,
) -> pd.DataFrame:
    """Write ``splits.csv``, stratified by :func:`foilseg.data.splits.stratified`.

    Parameters
    ----------
    root : a sound dataset folder.
    by_group : keep the images of a group together; else each is divided alone.
    groups : a regular expression that finds in an image's name what it belongs to: its first
        group that matches, or the whole match. Images in which it finds nothing stand alone.
        "" takes the groups of the ``splits.csv`` that is there.
    validation, test : shares of the images, each below 1 and together too; ``test`` may be 0.
    seed : for the order of images that are alike.
    replace : write over a ``splits.csv`` that is there.

    Returns
    -------
    A row a part: images, groups if there are any, and objects of each defect.

    Raises
    ------
    FileExistsError
        If there is a ``splits.csv`` and it is not to be replaced.
    ValueError
        If a share or the expression is none, or a class can then not be trained.
    """
    path = Path(root) / splits.NAME
    if path.exists() and not replace:
        raise FileExistsError(f"{path}: exists already; say --replace to divide anew")
    if not (0 < validation < 1 and 0 <= test < 1 and validation + test < 1):
        raise ValueError(f"validation {validation} and test {test} are no shares that leave some")
    data = _whole(Path(root))
    names = [foil.name for foil in data.foils]
    belongs = _belonging(Path(root), groups, names) if by_group else {}
    shares = {TRAIN: 1 - validation - test, VALIDATION: validation} | ({TEST: test} if test else {})
    counts = splits.labels(data.foils, len(data.classes))
    units = [belongs.get(name, f"\n{name}") for name in names]
    chosen = splits.stratified(counts, units, shares, np.random.default_rng(seed))
    parts = {name: chosen[unit] for name, unit in zip(names, units)}
    splits.write(path, parts, belongs)
    return _table(data, counts, parts, belongs)


def _whole(root: Path) -> Dataset:
    """All images of a folder, whatever its ``splits.csv`` says now."""
    data = folder.load(root)
    kept = TEST in splits.read(root).parts.values()
    more = folder.load(root, test=True).foils if kept else ()
    foils = sorted((*data.foils, *more), key=lambda foil: foil.name)
    return Dataset(data.name, data.classes, tuple(foils))


def _belonging(root: Path, pattern: str, names: Sequence[str]) -> dict[str, str]:
    """Image -> group, by a pattern or as ``splits.csv`` says now."""
    if not pattern:
        told = splits.read(root).groups
        if not told:
            raise ValueError(
                f"groups: {root / splits.NAME} has none; give an expression that finds them in "
                f"the images' names, such as {names[0]!r}"
            )
        return told
    try:
        found = {name: re.search(pattern, name) for name in names}
    except re.error as error:
        raise ValueError(f"groups: {pattern!r} is no regular expression ({error})") from error
    told = {n: next(filter(None, m.groups()), m.group()) for n, m in found.items() if m}
    if not told:
        raise ValueError(f"groups: {pattern!r} is in no image's name, such as {names[0]!r}")
    return told


def _table(data: Dataset, counts: np.ndarray, parts, belongs) -> pd.DataFrame:
    rows = []
    for part in PARTS:
        own = [k for k, foil in enumerate(data.foils) if parts[foil.name] == part]
        if own:
            row = {"part": part, "images": len(own)}
            if belongs:
                row["groups"] = len({belongs.get(data.foils[k].name, k) for k in own})
            each = counts[own].sum(axis=0).tolist()
            rows.append(row | {c.name: each[c.index - 1] for c in data.defects})
    return pd.DataFrame(rows)
