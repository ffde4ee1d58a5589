"""The audit of the labels: objects that several models agree on and the annotation does not have.

The thesis saw such objects by eye (5.3). Here an object is a connected area (eight neighbours) in
which at least ``agree`` models say the same defect. It is a *candidate* if the annotation says
that defect in less than a tenth of its pixels; the rim of an annotated object is therefore none.
Only predictions of regions that the models were not trained on may be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from scipy import ndimage

from foilseg.data import images
from foilseg.data.components import BOX, boxes, components, corner_and_size
from foilseg.data.dataset import Foil, LabelClass

OVERLAP = 0.1  # an object with less than this share of another mask is not in it
VOTERS = 3  # networks that audit training regions, each trained on a part of the foils
PAGE_NAME = 285  # the TIFF tag that GIMP takes the name of a layer from
LAYERS = ("annotation", "with candidates")
MISSING, OTHER = "not annotated", "other defect"
COLUMNS = ["foil", "object", "defect", "kind", "score", "agreement", "confidence", "pixels"]


@dataclass(frozen=True, eq=False)
class Audit:
    """The candidates of some foils.

    Attributes
    ----------
    table : one row a candidate, the highest score first; see :func:`audit`.
    numbers : foil name -> int32 (H, W), the number of the candidate in each pixel, 0 elsewhere.
    """

    table: pd.DataFrame
    numbers: dict[str, np.ndarray]


def audit(
    foils: Sequence[Foil],
    masks: Mapping[str, Mapping[str, np.ndarray]],
    classes: Sequence[LabelClass],
    agree: int = 2,
    confidence: Mapping[str, Mapping[str, np.ndarray]] | None = None,
) -> Audit:
    """Find the candidates.

    Parameters
    ----------
    foils : regions that no model was trained on.
    masks : foil name -> model -> predicted mask uint8 (H, W).
    agree : how many models have to agree, at least 1 and at most all.
    confidence : foil name -> model -> float (H, W), how sure the model is of its prediction in
        each pixel, where that is known (:func:`foilseg.measured.confidence.maps`).

    Returns
    -------
    The audit. Its table has the columns foil, object (number within the foil), defect, kind
    ("not annotated", or annotated as an "other defect"), score, agreement (mean share of the
    models that say the defect, over the object's pixels), confidence (mean over these pixels and
    the models that say the defect there, NaN if unknown), pixels, and top, left, height, width.
    The score is agreement times confidence, or the agreement alone; so it is the mean over all
    models and pixels, one that does not say the defect counting 0. No candidate gives a table of
    no rows.

    Raises
    ------
    ValueError
        If ``agree`` is out of range, a foil has no prediction, or a mask or a confidence has
        another size or is missing.
    """
    rows, numbers = [], {}
    for foil in foils:
        shares = _shares(foil, masks.get(foil.name, {}), classes, agree)
        sure = _sure(foil, masks[foil.name], confidence)
        least = agree / len(masks[foil.name]) - 1e-9
        found, numbers[foil.name] = _candidates(foil, shares, classes, least, sure)
        rows += found
    table = pd.DataFrame(rows, columns=[*COLUMNS, *BOX])
    table["score"] = table["agreement"] * table["confidence"].astype(float).fillna(1.0)
    order = ["score", "pixels", "foil", "object"]
    table = table.sort_values(order, ascending=[False, False, True, True], ignore_index=True)
    return Audit(table, numbers)


def _shares(foil: Foil, masks, classes, agree: int) -> dict[int, np.ndarray]:
    """Class index -> share of the models that say it in each pixel."""
    if not masks:
        raise ValueError(f"masks: {foil.name} has no prediction; predict it first")
    if not 1 <= agree <= len(masks):
        raise ValueError(f"agree: {agree} of {len(masks)} models; choose 1 to {len(masks)}")
    for title, mask in masks.items():
        if mask.shape != foil.shape:
            raise ValueError(f"masks: {title} has {mask.shape} pixels, {foil.name} {foil.shape}")
    stack = np.stack(list(masks.values()))
    return {c.index: (stack == c.index).mean(axis=0) for c in classes if c.index}


def _sure(foil: Foil, masks, confidence):
    """The masks and the confidences of all models, each (M, H, W); None if unknown."""
    if confidence is None:
        return None
    known = confidence.get(foil.name, {})
    for title in masks:
        if title not in known or known[title].shape != foil.shape:
            raise ValueError(f"confidence: none of {title} for {foil.name} in its size")
    return np.stack(list(masks.values())), np.stack([known[title] for title in masks])


def _candidates(foil: Foil, shares, classes, least: float, known):
    numbers, rows = np.zeros(foil.shape, np.int32), []
    for c in (c for c in classes if c.index):
        found, count = components(shares[c.index] >= least)
        own = ndimage.mean(foil.mask == c.index, found, np.arange(1, count + 1))
        for k, box in enumerate(boxes(found), 1):
            if own[k - 1] >= OVERLAP:
                continue
            inside = found[box] == k
            sure = np.nan
            if known is not None:
                said, values = (stack[:, *box][:, inside] for stack in known)
                sure = float(values[said == c.index].mean())
            numbers[box][inside] = len(rows) + 1
            agreement = float(shares[c.index][box][inside].mean())
            labelled = float((foil.mask[box][inside] > 0).mean())
            rows.append(
                {
                    "foil": foil.name,
                    "object": len(rows) + 1,
                    "defect": c.name,
                    "kind": OTHER if labelled > 0.5 else MISSING,
                    "agreement": agreement,
                    "confidence": sure,
                    "pixels": int(inside.sum()),
                    **dict(zip(BOX, corner_and_size(box))),
                }
            )
    return rows, numbers


def above(found: Audit, confidence: float) -> Audit:
    """The candidates of a confidence above a bound, under their numbers; the others are gone.

    Raises
    ------
    ValueError
        If the confidence of a candidate is not known.
    """
    if found.table["confidence"].isna().any():
        raise ValueError("confidence: not known of every candidate; give audit() the confidences")
    kept = found.table[found.table["confidence"] > confidence].reset_index(drop=True)
    numbers = {}
    for foil, each in found.numbers.items():
        own = kept.loc[kept["foil"] == foil, "object"].to_numpy(int)
        numbers[foil] = np.where(np.isin(each, own), each, 0).astype(each.dtype)
    return Audit(kept, numbers)


def most(models: int) -> int:
    """How many models have to agree if nothing else is said: half of them, rounded up."""
    return max(1, -(-models // 2))


def export(
    found: Audit, foils: Sequence[Foil], classes: Sequence[LabelClass], folder: Path
) -> list[Path]:
    """Write ``audit.csv`` and, for each foil, its label layers.

    ``NAME.tif`` has two pages, which GIMP opens as layers of these names and napari as a stack:
    "annotation", and "with candidates", the annotation with the candidates entered. Both are
    indexed: their values are the class indices, their palette the class colours. Existing files
    are written anew.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    found.table.to_csv(folder / "audit.csv", index=False)
    written = [folder / "audit.csv"]
    for foil in foils:
        layers = foil.mask, corrected(found, foil, classes)
        pages = [_page(mask, classes, name) for mask, name in zip(layers, LAYERS)]
        path = folder / f"{foil.name}.tif"
        options = {"save_all": True, "append_images": pages[1:], "compression": "tiff_deflate"}
        pages[0].save(path, "tiff", **options, **pages[0].encoderinfo)
        written.append(path)
    return written


def _page(mask: np.ndarray, classes: Sequence[LabelClass], name: str) -> Image.Image:
    palette = np.zeros((256, 3), np.uint8)
    for c in classes:
        palette[c.index] = images.rgb(c.colour)
    page = Image.frombytes("P", mask.shape[::-1], np.ascontiguousarray(mask, np.uint8).tobytes())
    page.putpalette(palette.tobytes())
    page.encoderinfo = {"tiffinfo": {PAGE_NAME: name}}
    return page


def corrected(found: Audit, foil: Foil, classes: Sequence[LabelClass]) -> np.ndarray:
    """The annotation with every candidate entered: uint8 (H, W)."""
    index = {c.name: c.index for c in classes}
    rows = found.table[found.table["foil"] == foil.name]
    numbers = found.numbers[foil.name]
    kinds = np.zeros(int(numbers.max(initial=0)) + 1, np.uint8)
    kinds[rows["object"].to_numpy(int)] = [index[name] for name in rows["defect"]]
    return np.where(numbers > 0, kinds[numbers], foil.mask).astype(np.uint8)
