"""What a network and a model cost (Appendix B of the thesis, whose tables are lost).

Operations are counted by formula from the modules; time, memory and energy are measured while a
run is made (:mod:`foilseg.training.meters`) and stored in its ``cost.json``.
"""

from __future__ import annotations

import pandas as pd
from torch import nn

from foilseg.networks import unet

MEGAPIXEL = 1_000_000
WHOLE = "whole model"
# Columns of a cost table: what cost.json calls it, whether a model's is the sum of its networks'.
COLUMNS = {
    "parameters": True,
    "macs_per_patch": True,
    "macs_per_megapixel": True,
    "training_seconds": True,
    "peak_bytes": False,
    "model_bytes": True,
    "inference_seconds_per_megapixel": True,
    "energy_joules": True,
}


def macs(network: unet.UNet, height: int, width: int) -> int:
    """Multiplications with addition of one forward pass over an image of that size.

    A convolution has as many as outputs times kernel area times input maps, a transposed one as
    many as inputs times kernel area times output maps. Normalisation, ReLU and pooling multiply
    per pixel once at most and are left out, as is usual. The sides count as extended to
    multiples of 16.
    """
    height, width = (-(-side // unet.GRID) * unet.GRID for side in (height, width))
    pixels, total = height * width, 0
    for level, stage in enumerate(network.encoder):
        total += _convolutions(stage) * (pixels >> 2 * level)
    total += _convolutions(network.bridge) * (pixels >> 2 * unet.DEPTH)
    for number, (up, stage) in enumerate(zip(network.up, network.decoder)):
        level = unet.DEPTH - 1 - number
        area = up.kernel_size[0] * up.kernel_size[1]
        total += up.in_channels * up.out_channels * area * (pixels >> 2 * (level + 1))
        total += _convolutions(stage) * (pixels >> 2 * level)
    return total + _convolutions(network.head) * pixels


def _convolutions(part: nn.Module) -> int:
    """Multiplications for one output pixel of all plain convolutions in a part."""
    layers = [m for m in part.modules() if isinstance(m, nn.Conv2d)]
    return sum(m.in_channels * m.out_channels * m.kernel_size[0] * m.kernel_size[1] for m in layers)


def macs_per_megapixel(network: unet.UNet) -> float:
    """Multiplications a million pixels, for images with sides that are multiples of 16."""
    return macs(network, unet.GRID, unet.GRID) * MEGAPIXEL / unet.GRID**2


def table(costs: dict[str, list[dict]]) -> pd.DataFrame:
    """One row a network and one a model from stored costs.

    Parameters
    ----------
    costs : model title -> the ``cost.json`` of each of its networks.

    Returns
    -------
    Columns model, network (``"whole model"`` for the sums), networks, those of
    :data:`COLUMNS`, and energy_source. Memory is the largest of the networks', which are
    trained one after another; all others are sums. What was not measured is NaN.
    """
    rows = []
    for model, each in costs.items():
        if len(each) > 1:
            rows += [_row(model, cost.get("network", ""), [cost]) for cost in each]
        rows.append(_row(model, WHOLE, each))
    return pd.DataFrame(rows)


def _row(model: str, name: str, each: list[dict]) -> dict:
    values = pd.DataFrame(each).reindex(columns=list(COLUMNS)).astype(float)
    total = {c: values[c].sum(skipna=False) if s else values[c].max() for c, s in COLUMNS.items()}
    sources = dict.fromkeys(cost.get("energy_source", "") for cost in each)
    head = {"model": model, "network": name, "networks": len(each)}
    return {**head, **total, "energy_source": "; ".join(sources)}
