"""Train in real processes that are killed at random moments; compare with an undisturbed run.

    python tests/disturb.py FOLDER KILLS SEED

Prints one JSON object: kills, completed (disturbed trainings that were finished), different (files
that are not byte for byte those of the undisturbed run), stages (how far each victim had come),
rivals (how two processes at once ended) and leftovers.
"""

import contextlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
import toy

from foilseg.data import folder
from foilseg.training import experiments, fit, locks, runs

MEASURED = {"config.json", "cost.json", "checksums.json"}
ROW = experiments.experiment("binary-focal-iscf")
DEFECT = "pit hole"


def train(data: Path, root: Path) -> int:
    """Train the run in this process: 0 done, 3 another process has it."""
    torch.set_num_threads(1)
    try:
        fit.fit(folder.load(data), ROW, toy.PROFILE, 5, root, defect=DEFECT)
    except runs.RunError as error:
        return 3 if "is training this run" in str(error) else 4
    return 0


def warm_up() -> None:
    """Import once, before any fork, what torch otherwise imports in each process: seconds."""
    torch.optim.AdamW([torch.zeros(1)])


def start(data: Path, root: Path) -> int:
    """Train in a new process; its id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = train(data, root)
        finally:
            os._exit(code)
    return pid


def wait_for_progress(root: Path, pid: int) -> None:
    """Wait until a process has written a file that was not there, or has ended."""
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*.safetensors")}
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        with contextlib.suppress(FileNotFoundError):
            if before != {p: p.stat().st_mtime_ns for p in root.rglob("*.safetensors")}:
                return
        time.sleep(0.002)


def ended(pid: int) -> int:
    """Wait for a process; its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def stage(root: Path) -> str:
    """How far a training has come, by the files it left."""
    parts = list(root.glob("*.part"))
    if not parts:
        return "complete" if list(root.glob("*/checksums.json")) else "nothing"
    names = {p.name for p in parts[0].rglob("*")}
    for name in ("checksums.json", "counts.csv", "predictions", "model.safetensors"):
        if name in names:
            return name
    return "last.safetensors" if "last.safetensors" in names else "no checkpoint"


def contents(root: Path) -> dict[str, bytes]:
    """Every file of the only run in ``root`` that is no measurement."""
    (run,) = [p for p in root.iterdir() if p.name != locks.FOLDER and p.suffix != ".part"]
    assert not runs.Run(run).problems()
    files = (p for p in run.rglob("*") if p.is_file() and p.name not in MEASURED)
    return {p.relative_to(run).as_posix(): p.read_bytes() for p in files}


def main(place: Path, kills: int, seed: int) -> dict:
    """Kill ``kills`` trainings and compare each run that comes of them with a quiet one."""
    data, chance = toy.write(place / "data"), random.Random(seed)
    warm_up()
    begin = time.monotonic()
    assert ended(start(data, place / "quiet")) == 0
    duration = (time.monotonic() - begin) / 3
    expected = contents(place / "quiet")
    report = {"kills": 0, "completed": 0, "different": [], "stages": [], "leftovers": []}
    while report["kills"] < kills:
        root = place / f"disturbed-{report['completed']}"
        while True:
            pid = start(data, root)
            if report["kills"] < kills:
                if chance.random() < 0.75:
                    wait_for_progress(root, pid)
                time.sleep(duration * chance.random())
                os.kill(pid, signal.SIGKILL)
            code = ended(pid)
            if code == 0:
                break
            assert code == -signal.SIGKILL, code
            report["kills"] += 1
            report["stages"].append(stage(root))
        compare(root, expected, report)
    pids = [start(data, place / "rivals") for _ in range(2)]
    report["rivals"] = sorted(ended(pid) for pid in pids)
    compare(place / "rivals", expected, report)
    return report


def compare(root: Path, expected: dict[str, bytes], report: dict) -> None:
    """Add to the report what distinguishes the run in ``root`` from the undisturbed one."""
    found = contents(root)
    names = expected.keys() | found.keys()
    report["different"] += sorted(n for n in names if expected.get(n) != found.get(n))
    report["leftovers"] += [p.name for p in root.iterdir() if p.suffix == ".part"]
    report["leftovers"] += [p.name for p in (root / locks.FOLDER).iterdir() if p.suffix != ".lock"]
    report["completed"] += 1


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
