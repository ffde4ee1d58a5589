"""Claims that compare two models, and claims that need more than rates: stability, costs, kinds
of errors, a truth, building times."""

from __future__ import annotations

import pandas as pd

from foilseg import published
from foilseg.claims import (
    BASELINE,
    CLAIMS,
    ICF,
    ISCF,
    LOSS_CHANGE,
    Claim,
    Part,
    claim,
    foil_defects,
    listed,
)
from foilseg.evidence import RATES, Evidence, Undecided
from foilseg.reweigh import setting

MUCH_LOWER = 0.5  # "much lower": at most this share
MODEST = 0.2  # "modest": a loss of at most this share
UNCHANGED = 0.025  # "unchanged": by no more than this share
ALIKE = 2.0  # a quoted change is met between 1 / ALIKE and ALIKE times it
EXEMPT = ("Binary", "PSoI", "TPR")  # the exception that C12 itself makes
ABOUT = 0.15  # "about n times": within this share of n
NOTABLE = 0.01  # "part of": at least this share
EXPENSIVE = 10.0  # "very expensive": at least so many times a pool of the standard sampler
RESAMPLED = ("Eq. Samples", "Os. Cavities", "Eq. Pixels")


def _quoted(e: Evidence, number: str) -> list[Part]:
    """Changes against the baseline: the sign that is quoted, and about its size."""
    text = published.table("text").query(f"id == '{number}' and kind == 'percent'")
    return [
        _met(e, row["subject"], row["quantity"], row["printed"] / 100) for _, row in text.iterrows()
    ]


def change(e: Evidence, model: str, rate: str) -> float:
    """Relative change of a mean rate against the baseline; NaN where that is 0."""
    base = e.mean(BASELINE, rate)
    return e.mean(model, rate) / base - 1 if base else float("nan")


def _met(e: Evidence, model: str, rate: str, quoted: float) -> Part:
    found = change(e, model, rate)
    text = f"{rate} {found:+.1%} (quoted {quoted:+.1%})"
    return Part(text, bool(1 / ALIKE <= found / quoted <= ALIKE))


@claim("C13", "5", "Os. Cavities against the baseline: TPR +35 %, precision +2.5 %, FPR +17 %.")
def _(e: Evidence) -> list[Part]:
    foil_defects(e)
    return _quoted(e, "C13")


@claim("C14", "5", "Binary against the baseline: TPR +5 %, FPR -28 %, precision unchanged.")
def _(e: Evidence) -> list[Part]:
    found = change(e, "Binary", "precision")
    return [*_quoted(e, "C14"), Part(f"precision {found:+.1%}", bool(abs(found) <= UNCHANGED))]


@claim("C15", "5", "FL ISCF against the baseline: TPR +47 %, FPR +92 %, precision -24 %.")
def _(e: Evidence) -> list[Part]:
    return _quoted(e, "C15")


@claim(
    "C16",
    "4.2, 5",
    "ISCF trades better than ICF: much lower FPR, higher precision, modest TPR loss.",
)
def _(e: Evidence) -> list[Part]:
    parts = []
    for icf, iscf in zip(ICF, ISCF):
        tpr, fpr, precision = (
            (e.mean(icf, r), e.mean(iscf, r)) for r in ("TPR", "FPR", "precision")
        )
        pairs = f"{icf} -> {iscf}"
        parts += [
            Part(f"{pairs}: FPR {fpr[0]:.4f} -> {fpr[1]:.4f}", fpr[1] <= MUCH_LOWER * fpr[0]),
            Part(
                f"precision {precision[0]:.3f} -> {precision[1]:.3f}", precision[1] > precision[0]
            ),
            Part(f"TPR {tpr[0]:.3f} -> {tpr[1]:.3f}", tpr[1] >= (1 - MODEST) * tpr[0]),
        ]
    return parts


@claim(
    "C19", "4.2", "Binary models with focal loss do not improve on the multi-class ones with it."
)
def _(e: Evidence) -> list[Part]:
    parts = []
    for multi, binary in (("Focal Loss", "Binary FL"), ("FL ISCF", "Bin FL ISCF")):
        better = [r for r in ("TPR", "precision") if e.mean(binary, r) > e.mean(multi, r)]
        better += ["FPR"] if e.mean(binary, "FPR") < e.mean(multi, "FPR") else []
        said = f"{binary} beats {multi} in {listed(better)}"
        parts.append(Part(said, len(better) < 2))
    return parts


def _unstable(e: Evidence, tests: tuple[str, ...], exempt: tuple = ()) -> list[str]:
    """SDs that are not below the bound of section 4.1, in words.

    Raises
    ------
    Undecided
        If a model of Table 4.1 was not tested, or has no SD.
    """
    table, bound = e.table("stability"), setting("bound of the SD")
    needed = list(published.table("stability")["model"])
    found = []
    for test in tests:
        part = table[table["test"] == test]
        lacking = [model for model in needed if model not in part.index]
        if lacking:
            raise Undecided(f"{test} was not made for {', '.join(lacking)}")
        unknown = part.index[part[list(RATES)].isna().any(axis=1)]
        if len(unknown):
            raise Undecided(
                f"{test} has no SD for {', '.join(unknown)}: trained once "
                "(foilseg train all --stability), or a rate is undefined"
            )
        for model, row in part.iterrows():
            over = [r for r in RATES if row[r] >= bound and (model, test, r) != exempt]
            found += [f"{model} {test} {r} {row[r]:.3f}" for r in over]
    return found


@claim(
    "C12",
    "4.1, Table 4.1",
    "SDs over late iterations and trainings stay below 0.05 (but Binary's TPR).",
)
def _(e: Evidence) -> list[Part]:
    found = _unstable(e, ("PSoI", "PSoMT"), EXEMPT)
    return [Part(f"not below the bound: {', '.join(found) or 'none'}", not found)]


@claim("C24", "3.2", "Performance is stable after about 70 % of the iterations.")
def _(e: Evidence) -> list[Part]:
    found = _unstable(e, ("PSoI",))
    return [Part(f"not below the bound: {', '.join(found) or 'none'}", not found)]


@claim("C17", "4.2", "Loss-change models overestimate sizes rather than misclassify or make noise.")
def _(e: Evidence) -> list[Part]:
    table = e.table("errors", LOSS_CHANGE)
    parts = []
    for model in LOSS_CHANGE:
        kinds = table.loc[model, ["oversize", "misclassified", "noise"]].astype(float)
        total = kinds.sum()
        if not total:
            raise Undecided(f"{model} has no false positive")
        said = f"{model}: " + ", ".join(f"{k} {v / total:.0%}" for k, v in kinds.items())
        parts.append(Part(said, kinds["oversize"] > max(kinds["misclassified"], kinds["noise"])))
    return parts


@claim("C18", "4.2", "ICF models make noise as well: false objects away from any defect.")
def _(e: Evidence) -> list[Part]:
    table = e.table("errors", (BASELINE, *ICF, *ISCF))["noise_objects_per_megapixel"]
    parts = []
    for icf, iscf in zip(ICF, ISCF):
        said = f"{icf} {table[icf]:.1f} a megapixel, {iscf} {table[iscf]:.1f}, "
        said += f"{BASELINE} {table[BASELINE]:.1f}"
        parts.append(Part(said, table[icf] > max(table[iscf], table[BASELINE])))
    return parts


@claim(
    "C20",
    "3.4.1",
    "One-vs-Rest costs about as many times the baseline as there are defects (four).",
)
def _(e: Evidence) -> list[Part]:
    table, number = e.table("costs", (BASELINE, "Binary")), len(e.defects)
    parts = []
    for column in ("macs_per_megapixel", "training_seconds"):
        factor = table.loc["Binary", column] / table.loc[BASELINE, column]
        about = abs(factor / number - 1) <= ABOUT
        parts.append(Part(f"{column.replace('_', ' ')}: {factor:.2f} times", bool(about)))
    return parts


@claim(
    "C21",
    "5",
    "Resampling overfits: a larger gap of training and validation, largest for Eq. Pixels.",
)
def _(e: Evidence) -> list[Part]:
    gap = e.table("gaps", (BASELINE, *RESAMPLED))["gap"]
    if gap[[BASELINE, *RESAMPLED]].isna().any():
        raise Undecided("a gap is undefined")
    parts = [
        Part(f"{m} {gap[m]:+.3f}, baseline {gap[BASELINE]:+.3f}", gap[m] > gap[BASELINE])
        for m in RESAMPLED
    ]
    largest = gap[list(RESAMPLED)].idxmax()
    return [*parts, Part(f"largest: {largest}", largest == "Eq. Pixels")]


def _share(table: pd.DataFrame, part: str, whole: str, words: str) -> list[Part]:
    total = table[whole].sum()
    if not total:
        raise Undecided(f"no {whole} to judge")
    share = table[part].sum() / total
    return [Part(f"{share:.1%} of {words}", bool(share >= NOTABLE))]


@claim(
    "C22", "5", "Part of the counted false positives are real defects that the annotators missed."
)
def _(e: Evidence) -> list[Part]:
    words = "the false positives are a defect of that class in the truth"
    return _share(e.table("truth"), "fp_real", "fp", words)


@claim("C23", "5", "Coarse annotation counts pixels as misses that are no defect.")
def _(e: Evidence) -> list[Part]:
    return _share(e.table("truth"), "fn_no_defect", "fn", "the misses are no defect in the truth")


@claim("C25", "5", "Building an equal-pixels train set is very expensive.")
def _(e: Evidence) -> list[Part]:
    seconds = e.table("building", ("uniform", "equal_pixels"))["seconds"]
    factor = seconds["equal_pixels"] / seconds["uniform"]
    said = f"a pool takes {seconds['equal_pixels']:.3g} s, {factor:.1f} times the standard one"
    return [Part(said, bool(factor >= EXPENSIVE))]


def ordered() -> list[Claim]:
    """All claims by their number."""
    return [CLAIMS[number] for number in sorted(CLAIMS)]
