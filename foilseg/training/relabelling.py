"""One round of relabelling: networks that did not see a foil say what its annotation lacks.

The foils are divided into thirds, and a baseline is trained on each, a *voter*. So two networks
that were not trained on it are asked about every training region. What the audit of the labels
(:func:`foilseg.evaluation.label_audit.audit`) proposes there, since both say the same defect and
the annotation says it nearly nowhere, is entered into the annotation if its confidence is above
that of the row, and the row is trained on that. Validation regions keep their annotation, and no
truth is used.

To predict with networks that were not trained on an example is what confident learning asks for:
Northcutt et al., "Confident Learning: Estimating Uncertainty in Dataset Labels", section 3,
DOI 10.1613/jair.1.12125.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from torch import nn

from foilseg.data.dataset import (
    VALIDATION,
    Dataset,
    Foil,
    class_pixels,
    rarest,
    training_regions,
)
from foilseg.evaluation import label_audit
from foilseg.evaluation.label_audit import VOTERS, Audit
from foilseg.networks import devices, inference
from foilseg.training import experiments, fit, restore
from foilseg.training.rows import Profile

AGREE = VOTERS - 1  # all that were not trained on a foil
VOTER = "baseline"  # the row of every voter


def relabelled(
    data: Dataset,
    confidence: float,
    profile: Profile,
    seed: int,
    root: Path,
    *,
    device: str = "auto",
    progress: Callable[[int], object] = lambda steps: None,
) -> Dataset:
    """The data with candidates entered into the annotation of the training regions.

    It is the same data set by name and fingerprint: a run says with its row that it was trained on
    changed labels. Voters that are not there yet are trained, each as a run of its own in ``root``.

    Parameters
    ----------
    confidence : candidates above it are entered, in (0, 1).
    progress : called with numbers of iterations of voters.

    Raises
    ------
    ValueError
        If there are fewer foils than voters.
    """
    found = audited(data, profile, seed, root, device=device, progress=progress)
    entered = label_audit.above(found, confidence)
    copied = replace(data, foils=tuple(replace(f, mask=f.mask.copy()) for f in data.foils))
    for region in training_regions(copied):
        region.mask[:] = label_audit.corrected(entered, region, data.classes)
    return copied


def audited(
    data: Dataset,
    profile: Profile,
    seed: int,
    root: Path,
    *,
    device: str = "auto",
    progress: Callable[[int], object] = lambda steps: None,
) -> Audit:
    """The audit of the training regions by the voters; arguments as of :func:`relabelled`."""
    regions, device = training_regions(data), devices.resolve_device(device)
    masks: dict[str, dict[str, np.ndarray]] = {region.name: {} for region in regions}
    sure: dict[str, dict[str, np.ndarray]] = {region.name: {} for region in regions}
    for number, third in enumerate(thirds(data)):
        run = _voter(third, profile, seed, root, device, progress)
        seen = {foil.name for foil in training_regions(third)}
        network = restore.network(run, device)
        with devices.threads(profile.threads):
            for region in (r for r in regions if r.name not in seen):
                said, probable = _said(network, region, device)
                masks[region.name][str(number)] = said
                sure[region.name][str(number)] = probable
    return label_audit.audit(regions, masks, data.classes, AGREE, sure)


def _voter(third: Dataset, profile: Profile, seed: int, root: Path, device: str, progress):
    """The run of the baseline on some of the foils, trained now if it is not there."""
    done: list[int] = []

    def tell(steps: int) -> None:
        done.append(steps)
        progress(steps)

    row = experiments.experiment(VOTER)
    run = fit.fit(third, row, profile, seed, root, device=device, progress=tell)
    progress(profile.iterations - sum(done))  # where it was there already
    return run


def _said(network: nn.Module, region: Foil, device: str) -> tuple[np.ndarray, np.ndarray]:
    """The class that a network finds most probable in each pixel, and how probable."""
    logits = inference.tiled_logits(network, region.image, device=device)
    best = torch.softmax(logits, 0).max(0)
    return region.without_ignored(best.indices.numpy().astype(np.uint8)), best.values.numpy()


def thirds(data: Dataset) -> Iterator[Dataset]:
    """The data divided among the voters: no foil trains two, and all together are the whole.

    Foils are dealt in the order of their training pixels of the rarest defect, to and fro, so that
    every part has about as many. Where whole images are divided, those that validate go with all.

    Raises
    ------
    ValueError
        If fewer foils train than there are voters, or none shows a defect.
    """
    regions = training_regions(data)
    if len(regions) < VOTERS:
        raise ValueError(
            f"{data.name}: {len(regions)} images train, but relabelling divides them among "
            f"{VOTERS} networks; annotate more, or take a row that does not relabel"
        )
    rare = class_pixels(regions, len(data.classes))[:, rarest(data).index]
    order = np.argsort(-rare, kind="stable")
    turns = [*range(VOTERS), *reversed(range(VOTERS))]
    for number in range(VOTERS):
        names = {regions[k].name for n, k in enumerate(order) if turns[n % len(turns)] == number}
        yield _only(data, names)


def _only(data: Dataset, names: set[str]) -> Dataset:
    """These foils, and whole ones that validate, as data of their own with a name of their own."""
    kept = [f.name in names or data.parts.get(f.name) == VALIDATION for f in data.foils]
    told = "\n".join([data.recipe, *sorted(names)])
    return replace(
        data,
        foils=tuple(foil for foil, here in zip(data.foils, kept) if here),
        digests=tuple(digest for digest, here in zip(data.digests, kept) if here),
        recipe=sha256(told.encode()).hexdigest() if data.recipe else "",
        parts={
            name: part for name, part in data.parts.items() if part == VALIDATION or name in names
        },
    )
