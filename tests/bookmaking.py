"""Making a book in a folder of its own: the project's pages, executed chapters, built pages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from filelock import FileLock

from foilseg.book import chapters
from foilseg.studies.source import DATA_ROOT

ROOT = Path(__file__).parent.parent
JUPYTER_BOOK = str(Path(sys.executable).with_name("jupyter-book"))
BUILD = [JUPYTER_BOOK, "build", ".", "--all", "-n", "-W", "--keep-going"]
SHOWN = {"profile": "matched"}  # the parameters of the book that readers see


def front_matter(target):
    """Copy the project's own configuration and front matter, without executed chapters."""
    shutil.copytree(ROOT / "book", target / "book", ignore=shutil.ignore_patterns("chapters"))
    for name in ("_config.yml", "_toc.yml", "_toc_own.yml"):
        shutil.copy(ROOT / name, target / name)


def real_sources(target):
    """Copy the real front matter and the real chapters, none of them executed; the folder."""
    front_matter(target)
    for name in ("results", "benchmarks"):
        (target / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "notebooks", target / "notebooks")
    return target


def squares(kinds):
    """Three pictures of bright squares of some kinds, each with its mask."""
    rng = np.random.default_rng(0)
    for _ in range(3):
        mask = np.zeros((200, 260), np.uint8)  # with room for patches that lack a class
        for number in range(24):
            top, left = rng.integers(0, 194), rng.integers(0, 254)
            mask[top : top + 6, left : left + 6] = 1 + number % kinds
        image = rng.normal(128, 8, (*mask.shape, 3)) + 35 * mask[..., None]
        yield image.clip(0, 255).astype(np.uint8), mask


def with_results(root, data):
    """The folder with the twin that is rendered already, and what ``make book`` has executed."""
    (root / DATA_ROOT).symlink_to(data)
    if (ROOT / chapters.RESULTS).exists():
        shutil.copytree(ROOT / chapters.RESULTS, root / chapters.RESULTS)
    return root


def build(root, *options):
    """Build the book in a folder and return its pages' place; a warning is a failure."""
    done = subprocess.run([*BUILD, *options], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr[-4000:]
    return root / "_build" / "html"


def execute(root):
    """Execute all real chapters below a folder, as ``make book`` does."""
    parameters = [each for pair in SHOWN.items() for each in ("-p", *pair)]
    command = [sys.executable, "-m", "foilseg.cli", "chapter", "all", *parameters]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]


def alone(path):
    """A context that waits until no other process is inside one with the same lock file."""
    return FileLock(path)


def text(page):
    """The source of a page."""
    return page.read_text(encoding="utf-8")
