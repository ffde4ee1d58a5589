"""One run from nothing to a sealed folder: train, predict, count."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import nn
from tqdm import tqdm

from foilseg import experiments, inference, losses, metrics, runs, training, unet
from foilseg.dataset import Dataset, class_pixels, training_regions, validation_regions, write_mask
from foilseg.experiments import Experiment, Profile


def determinants(data: Dataset, row: Experiment, profile: Profile, seed: int) -> dict[str, Any]:
    """Everything that decides what a run holds; its hash names the run's folder."""
    return {
        "experiment": row.name,
        "gamma": row.gamma,
        "weights": row.weights,
        "profile": profile.name,
        **profile.sizes,
        "seed": seed,
        "data": data.fingerprint,
        "code": runs.code_version(),
    }


def fit(
    data: Dataset,
    row: Experiment,
    profile: Profile,
    seed: int,
    root: Path,
    *,
    device: str = "auto",
    progress: bool = True,
) -> runs.Run:
    """Train one experiment, predict every validation region, and store the run.

    An interrupted training goes on from its last checkpoint.

    Raises
    ------
    foilseg.training.TrainingError
        If the loss is not finite.
    """
    device = training.resolve_device(device)
    regions = (training_regions(data), validation_regions(data))
    pixels = class_pixels(regions[0], len(data.classes)).sum(axis=0)
    determines = determinants(data, row, profile, seed)
    path = runs.folder(root, determines)
    part = path.with_name(path.name + ".part")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = unet.UNet(data.channels, len(data.classes), profile.base)
    settings = training.Settings(
        seed, profile.patch, profile.batch, profile.iterations, profile.refresh, keep=profile.keep
    )
    started = time.monotonic()
    label = f"{row.name} {profile.name} seed {seed}"
    with tqdm(total=profile.iterations, desc=label, unit="it", disable=not progress) as bar:
        place, loss = part / "checkpoints", make_loss(row, pixels)
        history = training.train(
            network, loss, regions, settings, place, device=device, progress=bar
        )
    cost = {"training_seconds": time.monotonic() - started}
    cost["parameters"] = unet.parameter_count(network)
    config = {
        "determines": determines,
        "circumstances": runs.circumstances()
        | {"device": device, "precision": training.precision(device)},
    }
    rows = _predict(data, network, device, part / "predictions")
    tables = {runs.HISTORY: history, runs.COUNTS: pd.DataFrame(rows)}
    return _seal(network, tables, {runs.CONFIG: config, runs.COST: cost}, part, path)


def make_loss(row: Experiment, pixels: np.ndarray) -> Callable:
    """The loss of a row for data with these training pixels per class index."""
    weights = target_weights(row, pixels)
    tensor = None if weights is None else torch.tensor(weights, dtype=torch.float32)
    return partial(losses.focal, gamma=row.gamma, weights=tensor)


def target_weights(row: Experiment, pixels: np.ndarray) -> np.ndarray | None:
    """Weight of each class index: float64 (K,), or None where the row has no weights.

    ``pixels`` are the training pixels per class index. A class without any is never a target in
    training; its ICF or ISCF weight is not defined, stands as 0, and the others are scaled among
    themselves.
    """
    if row.weights == "none":
        return None
    if row.weights == "standard":
        return np.where(np.arange(len(pixels)) == 0, *experiments.STANDARD_WEIGHTS)
    weights = np.zeros(len(pixels))
    weights[pixels > 0] = losses.class_weights(pixels[pixels > 0], row.weights)
    return weights


def _predict(data: Dataset, network: nn.Module, device: str, place: Path) -> list[dict[str, Any]]:
    """Predict the validation regions, write the masks, and count them."""
    rows = []
    for foil in validation_regions(data):
        predicted = inference.predict_mask(network, foil.image, device)
        write_mask(place / f"{foil.name}.png", predicted, data.classes)
        for against, mask in (("label", foil.mask), ("truth", foil.truth)):
            if mask is None:
                continue
            counts = metrics.class_counts(metrics.confusion(mask, predicted, len(data.classes)))
            for c in data.classes:
                values = dict(zip(metrics.COUNTS, counts[c.index].tolist()))
                rows.append({"foil": foil.name, "against": against, "defect": c.name, **values})
    return rows


def _seal(network, tables, documents: dict[str, dict], part: Path, path: Path) -> runs.Run:
    """Write what is left to write, drop what only a resume needs, and complete the run."""
    for name, table in tables.items():
        table.to_csv(part / name, index=False)
    for name, content in documents.items():
        (part / name).write_text(json.dumps(content, indent=1) + "\n")
    tensors = {k: v.cpu().contiguous() for k, v in network.state_dict().items()}
    save_file(tensors, part / runs.MODEL)
    (part / "checkpoints" / training.LAST).unlink()
    return runs.complete(part, path)
