"""A study on a Dask cluster: the same bytes, whoever is killed, and a word for what is wrong."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace

import psutil
import pytest
import toy
from test_workers import contents

from foilseg import cli
from foilseg.data import files
from foilseg.networks import checkpoints
from foilseg.studies import cluster
from foilseg.studies.study import Study
from foilseg.training import locks

distributed = pytest.importorskip("distributed")
NAMES = ["baseline", "binary"]
KILLS = int(os.environ.get("FOILSEG_KILLS", "2"))  # each takes a new worker some seconds
QUICK = replace(toy.PROFILE, threads=1, iterations=12, refresh=4)
LONG = replace(toy.PROFILE, name="long", threads=1, iterations=240 * KILLS, refresh=60)
SCHEDULER = "from distributed.cli.dask_scheduler import main; main()"
WORKER = "from distributed.cli.dask_worker import main; main()"


@contextlib.contextmanager
def processes(place, workers=1, environment=None):
    """A scheduler and workers as a cluster has them, apart from this process: address, Popens."""
    place.mkdir(exist_ok=True)
    begun = []

    def begin(code, *arguments):
        command = [sys.executable, "-c", code, *arguments]
        with (place / f"{len(begun)}.log").open("wb") as log:
            told = {"cwd": place, "stdout": log, "stderr": log, "env": environment}
            begun.append(subprocess.Popen(command, **told))

    file = place / "scheduler.json"
    begin(SCHEDULER, "--scheduler-file", str(file), "--port", "0", "--no-dashboard",
          "--host", "127.0.0.1")  # fmt: skip
    while not file.exists():
        assert begun[0].poll() is None, (place / "0.log").read_text()
        time.sleep(0.05)
    for _ in range(workers):
        begin(WORKER, "--scheduler-file", str(file), "--nthreads", "1", "--no-dashboard",
              "--local-directory", str(place / "local"), "--no-nanny")  # fmt: skip
    try:
        with distributed.Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(workers, timeout=60)
            address = client.scheduler.address
        yield address, begun
    finally:
        for process in begun:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def plain(toy_data, tmp_path_factory):
    """What plain processes train."""
    study = Study(str(toy_data), QUICK, 0, tmp_path_factory.mktemp("plain"))
    study.train(NAMES, seeds=(0, 1), progress=False)
    return study


def test_a_local_cluster_trains_the_same_bytes_and_shows_one_bar(plain, toy_data, tmp_path, capfd):
    study = Study(str(toy_data), QUICK, 0, tmp_path / "runs")
    study.train(NAMES, seeds=(0, 1), workers=2, scheduler="local")
    assert "all (6 of 6 networks): 100%" in capfd.readouterr().err
    assert contents(study.runs) == contents(plain.runs)
    assert not list(study.runs.glob(".seen-*"))
    study.train(NAMES, seeds=(0, 1), workers=2, scheduler="tcp://127.0.0.1:1")  # nothing is missing


def test_workers_that_do_not_see_the_runs_send_them(plain, toy_data, tmp_path, monkeypatch):
    """There is no token to be seen."""
    silent = SimpleNamespace(write_text=lambda *_: None, new_folder=files.new_folder)
    monkeypatch.setattr(cluster, "files", silent)
    with processes(tmp_path / "c") as (address, _):
        study = Study(str(toy_data), QUICK, 0, tmp_path / "runs")
        study.train(NAMES, seeds=(0, 1), progress=False, scheduler=address)
    monkeypatch.undo()
    assert contents(study.runs) == contents(plain.runs)
    assert list((tmp_path / "c/local").rglob("runs/baseline-*/config.json")), "made elsewhere"
    assert all(run.problems() == [] for name in NAMES for run in study.model(name).made())


def trained_while(study, scheduler, disturb):
    """Train in this process while something happens in another thread."""
    stop, failed = threading.Event(), []

    def act():
        try:
            disturb(stop)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    try:
        study.train(NAMES, progress=False, workers=2, scheduler=scheduler)
    finally:
        stop.set()
        thread.join()
    assert not failed, failed


def test_killed_workers_change_nothing(toy_data, tmp_path):
    one, other = (Study(str(toy_data), LONG, 0, tmp_path / name) for name in ("one", "other"))
    one.train(NAMES, progress=False)
    chance, killed = random.Random(), []

    def kill(stop):
        while len(killed) < KILLS and not stop.wait(chance.uniform(0.3, 1.5)):
            under_way = list(other.runs.glob("*.part"))
            found = [p for p in psutil.Process().children(recursive=True) if _is_worker(p)]
            if under_way and found:
                victim = chance.choice(found)
                victim.send_signal(signal.SIGKILL)
                killed.append(victim.pid)

    trained_while(other, "local", kill)
    assert len(killed) == KILLS
    assert contents(other.runs) == contents(one.runs), f"{len(killed)} workers were killed"


def _is_worker(process):
    with contextlib.suppress(psutil.Error):
        return "spawn_main" in " ".join(process.cmdline()) and process.num_threads() > 3
    return False


def test_a_scheduler_that_vanishes_loses_nothing(plain, toy_data, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 3.0)
    study = Study(str(toy_data), replace(LONG, iterations=100_000), 0, tmp_path / "runs")
    with processes(tmp_path / "c") as (address, begun):

        def end(stop):
            while not list(study.runs.glob("*.part/checkpoints/last.safetensors")):
                assert not stop.wait(0.05)
            begun[0].send_signal(signal.SIGKILL)

        with pytest.raises(cluster.ClusterError, match="the scheduler is gone; what is trained"):
            trained_while(study, address, end)
    assert list(study.runs.glob("*.part/checkpoints/last.safetensors"))
    assert not list(study.runs.glob(".seen-*"))


def test_a_scheduler_that_does_not_answer_for_long_is_gone():
    """Also where no task was taken back: after the patience, and not before."""
    crew = object.__new__(cluster.Cluster)
    crew.client, crew.words = SimpleNamespace(status="connecting"), SimpleQueue()
    crew.scheduler = "tcp://nowhere:1"
    crew.seen = time.monotonic() - cluster.PATIENCE / 2
    assert list(crew.told()) == []
    crew.seen = time.monotonic() - cluster.PATIENCE - 1
    with pytest.raises(cluster.ClusterError, match="the scheduler is gone"):
        list(crew.told())


def test_another_version_is_refused(toy_data, tmp_path):
    """A worker whose code would train another network says so, and nothing of it is taken."""
    root = Path(cluster.__file__).parent.parent
    shutil.copytree(root, tmp_path / "old/foilseg", ignore=shutil.ignore_patterns("__pycache__"))
    changed = tmp_path / "old/foilseg/networks/losses.py"
    text = changed.read_text()
    assert "moment = entropy * power" in text
    changed.write_text(text.replace("moment = entropy * power", "moment = 2 * entropy * power"))
    old = {**os.environ, "PYTHONPATH": str(tmp_path / "old")}
    study = Study(str(toy_data), QUICK, 0, tmp_path / "runs")
    with (
        processes(tmp_path / "c", environment=old) as (address, _),
        pytest.raises(cluster.ClusterError, match="its code or its data are others"),
    ):
        study.train(NAMES, progress=False, scheduler=address)
    assert study.missing(NAMES)


def test_what_cannot_be_used_is_said(toy_data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    where = ["--data", str(toy_data), "--runs", str(tmp_path), "--scheduler"]
    assert cli.main(["train", "baseline", *where, "tcp://127.0.0.1:1"]) == 1
    assert "tcp://127.0.0.1:1: no scheduler answers there" in capsys.readouterr().err
    assert cli.main(["train", "baseline", *where, "nonsense://x"]) == 1
    assert "nonsense://x: no scheduler answers there" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert cli.main(["train", "baseline", *where, "local"]) == 1
    assert "pip install 'foilseg[cluster]'" in capsys.readouterr().err
    assert not list(tmp_path.glob(".seen-*"))


def test_an_error_of_a_training_comes_back(toy_data, tmp_path):
    study = Study(str(toy_data), toy.PROFILE, 0, tmp_path)
    broken = tmp_path / f"{study.model('baseline').path('').name}.part" / "checkpoints"
    broken.mkdir(parents=True)
    (broken / "last.safetensors").write_bytes(b"no checkpoint")
    with pytest.raises(checkpoints.CheckpointError, match=r"last\.safetensors"):
        study.train(["baseline"], progress=False, scheduler="local")


def test_waiting_for_a_lock_ends_with_its_block(monkeypatch):
    monkeypatch.delenv(locks.WAIT, raising=False)
    with locks.waiting():
        assert os.environ[locks.WAIT] == "1"
    assert locks.WAIT not in os.environ
    monkeypatch.setenv(locks.WAIT, "yes")
    with locks.waiting():
        pass
    assert os.environ[locks.WAIT] == "yes"
