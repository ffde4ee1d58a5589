"""One-vs-Rest as a loss of one network: every defect against all else, by the softmax's odds."""

from __future__ import annotations

import torch
from torch import Tensor

from foilseg.data.dataset import IGNORED
from foilseg.networks.losses import _check, binary_focal
from foilseg.networks.region_losses import _of_pair, soft_dice


def class_wise(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 0.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
    dice: float = 0.0,
) -> Tensor:
    """Binary focal loss of every defect, the sum over the defects.

    The logit of class c against all else is z_c - log sum over k != c of exp z_k, whose sigmoid is
    the softmax's p_c. So it is the loss of the thesis's One-vs-Rest networks (3.4.3), asked of one
    network of all classes.

    Parameters
    ----------
    logits, target, gamma, normaliser : as in :func:`foilseg.networks.losses.focal`.
    weights : (2,) weight of the negative and of the positive pixels of every defect, or None.
    dice : how much of 1 - :func:`foilseg.networks.region_losses.soft_dice` is added.

    Raises
    ------
    ValueError
        As :func:`foilseg.networks.losses.binary_focal`.
    """
    _check(logits, target, gamma, normaliser)
    logits, shared = logits.float(), {"gamma": gamma, "weights": weights, "normaliser": normaliser}
    total = logits.new_zeros(())
    for c in range(1, logits.shape[1]):
        others = torch.cat([logits[:, :c], logits[:, c + 1 :]], dim=1)
        against = logits[:, c : c + 1] - torch.logsumexp(others, dim=1, keepdim=True)
        own = torch.where(target == IGNORED, target, (target == c).to(target.dtype))
        total = total + binary_focal(against, own, **shared)
    return total + dice * (1 - soft_dice(logits, target)) if dice else total


def binary_class_wise(logits: Tensor, target: Tensor, **options) -> Tensor:
    """:func:`class_wise` of one logit a pixel, as of the pair of logits (0, z)."""
    return _of_pair(class_wise, logits, target, options)
