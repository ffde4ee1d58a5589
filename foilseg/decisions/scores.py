"""How sure a run is of every defect in a picture, and of every object that is annotated there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from foilseg.evaluation.object_scores import REACHES, Reference
from foilseg.networks.inference import Predictor

# Pixels of a picture that is predicted as a whole, and the edge of the tiles of a larger one: the
# margins of tiles cost time, and a whole picture costs memory (benchmarks/README.md).
WHOLE, TILE = 3_000_000, 1536
SLACK = 1e-3  # of log-odds, so that no rounding leaves out a pixel
EACH = 4  # of so many rows and columns one is looked at, where that is enough
SMALLEST = 1e-37  # of a float32 that has a logarithm


def class_scores(
    predictor: Predictor,
    image: np.ndarray,
    tile: int | None = None,
    above: Mapping[int, float] | None = None,
) -> dict[int, np.ndarray]:
    """Log-odds of every class that a predictor knows: class index -> float32 (H, W).

    Of a multi-class network the background is one of them; 0 is a probability of one half.

    Parameters
    ----------
    tile : edge of the tiles that a large picture is predicted in, if another than usual.
    above : class index -> log-odds. If given, these classes alone are told, and of a multi-class
        network only where they reach as much and in every :data:`EACH`-th row and column;
        elsewhere stands -inf. That is all that a decision asks for, and takes a fifth of the time.

    Raises
    ------
    ValueError
        If the image has another number of channels than the networks take.
    """
    found: dict[int, np.ndarray] = {}
    tile = tile or (None if image[0].size <= WHOLE else TILE)
    for window, logits in predictor.logits(image, tile):
        if predictor.labels or above is None:
            odds = logits if predictor.labels else log_odds(logits)
            parts = dict(zip(predictor.labels or range(len(odds)), odds.numpy()))
        else:
            parts = _needed(logits, above, window.rows.start, window.columns.start)
        for index in parts if above is None else above:
            whole = found.setdefault(index, np.empty(image.shape[1:], np.float32))
            whole[window.rows, window.columns] = parts[index]
    return found


def _needed(
    logits: Tensor, above: Mapping[int, float], top: int, left: int
) -> dict[int, np.ndarray]:
    """Log-odds (H, W) of some classes, where they may reach so much and at the grid's pixels.

    The log-odds of a class are at most its logit minus that of any other class, so minus the
    background's, or of the background minus the next one's.
    """
    found, pixels = {}, logits.flatten(1)
    rows, columns = slice(-top % EACH, None, EACH), slice(-left % EACH, None, EACH)
    thin = log_odds(logits[:, rows, columns])
    for index, least in above.items():
        held = torch.nonzero(pixels[index] - pixels[0 if index else 1] >= least - SLACK)[:, 0]
        told = torch.full_like(pixels[0], -torch.inf)
        told[held] = log_odds(pixels[:, held])[index]
        told = told.view(logits.shape[1:])
        told[rows, columns] = thin[index]
        found[index] = told.numpy()
    return found


def log_odds(logits: Tensor) -> Tensor:
    """log(p / (1 - p)) of the softmax of each class: float32 (K, ...) -> (K, ...).

    As :func:`foilseg.training.probing.class_logits`, with one exponential a logit: what the most
    probable class is set against is summed without it, so nothing cancels. Log-odds beyond some
    85 are told as that.
    """
    top, best = logits.max(dim=0, keepdim=True)
    share = torch.exp(logits - top)
    total = share.sum(dim=0, keepdim=True)
    rest = share.scatter(0, best, 0.0).sum(dim=0, keepdim=True)
    others = (total - share).scatter(0, best, rest)
    return logits - top - others.clamp_min(SMALLEST).log()


def object_scores(score: np.ndarray, mask: np.ndarray, reach: int, cover: float) -> np.ndarray:
    """Up to which score each object of a mask is found: float64 (objects,).

    An object is found at a threshold if the pixels that score at least as much, counted within
    ``reach`` pixels of it, are at least the share ``cover`` of its own pixels, and at least one.

    Parameters
    ----------
    score : float (H, W), log-odds of the class.
    mask : bool (H, W); its 8-connected components are the objects. None gives an empty array.
    reach : one of :data:`foilseg.evaluation.object_scores.REACHES`.
    cover : in [0, 1].

    Raises
    ------
    ValueError
        If ``reach`` is none of these.
    """
    if reach not in REACHES:
        raise ValueError(f"reach: {reach} is not one of {', '.join(map(str, REACHES))}")
    reference, found = Reference.of(mask), []
    for pixels, box, distance in zip(reference.pixels, reference.corners, reference.distances):
        held = np.sort(score[box][distance <= reach])[::-1]
        needed = max(1, int(np.ceil(cover * pixels - 1e-9)))
        found.append(float(held[needed - 1]) if needed <= len(held) else -np.inf)
    return np.array(found)
