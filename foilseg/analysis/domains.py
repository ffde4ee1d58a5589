"""Studies of several kinds of images side by side: settings, costs, F1, gains, other works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from foilseg.analysis.records import Record
from foilseg.evaluation import bootstrap, metrics
from foilseg.evaluation.bootstrap import TRAINING

TRIED = Path(__file__).with_name("real_settings.csv")  # written by benchmarks.real_settings
OTHERS = Path(__file__).with_name("other_networks.csv")
MEAN = "mean"


def settings(studies: Mapping[str, Record]) -> pd.DataFrame:
    """What each study was trained with: a row a setting, a column a study, all as text."""
    columns = {}
    for name, record in studies.items():
        told, tested = record.shipped.manifest["sizes"], record.compared.tested
        columns[name] = {
            "images that train": record.findings.seen["foil"].nunique(),
            "images that choose": record.own["foil"].nunique(),
            "images that judge": "the same" if tested is None else tested["foil"].nunique(),
            "trainings of every model": record.own[TRAINING].nunique(),
            "maps of the first layer": told["base"],
            "edge of a patch": told["patch"],
            "patches per step": told["batch"],
            "steps": f"{told['iterations']:,}",
            "learning rate": "falling" if told.get("decay") else "constant",
            "patches are": told.get("augment") or "as they are",
            "last layer begins": "at the priors" if told.get("start") else "as torch makes it",
        }
    return pd.DataFrame(columns).astype(str).rename_axis("setting").reset_index()


def f1(record: Record) -> pd.DataFrame:
    """F1 at the models' own thresholds where they are judged: a row a model, a column a defect.

    Pooled over images and trainings; ``mean`` is that of the defects if there are several.
    """
    compared = record.compared
    counts = compared.own if compared.tested is None else compared.tested
    each = metrics.score(counts, ["model", "defect"], scores=["F1"])
    wide = each.pivot(index="model", columns="defect", values="F1")
    wide = wide.reindex(index=list(compared.parts), columns=compared.defects)
    if len(compared.defects) > 1:
        wide[MEAN] = wide.mean(axis=1)
    return wide.rename_axis(columns=None).reset_index()


def under_thesis_names(record: Record, counts: pd.DataFrame) -> pd.DataFrame:
    """Counts of a study's models under the names that the thesis gives them, where it does."""
    names = {title: name for name, title in record.titles.items()}
    return counts.assign(model=counts["model"].astype(str).replace(names))


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
    return pd.read_csv(OTHERS)


def f1_tried(data: Sequence[str]) -> pd.DataFrame:
    """F1 of the baseline under every setting that was tried for some data sets.

    A row a data set and setting, in the order they were measured in; columns ``data``,
    ``setting``, the defects, and ``mean``, that of the defects. It is 0 where nothing is found.
    """
    table = pd.read_csv(TRIED)
    own = table[table["data"].isin(data)]
    wide = own.pivot(index=["data", "setting"], columns="defect", values="F1")
    order = own[["data", "setting"]].drop_duplicates()
    wide = wide.loc[list(order.itertuples(index=False, name=None)), own["defect"].unique()]
    return wide.assign(**{MEAN: wide.mean(axis=1)}).rename_axis(columns=None).reset_index()


def minutes(record: Record, title: str) -> float:
    """What the quickest training of a network of a model took a core, in minutes.

    The quickest, because other work on the machine only makes one slower.
    """
    runs = (run for training in record.runs_of(title) for run in training)
    return min(run.cost()["training_seconds"] for run in runs) / 60


def networks(record: Record) -> int:
    """How many networks one training of all models of a study takes."""
    told = [run["determines"] for run in record.shipped.manifest["runs"].values()]
    seed = record.shipped.manifest["seed"]
    return sum("members" not in each and each["seed"] == seed for each in told)


def tried(data: str) -> pd.DataFrame:
    """The settings that were tried for a data set by its baseline, the best first.

    Columns ``setting``, the defect, and its rates on the images that choose.
    """
    table = pd.read_csv(TRIED)
    own = table[table["data"] == data].sort_values("F1", ascending=False)
    return own[["setting", "defect", "TPR", "FPR", "precision", "F1"]]
