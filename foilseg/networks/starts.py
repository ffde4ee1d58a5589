"""Where a network begins to learn.

The thesis says nothing of it, so a network begins as torch makes it: every class is about as
likely as any other, and what the first steps teach is that most is background. A last layer that
begins at the priors has that right from the first step. The layers before it may begin with what
another network has learned on other images.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from foilseg.networks import checkpoints
from foilseg.networks.unet import UNet
from foilseg.networks.weighting import binary_pixels, priors

# The baseline of the matched twin, which comes with the repository, and the digest of its weights:
# written here, they decide what a run that begins with them is called.
TWIN = Path("results", "networks", "baseline", "model.safetensors")
TWIN_DIGEST = "bf9ce1f88cb25d31063ebf4ec8d75dd35aa2f7e00ca56d615324875c1fb92e1e"
FIRST, LAST = "encoder.0.0.weight", "head."


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


def at_twin(network: nn.Module, pixels: np.ndarray, label: int | None) -> None:
    """All layers but the last take the weights of the twin's baseline, with the batch statistics.

    The last begins :func:`at_priors`. An image of normals has three channels; for one channel the
    kernels of the first layer are summed over them, which answers a grey image as the twin's
    network answers that image in all three channels.

    Parameters
    ----------
    network, pixels, label : as of :func:`at_priors`; the network has as many maps as the twin's
        baseline in its first layer (``base`` 8).

    Raises
    ------
    ValueError
        If the weights are not there or are others, the network has another ``base``, the images
        have neither one nor three channels, or a class has no training pixel.
    """
    learned = _learned(TWIN)
    at_priors(network, pixels, label)
    for part in network.modules():
        if isinstance(part, UNet):
            own = {k: v for k, v in part.state_dict().items() if k.startswith(LAST)}
            first = _first(learned[FIRST], part)
            part.load_state_dict({**learned, FIRST: first, **own})


def _learned(path: Path) -> dict[str, Tensor]:
    """The weights in a file, if they are those of :data:`TWIN_DIGEST`."""
    if not path.is_file():
        raise ValueError(
            f"start: 'twin' begins with the weights of {path}, which is not here; work in the root "
            "of the repository, or take the start 'priors'"
        )
    tensors = checkpoints.read(path)
    if checkpoints.digest(tensors) != TWIN_DIGEST:
        raise ValueError(
            f"start: {path} holds other weights than 'twin' stands for; restore the file, or write "
            "the digest of the new ones into foilseg/networks/starts.py"
        )
    return tensors


def _first(kernels: Tensor, network: UNet) -> Tensor:
    """Kernels (maps, 3, 3, 3) for the channels of a network: (maps, C, 3, 3)."""
    (base, channels), own = kernels.shape[:2], network.state_dict()[FIRST]
    if len(own) != base:
        raise ValueError(
            f"base: {len(own)} maps in the first layer, but the start 'twin' has {base}; "
            f"give the profile base={base}, or the start 'priors'"
        )
    if network.channels_in not in (1, channels):
        raise ValueError(
            f"channels_in: {network.channels_in}, but the start 'twin' takes images of 1 or "
            f"{channels} channels; bring them in as grey, or take the start 'priors'"
        )
    return kernels if network.channels_in == channels else kernels.sum(dim=1, keepdim=True)
