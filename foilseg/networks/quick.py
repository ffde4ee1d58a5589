"""The same network, asked faster: normalisation folded into the convolutions, and bf16.

Both change last bits. Whoever uses them looks first at what that changes in what is decided
(:mod:`foilseg.decisions.quickest`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from foilseg.networks.inference import Predictor
from foilseg.networks.unet import DoubleConv

EXACT = "exact"


def folded(network: nn.Module) -> nn.Module:
    """A copy in which every convolution does the normalisation that follows it.

    Batch normalisation of a trained network multiplies and adds a constant a map, which the
    convolution's own weights can do. The network has to be in evaluation mode.
    """
    made = copy.deepcopy(network)
    for stage in [m for m in made.modules() if isinstance(m, DoubleConv)]:
        for place in (0, 3):  # convolution, normalisation, ReLU, twice
            stage[place] = fuse_conv_bn_eval(stage[place], stage[place + 1])
            stage[place + 1] = nn.Identity()
    return made.to(memory_format=torch.channels_last)


class Half(nn.Module):
    """A network under bf16 autocast; its logits are float32."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self.channels_in, self.grid, self.halo = network.channels_in, network.grid, network.halo

    def forward(self, image: Tensor) -> Tensor:
        with torch.autocast(image.device.type, torch.bfloat16):
            return self.network(image).float()


def _each(predictor: Predictor, change: Callable[[nn.Module], nn.Module]) -> Predictor:
    return replace(predictor, networks=tuple(change(n).eval() for n in predictor.networks))


# name -> the predictor in that format; the first is the network as it is
FORMATS: dict[str, Callable[[Predictor], Predictor]] = {
    EXACT: lambda predictor: predictor,
    "folded": lambda predictor: _each(predictor, folded),
    "bf16": lambda predictor: _each(predictor, lambda n: Half(folded(n))),
}
