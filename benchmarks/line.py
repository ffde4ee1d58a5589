"""Does it keep up with a line? Metres of foil a minute, beside the network alone.

    python -m benchmarks.line [--pictures 200] [--network NAME]

The pictures are test foils of the twin, written again and again under other names. The bare
network predicts them from memory, one after the other, in each format; ``foilseg predict
--decision`` reads them from files and writes masks, overlays and the list of objects. A metre of
foil is 96 mm wide and is photographed at 50 micrometres a pixel: 38.4 megapixels. The int8 network
is the exported one, quantised with pictures of the validation regions; what it loses is told on
other validation regions, as the mean TPR at the FPR that the exact network has at probability 0.5.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch

from benchmarks import measuring
from foilseg.analysis.trainings import mean_tpr
from foilseg.data import images
from foilseg.data.dataset import Foil, LabelClass, as_pixels, validation_regions
from foilseg.decisions import brought, decision, sorting
from foilseg.decisions.scores import class_scores, log_odds
from foilseg.evaluation import operating_points
from foilseg.evaluation.curves import BINS, KEYS, Histograms, histogram
from foilseg.evaluation.operating_points import Trainings
from foilseg.measured import held_out
from foilseg.networks import export
from foilseg.networks.inference import Predictor
from foilseg.networks.quick import FORMATS
from foilseg.studies.study import Study, open_study
from foilseg.training import restore

METRE = 96e-3 / 50e-6 * 1 / 50e-6 / 1e6  # megapixels of a metre of foil
ROUNDS = 3  # of the bare networks, in turns; the fastest counts
SPEED = 60  # metres a minute of a line
EVERY = 32  # sides of pictures of the int8 network are cut to multiples of it


def write_pictures(foils: Sequence[Foil], number: int, place: Path) -> float:
    """Write so many pictures; megapixels of all."""
    for k in range(number):
        images.write(place / f"foil_{k:03}.png", as_pixels(foils[k % len(foils)].image))
    return sum(foils[k % len(foils)].mask.size for k in range(number)) / 1e6


def through(work: Callable[[np.ndarray], object], foils: Sequence[Foil]) -> Callable[[], None]:
    """Work on every picture, one after the other."""

    def all_of_them() -> None:
        for foil in foils:
            work(foil.image)

    return all_of_them


def bare(predictor: Predictor) -> Callable[[np.ndarray], object]:
    """The network alone on a whole picture."""
    network = predictor.networks[0]

    def work(image: np.ndarray) -> object:
        with torch.inference_mode():
            batch = torch.from_numpy(image)[None].contiguous(memory_format=torch.channels_last)
            return network(batch)

    return work


class Int8:
    """The exported network with 8-bit weights and maps, by onnxruntime."""

    def __init__(self, predictor: Predictor, classes, regions: Sequence[Foil], place: Path):
        import onnxruntime
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process

        logging.getLogger().setLevel(logging.ERROR)
        export.write(predictor, classes, place / "float.onnx")
        quant_pre_process(place / "float.onnx", place / "ready.onnx", skip_symbolic_shape=True)
        feed = iter([{"image": cut(region.image)[None]} for region in regions])
        parts = {"get_next": lambda self: next(feed, None)}
        reader = type("Reader", (quantization.CalibrationDataReader,), parts)
        quantization.quantize_static(place / "ready.onnx", place / "int8.onnx", reader())
        options = {"providers": ["CPUExecutionProvider"]}
        self.session = onnxruntime.InferenceSession(place / "int8.onnx", **options)

    def logits(self, image: np.ndarray) -> np.ndarray:
        """float32 (K, H, W)."""
        return self.session.run(["logits"], {"image": cut(image)[None]})[0][0]


def cut(image: np.ndarray) -> np.ndarray:
    """A picture (C, H, W) without what is beyond multiples of 32."""
    height, width = (side // EVERY * EVERY for side in image.shape[1:])
    return np.ascontiguousarray(image[:, :height, :width])


def filed(scores_of, regions: Sequence[Foil], defects: Sequence[LabelClass]) -> Histograms:
    """Histograms of the log-odds that a format gives on some regions."""
    rows = []
    for region in regions:
        scores, mask = scores_of(region.image), cut(region.mask[None])[0]
        for c in defects:
            own = scores[c.index][: mask.shape[0], : mask.shape[1]]
            rows.append((region.name, "label", c.name, histogram(own, mask == c.index)))
    keys = pd.DataFrame([row[:3] for row in rows], columns=KEYS)
    return Histograms(keys, np.stack([row[3] for row in rows]))


def at_one_fpr(each: dict[str, Histograms], first: str) -> pd.Series:
    """Mean TPR of every format at the FPR that the first has at probability 0.5."""
    totals = {d: each[first].total(d) for d in each[first].keys["defect"].unique()}
    levels = {d: h[BINS // 2 :, 0].sum() / h[:, 0].sum() for d, h in totals.items()}
    parts = {name: Trainings((part,), (part,)) for name, part in each.items()}
    return mean_tpr(operating_points.at_one_fpr(parts, levels), ["model"])


def told(name: str, speed: float, rest: str = "") -> None:
    """A row of the table."""
    metres, cores = 60 * speed / METRE, torch.get_num_threads() * SPEED * METRE / 60 / speed
    print(f"  {name:28} {speed:8.2f} {metres:10.1f} {math.ceil(cores):10}   {rest}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--network", default="baseline")
    options = parser.parse_args()
    study = open_study(profile="matched")
    run = brought.open_network(Path(options.network))
    chosen = decision.read(brought.FOLDER / f"{options.network}.json")
    print(measuring.machine())
    print(f"network {options.network}; a metre of foil is {METRE:.1f} megapixels")
    print(f"  {'':28} {'Mpx/s':>8} {'m a minute':>10} {'cores for':>10}")
    print(f"  {'':28} {'':8} {'':10} {f'{SPEED} m/min':>10}")
    with TemporaryDirectory() as place:
        measure(study, run, chosen, options.pictures, Path(place))


def measure(study: Study, run, chosen, number: int, place: Path) -> None:
    """Print a row for each format of the bare network, for int8, and for the command."""
    foils = held_out.dataset(study).foils[:12]
    predictor, classes = restore.load(run, "cpu"), restore.classes(run)
    defects = [c for c in classes if c.index]
    regions = validation_regions(study.dataset)
    small = Int8(predictor, classes, regions[::4], place)
    others = [region for k, region in enumerate(regions) if k % 4]
    each = {
        "exact": filed(lambda image: class_scores(predictor, image), others, defects),
        "int8": filed(
            lambda image: log_odds(torch.from_numpy(small.logits(image))).numpy(), others, defects
        ),
    }
    found = at_one_fpr(each, "exact")
    loss = f"mean TPR at one FPR {found['int8']:.3f}, exact {found['exact']:.3f}"
    works = {name: through(bare(make(predictor)), foils) for name, make in FORMATS.items()}
    works["int8 (onnx)"] = through(small.logits, foils)
    megapixels = sum(foil.mask.size for foil in foils) / 1e6
    seconds = measuring.in_turns(works, ROUNDS)
    rates = {name: megapixels / each.min() for name, each in seconds.items()}
    for name, value in rates.items():
        told(f"bare network, {name}", value, loss if name.startswith("int8") else "")
    (place / "pictures").mkdir()
    size = write_pictures(foils, number, place / "pictures")
    for keep in (True, False):
        begin = time.perf_counter()
        done = sorting.sort_files(
            run, chosen, [place / "pictures"], place / f"out-{keep}", exact=keep
        )
        own = size / (time.perf_counter() - begin)
        share = own / rates[done.quick.format]
        told(f"foilseg predict, {done.quick.format}", own, f"{share:.0%} of the bare network")


if __name__ == "__main__":
    main()
