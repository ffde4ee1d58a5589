"""Class weights from training pixels (thesis 3.4.2 and 3.4.3)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foilseg.registry import pick

SCHEMES = {"icf": 1.0, "iscf": 0.5}  # exponent of the inverse class frequency
STANDARD_WEIGHTS = (0.25, 0.75)  # negative class, every defect (thesis 3.4.2)


def class_weights(pixels: np.ndarray, scheme: str, total: float | None = None) -> np.ndarray:
    """Class weights from training pixels (Eq. 3.4 and 3.5, read as in Table 3.6).

    Parameters
    ----------
    pixels : (K,) pixels of each class in the training regions.
    scheme : ``"icf"`` (inverse class frequency) or ``"iscf"`` (its square root).
    total : what the weights add up to; the number of classes unless told (Table 3.7 uses 1).

    Returns
    -------
    float64 (K,), in the order of ``pixels``.

    Raises
    ------
    ValueError
        If the scheme is unknown or a class has no training pixel (its weight is not defined).
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: {scheme!r} is not one of {', '.join(SCHEMES)}")
    pixels = np.asarray(pixels, np.float64)
    if pixels.ndim != 1 or not pixels.size or not (pixels > 0).all():
        absent = np.flatnonzero(~(pixels > 0)).tolist()
        raise ValueError(f"pixels: classes {absent} have no training pixel, so no weight either")
    frequency = pixels ** -SCHEMES[scheme]
    return frequency / frequency.sum() * (pixels.size if total is None else total)


def binary_pixels(pixels: np.ndarray, label: int) -> np.ndarray:
    """Pixels of "not this class" and of the class ``label``: int64 (2,) (thesis 3.4.3)."""
    pixels = np.asarray(pixels, np.int64)
    if not 0 <= label < len(pixels):
        raise ValueError(f"label: {label} is none of the {len(pixels)} classes")
    return np.array([pixels.sum() - pixels[label], pixels[label]])


def unweighted(pixels: np.ndarray, total: float | None = None) -> None:
    """No weights."""


def standard(pixels: np.ndarray, total: float | None = None) -> np.ndarray:
    """0.25 for the negative class and 0.75 for every defect, whatever they add up to."""
    return np.where(np.arange(len(pixels)) == 0, *STANDARD_WEIGHTS)


def inverse_frequency(pixels: np.ndarray, total: float | None = None) -> np.ndarray:
    """ICF of :func:`class_weights`."""
    return class_weights(pixels, "icf", total)


def inverse_root_frequency(pixels: np.ndarray, total: float | None = None) -> np.ndarray:
    """ISCF of :func:`class_weights`."""
    return class_weights(pixels, "iscf", total)


def priors(pixels: np.ndarray, total: float | None = None) -> np.ndarray:
    """The share of every class, for a loss that adds their logarithms; they add up to 1.

    Raises
    ------
    ValueError
        If a class has no pixel; names the classes.
    """
    pixels = np.asarray(pixels, np.float64)
    if not (pixels > 0).all():
        absent = np.flatnonzero(~(pixels > 0)).tolist()
        raise ValueError(f"pixels: classes {absent} have no training pixel, so no prior")
    return pixels / pixels.sum()


WEIGHTS: dict[str, Callable[..., np.ndarray | None]] = {
    "none": unweighted,
    "standard": standard,
    "icf": inverse_frequency,
    "iscf": inverse_root_frequency,
    "priors": priors,
}


def target_weights(scheme: str, pixels: np.ndarray, label: int | None = None) -> np.ndarray | None:
    """The weights of a scheme by its name: float64, or None for ``"none"``.

    Parameters
    ----------
    scheme : a key of :data:`WEIGHTS`.
    pixels : (K,) training pixels of each class index.
    label : the class of a One-vs-Rest network, or None. With it the weights are (negative,
        positive), and those from frequencies add up to 1 as in Table 3.7; without it they are
        (K,) and add up to K as in Table 3.6.

    Raises
    ------
    ValueError
        If the scheme is unknown, or a class that needs a weight has no training pixel.
    """
    if label is not None:
        pixels = binary_pixels(pixels, label)
    return pick("weights", WEIGHTS, scheme)(pixels, None if label is None else 1.0)
