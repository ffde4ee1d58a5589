"""The store of runs, and training from the command line."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toy

from foilseg.training import runs

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def study(trained_toy):
    return trained_toy


def test_nothing_is_trained_twice(study):
    assert study.missing(["baseline", "binary"]) == []
    path = study.run("baseline").path
    before = path.stat().st_mtime_ns
    study.train(["baseline"], progress=False)
    assert path.stat().st_mtime_ns == before


def test_every_altered_or_lost_file_of_a_run_is_noticed(study, tmp_path):
    source = study.run("baseline").path
    names = [p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file()]
    assert not runs.Run(source).problems()
    for name in [n for n in names if n != "checksums.json"]:
        for damage in ("flip", "cut", "lose"):
            copy = tmp_path / f"{name.replace('/', '_')}-{damage}"
            shutil.copytree(source, copy)
            data = bytearray((copy / name).read_bytes())
            data[len(data) // 2] ^= 1
            if damage == "lose":
                (copy / name).unlink()
            else:
                (copy / name).write_bytes(data if damage == "flip" else data[:-1])
            (problem,) = runs.Run(copy).problems()
            assert name in problem and "train it again" in problem
    copy = tmp_path / "stray"
    shutil.copytree(source, copy)
    (copy / "note.txt").write_text("x")
    assert ["note.txt" in p for p in runs.Run(copy).problems()] == [True]
    (copy / "checksums.json").write_text("{")
    with pytest.raises(runs.RunError, match="missing or unreadable"):
        runs.Run(copy).counts()


def test_a_run_of_other_settings_under_the_same_name_is_refused(study, tmp_path):
    source = study.run("baseline").path
    determines = json.loads((source / "config.json").read_text())["determines"] | {"gamma": 9.0}
    target = runs.folder(tmp_path, determines)
    shutil.copytree(source, target)
    with pytest.raises(runs.RunError, match="other settings"):
        runs.find(tmp_path, determines)


def test_a_run_in_the_making_is_left_alone(study, tmp_path):
    path = tmp_path / "x"
    holder = f"process {os.getpid()} is training"
    with runs.lock(path), pytest.raises(runs.RunError, match=holder), runs.lock(path):
        pass
    with runs.lock(path):
        pass
    assert [p.relative_to(tmp_path).parts for p in tmp_path.rglob("*.*")] == [
        (runs.LOCKS,),
        (runs.LOCKS, "x.lock"),
    ]


def foilseg(*arguments, iterations=toy.PROFILE.iterations):
    """Run the command line in a process of its own, with the toy profile."""
    program = (
        "import signal, sys, torch; torch.set_num_threads(1)\n"
        # a shell starts what it puts in the background with this signal ignored
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.path.insert(0, sys.argv.pop(1))\n"
        "import toy; from foilseg import cli; from foilseg.training import experiments\n"
        "from dataclasses import replace\n"
        f"experiments.PROFILES['toy'] = replace(toy.PROFILE, iterations={iterations})\n"
        "sys.exit(cli.main())"
    )
    command = [sys.executable, "-c", program, str(TESTS), *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_train_stops_at_ctrl_c_and_goes_on(toy_data, tmp_path):
    command = ["train", "baseline", "binary", "--profile", "toy", "--data", toy_data]
    command += ["--runs", tmp_path / "runs"]
    process = foilseg(*command, iterations=120)  # long enough to be met in the middle
    while not list((tmp_path / "runs").glob("*.part/checkpoints/last.safetensors")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "the same command continues" in errors
    out, errors = foilseg(*command, iterations=120).communicate()
    assert "3 of 3 networks" in errors or "2 of 2 networks" in errors
    assert len(out.split()) == 3
    for line in out.split():
        assert not runs.open_run(line).problems()
