"""The network only: the thesis's U-Net (section 3.2, Fig. 3.5).

Ronneberger, Fischer, Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015, doi 10.1007/978-3-319-24574-4_28, with the thesis's changes: padded convolutions, so
nothing is cropped; ``base`` maps in the first stage (32 in the thesis); batch normalisation
after every hidden convolution; a 3 x 3 convolution as the last layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

DEPTH = 4  # poolings; the bridge lies below them
GRID = 2**DEPTH  # the network pools on a grid of this many pixels


class DoubleConv(nn.Sequential):
    """Two padded 3 x 3 convolutions, each with batch normalisation and ReLU.

    The convolutions have no bias: the normalisation that follows would remove it.
    """

    def __init__(self, channels_in: int, channels_out: int):
        layers = []
        for source in (channels_in, channels_out):
            layers += [
                nn.Conv2d(source, channels_out, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels_out, eps=1e-3, momentum=0.1),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)


class UpConv(nn.ConvTranspose2d):
    """A transposed 2 x 2 convolution with stride 2: each pixel becomes a block of 2 x 2.

    The blocks do not overlap, so it is one matrix product a pixel and a rearrangement, which
    processors do faster than the general transposed convolution (see benchmarks/README.md).
    """

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(channels_in, channels_out, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, channels_out, 2 H, 2 W)."""
        (n, c, h, w), maps = x.shape, self.out_channels
        matrix = self.weight.permute(2, 3, 1, 0).reshape(4 * maps, c)
        y = functional.linear(x.permute(0, 2, 3, 1), matrix, self.bias.repeat(4))
        y = y.view(n, h, w, 2, 2, maps).permute(0, 1, 3, 2, 4, 5).reshape(n, 2 * h, 2 * w, maps)
        return y.permute(0, 3, 1, 2)


class UNet(nn.Module):
    """U-Net with ``base`` times 1, 2, 4, 8, 16 maps.

    Parameters
    ----------
    channels_in : channels of the image, 3 for normals, 1 for grey values.
    channels_out : logits a pixel: the number of classes, or 1 for a One-vs-Rest network.
    base : maps of the first stage.

    Raises
    ------
    ValueError
        If one of them is not positive.
    """

    def __init__(self, channels_in: int = 3, channels_out: int = 5, base: int = 32):
        super().__init__()
        sizes = {"channels_in": channels_in, "channels_out": channels_out, "base": base}
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"{name}: {size} is not a positive number of maps")
        maps = [base * 2**stage for stage in range(DEPTH + 1)]
        self.encoder = nn.ModuleList(
            DoubleConv(a, b) for a, b in zip([channels_in, *maps[:-2]], maps[:-1])
        )
        self.pool = nn.MaxPool2d(2)
        self.bridge = DoubleConv(maps[-2], maps[-1])
        self.up = nn.ModuleList(UpConv(2 * m, m) for m in reversed(maps[:-1]))
        self.decoder = nn.ModuleList(DoubleConv(2 * m, m) for m in reversed(maps[:-1]))
        self.head = nn.Conv2d(base, channels_out, 3, padding=1)
        self.channels_in, self.grid = channels_in, GRID

    @property
    def halo(self) -> int:
        """:func:`reach`, rounded up to the pooling grid: the margin that makes a tile exact."""
        return -(-reach(self) // GRID) * GRID

    def forward(self, image: Tensor) -> Tensor:
        """Image (N, C, H, W) -> logits (N, channels_out, H, W), for any H and W from 1 up.

        Sides that are no multiple of 16 are extended at the bottom and the right by repeating
        the last row and column; the extension is cut off again.
        """
        height, width = image.shape[-2:]
        x = extend(image)
        copies = []
        for stage in self.encoder:
            x = stage(x)
            copies.append(x)
            x = self.pool(x)
        x = self.bridge(x)
        for up, stage, copy in zip(self.up, self.decoder, reversed(copies)):
            x = stage(torch.cat([copy, up(x)], dim=1))
        return self.head(x)[..., :height, :width]


def extend(image: Tensor, grid: int = GRID) -> Tensor:
    """Extend (N, C, H, W) at the bottom and the right to multiples of ``grid``.

    The last row and the last column are repeated; an image that fits already is returned as
    it is.
    """
    height, width = image.shape[-2:]
    bottom, right = -height % grid, -width % grid
    if not bottom and not right:
        return image
    return functional.pad(image, (0, right, 0, bottom), mode="replicate")


def reach(network: UNet) -> int:
    """How far, at most, a logit sees beyond its block of the pooling grid: in pixels, each way.

    Take the logits of a rectangle whose edges lie on the pooling grid and follow what they are
    computed from, from the head back to the image. A padded k x k convolution needs (k - 1) / 2
    more pixels on each side. A transposed convolution needs, on the coarser level, half as many,
    rounded up. A pooling needs twice as many, and at least what the copy beside it needs. With
    two 3 x 3 convolutions a stage and four poolings that makes 94 pixels:
    3 | 4 | 4 | 4 on the way down to the bridge, 4 in it, then 10 | 22 | 46 | 94 on the way up.
    """
    need, copies = _kernel_reach(network.head), []
    for stage in reversed(network.decoder):
        need += _kernel_reach(stage)
        copies.append(need)
        need = -(-need // 2)
    need += _kernel_reach(network.bridge)
    for stage, copy in zip(reversed(network.encoder), reversed(copies)):
        need = max(2 * need, copy) + _kernel_reach(stage)
    return need


def _kernel_reach(part: nn.Module) -> int:
    kernels = [m.kernel_size[0] for m in part.modules() if isinstance(m, nn.Conv2d)]
    return sum((kernel - 1) // 2 for kernel in kernels)


def parameter_count(network: nn.Module) -> int:
    """Number of trained parameters (running means and variances are not trained)."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def stages(network: UNet, side: int) -> list[dict[str, int | str]]:
    """What each stage of the network does to a square image: name, maps, side, parameters.

    ``side`` is the image's edge in pixels, a multiple of 16.
    """
    rows = []
    for number, stage in enumerate(network.encoder):
        rows.append((f"encoder {number + 1}", stage[0].out_channels, side >> number, [stage]))
    rows.append(("bridge", network.bridge[0].out_channels, side >> DEPTH, [network.bridge]))
    for number, (up, stage) in enumerate(zip(network.up, network.decoder)):
        place = DEPTH - number
        rows.append((f"decoder {place}", stage[0].out_channels, side >> (place - 1), [up, stage]))
    rows.append(("head", network.head.out_channels, side, [network.head]))
    return [
        {"stage": name, "maps": maps, "side": edge, "parameters": sum(map(parameter_count, parts))}
        for name, maps, edge, parts in rows
    ]
