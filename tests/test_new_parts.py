"""A loss, sampler, network and scheme of weights more: one entry each, and all else follows."""

import shutil
import subprocess
import sys
from pathlib import Path

import foilseg

TESTS = Path(__file__).parent
# file of the library -> the last text before which something is put in, and what
LOSS = """
    "toy": LossEntry(Entry("networks.toys", "loss"), Entry("networks.toys", "binary_loss")),
}

# what a summed"""
NETWORK = """NETWORKS = {
    "toy": Entry("networks.toys", "Toy"),"""
WEIGHTS = '''
def by_rank(pixels, total=None):
    """The rarer, the heavier."""
    return 1.0 + np.argsort(np.argsort(-np.asarray(pixels)))


WEIGHTS: dict[str, Callable[..., np.ndarray | None]] = {
    "toy": by_rank,'''
SAMPLER = '''
def richest(data, own):
    """The defect with most pixels, by the data."""
    pixels = {c.index: sum((f.mask == c.index).sum() for f in data.foils) for c in data.defects}
    return {"label": max(pixels, key=pixels.get)}


def toy(index, n, generator, label, share=0.5):
    """Half of the patches show a class."""
    return proportions(index, n, generator, {0: 1 - share, label: share})


# name -> sampler; a further one is an entry here, the function it names, and its test
SAMPLERS = {
    "toy": Sampler(toy, richest),'''
ENTRIES = {
    "networks/registry.py": [("\n}\n\n# what a summed", LOSS), ("NETWORKS = {", NETWORK)],
    "networks/weighting.py": [
        ("\nWEIGHTS: dict[str, Callable[..., np.ndarray | None]] = {", WEIGHTS)
    ],
    "sampling/resampling.py": [
        (
            "\n# name -> sampler; a further one is an entry here, the function it names, and its "
            "test\nSAMPLERS = {",
            SAMPLER,
        )
    ],
}
TOYS = '''
"""A network without pooling and a squared loss."""
import torch
from torch import nn
from torch.nn import functional


class Toy(nn.Module):
    grid, halo = 1, 2

    def __init__(self, channels_in, channels_out, base):
        super().__init__()
        self.channels_in = channels_in
        self.one = nn.Conv2d(channels_in, base, 3, padding=1)
        self.two = nn.Conv2d(base, channels_out, 3, padding=1)

    def forward(self, image):
        return self.two(torch.relu(self.one(image)))


CALLED = []


def loss(logits, target, *, gamma=0.0, weights=None, normaliser="pixels"):
    CALLED.append((logits.shape[1], tuple(weights.tolist())))
    wanted = functional.one_hot(target.long(), logits.shape[1]).movedim(-1, 1)
    each = (torch.softmax(logits, 1) - wanted).square().sum(1)
    return (each * weights[target.long()]).mean()


def binary_loss(logits, target, **more):
    return loss(torch.cat([torch.zeros_like(logits), logits], 1), target, **more)
'''
TRAINED = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np, toy, foilseg
from foilseg.networks import toys
from foilseg.studies import predict
from foilseg.studies.study import Study
from foilseg.training import restore
from foilseg.training.rows import Experiment
assert Path(foilseg.__file__).parents[1] == Path.cwd()
parts = dict(sampler="toy", loss="toy", network="toy", weights="toy")
rows = [Experiment("mine", "Mine", **parts),
        Experiment("each", "Each", scheme="one-vs-rest", **parts)]
study = Study(str(toy.write(Path("data"))), toy.PROFILE, 0, Path("runs"))
plain = {e: study.model(e).row.code for e in ("baseline", "wce-icf", "equal-pixels")}
study.train(rows, progress=False)
assert {n for n, _ in toys.CALLED} == {2, 3}, "softmax over three, and pairs, are ours"
assert any(sorted(weights) == [1, 2, 3] for _, weights in toys.CALLED)
assert len(study.counts(rows)) == 2 * 2 * 2
cost = study.costs(rows).set_index(["model", "network"]).loc["Mine", "macs_per_megapixel"].iloc[0]
assert cost == 1e6 * 9 * (1 * 2 + 2 * 3), cost
run = study.model(rows[0]).run()
whole, tiled = (restore.load(run).mask(study.validation("f0").image, tile) for tile in (None, 7))
assert (whole == tiled).all() and (whole == run.prediction("f0")).all()
predict.predict_files(run, [Path("data/images/f0.png")], Path("out"))
asked = run.ledgers()[0].requested_patches
print(sorted(asked.values()), *plain.values())
"""


def library(place: Path, entries: bool) -> Path:
    """A copy of the library, with the four entries or without."""
    shutil.copytree(Path(foilseg.__file__).parent, place / "foilseg")
    for name, changes in ENTRIES.items() if entries else ():
        path = place / "foilseg" / name
        text = path.read_text()
        for before, after in changes:
            assert text.count(before) == 1, (name, before)
            text = text.replace(before, after)
        path.write_text(text)
    (place / "foilseg" / "networks" / "toys.py").write_text(TOYS)
    return place


def run(place: Path, program: str) -> str:
    command = [sys.executable, "-c", program, str(TESTS)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


CODES = """
from foilseg.training.experiments import EXPERIMENTS
print(*(EXPERIMENTS[e].code for e in ("baseline", "wce-icf", "equal-pixels")))
"""


def test_a_row_that_names_new_parts_is_trained_counted_and_predicted(tmp_path):
    with_parts = run(library(tmp_path / "with", entries=True), TRAINED)
    asked, codes = with_parts.rsplit("]", 1)
    assert asked == "[7, 7"  # of 2 x 7 patches
    assert codes.strip() == run(library(tmp_path / "without", entries=False), CODES), (
        "an entry more makes no other run stale"
    )
