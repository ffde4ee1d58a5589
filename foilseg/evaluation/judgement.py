"""The same predictions judged in several ways: by labels or truth, strictly or with a tolerance.

The thesis judges by the labels. Where they lack a defect, a model that finds it pays with a false
positive; where they are drawn too coarsely, a model pays with a miss (thesis 5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from foilseg.data.dataset import Foil, LabelClass
from foilseg.data.nearness import distance_to, distances
from foilseg.evaluation import metrics, scores

REFERENCES = ("label", "truth")
TOLERANCES = (0, 1, 2, 3)


def by_reference(counts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean TPR, FPR and precision of each model, against each reference.

    Parameters
    ----------
    counts : reference -> rows of :meth:`foilseg.studies.study.Study.counts`.

    Returns
    -------
    One row a model; pooled rates, averaged over the defects for which they are defined, with
    columns such as "TPR (label)".
    """
    parts = []
    for reference, rows in counts.items():
        means = scores.mean_rates(scores.defect_rates(rows)).set_index("model")
        parts.append(means[list(metrics.RATES)].add_suffix(f" ({reference})"))
    table = pd.concat(parts, axis=1)
    names = [f"{rate} ({ref})" for rate in metrics.RATES for ref in counts]
    return table[names].rename_axis("model").reset_index()


def rankings(counts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The published way of ranking beside the corrected one.

    Both order the models by the harmonic mean of their mean TPR and mean precision over the
    defects. *Published*: judged by the labels, with the precision averaged over images as in
    Table A2. *Corrected*: judged by the truth where there is one (else by the labels), pooled.
    Models of equal value share the better rank; an undefined value is last.
    """
    best = "truth" if "truth" in counts else "label"
    ways = {
        "published": ("label", "precision (imagewise)"),
        f"corrected ({best}, pooled)": (best, "precision"),
    }
    columns = {}
    for way, (reference, precision) in ways.items():
        means = scores.mean_rates(scores.defect_rates(counts[reference])).set_index("model")
        tpr, share = means["TPR"], means[precision]
        both = (tpr + share).where(tpr + share > 0)
        columns[way] = (2 * tpr * share / both).rename(way)
        ranked = columns[way].rank(ascending=False, method="min", na_option="bottom")
        columns[f"rank {way}"] = ranked
    table = pd.DataFrame(columns).rename_axis("model").reset_index()
    ranks = [name for name in table if name.startswith("rank")]
    return table.astype(dict.fromkeys(ranks, int)).sort_values(
        ranks[1], ignore_index=True, kind="stable"
    )


def explained(
    foils: Sequence[Foil],
    masks: Mapping[str, Mapping[str, np.ndarray]],
    classes: Sequence[LabelClass],
) -> pd.DataFrame:
    """How much of what the labels hold against a model is the labels' own error, by the truth.

    One row a model: "false positives" against the labels, the "real share" of them at which the
    truth has the predicted defect; "misses" against the labels, and the "no defect share" of them
    at which the truth does not have the labelled defect. All are pixels, added up over foils and
    defects. Data without a truth give no rows.
    """
    columns = ["model", "false positives", "real share", "misses", "no defect share"]
    if any(foil.truth is None for foil in foils):
        return pd.DataFrame(columns=columns)
    sums: dict[str, np.ndarray] = {}
    for foil in foils:
        for model, mask in masks[foil.name].items():
            new = np.zeros(4, np.int64)
            for c in (c for c in classes if c.index):
                label, true, said = (m == c.index for m in (foil.mask, foil.truth, mask))
                false, missed = said & ~label, label & ~said
                new += [false.sum(), (false & true).sum(), missed.sum(), (missed & ~true).sum()]
            sums[model] = sums.get(model, 0) + new
    rows = [
        (model, false, _share(real, false), missed, _share(none, missed))
        for model, (false, real, missed, none) in sums.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def tolerance_table(rates: pd.DataFrame) -> pd.DataFrame:
    """:func:`tolerant` as a table: a model a row, mean over the defects, tolerances in columns."""
    means = rates.groupby(["model", "tolerance"], sort=False)[["TPR", "precision"]].mean()
    wide = means.unstack("tolerance")
    wide.columns = [f"{rate} at {tolerance} px" for rate, tolerance in wide.columns]
    return wide.loc[rates["model"].unique()].reset_index()


def tolerant(
    foils: Sequence[Foil],
    masks: Mapping[str, Mapping[str, np.ndarray]],
    classes: Sequence[LabelClass],
    tolerances: Sequence[float] = TOLERANCES,
    against: str = "label",
) -> pd.DataFrame:
    """TPR and precision with a tolerance at borders, pooled over the foils.

    Within the tolerance t a predicted pixel is right if the reference has its defect at most t
    pixels away, and a pixel of the reference is found if the prediction has its defect at most t
    pixels away. With t = 0 these are the usual rates; both never fall as t grows.

    Parameters
    ----------
    masks : foil name -> model -> predicted mask.
    against : ``"label"`` or ``"truth"``.

    Returns
    -------
    One row a model, tolerance and defect: TPR, precision; 0 / 0 is NaN.

    Raises
    ------
    ValueError
        If the reference is neither, a foil has no truth, or a tolerance is negative.
    """
    if against not in REFERENCES:
        raise ValueError(f"against: {against!r} is not one of {', '.join(REFERENCES)}")
    if min(tolerances) < 0:
        raise ValueError(f"tolerances: {min(tolerances)} is negative")
    sums: dict[tuple, np.ndarray] = {}
    for foil in foils:
        reference = foil.mask if against == "label" else foil.truth
        if reference is None:
            raise ValueError(f"against: {foil.name} has no truth; use 'label'")
        defects = [(c, reference == c.index) for c in classes if c.index]
        far = {c.name: distance_to(true) for c, true in defects}
        for model, mask in masks[foil.name].items():
            for c, true in defects:
                said = mask == c.index
                out, back = far[c.name][said], distances(said, true, max(tolerances))
                for t in tolerances:
                    key, found = (model, t, c.name), int((back <= t).sum())
                    new = np.array([found, len(back), int((out <= t).sum()), len(out)])
                    sums[key] = sums.get(key, 0) + new
    rows = [
        dict(zip(("model", "tolerance", "defect"), key))
        | {"TPR": _share(found, true), "precision": _share(right, said)}
        for key, (found, true, right, said) in sums.items()
    ]
    return pd.DataFrame(rows, columns=["model", "tolerance", "defect", "TPR", "precision"])


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else np.nan
