"""Data and printed numbers -> the tables a chapter shows, published beside reproduced."""

from __future__ import annotations

import numpy as np
import pandas as pd

from foilseg.book.readable import headed, readable
from foilseg.data.dataset import Dataset, class_pixels, training_regions
from foilseg.networks import weighting
from foilseg.numbers import UNDEFINED, three_digits
from foilseg.thesis import published


def foil_sizes(dataset: Dataset) -> pd.DataFrame:
    """Per foil: the region of interest in pixels, and the share of it that is any defect.

    The region starts at a row and column of the image file.
    """
    counts = class_pixels(dataset.foils, len(dataset.classes))
    rows = [
        {
            "foil": foil.name,
            "rows": foil.shape[0],
            "columns": foil.shape[1],
            "region starts at": "{}, {}".format(*foil.origin),
            "megapixels": foil.mask.size / 1e6,
            "defect share": number[1:].sum() / number.sum(),
        }
        for foil, number in zip(dataset.foils, counts)
    ]
    return pd.DataFrame(rows)


def training_pixels(dataset: Dataset, truth: bool = False) -> pd.DataFrame:
    """Pixels, share and background ratio of each class in the training regions (Table 3.1).

    For the thesis's classes the published columns stand beside the reproduced ones, with the
    deviation of the share, relative to the published share. A class without a pixel has a ratio
    of NaN.
    """
    counts = class_pixels(training_regions(dataset), len(dataset.classes), truth).sum(axis=0)
    table = _shares([c.name for c in dataset.classes], [counts[c.index] for c in dataset.classes])
    if not published.is_comparable(dataset):
        return table
    printed = published.training_pixels()
    theirs = _shares(list(table["class"]), [printed[name] for name in table["class"]])
    for column in ("pixels", "background per pixel"):
        table[f"published {column}"] = theirs[column]
    table["published share"] = theirs["share"]
    table["deviation of share"] = table["share"] / theirs["share"] - 1
    return table


def _shares(names: list[str], pixels: list[int]) -> pd.DataFrame:
    number = np.array(pixels, np.float64)
    ratio = number[0] / np.where(number > 0, number, np.nan)
    columns = {"class": names, "pixels": pixels, "share": number / number.sum()}
    return pd.DataFrame({**columns, "background per pixel": ratio})


def pixel_ratios(dataset: Dataset) -> pd.DataFrame:
    """How many pixels of the column's class stand against one of the row's (Table 3.2)."""
    counts = class_pixels(training_regions(dataset), len(dataset.classes)).sum(axis=0)
    order = [*dataset.defects, dataset.classes[0]]
    rows = np.array([float(counts[c.index]) or np.nan for c in dataset.defects])[:, None]
    columns = np.array([float(counts[c.index]) for c in order])[None]
    names = [c.name for c in order]
    table = pd.DataFrame(columns / rows, index=names[:-1], columns=names)
    return table.rename_axis("one pixel of")


def ratio_table(dataset: Dataset) -> pd.DataFrame:
    """Printed and reproduced pixel ratios where the thesis prints them, else all of this data."""
    table = published_ratios(dataset)
    return as_ratios(pixel_ratios(dataset)) if table.empty else readable(table)


def annotation_errors(dataset: Dataset) -> pd.DataFrame:
    """Objects and pixels of each defect in truth and labels; no rows where there is no truth."""
    from foilseg.data import label_errors

    if not dataset.has_truth:
        return pd.DataFrame(columns=["defect", "objects", "missed objects", "annotated objects"])
    table = label_errors.label_errors(dataset.foils, dataset.classes)
    names = {"name": "defect", "label_objects": "annotated objects"}
    names |= {"truth_pixels": "true pixels", "label_pixels": "annotated pixels"}
    return table.rename(columns=names).rename(columns=lambda name: name.replace("_", " "))


def annotator_parameters(is_twin: bool) -> pd.DataFrame:
    """The settings of the twin's annotators; no rows for other data, whose nobody knows."""
    from dataclasses import asdict

    from foilseg.twin.annotators import AnnotatorConfig
    from foilseg.twin.kinds import KINDS

    words = {f"miss_{kind.short}": f"rate m: missing a middling {kind.name}" for kind in KINDS}
    words["wrong_class"] = "probability of naming a defect wrongly"
    words["coarseness"] = "mean margin of an outline, in units of 50 micrometres"
    words["haste"] = "variation of margins and rates between foils"
    values = asdict(AnnotatorConfig()) if is_twin else {}
    rows = [(words[name], value) for name, value in values.items()]
    return pd.DataFrame(rows, columns=["setting", "value"])


def published_ratios(dataset: Dataset) -> pd.DataFrame:
    """The pixel ratios of Table 3.2 beside those of the training regions; no rows for others."""
    if not published.is_comparable(dataset):
        return pd.DataFrame(columns=["printed", "reproduced"])
    ratios = pixel_ratios(dataset)
    printed = published.table("pixel_ratios").query("row != 'total_defects'")
    rows = []
    for one, other, ratio in printed.itertuples(index=False):
        left, right = map(int, ratio.split(":"))
        ours = ratios.loc[one.replace("_", " "), other.replace("_", " ")]
        pair = f"{one} : {other}".replace("_", " ")
        deviation = ours / (right / left) - 1
        theirs = f"{left:,} : {right:,}"
        rows.append((pair, theirs, _ratio(ours) if ours > 0 else UNDEFINED, deviation))
    columns = ["pair", "printed", "reproduced", "deviation"]
    return pd.DataFrame(rows, columns=columns).set_index("pair")


def defect_objects(table: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Connected components of each class: how many, on how many foils, median measures.

    ``table`` is that of :func:`foilseg.data.defects.table`; medians of no object are NaN.
    """
    rows = []
    for c in dataset.defects:
        group = table[table["index"] == c.index]
        medians = group[["area", "length", "elongation", "contrast"]].median()
        row = {"defect": c.name, "objects": len(group), "foils with it": group["foil"].nunique()}
        rows.append(row | {f"median {name}": value for name, value in medians.items()})
    return pd.DataFrame(rows)


def as_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """The numbers of :func:`pixel_ratios` the way Table 3.2 writes them: 1 : 40 or 40 : 1."""
    return table.map(lambda n: UNDEFINED if pd.isna(n) or n == 0 else _ratio(n)).pipe(headed)


def _ratio(number: float) -> str:
    larger = max(number, 1 / number)
    text = f"{larger:,.0f}" if larger >= 100 else three_digits(larger)
    return f"1 : {text}" if number >= 1 else f"{text} : 1"


def study_weights(dataset: Dataset) -> pd.DataFrame:
    """ICF and ISCF weights of the training regions; NaN where a class has no pixel there."""
    counts = class_pixels(training_regions(dataset), len(dataset.classes)).sum(axis=0)
    present = counts > 0
    table = pd.DataFrame({"class": [c.name for c in dataset.classes]})
    for scheme in weighting.SCHEMES:
        weights = np.full(len(counts), np.nan)
        weights[present] = weighting.class_weights(counts[present], scheme)
        table[scheme.upper()] = [weights[c.index] for c in dataset.classes]
    return table


def listing(rows: list[dict]) -> pd.DataFrame:
    """Rows of one form, written out."""
    return readable(pd.DataFrame(rows))


def rarity(dataset: Dataset, objects: pd.DataFrame) -> pd.DataFrame:
    """How rare each defect is: objects, images, median area, background against a pixel of it.

    ``objects`` is :func:`foilseg.data.defects.table`; the last is of what trains, NaN of a class
    that it does not show.
    """
    found = defect_objects(objects, dataset)[["defect", "objects", "foils with it", "median area"]]
    found = found.rename(columns={"foils with it": "images with it"})
    pixels = class_pixels(training_regions(dataset), len(dataset.classes)).sum(axis=0).astype(float)
    own = pixels[[c.index for c in dataset.defects]]
    ratio = np.divide(pixels[0], own, out=np.full(len(own), np.nan), where=own > 0)
    return found.assign(**{"background pixels to one": ratio})
