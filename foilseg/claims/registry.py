"""The list of all claims: number -> claim.

A claim is found by being defined in one of :data:`FILES`; nothing else lists claims or bounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

from foilseg.claims import change_claims, rate_claims, study_claims
from foilseg.claims.claim import Bound, Claim

FILES = (rate_claims, change_claims, study_claims)


def defined(files: Iterable[ModuleType]) -> dict[str, Claim]:
    """The claims that modules define, by their number and in the order of the numbers.

    Raises
    ------
    ValueError
        If two have the same number.
    """
    found: dict[str, Claim] = {}
    for one in (value for file in files for value in vars(file).values()):
        if isinstance(one, Claim):
            if one.id in found:
                raise ValueError(f"claims: two have the number {one.id}; rename one predicate")
            found[one.id] = one
    return {number: found[number] for number in sorted(found)}


CLAIMS = defined(FILES)


def bounds() -> dict[Bound, list[str]]:
    """Every bound and the numbers of the claims that use it, in the order of the files."""
    found: dict[Bound, list[str]] = {}
    for file in FILES:
        for each in (value for value in vars(file).values() if isinstance(value, Bound)):
            found[each] = [c.id for c in CLAIMS.values() if each in c.bounds]
    return found
