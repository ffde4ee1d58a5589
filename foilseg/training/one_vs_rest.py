"""One-vs-Rest: the predictions of several networks joined into one mask (thesis 3.4.1).

The thesis judges each network for its own defect only. Joined, they give one mask as the
multi-class networks do, and it shows where several claim a pixel and where nobody does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg.data.dataset import Dataset, Foil, validation_regions, write_mask
from foilseg.networks.inference import THRESHOLD
from foilseg.training import fit, restore, runs


def determinants(members: dict[str, runs.Run], thresholds: Sequence[float]) -> dict[str, Any]:
    """Everything that decides what a joined run holds; ``members`` maps a defect to its run."""
    first = next(iter(members.values())).determines
    shared = {k: v for k, v in first.items() if k != "defect"}
    names = {defect: run.name for defect, run in members.items()}
    return {**shared, "members": names, "thresholds": [float(t) for t in thresholds]}


def join(
    data: Dataset,
    members: dict[str, runs.Run],
    root: Path,
    *,
    thresholds: float | Sequence[float] = THRESHOLD,
    device: str = "auto",
) -> runs.Run:
    """The joined run of a One-vs-Rest model, made if it is not there yet.

    Parameters
    ----------
    members : defect -> run of its network, all of them in ``root``.
    thresholds : probability above which a network claims a pixel, one for all or one a network.

    Returns
    -------
    A run with counts of every class, predictions (the joined masks) and claims.

    Raises
    ------
    foilseg.training.runs.RunError
        If another process makes this run, or a member was altered.
    ValueError
        If the number of thresholds is not that of the networks, or one is not in (0, 1).
    """
    each = np.broadcast_to(np.asarray(thresholds, float), np.shape(thresholds) or len(members))
    if len(each) != len(members):
        raise ValueError(f"thresholds: {len(each)} for {len(members)} networks")
    determines = determinants(members, each)
    path = runs.folder(root, determines)
    with runs.lock(path):
        return runs.find(root, determines) or _join(data, members, determines, path, device)


def _join(data, members, determines: dict[str, Any], path: Path, device: str) -> runs.Run:
    part = path.with_name(path.name + ".part")
    predictor = restore.combine(list(members.values()), determines["thresholds"], device)
    counts, claimed = [], []
    for foil in validation_regions(data):
        mask, claims = np.empty(foil.shape, np.uint8), np.empty(foil.shape, np.uint8)
        for window, labels, number in predictor.parts(foil.image):
            mask[window.rows, window.columns] = labels
            claims[window.rows, window.columns] = number
        mask = foil.without_ignored(mask)
        write_mask(part / "predictions" / f"{foil.name}.png", mask, data.classes)
        counts += fit.count(foil, mask, list(data.classes), len(data.classes))
        claimed += count_claims(foil, claims, data, len(members))
    tables = {runs.COUNTS: pd.DataFrame(counts), runs.CLAIMS: pd.DataFrame(claimed)}
    fit.write_tables(part, tables)
    config = fit.describe(determines, data, predictor.device)
    fit.write_documents(part, {runs.CONFIG: config})
    return runs.complete(part, path)


def count_claims(foil: Foil, claims: np.ndarray, data: Dataset, networks: int) -> list[dict]:
    """Pixels of a foil by reference class and number of networks that claim them.

    Columns foil, against, class, claims (0 to ``networks``), pixels (int64); rows with 0 pixels
    are there too.
    """
    rows = []
    for against, mask in fit.references(foil):
        pairs = foil.counted(mask.astype(np.int64) * (networks + 1) + claims)
        shape = (len(data.classes), networks + 1)
        table = np.bincount(pairs.ravel(), minlength=shape[0] * shape[1]).reshape(shape)
        rows += [
            {"foil": foil.name, "against": against, "class": c.name, "claims": k, "pixels": n}
            for c in data.classes
            for k, n in enumerate(table[c.index].tolist())
        ]
    return rows


def claim_rates(claims: pd.DataFrame) -> pd.DataFrame:
    """Per class of the reference, and for all pixels, how many networks claim it.

    Parameters
    ----------
    claims : rows of one reference, as :func:`count_claims` makes them, of any number of foils.

    Returns
    -------
    Columns class (``"all"`` last), pixels, ``unclaimed`` (share of the pixels that no network
    claims) and ``overlap`` (share that more than one claims). Pooled; without pixels NaN.
    """
    rows = [_rates(str(name), part) for name, part in claims.groupby("class", sort=False)]
    return pd.DataFrame([*rows, _rates("all", claims)])


def _rates(name: str, part: pd.DataFrame) -> dict[str, Any]:
    total = int(part["pixels"].sum())
    shares = {"unclaimed": part["claims"] == 0, "overlap": part["claims"] > 1}
    rates = {
        k: part.loc[rows, "pixels"].sum() / total if total else np.nan for k, rows in shares.items()
    }
    return {"class": name, "pixels": total, **rates}
