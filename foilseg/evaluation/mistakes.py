"""Predictions -> objects found and missed, and what kind of errors a model makes.

The thesis reads from pictures that models with changed losses overestimate the size of defects
rather than invent some (4.2), and that those with ICF weights make noise as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import pandas as pd

from foilseg.data.components import components
from foilseg.data.dataset import Foil, LabelClass
from foilseg.data.nearness import distance_to
from foilseg.evaluation import metrics

HALF = 0.5
NEAR = 3.0  # pixels; a false object further than this from any of its defect is away from it


def objects(predicted: np.ndarray, reference: np.ndarray, c: LabelClass) -> pd.DataFrame:
    """One row an 8-connected object of a class in the reference: pixels, hit (pixels of it that
    the prediction gives the same class). No object, no row.
    """
    labels, number = components(reference == c.index)
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
    labels, number = components(predicted == c.index)
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


def area_ratios(reference: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Predicted over labelled area of each hit defect: float64 (n,).

    Both masks are boolean (H, W). A hit defect is a connected area of their union that contains a
    pixel of both in common; several objects that grew together are one.
    """
    areas, count = components(reference | predicted)
    both, said, true = (
        np.bincount(areas[mask], minlength=count + 1)
        for mask in (reference & predicted, predicted, reference)
    )
    hit = both > 0
    return said[hit] / true[hit]


def false_positive_distances(
    reference: np.ndarray, predicted: np.ndarray, distance: np.ndarray | None = None
) -> np.ndarray:
    """Distance in pixels of each false-positive pixel to the nearest pixel of the defect.

    Infinite if the reference has none; float64 (n,). ``distance`` :
    :func:`foilseg.data.nearness.distance_to` of the reference, if it is there already.
    """
    distance = distance_to(reference) if distance is None else distance
    return distance[predicted & ~reference]


def false_objects(
    reference: np.ndarray,
    predicted: np.ndarray,
    near: float = NEAR,
    distance: np.ndarray | None = None,
) -> int:
    """Predicted objects all of whose pixels are further than ``near`` from the defect.

    ``distance`` : as in :func:`false_positive_distances`.
    """
    objects, count = components(predicted)
    distance = distance_to(reference) if distance is None else distance
    return count - len(np.unique(objects[predicted & (distance <= near)]))


def nature(
    foils: Sequence[Foil],
    masks: Mapping[str, Mapping[str, np.ndarray]],
    classes: Sequence[LabelClass],
    truth: bool = False,
) -> pd.DataFrame:
    """The nature of the errors, one row a model and defect, over all foils.

    Columns
    -------
    model, defect, "hit defects" and the median of their "area ratio", "false pixels" with the
    share "near share" at most 3 pixels from the defect and their "median distance" (infinite
    where a foil has no such defect), and "false objects" away from any.
    """
    values: dict[tuple[str, str], list] = {}
    for foil in foils:
        reference = foil.truth if truth else foil.mask
        defects = [(c, reference == c.index) for c in classes if c.index]
        far = {c.name: distance_to(true) for c, true in defects}
        for model, mask in masks[foil.name].items():
            for c, true in defects:
                part = _errors(true, mask == c.index, far[c.name])
                values.setdefault((model, c.name), []).append(part)
    rows = []
    for (model, defect), parts in values.items():
        ratios, distances, objects = (list(column) for column in zip(*parts))
        ratios, distances = np.concatenate(ratios), np.concatenate(distances)
        rows.append(
            {
                "model": model,
                "defect": defect,
                "hit defects": len(ratios),
                "area ratio": np.median(ratios) if len(ratios) else np.nan,
                "false pixels": len(distances),
                "near share": np.mean(distances <= NEAR) if len(distances) else np.nan,
                "median distance": np.median(distances) if len(distances) else np.nan,
                "false objects": sum(objects),
            }
        )
    return pd.DataFrame(rows)


def nature_of_models(table: pd.DataFrame) -> pd.DataFrame:
    """:func:`nature` of all defects together, one row per model.

    Columns model, "area ratio" (mean over the defects), "drawn too large" (defects with a ratio
    above 1), "false pixels" with their "near share", and "false objects".
    """
    near = table["near share"].fillna(0) * table["false pixels"]
    each = table.assign(near=near, large=table["area ratio"] > 1).groupby("model", sort=False)
    columns = {
        "area ratio": each["area ratio"].mean(),
        "drawn too large": each["large"].sum(),
        "false pixels": each["false pixels"].sum(),
        "near share": each["near"].sum() / each["false pixels"].sum(),
        "false objects": each["false objects"].sum(),
    }
    return pd.DataFrame(columns).reset_index()


def _errors(true: np.ndarray, said: np.ndarray, distance: np.ndarray) -> tuple:
    """Area ratios, false-positive distances and false objects of one defect of one foil."""
    if not said.any():
        return np.zeros(0), np.zeros(0), 0
    away = false_objects(true, said, distance=distance)
    return area_ratios(true, said), false_positive_distances(true, said, distance), away


def confusion_between(
    foils: Sequence[Foil], masks: Mapping[str, np.ndarray], classes: Sequence[LabelClass]
) -> pd.DataFrame:
    """Of each defect's labelled pixels, the share that one model calls each class.

    ``masks`` : foil name -> mask. Rows are the labelled defects, columns all classes; a defect
    without a pixel has NaN.
    """
    number = max(c.index for c in classes) + 1
    table = sum(metrics.confusion(f.mask, masks[f.name], number) for f in foils)
    total = table.sum(axis=1, keepdims=True).astype(float)
    shares = table / np.where(total > 0, total, np.nan)
    rows = [c for c in classes if c.index]
    chosen = shares[np.ix_([c.index for c in rows], [c.index for c in classes])]
    names = [c.name for c in classes]
    return pd.DataFrame(chosen, [c.name for c in rows], names).rename_axis("labelled")
