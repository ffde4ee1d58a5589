"""What a study says about its models, as tables of the folder that it is packed into.

Models whose runs come from the shipped study keep what it says of them: without weights and
predictions nothing of it can be worked out again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd

from foilseg.analysis import drawn, gather, records, stability
from foilseg.analysis.gather import Findings
from foilseg.claims import verdicts
from foilseg.studies import tables
from foilseg.studies.study import Study
from foilseg.training.rows import Experiment

Names = Sequence[str | Experiment]


def write(
    study: Study,
    names: Names,
    fresh: Names,
    tested: Names,
    again: Mapping[int, Names],
    part: Path,
) -> list[str]:
    """Write the findings of a study, and the support of its claims; paths of the files.

    Parameters
    ----------
    names, fresh : its models, and those of them whose weights are in the store.
    tested : models whose late checkpoints go along.
    again : seed -> the models that were trained again with it.
    """
    found = _joined(study, names, fresh, tested, any(again.values()))
    files = []
    for name in (f.name for f in fields(found)):
        table = getattr(found, name)
        if table is not None and len(table):
            files.append(tables.write(part, f"{records.FOLDER}/{name}", table))
    if not any(study.model(name).row.published for name in names):
        return files  # no claim is about any of them
    support = verdicts.support(drawn.draws(found, records.DRAWS)).reset_index()
    support["parts"] = support["parts"].map(json.dumps)
    return [*files, tables.write(part, records.SUPPORT, support)]


def _joined(study: Study, names: Names, fresh: Names, tested: Names, repeated: bool) -> Findings:
    """What is worked out of the fresh models, and what the shipped study says of the others."""
    kept = [name for name in names if name not in fresh]
    if not kept:
        return gather.gather(study, names, tested=tested, repeated=repeated)
    new = [name for name in tested if name in fresh]
    own = gather.gather(study, fresh, tested=new) if fresh else None
    titles = list(gather.thesis_names(study, names).values())
    others = set(gather.thesis_names(study, kept).values())
    made = {}
    for name in (f.name for f in fields(Findings)):
        known = f"{records.FOLDER}/{name}"
        there = study.shipped.tables.table(known) if known in study.shipped.tables else None
        if there is not None and "model" in there:
            there = there[there["model"].isin(others)]
        parts = [t for t in (there, getattr(own, name, None)) if t is not None]
        made[name] = _ordered(parts, titles) if parts else None
    if repeated:
        counts = stability.seed_counts(study, names)
        made["trained"] = gather.as_published(counts, study, names)
    return Findings(**made)


def _ordered(parts: Sequence[pd.DataFrame], titles: Sequence[str]) -> pd.DataFrame:
    """Rows of several tables by model, in the order of the study; the last one if of none."""
    if "model" not in parts[-1]:
        return parts[-1]
    whole = pd.concat([part.astype({"model": str}) for part in parts], ignore_index=True)
    places = whole["model"].map(list(titles).index)
    return whole.loc[places.sort_values(kind="stable").index].reset_index(drop=True)
