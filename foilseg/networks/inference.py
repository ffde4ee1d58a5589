"""Prediction: whole regions as the thesis does it (section 3.5), and tiles that give the same.

A tile is a rectangle of the image (its core) that is computed together with a margin around it.
Padded convolutions falsify the logits near an edge that is not the image's own. The margin, the
*halo*, is as wide as a logit can see (:func:`foilseg.networks.unet.reach`), so the falsified ones
are all cut off. Every tile begins on the pooling grid, so the same pixels are pooled together as
in the whole image. Each network says which halo and grid it needs
(:data:`foilseg.networks.registry.NETWORKS`). Both together make the logits of the tiles those of
the whole image; what remains is the rounding of sums taken in another order, below 1e-5 in
float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

TILE = 768  # edge of a core in pixels; benchmarks/README.md says why
THRESHOLD = 0.5  # probability above which a One-vs-Rest network claims a pixel


class Window(NamedTuple):
    """A rectangle ``rows`` x ``columns`` to predict, and the larger one it is computed from."""

    rows: slice
    columns: slice
    from_rows: slice
    from_columns: slice


def windows(height: int, width: int, tile: int, halo: int, grid: int) -> list[Window]:
    """Cores that cover an image without overlap, each with its halo, row by row.

    Parameters
    ----------
    height, width : of the image, 0 gives no window.
    tile : edge of the cores; those at the bottom and at the right may be smaller.
    halo : margin on each side, cut off at the image's edge.
    grid : what the cores and their surroundings have to begin on.

    Raises
    ------
    ValueError
        If tile or halo is no multiple of the grid, or the tile is not positive.
    """
    if tile < 1 or tile % grid:
        raise ValueError(f"tile: {tile} is not a positive multiple of {grid}")
    if halo < 0 or halo % grid:
        raise ValueError(f"halo: {halo} is not a multiple of {grid}")
    spans = [
        [
            (slice(a, min(a + tile, size)), slice(max(0, a - halo), min(a + tile + halo, size)))
            for a in range(0, size, tile)
        ]
        for size in (height, width)
    ]
    return [Window(r, c, fr, fc) for r, fr in spans[0] for c, fc in spans[1]]


def predict_logits(network: nn.Module, image: np.ndarray, device: str = "cpu") -> Tensor:
    """Logits of one whole image at once.

    Parameters
    ----------
    network : a network in evaluation mode or not; its mode is restored.
    image : float32 (C, H, W) of any size.
    device : where the network lies.

    Returns
    -------
    float32 (K, H, W) on the CPU.
    """
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(image))[None].to(device)
            batch = batch.contiguous(memory_format=torch.channels_last)
            return network(batch)[0].float().cpu()
    finally:
        network.train(was_training)


def window_logits(
    network: nn.Module, image: np.ndarray, window: Window, device: str = "cpu"
) -> Tensor:
    """Logits of a window's core: float32 (K, rows, columns)."""
    logits = predict_logits(network, image[:, window.from_rows, window.from_columns], device)
    top = window.rows.start - window.from_rows.start
    left = window.columns.start - window.from_columns.start
    height = window.rows.stop - window.rows.start
    width = window.columns.stop - window.columns.start
    return logits[:, top : top + height, left : left + width]


def tiled_logits(
    network: nn.Module, image: np.ndarray, tile: int = TILE, device: str = "cpu"
) -> Tensor:
    """:func:`predict_logits` by tiles: float32 (K, H, W), equal to 1e-5."""
    height, width = image.shape[1:]
    out = None
    for window in windows(height, width, tile, network.halo, network.grid):
        part = window_logits(network, image, window, device)
        if out is None:
            out = torch.empty(len(part), height, width)
        out[:, window.rows, window.columns] = part
    return torch.empty(0, height, width) if out is None else out


def join(
    logits: Tensor, labels: Sequence[int], thresholds: float | Sequence[float] = THRESHOLD
) -> tuple[np.ndarray, np.ndarray]:
    """One mask from several One-vs-Rest networks: the most probable positive above its threshold.

    Parameters
    ----------
    logits : (D, H, W), one logit a network.
    labels : class index of each network; of equally probable ones the first wins.
    thresholds : probability, one for all or one a network; a network claims the pixels whose
        probability is greater.

    Returns
    -------
    mask : uint8 (H, W), 0 where no network claims the pixel.
    claims : uint8 (H, W), how many networks claim it.

    Raises
    ------
    ValueError
        If the numbers of logits, labels and thresholds differ, or a threshold is not in (0, 1).
    """
    each = np.broadcast_to(np.asarray(thresholds, np.float64), np.shape(thresholds) or len(labels))
    if len({len(logits), len(labels), len(each)}) != 1:
        counts = f"{len(logits)} logits, {len(labels)} labels, {len(each)} thresholds"
        raise ValueError(f"thresholds: {counts}; give one a network")
    if not ((each > 0) & (each < 1)).all():
        raise ValueError(f"thresholds: {each.tolist()} are not all between 0 and 1")
    bounds = torch.tensor(np.log(each / (1 - each)), dtype=logits.dtype)[:, None, None]
    claimed = logits > bounds
    best = logits.masked_fill(~claimed, -torch.inf).argmax(dim=0)
    mask = torch.tensor(labels, dtype=torch.uint8)[best]
    claims = claimed.sum(dim=0, dtype=torch.uint8)
    return mask.masked_fill_(claims == 0, 0).numpy(), claims.numpy()


@dataclass(frozen=True, eq=False)
class Predictor:
    """One model, ready to predict: a multi-class network, or One-vs-Rest networks.

    Attributes
    ----------
    networks : of one kind, on one device.
    labels : class index of each One-vs-Rest network; empty for a multi-class network.
    thresholds : one for each label.
    device : where the networks lie.
    """

    networks: tuple[nn.Module, ...]
    labels: tuple[int, ...] = ()
    thresholds: tuple[float, ...] = ()
    device: str = "cpu"

    @property
    def channels(self) -> int:
        """Channels of the images that the networks take."""
        return self.networks[0].channels_in

    def decide(self, logits: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
        """Logits (K, H, W) -> mask uint8 (H, W), and claims (None for a multi-class network)."""
        if self.labels:
            return join(logits, self.labels, self.thresholds)
        return logits.max(0).indices.numpy().astype(np.uint8), None

    def logits(self, image: np.ndarray, tile: int | None = None) -> Iterator[tuple[Window, Tensor]]:
        """The logits (K, H, W) of an image in tiles, one of each network or class.

        Parameters
        ----------
        image : float32 (C, H, W) of any size.
        tile : edge of the cores; None predicts the whole image as one tile.

        Raises
        ------
        ValueError
            If the image has another number of channels than the networks take.
        """
        if image.shape[0] != self.channels:
            raise ValueError(
                f"image: {image.shape[0]} channel(s), but the model was trained on {self.channels}"
            )
        height, width = image.shape[1:]
        network = self.networks[0]
        if tile is None:
            tile = -(-max(height, width, 1) // network.grid) * network.grid
        for window in windows(height, width, tile, network.halo, network.grid):
            each = [window_logits(n, image, window, self.device) for n in self.networks]
            yield window, torch.cat(each)

    def parts(
        self, image: np.ndarray, tile: int | None = None
    ) -> Iterator[tuple[Window, np.ndarray, np.ndarray | None]]:
        """The mask of an image in tiles: window, mask, claims; arguments as :meth:`logits`.

        There is memory for one tile at a time.
        """
        for window, logits in self.logits(image, tile):
            yield window, *self.decide(logits)

    def mask(self, image: np.ndarray, tile: int | None = None) -> np.ndarray:
        """The predicted class of every pixel, uint8 (H, W); arguments as :meth:`logits`."""
        mask = np.empty(image.shape[1:], np.uint8)
        for window, part, _ in self.parts(image, tile):
            mask[window.rows, window.columns] = part
        return mask


def predict_mask(network: nn.Module, image: np.ndarray, device: str = "cpu") -> np.ndarray:
    """The most probable class of every pixel of the whole image: uint8 (H, W)."""
    return Predictor((network,), device=device).mask(image)
