"""Several opinions of one picture: of a network on its mirror images, and of several networks.

Both are networks like any other for whoever trains or asks them. What they say is the mean of the
probabilities, given as logits.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from foilseg.data.photometric import UNIT
from foilseg.networks.unet import GRID, UNet, extend

MIRRORS = ((), (-2,), (-1,), (-2, -1))  # axes of (N, C, H, W) that are turned round
MEMBERS = 4  # of a committee


def mean_logits(each: Sequence[Tensor]) -> Tensor:
    """The logits (N, K, H, W) of the mean of the probabilities of several.

    With one logit a pixel it is that of the probability, with several they are up to a constant
    a pixel.
    """
    stacked = torch.stack(list(each))
    if stacked.shape[2] > 1:
        return torch.logsumexp(functional.log_softmax(stacked, dim=2), dim=0)
    said, denied = (torch.logsumexp(functional.logsigmoid(s), dim=0) for s in (stacked, -stacked))
    return said - denied


class Mirrored(UNet):
    """A U-Net that looks at a picture and its three mirror images, once it is trained.

    In training it is the plain U-Net. It notes then whether its pictures are surface normals, of
    which the vectors are mirrored too. Mirrors and not quarter turns, since a blade trail has a
    direction. Prediction costs four times as much.
    """

    def __init__(self, channels_in: int = 3, channels_out: int = 5, base: int = 32):
        super().__init__(channels_in, channels_out, base)
        self.register_buffer("normals", torch.tensor(False))

    def forward(self, image: Tensor) -> Tensor:
        """Image (N, C, H, W) -> logits (N, channels_out, H, W), as :meth:`UNet.forward`."""
        if self.training:
            self.normals.fill_(_hold_normals(image))
            return super().forward(image)
        height, width = image.shape[-2:]
        whole, each = extend(image, GRID), []
        for axes in MIRRORS:
            logits = super().forward(self._mirror(whole, axes))
            each.append(torch.flip(logits, axes) if axes else logits)
        return mean_logits(each)[..., :height, :width]

    def _mirror(self, image: Tensor, axes: tuple[int, ...]) -> Tensor:
        """The picture turned round, and the vectors with it: channel 0 is x, channel 1 is y."""
        if not axes:
            return image
        moved = torch.flip(image, axes)
        if image.shape[1] != 3:
            return moved
        against = moved.new_tensor([-1 in axes, -2 in axes, False])
        signs = 1 - 2 * against * self.normals.to(moved.dtype)
        return moved * signs[None, :, None, None]


def _hold_normals(image: Tensor) -> Tensor:
    """Whether a batch (N, C, H, W) is of vectors of length 1: bool ()."""
    if image.shape[1] != 3:
        return torch.tensor(False)
    lengths = torch.linalg.vector_norm(image[..., ::7, ::7], dim=1)
    return (lengths - 1).abs().median() < UNIT


class Committee(nn.Module):
    """Four U-Nets that are trained in turn, a step each, and asked together.

    With four times the steps each of them is trained as long as a single network, on patches of
    its own. After Lakshminarayanan et al., "Deep ensembles", arXiv 1612.01474.
    """

    def __init__(self, channels_in: int = 3, channels_out: int = 5, base: int = 32):
        super().__init__()
        self.members = nn.ModuleList(UNet(channels_in, channels_out, base) for _ in range(MEMBERS))
        self.register_buffer("step", torch.tensor(0))
        self.channels_in, self.grid = channels_in, GRID

    @property
    def halo(self) -> int:
        """That of its members."""
        return self.members[0].halo

    def forward(self, image: Tensor) -> Tensor:
        """Image (N, C, H, W) -> logits (N, channels_out, H, W); in training of one member."""
        if self.training:
            member = self.members[int(self.step) % MEMBERS]
            self.step += 1
            return member(image)
        return mean_logits([member(image) for member in self.members])
