"""The thesis's printed tables: each value carries the table it was printed in.

The CSV files in ``foilseg/thesis`` hold the digits as printed, misprints included; nothing is
corrected here. What a printed number *should* be is a question for the audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import pandas as pd

from foilseg.data.dataset import Dataset

SOURCES = {
    "training_pixels": "Table 3.1",
    "pixel_ratios": "Table 3.2",
    "trainset_composition": "Tables 3.3 to 3.5",
    "class_weights": "Table 3.6",
    "binary_weights": "Table 3.7",
    "stability": "Table 4.1",
    "counts": "Table A1",
    "rates": "Table A2",
    "means": "Table A2",
    "text": "text of the thesis",
}

_FILES = {
    "training_pixels": "table_3_1_training_pixels.csv",
    "pixel_ratios": "table_3_2_pixel_ratios.csv",
    "trainset_composition": "tables_3_3_to_3_5_trainset_composition.csv",
    "class_weights": "table_3_6_class_weights.csv",
    "binary_weights": "table_3_7_binary_weights.csv",
    "stability": "table_4_1_stability.csv",
    "counts": "table_a1_counts.csv",
    "rates": "table_a2_rates.csv",
    "means": "table_a2_means.csv",
    "text": "text_numbers.csv",
}


@dataclass(frozen=True)
class Published:
    """One printed number and the place it was printed in.

    Raises
    ------
    ValueError
        If ``source`` is empty: a published number does not exist without its source.
    """

    value: float
    source: str

    def __post_init__(self):
        if not self.source.strip():
            raise ValueError("source: a published number needs the table it was printed in")

    def __float__(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        return f"{self.value} ({self.source})"


@cache
def _read(name: str) -> pd.DataFrame:
    if name not in _FILES:
        raise KeyError(f"table {name!r} is not published; choose one of {', '.join(_FILES)}")
    with resources.files("foilseg").joinpath("thesis", _FILES[name]).open() as file:
        frame = pd.read_csv(file)
    frame.attrs["source"] = SOURCES[name]
    return frame


def table(name: str) -> pd.DataFrame:
    """A printed table as a DataFrame; ``frame.attrs["source"]`` names it.

    Parameters
    ----------
    name : one of ``published.SOURCES``.

    Raises
    ------
    KeyError
        If there is no such table; the message lists those there are.
    """
    return _read(name).copy()


def value(name: str, column: str, /, **where: str) -> Published:
    """One cell, e.g. ``value("rates", "TPR", model="Baseline", defect="Cavity")``.

    Raises
    ------
    KeyError
        If the table or the column is not there, or if ``where`` does not pick exactly one row.
    """
    frame = _read(name)
    unknown = [key for key in (column, *where) if key not in frame]
    if unknown:
        raise KeyError(f"{SOURCES[name]} has no column {unknown[0]!r}; it has {list(frame)}")
    rows = frame
    for key, wanted in where.items():
        rows = rows[rows[key] == wanted]
    if len(rows) != 1:
        raise KeyError(f"{SOURCES[name]}: {where} picks {len(rows)} rows, not one")
    return Published(rows[column].item(), SOURCES[name])


def training_pixels() -> dict[str, int]:
    """Pixels per class in the thesis's training regions (Table 3.1), keyed by class name."""
    frame = _read("training_pixels")
    return {name.replace("_", " "): int(n) for name, n in zip(frame["class"], frame["pixels"])}


def is_comparable(dataset: Dataset) -> bool:
    """Whether the thesis's printed numbers are about these classes."""
    return {c.name for c in dataset.classes} == set(training_pixels())
