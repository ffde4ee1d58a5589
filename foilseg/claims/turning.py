"""At which number a verdict would turn: no bound decides unseen.

Words such as "much" and "most" were given numbers (:class:`foilseg.claims.claim.Bound`). Here the
number is moved, and the claim judged again, until the verdict is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from foilseg.claims.claim import Bound, Claim, tried
from foilseg.claims.evidence import Evidence
from foilseg.claims.registry import CLAIMS
from foilseg.claims.verdicts import OPEN, judge

REACH, STEPS = 10.0, 60  # tried are numbers from a tenth to ten times the bound, in so many steps
HALVINGS = 40  # of the step in which the verdict turns


def turn(claim: Claim, bound: Bound, evidence: Evidence) -> float:
    """The number nearest to the bound's, as a ratio, at which the verdict is another one.

    NaN if there is none from a tenth to ten times the bound, or the claim cannot be decided.
    """
    now = judge(claim, evidence).verdict
    if now == OPEN:
        return float("nan")

    def turned(factor: float) -> bool:
        with tried(bound, bound_number * factor):
            return judge(claim, evidence).verdict != now

    bound_number, found = bound.value, []
    for direction in (REACH, 1 / REACH):
        factors = np.geomspace(1, direction, STEPS + 1).tolist()
        for before, after in pairwise(factors):
            if turned(after):
                found.append(_between(turned, before, after))
                break
    nearest = min(found, key=lambda factor: abs(np.log(factor)), default=float("nan"))
    return bound_number * nearest


def _between(turned: Callable[[float], bool], before: float, after: float) -> float:
    for _ in range(HALVINGS):
        middle = (before * after) ** 0.5
        before, after = (before, middle) if turned(middle) else (middle, after)
    return after


def table(evidence: Evidence, claims: Mapping[str, Claim] = CLAIMS) -> pd.DataFrame:
    """A row a claim and bound: claim, words, number, verdict, and turns at."""
    rows = [
        (number, b.words, b.value, judge(claim, evidence).verdict, turn(claim, b, evidence))
        for number, claim in claims.items()
        for b in claim.bounds
    ]
    return pd.DataFrame(rows, columns=["claim", "words", "number", "verdict", "turns at"])
