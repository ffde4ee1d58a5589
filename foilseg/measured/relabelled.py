"""What a round of relabelling enters into the labels, judged by the truth that it does not use.

Worked out while the voters are there (``python -m benchmarks.relabelled``), and read afterwards.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from foilseg.data.dataset import Dataset, training_regions
from foilseg.evaluation import label_audit, label_audit_quality

TABLE = Path(__file__).with_name("relabelled.csv")  # written by benchmarks.relabelled
COUNTS = ["proposed", "entered", "right", "missing", "found"]
PIXELS = ["annotated", "pixels entered", "pixels right", "pixels missing"]


def counted(data: Dataset, found: label_audit.Audit, confidence: float) -> pd.DataFrame:
    """What an audit of the training regions proposes, and what of it is entered, by defect.

    Columns
    -------
    defect; objects: ``proposed``, ``entered`` (with a confidence above the bound), ``right`` of
    these (:func:`foilseg.evaluation.label_audit_quality.confirmed`), ``missing`` from the
    annotation, and ``found`` of these by right ones; pixels: ``annotated``, ``pixels entered``,
    ``pixels right`` (of these, those of the defect in truth) and ``pixels missing`` (of the defect
    in truth, and annotated as something else).

    Raises
    ------
    ValueError
        If the data have no truth, or the confidence of a candidate is not known.
    """
    regions = training_regions(data)
    entered = label_audit.above(found, confidence)
    judged = label_audit_quality.judged(entered, regions, data.classes)
    if judged.empty:
        raise ValueError(f"{data.name}: has no truth to judge new labels by")
    every = found.table["defect"].value_counts()
    proposed = [int(every.get(name, 0)) for name in judged["defect"]]
    objects = judged.rename(columns={"candidates": "entered"}).assign(proposed=proposed)
    pixels = [_pixels(regions, entered, data, c.index) for c in data.defects]
    return pd.concat([objects[["defect", *COUNTS]], pd.DataFrame(pixels, columns=PIXELS)], axis=1)


def _pixels(regions, entered: label_audit.Audit, data: Dataset, label: int) -> list[int]:
    """Of all regions, the pixels of :data:`PIXELS`."""
    total = [0] * len(PIXELS)
    for region in regions:
        new = label_audit.corrected(entered, region, data.classes)
        added = (new == label) & (region.mask != label)
        true = region.truth == label
        each = (region.mask == label, added, added & true, true & (region.mask != label))
        total = [before + int(more.sum()) for before, more in zip(total, each)]
    return total


def table() -> pd.DataFrame:
    """The stored counts, a row a training and defect: ``seed`` and those of :func:`counted`."""
    return pd.read_csv(TABLE)


def summary(counts: pd.DataFrame) -> pd.DataFrame:
    """Means over the trainings, a row a defect in the order of the table.

    Columns defect, ``proposed``, ``entered``, ``right`` (share of the objects entered, NaN if there
    is none), ``found`` (share of the missing objects), and ``added area`` (pixels entered, as a
    share of those annotated).
    """
    sums = counts.groupby("defect", sort=False)[[*COUNTS, *PIXELS]].sum()
    number = counts["seed"].nunique()
    result = sums[["proposed", "entered"]] / number
    result["right"] = sums["right"] / sums["entered"]
    result["found"] = sums["found"] / sums["missing"]
    result["added area"] = sums["pixels entered"] / sums["annotated"]
    return result.reset_index()
