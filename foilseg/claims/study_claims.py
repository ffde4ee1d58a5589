"""Claims that need more than rates: stability, costs, kinds of errors, a truth, pools."""

from __future__ import annotations

from functools import cache

import pandas as pd

from foilseg.claims.claim import BASELINE, ICF, ISCF, Bound, Part, claim, ends, listed
from foilseg.claims.evidence import RATES, Evidence, Undecided
from foilseg.numbers import three_digits
from foilseg.thesis import published

LOSS_CHANGE = ("wCE ICF", "wCE ISCF", "Focal Loss", "FL ICF", "FL ISCF")
RESAMPLED = ("Eq. Samples", "Os. Cavities", "Eq. Pixels")
EXEMPT = ("Binary", "PSoI", "TPR")  # the exception that C12 itself makes
RATHER = Bound("rather than", 1, "larger than this times each of the other kinds")
ABOUT = Bound("about n times", 0.15, "within this share of n")
NOTABLE = Bound("part of", 0.01, "at least this share")
EXPENSIVE = Bound("very expensive", 10.0, "at least so many times the standard pool's windows")
STABLE = Bound("stable", "bound of the SD", "every SD below this (thesis Section 4.1)")


@claim(
    "4.2", "Loss-change models overestimate sizes rather than misclassify or make noise.", RATHER
)
def c17(e: Evidence) -> list[Part]:
    table = e.table("errors", (BASELINE, *LOSS_CHANGE))
    parts, usual = [], _kinds(table, BASELINE)["oversize"]
    for model in LOSS_CHANGE:
        kinds = _kinds(table, model)
        said = f"{model}: " + ", ".join(f"{kind} {share:.0%}" for kind, share in kinds.items())
        gap = kinds["oversize"] - RATHER.value * max(kinds["misclassified"], kinds["noise"])
        parts.append(Part(said, gap > 0, gap))
        more = kinds["oversize"] - usual  # the control: it is not so without the loss
        said = f"{model} {more:+.0%} of oversize against {BASELINE}'s {usual:.0%}"
        parts.append(Part(said, more > 0, more, (model, BASELINE)))
    return parts


def _kinds(table: pd.DataFrame, model: str) -> dict[str, float]:
    """Kind of a false positive -> its share of a model's."""
    kinds = table.loc[model, ["oversize", "misclassified", "noise"]].astype(float)
    if not kinds.sum():
        raise Undecided(f"{model} has no false positive")
    return (kinds / kinds.sum()).to_dict()


@claim("4.2", "ICF models make noise as well: false objects away from any defect.")
def c18(e: Evidence) -> list[Part]:
    table = e.table("errors", (BASELINE, *ICF, *ISCF))["noise_objects_per_megapixel"]
    parts = []
    for icf, iscf in zip(ICF, ISCF):
        said = (
            f"{icf} {three_digits(table[icf])} per megapixel, {iscf} {three_digits(table[iscf])}, "
        )
        said += f"{BASELINE} {three_digits(table[BASELINE])}"
        gap = float(table[icf] - max(table[iscf], table[BASELINE]))
        parts.append(Part(said, gap > 0, gap))
    return parts


@claim(
    "3.4.1",
    "One-vs-Rest costs about as many times the baseline as there are defects (four).",
    ABOUT,
)
def c20(e: Evidence) -> list[Part]:
    cost = e.table("costs", (BASELINE, "Binary"))["macs_per_megapixel"]
    factor = float(cost["Binary"] / cost[BASELINE])  # also in training: as many patches a network
    gap = ABOUT.value - abs(factor / len(e.defects) - 1)
    return [Part(f"multiply-adds per pixel: {factor:.2f} times", gap >= 0, gap)]


@claim(
    "5", "Resampling overfits: training and validation lie further apart, most so for Eq. Pixels."
)
def c21(e: Evidence) -> list[Part]:
    gap = e.table("gaps", (BASELINE, *RESAMPLED))["gap"]
    if gap[[BASELINE, *RESAMPLED]].isna().any():
        raise Undecided("a gap is undefined")
    leads = {m: float(gap[m] - gap[BASELINE]) for m in RESAMPLED}
    said = {m: f"{m} {gap[m]:+.3f}, baseline {gap[BASELINE]:+.3f}" for m in RESAMPLED}
    parts = [Part(said[m], leads[m] > 0, leads[m], (m, BASELINE)) for m in RESAMPLED]
    return [*parts, ends("largest", gap[list(RESAMPLED)].to_dict(), ["Eq. Pixels"])]


def _share(table: pd.DataFrame, part: str, whole: str, words: str) -> list[Part]:
    """Only a twin has a truth, and its annotators err by construction: the text says so."""
    total = table[whole].sum()
    if not total:
        raise Undecided(f"no {whole} to judge")
    share = table[part].sum() / total
    said = f"by construction of the twin, {share:.1%} of {words}"
    return [Part(said, bool(share >= NOTABLE.value), float(share - NOTABLE.value))]


@claim(
    "5", "Part of the counted false positives are real defects that the annotators missed.", NOTABLE
)
def c22(e: Evidence) -> list[Part]:
    words = "the false positives are a defect of that class in the truth"
    return _share(e.table("truth"), "fp_real", "fp", words)


@claim("5", "Coarse annotation counts pixels as misses that are no defect.", NOTABLE)
def c23(e: Evidence) -> list[Part]:
    return _share(e.table("truth"), "fn_no_defect", "fn", "the misses are no defect in the truth")


@claim("5", "Building an equal-pixels train set is very expensive.", EXPENSIVE)
def c25(e: Evidence) -> list[Part]:
    windows = e.table("building", ("uniform", "equal_pixels"))["windows"]
    factor = windows["equal_pixels"] / windows["uniform"]
    said = f"{windows['equal_pixels']:,.0f} windows are looked at for a pool, "
    said += f"{factor:,.0f} times as many as for the standard one"
    return [Part(said, bool(factor >= EXPENSIVE.value), float(factor - EXPENSIVE.value))]


def _stable(e: Evidence, tests: tuple[str, ...], exempt: tuple = ()) -> list[Part]:
    """Whether all SDs of some tests are below the bound of section 4.1.

    Raises
    ------
    Undecided
        If a model of Table 4.1 was not tested, or has no SD.
    """
    bound = STABLE.value
    rows = [row for test in tests for row in _deviations(e, test) if row[:3] != exempt]
    over = [f"{model} {test} {rate} {sd:.3f}" for model, test, rate, sd in rows if sd >= bound]
    largest = max(sd for *_, sd in rows)
    return [Part(f"not below the bound: {listed(over)}", not over, bound - largest)]


def _deviations(e: Evidence, test: str) -> list[tuple[str, str, str, float]]:
    """Model, test, rate and SD of every model that was tested."""
    table = e.table("stability")
    part = table[table["test"] == test]
    lacking = [model for model in _tested() if model not in part.index]
    if lacking:
        raise Undecided(f"{test} was not made for {listed(lacking)}")
    unknown = part.index[part[list(RATES)].isna().any(axis=1)]
    if len(unknown):
        raise Undecided(
            f"{test} has no SD for {listed(unknown)}: trained once "
            "(foilseg train all --stability), or a rate is undefined"
        )
    values = zip(part.index, part[list(RATES)].to_numpy(float))
    return [(m, test, rate, float(sd)) for m, row in values for rate, sd in zip(RATES, row)]


@cache
def _tested() -> tuple[str, ...]:
    """The models of Table 4.1."""
    return tuple(published.table("stability")["model"])


@claim(
    "4.1, Table 4.1",
    "The SDs over late iterations and trainings stay below 0.05 (but for Binary's TPR).",
    STABLE,
)
def c12(e: Evidence) -> list[Part]:
    return _stable(e, ("PSoI", "PSoMT"), EXEMPT)


@claim("3.2", "Performance is stable after about 70% of the iterations.", STABLE)
def c24(e: Evidence) -> list[Part]:
    return _stable(e, ("PSoI",))
