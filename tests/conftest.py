"""What several tests share: a tiny dataset folder, and the photographs where they are at hand."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from foilseg import dataset, images

TOY_CLASSES = (
    dataset.LabelClass(0, "background", "#ffffff"),
    dataset.LabelClass(1, "pit", "#0072b2"),
    dataset.LabelClass(2, "scratch", "#e69f00"),
)


def write_toy(root: Path, names=("a", "b"), shape=(48, 40), channels=3, seed=0) -> Path:
    """A dataset folder of random images whose masks hold every class in both regions."""
    rng = np.random.default_rng(seed)
    dataset.write_description(root, "toy", TOY_CLASSES)
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
    beside = Path(__file__).resolve().parents[2] / "shared" / "datasets" / "magnetic_tile"
    place = Path(os.environ.get("FOILSEG_MAGNETIC_TILE", beside))
    if not place.is_dir():
        pytest.skip("the magnetic tile photographs are not here: set FOILSEG_MAGNETIC_TILE")
    return place


@pytest.fixture
def magnetic_tile_dozen(magnetic_tile, tmp_path) -> Path:
    """Two of the real photographs of each kind, in the layout of their data set."""
    for kind in sorted(magnetic_tile.glob("MT_*")):
        place = tmp_path / "mt" / kind.name / "Imgs"
        place.mkdir(parents=True)
        for picture in sorted((kind / "Imgs").glob("*.jpg"))[:2]:
            for file in (picture, picture.with_suffix(".png")):
                shutil.copy(file, place / file.name)
    return tmp_path / "mt"
