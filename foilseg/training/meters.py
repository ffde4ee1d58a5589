"""What the machine has, and what a stretch of work takes of it: seconds, energy, peak memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

POWERCAP = Path("/sys/class/powercap")
WATTS_PER_CORE = 10.0  # assumed for the estimate: a busy core of a server or desktop processor
MEASURED = "measured (RAPL counters of the processor packages, other programs included)"
ESTIMATED = f"estimate (threads x seconds x an assumed {WATTS_PER_CORE:g} W per busy core)"


def cores() -> int:
    """How many cores this process may use."""
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):  # not on macOS
        return len(process.cpu_affinity())
    return psutil.cpu_count() or 1


def free_memory() -> int:
    """Bytes that programs can have without others being pushed out."""
    return psutil.virtual_memory().available


@dataclass(frozen=True)
class Spent:
    """What some work took.

    Attributes
    ----------
    seconds : wall-clock time.
    joules : energy, measured where the machine lets a program read it.
    peak_bytes : largest resident memory of the process meanwhile.
    """

    seconds: float = 0.0
    joules: float = 0.0
    peak_bytes: int = 0


class Meter:
    """Measures from its creation on, added to what an earlier session ``spent``.

    Energy comes from the RAPL counters if they are readable (:attr:`source` says so), else from
    an assumed power of each of the ``threads``.
    """

    def __init__(self, threads: int, spent: Spent | None = None):
        self.threads = threads
        self.spent = spent or Spent()
        self._packages = _packages()
        self.source = MEASURED if self._packages else ESTIMATED
        _forget_peak()
        self._time, self._energy = time.monotonic(), self._counters()

    def read(self) -> Spent:
        """Everything spent so far; call it at least every few minutes, as counters wrap."""
        now, energy = time.monotonic(), self._counters()
        seconds = now - self._time
        joules = seconds * self.threads * WATTS_PER_CORE
        if self._packages:
            steps = zip(energy, self._energy, (wrap for _, wrap in self._packages))
            joules = sum((new - old) % wrap for new, old, wrap in steps) / 1e6
        self._time, self._energy = now, energy
        self.spent = Spent(
            self.spent.seconds + seconds,
            self.spent.joules + joules,
            max(self.spent.peak_bytes, peak_bytes()),
        )
        return self.spent

    def _counters(self) -> list[int]:
        return [int(counter.read_text()) for counter, _ in self._packages]


def _packages() -> list[tuple[Path, int]]:
    """Readable energy counters of whole processor packages, and where each wraps (in uJ)."""
    found = []
    for zone in sorted(POWERCAP.glob("intel-rapl:?")):
        try:
            int((zone / "energy_uj").read_text())
            found.append((zone / "energy_uj", int((zone / "max_energy_range_uj").read_text()) + 1))
        except (OSError, ValueError):
            continue
    return found


def peak_bytes() -> int:
    """Largest resident memory of this process since the peak was last forgotten (or ever).

    Where the system does not tell a peak, that at present: whoever reads often enough sees it.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        used = psutil.Process().memory_info()
        return getattr(used, "peak_wset", used.rss)


def _forget_peak() -> None:
    """Let the peak begin at the present use, where the system can do that (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return
