"""Class weights and losses: pure functions of logits and target (thesis 3.4.2 and 3.4.3).

Multi-class losses take ``logits`` (N, K, H, W) and a ``target`` (N, H, W) of class indices below
K; binary ones take one logit a pixel, (N, 1, H, W), and a target of 0 (negative) and 1. A weight
always belongs to the class of the *target* pixel. A target of 255 (:data:`IGNORED`) is a pixel
that counts nowhere, neither above nor below the line. Everything is computed in float32 from the
logits, whatever their type, never from probabilities.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from foilseg.data.dataset import IGNORED
from foilseg.networks.registry import NORMALISERS


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
    target, kept = _kept(target.long())
    entropy = functional.cross_entropy(logits.float(), target, reduction="none")
    return _reduce(_focus(entropy, gamma), target, weights, normaliser, kept)


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
    target, kept = _kept(target.long())
    logit = logits[:, 0].float()
    entropy = functional.softplus(torch.where(target.bool(), -logit, logit))
    return _reduce(_focus(entropy, gamma), target, weights, normaliser, kept)


def binary_cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Binary cross entropy of one logit a pixel: :func:`binary_focal` at gamma 0."""
    return binary_focal(logits, target, gamma=0.0, weights=weights, normaliser=normaliser)


def logit_adjusted(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 0.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Cross entropy of ``logits + log weights``, the weights being the priors of the classes.

    The network then learns logits under which all classes are equally frequent. Menon et al.,
    "Long-tail learning via logit adjustment", ICLR 2021, arXiv 2007.07314, with tau = 1.

    Raises
    ------
    ValueError
        If there are no weights, one is not positive, or for what :func:`focal` refuses.
    """
    priors = _positive(weights, logits.shape[1])
    moved = logits.float() + priors.log().to(logits.device)[:, None, None]
    return focal(moved, target, gamma=gamma, normaliser=normaliser)


def binary_logit_adjusted(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 0.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """:func:`logit_adjusted` of one logit a pixel; ``weights`` are (negative, positive)."""
    negative, positive = _positive(weights, 2).log()
    moved = logits.float() + (positive - negative).to(logits.device)
    return binary_focal(moved, target, gamma=gamma, normaliser=normaliser)


def _positive(weights: Tensor | None, number: int) -> Tensor:
    if weights is None or weights.shape != (number,) or not (weights > 0).all():
        raise ValueError(f"weights: give the priors of {number} classes, all positive ('priors')")
    return weights


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
    each = np.bincount(target.flatten().numpy(), weights=mass, minlength=n_classes)[:n_classes]
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


def _kept(target: Tensor) -> tuple[Tensor, Tensor | None]:
    """The target with class 0 for what is ignored, and bool where it is not; None if nowhere."""
    kept = target != IGNORED
    return (target, None) if kept.all() else (target.where(kept, 0), kept)


def _reduce(
    loss: Tensor,
    target: Tensor,
    weights: Tensor | None,
    normaliser: str,
    kept: Tensor | None = None,
) -> Tensor:
    if kept is not None:
        loss, target = loss[kept], target[kept]
        if not loss.numel():  # a mean of nothing is NaN, and there is nothing to learn
            return loss.sum()
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
