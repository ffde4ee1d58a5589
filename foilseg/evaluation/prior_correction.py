"""Posteriors under other priors: what weights and resampling change, taken back without training.

A network trained by cross entropy with class weights w on patches in which class c has the share
q_c of the pixels learns p(c|x) in proportion to p(x|c) q_c w_c. With priors pi instead it would be
softmax(z)_c pi_c / (q_c w_c), normalised: the logits z only move by a constant a class. The same
constant with any factor in front is logit adjustment after training (Menon et al. 2021,
arXiv 2007.07314): z - tau log pi favours rare classes the more, the larger tau is.
"""

from __future__ import annotations

import numpy as np

TAUS = tuple(np.arange(-0.5, 2.25, 0.25).tolist())  # of the dial, 0 leaves a network as it is


def shares(pixels: np.ndarray) -> np.ndarray:
    """Priors of classes with these pixels: float64 (K,) that sums to 1.

    Raises
    ------
    ValueError
        If a class has no pixel: its prior cannot be taken back. Names the classes.
    """
    pixels = np.asarray(pixels, np.float64)
    if not pixels.size or not (pixels > 0).all():
        absent = np.flatnonzero(~(pixels > 0)).tolist()
        raise ValueError(f"pixels: classes {absent} have none, so no prior to correct by")
    return pixels / pixels.sum()


def learned(delivered: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The priors that a network learned: float64 (K,), the shares of q_c w_c.

    ``delivered`` : pixels of each class in the patches that it was trained on.
    """
    return shares(shares(delivered) * (1.0 if weights is None else np.asarray(weights, float)))


def correction(priors: np.ndarray, of_network: np.ndarray) -> np.ndarray:
    """What to add to the logits so that they have these priors: float64 (K,)."""
    return np.log(priors) - np.log(of_network)


def adjustment(priors: np.ndarray, tau: float) -> np.ndarray:
    """What logit adjustment adds to the logits: -tau log pi, float64 (K,)."""
    return -tau * np.log(priors)


def expected_calibration_error(counts: np.ndarray, middle: np.ndarray, bins: int = 15) -> float:
    """ECE of a histogram of probabilities, in bins of equally many pixels; NaN without a pixel.

    Parameters
    ----------
    counts : (B, 2), pixels that are not and that are of the class, by rising probability.
    middle : float64 (B,), the probability of each of these fine bins.
    bins : of equal mass, made by joining neighbouring fine ones, so none is split.
    """
    said, true, mass = equal_mass(counts, middle, bins)
    return float(np.abs(said - true).sum() / mass.sum()) if mass.sum() else float("nan")


def equal_mass(
    counts: np.ndarray, middle: np.ndarray, bins: int = 15
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bins of :func:`expected_calibration_error`: float64 (bins,) each.

    Returns
    -------
    said, true, mass : sum of the probabilities, pixels of the class, and all pixels in each bin;
        zeros without a pixel. ``true / mass`` over ``said / mass`` is the reliability diagram.
    """
    mass = counts.sum(axis=1).astype(float)
    whole = max(mass.sum(), 1.0)
    group = np.minimum((np.cumsum(mass) - mass / 2) / whole * bins, bins - 1).astype(int)
    weights = (mass * middle, counts[:, 1].astype(float), mass)
    said, true, all_ = (np.bincount(group, each, minlength=bins) for each in weights)
    return said, true, all_
