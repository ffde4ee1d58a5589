"""How much a training iteration adds to the bare step, and how it compares with MONAI.

    python -m benchmarks.training [--rounds N] [--steps N] [--only base8 | base32]

MONAI is used as its documentation shows (needs ``pip install --no-deps monai``).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from unittest import mock

import torch
from tqdm.auto import tqdm

from benchmarks import measuring
from foilseg.networks import devices, losses, unet
from foilseg.sampling.pools import build_index
from foilseg.training import batches, training


@dataclass(frozen=True)
class Size:
    name: str
    base: int
    patch: int
    batch: int
    steps: int


SIZES = {"base8": Size("base8", 8, 128, 4, 12), "base32": Size("base32", 32, 256, 2, 2)}
CLASSES = 5


def network(size: Size) -> unet.UNet:
    torch.manual_seed(0)
    return unet.UNet(3, CLASSES, size.base).to(memory_format=torch.channels_last).train()


def ours(size: Size) -> dict[str, Callable[[], None]]:
    """The bare step on a prepared batch, and the iteration with patches and logging."""
    settings = training.Settings(0, size.patch, size.batch, 10**6, refresh=50)
    regions = measuring.foils(4, 1024)
    pools = training.make_pools(build_index(regions, CLASSES, size.patch), regions, settings)[0]
    net = network(size)
    optimiser = training.make_optimiser(net, settings)
    prepared = pools.at(1)
    stream = batches.ahead(pools, count(1))
    bar, history = tqdm(total=10**6, disable=None, mininterval=0.1), []

    def bare() -> None:
        for _ in range(size.steps):
            training.step(net, losses.focal, optimiser, prepared, "cpu")

    def whole() -> None:
        for _ in range(size.steps):
            value = training.step(net, losses.focal, optimiser, next(stream), "cpu")
            history.append((len(history), value, float("nan")))
            bar.update(1)

    return {"bare step": bare, "whole iteration": whole}


def monai_batches(size: Size) -> Iterator[dict]:
    """Patches as MONAI's documentation cuts them: cached images, cropping in worker processes."""
    from monai.data import CacheDataset, DataLoader
    from monai.transforms import RandCropByLabelClassesd

    items = [{"image": f.image, "label": f.mask[None]} for f in measuring.foils(4, 1024)]
    crop = RandCropByLabelClassesd(
        keys=["image", "label"],
        label_key="label",
        spatial_size=(size.patch, size.patch),
        num_classes=CLASSES,
        ratios=[1] * CLASSES,
        num_samples=size.batch,
    )
    data = CacheDataset(items, crop, progress=False)
    loader = DataLoader(data, batch_size=1, shuffle=True, num_workers=2, persistent_workers=True)
    while True:
        yield from loader


def monai(size: Size, same_format: bool) -> Callable[[], None]:
    """MONAI's network, batches and loss; in fp32, or in our number format and memory layout."""
    from monai.losses import FocalLoss
    from monai.networks.nets import BasicUNet

    maps = [size.base * 2**k for k in range(5)]
    net = BasicUNet(2, 3, CLASSES, features=(*maps, size.base), norm="batch").train()
    if same_format:
        net = net.to(memory_format=torch.channels_last)
    loss = FocalLoss(to_onehot_y=True, use_softmax=True, gamma=2.0)
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-5)
    stream = monai_batches(size)
    low = same_format and devices.precision("cpu") == "bf16"

    def run() -> None:
        for _ in range(size.steps):
            batch = next(stream)
            image, label = batch["image"].as_tensor(), batch["label"].as_tensor()
            if same_format:
                image = image.contiguous(memory_format=torch.channels_last)
            optimiser.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=low):
                logits = net(image)
            value = loss(logits.float(), label)
            value.backward()
            optimiser.step()
            value.item()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=SIZES)
    options = parser.parse_args()
    print(measuring.machine(), "format", devices.precision("cpu"))
    for size in [s for s in SIZES.values() if options.only in (None, s.name)]:
        works = ours(size)
        works["MONAI fp32"] = monai(size, same_format=False)
        works["MONAI same format"] = monai(size, same_format=True)
        with mock.patch("sys.stderr", open("/dev/null", "w")):  # noqa: PTH123
            seconds = measuring.in_turns(works, options.rounds)
        patches = size.steps * size.batch
        print(f"base {size.base}, {size.patch} px, batch {size.batch}")
        for name, each in seconds.items():
            print(f"  {name:18} {1e3 * min(each) / patches:8.2f} ms a patch at best")
        bare, whole = seconds["bare step"], seconds["whole iteration"]
        print(f"  whole iteration / bare step    {measuring.ratio(whole, bare)}   wanted <= 1.08")
        wanted = {"base8": 2, "base32": 3}[size.name]
        for name, note in (("MONAI fp32", f"wanted >= {wanted}"), ("MONAI same format", "")):
            print(f"  {name} / ours    {measuring.ratio(seconds[name], whole)}   {note}")


if __name__ == "__main__":
    main()
