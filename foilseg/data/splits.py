"""How images are divided into training, validation and test.

Without ``splits.csv`` in the dataset folder the rows of every image are: the first third validates
(thesis 3.1). With it whole images are: its columns are ``name`` and ``part``, and maybe ``group``,
which says what belongs together, such as the pictures of one place. Images of the part ``test``
are left out wherever anything is chosen or trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from foilseg.data import files
from foilseg.data.components import components, objects
from foilseg.data.dataset import (
    PARTS,
    TEST,
    TRAIN,
    VALIDATION,
    Dataset,
    Foil,
    training_regions,
    validation_regions,
)
from foilseg.data.scan import Scan

NAME = "splits.csv"
COLUMNS = ["name", "part"]
SMALL = 512  # pixels; where most images are narrower and lower, rows are a poor way to divide them


@dataclass(frozen=True)
class Splits:
    """Which image is of which part, and of which group; empty where rows are divided."""

    parts: dict[str, str]
    groups: dict[str, str]


def read(root: Path) -> Splits:
    """What ``splits.csv`` of a dataset folder says, or nothing if it is not there.

    Raises
    ------
    ValueError
        If it cannot be understood, or has two rows for an image.
    """
    path = Path(root) / NAME
    if not path.exists():
        return Splits({}, {})
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        told = dict(zip(table["name"], table["part"].str.strip(), strict=True))
        groups = dict(zip(table["name"], table["group"])) if "group" in table else {}
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(f"cannot be understood ({error})") from error
    if len(told) < len(table):
        raise ValueError(f"has two rows for {table['name'][table['name'].duplicated()].iloc[0]!r}")
    return Splits(told, {name: group for name, group in groups.items() if group})


def check(scan: Scan, names: Sequence[str]) -> Splits:
    """The same of a folder with images of these names; what is wrong with it becomes problems."""
    path = scan.root / NAME
    try:
        told = read(scan.root)
    except ValueError as error:
        scan.add(path, str(error), f"columns: {','.join(COLUMNS)}[,group]")
        return Splits({}, {})
    if not path.exists():
        return told
    for name in sorted(set(told.parts) - set(names)):
        scan.add(path, f"names {name!r}, which is no image", "correct the name or drop the row")
    for name in sorted(set(names) - set(told.parts)):
        scan.add(path, f"says nothing of {name!r}", f"add a row: {', '.join(PARTS)}")
    for name, part in told.parts.items():
        if part not in PARTS:
            scan.add(path, f"has {name!r} in {part!r}", f"the parts are {', '.join(PARTS)}")
    for part in (TRAIN, VALIDATION):
        if part not in told.parts.values():
            scan.add(path, f"has no image in {part!r}", "something has to be learned and judged")
    return told


def write(path: Path, parts: dict[str, str], groups: dict[str, str]) -> None:
    """Write ``splits.csv``, by name; the column of groups only if there is one."""
    table = pd.DataFrame({"name": sorted(parts)})
    table["part"] = table["name"].map(parts)
    if groups:
        table["group"] = table["name"].map(groups).fillna("")
    files.write_text(table.to_csv(index=False), path)


def warnings(data: Dataset, test: Dataset | None, groups: dict[str, str]) -> list[str]:
    """What is allowed and makes results say less, in sentences.

    Groups in several parts, classes without an object in a part, objects that the cut between
    training and validation goes through, and small images divided by rows.
    """
    foils = {TRAIN: training_regions(data), VALIDATION: validation_regions(data)}
    foils |= {TEST: test.foils} if test else {}
    found = []
    for group in sorted(set(groups.values())):
        own = [p for p, each in foils.items() if any(groups.get(f.name) == group for f in each)]
        if len(own) > 1:
            found.append(f"group {group!r} is in {' and '.join(own)}; what is judged was seen")
    for part, each in foils.items():
        for c in data.defects:
            if not any((foil.mask == c.index).any() for foil in each):
                found.append(f"class {c.name!r} has no pixel in {part}, so nothing is judged there")
    if data.parts:
        return found
    if cut := crossing(data)["crossing"].sum():
        what = "1 object is" if cut == 1 else f"{cut} objects are"
        found.append(f"{what} cut between training and validation")
    if np.median([max(foil.shape) for foil in data.foils]) < SMALL:
        found.append(
            f"most images are below {SMALL} pixels; `foilseg split` divides them by image instead"
        )
    return found


def crossing(data: Dataset) -> pd.DataFrame:
    """Annotated objects that the cut between validation and training goes through.

    Where whole images are divided it goes through none.

    Returns
    -------
    A row a defect: ``defect``, ``objects`` with a pixel in a validation region, ``crossing`` those
    of them that go on in the training region, and what they hold of the validation pixels:
    ``share`` (NaN without any).
    """
    names = [c.name for c in data.defects]
    seen = pd.DataFrame(0, index=names, columns=["objects", "crossing", "pixels", "crossed"])
    of = {c.index: c.name for c in data.classes}
    for region in validation_regions(data):
        foil, rows = data.foil(region.name), region.shape[0]
        numbers, kinds = objects(foil.mask, len(data.classes))
        above = np.bincount(numbers[:rows].ravel(), minlength=len(kinds))
        below = np.bincount(numbers[rows:].ravel(), minlength=len(kinds))
        for number in range(1, len(kinds)):
            if above[number]:
                goes_on = int(below[number] > 0)
                found = [1, goes_on, above[number], goes_on * above[number]]
                seen.loc[of[int(kinds[number])]] += np.array(found)
    share = seen["crossed"] / seen["pixels"].where(seen["pixels"] > 0)
    return seen[["objects", "crossing"]].assign(share=share).rename_axis("defect").reset_index()


def divided(data: Dataset, test: int = 0) -> str:
    """A sentence for the prose: how the images are divided."""
    if not data.parts:
        return (
            "The first third of the rows of each image validates, the rest trains (thesis 3.1); no "
            "pixel is in both."
        )
    kept = f" {test} more are kept for the test." if test else ""
    train, validate = len(training_regions(data)), len(validation_regions(data))
    return f"Whole images are divided: {train} train and {validate} validate.{kept}"


def labels(foils: Sequence[Foil], n_classes: int) -> np.ndarray:
    """int64 (foils, n_classes - 1): objects of each defect in each image."""
    found = [[components(f.mask == c)[1] for c in range(1, n_classes)] for f in foils]
    return np.array(found, np.int64).reshape(len(foils), n_classes - 1)


def stratified(
    counts: np.ndarray, units: Sequence[str], shares: dict[str, float], generator
) -> dict[str, str]:
    """Unit -> part, so that every part has its share of every class, the rarest first.

    Iterative stratification: of the class with the fewest objects left, each unit that shows it
    goes to the part that lacks most of that class; of equal ones to the one that lacks most
    images. Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label data", ECML PKDD
    2011, doi 10.1007/978-3-642-23808-6_10; units of several images count all of their objects.

    Parameters
    ----------
    counts : int (images, classes), objects.
    units : of each image, what it cannot be parted from: its group, or itself.
    shares : part -> share, adding up to 1.
    generator : for the order of units that are alike.

    Raises
    ------
    ValueError
        If there are fewer units than parts.
    """
    names = sorted(set(units))
    if len(names) < len(shares):
        raise ValueError(f"{len(names)} group(s) cannot be divided into {len(shares)} parts")
    place = np.array([names.index(unit) for unit in units])
    each = np.zeros((len(names), counts.shape[1] + 1))
    np.add.at(each, place, np.column_stack([counts, np.ones(len(units))]))
    lacking = np.outer(list(shares.values()), each.sum(axis=0))
    waiting = generator.permutation(len(names)).tolist()
    made: dict[str, str] = {}
    while waiting:
        left = each[waiting].sum(axis=0)[:-1]
        column = int(np.where(left > 0, left, np.inf).argmin()) if left.any() else -1
        own = sorted((u for u in waiting if each[u, column]), key=lambda u: -each[u, column])
        for unit in own:
            part = max(range(len(shares)), key=lambda p: (lacking[p, column], lacking[p, -1]))
            lacking[part] -= each[unit]
            made[names[unit]] = list(shares)[part]
            waiting.remove(unit)
    return made
