"""Can a classifier tell a pasted defect from one that was always there?

    python -m benchmarks.pasted [--number 400]

Copy-paste helps only if networks do not learn its seams. Real objects of the training regions of
the matched twin stand against as many pasted by the row "pasted" into patches without a defect.
Around each, features are taken in rings of equal distance from the object's edge: how rough the
surface is, along rows and along columns, and how steep. A random forest, cross-validated with all
of a foil on one side, gives the area under its ROC curve: 0.5 is a guess. Pasted without the
blurred mask, with a hard edge, stands beside it. Of classes of which too few fit into a crop
nothing is said.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import pairwise
from unittest import mock

import numpy as np
import pandas as pd
from scipy import ndimage
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from benchmarks import measuring
from foilseg.data.components import boxes, components
from foilseg.data.dataset import Dataset, Foil, training_regions
from foilseg.sampling import alterations
from foilseg.sampling.pools import Index, build_index
from foilseg.studies.study import open_study

PATCH, CROP = 96, 48  # pixels: of what is pasted into, and of what is looked at
RINGS = (-1, 0, 1, 2, 3, 5, 8, 12)  # distances from the edge; further inside they tell the size
LARGEST = 28  # edge of the box of an object that fits into a crop with its surroundings
FEWEST = 30  # objects of either kind from which on something is said
COARSE = 5  # pixels by which a true object may reach beyond its annotation
HARD = 1e-6  # pixels, instead of alterations.BLUR


def features(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Roughness along rows, along columns, and steepness in every ring: float64 (rings * 3,)."""
    away = np.where(
        mask, -ndimage.distance_transform_edt(mask) + 1, ndimage.distance_transform_edt(~mask)
    )
    rough = [np.abs(np.diff(image, axis=k, prepend=0)).sum(axis=0) for k in (1, 2)]
    maps = [*rough, np.hypot(image[0], image[1])]
    found = []
    for low, high in pairwise(RINGS):
        ring = (away > low) & (away <= high)
        ring[0], ring[:, 0] = False, False  # the first differences are none
        found += [values[ring].mean() if ring.any() else 0.0 for values in maps]
    return np.array(found)


def crops(
    image: np.ndarray, mask: np.ndarray, truth: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Class, picture and mask around every object that fits and has no other one beside it.

    Nor one that nobody annotated: surroundings are to be alike.
    """
    numbers, _ = components(mask > 0)
    for k, (rows, columns) in enumerate(boxes(numbers), 1):
        if max(rows.stop - rows.start, columns.stop - columns.start) > LARGEST:
            continue
        top, left = ((s.start + s.stop) // 2 - CROP // 2 for s in (rows, columns))
        if min(top, left) < 0 or top + CROP > mask.shape[0] or left + CROP > mask.shape[1]:
            continue
        place = np.s_[top : top + CROP, left : left + CROP]
        own = numbers[place] == k
        beyond = ~ndimage.binary_dilation(own, iterations=COARSE)
        alone = ((numbers[place] > 0) == own).all() and not (truth[place] & beyond).any()
        if alone and own.sum() > 3:
            yield int(mask[rows, columns][numbers[rows, columns] == k][0]), image[:, *place], own


def real(regions: tuple[Foil, ...]) -> Iterator[tuple[int, str, np.ndarray]]:
    """Class, foil and features of the annotated objects, whose masks are what is pasted."""
    for region in regions:
        truth = region.mask if region.truth is None else region.truth
        for kind, image, own in crops(region.image, region.mask, truth > 0):
            yield kind, region.name, features(image, own)


def pasted(index: Index, number: int, seed: int) -> Iterator[tuple[int, str, np.ndarray]]:
    """The same of objects that the alteration pastes into patches without a defect."""
    generator, alter = np.random.default_rng(seed), alterations.pasted(index)
    while number > 0:
        region = index.regions[generator.integers(len(index.regions))]
        there = region.mask if region.truth is None else np.maximum(region.mask, region.truth)
        top, left = (int(generator.integers(side - PATCH)) for side in region.shape)
        place = np.s_[top : top + PATCH, left : left + PATCH]
        if there[place].any():
            continue
        images = region.image[:, *place][None].copy()
        masks = np.zeros((1, PATCH, PATCH), np.uint8)
        alter(images, masks, generator)
        for kind, image, own in crops(images[0], masks[0], masks[0] > 0):
            number -= 1
            yield kind, region.name, features(image, own)


def told_apart(one: pd.DataFrame, other: pd.DataFrame, kind: int, seed: int = 0) -> tuple:
    """How many of either, and the area under the ROC curve, of one class."""
    parts = [table[table["kind"] == kind] for table in (one, other)]
    number = min(map(len, parts))
    if number < FEWEST:
        return number, float("nan")
    both = pd.concat([part.sample(number, random_state=seed) for part in parts])
    answer = np.repeat([0, 1], number)
    forest = RandomForestClassifier(300, min_samples_leaf=3, n_jobs=-1, random_state=seed)
    values = np.stack(both["features"].tolist())
    said = cross_val_predict(
        forest, values, answer, groups=both["foil"], cv=GroupKFold(5), method="predict_proba"
    )
    return number, roc_auc_score(answer, said[:, 1])


def table(data: Dataset, number: int) -> pd.DataFrame:
    """A row a class: objects, AUC of the alteration, AUC with hard edges."""
    index = build_index(training_regions(data), len(data.classes), PATCH)
    columns = ["kind", "foil", "features"]
    there = pd.DataFrame(real(index.regions), columns=columns)
    blurred = pd.DataFrame(pasted(index, 4 * number, 1), columns=columns)
    with mock.patch.object(alterations, "BLUR", HARD):
        hard = pd.DataFrame(pasted(index, 4 * number, 1), columns=columns)
    rows = []
    for c in data.defects:
        many, soft = told_apart(there, blurred, c.index)
        rows.append((c.name, many, soft, told_apart(there, hard, c.index)[1]))
    return pd.DataFrame(rows, columns=["class", "of either", "AUC", "AUC, hard edges"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=400, help="pasted objects a class, about")
    print(measuring.machine())
    found = table(open_study(profile="matched").dataset, parser.parse_args().number)
    print(found.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
