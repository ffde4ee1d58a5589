"""Tables 3.1 to 3.7 recomputed: ratios, weights, and the composition of the training sets.

What a formula of the thesis leaves open is settled by trying every reading of it on the whole
table and taking the one that most cells agree with.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import permutations, product

import numpy as np
import pandas as pd

from foilseg.thesis import published
from foilseg.thesis.checks import AGREES, DIFFERS, Cell, compare

DIGITS = 3  # of Tables 3.6 and 3.7
POWERS = {"ICF": 1.0, "ISCF": 0.5}
SCALES = {
    "normalised to the number of classes": lambda n: float(n),
    "normalised to 1": lambda n: 1.0,
    "divided by the number of classes (Eq. 3.5 as printed)": lambda n: 1 / n,
}


@cache
def setting(quantity: str) -> float:
    """A number of the thesis's text, by its quantity."""
    text = published.table("text")
    return float(text.loc[text["quantity"] == quantity, "printed"].iloc[0])


def _pixels() -> pd.Series:
    return published.table("training_pixels").set_index("class")["pixels"]


def ratio_cells() -> list[Cell]:
    """Table 3.2 from Table 3.1, and the ratio that section 3.1 quotes.

    ``1:n`` must be the nearest whole number. Of a ratio like 3:4 no fraction with numbers as
    small may be nearer.
    """
    pixels = _pixels()
    pixels["total_defects"] = pixels.drop("background").sum()
    cells = []
    for one, other, ratio in published.table("pixel_ratios").itertuples(index=False):
        left, right = map(int, ratio.split(":"))
        where = f"{one} : {other}".replace("_", " ")
        value = pixels[one] / pixels[other]
        if 1 in (left, right):
            number, value = (right, 1 / value) if left == 1 else (left, value)
            cells.append(compare("Table 3.2", where, "Table 3.1", number, value))
        else:
            cells.append(_fraction(where, left, right, value))
    per = pixels["background"] / pixels["cavity"]
    quoted = setting("background per pixel")
    return [*cells, compare("section 3.1", "cavity : background", "Table 3.1", quoted, per)]


def _fraction(where: str, left: int, right: int, value: float) -> Cell:
    largest = max(left, right)
    every = list(product(range(1, largest + 1), repeat=2))
    a, b = min(every, key=lambda pair: (abs(pair[0] / pair[1] - value), sum(pair)))
    same = a * right == b * left
    verdict, should = (AGREES, "") if same else (DIFFERS, f"{a}:{b}")
    return Cell("Table 3.2", where, "Table 3.1", left / right, value, verdict, should)


def total_cells() -> list[Cell]:
    """Printed sums of defect pixels, and the share of the validation regions."""
    text = published.table("text")
    sets = published.table("trainset_composition")
    sets = sets[sets["quantity"] == "pixels"].set_index("train_set").drop(columns="quantity")
    sums = sets.drop(columns="background").sum(axis=1)
    sums["training_pixels"] = _pixels().drop("background").sum()
    cells = [
        compare(row["place"], "defect pixels", "sum of the defects", row["printed"], value)
        for _, row in text[text["kind"] == "total"].iterrows()
        for value in [float(sums[row["subject"]])]
    ]
    first = published.table("counts").iloc[0]
    held_out = first["P"] + first["N"]
    share = held_out / (held_out + _pixels().sum())
    rule = "Table A1, P + N, against Table 3.1"
    split = setting("share of rows")
    return [*cells, compare("section 3.1", "validation split", rule, split, share, 2)]


def composition_cells() -> list[Cell]:
    """Tables 3.3 to 3.5: pixels must fill as many patches as there are samples."""
    area = setting("edge in pixels") ** 2
    cells = []
    groups = published.table("trainset_composition").groupby("train_set", sort=False)
    for number, (name, group) in enumerate(groups, 3):
        rows = group.set_index("quantity").drop(columns="train_set")
        place, samples = f"Table 3.{number}", float(rows.loc["samples"].sum())
        pixels = float(rows.loc["pixels"].sum())
        rule = "samples x area of a patch"
        cells.append(compare(place, "pixels, sum of all classes", rule, pixels, samples * area))
        defects = rows.loc["pixels"].drop("background")
        if name == "equal_pixels":
            cells += _tolerance(place, defects)
    return cells


def _tolerance(place: str, pixels: pd.Series) -> Iterator[Cell]:
    bound = setting("tolerance of pixel counts")
    bases = {"largest": pixels.max(), "smallest": pixels.min()}
    shares = {name: (pixels.max() - pixels.min()) / base for name, base in bases.items()}
    kept = [name for name, share in shares.items() if share <= bound]
    for name, share in shares.items():
        rule = f"section 3.3: differ by at most {bound:g} of the {name}"
        if name in kept:
            yield Cell(place, "pixels, spread", rule, bound, share, AGREES)
        else:
            reading = f"holds as a share of the {kept[0]}" if kept else ""
            should = f"at least {share:.3f}"
            yield Cell(place, "pixels, spread", rule, bound, share, DIFFERS, should, reading)


def weight_cells() -> list[Cell]:
    """Table 3.6 from Table 3.1, in the reading of Eq. 3.5 that fits most cells."""
    printed = published.table("class_weights").set_index("scheme")
    pixels = _pixels()[printed.columns]
    readings = _weight_readings(printed.index, pixels.to_numpy(float))
    name, values = _best(printed.to_numpy(), readings)
    rule = f"Table 3.1, {name}"
    return [
        compare("Table 3.6", f"{scheme}, {c}", rule, printed.loc[scheme, c], values[i, j], DIGITS)
        for i, scheme in enumerate(printed.index)
        for j, c in enumerate(printed.columns)
    ]


def _weight_readings(schemes, pixels: np.ndarray) -> dict[str, np.ndarray]:
    frequency = np.array([pixels ** -POWERS[scheme] for scheme in schemes])
    shares = frequency / frequency.sum(axis=1, keepdims=True)
    return {name: shares * scale(len(pixels)) for name, scale in SCALES.items()}


def weight_readings() -> pd.Series:
    """How many of the printed weights of Table 3.6 each reading of Eq. 3.5 gives."""
    printed = published.table("class_weights").set_index("scheme")
    pixels = _pixels()[printed.columns].to_numpy(float)
    fits = {k: _fits(printed, v) for k, v in _weight_readings(printed.index, pixels).items()}
    return pd.Series(fits, name="cells that fit")


def binary_weight_cells() -> list[Cell]:
    """Table 3.7 from Table 3.1: normalisations and orders of the columns are tried in turn.

    A weight belongs to the column it is printed in, so a reading with other columns explains a
    difference and does not remove it.
    """
    printed = published.table("binary_weights").set_index("class")
    total = _pixels().sum()
    positive = _pixels()[list(printed.columns)].to_numpy(float)
    frequency = np.stack([total - positive, positive]) ** -POWERS["ISCF"]
    shares = frequency / frequency.sum(axis=0)
    readings = {
        (name, order): (shares * scale(2))[:, order]
        for name, scale in SCALES.items()
        for order in permutations(range(len(positive)))
    }
    (name, order), _ = _best(printed.loc[["negative", "positive"]].to_numpy(), readings)
    values = shares * SCALES[name](2)
    cells = []
    for j, column in enumerate(printed.columns):
        taken = printed.columns[order[j]]
        reading = "" if taken == column else f"it is the weight of {taken}: columns swapped"
        for i, row in enumerate(("negative", "positive")):
            number, where = printed.loc[row, column], f"{row}, {column}"
            rule = f"Table 3.1, {name}"
            cells.append(
                compare("Table 3.7", where, rule, number, values[i, j], DIGITS, reading=reading)
            )
    return cells


def _best(printed: np.ndarray, readings: dict) -> tuple:
    """The reading that most printed cells agree with, the first of equals."""
    name = max(readings, key=lambda k: _fits(printed, readings[k]))
    return name, readings[name]


def _fits(printed: np.ndarray, values: np.ndarray) -> int:
    return int(np.sum(np.abs(np.asarray(printed) - values) <= 0.5001 * 10.0**-DIGITS))
