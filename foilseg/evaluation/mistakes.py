"""Predictions -> objects found and missed, and what kind of mistakes the false positives are."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd

from foilseg.data.dataset import LabelClass

HALF = 0.5


def _label(mask: np.ndarray) -> tuple[int, np.ndarray]:
    """Number of 8-connected objects of a boolean mask, and their numbers from 1; 0 elsewhere."""
    number, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return number - 1, labels


def objects(predicted: np.ndarray, reference: np.ndarray, c: LabelClass) -> pd.DataFrame:
    """One row an 8-connected object of a class in the reference: pixels, hit (pixels of it that
    the prediction gives the same class). No object, no row.
    """
    number, labels = _label(reference == c.index)
    pixels = np.bincount(labels.ravel(), minlength=number + 1)[1:]
    hit = np.bincount(labels[predicted == c.index], minlength=number + 1)[1:]
    return pd.DataFrame({"defect": c.name, "pixels": pixels, "hit": hit})


def kinds(predicted: np.ndarray, reference: np.ndarray, c: LabelClass) -> dict[str, int]:
    """What the false positives of a class are, in pixels and objects.

    A false-positive pixel is *misclassified* where the reference has another defect. Else it is
    *oversize* if its predicted object covers a pixel of the class in the reference, and *noise*
    if it does not. ``false_objects`` are predicted objects without a pixel of the class;
    ``noise_objects`` those that touch no defect of any class, not even with a corner.
    """
    number, labels = _label(predicted == c.index)
    on_class = _hit_by(labels, number, reference == c.index)
    wide = cv2.dilate((reference > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    near_any = _hit_by(labels, number, wide)
    false = (labels > 0) & (reference != c.index)
    other = false & (reference > 0)
    oversize = false & (reference == 0) & on_class[labels]
    return {
        "misclassified": int(other.sum()),
        "oversize": int(oversize.sum()),
        "noise": int(false.sum() - other.sum() - oversize.sum()),
        "predicted_objects": number,
        "false_objects": int((~on_class[1:]).sum()),
        "noise_objects": int((~near_any[1:]).sum()),
    }


def _hit_by(labels: np.ndarray, number: int, where: np.ndarray) -> np.ndarray:
    """bool (number + 1,): the objects with a pixel in ``where``; object 0 never."""
    found = np.bincount(labels[where], minlength=number + 1) > 0
    found[0] = False
    return found


def against_truth(
    predicted: np.ndarray, label: np.ndarray, truth: np.ndarray, c: LabelClass
) -> dict[str, int]:
    """Pixels that the annotation calls mistakes, and those of them that the truth does not.

    ``fp_real`` : false positives that are of the class in the truth. ``fn_no_defect`` : misses
    that are background in the truth.
    """
    claimed, marked = predicted == c.index, label == c.index
    fp, fn = claimed & ~marked, marked & ~claimed
    return {
        "fp": int(fp.sum()),
        "fp_real": int((fp & (truth == c.index)).sum()),
        "fn": int(fn.sum()),
        "fn_no_defect": int((fn & (truth == 0)).sum()),
    }


def object_scores(found: pd.DataFrame, mistakes: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Objects found, false ones per megapixel, and the size of what was missed, per group.

    Parameters
    ----------
    found : rows of :func:`objects` with the columns of ``by``.
    mistakes : rows of :func:`kinds` with the columns of ``by`` and ``region`` (pixels of the
        region that was searched).

    Returns
    -------
    Per group: objects; found (share with any overlap); half found (at least half of the pixels);
    median size missed (of objects without overlap, pixels); false objects per megapixel. Shares
    of no object, and the median of none, are NaN.
    """
    rows = []
    for key, part in mistakes.groupby(list(by), sort=False, observed=True):
        same = np.logical_and.reduce([found[k] == v for k, v in zip(by, key)])
        each = found[same]
        rows.append(
            {
                **dict(zip(by, key)),
                "objects": len(each),
                "found": (each["hit"] > 0).mean(),
                "half found": (each["hit"] >= HALF * each["pixels"]).mean(),
                "median size missed": each.loc[each["hit"] == 0, "pixels"].median(),
                "false objects per megapixel": 1e6
                * part["false_objects"].sum()
                / part["region"].sum(),
            }
        )
    return pd.DataFrame(rows)
