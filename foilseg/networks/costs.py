"""What a network and a model cost (Appendix B of the thesis, whose tables are lost).

Operations are counted from the shapes of the tensors; time, memory and energy are measured while a
run is made (:mod:`foilseg.training.meters`) and stored in its ``cost.json``.
"""

from __future__ import annotations

from itertools import chain

import pandas as pd
import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

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


def macs(network: nn.Module, height: int, width: int) -> int:
    """Multiplications with addition of one forward pass over an image of that size.

    Those of convolutions and matrix products, as torch counts them without computing any.
    Normalisation, ReLU and pooling multiply per pixel once at most and are left out, as is usual.
    Where a network extends the image first, the extension counts.
    """
    tensors = chain(network.named_parameters(), network.named_buffers())
    shapes = {name: tensor.detach().to("meta") for name, tensor in tensors}
    image = torch.empty(1, network.channels_in, height, width, device="meta")
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            functional_call(network, shapes, (image,))
    finally:
        network.train(was_training)
    return counter.get_total_flops() // 2


def macs_per_megapixel(network: nn.Module) -> float:
    """Multiplications a million pixels, for images with sides that are multiples of its grid."""
    return macs(network, network.grid, network.grid) * MEGAPIXEL / network.grid**2


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
