"""The moving average of a network's weights, beside its training."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from foilseg.networks.devices import MEMORY, precision
from foilseg.training.batches import Batch

PREFIX = "average."


class Average:
    """After every step, ``average = decay * average + (1 - decay) * weights``.

    Polyak, Juditsky 1992, doi 10.1137/0330046, in its exponential form. The statistics of batch
    normalisation are not averaged: they are those of the averaged weights, measured at the end
    (:meth:`finish`), as Izmailov et al. do, arXiv 1803.05407.
    """

    def __init__(self, network: nn.Module, decay: float):
        self.model = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))

    def update(self, network: nn.Module) -> None:
        """Take a step of the network in."""
        self.model.update_parameters(network)

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint keeps of it."""
        return {PREFIX + name: value for name, value in self.model.state_dict().items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state` gave."""
        own = {k.removeprefix(PREFIX): v for k, v in tensors.items() if k.startswith(PREFIX)}
        self.model.load_state_dict(own)

    def finish(self, network: nn.Module, batches: Iterable[Batch], device: str) -> None:
        """Give the network the average, and the statistics that it has over some batches."""
        kind = device.split(":")[0]
        images = (batch.images.to(device, memory_format=MEMORY) for batch in batches)
        with torch.autocast(kind, torch.bfloat16, enabled=precision(device) == "bf16"):
            update_bn(images, self.model)
        network.load_state_dict(self.model.module.state_dict())
