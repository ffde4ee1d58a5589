"""The thesis's train sets (3.3) made of a data set, with their ledgers -> tables."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from foilseg.data.dataset import Dataset
from foilseg.sampling.equal_pixels import Infeasible
from foilseg.sampling.ledger import Ledger, ledger
from foilseg.sampling.plans import Plan
from foilseg.sampling.pools import Index
from foilseg.sampling.resampling import SAMPLERS
from foilseg.sampling.uniform import rng
from foilseg.thesis import published
from foilseg.thesis.published import is_comparable

# Patches of each set: the samples of Tables 3.3 to 3.5 add up to these.
PATCHES = {"equal samples": 1404, "oversampled": 1518, "equal pixels": 1337}
BY_PIXELS = "by pixels"  # of a set that asks for pixels, not for patches
NOT_PRINTED = "not published"
PRINTED = {"equal samples": "equal_samples", "equal pixels": "equal_pixels"}


@dataclass(frozen=True, eq=False)
class TrainSet:
    """One pool of patches, and its account."""

    name: str
    plan: Plan
    ledger: Ledger


def shares_of(text: str, dataset: Dataset) -> dict[int, float]:
    """``"2,1,1,1"``, one number per defect in table order, as class index -> share.

    Raises
    ------
    ValueError
        If it is not one number per defect.
    """
    parts = [part for part in text.split(",") if part.strip()]
    names = ", ".join(c.name for c in dataset.defects)
    if len(parts) != len(dataset.defects):
        raise ValueError(f"shares: {text!r} is not one number for each of {names}")
    try:
        return {c.index: float(part) for c, part in zip(dataset.defects, parts)}
    except ValueError as error:
        raise ValueError(f"shares: {text!r} holds something that is no number") from error


def build(
    index: Index,
    dataset: Dataset,
    rare: str,
    seed: int = 0,
    *,
    tolerance: float = 0.01,
    shares: str = "",
    choice: str = "window",
) -> tuple[dict[str, TrainSet], str]:
    """A uniform pool and the three train sets, with as many patches as the thesis's.

    Parameters
    ----------
    rare : the class to oversample, the cavity in the thesis.
    tolerance : of the Equal Pixels set.
    shares : proportions for one set more, see :func:`shares_of`; "" for none.
    choice : ``"window"`` as in the thesis, or ``"object"``.

    Returns
    -------
    The sets by name, and a sentence that says what could not be had, or "".

    Raises
    ------
    ValueError
        As the samplers do.
    """
    label = next(c.index for c in dataset.classes if c.name == rare)
    jobs = {
        "uniform": ("uniform", PATCHES["equal samples"], {}),
        "equal samples": ("equal_samples", PATCHES["equal samples"], {"choice": choice}),
        f"oversampled {rare}": ("oversampled", PATCHES["oversampled"], {"label": label}),
        "equal pixels": ("equal_pixels", PATCHES["equal pixels"], {"tolerance": tolerance}),
    }
    if shares:
        options = {"shares": shares_of(shares, dataset), "choice": choice}
        jobs["proportions"] = ("proportions", PATCHES["equal samples"], options)
    made, missing = {}, ""
    for name, (sampler, n, options) in jobs.items():
        try:
            plan = SAMPLERS[sampler].draw(index, n, rng(seed, 0, name), **options)
        except Infeasible as error:
            missing = f"{name.capitalize()} cannot be had here. {error}."
            continue
        made[name] = TrainSet(name, plan, ledger(index, plan))
    return made, missing


def composition(sets: dict[str, TrainSet], dataset: Dataset) -> pd.DataFrame:
    """Per set and class: patches asked for and showing it, pixels and their share (Table 3.3-3.5).

    For the thesis's classes its printed samples and the printed share stand beside them; of the
    uniform set nothing is printed.
    """
    rows = []
    for made in sets.values():
        account = made.ledger
        for c in dataset.classes:
            pixels = account.pixels[c.index]
            row = {"train set": made.name, "class": c.name}
            row["patches showing it"] = account.showing[c.index]
            row["samples"] = _samples(made, c.index)
            row |= {"pixels": pixels, "share": pixels / max(1, account.n * account.size**2)}
            rows.append(row | _printed(made.name, c.name, is_comparable(dataset)))
    return pd.DataFrame(rows)


def _samples(made: TrainSet, index: int) -> str:
    """How many patches were asked for a class; a set that asks for pixels says so."""
    asked = made.ledger.requested_patches
    if asked is None and made.ledger.requested_pixels is not None:
        return BY_PIXELS
    return f"{(asked or {}).get(index, 0):,}"


def _printed(name: str, kind: str, comparable: bool) -> dict[str, float]:
    key = PRINTED.get(name, "oversampled_cavities" if name.startswith("oversampled") else "")
    if not comparable:
        return {}
    if not key:
        return {"published samples": NOT_PRINTED, "published share": None}
    table = published.table("trainset_composition").set_index(["train_set", "quantity"])
    pixels = table.loc[(key, "pixels")]
    column = kind.replace(" ", "_")
    samples = table.loc[(key, "samples"), column]
    share = pixels[column] / pixels.sum()
    return {"published samples": f"{samples:,}", "published share": share}


def variety(sets: dict[str, TrainSet], dataset: Dataset) -> pd.DataFrame:
    """Per set and defect: objects seen, how often, and the effective share of the objects."""
    rows = []
    for made in sets.values():
        account = made.ledger
        for c in dataset.defects:
            rows.append(
                {
                    "train set": made.name,
                    "class": c.name,
                    "objects": account.objects[c.index],
                    "seen": account.objects_seen[c.index],
                    "median times": account.times_median[c.index],
                    "most times": account.times_max[c.index],
                    "variety": account.variety[c.index],
                }
            )
    return pd.DataFrame(rows)


def overlap(sets: dict[str, TrainSet]) -> pd.DataFrame:
    """Per set: patches, inequality of the defects' pixels, repeated windows and overlap."""
    rows = [
        {
            "train set": made.name,
            "patches": made.ledger.n,
            "inequality": made.ledger.tolerance,
            "distinct windows": made.ledger.distinct_windows,
            "overlap with the nearest": made.ledger.nearest_overlap,
            "distinct share": made.ledger.distinct_pixels,
        }
        for made in sets.values()
    ]
    return pd.DataFrame(rows)


def pool_sizes(index: Index, dataset: Dataset) -> pd.DataFrame:
    """Windows in the pool of each class, and their share of all safe windows."""
    total = int(index.first[1][-1])
    rows = [{"class": c.name, "windows": int(index.pool_sizes[c.index])} for c in dataset.defects]
    table = pd.DataFrame(rows)
    table["window share"] = table["windows"] / total
    return table
