"""What a cluster costs beside plain processes: 1,000 tiny tasks on two workers of this machine.

    python -m benchmarks.cluster

Both go through the same loop that trains a study. A task keeps a core busy for 20 milliseconds,
which is a ten-thousandth of the shortest training that is worth reading. The crews take turns, so
that both meet the same noise; each is ready before its clock begins, as a cluster is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from foilseg.studies import cluster, workers

TASKS, BUSY, ROUNDS, WORKERS = 1000, 0.02, 3, 2


@dataclass(frozen=True)
class Tiny:
    """A job that is done at once."""

    place: Path
    number: int
    iterations: int = 1
    label: str = "tiny"

    def path(self) -> Path:
        """A name of its own, as of a run."""
        return self.place / f"tiny-{self.number}"

    def moved(self, runs: Path | None = None) -> Tiny:
        """The same: nothing is written."""
        return self

    def prepare(self) -> None:
        """Nothing has to be rendered."""

    def train(self, device: str, progress) -> None:
        """Keep a core busy."""
        end = time.process_time() + BUSY
        while time.process_time() < end:
            pass
        progress(1)


class Timed:
    """A crew whose clock begins with its first task, when every worker has done one."""

    def __init__(self, make, *told):
        self.inner, self.begun = make(*told), 0.0

    def __enter__(self):
        self.inner.__enter__()
        for n in range(4 * WORKERS):  # every worker has imported what it needs
            self.inner.submit(n).result()
        self.begun = time.perf_counter()
        return self

    def __exit__(self, *error):
        seconds.append(time.perf_counter() - self.begun)
        return self.inner.__exit__(*error)

    def __getattr__(self, name):
        return getattr(self.inner, name)


seconds: list[float] = []


def once(make, jobs) -> float:
    """Seconds for all tasks."""
    workers.train(jobs, WORKERS, "cpu", False, lambda *told: Timed(make, *told))
    return seconds[-1]


def main() -> None:
    """Measure in turns and print the median ratio."""
    with TemporaryDirectory() as place:
        jobs = [Tiny(Path(place), n) for n in range(TASKS)]
        pairs = [
            (once(workers.Processes, jobs), once(cluster.crew(cluster.LOCAL), jobs))
            for _ in range(ROUNDS)
        ]
    for plain, other in pairs:
        print(f"plain processes {plain:5.1f} s, cluster {other:5.1f} s, ratio {other / plain:.2f}")
    print(
        f"median ratio {median(other / plain for plain, other in pairs):.2f} (asked: at most 1.2)"
    )


if __name__ == "__main__":
    main()
