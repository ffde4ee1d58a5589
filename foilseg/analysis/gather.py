"""A study -> the evidence that claims are judged by: mistakes, gaps, costs, windows of pools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import pandas as pd

from foilseg.analysis import stability
from foilseg.claims import evidence
from foilseg.claims.evidence import Evidence
from foilseg.data.dataset import Foil, LabelClass, validation_regions
from foilseg.evaluation import bootstrap, mistakes, scores
from foilseg.sampling import equal_pixels
from foilseg.studies.model import Model, stack
from foilseg.studies.study import Study
from foilseg.thesis.published import is_comparable
from foilseg.training import fit

SHIPPED_BUILDING = "findings/building"


def thesis_names(study: Study, names: Iterable[str]) -> dict[str, str]:
    """Title in this study -> the thesis's name of the same experiment."""
    models = [study.model(name) for name in names]
    return {m.title: m.row.published or m.title for m in models}


def own_titles(study: Study, names: Iterable[str]) -> dict[str, str]:
    """The thesis's name of a model -> the title in this study, of those that differ."""
    found = thesis_names(study, names)
    return {published: title for title, published in found.items() if title != published}


def as_published(table: pd.DataFrame, study: Study, names: Iterable[str]) -> pd.DataFrame:
    """A table with a column model, which then holds the thesis's names."""
    return table.assign(model=table["model"].astype(str).replace(thesis_names(study, names)))


def deviations_beside(found: pd.DataFrame, study: Study, names: Iterable[str]) -> pd.DataFrame:
    """SDs of the stability tests, beside Table 4.1 if the classes are its own."""
    if not is_comparable(study.dataset):
        return found
    return stability.side_by_side(as_published(found, study, names))


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
    :func:`foilseg.evaluation.mistakes.objects` and :func:`foilseg.evaluation.mistakes.kinds` (and
    ``region``, pixels).
    """
    found, kinds = [], []
    for model in map(study.model, names):
        for c, foil, mask in predictions(model):
            reference = _reference(foil, against)
            head = {"model": model.title, "foil": foil.name, "defect": c.name}
            found.append(mistakes.objects(mask, reference, c).assign(**head))
            each = mistakes.kinds(mask, reference, c)
            kinds.append({**head, **each, "region": foil.area})
    return pd.concat(found, ignore_index=True), pd.DataFrame(kinds)


def errors(kinds: pd.DataFrame) -> pd.DataFrame:
    """Kinds of false positives per model, summed, and noise objects a megapixel."""
    groups = kinds.groupby("model", sort=False)
    table = groups[["oversize", "misclassified", "noise"]].sum()
    regions = kinds.drop_duplicates(["model", "foil"]).groupby("model", sort=False)["region"].sum()
    table["noise_objects_per_megapixel"] = 1e6 * groups["noise_objects"].sum() / regions
    return table.reset_index()


def excused(study: Study, names: Iterable[str]) -> pd.DataFrame:
    """Mistakes against the labels that the truth excuses: a row a model, foil and defect.

    No rows without a truth.
    """
    rows = []
    for model in map(study.model, names if study.dataset.has_truth else ()):
        for c, foil, mask in predictions(model):
            each = mistakes.against_truth(mask, foil.mask, foil.truth, c)
            rows.append({"model": model.title, "foil": foil.name, "defect": c.name, **each})
    columns = list(evidence.EXTRA["truth"])
    return pd.DataFrame(rows, columns=[columns[0], "foil", "defect", *columns[1:]])


def training_counts(study: Study, names: Iterable[str], against: str = "label") -> pd.DataFrame:
    """Counts on the training regions, in the columns of :meth:`Study.counts`."""

    def seen(model: Model) -> pd.DataFrame:
        each = [stability.training_counts(study.dataset, run) for run in model.runs.values()]
        return pd.concat(each, ignore_index=True)

    return stack([study.model(name) for name in names], seen, against)


def gaps(seen: pd.DataFrame, unseen: pd.DataFrame) -> pd.DataFrame:
    """Mean TPR of counts on the training regions minus that on the validation ones, per model."""
    means = [
        scores.mean_rates(scores.defect_rates(counts)).set_index("model")["TPR"]
        for counts in (seen, unseen)
    ]
    return (means[0] - means[1]).rename("gap").reset_index().astype({"model": str})


def building(study: Study) -> pd.DataFrame:
    """Windows that are looked at while a pool of patches is built: train_set, windows.

    Counted and not timed, so every machine gives the same. The standard sampler looks at the
    windows that it draws; Equal Pixels counts the pixels of all candidates first.
    """
    shipped = study.shipped
    if shipped and SHIPPED_BUILDING in shipped.tables:
        table = shipped.tables.table(SHIPPED_BUILDING)
        if "windows" in table:
            return table
    number = study.profile.batch * study.profile.refresh
    looked = number, equal_pixels.windows_examined(study.index, number)
    return pd.DataFrame({"train_set": ["uniform", "equal_pixels"], "windows": looked})


def costs(study: Study, names: Iterable[str]) -> pd.DataFrame:
    """What the whole models cost: model, macs_per_megapixel."""
    table = study.costs(names)
    whole = table[table["network"] == "whole model"]
    return whole[list(evidence.EXTRA["costs"])].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Findings:
    """The tables behind a study's evidence, under the thesis's names of the models.

    ``late`` (of some models) and ``trained`` (of all) are the counts of
    :mod:`foilseg.analysis.stability`; a table that was not made is None, and the claims that need
    it are open.
    """

    counts: pd.DataFrame
    seen: pd.DataFrame | None = None
    kinds: pd.DataFrame | None = None
    excuses: pd.DataFrame | None = None
    costs: pd.DataFrame | None = None
    building: pd.DataFrame | None = None
    late: pd.DataFrame | None = None
    trained: pd.DataFrame | None = None

    @cached_property
    def pooled(self) -> pd.DataFrame:
        """The counts of all trainings that every model has, in a column ``training``.

        Of a study with one training its counts.
        """
        if self.trained is None:
            return self.counts
        models, seeds = set(self.counts["model"].astype(str)), []
        for seed, part in self.trained.groupby("seed", sort=False):
            seeds += [seed] if set(part["model"].astype(str)) == models else []
        if len(seeds) < 2:
            return self.counts
        own = self.trained[self.trained["seed"].isin(seeds)]
        return own.rename(columns={"seed": bootstrap.TRAINING})

    @property
    def repeated(self) -> pd.DataFrame | None:
        """Of ``trained`` the models whose late checkpoints were evaluated, as in Table 4.1."""
        if self.trained is None or self.late is None:
            return None
        return self.trained[self.trained["model"].isin(set(self.late["model"]))]

    def evidence(self, average: str = "pooled") -> Evidence:
        """What the claims are judged by; ``average`` of the rates and of their SDs."""
        extra = {"costs": self.costs}
        if self.building is not None and "windows" in self.building:
            extra["building"] = self.building
        if self.kinds is not None:
            extra["errors"] = errors(self.kinds)
        if self.seen is not None:
            extra["gaps"] = gaps(self.seen, self.counts)
        if self.excuses is not None and len(self.excuses):
            columns = list(evidence.EXTRA["truth"])
            groups = self.excuses.groupby("model", sort=False)
            extra["truth"] = groups[columns[1:]].sum().reset_index()
        if self.repeated is not None:
            extra["stability"] = stability.both(self.late, self.repeated, average)
        found = evidence.from_counts(self.pooled, average)
        return replace(found, extra={k: v for k, v in extra.items() if v is not None})

    def without(self, defect: str) -> Findings:
        """The same as if a defect were none; what it costs has no part of a defect, so is lost."""
        tables = {f.name: getattr(self, f.name) for f in fields(self)}
        return Findings(
            **{
                name: table[table["defect"] != defect].astype({"defect": str})
                for name, table in tables.items()
                if table is not None and "defect" in table
            }
        )


def gather(
    study: Study,
    names: Sequence[str],
    against: str = "label",
    tested: Sequence[str] = (),
    repeated: bool = False,
) -> Findings:
    """Everything a study says about its models.

    Parameters
    ----------
    names : experiments, whose networks have to be trained.
    against : the reference of all counts and mistakes.
    tested : experiments whose stability is evaluated, see :mod:`foilseg.analysis.stability`.
    repeated : whether further trainings count, as they do where stability is evaluated.
    """
    tables = {
        "counts": study.counts(names, against),
        "seen": training_counts(study, names, against),
        "kinds": objects_and_kinds(study, names, against)[1],
        "excuses": excused(study, names),
        "costs": costs(study, names),
    }
    if tested:
        tables["late"] = stability.late_counts(study, tested, against)
    if tested or repeated:
        tables["trained"] = stability.seed_counts(study, names, against)
    tables = {k: as_published(v, study, names) for k, v in tables.items()}
    return Findings(**tables, building=building(study))
