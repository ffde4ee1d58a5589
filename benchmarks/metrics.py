"""The confusion matrix against scikit-learn's and torchmetrics', on 5 classes and 4 megapixels.

python -m benchmarks.metrics [--rounds N]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from sklearn.metrics import confusion_matrix

from benchmarks import measuring
from foilseg.evaluation import metrics

CLASSES, SIDE, WANTED = 5, 2048, 15


def masks(kind: str, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Target and prediction: every pixel at random, or defects of a few per cent in blocks."""
    if kind == "random":
        return tuple(generator.integers(0, CLASSES, (2, SIDE, SIDE)).astype(np.uint8))
    target = measuring.foils(1, SIDE)[0].mask
    return target, np.roll(target, 5, axis=(0, 1))


def make_works(target: np.ndarray, prediction: np.ndarray) -> dict[str, Callable]:
    """The same confusion matrix by each library that is installed."""
    pair = torch.from_numpy(prediction), torch.from_numpy(target)
    flat = target.ravel(), prediction.ravel()
    works = {
        "foilseg": lambda: metrics.confusion(target, prediction, CLASSES),
        "scikit-learn": lambda: confusion_matrix(*flat, labels=range(CLASSES)),
    }
    try:
        from torchmetrics.functional.classification import multiclass_confusion_matrix as other
    except ImportError:
        print("torchmetrics is not installed: pip install torchmetrics")
        return works
    return works | {"torchmetrics": lambda: other(*pair, CLASSES).numpy()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(measuring.machine())
    generator = np.random.default_rng(0)
    for kind in ("random", "defects"):
        target, prediction = masks(kind, generator)
        works = make_works(target, prediction)
        for name, work in works.items():
            assert np.array_equal(work(), works["foilseg"]()), name
        seconds = measuring.in_turns(works, rounds)
        ours = np.median(seconds["foilseg"]) * 1e3
        print(f"{kind} masks, {CLASSES} classes, {target.size / 1e6:.1f} Mpx: {ours:.1f} ms")
        for name in list(works)[1:]:
            times = measuring.ratio(seconds[name], seconds["foilseg"])
            print(f"  {name:14} takes {times} times as long, wanted >= {WANTED}")


if __name__ == "__main__":
    main()
