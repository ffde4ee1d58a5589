"""Where and in which number format networks are computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

MEMORY = torch.channels_last  # layout of weights and images


def resolve_device(device: str = "auto") -> str:
    """``"auto"`` as ``"cuda"`` where there is one, else ``"cpu"``; other names as they are."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Torch computes with so many threads inside; 0 leaves their number as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def precision(device: str) -> str:
    """``"bf16"`` where the processor computes in it, else ``"fp32"``."""
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    native = torch.cpu.get_capabilities()
    return "bf16" if native.get("avx512_bf16") or native.get("amx_bf16") else "fp32"
