"""A stored run -> a predictor."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from foilseg.data.dataset import LabelClass
from foilseg.networks import checkpoints, devices
from foilseg.networks.inference import THRESHOLD, Predictor
from foilseg.networks.registry import NETWORKS
from foilseg.registry import pick
from foilseg.training import runs
from foilseg.training.stored_run import StoredRun


def classes(run: StoredRun) -> tuple[LabelClass, ...]:
    """The classes a run was trained for, with their colours, in table order."""
    return tuple(LabelClass(**c) for c in run.config["classes"])


def network(run: StoredRun, device: str = "cpu", iteration: int | None = None) -> nn.Module:
    """The trained network of a run, in evaluation mode.

    ``iteration`` takes the weights that were kept after it (thesis 3.5.1) instead of the last.

    Raises
    ------
    foilseg.training.runs.RunError
        If the run has no network (it joins others), or a file is missing or altered.
    """
    config = run.config
    if "network" not in config:
        raise runs.RunError(f"{run.path}: joins several networks and has none of its own")
    kind = pick("architecture", NETWORKS, config.get("architecture", "unet"))
    restored = kind.load()(**config["network"])
    path = run.model() if iteration is None else run.checkpoint(iteration)
    restored.load_state_dict(checkpoints.read(path))
    return restored.to(device, memory_format=devices.MEMORY).eval()


def combine(
    members: Sequence[StoredRun], thresholds: Sequence[float], device: str = "auto"
) -> Predictor:
    """The predictor that joins One-vs-Rest networks."""
    device = devices.resolve_device(device)
    labels = tuple(run.config["label"] for run in members)
    each = tuple(network(run, device) for run in members)
    return Predictor(each, labels, tuple(thresholds), device)


def load(run: StoredRun, device: str = "auto") -> Predictor:
    """The predictor of any run: multi-class, one One-vs-Rest network, or several joined.

    Raises
    ------
    foilseg.training.runs.RunError
        If a file of the run, or a run that it joins, is missing or altered.
    """
    config = run.config
    members = config["determines"].get("members")
    if members is not None:
        each = [run.member(name) for name in members.values()]
        return combine(each, config["determines"]["thresholds"], device)
    if config["label"] is not None:
        return combine([run], [THRESHOLD], device)
    device = devices.resolve_device(device)
    return Predictor((network(run, device),), device=device)
