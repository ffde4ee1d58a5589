"""A study -> the evidence that claims are judged by: mistakes, gaps, costs, building times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from foilseg import evidence, experiments, fit, mistakes, scores, stability
from foilseg.code import code_version
from foilseg.dataset import Foil, LabelClass, validation_regions
from foilseg.evidence import Evidence
from foilseg.models import Model, stack
from foilseg.study import Study

POOLS = 3  # of each kind, when the time of building one is measured


def thesis_names(study: Study, names: Iterable[str]) -> dict[str, str]:
    """Title in this study -> the thesis's name of the same experiment."""
    models = [study.model(name) for name in names]
    return {m.title: m.row.published or m.title for m in models}


def as_published(table: pd.DataFrame, study: Study, names: Iterable[str]) -> pd.DataFrame:
    """A table with a column model, which then holds the thesis's names."""
    return table.assign(model=table["model"].astype(str).replace(thesis_names(study, names)))


def predictions(model: Model) -> Iterator[tuple[LabelClass, Foil, np.ndarray]]:
    """Every defect and validation region with the mask of the network that is for the defect."""
    data = model.study.dataset
    regions = validation_regions(data)
    for defect, run in model.runs.items():
        own = [c for c in data.defects if defect in ("", c.name)]
        for foil in regions:
            mask = run.prediction(foil.name)
            for c in own:
                yield c, foil, mask


def _reference(foil: Foil, against: str) -> np.ndarray:
    mask = dict(fit.references(foil)).get(against)
    if mask is None:
        raise ValueError(f"against: the data has no {against!r}; use 'label'")
    return mask


def objects_and_kinds(
    study: Study, names: Iterable[str], against: str = "label"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Objects of the reference (one row each) and kinds of false positives, of several models.

    Both have the columns model, foil and defect, besides those of
    :func:`foilseg.mistakes.objects` and :func:`foilseg.mistakes.kinds` (and ``region``, pixels).
    """
    found, kinds = [], []
    for model in map(study.model, names):
        for c, foil, mask in predictions(model):
            reference = _reference(foil, against)
            head = {"model": model.title, "foil": foil.name, "defect": c.name}
            found.append(mistakes.objects(mask, reference, c).assign(**head))
            each = mistakes.kinds(mask, reference, c)
            kinds.append({**head, **each, "region": mask.size})
    return pd.concat(found, ignore_index=True), pd.DataFrame(kinds)


def errors(kinds: pd.DataFrame) -> pd.DataFrame:
    """Kinds of false positives per model, summed, and noise objects a megapixel."""
    groups = kinds.groupby("model", sort=False)
    table = groups[["oversize", "misclassified", "noise"]].sum()
    regions = kinds.drop_duplicates(["model", "foil"]).groupby("model", sort=False)["region"].sum()
    table["noise_objects_per_megapixel"] = 1e6 * groups["noise_objects"].sum() / regions
    return table.reset_index()


def excused(study: Study, names: Iterable[str]) -> pd.DataFrame:
    """Mistakes against the labels that the truth excuses, per model; no rows without a truth."""
    rows = []
    for model in map(study.model, names if study.dataset.has_truth else ()):
        for c, foil, mask in predictions(model):
            each = mistakes.against_truth(mask, foil.mask, foil.truth, c)
            rows.append({"model": model.title, **each})
    columns = list(evidence.EXTRA["truth"])
    if not rows:
        return pd.DataFrame(columns=columns)
    return pd.DataFrame(rows).groupby("model", sort=False).sum().reset_index()


def gaps(study: Study, names: Iterable[str]) -> pd.DataFrame:
    """Mean TPR on the training regions minus that on the validation regions, per model."""
    models = [study.model(name) for name in names]

    def seen(model: Model) -> pd.DataFrame:
        each = [stability.training_counts(study.dataset, run) for run in model.runs.values()]
        return pd.concat(each, ignore_index=True)

    both = [stack(models, way, "label") for way in (seen, Model.counts)]
    means = [scores.mean_rates(scores.defect_rates(c)).set_index("model")["TPR"] for c in both]
    return (means[0] - means[1]).rename("gap").reset_index().astype({"model": str})


def building(study: Study, clock: Callable[[], float] = time.perf_counter) -> pd.DataFrame:
    """Seconds that one pool of patches takes: train_set, seconds (median of :data:`POOLS`).

    Measured once for a study's data, profile and code and kept beside its runs, so that a chapter
    executed again tells the same.
    """
    kind = f"{study.profile.name}-{study.dataset.fingerprint[:12]}-{code_version()}"
    path = study.runs / stability.EVALUATIONS / f"building-{kind}.csv"
    if not path.is_file():
        fit.write_tables(path.parent, {path.name: _building(study, clock)})
    return pd.read_csv(path)


def _building(study: Study, clock: Callable[[], float]) -> pd.DataFrame:
    rows = []
    number = study.profile.batch * study.profile.refresh
    for name in ("baseline", "equal-pixels"):
        row = experiments.experiment(name)
        draw = fit.make_draw(row, study.index, study.dataset)
        seconds = []
        for pool in range(POOLS):
            begin = clock()
            draw(number, np.random.default_rng([study.seed, pool]))
            seconds.append(clock() - begin)
        rows.append((row.sampler, float(np.median(seconds))))
    return pd.DataFrame(rows, columns=["train_set", "seconds"])


def costs(study: Study, names: Iterable[str]) -> pd.DataFrame:
    """What the whole models cost: model, training_seconds, macs_per_megapixel."""
    table = study.costs(names)
    whole = table[table["network"] == "whole model"]
    return whole[list(evidence.EXTRA["costs"])].reset_index(drop=True)


def collect(
    study: Study,
    names: Sequence[str],
    against: str = "label",
    average: str = "pooled",
    stable: pd.DataFrame | None = None,
) -> Evidence:
    """Everything a study says about its models, under the thesis's names.

    Parameters
    ----------
    names : experiments; their networks are trained where they are missing.
    against, average : the reference, and the kind of average of the rates.
    stable : the table of :func:`foilseg.stability.table`, if that was made.
    """
    counts = as_published(study.counts(names, against), study, names)
    _, kinds = objects_and_kinds(study, names, against)
    extra = {
        "errors": errors(kinds),
        "gaps": gaps(study, names),
        "costs": costs(study, names),
    }
    excuses = excused(study, names)
    if len(excuses):
        extra["truth"] = excuses
    extra = {k: as_published(v, study, names) for k, v in extra.items()}
    if stable is not None:
        extra["stability"] = as_published(stable, study, names)
    found = evidence.from_counts(counts, average)
    return replace(found, extra=extra | {"building": building(study)})
