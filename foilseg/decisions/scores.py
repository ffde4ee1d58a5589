"""How sure a run is of every defect in a picture, and of every object that is annotated there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from foilseg.evaluation.object_scores import REACHES, Reference
from foilseg.networks.inference import Predictor

# Pixels of a picture that is predicted as a whole, and the edge of the tiles of a larger one: the
# margins of tiles cost time, and a whole picture costs memory (benchmarks/README.md).
WHOLE, TILE = 3_000_000, 1536
SMALLEST = 1e-37  # of a float32 that has a logarithm


def class_scores(
    predictor: Predictor, image: np.ndarray, tile: int | None = None
) -> dict[int, np.ndarray]:
    """Log-odds of every class that a predictor knows: class index -> float32 (H, W).

    A large picture is predicted in tiles, of the edge ``tile`` if one is given.

    Of a multi-class network the background is one of them; 0 is a probability of one half.

    Raises
    ------
    ValueError
        If the image has another number of channels than the networks take.
    """
    found: dict[int, np.ndarray] = {}
    tile = tile or (None if image[0].size <= WHOLE else TILE)
    for window, logits in predictor.logits(image, tile):
        odds = logits if predictor.labels else log_odds(logits)
        for index, part in zip(predictor.labels or range(len(odds)), odds.numpy()):
            whole = found.setdefault(index, np.empty(image.shape[1:], np.float32))
            whole[window.rows, window.columns] = part
    return found


def log_odds(logits: Tensor) -> Tensor:
    """log(p / (1 - p)) of the softmax of each class: float32 (K, H, W) -> (K, H, W).

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
