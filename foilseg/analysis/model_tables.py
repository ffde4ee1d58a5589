"""What a model is made of, was shown, and cost -> the tables a chapter shows."""

from __future__ import annotations

import pandas as pd

from foilseg.data.dataset import Dataset
from foilseg.networks import costs
from foilseg.studies.model import Model
from foilseg.training.experiments import Experiment


def recipe(row: Experiment, title: str) -> dict[str, str]:
    """A row of the experiment table in words."""
    loss = "focal loss" if row.gamma else "cross entropy"
    return {
        "model": title,
        "command line": row.name,
        "sampler": row.sampler.replace("_", " "),
        "loss": loss + (f", gamma {row.gamma:g}" if row.gamma else ""),
        "weights": row.weights.upper() if row.weights in ("icf", "iscf") else row.weights,
        "scheme": row.scheme,
    }


def delivered(model: Model, dataset: Dataset) -> pd.DataFrame:
    """What the training pools of a One-vs-Rest model showed of each network's own defect.

    Summed over all pools: patches, those asked to show it, those that do, and its pixel share.
    """
    index = {c.name: c.index for c in dataset.classes}
    rows = []
    for defect, run in model.runs.items():
        ledgers, label = run.ledgers(), index[defect]
        patches = sum(account.n for account in ledgers)
        asked = [(account.requested_patches or {}).get(label) for account in ledgers]
        pixels = sum(account.pixels[label] for account in ledgers)
        rows.append(
            {
                "defect": defect,
                "patches": patches,
                "asked to show it": None if None in asked else sum(asked),
                "showing it": sum(account.showing[label] for account in ledgers),
                "share": pixels / max(1, sum(account.n * account.size**2 for account in ledgers)),
            }
        )
    return pd.DataFrame(rows)


def spending(table: pd.DataFrame) -> pd.DataFrame:
    """The whole-model rows of :func:`foilseg.networks.costs.table` in a reader's units."""
    whole = table[table["network"] == costs.WHOLE]
    units = {
        "networks": whole["networks"],
        "parameters": whole["parameters"],
        "million MACs per training patch": whole["macs_per_patch"] / 1e6,
        "training in s": whole["training_seconds"],
        "peak memory in MB": whole["peak_bytes"] / 1e6,
        "on disk in MB": whole["model_bytes"] / 1e6,
        "prediction in s per megapixel": whole["inference_seconds_per_megapixel"],
        "energy in Wh": whole["energy_joules"] / 3600,
        "energy from": whole["energy_source"],
    }
    return pd.DataFrame({"model": whole["model"], **units}).reset_index(drop=True)
