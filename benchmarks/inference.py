"""Prediction by tiles: time for several tile sizes, and the memory of a very large image.

python -m benchmarks.inference times [--base 8] [--rounds N]
python -m benchmarks.inference memory [--base 32] [--height 4000] [--width 8000] [--tile 512]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from benchmarks import measuring
from foilseg.networks import inference, unet
from foilseg.training import meters

SIDES = (960, 1280)


def predictor(base: int) -> inference.Predictor:
    torch.manual_seed(0)
    network = unet.UNet(3, 5, base).to(memory_format=torch.channels_last).eval()
    return inference.Predictor((network,))


def times(base: int, rounds: int) -> None:
    """Seconds of the whole image and of tiles of several sizes."""
    model = predictor(base)
    image = np.random.default_rng(0).standard_normal((3, *SIDES), np.float32)
    works = {"whole image": lambda: model.mask(image)}
    for tile in (128, 256, 384, 512, 640, 768):
        works[f"tiles of {tile}"] = lambda tile=tile: model.mask(image, tile)
    seconds = measuring.in_turns(works, rounds)
    print(f"{SIDES[0]} x {SIDES[1]}, base {base}, fp32")
    for name, each in seconds.items():
        share = measuring.ratio(each, seconds["whole image"])
        print(
            f"  {name:14} {min(each) / np.prod(SIDES) * 1e6:7.3f} s a megapixel, {share} of whole"
        )


def memory(base: int, height: int, width: int, tile: int) -> None:
    """Peak resident memory of the process: program, image, network, tiles and mask."""
    model = predictor(base)
    image = np.zeros((3, height, width), np.float32)
    image += np.float32(0.1)
    meter, begin = meters.Meter(torch.get_num_threads()), time.perf_counter()
    model.mask(image, tile)
    peak = meter.read().peak_bytes / 2**30
    seconds = time.perf_counter() - begin
    print(f"{height} x {width}, base {base}, tiles of {tile}: {seconds:.0f} s")
    print(f"  peak {peak:.2f} GiB, wanted < 2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", default="times", choices=["times", "memory"])
    parser.add_argument("--base", type=int)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--height", type=int, default=4000)
    parser.add_argument("--width", type=int, default=8000)
    parser.add_argument("--tile", type=int, default=inference.TILE)
    options = parser.parse_args()
    print(measuring.machine())
    if options.what == "times":
        times(options.base or 8, options.rounds)
    else:
        memory(options.base or 32, options.height, options.width, options.tile)


if __name__ == "__main__":
    main()
