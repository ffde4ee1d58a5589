"""The picture at the head of the README: what is found of the rarest defect, and what is not.

    python -m benchmarks.picture [--out book/_static/answer.jpg]

Shown is a window of a test foil, the one with most annotated objects of the rarest defect, as the
two networks that come with the repository see it, both at the one false-alarm rate of the study
(thresholds from the validation regions). Every annotated object has a ring: solid if the network
reports a pixel within two pixels of it, broken if not. What it reports elsewhere has a cross, or a
square if there is a defect that nobody annotated. Below stands how many there are on the foil.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from foilseg.analysis import records
from foilseg.data.components import boxes, components
from foilseg.data.dataset import Foil, LabelClass, rarest
from foilseg.decisions import brought
from foilseg.decisions.scores import class_scores
from foilseg.drawing import night
from foilseg.drawing.style import ERROR_COLOURS, INK, PAPER, done, house_style
from foilseg.evaluation import example_windows
from foilseg.evaluation.curves import BINS, LARGEST
from foilseg.evaluation.object_scores import near
from foilseg.evaluation.operating_points import place_of_fpr
from foilseg.figures.acquisition_figures import relief
from foilseg.figures.pictures import scale_bar
from foilseg.measured import held_out
from foilseg.studies.study import open_study
from foilseg.training import restore
from foilseg.training.experiments import experiment

OUT = Path("book/_static/answer.jpg")
SIZE, STEP, REACH = 100, 25, 2  # pixels of the window, between windows, and around an object
RING, SQUARE = 3, 10  # pixels from an object to its ring, and the side of a square at least
# network -> the study that it is of, and what it is called
NETWORKS = {
    "baseline": ("matched", "plain baseline"),
    "recommended": ("matched-beyond", "recommended recipe"),
}
# inches at 100 CSS pixels each, which fit a phone; the file has twice as many, for screens of
# double density
SHAPE, DPI, QUALITY = (3.44, 2.5), 200, 75


def middle(box: tuple[slice, slice]) -> tuple[float, float]:
    """Row and column of a box's middle."""
    return tuple((side.start + side.stop) / 2 for side in box)


def longest(box: tuple[slice, slice]) -> int:
    """The longer side of a box."""
    return max(side.stop - side.start for side in box)


def reported(name: str, image: np.ndarray, c: LabelClass) -> np.ndarray:
    """Where a network reports a class at the one FPR of the thirteen models: bool (H, W)."""
    base, own = records.record("matched"), records.record(NETWORKS[name][0])
    entries = own.shipped.manifest["models"]
    row = experiment(name).name
    title = next(entry["title"] for entry in entries if entry["experiment"] == row)
    regions = own.trainings_of(title).chosen_on[0].total(c.name)
    place = place_of_fpr(regions, base.compared.levels[c.name])
    odds = class_scores(restore.load(brought.open_network(Path(name)), "cpu"), image)
    return odds[c.index] >= LARGEST - place * (2 * LARGEST / BINS)


def draw(axes, foil: Foil, said: np.ndarray, c: LabelClass) -> str:
    """Draw what a network reports of a class; how much of it is found on the foil, in words."""
    relief(axes, foil)
    label, truth = foil.mask == c.index, foil.truth == c.index
    found = near(label, said, REACH)
    real, unlabelled = near(said, label, REACH), near(said, truth, REACH)
    for box, hit in zip(boxes(components(label)[0]), found):
        row, column = middle(box)
        ring = {"fill": False, "lw": 1.6, "ls": "-" if hit else (0, (2, 1.5))}
        colour = ERROR_COLOURS["hit" if hit else "miss"]
        axes.add_patch(plt.Circle((column, row), longest(box) / 2 + RING, ec=colour, **ring))
    false = ERROR_COLOURS["false alarm"]
    for box, hit, there in zip(boxes(components(said)[0]), real, unlabelled):
        row, column = middle(box)
        side = max(SQUARE, longest(box) + RING)
        if there and not hit:
            corner = (column - side / 2, row - side / 2)
            for colour, width in ((INK, 2.2), (PAPER, 1.2)):
                axes.add_patch(plt.Rectangle(corner, side, side, fill=False, ec=colour, lw=width))
        elif not hit:
            axes.plot(column, row, "x", mew=1.6, ms=6, color=false)
    wrong = int((~real & ~unlabelled).sum())
    return (
        f"{found.sum()} of {len(found)} annotated,\n"
        f"{(~real & unlabelled).sum()} unlabelled, {wrong} false"
    )


def save(figure: Figure, out: Path) -> None:
    """Write the picture, and its dark twin beside it."""
    options = {
        "dpi": DPI,
        "bbox_inches": "tight",
        "pad_inches": 0.04,
        "pil_kwargs": {"quality": QUALITY},
    }
    figure.savefig(out, **options)
    with night.dark(figure):
        twin = out.with_stem(f"{out.stem}{night.SUFFIX}")
        figure.savefig(twin, facecolor=figure.get_facecolor(), **options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    study = open_study(profile="matched")
    rare = rarest(study.dataset)
    foils = held_out.dataset(study).foils
    pick = example_windows.fullest(foils, rare, SIZE, STEP)
    foil, (top, left, *_) = next(f for f in foils if f.name == pick.foil), pick.box
    with house_style():
        figure, axes = plt.subplots(1, len(NETWORKS), figsize=SHAPE)
        for place, (name, (_, title)) in zip(axes, NETWORKS.items()):
            told = draw(place, foil, reported(name, foil.image, rare), rare)
            scale_bar(place, SIZE, SIZE, top, left)
            place.set_title(title, fontsize=10)
            place.set_xlabel(f"found on this foil:\n{told}", fontsize=9)
        save(done(figure), options.out)
    print(f"{options.out}: {foil.name}, rows from {top}, columns from {left}")


if __name__ == "__main__":
    main()
