"""Claims under check: verdicts on the printed tables and on a study, with bootstrap support."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from foilseg.claims.claim import Claim, Part
from foilseg.claims.evidence import Evidence, Undecided
from foilseg.claims.registry import CLAIMS, bounds

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be decided"
UNSURE = "open"  # images and trainings do not decide it
SURE, UNLIKELY = 0.95, 0.05  # shares of draws from which a claim holds, and below which it fails


@dataclass(frozen=True)
class Verdict:
    """What a study says of a claim: verdict, the parts behind it, and why it is open if so.

    ``share`` : of the draws in which it holds, NaN if none was made.
    """

    claim: Claim
    verdict: str
    parts: tuple[Part, ...] = ()
    why: str = ""
    share: float = float("nan")

    @property
    def numbers(self) -> str:
        """The numbers behind the verdict, or what is lacking."""
        return self.why or "; ".join(part.text for part in self.parts)

    @property
    def failing(self) -> tuple[str, ...]:
        """The parts that do not hold."""
        return tuple(part.text for part in self.parts if not part.holds)


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """The verdict on one claim."""
    try:
        parts = tuple(claim.test(evidence))
    except Undecided as lacking:
        return Verdict(claim, OPEN, (), str(lacking))
    return Verdict(claim, HOLDS if all(part.holds for part in parts) else FAILS, parts)


def judge_all(evidence: Evidence) -> dict[str, Verdict]:
    """Claim number -> verdict, for all claims."""
    return {claim.id: judge(claim, evidence) for claim in CLAIMS.values()}


def support(resamples: Iterable[Evidence]) -> pd.DataFrame:
    """How often each claim that needs nothing but rates holds.

    Returns
    -------
    Columns claim, holds (share of the resamples in which it can be decided; NaN if it never
    can), decided (number of those) and parts: the share for each part of the claim.
    """
    seen: dict[str, list[list[bool]]] = {claim.id: [] for claim in CLAIMS.values()}
    for evidence in resamples:
        for claim in CLAIMS.values():
            found = judge(claim, evidence)
            if found.verdict != OPEN:
                seen[claim.id].append([part.holds for part in found.parts])
    rows = []
    for number, each in seen.items():
        share = sum(all(parts) for parts in each) / len(each) if each else float("nan")
        parts = [sum(column) / len(each) for column in zip(*each)]
        rows.append({"claim": number, "holds": share, "decided": len(each), "parts": parts})
    return pd.DataFrame(rows).set_index("claim")


def drawn(judged: Mapping[str, Verdict], supported: pd.DataFrame) -> dict[str, Verdict]:
    """Verdicts by draws of images and trainings: holds from 95%, fails below 5%, else open.

    A claim that no draw decides, since it rests on neither, keeps the verdict that it has.
    """
    found = {}
    for number, verdict in judged.items():
        share = supported.loc[number, "holds"]
        if verdict.verdict == OPEN or pd.isna(share):
            found[number] = verdict
            continue
        said = HOLDS if share >= SURE else FAILS if share < UNLIKELY else UNSURE
        found[number] = replace(verdict, verdict=said, share=float(share))
    return found


def table(
    printed: dict[str, Verdict],
    pooled: dict[str, Verdict],
    study: dict[str, Verdict] | None = None,
    supported: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row a claim: what it says, the verdicts, support, and one sentence of reading."""
    rows = []
    for number, verdict in printed.items():
        row = {
            "claim": number,
            "place": verdict.claim.place,
            "says": verdict.claim.says,
            "as printed": verdict.verdict,
            "pooled": pooled[number].verdict,
        }
        if study is not None:
            ours = study[number]
            share = float("nan") if supported is None else supported.loc[number, "holds"]
            row |= {"this study": ours.verdict, "support": _percent(share)}
            row["numbers"] = ours.numbers
            row["reading"] = reading(verdict, ours, number, supported)
        else:
            row["numbers"] = verdict.numbers
        rows.append(row)
    return pd.DataFrame(rows)


def _percent(share: float) -> str:
    return "" if pd.isna(share) else f"{share:.0%}"


def reading(printed: Verdict, ours: Verdict, number: str, supported: pd.DataFrame | None) -> str:
    """One sentence: whether study and thesis agree and, where not, which part differs."""
    if ours.verdict == OPEN:
        return "Not decided here; the numbers say why."
    if ours.verdict == UNSURE:
        return f"Open: it holds in {ours.share:.0%} of the draws."
    if printed.verdict == OPEN:
        return f"The printed tables do not decide it; here it {_says(ours)}."
    if printed.verdict == ours.verdict:
        return f"As in the thesis, it {_says(ours)}."
    weak = _weakest(ours, number, supported)
    return f"Differs from the thesis: {weak}."


def _says(verdict: Verdict) -> str:
    return "holds" if verdict.verdict == HOLDS else "does not hold"


def _weakest(ours: Verdict, number: str, supported: pd.DataFrame | None) -> str:
    """The part that decides a difference, with how often it holds in resamples of the images."""
    if ours.verdict == HOLDS:
        return "every part holds here"
    shares = [] if supported is None else supported.loc[number, "parts"]
    failing = [i for i, part in enumerate(ours.parts) if not part.holds]
    failing = failing or list(range(len(ours.parts)))
    if len(shares) != len(ours.parts):
        return ours.parts[failing[0]].text
    worst = min(failing, key=lambda i: shares[i])
    return f"{ours.parts[worst].text} (this part holds in {shares[worst]:.0%} of the draws)"


def thresholds() -> pd.DataFrame:
    """What the words of the claims were taken to mean: words, claims, number, meaning."""
    rows = [
        (each.words, _range(numbers), each.value, each.meaning)
        for each, numbers in bounds().items()
    ]
    return pd.DataFrame(rows, columns=["words", "claims", "number", "meaning"])


def _range(numbers: list[str]) -> str:
    """Numbers in words: "C07 to C09" for three or more that follow each other, else a list."""
    steps = [int(number[1:]) for number in numbers]
    if len(steps) > 2 and steps[-1] - steps[0] == len(steps) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(numbers)


def retitled(shown: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """A table of this module whose words about a study name models as the study does.

    ``titles`` : the thesis's name -> the study's. What a claim says keeps the thesis's names.
    """
    other = shown.copy()
    for column in other.columns.difference(["says"]):
        for name, title in titles.items():
            other[column] = other[column].str.replace(name, title, regex=False)
    return other


def counted(verdicts: dict[str, Verdict]) -> dict[str, int]:
    """How many claims hold, do not hold, are open, and cannot be decided."""
    kinds = (HOLDS, FAILS, UNSURE, OPEN)
    return {v: sum(x.verdict == v for x in verdicts.values()) for v in kinds}


def changed(one: dict[str, Verdict], other: dict[str, Verdict]) -> list[str]:
    """The claims whose verdict differs."""
    return [number for number in one if one[number].verdict != other[number].verdict]
