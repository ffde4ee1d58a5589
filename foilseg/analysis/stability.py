"""How stable the results are: over late iterations (PSoI) and over trainings (PSoMT).

The thesis evaluates the models kept at 70, 75, ..., 100% of the iterations, and three trainings
with different seeds, and states the standard deviation of the mean rates (section 3.5.1, Table
4.1). It does not say of which kind; here it is that of the values themselves (divided by n).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from foilseg.data.dataset import Dataset, Foil, training_regions, validation_regions
from foilseg.evaluation import metrics, scores
from foilseg.measured import confidence
from foilseg.networks import devices
from foilseg.networks.inference import THRESHOLD, Predictor
from foilseg.studies.model import Model, stack
from foilseg.studies.study import Study
from foilseg.thesis import published
from foilseg.training import evaluations, experiments, fit, restore
from foilseg.training.rows import Experiment
from foilseg.training.stored_run import StoredRun

RATES = list(metrics.RATES)
TRAININGS = 3  # of PSoMT
PSOI, PSOMT = "PSoI", "PSoMT"
OVER = "over its median"  # a rate, divided by the median of the settings


def tested() -> list[str]:
    """Names of the experiments that the thesis tests for stability (Table 4.1)."""
    titles = list(published.table("stability")["model"])
    rows = {row.published: row.name for row in experiments.EXPERIMENTS.values()}
    return [rows[title] for title in titles]


def seeds(study: Study, trainings: int = TRAININGS) -> list[int]:
    """The seeds of the trainings that are compared; the study's own comes first."""
    return [study.seed + n for n in range(trainings)]


def trained(study: Study, names: Iterable[str | Experiment]) -> dict[int, list[str | Experiment]]:
    """The further trainings there are: seed -> the models of which all networks are complete."""
    others = {seed: study.with_seed(seed) for seed in seeds(study)[1:]}
    names = list(names)
    return {s: [n for n in names if not other.missing([n])] for s, other in others.items()}


def missing(study: Study, names: Iterable[str], trainings: int = TRAININGS) -> list[str]:
    """What the two tests still need, in words: networks that are not trained, and the command."""
    names = list(names)
    lacking = [
        f"{name}{f' ({defect})' if defect else ''}, seed {seed}"
        for seed in seeds(study, trainings)
        for name, defect in study.with_seed(seed).missing(names)
    ]
    if not lacking:
        return []
    return [*lacking, f"to train them: {study.command(names, '--stability')}"]


def complete(
    study: Study, names: Iterable[str], device="auto", workers: int = 1, scheduler: str = ""
) -> list[str]:
    """Train and evaluate everything both tests need for some models; what is there is kept.

    Every model is evaluated, see :func:`evaluate`; those of Table 4.1 are trained again.
    """
    names = list(names)
    again = [name for name in names if name in tested()]
    study.train(names, device, workers=workers, scheduler=scheduler)
    study.train(again, device, seeds=seeds(study), workers=workers, scheduler=scheduler)
    evaluate(study, names, device)
    return again


def evaluate(study: Study, names: Iterable[str], device: str = "auto") -> None:
    """Evaluate the study's own training of some models; what is there is kept.

    At the late checkpoints, and how sure a model is of each object that it predicts
    (:mod:`foilseg.measured.confidence`).
    """
    made = [run for name in names for run in study.model(name).made()]
    for run in tqdm(made, desc="at late checkpoints", unit="network", disable=None):
        for iteration in study.profile.keep:
            checkpoint_counts(study.dataset, run, iteration, device)
        confidence.objects(study.dataset, run, device)


def checkpoint_counts(
    data: Dataset, run: StoredRun, iteration: int, device: str = "auto"
) -> pd.DataFrame:
    """Counts of a network as it was after an iteration; evaluated once, then read.

    Raises
    ------
    foilseg.training.runs.RunError
        If that checkpoint was not kept, or was altered.
    """
    if iteration == run.determines["iterations"]:
        return run.counts()
    regions = validation_regions(data)
    name = f"{iteration:06d}"
    return evaluations.stored(run, name, lambda: _evaluate(data, run, regions, iteration, device))


def training_counts(data: Dataset, run: StoredRun, device: str = "auto") -> pd.DataFrame:
    """Counts of a trained network on the training regions; evaluated once, then read."""
    regions = training_regions(data)
    return evaluations.stored(run, "training", lambda: _evaluate(data, run, regions, None, device))


def _evaluate(
    data: Dataset, run: StoredRun, regions: Sequence[Foil], iteration: int | None, device: str
) -> pd.DataFrame:
    device, label = devices.resolve_device(device), run.config["label"]
    network = restore.network(run, device, iteration)
    labels, thresholds = ((), ()) if label is None else ((label,), (THRESHOLD,))
    predictor = Predictor((network,), labels, thresholds, device)
    counted = [c for c in data.classes if label in (None, c.index)]
    rows = []
    with devices.threads(run.determines.get("threads", 0)):
        for foil in regions:
            rows += fit.count(foil, predictor.mask(foil.image), counted, len(data.classes))
    return pd.DataFrame(rows)


def late_counts(study: Study, names: Iterable[str], against: str = "label") -> pd.DataFrame:
    """Counts at every kept iteration: those of :meth:`Study.counts`, and iteration."""
    models = [study.model(name) for name in names]
    frames = []
    for iteration in study.profile.keep:

        def at(model: Model, iteration: int = iteration) -> pd.DataFrame:
            each = model.runs.values()
            parts = [checkpoint_counts(study.dataset, run, iteration) for run in each]
            return pd.concat(parts, ignore_index=True)

        frames.append(stack(models, at, against).assign(iteration=iteration))
    return pd.concat(frames, ignore_index=True)


def seed_counts(
    study: Study, names: Iterable[str], against: str = "label", trainings: int = TRAININGS
) -> pd.DataFrame:
    """Counts of several trainings: those of :meth:`Study.counts`, and seed.

    Only trainings that are complete for a model count; see :func:`missing`.
    """
    frames = []
    for seed in seeds(study, trainings):
        other = study.with_seed(seed)
        made = [name for name in names if not other.missing([name])]
        if made:
            frames.append(other.counts(made, against).assign(seed=seed))
    columns = ["model", "foil", "defect", *metrics.COUNTS, "seed"]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return table.astype({"model": str})


def mean_rates(counts: pd.DataFrame, setting: str, average: str = "pooled") -> pd.DataFrame:
    """Mean TPR, FPR and precision over the defects, per model and setting (iteration or seed)."""
    return scores.mean_rates_by(counts, ["model", setting], average)


def deviations(means: pd.DataFrame, test: str) -> pd.DataFrame:
    """SD of each mean rate over the settings: model, test, n and the rates.

    A model with one setting, and a rate that is undefined in one, has no SD: NaN.
    """
    rows = []
    for model, part in means.groupby("model", sort=False, observed=True):
        values = part[RATES].to_numpy(float)
        sd = values.std(axis=0) if len(part) > 1 else np.full(len(RATES), np.nan)
        rows.append((str(model), test, len(part), *sd))
    return pd.DataFrame(rows, columns=["model", "test", "n", *RATES])


def per_class(counts: pd.DataFrame, setting: str = "iteration") -> pd.DataFrame:
    """SD of each rate for each model and defect, and its worst setting, farthest above the others.

    Columns model, defect, ``SD of TPR``, ``SD of FPR``, ``SD of precision`` (over the settings,
    pooled over images; NaN where undefined in one), ``worst`` and the setting's name (the one with
    the highest FPR), ``FPR there``, and ``over its median``: that divided by the median of the
    settings, NaN if the median is 0. The highest of these come first.
    """
    each = metrics.score(counts, ["model", "defect", setting])
    rows = []
    for (model, defect), part in each.groupby(["model", "defect"], sort=False, observed=True):
        values = part[RATES].to_numpy(float)
        fpr = part.set_index(setting)["FPR"]
        median = fpr.median()
        times = fpr.max() / median if median else np.nan
        rows.append((str(model), str(defect), *values.std(axis=0), fpr.idxmax(), fpr.max(), times))
    deviating = [f"SD of {rate}" for rate in RATES]
    columns = ["model", "defect", *deviating, f"worst {setting}", "FPR there", OVER]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(OVER, ascending=False, kind="stable", ignore_index=True)


def without_worst(means: pd.DataFrame) -> pd.DataFrame:
    """The same without the setting in which each model has its highest mean FPR.

    Tells one bad checkpoint from scatter. Of several equally high, the first is left out; a model
    with one setting, or with an undefined FPR, keeps all.
    """
    groups = [part for _, part in means.groupby("model", sort=False, observed=True)]
    worst = [p["FPR"].idxmax() for p in groups if len(p) > 1 and p["FPR"].notna().all()]
    return pd.concat(groups).drop(index=worst) if groups else means


def side_by_side(found: pd.DataFrame) -> pd.DataFrame:
    """SDs reproduced and published (Table 4.1), a row a model and test."""
    printed = published.table("stability").set_index("model")
    rows = []
    for _, row in found.iterrows():
        line = {("", "model"): row["model"], ("", "test"): row["test"], ("", "n"): row["n"]}
        for rate in RATES:
            column = f"{row['test']}_{rate}_sd".lower()
            known = row["model"] in printed.index
            line[(rate, "reproduced")] = row[rate]
            line[(rate, "published")] = printed.loc[row["model"], column] if known else np.nan
        rows.append(line)
    table = pd.DataFrame(rows)
    table.columns = [" ".join(filter(None, column)) for column in table.columns]
    return table


def both(late: pd.DataFrame, trained: pd.DataFrame, average: str = "pooled") -> pd.DataFrame:
    """Table 4.1 from the counts of :func:`late_counts` and :func:`seed_counts`."""
    first = deviations(mean_rates(late, "iteration", average), PSOI)
    return pd.concat(
        [first, deviations(mean_rates(trained, "seed", average), PSOMT)], ignore_index=True
    )


def table(
    study: Study, names: Sequence[str], against: str = "label", average: str = "pooled"
) -> pd.DataFrame:
    """Table 4.1 of a study: SDs over late iterations and over the trainings that are there."""
    return both(late_counts(study, names, against), seed_counts(study, names, against), average)


def note(lacking: Sequence[str]) -> str:
    """What is missing, and the command that trains it; "" if nothing is."""
    if not lacking:
        return ""
    shown = "; ".join(lacking[:3]) + (" and more" if len(lacking) > 4 else "")
    return f"Not trained yet: {shown}. {lacking[-1][0].upper()}{lacking[-1][1:]}."
