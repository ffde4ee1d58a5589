"""A predictor that files the probabilities of what it predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from foilseg.data.dataset import Foil, LabelClass
from foilseg.evaluation.curves import KEYS, Histograms, histogram
from foilseg.networks.inference import Predictor


def class_logits(logits: Tensor) -> Tensor:
    """log(p / (1 - p)) of the softmax of each class: float (K, H, W) -> (K, H, W)."""
    others = [torch.logsumexp(_without(logits, k), dim=0) for k in range(len(logits))]
    return logits - torch.stack(others)


def _without(logits: Tensor, k: int) -> Tensor:
    return torch.cat([logits[:k], logits[k + 1 :]])


@dataclass(frozen=True, eq=False)
class Probe(Predictor):
    """Predicts as the predictor it was made :meth:`of`, and keeps a histogram a foil and class."""

    classes: tuple[LabelClass, ...] = ()
    seen: list[Tensor] = field(default_factory=list)
    filed: list[tuple] = field(default_factory=list)

    @classmethod
    def of(cls, predictor: Predictor, classes: Sequence[LabelClass]) -> Probe:
        """A probe of a predictor; ``classes`` are filed (one for a One-vs-Rest network)."""
        same = (predictor.networks, predictor.labels, predictor.thresholds, predictor.device)
        return cls(*same, classes=tuple(classes))

    def decide(self, logits: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
        self.seen.append(logits)
        return super().decide(logits)

    def add(self, foil: Foil, references: Sequence[tuple[str, np.ndarray]]) -> None:
        """File the image that was predicted last, as one tile, against its references."""
        logits = self.seen.pop()
        self.seen.clear()
        each = logits if self.labels else class_logits(logits)
        places = {label: k for k, label in enumerate(self.labels)} or {
            k: k for k in range(len(logits))
        }
        for against, mask in references:
            for c in self.classes:
                logit = foil.counted(each[places[c.index]].numpy())
                counts = histogram(logit, foil.counted(mask == c.index))
                self.filed.append((foil.name, against, c.name, counts))

    def histograms(self) -> Histograms:
        """Everything that was filed."""
        keys = pd.DataFrame([row[:3] for row in self.filed], columns=KEYS)
        return Histograms(keys, np.stack([row[3] for row in self.filed]))
