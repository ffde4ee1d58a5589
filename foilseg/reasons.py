"""Why a verdict differs from the thesis's: what decides it, and under which changes it turns.

Nothing is known beforehand about what the cause may be. Each change of how the study is counted
(another reference, another average, one defect less, ...) is made, and the claim judged again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from foilseg import curves, evidence, metrics, stability
from foilseg.claims import Claim, Part, listed
from foilseg.curves import Histograms
from foilseg.evidence import RATES, Evidence
from foilseg.findings import Findings, as_published, gather, thesis_names
from foilseg.study import Study
from foilseg.verdicts import FAILS, HOLDS, OPEN, Verdict, judge

SHOWN = 3  # names of images written out


@dataclass(frozen=True)
class Reason:
    """What a difference from the thesis hangs on.

    Attributes
    ----------
    claim, thesis, here : the claim, the thesis's verdict and the study's.
    part : the condition that decides.
    shares : defect -> its part of the gap, where that is a difference of mean rates.
    turned, kept : the changes under which the thesis's verdict returns, and those under which
        the study's stays; a change that leaves the claim open is in neither.
    images : images without any one of which the thesis's verdict returns.
    """

    claim: Claim
    thesis: str
    here: str
    part: Part
    shares: dict[str, float]
    turned: tuple[str, ...]
    kept: tuple[str, ...]
    images: tuple[str, ...]

    @property
    def mostly(self) -> str:
        """The defect with the largest part of the gap in the gap's direction, with that part."""
        if not self.shares:
            return ""
        sign = np.sign(self.part.gap) or 1.0
        name = max(self.shares, key=lambda d: sign * self.shares[d])
        return f"{name} ({self.shares[name]:+.3g})"


def stated(printed: Verdict) -> str:
    """The thesis's verdict: that of its tables, or, where they do not decide, what it says."""
    return HOLDS if printed.verdict == OPEN else printed.verdict


def differing(printed: Mapping[str, Verdict], ours: Mapping[str, Verdict]) -> list[str]:
    """The claims that this study decides, and otherwise than the thesis."""
    return [
        number
        for number, verdict in ours.items()
        if verdict.verdict not in (OPEN, stated(printed[number]))
    ]


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
    supported : see :func:`foilseg.verdicts.support`; of several parts that fail, the one that
        holds in the fewest resamples decides, without it the first.
    """
    left_out = list(images)
    reasons = []
    for number in differing(printed, ours):
        claim, verdict, thesis = ours[number].claim, ours[number], stated(printed[number])
        shares = [] if supported is None else supported.loc[number, "parts"]
        part = _decisive(verdict, printed[number], shares)
        again = {name: judge(claim, e).verdict for name, e in variants.items()}
        turned = tuple(name for name, found in again.items() if found == thesis)
        kept = tuple(name for name, found in again.items() if found == verdict.verdict)
        alone = tuple(name for name, e in left_out if judge(claim, e).verdict == thesis)
        spread = _shares(part, here)
        reasons.append(Reason(claim, thesis, verdict.verdict, part, spread, turned, kept, alone))
    return reasons


def _decisive(ours: Verdict, printed: Verdict, shares: Sequence[float]) -> Part:
    if ours.verdict == FAILS:
        failing = [i for i, part in enumerate(ours.parts) if not part.holds]
        weighed = len(shares) == len(ours.parts)
        return ours.parts[min(failing, key=lambda i: shares[i]) if weighed else failing[0]]
    pairs = zip(ours.parts, printed.parts)
    turned = [mine for mine, theirs in pairs if not theirs.holds] or list(ours.parts)
    return min(turned, key=lambda part: np.inf if np.isnan(part.gap) else part.gap)


def _shares(part: Part, e: Evidence) -> dict[str, float]:
    """Defect -> its part of a gap of mean rates; empty if the gap is none."""
    if not part.rate or not set(part.between) <= set(e.models) or len(part.between) != 2:
        return {}
    one, other = (e.values(model, part.rate) for model in part.between)
    each = (one - other) / len(e.defects)
    if not np.isclose(each.sum(), part.gap):
        return {}
    return dict(zip(e.defects, each.tolist()))


def table(reasons: Sequence[Reason]) -> pd.DataFrame:
    """One row a reason: verdicts, what decides and by how much, what turns it and what does not."""
    rows = [
        {
            "claim": r.claim.id,
            "thesis": r.thesis,
            "here": r.here,
            "decided by": r.part.text,
            "between": " and ".join(r.part.between),
            "gap": "" if np.isnan(r.part.gap) else f"{r.part.gap:+.3g}",
            "mostly from": r.mostly,
            "turns": listed(r.turned),
            "stays": listed(r.kept),
            "single images that turn it": _named(r.images),
        }
        for r in reasons
    ]
    columns = ["claim", "thesis", "here", "decided by", "between", "gap", "mostly from"]
    return pd.DataFrame(rows, columns=[*columns, "turns", "stays", "single images that turn it"])


def _named(images: Sequence[str]) -> str:
    shown = listed(images[:SHOWN])
    return shown if len(images) <= SHOWN else f"{len(images)}: {shown}, ..."


def changes(
    study: Study,
    names: Sequence[str],
    found: Findings,
    against: str = "label",
    average: str = "pooled",
    tested: Sequence[str] = (),
) -> dict[str, Evidence]:
    """The study counted otherwise, a name for each change -> evidence.

    The other reference, the other average, each defect left out, One-vs-Rest predictions joined,
    every model at the same FPR, and each other training of the models that have one. ``found``
    is what :func:`foilseg.findings.gather` returned for the other arguments.
    """
    other = next(kind for kind in metrics.AVERAGES if kind != average)
    result = {f"{other} rates": found.evidence(other)}
    if study.dataset.has_truth:
        kind, words = ("truth", "truth") if against == "label" else ("label", "annotation")
        result[f"judged by the {words}"] = gather(study, names, kind, tested).evidence(average)
    for c in study.dataset.defects if len(study.dataset.defects) > 1 else ():
        result[f"without {c.name}"] = found.without(c.name).evidence(average)
    joined = as_published(study.joined_counts(names, against), study, names)
    result["One-vs-Rest joined"] = evidence.from_counts(joined, average)
    titles = thesis_names(study, names)
    histograms = {titles[m.title]: m.histograms() for m in map(study.model, names)}
    here = evidence.from_counts(found.counts, average)
    result["all models at one FPR"] = at_one_fpr(here, histograms, study, against)
    for seed in stability.seeds(study)[1:]:
        again = study.with_seed(seed)
        made = [name for name in names if not again.missing([name])]
        if len(made) > 1:
            counts = as_published(again.counts(made, against), again, made)
            result[f"trained with seed {seed}"] = evidence.from_counts(counts, average)
    return result


def at_one_fpr(
    here: Evidence, histograms: Mapping[str, Histograms], study: Study, against: str = "label"
) -> Evidence:
    """Rates of every model at the threshold that gives, for each defect, the models' median FPR.

    The FPR itself is then the same for all and says nothing: NaN, so claims about it are open.
    """
    rates = np.full(here.rates.shape, np.nan)
    for j, c in enumerate(study.dataset.defects):
        level = float(np.nanmedian(here.rates[:, j, RATES.index("FPR")]))
        for i, model in enumerate(here.models):
            total = histograms[model].total(c.name, against)
            negatives, positives = total.sum(axis=0)
            tpr = curves.tpr_at(total, level)
            claimed = tpr * positives + level * negatives
            rates[i, j, RATES.index("TPR")] = tpr
            rates[i, j, RATES.index("precision")] = (
                tpr * positives / claimed if claimed > 0 else np.nan
            )
    return Evidence(here.models, here.defects, rates)


def without_each_image(
    counts: pd.DataFrame, average: str = "pooled"
) -> Iterable[tuple[str, Evidence]]:
    """Every image's name and evidence of all others; rates only. Nothing for a single image."""
    images = list(dict.fromkeys(counts["foil"]))
    weights = 1 - np.eye(len(images), dtype=np.int64)
    left = evidence.reweighted(counts, weights, average) if len(images) > 1 else ()
    return zip(images, left)


def summary(reasons: Sequence[Reason]) -> str:
    """One sentence: how many claims differ, and how many of them turn."""
    if not reasons:
        return "No claim that can be decided here differs from the thesis."
    turned = sum(bool(r.turned or r.images) for r in reasons)
    return (
        f"{len(reasons)} of the claims come out otherwise than in the thesis; {turned} of these "
        "turn under at least one of the changes."
    )
