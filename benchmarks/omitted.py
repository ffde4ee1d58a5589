"""How much of each defect annotators leave out, as the audit of the labels estimates it.

    python -m benchmarks.omitted [--profile matched]

The audit lists areas in validation regions that most of the thirteen models call a defect and that
nobody annotated. Their share of all pixels, annotated or listed, is the estimate that the row
"forward" corrects with. On a twin the true share stands beside it; it is never used.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd

from foilseg.data.dataset import Foil, LabelClass, validation_regions
from foilseg.evaluation import label_audit
from foilseg.measured import confidence
from foilseg.studies.study import open_study
from foilseg.training import experiments


def omitted(
    candidates: pd.DataFrame, regions: Sequence[Foil], classes: Sequence[LabelClass]
) -> pd.DataFrame:
    """A row a defect: annotated, listed (pixels), estimate, true (NaN without a truth)."""
    rows = []
    for c in (c for c in classes if c.index):
        own = candidates[candidates["defect"] == c.name]
        listed = int(own.loc[own["kind"] == label_audit.MISSING, "pixels"].sum())
        annotated = sum(int((r.mask == c.index).sum()) for r in regions)
        total = annotated + listed
        rows.append(
            (c.name, annotated, listed, listed / total if total else np.nan, _true(regions, c))
        )
    return pd.DataFrame(rows, columns=["defect", "annotated", "listed", "estimate", "true"])


def _true(regions: Sequence[Foil], c: LabelClass) -> float:
    if any(r.truth is None for r in regions):
        return np.nan
    there = sum(int((r.truth == c.index).sum()) for r in regions)
    left_out = sum(int(((r.truth == c.index) & (r.mask == 0)).sum()) for r in regions)
    return left_out / there if there else np.nan


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="matched")
    study = open_study(profile=parser.parse_args().profile)
    names, data = list(experiments.EXPERIMENTS), study.dataset
    masks = {foil.name: study.predictions(names, foil.name) for foil in data.foils}
    regions = validation_regions(data)
    sure = confidence.maps(study, names)
    found = label_audit.audit(regions, masks, data.classes, label_audit.most(len(names)), sure)
    print(omitted(found.table, regions, data.classes).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
