"""Losses of whole regions: overlap of what is predicted and annotated, over a batch.

Each has the form of :mod:`foilseg.networks.losses`: ``logits`` (N, K, H, W), ``target`` (N, H, W)
of class indices below K, a float32 scalar comes back. Sums go over all pixels of the batch, class
by class, and the mean over the defects (classes from 1 on) unless told otherwise:

    tp = sum p y,   fp = sum p (1 - y),   fn = sum (1 - p) y

with p the softmax, and y 1 where the class is.

A class that no pixel of the batch shows has an overlap of 0 as soon as a pixel says it, and the
slope there is next to nothing: it neither teaches nor disturbs. The binary forms take one logit a
pixel and a target of 0 and 1, and are the losses of the pair of logits (0, z).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from foilseg.networks.losses import _check, _focus, _kept, _reduce, focal

SMOOTH = 1e-5  # pixels, above and below the line of an overlap
LEAST = 1e-7  # of what a power below 1 is taken: its slope stays finite
DELTA, EXPONENT = 0.7, 0.75  # of the (focal) Tversky loss
UNIFIED = {"share": 0.5, "delta": 0.6, "gamma": 0.5}  # of the unified focal loss


def dice_cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 0.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Cross entropy + 1 - soft Dice over the batch (:func:`soft_dice`), the default of nnU-Net.

    Isensee, Jaeger, Kohl, Petersen, Maier-Hein, "nnU-Net", Nature Methods 2021,
    doi 10.1038/s41592-020-01008-z. ``weights`` and ``normaliser`` are of the cross entropy.

    Raises
    ------
    ValueError
        If gamma is not 0, or for what :func:`foilseg.networks.losses.focal` refuses.
    """
    entropy = focal(logits, target, gamma=_none(gamma), weights=weights, normaliser=normaliser)
    return entropy + 1 - soft_dice(logits, target)


def soft_dice(logits: Tensor, target: Tensor) -> Tensor:
    """Dice of the probabilities over the batch, (2 tp + s) / (2 tp + fp + fn + s): mean of defects.

    Arguments as of :func:`dice_cross_entropy`; s = 1e-5, so a class that neither is there nor is
    predicted has 1.
    """
    tp, fp, fn = _overlaps(logits, target)
    return ((2 * tp + SMOOTH) / (2 * tp + fp + fn + SMOOTH))[1:].mean()


def tversky(logits: Tensor, target: Tensor, **options) -> Tensor:
    """1 - Tversky index, the mean over the defects; a missed pixel counts 0.7, a false one 0.3.

    The index is (tp + s) / (tp + 0.7 fn + 0.3 fp + s). Salehi, Erdogmus, Gholipour, "Tversky loss
    function for image segmentation", 2017, doi 10.1007/978-3-319-67389-9_44.

    Raises
    ------
    ValueError
        If gamma is not 0 or there are weights, which it does not know.
    """
    return _missed(logits, target, DELTA, options)[1:].mean()


def focal_tversky(logits: Tensor, target: Tensor, **options) -> Tensor:
    """(1 - Tversky index) ** 0.75 of every defect, then the mean over them.

    Abraham, Khan, "A novel focal Tversky loss function", ISBI 2019,
    doi 10.1109/ISBI.2019.8759329. Errors as :func:`tversky`.
    """
    each = _missed(logits, target, DELTA, options)[1:]
    return (each.clamp_min(LEAST) ** EXPONENT).mean()


def lovasz(logits: Tensor, target: Tensor, **options) -> Tensor:
    """Lovasz-softmax: the convex extension of 1 - IoU, the mean over the classes that are there.

    Berman, Rannen Triki, Blaschko, "The Lovasz-Softmax loss", CVPR 2018,
    doi 10.1109/CVPR.2018.00464. Of probabilities that are all 0 or 1 it is 1 - IoU.
    Errors as :func:`tversky`.
    """
    _plain(logits, target, **options)
    probabilities = logits.float().softmax(dim=1).transpose(0, 1).flatten(1)
    flat, kept = _kept(target.long().flatten())
    if kept is not None:
        probabilities, flat = probabilities[:, kept], flat[kept]
    each = [_lovasz(probabilities[c], flat == c) for c in flat.unique().tolist()]
    return torch.stack(each).mean() if each else probabilities.sum()


def _lovasz(probability: Tensor, there: Tensor) -> Tensor:
    """The extension for one class: probability (n,), bool (n,) of which at least one is true."""
    error, order = (there.float() - probability).abs().sort(descending=True)
    there = there[order].float()
    union = there.sum() + (1 - there).cumsum(0)
    jaccard = 1 - (there.sum() - there.cumsum(0)) / union
    step = torch.diff(jaccard, prepend=jaccard.new_zeros(1))
    return error @ step


def unified_focal(logits: Tensor, target: Tensor, **options) -> Tensor:
    """Asymmetric unified focal loss: half a focal cross entropy, half a focal Tversky loss.

    With delta 0.6 and gamma 0.5: cross entropy weighs 0.6 for a defect's pixel and
    0.4 (1 - p) ** 0.5 for one of the background; 1 - Tversky index (delta 0.6) is taken to the
    power 0.5 for a defect and as it is for the background, and averaged over all classes. Yeung,
    Sala, Schonlieb, Rundo, "Unified Focal loss", 2022, doi 10.1016/j.compmedimag.2021.102026.
    Errors as :func:`tversky`.
    """
    delta, power = UNIFIED["delta"], UNIFIED["gamma"]
    missed = _missed(logits, target, delta, options)
    target, kept = _kept(target.long())
    entropy = functional.cross_entropy(logits.float(), target, reduction="none")
    ground = (1 - delta) * _focus(entropy, power)
    each = torch.where(target == 0, ground, delta * entropy)
    by_pixel = _reduce(each, target, None, "pixels", kept)
    defects = missed[1:].clamp_min(LEAST) ** (1 - power)
    by_region = torch.cat([missed[:1], defects]).mean()
    return UNIFIED["share"] * by_region + (1 - UNIFIED["share"]) * by_pixel


def _missed(logits: Tensor, target: Tensor, delta: float, options: dict) -> Tensor:
    """1 - Tversky index of every class: (K,)."""
    _plain(logits, target, **options)
    tp, fp, fn = _overlaps(logits, target)
    return 1 - (tp + SMOOTH) / (tp + delta * fn + (1 - delta) * fp + SMOOTH)


def _overlaps(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Soft tp, fp and fn of every class over the batch: (K,) each."""
    probability, (target, kept) = logits.float().softmax(dim=1), _kept(target.long())
    own = functional.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2)
    if kept is not None:
        probability, own = probability * kept[:, None], own * kept[:, None]
    tp, said, there = (t.sum(dim=(0, 2, 3)) for t in (probability * own, probability, own))
    return tp, said - tp, there - tp


def _plain(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 0.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> None:
    """Refuse what a loss of regions does not know; the normaliser changes nothing."""
    _check(logits, target, _none(gamma), normaliser)
    if weights is not None:
        raise ValueError("weights: this loss takes none, use 'none'")


def _none(gamma: float) -> float:
    if gamma:
        raise ValueError(f"gamma: {gamma}; only the focal loss takes one, use 0")
    return 0.0


def _of_pair(loss: Callable[..., Tensor], logits: Tensor, target: Tensor, options: dict) -> Tensor:
    if logits.ndim != 4 or logits.shape[1] != 1:
        raise ValueError(f"logits: {tuple(logits.shape)}; a binary loss takes one a pixel")
    return loss(torch.cat([torch.zeros_like(logits), logits], dim=1), target, **options)


def binary_dice_cross_entropy(logits: Tensor, target: Tensor, **options) -> Tensor:
    """:func:`dice_cross_entropy` of one logit a pixel."""
    return _of_pair(dice_cross_entropy, logits, target, options)


def binary_tversky(logits: Tensor, target: Tensor, **options) -> Tensor:
    """:func:`tversky` of one logit a pixel."""
    return _of_pair(tversky, logits, target, options)


def binary_focal_tversky(logits: Tensor, target: Tensor, **options) -> Tensor:
    """:func:`focal_tversky` of one logit a pixel."""
    return _of_pair(focal_tversky, logits, target, options)


def binary_lovasz(logits: Tensor, target: Tensor, **options) -> Tensor:
    """:func:`lovasz` of one logit a pixel."""
    return _of_pair(lovasz, logits, target, options)


def binary_unified_focal(logits: Tensor, target: Tensor, **options) -> Tensor:
    """:func:`unified_focal` of one logit a pixel."""
    return _of_pair(unified_focal, logits, target, options)
