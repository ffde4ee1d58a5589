"""Networks on the machines of a Dask cluster: SLURM and others, Kubernetes, SSH, or this machine.

A cluster is used through its ``concurrent.futures`` executor. A network is one task. It is the
same whoever trains it, so a task may be given out again: a worker that is killed leaves its last
checkpoint, from which another one goes on if both see the folder of runs. A worker that does not
see it trains in a folder of its own and sends the run. A worker on which a network would not be
the same, because its code or its data are others, is refused.
"""

from __future__ import annotations

import io
import logging
import time
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from foilseg.data import files
from foilseg.studies.workers import Job
from foilseg.training import locks

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"  # in place of an address: a cluster on this machine
TOPIC = "foilseg"
PATIENCE = 30.0  # seconds without a scheduler until a study gives up
ATTEMPTS = 10  # at one network, each of which several workers may have died of
EACH = 0.5  # seconds between two words of a worker


class ClusterError(RuntimeError):
    """A cluster that cannot be used; the message says what of it, and that nothing is lost."""


class Task(Job, Protocol):
    """A network that may be trained elsewhere, see :class:`foilseg.studies.network.Network`."""

    def path(self) -> Path:
        """Where its run lies; the name says all that decides it."""

    def moved(self, runs: Path | None = None) -> Task:
        """The same with absolute paths, and another folder for the runs if one is given."""

    def prepare(self) -> None:
        """Make its data, if they are the twin and not there."""


class Cluster:
    """A crew on a cluster: a context that is left when all is trained."""

    def __init__(self, jobs: Sequence[Task], workers: int, device: str, scheduler: str):
        self.jobs = [job.moved() for job in jobs]
        self.names = [job.path().name for job in self.jobs]
        self.device, self.scheduler = device, scheduler
        self.words: SimpleQueue = SimpleQueue()
        self.done: dict[int, int] = {}
        self.ended: set[int] = set()
        self.attempts: dict[int, int] = {}
        self.seen = time.monotonic()
        self.token = self.jobs[0].path().parent / f".seen-{uuid.uuid4().hex}"
        self.workers, self.held = workers, ExitStack()

    def __enter__(self):
        """Connect; whatever fails, nothing is left behind."""
        with self.held:
            files.write_text("", self.token)
            self.held.callback(self.token.unlink, missing_ok=True)
            self.client = _connect(self.scheduler, self.workers, self.held)
            self.client.register_plugin(_holder(self.jobs), name=str(self.token))
            self.executor = self.client.get_executor(pure=False)
            self.client.subscribe_topic(TOPIC, self.words.put)
            self.held = self.held.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        if self.client.status == "running":
            self.client.unregister_worker_plugin(str(self.token))
        self.held.close()

    def submit(self, n: int) -> Future:
        return self.executor.submit(_work, n, self.names[n], str(self.token), self.device)

    def told(self) -> Iterator[tuple[int, int | None]]:
        if self.client.status == "running":
            self.seen = time.monotonic()
        elif time.monotonic() - self.seen > PATIENCE:
            raise ClusterError(self._gone())
        while True:
            try:
                _, (token, n, done) = self.words.get_nowait()
            except Empty:
                return
            if token != str(self.token) or n in self.ended:
                continue
            if done is None:
                self.ended.add(n)
            yield n, None if done is None else done - self.done.get(n, 0)
            self.done[n] = done or 0

    def finish(self, n: int, future: Future) -> Future | None:
        from distributed import KilledWorker

        try:
            sent = future.result()
        except KilledWorker:
            self.attempts[n] = self.attempts.get(n, 0) + 1
            if self.attempts[n] < ATTEMPTS:
                return self.submit(n)
            raise ClusterError(
                f"{self.jobs[n].label}: {ATTEMPTS} attempts ended with their workers; look at the "
                "workers' memory and logs. What is trained is kept"
            ) from None
        except CancelledError as error:
            raise ClusterError(self._gone()) from error
        if sent is not None:
            _unpack(sent, self.jobs[n].path())
        self.words.put((None, (str(self.token), n, self.jobs[n].iterations)))
        self.words.put((None, (str(self.token), n, None)))
        return None

    def end(self) -> None:
        """Results come last, so nothing is waited for."""

    def stop(self) -> None:
        self.executor.shutdown(wait=False)

    def _gone(self) -> str:
        return (
            f"{self.scheduler}: the scheduler is gone; what is trained is kept, and the same "
            "command goes on once there is one"
        )


def crew(scheduler: str):
    """What :func:`foilseg.studies.workers.train` takes: a crew of the cluster at an address."""
    return partial(Cluster, scheduler=scheduler)


def _connect(scheduler: str, workers: int, held: ExitStack) -> Client:
    """The client of a scheduler; ``held`` closes it, and a cluster of our own behind it."""
    try:
        import distributed
    except ImportError as error:
        raise ClusterError("scheduler: needs Dask; pip install 'foilseg[cluster]'") from error
    if scheduler == LOCAL:
        made = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=":0",  # any port: another cluster may run here
            silence_logs=logging.CRITICAL,
        )
        held.callback(made.close, timeout=5)
        client = distributed.Client(made)
    else:
        try:
            client = distributed.Client(scheduler, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise ClusterError(f"{scheduler}: no scheduler answers there ({error})") from error
    held.callback(client.close, timeout=5)
    return client


def _holder(jobs: Sequence[Task]):
    """What gives every worker all jobs at once, so that those of one study share what is read."""
    from distributed import WorkerPlugin

    holder = WorkerPlugin()
    holder.jobs = list(jobs)
    return holder


# What follows happens on a worker.


def _work(n: int, name: str, token: str, device: str) -> bytes | None:
    """Train a network; its run as an archive where the folder of runs is not seen."""
    from distributed import get_worker

    worker = get_worker()
    job = worker.plugins[token].jobs[n]
    shared = Path(token).is_file()
    if not shared:
        job = job.moved(Path(worker.local_directory) / "runs")
    with locks.waiting():
        job.prepare()
        if job.path().name != name:
            raise ClusterError(
                f"worker {worker.address} would train {job.path().name} instead of {name}: its "
                "code or its data are others; install the same version and give it the same data"
            )
        said = _Words(worker, token, n)
        job.train(device, said.advance)
    return None if shared else _pack(job.path())


class _Words:
    """What a worker tells of a training, not more often than it is looked at."""

    def __init__(self, worker, token: str, n: int):
        self.worker, self.head, self.done = worker, (token, n), 0
        self.last = time.monotonic()  # a training that is over before then needs no word

    def advance(self, steps: int) -> None:
        """So many iterations more are done."""
        self.done += steps
        now = time.monotonic()
        if now - self.last > EACH:
            self.last = now
            self.worker.log_event(TOPIC, (*self.head, self.done))


def _pack(path: Path) -> bytes:
    """A run as an archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part in sorted(p for p in path.rglob("*") if p.is_file()):
            archive.write(part, part.relative_to(path).as_posix())
    return file.getvalue()


def _unpack(sent: bytes, path: Path) -> None:
    """Write a run that a worker sent, unless it is there."""
    if path.is_dir():
        return
    with files.new_folder(path) as part, zipfile.ZipFile(io.BytesIO(sent)) as archive:
        archive.extractall(part)
