"""A tiny dataset folder whose defects a small network learns in seconds."""

from contextlib import chdir, contextmanager

import numpy as np

from foilseg.data import description, images
from foilseg.data.dataset import LabelClass, write_mask
from foilseg.training.rows import Profile

CLASSES = (
    LabelClass(0, "background", "#000000"),
    LabelClass(1, "scratch", "#ff0000"),
    LabelClass(2, "pit hole", "#00ff00"),
)
PROFILE = Profile("toy", base=2, patch=32, batch=2, iterations=40, refresh=7)
# A twin of two small foils, and what hardly trains a network on it.
TWIN_PROFILE = Profile(
    "tiny",
    2,
    32,
    batch=4,
    iterations=20,
    refresh=10,
    threads=1,
    twin={"foils": 2, "height": 400, "width": 300, "scale": 0.5},
)


def picture(height, width, seed):
    """Grey image uint8 and mask: bright bars (1) and dark squares (2) on noise."""
    generator = np.random.default_rng(seed)
    image = generator.normal(128, 10, (height, width))
    mask = np.zeros((height, width), np.uint8)
    for _ in range(max(1, height * width // 1200)):
        top, left = generator.integers(0, height - 8), generator.integers(0, width - 8)
        rows, columns = slice(top, top + 3), slice(left, left + 8)
        if generator.random() < 0.5:
            image[rows, columns], mask[rows, columns] = 220, 1
        else:
            square = slice(top, top + 5), slice(left, left + 5)
            image[square], mask[square] = 30, 2
    return image.clip(0, 255).astype(np.uint8), mask


def write(root, foils=2, height=96, width=80, channels=1):
    """Write the dataset folder."""
    description.write(root / description.NAME, "toy", CLASSES)
    for number in range(foils):
        image, mask = picture(height, width, number)
        if channels == 3:
            image = np.stack([image] * 3, axis=-1)
        images.write(root / "images" / f"f{number}.png", image)
        write_mask(root / "labels" / f"f{number}.png", mask, CLASSES)
    return root


@contextmanager
def twin_study(place, names):
    """A study of the small twin in which some models are trained; work happens in ``place``."""
    from foilseg.studies.source import TWIN
    from foilseg.studies.study import Study

    with chdir(place):
        found = Study(TWIN, TWIN_PROFILE, 0, place / "runs").render()
        found.train(names, progress=False)
        yield found
