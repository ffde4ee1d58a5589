"""Files of tensors that are whole or not there, and say so if they were altered.

A file's header holds a digest of the tensors, which is compared when it is read: one that was
cut or changed is never used.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from foilseg.data.files import write_bytes

DIGEST = "sha256"
ADVICE = "delete the folder it lies in and train again"


class CheckpointError(RuntimeError):
    """A file of tensors that cannot be read or written; the message says what to do."""


def digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and values."""
    total = sha256()
    for name in sorted(tensors):
        value = tensors[name].contiguous()
        total.update(json.dumps([name, str(value.dtype), list(value.shape)]).encode())
        total.update(value.flatten().view(torch.uint8).numpy())
    return total.hexdigest()


def write(tensors: dict[str, Tensor], path: Path) -> None:
    """Write tensors to a safetensors file, whole or not at all.

    Raises
    ------
    CheckpointError
        If the file cannot be written, for want of space above all; what was there before stays.
    """
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    data = save(plain, metadata={DIGEST: digest(plain)})
    try:
        write_bytes(data, path)
    except OSError as error:
        advice = "the same command goes on from the last complete checkpoint"
        raise CheckpointError(f"{error}, and {advice}") from error


def read(path: Path) -> dict[str, Tensor]:
    """Read a file that :func:`write` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated or altered.
    """
    try:
        with safe_open(path, framework="pt") as file:
            expected = (file.metadata() or {}).get(DIGEST)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path}: missing, truncated or altered ({error}); {ADVICE}"
        ) from error
    if expected != digest(tensors):
        raise CheckpointError(f"{path}: altered since it was written; {ADVICE}")
    return tensors


def state(network: nn.Module, optimiser: Optimizer) -> dict[str, Tensor]:
    """Weights and the optimiser's memory as tensors with names."""
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    for number, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            tensors[f"optimiser.{number}.{name}"] = torch.as_tensor(value)
    return tensors


def restore(tensors: dict[str, Tensor], network: nn.Module, optimiser: Optimizer) -> None:
    """Put a :func:`state` back into a network and an optimiser of one parameter group."""
    part = len("network.")
    network.load_state_dict({k[part:]: v for k, v in tensors.items() if k.startswith("network.")})
    parameters = optimiser.param_groups[0]["params"]
    memory = optimiser.state_dict()
    for key, tensor in tensors.items():
        if key.startswith("optimiser."):
            _, number, name = key.split(".")
            if tensor.ndim:
                # the fused update walks through memory, so moments must lie as their weights do
                tensor = torch.empty_like(parameters[int(number)]).copy_(tensor)
            memory["state"].setdefault(int(number), {})[name] = tensor
    optimiser.load_state_dict(memory)
