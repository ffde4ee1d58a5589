"""Claims that compare two models."""

from __future__ import annotations

from foilseg.claims.claim import BASELINE, ICF, ISCF, Part, claim, foil_defects, listed
from foilseg.claims.evidence import RATES, Evidence
from foilseg.thesis import published

MUCH_LOWER = 0.5  # "much lower": at most this share
MODEST = 0.2  # "modest": a loss of at most this share
ALIKE = 2.0  # a quoted change is met between 1 / ALIKE and ALIKE times it
# "unchanged": by less than this share. The smallest change that the thesis calls one is +2.5 %
# (C13), so nothing that would count as that change may count as none.
UNCHANGED = 0.025 / ALIKE
IMPROVES = 2  # "improve on": better in at least so many of TPR, FPR and precision


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
    times = found / quoted
    gap = min(times - 1 / ALIKE, ALIKE - times) * abs(quoted)
    return Part(text, bool(1 / ALIKE <= times <= ALIKE), gap, (model, BASELINE))


@claim("C13", "5", "Os. Cavities against the baseline: TPR +35 %, precision +2.5 %, FPR +17 %.")
def _(e: Evidence) -> list[Part]:
    foil_defects(e)
    return _quoted(e, "C13")


@claim("C14", "5", "Binary against the baseline: TPR +5 %, FPR -28 %, precision unchanged.")
def _(e: Evidence) -> list[Part]:
    found = change(e, "Binary", "precision")
    gap = UNCHANGED - abs(found)
    same = Part(f"precision {found:+.1%}", bool(gap > 0), gap, ("Binary", BASELINE))
    return [*_quoted(e, "C14"), same]


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
        gaps = (
            MUCH_LOWER * fpr[0] - fpr[1],
            precision[1] - precision[0],
            tpr[1] - (1 - MODEST) * tpr[0],
        )
        up, down = (iscf, icf), (icf, iscf)
        said = f"{icf} -> {iscf}: FPR {fpr[0]:.4f} -> {fpr[1]:.4f}"
        parts += [
            Part(said, gaps[0] >= 0, gaps[0], down),
            Part(
                f"precision {precision[0]:.3f} -> {precision[1]:.3f}",
                gaps[1] > 0,
                gaps[1],
                up,
                "precision",
            ),
            Part(f"TPR {tpr[0]:.3f} -> {tpr[1]:.3f}", gaps[2] >= 0, gaps[2], up),
        ]
    return parts


@claim(
    "C19", "4.2", "Binary models with focal loss do not improve on the multi-class ones with it."
)
def _(e: Evidence) -> list[Part]:
    parts = []
    for multi, binary in (("Focal Loss", "Binary FL"), ("FL ISCF", "Bin FL ISCF")):
        leads = {r: _lead(e.mean(binary, r), e.mean(multi, r)) for r in RATES}
        leads["FPR"] = -leads["FPR"]
        better = [r for r in RATES if leads[r] > 0]
        said = f"{binary} beats {multi} in {listed(better)}"
        deciding = sorted(leads.values(), reverse=True)[IMPROVES - 1]
        parts.append(Part(said, len(better) < IMPROVES, -deciding, (multi, binary)))
    return parts


def _lead(one: float, other: float) -> float:
    """By how much one is above the other, as a share of the larger."""
    return (one - other) / max(one, other) if one != other else 0.0
