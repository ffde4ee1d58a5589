"""Chapters side by side: the same bytes, one failure among several, and an end at any time."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_chapters import PROGRESS_BAR, printed, repository

from foilseg.book import chapters, kernels
from foilseg.training import evaluations, locks, meters
from foilseg.training.runs import Run

__all__ = ["repository"]
MEET = """import glob, time
open('here-' + name, 'w').close()
_ = [time.sleep(0.05) for _ in range(1200) if len(glob.glob('here-*')) < 2]
print(len(glob.glob('here-*')))"""
STOP = """import signal, sys
from pathlib import Path
from foilseg.book import chapters
if __name__ == "__main__":
    # a shell starts what it puts in the background with this signal ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chapters.execute(["all"], root=Path(sys.argv[1]), progress=False, at_a_time=2)
"""


@pytest.mark.book
def test_two_kernels_run_at_a_time_and_give_the_bytes_of_one(repository):
    root, put = repository
    figure = "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)).gca().plot([0, 1])\n"
    for stem in ("01_dataset", "04_losses"):
        put(stem, MEET, figure, PROGRESS_BAR, parameters=f"name = '{stem}'")
    both = chapters.execute(["all"], root=root, progress=False, at_a_time=2)
    assert [printed(path) for path in both] == ["2\n", "2\n"], "each saw the other one run"
    before = [path.read_bytes() for path in both]
    chapters.execute(["all"], root=root, progress=False, at_a_time=1, force=True)
    assert [path.read_bytes() for path in both] == before
    assert not list(root.glob("*ipc*")) and not list(root.glob("kernel*"))


@pytest.mark.book
def test_one_that_fails_lets_the_others_end_and_no_new_one_begins(repository):
    root, put = repository
    put("01_dataset", "raise ValueError('region: none')")
    put("02_slow", "import time\ntime.sleep(6)\nprint('whole')")
    put("04_losses", "print('never')")
    with pytest.raises(chapters.ChapterError, match=r"^01_dataset: cell .*region: none$"):
        chapters.execute(["all"], root=root, progress=False, at_a_time=2)
    made = sorted(path.name for path in (root / "book/chapters").glob("*.ipynb"))
    assert made == ["02_slow.ipynb"]
    assert printed(root / "book/chapters/02_slow.ipynb") == "whole\n"
    assert [path.name for path in (root / "_build/failed").iterdir()] == ["01_dataset.ipynb"]


@pytest.mark.book
def test_each_of_several_failures_is_named(repository):
    root, put = repository
    put("01_dataset", "import time\ntime.sleep(3)\nraise ValueError('first')")
    put("04_losses", "import time\ntime.sleep(3)\nraise ValueError('second')")
    with pytest.raises(chapters.ChapterError) as caught:
        chapters.execute(["all"], root=root, progress=False, at_a_time=2)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["01_dataset", "04_losses"]


@pytest.mark.book
def test_an_interruption_ends_every_kernel(repository, tmp_path):
    root, put = repository
    for stem in ("01_dataset", "04_losses"):
        put(
            stem,
            f"import os\nopen('{stem}.pid', 'w').write(str(os.getpid()))",
            "import time\ntime.sleep(300)",
        )
    script = tmp_path / "stop.py"
    script.write_text(STOP)
    library = Path(chapters.__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(library)}
    command = [sys.executable, str(script), str(root)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    while len(pids := [p.read_text() for p in root.glob("*.pid") if p.read_text()]) < 2:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode and "KeyboardInterrupt" in said
    time.sleep(0.5)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert not (root / "book/chapters").exists()


def test_what_chapters_share_is_prepared_once_before_the_first_one(repository):
    root, put = repository
    seen = []
    places = {"root": root, "progress": False, "prepare": seen.append}
    put("04_losses", "x = models", parameters="models = 'focal, baseline'")
    put("01_dataset", "x = models", parameters="models = 'trained'")
    sources = chapters.sources(root)
    assert chapters.models(sources, {}) == ["focal", "baseline"]
    assert chapters.models(sources, {"models": "binary"}) == ["binary"]
    assert chapters.models(sources[:1], {}) == []
    chapters.execute(["all"], **places)
    assert seen == [sources]
    chapters.execute(["all"], **places)
    assert seen == [sources], "nothing is prepared for what is up to date"


def test_there_are_as_many_kernels_as_cores_and_memory_allow(monkeypatch):
    monkeypatch.setattr(meters, "cores", lambda: 8)
    monkeypatch.setattr(meters, "free_memory", lambda: 11e9)
    assert [kernels.number(n) for n in (0, 1, 3, 14)] == [1, 1, 3, 4]
    monkeypatch.setattr(meters, "free_memory", lambda: 1e9)
    assert kernels.number(14) == 1
    assert [kernels.threads(n) for n in (1, 2, 3, 8, 9)] == [8, 4, 2, 1, 1]


HOLD = """import sys, time
from pathlib import Path
from foilseg.training import locks
with locks.lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(1.5)
"""


def held(path):
    """A process that holds a lock for a while, from now on."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_refused_or_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "run"
    with held(path) as process:
        with (
            pytest.raises(locks.RunError, match=f"process {process.pid} is training"),
            locks.lock(path),
        ):
            pass
        with locks.lock(path, wait=True):
            assert process.wait() == 0
    monkeypatch.setenv(locks.WAIT, "1")
    with held(path) as process, locks.lock(path):
        assert process.wait() == 0
        with pytest.raises(locks.RunError), locks.lock(path, wait=False):
            pass
    assert list(tmp_path.iterdir()) == [tmp_path / locks.FOLDER]


def test_an_evaluation_that_another_process_makes_is_waited_for(tmp_path):
    run = Run(tmp_path / "run")
    file = evaluations.place(run, "objects")
    with held(file), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(evaluations.stored, run, "objects", lambda: None)
        time.sleep(0.5)
        assert not waiting.done()
        file.write_text("foil,pixels\n1,2\n")
        assert waiting.result().to_dict("list") == {"foil": ["1"], "pixels": [2]}
