"""What the machine has: cores and memory that this process may use."""

from __future__ import annotations

import psutil


def cores() -> int:
    """How many cores this process may use."""
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):  # not on macOS
        return len(process.cpu_affinity())
    return psutil.cpu_count() or 1


def free_memory() -> int:
    """Bytes that programs can have without others being pushed out."""
    return psutil.virtual_memory().available
