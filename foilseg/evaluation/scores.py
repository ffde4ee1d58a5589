"""Stored counts -> rates per model and defect, beside the published ones."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from foilseg.data.dataset import Dataset, validation_regions
from foilseg.evaluation import metrics
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.thesis import published
from foilseg.thesis.published import is_comparable
from foilseg.thesis.result_tables import corrected_counts

MILLION = "false alarms per million pixels"  # without the defect
RATE_COLUMNS = [*metrics.RATES, "precision (imagewise)"]


def defect_rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Per model and defect: TPR, FPR, precision pooled, and precision imagewise (Table A2).

    Of several trainings (a column ``training``) the pixels of all; how many images the last
    rests on is then the mean over the trainings.
    """
    table = metrics.score(counts, ["model", "defect"])
    each = metrics.score(counts, ["model", "defect"], "imagewise")
    table["precision (imagewise)"] = each["precision"]
    table["images with a prediction"] = each["n_precision"] / _trainings(counts)
    return table[["model", "defect", *RATE_COLUMNS, "images with a prediction"]]


def _trainings(counts: pd.DataFrame) -> int:
    return counts[TRAINING].nunique() if TRAINING in counts else 1


TOTALS = ["P", "TP", "FP", "N", "TN", "FN"]


def totals(counts: pd.DataFrame, beside: bool = True) -> pd.DataFrame:
    """Sums over the images in the columns of Table A1, and the published ones beside them.

    Of several trainings the mean of their sums.

    ``beside`` : whether the published ones belong there
    (:func:`foilseg.thesis.published.is_comparable`): a defect of other data may share its name
    with one of the thesis. Without a model and defect of Table A1 they are left out, too.
    """
    sums = counts.groupby(["model", "defect"], sort=False, observed=True)[list(metrics.COUNTS)]
    sums = sums.sum() / _trainings(counts)
    table = sums.rename(columns=str.upper).reset_index()
    table["P"], table["N"] = table["TP"] + table["FN"], table["FP"] + table["TN"]
    table = table[["model", "defect", *TOTALS]].astype({"model": str, "defect": str})
    if not beside:
        return table
    printed = published.table("counts")
    printed["defect"] = printed["defect"].str.lower()
    printed = printed.rename(columns={name: f"{name} published" for name in TOTALS})
    both = table.merge(printed, on=["model", "defect"], how="left")
    return both if both["P published"].notna().any() else table


def published_rates() -> pd.DataFrame:
    """Table A2 in the columns of :func:`defect_rates`.

    TPR and FPR are as printed. The printed precision is imagewise; the pooled one follows from
    the counts of Table A1, whose misprints are corrected
    (:func:`foilseg.thesis.result_tables.corrected_counts`); :func:`misprint_note` names them.
    """
    printed = published.table("rates").rename(columns={"precision": "precision (imagewise)"})
    counts, _ = corrected_counts()
    counts["precision"] = counts["TP"] / (counts["TP"] + counts["FP"])
    keys = ["model", "defect"]
    printed = printed.merge(counts[[*keys, "precision"]], on=keys, validate="one_to_one")
    printed["defect"] = printed["defect"].str.lower()
    return printed[["model", "defect", *RATE_COLUMNS]]


def misprint_note(least: float = 0.01) -> str:
    """A sentence: published precisions that a misprint of Table A1 changes by at least so much."""
    right, keys = published_rates().set_index(["model", "defect"])["precision"], ["model", "defect"]
    counts = published.table("counts").assign(defect=lambda t: t["defect"].str.lower())
    counts = counts.set_index(keys)
    wrong = (counts["TP"] / (counts["TP"] + counts["FP"])).reindex(right.index)
    changed = right.index[(wrong - right).abs() >= least]
    means = right.groupby("model").mean(), wrong.groupby("model").mean()
    told = [
        f"that of {model} for {defect} becomes {right[model, defect]:.3f} instead of "
        f"{wrong[model, defect]:.3f}, and its mean over the defects {means[0][model]:.3f} instead "
        f"of {means[1][model]:.3f}"
        for model, defect in changed
    ]
    if not told:
        return ""
    return (
        "The published precision is worked out from thesis Table A1, whose misprints the audit "
        f"corrects: {'; '.join(told)}."
    )


def mean_rates(rates: pd.DataFrame) -> pd.DataFrame:
    """Mean over the defects of each model; ``n_...`` says over how many a mean was taken."""
    groups = rates.groupby("model", sort=False, observed=True)[RATE_COLUMNS]
    return groups.mean().join(groups.count().add_prefix("n_")).reset_index()


def mean_rates_by(
    counts: pd.DataFrame, keys: Sequence[str], average: str = "pooled"
) -> pd.DataFrame:
    """Mean TPR, FPR and precision over the defects, by some keys such as model and training.

    ``counts`` : rows of stored counts with these keys and ``defect``; without a row no row.
    """
    keys, rates = list(keys), list(metrics.RATES)
    if counts.empty:
        return pd.DataFrame(columns=[*keys, *rates])
    each = metrics.score(counts, [*keys, "defect"], average)
    return each.groupby(keys, sort=False, observed=True)[rates].mean().reset_index()


def side_by_side(reproduced: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Reproduced rates beside the published ones of the same models (and defects)."""
    theirs = published_rates()
    if keys == ["model"]:
        theirs = mean_rates(theirs)
    columns = [*keys, *RATE_COLUMNS]
    plain = reproduced[columns].astype(dict.fromkeys(keys, str))
    joined = plain.merge(theirs[columns], on=keys, how="left", suffixes=("", " "))
    both = {
        (rate, source): joined[rate + suffix]
        for rate in RATE_COLUMNS
        for source, suffix in (("reproduced", ""), ("published", " "))
    }
    table = pd.DataFrame(both)
    table.index = pd.MultiIndex.from_frame(joined[keys]) if len(keys) > 1 else joined[keys[0]]
    return table


BETTER_HIGH = {rate: rate not in metrics.LOW_IS_BETTER for rate in metrics.RATES}


def ranks(means: pd.DataFrame, printed: pd.DataFrame | None = None) -> pd.DataFrame:
    """Places of the models by each mean rate, 1 the best: highest, for the FPR lowest.

    Parameters
    ----------
    means : from :func:`mean_rates`.
    printed : the published means; then the places that the same models have there stand beside.

    Returns
    -------
    Columns model and one a rate (and source); equal values share the better place, and an
    undefined one has none: NaN.
    """
    ours = means.astype({"model": str}).set_index("model")
    sources = {"": ours}
    if printed is not None:
        theirs = printed.astype({"model": str}).set_index("model").reindex(ours.index)
        sources = {" reproduced": ours, " published": theirs}
    table = {
        f"by {rate}{source}": values[rate].rank(ascending=not high, method="min").astype("Int64")
        for rate, high in BETTER_HIGH.items()
        for source, values in sources.items()
    }
    return pd.DataFrame(table).rename_axis("model").reset_index()


def comparison_note(dataset: Dataset) -> str:
    """One sentence: whether the thesis's numbers stand beside these, and what that means."""
    if is_comparable(dataset):
        said = "The published numbers are of the original foils, the reproduced ones of this data."
        return f"{said} {misprint_note()}".strip()
    return "The thesis reports no such classes, so nothing published stands beside these numbers."


def extremes(counts: pd.DataFrame) -> tuple[str, str]:
    """The foils of whose defect pixels the largest and the smallest share is found.

    Of those with at least the median number of defect pixels, so that a few decide nothing.
    """
    sums = counts.groupby("foil", sort=False)[["tp", "fn"]].sum()
    pixels = sums.sum(axis=1)
    share = (sums["tp"] / pixels)[(pixels > 0) & (pixels >= pixels.median())]
    return share.idxmax(), share.idxmin()


def annotation_rates(dataset: Dataset) -> pd.DataFrame:
    """The annotation scored like a prediction against the truth, pooled; no rows without one."""
    rows = []
    for foil in validation_regions(dataset) if dataset.has_truth else ():
        pair = foil.counted(foil.truth), foil.counted(foil.mask)
        matrix = metrics.confusion(*pair, len(dataset.classes))
        counts = metrics.class_counts(matrix)
        for c in dataset.defects:
            values = dict(zip(metrics.COUNTS, counts[c.index].tolist()))
            rows.append({"defect": c.name, "foil": foil.name, **values})
    if not rows:
        return pd.DataFrame(columns=["defect", *metrics.RATES])
    return metrics.score(pd.DataFrame(rows), ["defect"])[["defect", *metrics.RATES]]


def annotation_note(rates: pd.DataFrame) -> str:
    """One sentence that reads :func:`annotation_rates`."""
    if rates.empty:
        return "These data have no truth beside the annotation, so it cannot be scored."
    worst = rates.loc[rates["TPR"].idxmin()]
    share = f"{worst['TPR']:.0%} of the {worst['defect']} pixels"
    return f"Judged by the truth, the annotators mark {share}, the least of all defects."


def always_negative(positive_share: float = 0.01) -> pd.DataFrame:
    """Scores of a model that never reports anything, for both classes (section 2.3).

    The section says that such a model has a high F-score although it is useless.

    ``positive_share`` : share of the samples that are positive, in (0, 1).
    """
    positive = round(1e6 * positive_share)
    negative = 1_000_000 - positive
    rows = [("positive", 0, 0, positive, negative), ("negative", negative, positive, 0, 0)]
    counts = pd.DataFrame(rows, columns=["class", *metrics.COUNTS])
    table = metrics.rates(counts, ["TPR", "precision", "F1"])
    table["accuracy"] = (counts["tp"] + counts["tn"]) / 1_000_000
    return table.drop(columns=list(metrics.COUNTS))
