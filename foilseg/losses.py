"""Class weights and losses: pure functions of logits and target (thesis 3.4.2 and 3.4.3).

Multi-class losses take ``logits`` (N, K, H, W) and a ``target`` (N, H, W) of class indices below
K; binary ones take one logit a pixel, (N, 1, H, W), and a target of 0 (negative) and 1. A weight
always belongs to the class of the *target* pixel. Everything is computed in float32 from the
logits, whatever their type, never from probabilities.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SCHEMES = {"icf": 1.0, "iscf": 0.5}
STANDARD_WEIGHTS = (0.25, 0.75)  # negative class, every defect (thesis 3.4.2)
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
    if pixels.ndim != 1 or not pixels.size or not (pixels > 0).all():
        absent = np.flatnonzero(~(pixels > 0)).tolist()
        raise ValueError(f"pixels: classes {absent} have no training pixel, so no weight either")
    frequency = pixels ** -SCHEMES[scheme]
    return frequency / frequency.sum() * (pixels.size if total is None else total)


def binary_pixels(pixels: np.ndarray, label: int) -> np.ndarray:
    """Pixels of "not this class" and of the class ``label``: int64 (2,) (thesis 3.4.3)."""
    pixels = np.asarray(pixels, np.int64)
    if not 0 <= label < len(pixels):
        raise ValueError(f"label: {label} is none of the {len(pixels)} classes")
    return np.array([pixels.sum() - pixels[label], pixels[label]])


def target_weights(scheme: str, pixels: np.ndarray, label: int | None = None) -> np.ndarray | None:
    """The weights of a scheme by its name: float64, or None for ``"none"``.

    Parameters
    ----------
    scheme : ``"none"``, ``"standard"`` (0.25 for the negative class, 0.75 for every defect),
        ``"icf"`` or ``"iscf"``.
    pixels : (K,) training pixels of each class index.
    label : the class of a One-vs-Rest network, or None. With it the weights are (negative,
        positive), and those from frequencies add up to 1 as in Table 3.7; without it they are
        (K,) and add up to K as in Table 3.6.

    Raises
    ------
    ValueError
        If the scheme is unknown, or a class that needs a weight has no training pixel.
    """
    if label is not None:
        pixels = binary_pixels(pixels, label)
    if scheme == "none":
        return None
    if scheme == "standard":
        return np.where(np.arange(len(pixels)) == 0, *STANDARD_WEIGHTS)
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: {scheme!r} is not one of none, standard, {', '.join(SCHEMES)}")
    return class_weights(pixels, scheme, total=None if label is None else 1.0)


def focal(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Multi-class focal loss over a softmax (Eq. 3.8); ``gamma=0`` is (weighted) cross entropy.

    The sum over all pixels of ``-weight[target] * (1 - p_t)**gamma * log(p_t)``, divided as
    ``normaliser`` says. Lin, Goyal, Girshick, He, Dollar, "Focal Loss for Dense Object
    Detection", ICCV 2017, doi 10.1109/ICCV.2017.324; theirs is the sigmoid form, see
    :func:`binary_focal`.

    Parameters
    ----------
    logits : (N, K, H, W), of any floating type.
    target : (N, H, W) integers below K.
    gamma : focusing parameter, 0 or more.
    weights : (K,) weight of each class, or None for 1.
    normaliser : ``"pixels"`` divides by the number of pixels, ``"weights"`` by the sum of the
        pixels' weights. The thesis does not state which it used.

    Returns
    -------
    A float32 scalar. A target without pixels gives NaN, as does a sum of weights of 0.

    Raises
    ------
    ValueError
        If gamma is negative, the normaliser unknown, or the shapes do not fit.
    """
    _check(logits, target, gamma, normaliser)
    if weights is not None and weights.shape != logits.shape[1:2]:
        raise ValueError(f"weights: {tuple(weights.shape)} for {logits.shape[1]} classes")
    target = target.long()
    entropy = functional.cross_entropy(logits.float(), target, reduction="none")
    return _reduce(_focus(entropy, gamma), target, weights, normaliser)


def cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Cross entropy, with ``weights`` the weighted one (Eq. 3.7): :func:`focal` at gamma 0."""
    return focal(logits, target, gamma=0.0, weights=weights, normaliser=normaliser)


def binary_focal(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Focal loss of one logit a pixel over a sigmoid (Eq. 3.6 and 3.8; thesis 3.4.3).

    Parameters
    ----------
    logits : (N, 1, H, W), of any floating type.
    target : (N, H, W) integers or booleans, 1 where the class is.
    gamma, normaliser : as in :func:`focal`.
    weights : (2,) weight of the negative and of the positive pixels, or None for 1.

    Returns
    -------
    A float32 scalar; NaN as in :func:`focal`.

    Raises
    ------
    ValueError
        As :func:`focal`, and if there is more than one logit a pixel.
    """
    _check(logits, target, gamma, normaliser)
    if logits.shape[1] != 1:
        raise ValueError(f"logits: {logits.shape[1]} a pixel; a binary loss takes 1")
    if weights is not None and weights.shape != (2,):
        raise ValueError(f"weights: {tuple(weights.shape)}; give (negative, positive)")
    logit = logits[:, 0].float()
    entropy = functional.softplus(torch.where(target.bool(), -logit, logit))
    return _reduce(_focus(entropy, gamma), target.long(), weights, normaliser)


def binary_cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Binary cross entropy of one logit a pixel: :func:`binary_focal` at gamma 0."""
    return binary_focal(logits, target, gamma=0.0, weights=weights, normaliser=normaliser)


def gradient_mass(
    loss: Callable[[Tensor, Tensor], Tensor], logits: Tensor, target: Tensor, n_classes: int
) -> np.ndarray:
    """Share of the gradient that comes from the pixels of each target class: float64 (n_classes,).

    The mass of a pixel is the sum of the absolute derivatives of the loss by its logits; the
    shares add up to 1. All are NaN if the whole gradient is 0.
    """
    leaf = logits.detach().float().requires_grad_()
    (slope,) = torch.autograd.grad(loss(leaf, target), leaf)
    mass = slope.abs().sum(dim=1).flatten().double().numpy()
    each = np.bincount(target.flatten().numpy(), weights=mass, minlength=n_classes)
    with np.errstate(invalid="ignore"):
        return each / each.sum()


class _Focus(torch.autograd.Function):
    """Cross entropy c of a pixel -> (1 - e^-c)^gamma c, with its derivative in closed form.

    With q = 1 - p_t and m = c q^(gamma - 1) the value is q m and the derivative
    q^gamma + gamma (m - q m). Automatic differentiation would keep five images for the backward
    pass, and would give NaN at q = 0 for gamma below 1, where m goes to 0 with c.
    """

    @staticmethod
    def forward(ctx, entropy: Tensor, gamma: float) -> Tensor:
        rest = torch.expm1(-entropy).neg_()
        if gamma < 1:  # keeps the power finite; its product with c = 0 is then 0
            rest.clamp_min_(torch.finfo(rest.dtype).tiny)
        power = rest if gamma == 2 else rest ** (gamma - 1)
        moment = entropy * power
        value = moment * rest
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(moment.sub_(value).mul_(gamma).addcmul_(rest, power))
        return value

    @staticmethod
    def backward(ctx, gradient: Tensor):
        (slope,) = ctx.saved_tensors
        return gradient * slope, None


def _focus(entropy: Tensor, gamma: float) -> Tensor:
    return _Focus.apply(entropy, gamma) if gamma else entropy


def _reduce(loss: Tensor, target: Tensor, weights: Tensor | None, normaliser: str) -> Tensor:
    if weights is None:
        return loss.mean()
    weight = weights.to(loss).take(target)
    total = (loss * weight).sum()
    return total / (weight.sum() if normaliser == "weights" else loss.numel())


def _check(logits: Tensor, target: Tensor, gamma: float, normaliser: str) -> None:
    if not gamma >= 0:
        raise ValueError(f"gamma: {gamma} is negative")
    if normaliser not in NORMALISERS:
        raise ValueError(f"normaliser: {normaliser!r} is not one of {', '.join(NORMALISERS)}")
    if logits.ndim != 4 or target.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(f"target {tuple(target.shape)} does not fit logits {tuple(logits.shape)}")
