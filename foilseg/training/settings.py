"""What determines a training besides network, loss and data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What determines a training besides network, loss and data.

    ``batch * refresh`` patches of ``patch`` x ``patch`` pixels make one pool (Eq. 3.2); every
    ``validate_every`` iterations one batch of the validation pool is scored, without a step.
    The learning rate of iteration t of T is ``learning_rate * (1 - (t - 1) / T) ** decay``, so
    with ``decay`` 0 it is constant. With ``average`` above 0 the network that comes out is the
    moving average of the weights with this decay a step, its statistics measured over the last
    pool; the models kept on the way are the weights themselves. The model is kept at the
    iterations in ``keep``. Every ``save_every`` iterations (0: a quarter of all, at most 500)
    everything a resume needs is stored; it has no influence on the result.
    """

    seed: int
    patch: int
    batch: int
    iterations: int
    refresh: int
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    decay: float = 0.0
    average: float = 0.0
    validate_every: int = 10
    keep: tuple[int, ...] = ()
    save_every: int = 0

    def __post_init__(self):
        for name in ("patch", "batch", "iterations", "refresh", "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is not positive")
        if not self.learning_rate > 0 or not self.decay >= 0:
            raise ValueError(
                f"learning_rate: {self.learning_rate} has to be positive, and decay: {self.decay} "
                "not negative"
            )
        if not 0 <= self.average < 1:
            raise ValueError(f"average: {self.average} is not at least 0 and below 1")

    def rate(self, iteration: int) -> float:
        """The learning rate of an iteration, counted from 1."""
        return self.learning_rate * (1 - (iteration - 1) / self.iterations) ** self.decay

    @property
    def last_pool(self) -> range:
        """As many iterations as a pool has, the last ones."""
        return range(max(1, self.iterations - self.refresh + 1), self.iterations + 1)

    @property
    def saves(self) -> range:
        """The iterations after which a checkpoint is written."""
        step = self.save_every or max(1, min(500, self.iterations // 4))
        return range(step, self.iterations + 1, step)
