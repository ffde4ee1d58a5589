"""Studies of several kinds of images: settings, costs, F1, gains, other works."""

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
UNTRAINED = ""  # in the place of a number: the study has no such model
# A setting of benchmarks.real_settings -> what of the chosen settings it changes, in words.
CHANGED = {
    "chosen": "nothing: the chosen settings",
    "start as made": "last layer begins as torch makes it",
    "not augmented": "patches as they are",
    "mirrored": "patches mirrored, not turned",
    "rate 1": "learning rate 0.001 instead of 0.002",
    "rate 5": "learning rate 0.005 instead of 0.002",
    "patch 64": "patches of 64 × 64 pixels instead of 96 × 96",
    "few a step": "2 patches per step instead of 8",
    "base 16": "16 maps in the first layer and 4 patches per step instead of 8 and 8",
    "twice the steps": "twice the steps",
    "mirrored, twice the steps": "patches mirrored, not turned; twice the steps",
    "mirrored, eight times the steps": "patches mirrored, not turned; eight times the steps",
}


def settings(studies: Mapping[str, Record]) -> pd.DataFrame:
    """What each study was trained with: a row a setting, a column a study, all as text."""
    columns = {}
    for name, record in studies.items():
        told, tested = record.shipped.manifest["sizes"], record.compared.tested
        columns[name] = {
            "training images": record.findings.seen["foil"].nunique(),
            "validation images": record.own["foil"].nunique(),
            "test images": "the validation images" if tested is None else tested["foil"].nunique(),
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

    Pooled over images and trainings, under the thesis's names; ``mean`` is that of the defects if
    there are several.
    """
    compared = record.compared
    counts = compared.own if compared.tested is None else compared.tested
    each = metrics.score(counts, ["model", "defect"], scores=["F1"])
    wide = each.pivot(index="model", columns="defect", values="F1")
    wide = wide.reindex(index=list(compared.parts), columns=compared.defects)
    if len(compared.defects) > 1:
        wide[MEAN] = wide.mean(axis=1)
    return under_thesis_names(record, wide.rename_axis(columns=None).reset_index())


def under_thesis_names(record: Record, counts: pd.DataFrame) -> pd.DataFrame:
    """Rows of a study's models under the names that the thesis gives them, where it does."""
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
    A row a model: model, then ``STUDY``, ``STUDY, low`` and ``STUDY, high`` of each study;
    :data:`UNTRAINED` where a study has no such model.
    """
    columns = {}
    for name, table in counts.items():
        found = bootstrap.differences(table, baseline, resamples, seed)
        own = found[found["rate"] == "TPR"].set_index("model")
        columns |= {name: own["difference"], f"{name}, low": own["low"]}
        columns |= {f"{name}, high": own["high"]}
    order = list(dict.fromkeys(model for table in columns.values() for model in table.index))
    table = {name: own.reindex(order) for name, own in columns.items()}
    for name, own in columns.items():
        lacking = [model for model in order if model not in own.index]
        if lacking:
            table[name] = table[name].astype(object)
            table[name][lacking] = UNTRAINED
    return pd.DataFrame(table, index=order).rename_axis("model").reset_index()


def other_networks() -> pd.DataFrame:
    """What other works report for the photographs, each with its source."""
    return pd.read_csv(OTHERS)


def sources() -> str:
    """Where the numbers of :func:`other_networks` stand, as Markdown: a link where there is one."""
    said = []
    for row in other_networks().itertuples():
        kind, _, name = row.source.partition(" ")
        link = f"https://doi.org/{name}" if kind == "doi" else f"https://{row.source}"
        linked = kind == "doi" or row.source.startswith("github.com/")
        said.append(
            f"{row.network}: [{row.source}]({link})" if linked else f"{row.network}: {row.source}"
        )
    return f"The sources are {'; '.join(said)}."


def f1_tried(data: Sequence[str]) -> pd.DataFrame:
    """F1 of the baseline under every setting that was tried for some data sets.

    A row a data set and setting, in the order they were measured in; columns ``data``,
    ``setting`` (the name), ``patches`` (what is done to them), ``steps``, the defects, and
    ``mean``, that of the defects. It is 0 where nothing is found.
    """
    table = pd.read_csv(TRIED).rename(columns={"augment": "patches", "iterations": "steps"})
    table["patches"] = table["patches"].fillna("as they are")
    own, keys = table[table["data"].isin(data)], ["data", "setting", "patches", "steps"]
    wide = own.pivot(index=keys, columns="defect", values="F1")
    order = own[keys].drop_duplicates()
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

    Columns ``setting`` (the name), ``changed`` (in words), ``steps``, and the rates of the defect
    on the validation images; ``defect`` where there are several, which have a row each.
    """
    table = pd.read_csv(TRIED).rename(columns={"iterations": "steps"})
    own = table[table["data"] == data].sort_values("F1", ascending=False, kind="stable")
    own = own.assign(changed=own["setting"].map(CHANGED).fillna(own["setting"]))
    names = ["setting", "changed", "steps", "TPR", "FPR", "precision", "F1"]
    return own[[*(["defect"] if own["defect"].nunique() > 1 else []), *names]]
