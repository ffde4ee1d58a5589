"""The thesis's claims about all models as predicates over a study; see :mod:`claim_rules`.

A claim consists of parts; it holds if all of them do. Words like "much" and "most" are given a
number here, once, with the name that the reading of the result shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from foilseg import published
from foilseg.evidence import Evidence

BASELINE = "Baseline"
ICF, ISCF = ("wCE ICF", "FL ICF"), ("wCE ISCF", "FL ISCF")
LOSS_CHANGE = ("wCE ICF", "wCE ISCF", "Focal Loss", "FL ICF", "FL ISCF")
SHRINKS = 0.7  # "shrinks as": rank correlation of at least this


@dataclass(frozen=True)
class Part:
    """One condition of a claim, with its numbers in words."""

    text: str
    holds: bool


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


def _same(words: str, found, expected) -> Part:
    return Part(f"{words}: {listed(found)}", set(found) == set(expected))


def _order(values: dict[str, float]) -> list[str]:
    """Names from the largest value to the smallest."""
    return sorted(values, key=values.get, reverse=True)


@claim("C01", "4.1", "Every model but Equal Pixels has a higher mean TPR than the baseline.")
def _(e: Evidence) -> list[Part]:
    tpr = _means(e, "TPR")
    below = [m for m in tpr if m != BASELINE and tpr[m] <= tpr[BASELINE]]
    return [_same(f"not above the baseline's {tpr[BASELINE]:.3f}", below, ["Eq. Pixels"])]


@claim("C02", "4.1", "Equal Pixels has the lowest mean FPR.")
def _(e: Evidence) -> list[Part]:
    fpr = _means(e, "FPR")
    lowest = _order(fpr)[-1]
    return [_same(f"lowest mean FPR ({fpr[lowest]:.4f})", [lowest], ["Eq. Pixels"])]


@claim("C03", "4.1", "wCE ICF and FL ICF have the two highest mean TPRs and the two worst FPRs.")
def _(e: Evidence) -> list[Part]:
    return [_same(f"two highest {r}s", _order(_means(e, r))[:2], ICF) for r in ("TPR", "FPR")]


@claim(
    "C04", "4.1", "Only Eq. Pixels, Os. Cavities and Bin. Balanced beat the baseline's precision."
)
def _(e: Evidence) -> list[Part]:
    foil_defects(e)
    values = _means(e, "precision")
    above = [m for m in values if values[m] > values[BASELINE]]
    expected = ["Eq. Pixels", "Os. Cavities", "Bin. Balanced"]
    return [_same(f"above the baseline's {values[BASELINE]:.3f}", above, expected)]


@claim("C05", "4.1", "wCE ICF and FL ICF have the two lowest mean precisions.")
def _(e: Evidence) -> list[Part]:
    return [_same("two lowest precisions", _order(_means(e, "precision"))[-2:], ICF)]


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
    return [_same(f"best by {k}", _order(v)[:1], ["Os. Cavities"]) for k, v in measures.items()]


def _pattern(e: Evidence, rate: str, lowest: str, highest: str) -> list[Part]:
    """Lowest and highest defect in the baseline, and whether most other models have the same."""
    e.require(all_models(), (lowest, highest))
    parts = []
    for name, defect, pick in (
        ("lowest", lowest, np.nanargmin),
        ("highest", highest, np.nanargmax),
    ):
        found = {m: _extreme(e.values(m, rate), pick, e.defects) for m in all_models()}
        others = [found[m] == defect for m in found if m != BASELINE]
        parts.append(_same(f"{name} {rate} in the baseline", [found[BASELINE]], [defect]))
        said = f"{defect} has the {name} {rate} in {sum(others)} of {len(others)} other models"
        parts.append(Part(said, 2 * sum(others) > len(others)))
    return parts


def _extreme(values: np.ndarray, pick, names) -> str:
    return "undefined" if np.isnan(values).all() else names[pick(values)]


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
    """SD of a rate over the defects."""
    e.require(models)
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
    said = (
        f"least of the three {low} ({more[low]:.3f}), most of the others {high} ({less[high]:.3f})"
    )
    return [Part(said, more[low] > less[high])]


@claim("C11", "4.1", "FPR varies most for the ICF models; the spread shrinks with the mean FPR.")
def _(e: Evidence) -> list[Part]:
    spread, mean = _spread(e, all_models(), "FPR"), _means(e, "FPR")
    ranks = [rankdata([v[m] for m in mean]) for v in (spread, mean)]
    rho = float(np.corrcoef(*ranks)[0, 1])
    shrinks = Part(f"rank correlation of spread and mean {rho:.2f}", rho >= SHRINKS)
    return [_same("two largest spreads", _order(spread)[:2], ICF), shrinks]
