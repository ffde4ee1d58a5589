"""The thesis's claims about all models as predicates over a study; see :mod:`claim_rules`.

A claim consists of parts; it holds if all of them do. Words like "much" and "most" are given a
number once, as a constant; :func:`foilseg.claims.verdicts.thresholds` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from foilseg.claims.evidence import Evidence
from foilseg.thesis import published

BASELINE = "Baseline"
ICF, ISCF = ("wCE ICF", "FL ICF"), ("wCE ISCF", "FL ISCF")
LOSS_CHANGE = ("wCE ICF", "wCE ISCF", "Focal Loss", "FL ICF", "FL ISCF")
SHRINKS = 0.7  # "shrinks as": rank correlation of at least this
MOST = 0.5  # "most models follow": more than this share of the others


@dataclass(frozen=True)
class Part:
    """One condition of a claim, with its numbers in words.

    Attributes
    ----------
    text, holds : the numbers in words, and whether the condition is met.
    gap : how far what decides lies on the right side (positive) or on the wrong side (negative)
        of what it is compared with, in the units of the number; NaN if nothing was compared.
    between : the two names that decide: the first ought to lie above the second.
    rate : the rate in which it ought to, if the gap is one of mean rates.
    """

    text: str
    holds: bool
    gap: float = float("nan")
    between: tuple[str, ...] = ()
    rate: str = ""


Test = Callable[[Evidence], list[Part]]


@dataclass(frozen=True)
class Claim:
    """A claim: its number, its place in the thesis, what it says, and how it is tested."""

    id: str
    place: str
    says: str
    test: Test


CLAIMS: dict[str, Claim] = {}


def claim(number: str, place: str, says: str) -> Callable[[Test], Test]:
    """Register a predicate as a claim."""

    def register(test: Test) -> Test:
        CLAIMS[number] = Claim(number, place, says, test)
        return test

    return register


def all_models() -> list[str]:
    """The thesis's models in the order of Table A2."""
    return list(published.table("means")["model"])


def foil_defects(e: Evidence) -> None:
    """Oversampled Cavities is about cavities: on other data it is another model."""
    e.require((), ("cavity",))


def _means(e: Evidence, rate: str) -> dict[str, float]:
    e.require(all_models())
    return e.means(all_models(), rate)


def listed(names) -> str:
    return ", ".join(names) or "none"


def ends(
    words: str, values: dict[str, float], expected: Iterable[str], rate: str = "", top: bool = True
) -> Part:
    """Whether the highest (or lowest) values are those of the expected names.

    It is not so if one of them has no value.
    """
    expected = list(expected)
    order = sorted(values, key=values.get, reverse=top)
    found = order[: len(expected)]
    others = [name for name in order if name not in expected]
    unknown = [name for name in expected if name not in values]
    text = f"{words}: {listed(found)}"
    if unknown:
        return Part(f"{text} (undefined for {listed(unknown)})", False)
    holds = set(found) == set(expected)
    if not others:
        return Part(text, holds)
    upper, lower = (expected, others) if top else (others, expected)
    between = min(upper, key=values.get), max(lower, key=values.get)
    return Part(text, holds, values[between[0]] - values[between[1]], between, rate)


def sides(e: Evidence, rate: str, above: Iterable[str], words: str, form: str = ".3f") -> Part:
    """Whether just these models have a higher mean rate than the baseline.

    ``words`` : ``"above"`` or ``"not above"``, the side whose models the text lists.
    """
    above, values = list(above), _means(e, rate)
    base = values.pop(BASELINE)
    leads = {m: v - base if m in above else base - v for m, v in values.items()}
    worst = min(leads, key=leads.get)
    between = (worst, BASELINE) if worst in above else (BASELINE, worst)
    found = [m for m, v in values.items() if v > base]
    shown = found if words == "above" else [m for m in values if m not in found]
    text = f"{words} the baseline's {base:{form}}: {listed(shown)}"
    return Part(text, set(found) == set(above), leads[worst], between, rate)


@claim("C01", "4.1", "Every model but Equal Pixels has a higher mean TPR than the baseline.")
def _(e: Evidence) -> list[Part]:
    others = [m for m in all_models() if m not in (BASELINE, "Eq. Pixels")]
    return [sides(e, "TPR", others, "not above")]


@claim("C02", "4.1", "Equal Pixels has the lowest mean FPR.")
def _(e: Evidence) -> list[Part]:
    fpr = _means(e, "FPR")
    words = f"lowest mean FPR ({min(fpr.values()):.4f})"
    return [ends(words, fpr, ["Eq. Pixels"], "FPR", top=False)]


@claim("C03", "4.1", "wCE ICF and FL ICF have the two highest mean TPRs and the two worst FPRs.")
def _(e: Evidence) -> list[Part]:
    return [ends(f"two highest {r}s", _means(e, r), ICF, r) for r in ("TPR", "FPR")]


@claim(
    "C04", "4.1", "Only Eq. Pixels, Os. Cavities and Bin. Balanced beat the baseline's precision."
)
def _(e: Evidence) -> list[Part]:
    foil_defects(e)
    return [sides(e, "precision", ["Eq. Pixels", "Os. Cavities", "Bin. Balanced"], "above")]


@claim("C05", "4.1", "wCE ICF and FL ICF have the two lowest mean precisions.")
def _(e: Evidence) -> list[Part]:
    values = _means(e, "precision")
    return [ends("two lowest precisions", values, ICF, "precision", top=False)]


@claim("C06", "4.1", "Oversampled Cavities has the best precision/recall trade-off.")
def _(e: Evidence) -> list[Part]:
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
        parts.append(Part(f"{said} other models", bool(share > MOST), float(share - MOST)))
    return parts


def _known(e: Evidence, model: str, rate: str) -> dict[str, float]:
    """Defect -> rate, of the defects for which the model has one; for none of them NaN.

    Of equal values the first defect's counts, as in the order of the tables.
    """
    return {d: v for d, v in zip(e.defects, e.values(model, rate).tolist()) if not np.isnan(v)}


@claim(
    "C07", "4.1", "TPR: cavity lowest, agglomeration highest in the baseline; most models follow."
)
def _(e: Evidence) -> list[Part]:
    return _pattern(e, "TPR", "cavity", "agglomeration")


@claim(
    "C08", "4.1", "FPR: cavity lowest, agglomeration highest in the baseline; most models follow."
)
def _(e: Evidence) -> list[Part]:
    return _pattern(e, "FPR", "cavity", "agglomeration")


@claim("C09", "4.1", "Precision: cavity lowest, crack highest in the baseline; most models follow.")
def _(e: Evidence) -> list[Part]:
    return _pattern(e, "precision", "cavity", "crack")


def _spread(e: Evidence, models, rate: str) -> dict[str, float]:
    """SD of a rate over the defects for which it is defined.

    Raises
    ------
    Undecided
        If it is defined for none.
    """
    e.means(models, rate)
    return {m: float(np.nanstd(e.values(m, rate))) for m in models}


@claim(
    "C10",
    "4.1",
    "TPR varies more over defects for Binary, Eq. Pixels and Binary FL than for others.",
)
def _(e: Evidence) -> list[Part]:
    foil_defects(e)
    more = _spread(e, ("Binary", "Eq. Pixels", "Binary FL"), "TPR")
    less = _spread(e, ("Os. Cavities", *LOSS_CHANGE), "TPR")
    low, high = min(more, key=more.get), max(less, key=less.get)
    said = f"least of the three {low} ({more[low]:.3f}), "
    said += f"most of the others {high} ({less[high]:.3f})"
    return [Part(said, more[low] > less[high], more[low] - less[high], (low, high))]


@claim("C11", "4.1", "FPR varies most for the ICF models; the spread shrinks with the mean FPR.")
def _(e: Evidence) -> list[Part]:
    spread, mean = _spread(e, all_models(), "FPR"), _means(e, "FPR")
    ranks = [rankdata([v[m] for m in mean]) for v in (spread, mean)]
    rho = float(np.corrcoef(*ranks)[0, 1])
    shrinks = Part(f"rank correlation of spread and mean {rho:.2f}", rho >= SHRINKS, rho - SHRINKS)
    return [ends("two largest spreads", spread, ICF), shrinks]
