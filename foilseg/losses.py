"""Class weights and losses: pure functions of logits and target.

``logits`` are (N, K, H, W) before the activation, ``target`` (N, H, W) holds class indices. A
weight always belongs to the class of the *target* pixel.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SCHEMES = {"icf": 1.0, "iscf": 0.5}
NORMALISERS = ("pixels", "weights")


def class_weights(pixels: np.ndarray, scheme: str, total: float | None = None) -> np.ndarray:
    """Class weights from training pixels (Eq. 3.4 and 3.5, read as in Table 3.6).

    Parameters
    ----------
    pixels : (K,) pixels of each class in the training regions.
    scheme : ``"icf"`` (inverse class frequency) or ``"iscf"`` (its square root).
    total : what the weights add up to; the number of classes unless told (Table 3.7 uses 1).

    Returns
    -------
    float64 (K,), in the order of ``pixels``.

    Raises
    ------
    ValueError
        If the scheme is unknown or a class has no training pixel (its weight is not defined).
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: {scheme!r} is not one of {', '.join(SCHEMES)}")
    pixels = np.asarray(pixels, np.float64)
    if pixels.ndim != 1 or not pixels.size or (pixels <= 0).any():
        absent = np.flatnonzero(pixels <= 0).tolist()
        raise ValueError(f"pixels: classes {absent} have no training pixel, so no weight either")
    frequency = pixels ** -SCHEMES[scheme]
    return frequency / frequency.sum() * (pixels.size if total is None else total)


def focal(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Multi-class focal loss over a softmax (Eq. 3.8); ``gamma=0`` is (weighted) cross entropy.

    The mean over all pixels of ``-weight[target] * (1 - p_t)**gamma * log(p_t)``. Lin, Goyal,
    Girshick, He, Dollar, "Focal Loss for Dense Object Detection", ICCV 2017,
    doi 10.1109/ICCV.2017.324.

    Parameters
    ----------
    logits : (N, K, H, W); computed in float32 whatever their type.
    target : (N, H, W) integers below K.
    gamma : focusing parameter, 0 or more.
    weights : (K,) weight of each class, or None for 1.
    normaliser : ``"pixels"`` divides by the number of pixels, ``"weights"`` by the sum of the
        pixels' weights. The thesis does not state which it used.

    Returns
    -------
    A float32 scalar. A target without pixels gives NaN.

    Raises
    ------
    ValueError
        If gamma is negative, the normaliser unknown, or the shapes do not fit.
    """
    if gamma < 0:
        raise ValueError(f"gamma: {gamma} is negative")
    if normaliser not in NORMALISERS:
        raise ValueError(f"normaliser: {normaliser!r} is not one of {', '.join(NORMALISERS)}")
    if logits.ndim != 4 or target.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(f"target {tuple(target.shape)} does not fit logits {tuple(logits.shape)}")
    target = target.long()
    log_probs = logits.float().log_softmax(dim=1)
    log_pt = log_probs.gather(1, target[:, None])[:, 0]
    loss = -log_pt
    if gamma:
        # 1 - p_t without cancellation; the floor keeps the slope finite for gamma below 1.
        rest = (-torch.expm1(log_pt)).clamp_min(torch.finfo(torch.float32).tiny)
        loss = loss * rest**gamma
    if weights is None:
        return loss.mean()
    weight = weights.to(loss)[target]
    return (loss * weight).sum() / (weight.sum() if normaliser == "weights" else loss.numel())
