"""Kernels that begin where imports end: forked from a process that has made them once.

A kernel needs some seconds of a core to import what every chapter imports. Here one process, the
*server*, imports it and then forks a kernel whenever one is asked for: a line of JSON with the
kernel's command, folder and environment in, a line with its process number out. It ends when its
input ends, and with it every kernel, which watch it. Linux only; elsewhere kernels are started as
usual.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

ABLE = sys.platform == "linux"
LEAST = 3  # kernels for which a server is worth its start
PACKAGES = ("data", "evaluation", "claims", "analysis", "figures", "book")
# What pandas sets where it finds a kernel when it is imported; here the kernel comes later.
KERNEL_COLUMNS = 20
OTHERS = ("ipykernel.kernelapp", "IPython.core.display", "torch", "seaborn", "skimage.measure")


class Child:
    """A forked process, with what a kernel's provisioner asks of a ``Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid, self.process = pid, None
        with suppress(psutil.NoSuchProcess):
            self.process = psutil.Process(pid)

    def poll(self) -> int | None:
        """None while it runs; what it ended with is not known, so 0."""
        return None if self.process and self.process.is_running() else 0

    def wait(self) -> int:
        """Wait until it has ended."""
        if self.process:
            self.process.wait()
        return 0

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen):
        self.process, self.lock = process, threading.Lock()

    def fork(self, command: list[str], folder: str, environment: dict[str, str]) -> Child:
        """A kernel with this command (``python -m ipykernel_launcher ...``).

        Raises
        ------
        RuntimeError
            If the server is gone.
        """
        line = json.dumps([command[3:], folder, environment])
        with self.lock:
            try:
                self.process.stdin.write(line + "\n")
                self.process.stdin.flush()
                pid = int(self.process.stdout.readline())
            except (OSError, ValueError) as error:
                raise RuntimeError("the process that forks kernels is gone") from error
        return Child(pid)

    def provisioner(self, manager: Any) -> Any:
        """What starts the kernel of a manager: a fork instead of a new interpreter."""
        from jupyter_client.provisioning import LocalProvisioner

        server = self

        class Forking(LocalProvisioner):
            async def launch_kernel(self, cmd: list[str], **given: Any) -> dict[str, Any]:
                self.process = server.fork(cmd, given.get("cwd", ""), given["env"])
                self.pid = self.pgid = self.process.pid
                return self.connection_info

        return Forking(kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec, parent=manager)


@contextmanager
def server(root: Path, kernels: int, opened: Mapping[str, str]) -> Iterator[Server | None]:
    """A server while the block runs, None where it is not worth it or not possible.

    ``opened`` : what the chapters give to :func:`foilseg.studies.study.open_study`.
    """
    if not ABLE or kernels < LEAST:
        yield None
        return
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, json.dumps(dict(opened))],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Server(process)
    finally:
        process.kill()
        process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()


def _import_all() -> None:
    import foilseg

    for name in OTHERS:
        with suppress(ImportError):
            importlib.import_module(name)
    for package in PACKAGES:
        for module in pkgutil.iter_modules([str(Path(foilseg.__path__[0]) / package)]):
            importlib.import_module(f"foilseg.{package}.{module.name}")
    import pandas as pd

    pd.set_option("display.max_columns", KERNEL_COLUMNS)


def _read_study(opened: Mapping[str, str]) -> None:
    """Read the study and its data once for all kernels; a chapter says what is wrong with them."""
    from foilseg.analysis import records
    from foilseg.studies import variants
    from foilseg.studies.study import open_study

    with suppress(OSError, ValueError, RuntimeError):
        if "profile" in opened:
            open_study(**opened).dataset  # noqa: B018  what was read stays in memory
    with suppress(OSError, ValueError, RuntimeError):
        records.record(variants.BASE).compared  # noqa: B018  likewise


def _serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels
    parent = os.getpid()
    for line in sys.stdin:
        arguments, folder, environment = json.loads(line)
        arguments.append(f"--IPKernelApp.parent_handle={parent}")
        pid = os.fork()
        if pid == 0:
            _become_kernel(arguments, folder, environment)
        print(pid, flush=True)


def _become_kernel(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Leave the server's session and streams, and run a kernel until it ends."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    os.chdir(folder or ".")
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["ipykernel_launcher", *arguments]
    status = 1
    try:
        from ipykernel import kernelapp

        kernelapp.launch_new_instance(arguments)
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    sys.path[:1] = []  # the folder it was started in, as for any kernel
    _import_all()
    _read_study(json.loads(sys.argv[1]))
    _serve()
