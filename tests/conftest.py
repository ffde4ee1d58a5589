"""What several tests share: tiny data, a network that has learned it, and real photographs."""

import os
import shutil
from contextlib import chdir
from functools import partial
from pathlib import Path

import numpy as np
import photographs
import pytest

from foilseg.data import dataset, description, images

# What takes longest comes first, so that no worker is left with it while the others are done.
LONGEST = (
    "test_book.py",
    "test_book_of_other_data.py",
    "test_results.py",
    "test_book_machinery.py",
    "test_data_of_one_defect.py",
    "test_twin.py",
    "test_compare.py",
    "test_training.py",
    "test_workers.py",
    "test_processors.py",
    "test_book_twice.py",  # when the chapters are likely to have been executed once
    "test_inference.py",
    "test_runs.py",
    "test_chapters.py",
)

TOY_CLASSES = (
    dataset.LabelClass(0, "background", "#ffffff"),
    dataset.LabelClass(1, "pit", "#0072b2"),
    dataset.LabelClass(2, "scratch", "#e69f00"),
)


def pytest_collection_modifyitems(items):
    """Put the tests of the longest files first, in the order of the list."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def write_toy(root: Path, names=("a", "b"), shape=(48, 64), channels=3, seed=0) -> Path:
    """A dataset folder of random images whose masks hold every class in both regions."""
    rng = np.random.default_rng(seed)
    description.write(root / description.NAME, "toy", TOY_CLASSES)
    for name in names:
        size = shape if channels == 1 else (*shape, channels)
        images.write(root / "images" / f"{name}.png", rng.integers(0, 256, size).astype(np.uint8))
        mask = rng.choice(3, shape, p=[0.8, 0.15, 0.05]).astype(np.uint8)
        dataset.write_mask(root / "labels" / f"{name}.png", mask, TOY_CLASSES)
    return root


@pytest.fixture
def toy(tmp_path) -> Path:
    return write_toy(tmp_path / "toy")


@pytest.fixture(scope="session")
def magnetic_tile() -> Path:
    """The folder of the real photographs; a test that asks for it skips where they are not."""
    place = photographs.here()
    if place is None:
        pytest.skip("the magnetic tile photographs are not here: set FOILSEG_MAGNETIC_TILE")
    return place


@pytest.fixture
def magnetic_tile_dozen(magnetic_tile, tmp_path) -> Path:
    """A dozen of the real photographs in the layout of their data set, two of each kind."""
    return photographs.copy(magnetic_tile, tmp_path / "mt", 2)


@pytest.fixture(scope="module")
def viewer_window():
    """A browser's window for the pages of a file of tests."""
    import viewer

    with viewer.open_window() as window:
        yield window


@pytest.fixture
def screen(page_file, viewer_window):
    """The opened viewer of ``page_file``; the test fails if anything was said on the console."""
    import viewer

    path, foils, masks = page_file
    opened = viewer.Screen(viewer_window.new_page(), foils, masks)
    yield opened.open(path)
    opened.page.close()
    assert opened.said == []


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Two threads on tiny tensors mostly wait for each other, the more so on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def few_draws():
    """Packing a toy study draws 100 times and not 2000: its shares are compared with nothing."""
    from foilseg.analysis import records

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "DRAWS", 100)
        yield


def once_for_all_workers(tmp_path_factory) -> Path:
    """A folder that all workers of a session see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def book_data(tmp_path_factory):
    """The folder in which a study of the book finds its twin, rendered once."""
    import bookmaking

    from foilseg.studies.study import open_study

    shared = once_for_all_workers(tmp_path_factory)
    with bookmaking.alone(shared / "book-data.lock"):
        (shared / "book-data").mkdir(exist_ok=True)
        with chdir(shared / "book-data"):
            root = open_study(profile="matched").root.resolve()
    return root.parent


@pytest.fixture(scope="session")
def executed_book(tmp_path_factory, book_data):
    """A folder with the real book, executed as readers see it, once for all workers.

    Chapters that ``make book`` has executed are executed again if they are no longer valid.
    """
    import bookmaking

    shared = once_for_all_workers(tmp_path_factory)
    root, done = shared / "executed-book", shared / "executed-book.done"
    with bookmaking.alone(shared / "executed-book.lock"):
        if not done.exists():
            shutil.rmtree(root, ignore_errors=True)
            bookmaking.execute(bookmaking.with_results(bookmaking.real_sources(root), book_data))
            done.touch()
    return root


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory):
    """The folder of the toy dataset."""
    import toy

    return toy.write(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def toy_study(toy_data, tmp_path_factory):
    """A study of the toy data with its own, at first empty, store of runs."""
    import toy

    from foilseg.studies.study import Study

    return Study(str(toy_data), toy.PROFILE, 0, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def trained_toy(toy_study):
    """The study of the toy data with a multi-class model and a One-vs-Rest one."""
    toy_study.train(["baseline", "binary"], progress=False)
    return toy_study


@pytest.fixture(scope="session")
def fresh_toy(tmp_path_factory):
    """A folder of annotated toy pictures of which no run has seen all."""
    import toy

    return toy.write(tmp_path_factory.mktemp("fresh") / "d", foils=8)


@pytest.fixture(scope="session")
def promised(trained_toy, fresh_toy):
    """A decision for the multi-class model: at most two in five objects are missed."""
    from foilseg.data import folder
    from foilseg.decisions import calibration

    run = trained_toy.run("baseline")
    return calibration.calibrate(run, folder.load(fresh_toy), 0.4, unseen=True)


@pytest.fixture(scope="session")
def learned():
    """A multi-class and a binary U-Net (base 4) that tell the toy defects from the ground."""
    import torch
    import toy

    from foilseg.data.dataset import Foil, as_float
    from foilseg.networks import losses, unet
    from foilseg.sampling.pools import build_index
    from foilseg.training import training

    pictures = [(str(seed), *toy.picture(160, 160, seed)) for seed in range(2)]
    regions = [Foil(name, as_float(pixels), mask) for name, pixels, mask in pictures]
    index = build_index(regions, 3, 48)
    sizes = {"patch": 48, "batch": 4, "iterations": 120, "refresh": 40}
    settings = training.Settings(0, **sizes, learning_rate=1e-2)
    pairs = (losses.cross_entropy, [0.1, 1.0, 1.0]), (losses.binary_cross_entropy, [0.1, 1.0])
    networks = []
    for label, (formula, weights) in zip((None, 2), pairs):
        loss = partial(formula, weights=torch.tensor(weights))
        torch.manual_seed(0)
        network = unet.UNet(1, 3 if label is None else 1, 4)
        pools = training.make_pools(index, regions, settings, label=label)[0]
        optimiser = training.make_optimiser(network, settings)
        network.to(memory_format=torch.channels_last)
        for iteration in range(1, settings.iterations + 1):
            training.step(network, loss, optimiser, pools.at(iteration), "cpu")
        networks.append(network.eval())
    return tuple(networks)
