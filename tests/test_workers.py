"""Networks trained in several processes are those that one process trains."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import toy

from foilseg.networks import checkpoints
from foilseg.studies import workers
from foilseg.studies.study import Study
from foilseg.training import meters
from foilseg.training.runs import LOCKS

TESTS = Path(__file__).parent
MEASURED = {"config.json", "cost.json", "checksums.json"}
TWO = """
import sys; sys.path.insert(0, sys.argv[1])
import toy; from pathlib import Path; from foilseg.studies.study import Study
study = Study(sys.argv[2], toy.PROFILE, 0, Path(sys.argv[3]))
study.train(["baseline", "binary"], workers=2)
"""


def contents(root):
    """Relative name -> bytes of everything in the runs but measurements and locks."""
    files = (p for p in root.rglob("*") if p.is_file() and p.name not in MEASURED)
    files = (p for p in files if p.parent.name != LOCKS)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files}


def test_two_processes_train_what_one_does_and_show_one_bar(toy_data, tmp_path, capfd):
    profile = replace(toy.PROFILE, threads=1, iterations=12, refresh=4)
    one, two = (Study(str(toy_data), profile, 0, tmp_path / name) for name in ("one", "two"))
    names = ["baseline", "binary"]
    one.train(names, seeds=(0, 1), progress=False)
    two.train(names[:1], progress=False)  # of the six networks five are missing
    two.train(names, seeds=(0, 1), workers=2)
    assert "all (5 of 5 networks): 100%" in capfd.readouterr().err
    assert two.missing(names) == two.with_seed(1).missing(names) == []
    assert contents(two.runs) == contents(one.runs)


def test_a_network_that_fails_ends_the_whole_with_its_error(toy_data, tmp_path):
    study = Study(str(toy_data), toy.PROFILE, 0, tmp_path)
    networks = [study.model(name).network() for name in ("baseline", "focal")]
    broken = tmp_path / f"{study.model('focal').path('').name}.part" / "checkpoints"
    broken.mkdir(parents=True)
    (broken / "last.safetensors").write_bytes(b"no checkpoint")
    with pytest.raises(checkpoints.CheckpointError, match=r"last\.safetensors"):
        workers.train(networks, 2)
    with pytest.raises(ValueError, match="workers"):
        workers.train(networks, 0)


def test_processes_end_with_the_one_that_began_them_and_another_goes_on(toy_data, tmp_path):
    profile_runs = str(tmp_path / "runs")
    command = [sys.executable, "-c", TWO, str(TESTS), str(toy_data), profile_runs]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "runs").glob("*.part/checkpoints/last.safetensors")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()  # until the last process has let go of stderr
    study = Study(str(toy_data), toy.PROFILE, 0, tmp_path / "runs")
    study.train(["baseline", "binary"], progress=False)
    assert study.missing(["baseline", "binary"]) == []


def test_there_is_a_process_for_every_group_of_cores(monkeypatch):
    monkeypatch.setattr(meters, "cores", lambda: 8)
    assert [workers.number(n, "cpu") for n in (0, 1, 2, 3, 16)] == [1, 8, 4, 2, 1]
    assert workers.number(1, "cuda") == 1
