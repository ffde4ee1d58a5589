"""Forked kernels: the same bytes, failures that are named, and an end with their server."""

import os
import signal
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from test_chapters import printed, repository

from foilseg.book import chapters, forked
from foilseg.studies import source
from foilseg.studies.study import open_study

__all__ = ["repository"]
pytestmark = [
    pytest.mark.book,
    pytest.mark.skipif(not forked.ABLE, reason="kernels are forked on Linux alone"),
]
PARENT = (
    "import os, psutil\nprint('book.forked' in ' '.join(psutil.Process(os.getppid()).cmdline()))"
)
WIDE = "import pandas as pd\nprint(pd.DataFrame([range(40)]))\npd.get_option('display.max_columns')"
FIGURE = "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)).gca().plot([0, 1])\n"
SETTINGS = """import sys, os
print(sys.path[0] == '', sys.path.count(os.getcwd()), os.environ['PYTHONHASHSEED'])"""
RUNS = "import subprocess\nprint(subprocess.run(['false']).returncode)"


def test_forked_kernels_print_the_bytes_of_those_that_begin_anew(repository, monkeypatch):
    root, put = repository
    for stem in ("01_dataset", "02_second", "04_losses"):
        put(stem, WIDE, FIGURE, SETTINGS, RUNS)
    made = chapters.execute(["all"], root=root, progress=False)
    before = [path.read_bytes() for path in made]
    monkeypatch.setattr(forked, "LEAST", 99)
    chapters.execute(["all"], root=root, progress=False, force=True)
    assert [path.read_bytes() for path in made] == before
    assert printed(made[0]).endswith("1\n")


@pytest.mark.parametrize(("least", "said"), [(3, "True\n"), (4, "False\n")])
def test_a_server_is_started_where_it_is_worth_it(repository, monkeypatch, least, said):
    root, put = repository
    for stem in ("01_dataset", "02_second", "04_losses"):
        put(stem, PARENT)
    monkeypatch.setattr(forked, "LEAST", least)
    made = chapters.execute(["all"], root=root, progress=False)
    assert {printed(path) for path in made} == {said}


def test_a_forked_kernel_that_dies_is_reported(repository):
    root, put = repository
    put("01_dataset", "print('whole')")
    put("02_second", "print('whole')")
    put("04_losses", "import os\nos._exit(3)")
    with pytest.raises(chapters.ChapterError, match="04_losses: the kernel died"):
        chapters.execute(["all"], root=root, progress=False, at_a_time=1)


def test_kernels_end_with_their_server_and_a_lost_server_is_said(tmp_path):
    environment = os.environ | {"JUPYTER_RUNTIME_DIR": str(tmp_path)}
    command = ["python", "-m", "ipykernel_launcher", "-f", str(tmp_path / "connection.json")]
    with forked.server(tmp_path, forked.LEAST, {}) as server:
        child = server.fork(command, str(tmp_path), environment)
        kernel = psutil.Process(child.pid)
        assert kernel.ppid() == server.process.pid and child.poll() is None
        _until(lambda: (tmp_path / "connection.json").exists())
        server.process.send_signal(signal.SIGKILL)
        _until(lambda: not kernel.is_running())
        assert child.poll() == 0 == child.wait()
        server.process.wait()
        with pytest.raises(RuntimeError, match="forks kernels is gone"):
            server.fork(command, str(tmp_path), environment)


def _until(true, seconds=60):
    for _ in range(seconds * 10):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError(f"not so after {seconds} s")


def test_pandas_shows_as_many_columns_as_in_a_kernel():
    source = Path(pd.__file__).with_name("core") / "config_init.py"
    assert f"max_cols = {forked.KERNEL_COLUMNS}" in source.read_text()


def test_the_data_are_read_before_kernels_are_forked(toy, tmp_path):
    given = {"data": str(toy), "profile": "smoke", "seed": 3}
    paths = dict.fromkeys(("source", "result", "root"), tmp_path)
    opened = chapters._opened([chapters.Task(given=given, state="", **paths)])
    assert opened == {"data": str(toy), "profile": "smoke"}
    source._load.cache_clear()
    forked._read_study(opened)
    assert source._load.cache_info().misses == 1
    open_study(str(toy)).dataset  # noqa: B018  which is read already
    assert source._load.cache_info()[:2] == (1, 1)
    forked._read_study({})
    assert source._load.cache_info()[:2] == (1, 1)
