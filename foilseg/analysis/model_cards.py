"""A model of a shipped study by itself, and studies of several kinds of images side by side."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pandas as pd

from foilseg.analysis import comparisons
from foilseg.analysis.records import Record
from foilseg.evaluation import bootstrap, metrics, scores
from foilseg.evaluation.bootstrap import TRAINING

TRIED = Path("benchmarks/results/real_settings.csv")  # written by benchmarks.real_settings
MEAN = "mean"
MILLION = "false alarms a million pixels"


def card(record: Record, title: str) -> pd.DataFrame:
    """Rates of a model: a row a defect, and their mean.

    Columns defect, ``TPR``, ``TPR at one FPR``, :data:`MILLION` and ``precision``, those at the
    model's own threshold each followed by the published one; a model that the thesis does not
    have has no such columns. Mean over the trainings.

    Raises
    ------
    ValueError
        If the study has no such model; lists those it has.
    """
    own = _of(comparisons.rates(record), title)
    if own.empty:
        known = ", ".join(record.titles.values())
        raise ValueError(f"title: the study has no model {title!r}; choose one of {known}")
    even = scores.defect_rates(record.compared.even)
    printed = _of(scores.published_rates(), _published(record, title))
    table = {"TPR": own["TPR"], "published TPR": printed.get("TPR")}
    table["TPR at one FPR"] = _of(even, title)["TPR"]
    table |= {MILLION: 1e6 * own["FPR"], f"published {MILLION}": 1e6 * printed["FPR"]}
    table |= {"precision": own["precision"], "published precision": printed["precision"]}
    found = pd.DataFrame(table, index=own.index).dropna(axis="columns", how="all")
    return found.rename_axis("defect").reset_index()


def _of(rates: pd.DataFrame, title: str) -> pd.DataFrame:
    """A model's rows by defect, and their mean."""
    table = rates.astype({"model": str, "defect": str})
    own = table[table["model"] == title].set_index("defect")[["TPR", "FPR", "precision"]]
    return pd.concat([own, own.mean().to_frame(MEAN).T]) if len(own) else own


def _published(record: Record, title: str) -> str:
    """The thesis's name of a model."""
    return next(name for name, own in record.titles.items() if own == title)


def settings(studies: Mapping[str, Record]) -> pd.DataFrame:
    """What each study was trained with: a row a setting, a column a study, all as text."""
    columns = {}
    for name, record in studies.items():
        told, tested = record.shipped.manifest["sizes"], record.compared.tested
        columns[name] = {
            "images that train": record.findings.seen["foil"].nunique(),
            "images that choose": len(record.shipped.manifest["regions"]),
            "images that judge": "the same" if tested is None else tested["foil"].nunique(),
            "trainings of every model": record.own[TRAINING].nunique(),
            "maps of the first layer": told["base"],
            "edge of a patch": told["patch"],
            "patches a step": told["batch"],
            "steps": f"{told['iterations']:,}",
            "learning rate": "falling" if told.get("decay") else "constant",
            "patches are": told.get("augment") or "as they are",
            "last layer begins": "at the priors" if told.get("start") else "as torch makes it",
        }
    return pd.DataFrame(columns).astype(str).rename_axis("setting").reset_index()


def f1(record: Record) -> pd.DataFrame:
    """F1 at the models' own thresholds where they are judged: a row a model, a column a defect.

    Pooled over images and trainings; ``mean`` is that of the defects.
    """
    compared = record.compared
    counts = compared.own if compared.tested is None else compared.tested
    each = metrics.score(counts, ["model", "defect"], scores=["F1"])
    wide = each.pivot(index="model", columns="defect", values="F1")
    wide = wide.reindex(index=list(compared.parts), columns=compared.defects)
    return wide.assign(**{MEAN: wide.mean(axis=1)}).rename_axis(columns=None).reset_index()


def gains(
    counts: Mapping[str, pd.DataFrame], baseline: str, resamples: int = 500, seed: int = 0
) -> pd.DataFrame:
    """Mean TPR of every model less the baseline's, in several studies, with intervals.

    Parameters
    ----------
    counts : study -> counts (model, training, foil, defect, tp, fp, fn, tn), such as those at one
        FPR; of objects, tp and fn are those found and missed.
    baseline : the model that the others are compared with.

    Returns
    -------
    A row a model: model, then ``STUDY``, ``STUDY, low`` and ``STUDY, high`` of each study; NaN
    where a study has no such model.
    """
    columns = {}
    for name, table in counts.items():
        found = bootstrap.differences(table, baseline, resamples, seed)
        own = found[found["rate"] == "TPR"].set_index("model")
        columns |= {name: own["difference"], f"{name}, low": own["low"]}
        columns |= {f"{name}, high": own["high"]}
    order = list(dict.fromkeys(model for table in columns.values() for model in table.index))
    return pd.DataFrame(columns).reindex(order).rename_axis("model").reset_index()


def other_networks() -> pd.DataFrame:
    """What other works report for the photographs, each with its source."""
    with resources.files("foilseg").joinpath("thesis", "other_networks.csv").open() as file:
        return pd.read_csv(file)


def tried(data: str) -> pd.DataFrame:
    """The settings that were tried for a data set by its baseline, the best first.

    Columns ``setting``, the defect, its rates on the images that choose, and ``minutes`` a core.
    """
    table = pd.read_csv(TRIED)
    own = table[table["data"] == data].sort_values("F1", ascending=False)
    return own[["setting", "defect", "TPR", "FPR", "precision", "F1", "minutes"]]
