"""What kind of errors a model makes: too large, in the wrong place, or of the wrong defect.

The thesis reads from pictures that models with changed losses overestimate the size of defects
rather than invent some (4.2), and that those with ICF weights make noise as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import ndimage

from foilseg.data.dataset import Foil, LabelClass
from foilseg.data.defects import EIGHT
from foilseg.data.nearness import distance_to
from foilseg.evaluation import metrics

NEAR = 3.0  # pixels; a false object further than this from any of its defect is away from it


def area_ratios(reference: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Predicted over labelled area of each hit defect: float64 (n,).

    Both masks are boolean (H, W). A hit defect is a connected area of their union that contains a
    pixel of both in common; several objects that grew together are one.
    """
    areas, count = ndimage.label(reference | predicted, EIGHT)
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
    objects, count = ndimage.label(predicted, EIGHT)
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
