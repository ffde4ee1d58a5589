"""The built package, in an empty folder and without the repository, from pictures to a report."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import photographs
import pytest
import toy

from foilseg.data import images

ROOT = Path(__file__).parent.parent
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A folder with what the wheel holds, and nothing else of the project."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    listed = ["pyproject.toml", "README.md", "LICENSE", "foilseg"]
    for name in listed:
        (source / name).symlink_to(ROOT / name)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(place)], cwd=source, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with zipfile.ZipFile(next(place.glob("*.whl"))) as wheel:
        wheel.extractall(place / "package")
    return place / "package"


@pytest.fixture(scope="module")
def call(package, tmp_path_factory):
    """A command of the package in an empty folder: (status, what it says)."""
    work = tmp_path_factory.mktemp("work")
    environment = os.environ | {"PYTHONPATH": str(package)}

    def run(*arguments):
        command = [sys.executable, "-P", "-m", "foilseg.cli", *map(str, arguments)]
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    run.work = work
    return run


def test_the_package_that_is_run_is_the_built_one(call, package):
    code = "import foilseg; print(foilseg.__file__)"
    environment = os.environ | {"PYTHONPATH": str(package)}
    told = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=call.work, env=environment, capture_output=True
    )
    assert str(package) in told.stdout.decode()


def test_the_four_commands_from_images_to_a_page(call, tmp_path):
    """On real photographs where they are here, else on made-up ones."""
    place = photographs.here()
    if place:
        source = photographs.copy(place, tmp_path / "mt", 8)
        status, said = call("import", "magnetic-tile", source, "d")
        assert status == 0, said
    else:
        toy.write(call.work / "d", foils=24)
    status, said = call("train", "baseline", "--profile", "smoke", "--data", "d")
    assert status == 0, said
    run = next((call.work / "_runs").glob("baseline-smoke-0-*"))
    names = sorted(images_of(call.work / "d"))
    shown = ["--class", "crack"] if place else []  # in what validates of these few tiles
    status, said = call("calibrate", run, "--data", "d", "--miss", "0.5", *shown)
    assert status == 0 and "at most 50% are expected to be missed" in said, said
    new = call.work / "new"
    new.mkdir()
    for name in names[:3]:
        os.link(call.work / "d" / "images" / name, new / name)
    (new / "spoiled.png").write_bytes(b"spoiled")
    status, said = call("predict", run, "new", "--decision", "decision.json", "--out", "out")
    assert status == 1 and "spoiled.png was not read" in said
    table = pd.read_csv(call.work / "out" / "pictures.csv")
    assert len(table) == 4 and set(table["decision"]) <= {"stop", "go", "not read"}
    assert images.read_indexed(call.work / "out" / f"{Path(names[0]).stem}.png").ndim == 2
    status, said = call("report", "out")
    assert status == 0 and (call.work / "out" / "report.html").stat().st_size > 5000, said


def images_of(root):
    return [path.name for path in (root / "images").iterdir()]
