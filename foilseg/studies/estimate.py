"""How long the book about a dataset folder takes here: measured in a few steps of training.

An estimate, for a person who chooses a profile: half as long and twice as long are possible.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from foilseg.data.dataset import class_pixels, training_regions, validation_regions
from foilseg.networks import devices, unet
from foilseg.networks.inference import Predictor
from foilseg.sampling.pools import build_index
from foilseg.studies import workers
from foilseg.studies.source import Source
from foilseg.training import experiments, fit, training
from foilseg.training.rows import Profile

OFFERED = ("smoke", "photographs")  # profiles for images of one's own, the shorter first
WARM, MEASURED = 3, 8  # steps of training
MOST = 2_000_000  # pixels of a picture that is predicted to see how long that takes
# Of everything else in the chapters, in predictions of all that is judged by one network.
PASSES = 6
OTHER = 120.0  # seconds of what is the same for all data


@dataclass(frozen=True)
class Estimate:
    """Of a profile: how many networks it trains, and seconds for the whole book."""

    profile: Profile
    networks: int
    seconds: float

    def __str__(self) -> str:
        use = "to see that everything works" if self.profile.is_smoke else "networks worth reading"
        shown = f"{self.profile.name:11} about {_time(self.seconds):10}"
        return f"{shown} {self.networks} networks; {use}"


def estimate(data: str, names: Sequence[str] = OFFERED, device: str = "auto") -> list[Estimate]:
    """Seconds that the book takes with each of some profiles.

    Parameters
    ----------
    data : path of a sound dataset folder.

    Raises
    ------
    foilseg.data.scan.DatasetError
        If anything in the folder is wrong.
    """
    source = Source(data, experiments.profile(names[0]))
    rows = [experiments.experiment(n) for n in (*experiments.EXPERIMENTS, experiments.RECOMMENDED)]
    number = sum(len(experiments.networks(row, source.dataset)) for row in rows)
    found = []
    for name in names:
        profile = experiments.profile(name)
        at_a_time = workers.number(profile.threads, device)
        with devices.threads(profile.threads):
            step, reading = _measure(replace(source, profile=profile), profile, device)
        work = number * (profile.iterations * step + PASSES * reading)
        found.append(Estimate(profile, number, OTHER + work / at_a_time))
    return found


def _measure(source: Source, profile: Profile, device: str) -> tuple[float, float]:
    """Seconds of a step of training, and of predicting all that is judged."""
    data, row = source.dataset, experiments.experiment("baseline")
    shape = {"channels_in": data.channels, "base": profile.base}
    made = unet.UNet(**shape, channels_out=len(data.classes))
    index = build_index(training_regions(data), len(data.classes), profile.patch)
    short = replace(profile, iterations=WARM + MEASURED, refresh=WARM + MEASURED)
    told: list[float] = []
    with TemporaryDirectory() as place:
        training.train(
            made,
            fit.make_loss(row, class_pixels(training_regions(data), len(data.classes)).sum(axis=0)),
            index,
            validation_regions(data),
            fit.make_settings(short, 0, row),
            Path(place),
            device=device,
            progress=lambda steps: told.append(time.perf_counter()),
        )
    region = max(validation_regions(data), key=lambda foil: foil.mask.size)
    rows = max(16, min(region.shape[0], MOST // region.shape[1]))
    part = region.crop(0, 0, rows, region.shape[1])
    predictor = Predictor((made.eval(),), device=devices.resolve_device(device))
    begin = time.perf_counter()
    with torch.inference_mode():
        predictor.mask(part.image)
    rate = (time.perf_counter() - begin) / part.mask.size
    judged = sum(foil.mask.size for foil in validation_regions(data))
    return (told[-1] - told[WARM]) / (len(told) - 1 - WARM), rate * judged


def _time(seconds: float) -> str:
    """In words."""
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 100 else f"{round(minutes / 60)} hours"


def told(data: str, profile: str = "") -> str:
    """What is printed before the book about a folder is made: the profiles, and the one taken."""
    if profile:
        return str(estimate(data, [profile])[0])
    regions = training_regions(Source(data, experiments.profile(OFFERED[0])).dataset)
    largest = max(max(region.shape) for region in regions)
    fit = [name for name in OFFERED if experiments.profile(name).patch <= largest]
    lines = [str(one) for one in estimate(data, fit)]
    for name in (name for name in OFFERED if name not in fit):
        patch = experiments.profile(name).patch
        lines.append(
            f"{name:11} cannot be: its patches of {patch} pixels are larger than any image"
        )
    others = [f"make book DATA={data} PROFILE={name}" for name in fit[1:]]
    return "\n".join([*lines, "; for another, ".join([f"taken: {OFFERED[0]}", *others])])
