"""Claims that compare two models: quoted changes against the baseline, ICF with ISCF weights."""

from __future__ import annotations

from functools import cache
from math import ceil

from foilseg.claims.claim import (
    BASELINE,
    ICF,
    ISCF,
    Bound,
    Part,
    claim,
    foil_defects,
    listed,
    relative,
)
from foilseg.claims.evidence import RATES, Evidence
from foilseg.numbers import three_digits
from foilseg.thesis import published

ALIKE = Bound("a quoted change", 2.0, "met between 1/this and this times the change")
# The smallest change that the thesis calls one is +2.5% (C13), so nothing that would count as
# that change may count as none.
UNCHANGED = Bound(
    "unchanged", 0.025 / ALIKE.value, "by less than this share, half the least change quoted"
)
MUCH_LOWER = Bound("much lower", 0.5, "at most this share of the other")
MODEST = Bound("modest loss", 0.2, "of at most this share")
IMPROVES = Bound("improve on", 2, "better in so many of TPR, FPR and precision")


def _quoted(e: Evidence, number: str) -> list[Part]:
    """Changes against the baseline: the sign that is quoted, and about its size."""
    return [_met(e, *quoted) for quoted in _percentages(number)]


@cache
def _percentages(number: str) -> tuple[tuple[str, str, float], ...]:
    """Model, rate and change of what the thesis quotes in a claim."""
    text = published.table("text").query(f"id == '{number}' and kind == 'percent'")
    printed = text["printed"] / 100
    return tuple(zip(text["subject"], text["quantity"], printed, strict=True))


def change(e: Evidence, model: str, rate: str) -> float:
    """Relative change of a mean rate against the baseline; NaN where that is 0."""
    base = e.mean(BASELINE, rate)
    return e.mean(model, rate) / base - 1 if base else float("nan")


def _met(e: Evidence, model: str, rate: str, quoted: float) -> Part:
    found = change(e, model, rate)
    text = f"{rate} {relative(found)} (quoted {100 * quoted:+.3g}%)"
    times, most = found / quoted, ALIKE.value
    gap = min(times - 1 / most, most - times) * abs(quoted)
    return Part(text, bool(1 / most <= times <= most), gap, (model, BASELINE))


@claim(
    "5",
    "Os. Cavities raises the baseline's TPR by 35%, its precision by 2.5%, its FPR by 17%.",
    ALIKE,
)
def c13(e: Evidence) -> list[Part]:
    foil_defects(e)
    return _quoted(e, "C13")


@claim(
    "5",
    "Binary raises the baseline's TPR by 5%, lowers its FPR by 28%; precision is unchanged.",
    ALIKE,
    UNCHANGED,
)
def c14(e: Evidence) -> list[Part]:
    found = change(e, "Binary", "precision")
    gap = UNCHANGED.value - abs(found)
    same = Part(f"precision {relative(found)}", bool(gap > 0), gap, ("Binary", BASELINE))
    return [*_quoted(e, "C14"), same]


@claim(
    "5",
    "FL ISCF raises the baseline's TPR by 47% and FPR by 92%, and takes 24% off its precision.",
    ALIKE,
)
def c15(e: Evidence) -> list[Part]:
    return _quoted(e, "C15")


@claim(
    "4.2, 5",
    "ISCF trades better than ICF: its FPR is much lower, the precision higher, the loss modest.",
    MUCH_LOWER,
    MODEST,
)
def c16(e: Evidence) -> list[Part]:
    parts = []
    for icf, iscf in zip(ICF, ISCF):
        tpr, fpr, precision = (
            (e.mean(icf, r), e.mean(iscf, r)) for r in ("TPR", "FPR", "precision")
        )
        gaps = (
            MUCH_LOWER.value * fpr[0] - fpr[1],
            precision[1] - precision[0],
            tpr[1] - (1 - MODEST.value) * tpr[0],
        )
        up, down = (iscf, icf), (icf, iscf)
        said = (
            f"{icf} → {iscf}: FPR {three_digits(1e6 * fpr[0])} → {three_digits(1e6 * fpr[1])} ppm"
        )
        parts += [
            Part(said, gaps[0] >= 0, gaps[0], down),
            Part(
                f"precision {precision[0]:.3f} → {precision[1]:.3f}",
                gaps[1] > 0,
                gaps[1],
                up,
                "precision",
            ),
            Part(f"TPR {tpr[0]:.3f} → {tpr[1]:.3f}", gaps[2] >= 0, gaps[2], up),
        ]
    return parts


@claim(
    "4.2", "Binary models with focal loss do not improve on the multi-class ones with it.", IMPROVES
)
def c19(e: Evidence) -> list[Part]:
    parts = []
    for multi, binary in (("Focal Loss", "Binary FL"), ("FL ISCF", "Bin FL ISCF")):
        leads = {r: _lead(e.mean(binary, r), e.mean(multi, r)) for r in RATES}
        leads["FPR"] = -leads["FPR"]
        better = [r for r in RATES if leads[r] > 0]
        said = f"{binary} beats {multi} in {listed(better)}"
        place = min(max(ceil(IMPROVES.value), 1), len(leads)) - 1
        deciding = sorted(leads.values(), reverse=True)[place]
        parts.append(Part(said, len(better) < IMPROVES.value, -deciding, (multi, binary)))
    return parts


def _lead(one: float, other: float) -> float:
    """By how much one is above the other, as a share of the larger."""
    return (one - other) / max(one, other) if one != other else 0.0
