"""Why a verdict differs from the thesis's: what decides it, and under which changes it turns.

Nothing is known beforehand about what the cause may be. Each of
:mod:`foilseg.analysis.counterfactuals` is made, and the claim judged again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from foilseg.claims.claim import Claim, Part, listed
from foilseg.claims.evidence import Evidence
from foilseg.claims.verdicts import FAILS, HOLDS, OPEN, UNSURE, Verdict, judge

SHOWN = 3  # names of images written out


@dataclass(frozen=True)
class Reason:
    """What a difference from the thesis hangs on.

    Attributes
    ----------
    claim, thesis, here : the claim, the thesis's verdict and the study's.
    part : the condition that decides.
    shares : defect -> its part of the gap, where that is a difference of mean rates.
    undefined : of those models, which defects are left out of the mean: they have no rate.
    turned : the changes under which the thesis's verdict returns.
    part_turned : those under which only the part that decides comes out otherwise.
    kept : those under which neither does; one that leaves the claim open is in none of the three.
    images : images without any one of which the thesis's verdict returns.
    """

    claim: Claim
    thesis: str
    here: str
    part: Part
    shares: dict[str, float]
    undefined: tuple[str, ...]
    turned: tuple[str, ...]
    part_turned: tuple[str, ...]
    kept: tuple[str, ...]
    images: tuple[str, ...]

    @property
    def mostly(self) -> str:
        """The defect with the largest part of the gap in its direction; what is undefined."""
        sign = np.sign(self.part.gap)
        if not self.shares or not sign:
            return ""
        name = max(self.shares, key=lambda d: sign * self.shares[d])
        return "; ".join([f"{name} ({self.shares[name]:+.3g})", *self.undefined])


def stated(printed: Verdict) -> str:
    """The thesis's verdict: that of its tables, or, where they do not decide, what it says."""
    return HOLDS if printed.verdict == OPEN else printed.verdict


def differing(printed: Mapping[str, Verdict], ours: Mapping[str, Verdict]) -> list[str]:
    """The claims that this study decides, and otherwise than the thesis."""
    return [
        number
        for number, verdict in ours.items()
        if verdict.verdict not in (OPEN, UNSURE, stated(printed[number]))
    ]


def telling(reasons: Iterable[Reason]) -> list[Reason]:
    """Reasons, the most telling first: what a change turns, what it turns in part, wide gaps."""
    return sorted(
        reasons, key=lambda r: (not r.turned, not r.part_turned, -abs(np.nan_to_num(r.part.gap)))
    )


def explain(
    printed: Mapping[str, Verdict],
    ours: Mapping[str, Verdict],
    here: Evidence,
    variants: Mapping[str, Evidence],
    images: Iterable[tuple[str, Evidence]] = (),
    supported: pd.DataFrame | None = None,
) -> list[Reason]:
    """A reason for every claim of :func:`differing`.

    Parameters
    ----------
    here : the evidence that ``ours`` are the verdicts on.
    variants : change -> evidence of the study after that change.
    images : name of an image and evidence without it.
    supported : see :func:`foilseg.claims.verdicts.support`; of several parts that fail, the one
        that holds in the fewest resamples decides, without it the first.
    """
    left_out = list(images)
    reasons = []
    for number in differing(printed, ours):
        shares = [] if supported is None else supported.loc[number, "parts"]
        place = _decisive(ours[number], printed[number], shares)
        thesis = stated(printed[number])
        reasons.append(_reason(ours[number], thesis, place, here, variants, left_out))
    return reasons


def _reason(
    verdict: Verdict,
    thesis: str,
    place: int,
    here: Evidence,
    variants: Mapping[str, Evidence],
    images: Sequence[tuple[str, Evidence]],
) -> Reason:
    """Why a verdict is not the thesis's; ``place`` is that of the part that decides."""
    claim, part = verdict.claim, verdict.parts[place]
    again = {name: judge(claim, e) for name, e in variants.items()}
    decided = {name: found for name, found in again.items() if found.verdict != OPEN}
    turned = [name for name, found in decided.items() if found.verdict == thesis]
    partly = [
        name
        for name, found in decided.items()
        if name not in turned and found.parts[place].holds != part.holds
    ]
    shares, undefined = _shares(part, here)
    return Reason(
        claim=claim,
        thesis=thesis,
        here=verdict.verdict,
        part=part,
        shares=shares,
        undefined=undefined,
        turned=tuple(turned),
        part_turned=tuple(partly),
        kept=tuple(name for name in decided if name not in (*turned, *partly)),
        images=tuple(name for name, e in images if judge(claim, e).verdict == thesis),
    )


def _decisive(ours: Verdict, printed: Verdict, shares: Sequence[float]) -> int:
    """Place of the part that decides."""
    places = range(len(ours.parts))
    if ours.verdict == FAILS:
        failing = [i for i in places if not ours.parts[i].holds] or list(places)
        weighed = len(shares) == len(ours.parts)
        return min(failing, key=lambda i: shares[i]) if weighed else failing[0]
    theirs = printed.parts if len(printed.parts) == len(ours.parts) else ours.parts
    turned = [i for i in places if not theirs[i].holds] or list(places)
    gaps = [ours.parts[i].gap for i in turned]
    return turned[int(np.argmin(np.where(np.isnan(gaps), np.inf, gaps)))]


def _shares(part: Part, e: Evidence) -> tuple[dict[str, float], tuple[str, ...]]:
    """Defect -> its part of a gap of mean rates, empty if it is none; and what is undefined.

    A mean leaves out what is undefined, so a defect's part is its rate over the number of
    defined ones, of one model less that of the other.
    """
    if not part.rate or not set(part.between) <= set(e.models):
        return {}, ()
    values = np.array([e.values(model, part.rate) for model in part.between])
    known = ~np.isnan(values)
    each = np.where(known, values, 0.0) / known.sum(axis=1, keepdims=True)
    gap = each[0] - each[1]
    if not np.isclose(gap.sum(), part.gap):
        return {}, ()
    unknown = tuple(
        f"{model} undefined for {listed(d for d, k in zip(e.defects, row) if not k)}"
        for model, row in zip(part.between, known)
        if not row.all()
    )
    return dict(zip(e.defects, gap.tolist())), unknown


def table(reasons: Sequence[Reason]) -> pd.DataFrame:
    """One row a reason: the claim, the verdict here, what decides it, and what turns it."""
    rows = [(r.claim.id, r.here, _decides(r), _turns(r)) for r in reasons]
    return pd.DataFrame(rows, columns=["claim", "here", "what decides", "what turns it"])


def _decides(reason: Reason) -> str:
    part = reason.part
    if np.isnan(part.gap):
        return part.text
    if not part.between:
        return f"{part.text}; gap {part.gap:+.3g}"
    gap = f"{part.between[0]} against {part.between[1]}: gap {part.gap:+.3g}"
    return f"{part.text}; {gap}" + (f", mostly {reason.mostly}" if reason.mostly else "")


def _turns(reason: Reason) -> str:
    tried = len(reason.turned) + len(reason.part_turned) + len(reason.kept)
    said = [listed(reason.turned) if reason.turned else f"none of {tried} changes"]
    if reason.part_turned:
        said.append(f"this part alone: {listed(reason.part_turned)}")
    if reason.images:
        more = "" if len(reason.images) <= SHOWN else f" and {len(reason.images) - SHOWN} more"
        said.append(f"without the image {listed(reason.images[:SHOWN])}{more}")
    return "; ".join(said)


def summary(reasons: Sequence[Reason]) -> str:
    """One sentence: how many claims differ, and how many of them turn."""
    if not reasons:
        return "No claim that can be decided here differs from the thesis."
    turned = sum(bool(r.turned or r.images) for r in reasons)
    verb = "claim comes" if len(reasons) == 1 else "claims come"
    again = f"{turned} of these" if turned else "none of these"
    return (
        f"{len(reasons)} {verb} out otherwise than in the thesis; {again} "
        f"turn{'s' if turned < 2 else ''} under one of the changes."
    )
