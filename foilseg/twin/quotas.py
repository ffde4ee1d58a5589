"""How many label pixels of each kind each foil is to have.

The quotas of all foils are drawn before any foil is made, so that the set's shares of pixels come
out as printed (Tables 3.1 and A1) while the foils differ; then each foil fills its own,
independent of the others.
"""

from __future__ import annotations

import numpy as np

from foilseg.thesis import published
from foilseg.twin.kinds import BY_NAME, KINDS, N_CLASSES

TRAINING, VALIDATION = 0, 1


def shares() -> np.ndarray:
    """Share of each class of the label pixels in training and validation regions.

    float64 (classes, 2). Unless the kind says otherwise, training from Table 3.1 and validation
    from Table A1 (P and N of the baseline's rows).
    """
    result = np.zeros((N_CLASSES, 2))
    for kind in KINDS:
        result[kind.index] = kind.shares or _printed_shares(kind.name)
    result[0] = 1 - result[1:].sum(0)
    return result


def _printed_shares(name: str) -> tuple[float, float]:
    training = published.training_pixels()
    where = {"model": "Baseline", "defect": name.capitalize()}
    p, n = (float(published.value("counts", c, **where)) for c in "PN")
    return training[name] / sum(training.values()), p / (p + n)


def draw_quotas(
    rng: np.random.Generator, foils: int, pixels: tuple[int, int], scale: float, at_least_one: bool
) -> np.ndarray:
    """Label pixels that each foil is to have: float64 (foils, classes, 2).

    Parameters
    ----------
    pixels : pixels of one foil's training and validation region.
    scale : pixels per 50 micrometres.
    at_least_one : raise a quota of the set that no small defect fits into, so that each kind
        occurs in both regions however small the set is.
    """
    wanted = shares() * np.array(pixels, float) * foils
    rate = {k.index: rng.gamma(k.spread, 1 / k.spread, foils) for k in KINDS}
    for kind in KINDS:
        if kind.amount_with:
            rate[kind.index] *= np.sqrt(rate[BY_NAME[kind.amount_with].index])
    result = np.zeros((foils, N_CLASSES, 2))
    for kind in KINDS:
        own = rate[kind.index]
        own[rng.random(foils) < kind.absent] = 0
        if not own.any():
            own[rng.integers(foils)] = 1
        for region in (TRAINING, VALIDATION):
            weight = own * rng.gamma(5, 0.2, foils)
            small = kind.small * scale**2
            total = wanted[kind.index, region]
            if at_least_one:
                total = max(total, small)
            result[:, kind.index, region] = _apportion(weight, total, small)
    return result


def _apportion(weight: np.ndarray, total: float, small: float) -> np.ndarray:
    """Split a total by weights; parts that no small defect fits into go to the others."""
    weight = weight.copy()
    while True:
        part = total * weight / weight.sum()
        poor = (part > 0) & (part < small)
        if not poor.any() or (weight > 0).sum() == 1:
            return part
        weight[np.flatnonzero(poor)[np.argmin(part[poor])]] = 0
