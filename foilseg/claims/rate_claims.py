"""Claims about all models by their rates and means over the defects: C01 to C11."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from foilseg.claims.claim import (
    BASELINE,
    ICF,
    Bound,
    Part,
    all_models,
    claim,
    ends,
    foil_defects,
    listed,
)
from foilseg.claims.evidence import Evidence, Undecided
from foilseg.evaluation import bootstrap
from foilseg.numbers import three_digits

VARIED = ("Binary", "Eq. Pixels", "Binary FL")  # C10: TPR varies more
LESS_VARIED = ("Os. Cavities", "wCE ICF", "wCE ISCF", "Focal Loss", "FL ICF", "FL ISCF")
MOST = Bound("most models follow", 0.5, "more than this share of the other models")
SHRINKS = Bound("shrinks as", 0.7, "rank correlation of at least this")


def _means(e: Evidence, rate: str) -> dict[str, float]:
    e.require(all_models())
    return e.means(all_models(), rate)


def sides(e: Evidence, rate: str, above: Iterable[str], words: str, form: str = ".3f") -> Part:
    """Whether just these models have a higher mean rate than the baseline.

    ``words`` : ``"above"`` or ``"not above"``, the side whose models the text lists, beside those
    that the claim has there if they are others.
    """
    above, values = list(above), _means(e, rate)
    base = values.pop(BASELINE)
    leads = {m: v - base if m in above else base - v for m, v in values.items()}
    worst = min(leads, key=leads.get)
    between = (worst, BASELINE) if worst in above else (BASELINE, worst)
    found = [m for m, v in values.items() if v > base]
    there, claimed = (
        [m for m in values if (m in own) == (words == "above")] for own in (found, above)
    )
    text = f"{words} the baseline's {base:{form}}: {listed(there)}"
    text += "" if there == claimed else f" (claimed: {listed(claimed)})"
    return Part(text, set(found) == set(above), leads[worst], between, rate)


@claim("4.1", "Every model but Eq. Pixels has a higher mean TPR than the baseline.")
def c01(e: Evidence) -> list[Part]:
    others = [m for m in all_models() if m not in (BASELINE, "Eq. Pixels")]
    return [sides(e, "TPR", others, "not above")]


@claim("4.1", "Eq. Pixels has the lowest mean FPR.")
def c02(e: Evidence) -> list[Part]:
    fpr = _means(e, "FPR")
    words = f"lowest mean FPR ({three_digits(1e6 * min(fpr.values()))} ppm)"
    return [ends(words, fpr, ["Eq. Pixels"], "FPR", top=False)]


@claim("4.1", "wCE ICF and FL ICF have the two highest mean TPRs and the two worst FPRs.")
def c03(e: Evidence) -> list[Part]:
    return [ends(f"two highest {r}s", _means(e, r), ICF, r) for r in ("TPR", "FPR")]


@claim("4.1", "Only Eq. Pixels, Os. Cavities and Bin. Balanced beat the baseline's precision.")
def c04(e: Evidence) -> list[Part]:
    foil_defects(e)
    return [sides(e, "precision", ["Eq. Pixels", "Os. Cavities", "Bin. Balanced"], "above")]


@claim("4.1", "wCE ICF and FL ICF have the two lowest mean precisions.")
def c05(e: Evidence) -> list[Part]:
    values = _means(e, "precision")
    return [ends("two lowest precisions", values, ICF, "precision", top=False)]


@claim("4.1", "Os. Cavities has the best precision/recall trade-off.")
def c06(e: Evidence) -> list[Part]:
    foil_defects(e)
    precision, recall = _means(e, "precision"), _means(e, "TPR")
    pairs = {m: (precision[m], recall[m]) for m in precision}
    measures = {
        "harmonic mean": {m: 2 * p * r / (p + r) if p + r else 0.0 for m, (p, r) in pairs.items()},
        "mean": {m: (p + r) / 2 for m, (p, r) in pairs.items()},
        "nearness to (1, 1)": {m: -np.hypot(1 - p, 1 - r) for m, (p, r) in pairs.items()},
    }
    return [ends(f"best by {k}", v, ["Os. Cavities"]) for k, v in measures.items()]


def _pattern(e: Evidence, rate: str, lowest: str, highest: str) -> list[Part]:
    """Lowest and highest defect in the baseline, and whether most other models have the same."""
    e.require(all_models(), (lowest, highest))
    parts = []
    for name, defect, top in (("lowest", lowest, False), ("highest", highest, True)):
        words = f"{name} {rate} in the baseline"
        parts.append(ends(words, _known(e, BASELINE, rate), [defect], top=top))
        others = [_known(e, m, rate) for m in all_models() if m != BASELINE]
        share = np.mean([ends("", values, [defect], top=top).holds for values in others])
        said = f"{defect} has the {name} {rate} in {round(share * len(others))} of {len(others)}"
        parts.append(
            Part(f"{said} other models", bool(share > MOST.value), float(share - MOST.value))
        )
    return parts


def _known(e: Evidence, model: str, rate: str) -> dict[str, float]:
    """Defect -> rate, of the defects for which the model has one; for none of them NaN.

    Of equal values the first defect's counts, as in the order of the tables.
    """
    return {d: v for d, v in zip(e.defects, e.values(model, rate).tolist()) if not np.isnan(v)}


@claim(
    "4.1",
    "In the baseline cavity has the lowest TPR, agglomeration the highest; most models follow.",
    MOST,
)
def c07(e: Evidence) -> list[Part]:
    return _pattern(e, "TPR", "cavity", "agglomeration")


@claim(
    "4.1",
    "In the baseline cavity has the lowest FPR, agglomeration the highest; most models follow.",
    MOST,
)
def c08(e: Evidence) -> list[Part]:
    return _pattern(e, "FPR", "cavity", "agglomeration")


@claim(
    "4.1",
    "In the baseline cavity has the lowest precision, crack the highest; most models follow.",
    MOST,
)
def c09(e: Evidence) -> list[Part]:
    return _pattern(e, "precision", "cavity", "crack")


def _spread(e: Evidence, models, rate: str) -> dict[str, float]:
    """SD of a rate over the defects for which it is defined.

    Raises
    ------
    Undecided
        If it is defined for none, or there are not two defects.
    """
    e.means(models, rate)
    if len(e.defects) < 2:
        raise Undecided("does not apply: one defect has no spread over defects")
    return {m: float(np.nanstd(e.values(m, rate))) for m in models}


@claim("4.1", "TPR varies more over defects for Binary, Eq. Pixels and Binary FL than for others.")
def c10(e: Evidence) -> list[Part]:
    foil_defects(e)
    more = _spread(e, VARIED, "TPR")
    less = _spread(e, LESS_VARIED, "TPR")
    low, high = min(more, key=more.get), max(less, key=less.get)
    said = f"least of the three {low} ({more[low]:.3f}), "
    said += f"most of the others {high} ({less[high]:.3f})"
    return [Part(said, more[low] > less[high], more[low] - less[high], (low, high))]


@claim("4.1", "FPR varies most for the ICF models; the spread shrinks with the mean FPR.", SHRINKS)
def c11(e: Evidence) -> list[Part]:
    spread, mean = _spread(e, all_models(), "FPR"), _means(e, "FPR")
    pairs = np.array([(spread[m], mean[m]) for m in mean])
    rho = bootstrap.spearman(*pairs.T)
    gap = rho - SHRINKS.value
    shrinks = Part(f"rank correlation of spread and mean {rho:.2f}", gap >= 0, gap)
    return [ends("two largest spreads", spread, ICF), shrinks]
