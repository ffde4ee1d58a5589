"""A loss that knows what annotators miss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from foilseg.networks.losses import _check, _kept, _reduce
from foilseg.networks.region_losses import _none, _of_pair


def forward_corrected(
    logits: Tensor,
    target: Tensor,
    *,
    missed: float | Sequence[float],
    gamma: float = 0.0,
    weights: Tensor | None = None,
    normaliser: str = "pixels",
) -> Tensor:
    """Cross entropy of what an annotator would have drawn, who leaves out a share of each defect.

    With T[c, 0] = missed_c, T[c, c] = 1 - missed_c and T[0, 0] = 1, it is the cross entropy of the
    probabilities T' p: the network is asked for the defect, and only the loss forgets. Patrini,
    Rozza, Menon, Nock, Qu, "Making deep neural networks robust to label noise", CVPR 2017, arXiv
    1609.03683, equation 7.

    Parameters
    ----------
    logits, target, weights, normaliser : as in :func:`foilseg.networks.losses.focal`.
    missed : share of a defect's pixels that annotators leave out, in [0, 1); one for all, or one
        for each of the K - 1 defects. 0 is the cross entropy itself.
    gamma : 0.

    Raises
    ------
    ValueError
        If a share is outside [0, 1) or their number does not fit, gamma is not 0, or for what
        :func:`foilseg.networks.losses.focal` refuses.
    """
    _check(logits, target, _none(gamma), normaliser)
    if weights is not None and weights.shape != logits.shape[1:2]:
        raise ValueError(f"weights: {tuple(weights.shape)} for {logits.shape[1]} classes")
    share = _shares(missed, logits.shape[1] - 1).to(logits.device)[:, None, None]
    target, kept = _kept(target.long())
    known = functional.log_softmax(logits.float(), dim=1)
    ground = torch.logaddexp(known[:, 0], torch.logsumexp(known[:, 1:] + share.log(), dim=1))
    drawn = torch.cat([ground[:, None], known[:, 1:] + torch.log1p(-share)], dim=1)
    entropy = functional.nll_loss(drawn, target, reduction="none")
    return _reduce(entropy, target, weights, normaliser, kept)


def binary_forward_corrected(logits: Tensor, target: Tensor, **options) -> Tensor:
    """:func:`forward_corrected` of one logit a pixel, as of the pair of logits (0, z)."""
    return _of_pair(forward_corrected, logits, target, options)


def _shares(missed: float | Sequence[float], defects: int) -> Tensor:
    each = [missed] * defects if isinstance(missed, int | float) else list(missed)
    if len(each) != defects:
        raise ValueError(f"missed: {len(each)} shares for {defects} defects")
    if not all(0 <= share < 1 for share in each):
        raise ValueError(f"missed: {each} are not all at least 0 and below 1")
    return torch.tensor(each, dtype=torch.float32).clamp_min(1e-30)  # 0 has no logarithm
