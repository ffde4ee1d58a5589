"""Prediction: a whole region at once, as the thesis does it (section 3.5)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


def predict_logits(network: nn.Module, image: np.ndarray, device: str = "cpu") -> Tensor:
    """Logits of one whole image.

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


def predict_mask(network: nn.Module, image: np.ndarray, device: str = "cpu") -> np.ndarray:
    """The most probable class of every pixel: uint8 (H, W)."""
    return predict_logits(network, image, device).argmax(0).numpy().astype(np.uint8)
