"""Where the last layer of a network begins to learn.

The thesis says nothing of it, so a network begins as torch makes it: every class is about as
likely as any other, and what the first steps teach is that most is background. A layer that begins
at the priors has that right from the first step.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from foilseg.networks.unet import UNet
from foilseg.networks.weighting import binary_pixels, priors


def at_priors(network: nn.Module, pixels: np.ndarray, label: int | None) -> None:
    """The biases of the last layer become the logarithms of the shares of the classes.

    Of a One-vs-Rest network it is the log-odds of its class. After Lin et al., "Focal loss for
    dense object detection", section 4.1, arXiv 1708.02002, who begin at a prior of 0.01.

    Parameters
    ----------
    network : a U-Net, or several.
    pixels : (K,) training pixels of each class.
    label : the class of a One-vs-Rest network, or None.

    Raises
    ------
    ValueError
        If a class has no training pixel.
    """
    shares = priors(pixels if label is None else binary_pixels(pixels, label))
    logs = [math.log(share) for share in shares]
    biases = torch.tensor(logs if label is None else [logs[1] - logs[0]])
    with torch.no_grad():
        for part in network.modules():
            if isinstance(part, UNet):
                part.head.bias.copy_(biases)
