"""From twin to tiles: few annotated real images, after the foil twin and alone.

    python -m benchmarks.from_twin DIR [--numbers N ...] [--draws N ...] [--arms ARM ...]

Trains the baseline on 5, 10, 20 and 40 photographs of magnetic tiles, three draws of each, and
twice: with a last layer that begins at the priors of the classes (``alone``), and with all other
layers as the baseline of the matched twin has them (``from the twin``). A row a defect is added to
``from_twin.csv`` in ``foilseg/data_efficiency`` for each training that it does not have yet, and
one a piece of tile that judges and defect to ``from_twin_pieces.csv``, for intervals; a training
that was interrupted goes on where it stopped. Start the command twice and two processes share the
work. DIR is made by

    foilseg import magnetic-tile SRC DIR --shrink 3 --standardise

and gets a ``splits.csv`` if it has none: a fifth of the images sets thresholds, two fifths judge
them, from the rest the draws are taken; no piece of tile is in two parts. Trainings lie beside it
in ``DIR-trained``. In a draw the defects take turns (each time in another order), so that a number
of images shows as many of each as there are; the first images of a draw are its smaller numbers.
Images without a defect are not drawn: they need no annotator.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import sharing
from foilseg.data import folder, splits
from foilseg.data.dataset import Dataset, class_pixels, training_regions, validation_regions
from foilseg.data_efficiency.from_twin import PIECES, TABLE
from foilseg.evaluation import metrics
from foilseg.evaluation.curves import Histograms, average_precision
from foilseg.evaluation.operating_points import Trainings, at_one_fpr
from foilseg.formats import divide
from foilseg.networks import devices
from foilseg.training import experiments, fit, probing, restore
from foilseg.training.locks import lock
from foilseg.training.rows import Profile
from foilseg.training.runs import Run

NUMBERS, DRAWS, ARMS = (5, 10, 20, 40), (0, 1, 2), {"alone": "priors", "from the twin": "twin"}
LEVEL = 0.01  # the FPR of every defect that thresholds are set to: 10,000 false pixels in a million
# Of a picture's name its block of 10,000 serial numbers, here called a piece: it holds one or more
# places of tile, whose neighbouring numbers are one place under several lights.
PIECE = r"(num_\d*?)\d{1,4}$"
PROFILE = Profile(
    "few-tiles", 8, 96, batch=8, iterations=1_500, refresh=25, threads=1, learning_rate=2e-3,
    decay=0.9, augment="mirrored",
)  # fmt: skip
KEYS = ["number", "draw", "arm"]
COLUMNS = [*KEYS, "defect", "training pixels", "TPR", "FPR", "AP", *metrics.COUNTS]
COLUMNS += ["minutes", "images"]
OF_PIECES = [*KEYS, "piece", "defect", *metrics.COUNTS]


def divided(root: Path) -> tuple[Dataset, Dataset]:
    """The photographs that train and set thresholds, and those that judge; divided if need be."""
    with lock(root, wait=True):
        if not (root / splits.NAME).exists():
            shares = {"validation": 0.2, "test": 0.4}
            print(divide.propose(root, by_group=True, groups=PIECE, **shares).to_string())
    return folder.load(root), folder.load(root, test=True)


def order(data: Dataset, draw: int) -> list[str]:
    """The training images that show a defect, in the order in which they are drawn.

    In each round every defect gives one image that shows it, in a random order, until it has none
    left.
    """
    generator, regions = np.random.default_rng(draw), training_regions(data)
    shown = class_pixels(regions, len(data.classes)) > 0
    waiting = {
        c.index: [regions[k].name for k in generator.permutation(len(regions)) if shown[k, c.index]]
        for c in data.defects
    }
    names: list[str] = []
    while any(waiting.values()):
        for label in generator.permutation(list(waiting)):
            left = [name for name in waiting[label] if name not in names]
            names, waiting[label] = [*names, *left[:1]], left[1:]
    return names


def drawn(data: Dataset, number: int, draw: int) -> Dataset:
    """The data with this number of training images, the first ones of a draw."""
    names = order(data, draw)
    if not 0 < number <= len(names):
        raise ValueError(f"number: {number} is none of 1 to {len(names)} images that show a defect")
    keep = {*names[:number], *(foil.name for foil in validation_regions(data))}
    places = [k for k, foil in enumerate(data.foils) if foil.name in keep]
    return replace(
        data,
        foils=tuple(data.foils[k] for k in places),
        digests=tuple(data.digests[k] for k in places),
        parts={name: part for name, part in data.parts.items() if name in keep},
    )


def asked(run: Run, test: Dataset) -> tuple[pd.DataFrame, Histograms]:
    """Counts at the own threshold and histograms of the test images, of a training."""
    probe, rows = probing.Probe.of(restore.load(run), test.classes), []
    with devices.threads(PROFILE.threads):
        for foil in test.foils:
            rows += fit.count(foil, probe.mask(foil.image), test.classes, len(test.classes))
            probe.add(foil, fit.references(foil))
    return pd.DataFrame(rows), probe.histograms()


def piece(name: str) -> str:
    """The piece that a picture of this name shows; the name itself if it says none."""
    found = re.search(PIECE, name)
    return found[1] if found else name


def scored(run: Run, data: Dataset, test: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row a defect: rates at one FPR, average precision, and counts at the own threshold.

    And a row a piece of tile and defect: counts at the one FPR.
    """
    own, histograms = asked(run, test)
    levels = {c.name: LEVEL for c in data.defects}
    even = at_one_fpr({"": Trainings((run.histograms(),), (histograms,))}, levels)
    table = metrics.score(even, ["defect"], scores=["TPR", "FPR"])[["defect", "TPR", "FPR"]]
    table["AP"] = [average_precision(histograms.total(name)) for name in table["defect"]]
    counts = own.groupby("defect", sort=False)[list(metrics.COUNTS)].sum()
    table = table.merge(counts, left_on="defect", right_index=True)
    pixels = class_pixels(training_regions(data), len(data.classes)).sum(axis=0)
    seen = {c.name: pixels[c.index] for c in data.defects}
    minutes = run.cost()["training_seconds"] / 60
    table["training pixels"] = table["defect"].map(seen)
    even = even.assign(piece=even["foil"].map(piece))
    pieces = even.groupby(["piece", "defect"], sort=False, observed=True)[list(metrics.COUNTS)]
    table = table.assign(minutes=minutes, images=len(test.foils))
    return table, pieces.sum().reset_index()


def train(
    key: tuple[int, int, str], data: Dataset, test: Dataset, place: Path, iterations: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train on a number of images of a draw from a start; the rows of :func:`scored`."""
    number, draw, arm = key
    few = drawn(data, number, draw)
    profile = replace(PROFILE, start=ARMS[arm], iterations=iterations)
    run = fit.fit(few, experiments.experiment("baseline"), profile, draw, place)
    told = dict(zip(KEYS, key))
    rows, pieces = (made.assign(**told) for made in scored(run, few, test))
    return rows[COLUMNS], pieces[OF_PIECES]


def main() -> None:
    """Train and judge what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a dataset folder")
    parser.add_argument("--numbers", type=int, nargs="+", default=NUMBERS)
    parser.add_argument("--draws", type=int, nargs="+", default=DRAWS)
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    parser.add_argument("--iterations", type=int, default=PROFILE.iterations, help="for a trial")
    parser.add_argument("--table", type=Path, default=TABLE, help="where rows go")
    parser.add_argument("--pieces", type=Path, default=PIECES, help="where those a piece go")
    given = parser.parse_args()
    place = given.folder.with_name(f"{given.folder.name}-trained")
    data, test = divided(given.folder)
    for key in ((n, d, a) for d in given.draws for n in given.numbers for a in given.arms):
        with sharing.taken(place / "-".join(map(str, key))) as free:
            if free and key not in sharing.known(given.table, KEYS):
                rows, pieces = train(key, data, test, place, given.iterations)
                sharing.add(pieces, KEYS, given.pieces, place)
                sharing.add(rows, KEYS, given.table, place)
                print(rows.to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
