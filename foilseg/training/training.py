"""One visible loop: patches, step, history, checkpoints, resume.

The thesis's training (section 3.2): AdamW, random patches from refreshed pools (Eq. 3.2), no
augmentation, no selection of checkpoints.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn

from foilseg.data import files
from foilseg.data.dataset import Foil
from foilseg.networks import checkpoints
from foilseg.networks.devices import MEMORY, precision, resolve_device
from foilseg.sampling import resampling, uniform
from foilseg.sampling.alterations import Alter
from foilseg.sampling.pools import Index
from foilseg.training.averaging import Average
from foilseg.training.batches import Batch, Draw, Pools, ahead
from foilseg.training.meters import Meter, Spent
from foilseg.training.settings import Settings

LAST = "last.safetensors"
HISTORY = "history.csv"
COLUMNS = ["iteration", "train_loss", "validation_loss"]

Loss = Callable[[Tensor, Tensor], Tensor]


class TrainingError(RuntimeError):
    """A training that cannot go on; what it had is kept."""


class Trained(NamedTuple):
    """What a training leaves besides the network.

    ``history`` has the columns iteration, train_loss and validation_loss (NaN where it was not
    measured); ``ledgers`` are those of the training pools as JSON values, in order; ``spent`` is
    what all sessions together took.
    """

    history: pd.DataFrame
    ledgers: list[dict]
    spent: Spent


def make_optimiser(network: nn.Module, settings: Settings) -> torch.optim.AdamW:
    """AdamW over all parameters, every update in one pass (``fused``)."""
    return torch.optim.AdamW(
        network.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def train(
    network: nn.Module,
    loss: Loss,
    index: Index,
    held_out: Sequence[Foil],
    settings: Settings,
    folder: Path,
    *,
    draw: Draw | None = None,
    alter: Alter | None = None,
    label: int | None = None,
    device: str = "auto",
    progress: Callable[[int], object] = lambda steps: None,
) -> Trained:
    """Train ``network`` in place, from the last checkpoint in ``folder`` if there is one.

    Parameters
    ----------
    network : freshly initialised; its weights are replaced when a training is resumed.
    loss : logits (N, K, H, W) and target (N, H, W) -> scalar.
    index : of the training regions (:func:`foilseg.sampling.pools.build_index`, for patches of
        ``settings.patch``).
    held_out : the validation regions; they must not overlap with those.
    folder : holds the checkpoints (``model-NNNNNN.safetensors`` at ``settings.keep`` and
        ``last.safetensors``), and ``history.csv`` if the training failed.
    draw : (number, generator) -> plan of a training pool; uniform unless told. Validation
        patches are always uniform.
    alter : what is done to a batch of training patches (:mod:`foilseg.sampling.alterations`).
    label : the class of a One-vs-Rest network, or None.
    progress : called with the number of iterations that were done (all earlier ones at first).

    Raises
    ------
    TrainingError
        If a loss is not finite; names the iteration. The last checkpoint stays as it was.
    foilseg.networks.checkpoints.CheckpointError
        If a checkpoint cannot be written, or is altered when the training is resumed.
    """
    device = resolve_device(device)
    network.to(device, memory_format=MEMORY).train()
    optimiser = make_optimiser(network, settings)
    average = Average(network, settings.average) if settings.average else None
    training, validation = make_pools(index, held_out, settings, draw, label, alter)
    history, spent = _resume(network, optimiser, average, training, folder)
    meter = Meter(torch.get_num_threads(), spent)
    progress(len(history))
    todo = range(len(history) + 1, settings.iterations + 1)
    for iteration, batch in zip(todo, ahead(training, todo)):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate(iteration)
        value = step(network, loss, optimiser, batch, device)
        if average:
            average.update(network)
        due = iteration % settings.validate_every == 0
        measured = _validate(network, loss, validation.at(iteration), device) if due else math.nan
        history.append((iteration, value, measured))
        if not math.isfinite(value):
            raise _failure(history, folder)
        if iteration in settings.keep:
            checkpoints.write(network.state_dict(), folder / f"model-{iteration:06d}.safetensors")
        if iteration in settings.saves or iteration == settings.iterations:
            _checkpoint(network, optimiser, average, history, training, meter.read(), folder)
        progress(1)
    if average:
        average.finish(network, map(training.at, settings.last_pool), device)
    return Trained(_frame(history), training.ledgers_until(len(history)), meter.spent)


def make_pools(
    index: Index,
    held_out: Sequence[Foil],
    settings: Settings,
    draw: Draw | None = None,
    label: int | None = None,
    alter: Alter | None = None,
) -> tuple[Pools, Pools]:
    """The pools of training and validation; arguments as :func:`train`."""
    held_out = uniform.prepare(held_out, settings.patch)
    draw = draw or partial(resampling.standard, index)
    shared = partial(
        Pools,
        seed=settings.seed,
        batch=settings.batch,
        refresh=settings.refresh,
        label=label,
    )
    return (
        shared(index.regions, draw, stream="train", index=index, alter=alter),
        shared(held_out, _uniform(held_out, settings.patch), stream="validation"),
    )


def _uniform(regions: Sequence[Foil], size: int) -> Draw:
    return lambda n, generator: uniform.uniform(regions, n, size, generator)


def _forward(network: nn.Module, loss: Loss, batch: Batch, device: str) -> Tensor:
    images = batch.images.to(device, non_blocking=True, memory_format=MEMORY)
    target = batch.target.to(device, non_blocking=True)
    kind = device.split(":")[0]
    with torch.autocast(kind, torch.bfloat16, enabled=precision(device) == "bf16"):
        logits = network(images)
    return loss(logits, target)


def step(network: nn.Module, loss: Loss, optimiser, batch: Batch, device: str) -> float:
    """One step of the optimiser; the loss before it."""
    value = _forward(network, loss, batch, device)
    optimiser.zero_grad(set_to_none=True)
    value.backward()
    optimiser.step()
    return value.item()


def _validate(network: nn.Module, loss: Loss, batch: Batch, device: str) -> float:
    network.eval()
    with torch.inference_mode():
        value = _forward(network, loss, batch, device).item()
    network.train()
    return value


def _frame(history: list[tuple[int, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(history, columns=COLUMNS)


def _failure(history: list[tuple[int, float, float]], folder: Path) -> TrainingError:
    table = _frame(history).to_csv(index=False)
    files.write_text(table, folder / HISTORY)
    iteration, value, _ = history[-1]
    return TrainingError(
        f"the loss is {value} at iteration {iteration}; lower the learning rate or look for bad "
        f"values in the data. The losses up to there are in {folder / HISTORY}, and the last "
        "checkpoint is kept beside them"
    )


def _checkpoint(
    network, optimiser, average: Average | None, history, pools: Pools, spent: Spent, folder: Path
) -> None:
    tensors = checkpoints.state(network, optimiser) | (average.state() if average else {})
    tensors["history"] = torch.tensor(history, dtype=torch.float64)
    text = json.dumps(pools.ledgers_until(len(history))).encode()
    tensors["ledgers"] = torch.frombuffer(bytearray(text), dtype=torch.uint8)
    numbers = (spent.seconds, spent.joules, float(spent.peak_bytes))
    tensors["spent"] = torch.tensor(numbers, dtype=torch.float64)
    checkpoints.write(tensors, folder / LAST)


def _resume(
    network, optimiser, average: Average | None, pools: Pools, folder: Path
) -> tuple[list[tuple], Spent | None]:
    """Restore the last checkpoint: the history so far and what it took; empty at the start."""
    if not (folder / LAST).exists():
        return [], None
    tensors = checkpoints.read(folder / LAST)
    checkpoints.restore(tensors, network, optimiser)
    if average:
        average.restore(tensors)
    pools.ledgers = dict(enumerate(json.loads(tensors["ledgers"].numpy().tobytes())))
    history = [(int(i), value, measured) for i, value, measured in tensors["history"].tolist()]
    seconds, joules, peak = tensors["spent"].tolist()
    return history, Spent(seconds, joules, int(peak))
