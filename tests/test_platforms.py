"""The library needs nothing that only some systems have."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
TRAIN = """
import sys
import filelock, psutil, torch  # on Linux these may use what is blocked below for the library
torch.set_num_threads(1)
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
import importlib, pkgutil, foilseg
for module in pkgutil.walk_packages(foilseg.__path__, "foilseg."):
    importlib.import_module(module.name)
sys.path.insert(0, sys.argv.pop(1))
import toy
from foilseg import cli
from foilseg.training import experiments
experiments.PROFILES["toy"] = toy.PROFILE
sys.exit(cli.main())
"""


def test_every_module_is_imported_and_a_network_trained_without_modules_of_unix(toy_data, tmp_path):
    arguments = ["train", "baseline", "--profile", "toy", "--data", toy_data, "--runs", tmp_path]
    command = [sys.executable, "-c", TRAIN, TESTS, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert next(tmp_path.glob("baseline-toy-0-*/model.safetensors")).is_file()
