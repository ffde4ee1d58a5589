"""Labels against the truth: what the annotators missed, drew too coarsely or took for another.

Only for data with a truth, that is the twin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from foilseg.data import defects
from foilseg.data.components import objects
from foilseg.data.dataset import Foil, LabelClass


def label_errors(
    foils: Sequence[Foil], classes: Sequence[LabelClass], coarse: float = 1.5
) -> pd.DataFrame:
    """Counts of objects and of pixels, one row a defect class, in the order of ``classes``.

    An object of the truth is *missed* if no pixel of it has a defect's label; it has the *wrong
    class* if more of its labelled pixels are another defect's than its own. An object of the
    labels is *coarse* if it has more than ``coarse`` times the pixels of its class's truth
    inside it, and at least one.

    Columns
    -------
    objects, missed_objects, wrong_objects : objects of the truth.
    label_objects, coarse_objects : objects of the labels.
    truth_pixels, label_pixels : sizes.
    missed_pixels : the class in the truth, background in the labels.
    wrong_pixels : the class in the truth, another defect in the labels.
    excess_pixels : the class in the labels, background in the truth.

    Raises
    ------
    ValueError
        If a foil has no truth, or ``coarse`` is below 1.
    """
    if coarse < 1:
        raise ValueError(f"coarse: {coarse} is below 1; an exact outline has 1")
    n = len(classes)
    objects_found = np.zeros((n, 5), np.int64)
    pixels = np.zeros((n, n), np.int64)
    for foil in foils:
        if foil.truth is None:
            raise ValueError(f"{foil.name}: has no truth to compare its labels with")
        pairs = foil.truth.astype(np.int64) * n + foil.mask
        pixels += np.bincount(pairs.ravel(), minlength=n * n).reshape(n, n)
        objects_found[:, :3] += _of_truth(foil, n)
        objects_found[:, 3:] += _of_labels(foil, n, coarse)
    own = [c for c in classes if c.index]
    index = [c.index for c in own]
    columns = ["objects", "missed_objects", "wrong_objects", "label_objects", "coarse_objects"]
    frame = pd.DataFrame(objects_found[index], columns=columns)
    frame.insert(0, "name", [c.name for c in own])
    frame["truth_pixels"] = pixels.sum(1)[index]
    frame["label_pixels"] = pixels.sum(0)[index]
    frame["missed_pixels"] = pixels[index, 0]
    frame["wrong_pixels"] = (pixels[:, 1:].sum(1) - pixels.diagonal())[index]
    frame["excess_pixels"] = pixels[0, index]
    return frame


def wrong_names(
    foils: Sequence[Foil], rows: Sequence[pd.Series], classes: Sequence[LabelClass]
) -> str:
    """Which annotated objects are another defect in truth, as sentences.

    ``rows`` are some of :func:`foilseg.data.defects.table`. The truth of an object is the class
    that most of its pixels with a defect have; one without such a pixel has no name.
    """
    by_name, names = {foil.name: foil for foil in foils}, {c.index: c.name for c in classes}
    if any(foil.truth is None for foil in foils):
        return "These data have no truth, so nobody can say whether all names are right."
    told = []
    for row in rows:
        foil = by_name[row["foil"]]
        counts = np.bincount(foil.truth[defects.pixels_of(foil, row)], minlength=2)[1:]
        true = 1 + int(counts.argmax())
        if counts.any() and true != row["index"]:
            kinds = names[row["index"]], names[true]
            words = "The {} of {:,} pixels is in truth of the class {}."
            told.append(words.format(kinds[0], row["area"], kinds[1]))
    return " ".join(told) or "All of them are named rightly."


def _shared(numbers: np.ndarray, n_objects: int, other: np.ndarray, n: int) -> np.ndarray:
    """Pixels of each object by the class index of another mask: int64 (objects, n)."""
    pairs = numbers.astype(np.int64) * n + other
    return np.bincount(pairs.ravel(), minlength=n_objects * n).reshape(n_objects, n)


def _of_truth(foil: Foil, n: int) -> np.ndarray:
    numbers, kinds = objects(foil.truth, n)
    shared = _shared(numbers, len(kinds), foil.mask, n)[1:]
    kinds = kinds[1:]
    right = shared[np.arange(len(kinds)), kinds]
    labelled = shared[:, 1:].sum(1)
    counts = np.zeros((n, 3), np.int64)
    for column, chosen in enumerate((labelled >= 0, labelled == 0, labelled - right > right)):
        counts[:, column] = np.bincount(kinds[chosen], minlength=n)
    return counts


def _of_labels(foil: Foil, n: int, coarse: float) -> np.ndarray:
    numbers, kinds = objects(foil.mask, n)
    shared = _shared(numbers, len(kinds), foil.truth, n)[1:]
    kinds = kinds[1:]
    true = shared[np.arange(len(kinds)), kinds]
    large = (true > 0) & (shared.sum(1) > coarse * true)
    counts = [np.bincount(kinds, minlength=n), np.bincount(kinds[large], minlength=n)]
    return np.stack(counts, axis=1)
