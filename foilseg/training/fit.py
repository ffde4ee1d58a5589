"""One network from nothing to a sealed run folder: train, predict, count."""

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
from torch import nn

from foilseg.data import files
from foilseg.data.dataset import (
    Dataset,
    Foil,
    LabelClass,
    class_pixels,
    training_regions,
    validation_regions,
    write_mask,
)
from foilseg.evaluation import metrics
from foilseg.networks import checkpoints, costs, devices, unet, weighting
from foilseg.networks.inference import THRESHOLD, Predictor
from foilseg.networks.registry import LOSSES, NETWORKS, STARTS
from foilseg.registry import pick
from foilseg.sampling import alterations
from foilseg.sampling.pools import Index, build_index
from foilseg.sampling.resampling import SAMPLERS
from foilseg.training import experiments, meters, probing, runs, training
from foilseg.training.batches import Draw
from foilseg.training.rows import Experiment, Profile

RESUME = f"checkpoints/{training.LAST}"

Progress = Callable[[int], object]


def fit(
    data: Dataset,
    row: Experiment,
    profile: Profile,
    seed: int,
    root: Path,
    *,
    defect: str = "",
    index: Index | None = None,
    device: str = "auto",
    progress: Progress = lambda steps: None,
) -> runs.Run:
    """Train one network, predict every validation region, and store the run.

    An interrupted training goes on from its last checkpoint; a run that is complete is returned
    as it is.

    Parameters
    ----------
    defect : of a One-vs-Rest row, the name of the class the network is for.
    index : of the training regions for the profile's patches, if it is there already.
    progress : called with the number of iterations that were done.

    Raises
    ------
    foilseg.training.training.TrainingError
        If the loss is not finite.
    foilseg.training.runs.RunError
        If another process trains this run, or its folder was altered.
    ValueError
        If a class that needs a weight has no training pixel, or the defect does not fit the row.
    """
    choices = experiments.networks(row, data)
    if defect not in choices:
        raise ValueError(f"defect: {defect!r} is none of {choices}, the networks of {row.name}")
    determines = experiments.determinants(data, row, profile, seed, defect)
    path = runs.folder(root, determines)
    with runs.lock(path):
        found = runs.find(root, determines)
        if found:
            return found
        index = index or build_index(training_regions(data), len(data.classes), profile.patch)
        with devices.threads(profile.threads):
            return _fit(data, row, profile, determines, index, path, device, progress)


def _fit(
    data: Dataset,
    row: Experiment,
    profile: Profile,
    determines: dict[str, Any],
    index: Index,
    path: Path,
    device: str,
    progress: Progress,
) -> runs.Run:
    device, part = devices.resolve_device(device), path.with_name(path.name + ".part")
    own = next((c for c in data.defects if c.name == determines["defect"]), None)
    label = None if own is None else own.index
    pixels = class_pixels(training_regions(data), len(data.classes)).sum(axis=0)
    outputs = 1 if own else len(data.classes)
    shape = {"channels_in": data.channels, "base": profile.base, "channels_out": outputs}
    with torch.random.fork_rng():
        torch.manual_seed(determines["seed"])
        network = pick("network", NETWORKS, row.network).load()(**shape)
    if profile.start:
        pick("start", STARTS, profile.start).load()(network, pixels, label)
    trained = training.train(
        network,
        make_loss(row, pixels, label),
        index,
        validation_regions(data),
        make_settings(profile, determines["seed"], row),
        part / "checkpoints",
        draw=make_draw(row, index, data, label),
        alter=alterations.make("+".join(filter(None, (profile.augment, row.alter))), index),
        label=label,
        device=device,
        progress=progress,
    )
    checkpoints.write(network.state_dict(), part / runs.MODEL)
    config = describe(determines, data, device) | {"network": shape, "label": label}
    config["architecture"] = row.network
    cost = _cost(network, profile.patch, trained.spent, part) | {"network": determines["defect"]}
    _store(data, own, network, trained, config, cost, part, device)
    return runs.complete(part, path, leave_out=(RESUME,))


def make_settings(profile: Profile, seed: int, row: Experiment) -> training.Settings:
    """What a profile and a row say to a training."""
    return training.Settings(
        seed,
        patch=profile.patch,
        batch=profile.batch,
        iterations=profile.iterations,
        refresh=profile.refresh,
        learning_rate=profile.learning_rate,
        decay=row.decay or profile.decay,
        average=row.average,
        keep=profile.keep,
    )


def _store(
    data: Dataset,
    own: LabelClass | None,
    network: nn.Module,
    trained: training.Trained,
    config: dict[str, Any],
    cost: dict[str, Any],
    part: Path,
    device: str,
) -> None:
    """Predict every validation region and write what the run is to hold."""
    labels, thresholds = ((), ()) if own is None else ((own.index,), (THRESHOLD,))
    predictor = Predictor((network,), labels, thresholds, device)
    rows, seconds = predict_regions(data, predictor, [own] if own else list(data.classes), part)
    cost = cost | {"inference_seconds_per_megapixel": seconds}
    write_tables(part, {runs.HISTORY: trained.history, runs.COUNTS: pd.DataFrame(rows)})
    write_documents(
        part, {runs.CONFIG: config, runs.COST: cost, runs.LEDGERS: {"pools": trained.ledgers}}
    )


def make_draw(row: Experiment, index: Index, data: Dataset, label: int | None = None) -> Draw:
    """The sampler of a row, (number, generator) -> plan, over the indexed training regions.

    ``label`` is the class of a One-vs-Rest network.
    """
    sampler = pick("sampler", SAMPLERS, row.sampler)
    return partial(sampler.draw, index, **{**sampler.defaults(data, label), **row.options})


def make_loss(row: Experiment, pixels: np.ndarray, label: int | None = None) -> training.Loss:
    """The loss of a row for data with these training pixels per class index.

    ``label`` is the class of a One-vs-Rest network; its weights follow from its own negative
    and positive pixels (Table 3.7).
    """
    weights = weighting.target_weights(row.weights, pixels, label)
    tensor = None if weights is None else torch.tensor(weights, dtype=torch.float32)
    entry = pick("loss", LOSSES, row.loss)
    formula = entry.multi_class if label is None else entry.one_vs_rest
    shared = {"gamma": row.gamma, "weights": tensor, "normaliser": row.normaliser}
    return partial(formula.load(), **shared, **row.loss_options)


def predict_regions(
    data: Dataset, predictor: Predictor, counted: list[LabelClass], part: Path
) -> tuple[list[dict[str, Any]], float]:
    """Predict and store every validation region: its counts, and seconds a megapixel."""
    rows, seconds, pixels = [], 0.0, 0
    predictor = probing.Probe.of(predictor, counted)
    for foil in validation_regions(data):
        begin = time.perf_counter()
        predicted = predictor.mask(foil.image)
        seconds, pixels = seconds + time.perf_counter() - begin, pixels + predicted.size
        predicted = foil.without_ignored(predicted)
        write_mask(part / "predictions" / f"{foil.name}.png", predicted, data.classes)
        rows += count(foil, predicted, counted, len(data.classes))
        predictor.add(foil, references(foil))
    predictor.histograms().write(part / runs.HISTOGRAMS)
    return rows, seconds / pixels * costs.MEGAPIXEL


def count(
    foil: Foil, predicted: np.ndarray, classes: list[LabelClass], n_classes: int
) -> list[dict[str, Any]]:
    """Counts of some classes against each reference: foil, against, defect, tp, fp, fn, tn."""
    rows, said = [], foil.counted(predicted)
    for against, mask in references(foil):
        counts = metrics.class_counts(metrics.confusion(foil.counted(mask), said, n_classes))
        for c in classes:
            values = dict(zip(metrics.COUNTS, counts[c.index].tolist()))
            rows.append({"foil": foil.name, "against": against, "defect": c.name, **values})
    return rows


def references(foil: Foil) -> list[tuple[str, np.ndarray]]:
    """What a prediction is judged by: the annotators' mask, and the truth where there is one."""
    both = (("label", foil.mask), ("truth", foil.truth))
    return [(name, mask) for name, mask in both if mask is not None]


def describe(determines: dict[str, Any], data: Dataset, device: str) -> dict[str, Any]:
    """The part of a run's ``config.json`` that every run has."""
    classes = [{"index": c.index, "name": c.name, "colour": c.colour} for c in data.classes]
    made = {"device": device, "precision": devices.precision(device)}
    circumstances = runs.circumstances() | made
    return {"determines": determines, "classes": classes, "circumstances": circumstances}


def write_tables(part: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write CSV files into a run that is not sealed yet."""
    for name, table in tables.items():
        files.write_text(table.to_csv(index=False), part / name)


def write_documents(part: Path, documents: dict[str, dict]) -> None:
    """Write JSON files into a run that is not sealed yet."""
    for name, content in documents.items():
        files.write_text(json.dumps(content, indent=1) + "\n", part / name)


def _cost(network: torch.nn.Module, patch: int, spent: meters.Spent, part: Path) -> dict[str, Any]:
    return {
        "training_seconds": spent.seconds,
        "energy_joules": spent.joules,
        "energy_source": meters.Meter(torch.get_num_threads()).source,
        "peak_bytes": spent.peak_bytes,
        "parameters": unet.parameter_count(network),
        "macs_per_patch": costs.macs(network, patch, patch),
        "macs_per_megapixel": costs.macs_per_megapixel(network),
        "model_bytes": (part / runs.MODEL).stat().st_size,
    }
