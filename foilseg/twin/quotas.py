"""How many label pixels of each kind each foil is to have.

The quotas of all foils are drawn before any foil is made, so that the set's shares of pixels come
out as printed (Tables 3.1 and A1) while the foils differ; then each foil fills its own,
independent of the others.
"""

from __future__ import annotations

import numpy as np

from foilseg.thesis import published
from foilseg.twin.shapes import AGGLOMERATION, CAVITY, CRACK, TRAIL

KINDS = (AGGLOMERATION, CRACK, CAVITY, TRAIL)
NAMES = {AGGLOMERATION: "agglomeration", CRACK: "crack", CAVITY: "cavity", TRAIL: "blade trail"}
TRAINING, VALIDATION = 0, 1

# label area of a small specimen, in units of 50 um squared
SMALL = {AGGLOMERATION: 250, CRACK: 450, CAVITY: 65, TRAIL: 2500}
# share of foils without the kind; spread of the amounts (shape of a gamma distribution)
_ABSENT = {AGGLOMERATION: 0.04, CRACK: 0.2, CAVITY: 0.15, TRAIL: 0.25}
_SPREAD = {AGGLOMERATION: 2.5, CRACK: 2.0, CAVITY: 1.5, TRAIL: 2.0}


def shares() -> np.ndarray:
    """Share of each class of the label pixels: float64 (5, 2), training and validation regions.

    Training from Table 3.1, validation from Table A1 (P and N of the baseline's rows).
    """
    training = published.training_pixels()
    result = np.zeros((5, 2))
    for kind, name in NAMES.items():
        where = {"model": "Baseline", "defect": name.capitalize()}
        p, n = (float(published.value("counts", c, **where)) for c in "PN")
        result[kind] = training[name] / sum(training.values()), p / (p + n)
    result[0] = 1 - result[1:].sum(0)
    return result


def draw_quotas(
    rng: np.random.Generator, foils: int, pixels: tuple[int, int], scale: float, at_least_one: bool
) -> np.ndarray:
    """Label pixels that each foil is to have: float64 (foils, 5, 2).

    Parameters
    ----------
    pixels : pixels of one foil's training and validation region.
    scale : pixels per 50 micrometres.
    at_least_one : raise a quota of the set that no small defect fits into, so that each kind
        occurs in both regions however small the set is.
    """
    wanted = shares() * np.array(pixels, float) * foils
    rate = {kind: rng.gamma(_SPREAD[kind], 1 / _SPREAD[kind], foils) for kind in KINDS}
    rate[CAVITY] *= np.sqrt(rate[AGGLOMERATION])
    result = np.zeros((foils, 5, 2))
    for kind in KINDS:
        rate[kind][rng.random(foils) < _ABSENT[kind]] = 0
        if not rate[kind].any():
            rate[kind][rng.integers(foils)] = 1
        for region in (TRAINING, VALIDATION):
            weight = rate[kind] * rng.gamma(5, 0.2, foils)
            small = SMALL[kind] * scale**2
            total = wanted[kind, region]
            if at_least_one:
                total = max(total, small)
            result[:, kind, region] = _apportion(weight, total, small)
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
