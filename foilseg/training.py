"""One visible loop: patches, step, history, checkpoints, resume.

The thesis's training (section 3.2): AdamW, random patches from refreshed pools (Eq. 3.2), no
augmentation, no selection of checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm

from foilseg import sampling
from foilseg.dataset import Foil

LAST = "last.safetensors"

Loss = Callable[[Tensor, Tensor], Tensor]
Sampler = Callable[[Sequence[Foil], int, int, np.random.Generator], sampling.Plan]


@dataclass(frozen=True)
class Settings:
    """What determines a training besides network, loss and data.

    ``batch * refresh`` patches of ``patch`` x ``patch`` pixels make one pool (Eq. 3.2); every
    ``validate_every`` iterations one batch of the validation pool is scored, without a step.
    The model is kept at the iterations in ``keep``.
    """

    seed: int
    patch: int
    batch: int
    iterations: int
    refresh: int
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    validate_every: int = 10
    keep: tuple[int, ...] = ()

    def __post_init__(self):
        for name in ("patch", "batch", "iterations", "refresh", "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is not positive")


class TrainingError(RuntimeError):
    """A training that cannot go on; what it had is kept."""


def resolve_device(device: str = "auto") -> str:
    """``"auto"`` as ``"cuda"`` where there is one, else ``"cpu"``; other names as they are."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device


def precision(device: str) -> str:
    """``"bf16"`` where the processor computes in it, else ``"fp32"``."""
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    native = torch.cpu.get_capabilities()
    return "bf16" if native.get("avx512_bf16") or native.get("amx_bf16") else "fp32"


def train(
    network: nn.Module,
    loss: Loss,
    regions: tuple[Sequence[Foil], Sequence[Foil]],
    settings: Settings,
    folder: Path,
    *,
    sampler: Sampler = sampling.uniform,
    device: str = "auto",
    progress: tqdm | None = None,
) -> pd.DataFrame:
    """Train ``network`` in place, from the last checkpoint in ``folder`` if there is one.

    Parameters
    ----------
    network : freshly initialised; its weights are replaced when a training is resumed.
    loss : logits (N, K, H, W) and target (N, H, W) -> scalar.
    regions : training and validation regions; they must not overlap.
    folder : holds the checkpoints (``model-NNNNNN.safetensors`` at ``settings.keep`` and
        ``last.safetensors``, which carries the history as well).
    sampler : where the training patches come from; validation patches are always uniform.
    progress : a bar that is advanced by one an iteration.

    Returns
    -------
    The history: iteration, train_loss, validation_loss (NaN where it was not measured).

    Raises
    ------
    TrainingError
        If a loss is not finite; names the iteration.
    """
    device = resolve_device(device)
    network.to(device, memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    pools = [
        _Pool(regions[0], sampler, settings, "train"),
        _Pool(regions[1], sampling.uniform, settings, "validation"),
    ]
    history = _resume(network, optimiser, folder)
    if progress is not None:
        progress.update(len(history))
    save_every = max(1, min(500, settings.iterations // 4))
    for iteration in range(len(history) + 1, settings.iterations + 1):
        value = _step(network, loss, optimiser, pools[0].batch(iteration), device)
        measured = math.nan
        if iteration % settings.validate_every == 0:
            measured = _validate(network, loss, pools[1].batch(iteration), device)
        if not math.isfinite(value):
            raise TrainingError(f"the loss is {value} at iteration {iteration}; see {folder}")
        history.append((iteration, value, measured))
        if iteration in settings.keep:
            _save(network.state_dict(), folder / f"model-{iteration:06d}.safetensors")
        if iteration % save_every == 0 or iteration == settings.iterations:
            _checkpoint(network, optimiser, history, folder)
        if progress is not None:
            progress.update()
    return _frame(history)


class _Pool:
    """Batches of one stream; the plan of a pool follows from (seed, refresh number) alone."""

    def __init__(self, regions, sampler: Sampler, settings: Settings, stream: str):
        self.regions = sampling.prepare(regions, settings.patch)
        self.sampler, self.settings, self.stream = sampler, settings, stream
        self.number, self.plan = -1, None

    def batch(self, iteration: int) -> tuple[Tensor, Tensor]:
        s = self.settings
        number, place = divmod(iteration - 1, s.refresh)
        if number != self.number:
            generator = sampling.rng(s.seed, number, self.stream)
            self.plan = self.sampler(self.regions, s.batch * s.refresh, s.patch, generator)
            self.number = number
        rows = slice(place * s.batch, (place + 1) * s.batch)
        images, masks = sampling.cut(self.regions, self.plan, rows)
        return torch.from_numpy(images), torch.from_numpy(masks)


def _forward(network: nn.Module, loss: Loss, batch: tuple[Tensor, Tensor], device: str) -> Tensor:
    images, target = (part.to(device, non_blocking=True) for part in batch)
    images = images.contiguous(memory_format=torch.channels_last)
    kind = device.split(":")[0]
    with torch.autocast(kind, torch.bfloat16, enabled=precision(device) == "bf16"):
        logits = network(images)
    return loss(logits, target)


def _step(network, loss, optimiser, batch, device) -> float:
    value = _forward(network, loss, batch, device)
    optimiser.zero_grad(set_to_none=True)
    value.backward()
    optimiser.step()
    return value.item()


def _validate(network, loss, batch, device) -> float:
    network.eval()
    with torch.inference_mode():
        value = _forward(network, loss, batch, device).item()
    network.train()
    return value


def _frame(history: list[tuple[int, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(history, columns=["iteration", "train_loss", "validation_loss"])


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    """Write under another name and rename, so that a file is whole or not there."""
    part = path.with_suffix(".part")
    save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, part)
    part.replace(path)


def _checkpoint(network, optimiser, history, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{k}": torch.as_tensor(v) for k, v in state.items()}
    tensors["history"] = torch.tensor(history, dtype=torch.float64)
    _save(tensors, folder / LAST)


def _resume(network, optimiser, folder: Path) -> list[tuple[int, float, float]]:
    """Restore the last checkpoint; the history of what was done so far, empty at the start."""
    if not (folder / LAST).exists():
        return []
    tensors = load_file(folder / LAST)
    part = len("network.")
    network.load_state_dict({k[part:]: v for k, v in tensors.items() if k.startswith("network.")})
    state = optimiser.state_dict()
    for key, tensor in tensors.items():
        if key.startswith("optimiser."):
            _, number, name = key.split(".")
            state["state"].setdefault(int(number), {})[name] = tensor
    optimiser.load_state_dict(state)
    return [(int(i), train, seen) for i, train, seen in tensors["history"].tolist()]
