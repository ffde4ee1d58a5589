"""Few annotated foils of the matched twin, and foils rendered for its rarest defect alone.

A draw has as many annotated pixels of each defect as 6 foils have on average, or nearly so. No foil
is in two draws of 6; 12 foils are those of a draw and of the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from foilseg.data import description, files, folder, images
from foilseg.data.dataset import (
    TRAIN,
    VALIDATION,
    Dataset,
    Foil,
    LabelClass,
    class_pixels,
    rarest,
    training_regions,
    validation_regions,
    write_mask,
)
from foilseg.data_efficiency.rendered import LEAST, OTHER, SAME
from foilseg.training import experiments
from foilseg.training.locks import lock
from foilseg.twin import render
from foilseg.twin.annotators import AnnotatorConfig
from foilseg.twin.config import TwinConfig

STUDY = "matched"
DRAWS = (0, 1, 2)
RECIPES = {SAME: STUDY, OTHER: "desk"}  # arm -> profile whose twin is rendered
SEED = 2000  # of the first draw's rendered foils; no foil that trains or judges has it
TRIED = 50_000  # random divisions, of which the most even one is taken
MOST = 20  # rendered foils of a draw; less are the first ones of them
TRAINS = "-trains"  # ends the name of a foil's training region
FAULTLESS = AnnotatorConfig(**{f.name: 0.0 for f in fields(AnnotatorConfig)})


def sixes(data: Dataset) -> list[list[str]]:
    """Names of the annotated foils of each draw, :data:`LEAST` of them; no foil is in two draws.

    Of :data:`TRIED` random divisions the one is taken in which the draws' pixels of every defect,
    as annotated in training regions, are nearest to what so many foils have on average: the largest
    relative deviation is the smallest, where that of the rarest defect counts twice. Draws by
    chance alone would mix rich and poor foils into the gains: three foils have nearly half of
    all annotated cavity pixels.

    Raises
    ------
    ValueError
        If there are too few foils for that.
    """
    regions, needed = training_regions(data), LEAST * len(DRAWS)
    if len(regions) < needed:
        raise ValueError(f"data: {len(regions)} foils, where the draws need {needed}")
    amounts = class_pixels(regions, len(data.classes))[:, [c.index for c in data.defects]]
    shares = amounts / (LEAST * amounts.mean(axis=0))
    generator = np.random.default_rng(0)
    orders = [generator.permutation(len(regions))[:needed] for _ in range(TRIED)]
    divided = np.array(orders).reshape(TRIED, len(DRAWS), LEAST)
    weights = np.where([c == rarest(data) for c in data.defects], 2, 1)
    off = (weights * np.abs(shares[divided].sum(axis=2) - 1)).max(axis=(1, 2))
    return [[regions[k].name for k in sorted(draw)] for draw in divided[off.argmin()]]


def annotated(data: Dataset, number: int, draw: int) -> list[str]:
    """Names of this number of annotated foils of a draw; the smaller number is part of the larger.

    Raises
    ------
    ValueError
        If the number is neither a multiple of :data:`LEAST` that the draws hold, nor that of all.
    """
    if number == len(data.foils):
        return [foil.name for foil in data.foils]
    turns, rest = divmod(number, LEAST)
    if rest or not 0 < turns <= len(DRAWS):
        raise ValueError(f"number: {number} is no multiple of {LEAST} up to {LEAST * len(DRAWS)}")
    drawn = sixes(data)
    return [name for turn in range(turns) for name in drawn[(draw + turn) % len(DRAWS)]]


def config(arm: str, draw: int, twin: Mapping | None = None) -> TwinConfig:
    """What the rendered foils of an arm and draw are rendered from; ``twin`` replaces settings."""
    told = {**experiments.profile(RECIPES[arm]).twin, **(twin or {})}
    return TwinConfig(**{**told, "foils": MOST, "seed": SEED + draw, "annotators": FAULTLESS})


def quota(made: TwinConfig, label: int) -> np.ndarray:
    """Pixels in the mask of a rendered foil: float64 (classes, 2), of one class alone.

    They are what the foils of the recipe have on average, in the rows that train and in the others.
    """
    mean = render.quotas(made).mean(axis=0)
    return np.where((np.arange(len(mean)) == label)[:, None], mean, 0.0)


def rendered(place: Path, made: TwinConfig, rare: LabelClass) -> Dataset:
    """The rendered foils, rendered now if they are not there: a folder with this class alone."""
    wanted = quota(made, rare.index)
    told = f"{render.recipe(made)} {rare.index} {wanted.round(6).tolist()}"
    root = place / f"rendered-{sha256(told.encode()).hexdigest()[:12]}"
    classes = (LabelClass(0, "background", "#ffffff"), replace(rare, index=1))
    with lock(root, wait=True):
        if not root.exists():
            with files.new_folder(root) as part:
                description.write(part / description.NAME, f"rendered {rare.name}", classes)
                for number in range(made.foils):
                    foil = render.make_foil(made, number, wanted)
                    top, left, height, width = foil.layout.roi
                    window = np.s_[top : top + height, left : left + width]
                    mask = (foil.layout.truth[window] == rare.index).astype(np.uint8)
                    images.write(part / "images" / f"{foil.name}.png", foil.pixels[window])
                    write_mask(part / "labels" / f"{foil.name}.png", mask, classes)
    return folder.load(root)


def together(data: Dataset, names: Sequence[str], more: Dataset | None, number: int) -> Dataset:
    """What a training gets: regions of some annotated foils and of the first rendered ones.

    Of both the rows that train are taken, so that all are of one size; the upper rows of a rendered
    foil are used nowhere. The validation regions of all annotated foils set thresholds.
    """
    rare = rarest(data)
    digests = {foil.name: digest for foil, digest in zip(data.foils, data.digests, strict=True)}
    parts: list[tuple[Foil, str, str]] = []
    for foil in training_regions(data):
        if foil.name in names:
            named = replace(foil, name=foil.name + TRAINS)
            parts.append((named, digests[foil.name], TRAIN))
    if more:
        for foil, digest in list(zip(training_regions(more), more.digests, strict=True))[:number]:
            mask = (foil.mask * rare.index).astype(np.uint8)
            named = replace(foil, name=f"rendered-{foil.name}", mask=mask, truth=mask)
            parts.append((named, digest, TRAIN))
    parts += [(foil, digests[foil.name], VALIDATION) for foil in validation_regions(data)]
    return replace(
        data,
        foils=tuple(foil for foil, _, _ in parts),
        digests=tuple(digest for _, digest, _ in parts),
        parts={foil.name: part for foil, _, part in parts},
        recipe="",
    )


def pixels(data: Dataset, added: bool) -> dict[str, int]:
    """Defect -> pixels in the masks of what trains, of annotated or else of ``added`` foils."""
    regions = training_regions(data)
    some = tuple(f for f in regions if f.name.startswith("rendered-") == added)
    counts = class_pixels(some, len(data.classes)).sum(axis=0)
    return {c.name: int(counts[c.index]) for c in data.defects}
