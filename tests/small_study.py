"""A made-up study of two images, two defects and three models, small enough to count by hand.

A region has 100 pixels, 8 of them of the pit and 10 of the line, in each of the two images.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from foilseg.analysis.gather import Findings
from foilseg.analysis.records import Record
from foilseg.data.dataset import LabelClass
from foilseg.evaluation.curves import BINS, Histograms
from foilseg.evaluation.metrics import COUNTS

CLASSES = tuple(
    LabelClass(i, name, f"#{i}{i}{i}{i}{i}{i}") for i, name in enumerate(("ground", "pit", "line"))
)
DEFECTS = CLASSES[1:]
TITLES = {"Baseline": "Plain", "Binary": "Rest", "Focal Loss": "Focal"}  # the thesis's -> ours
# model, defect -> tp, fp, fn, tn on each image
COUNTED = {
    ("Baseline", "pit"): [(4, 2, 4, 90), (2, 2, 6, 90)],
    ("Baseline", "line"): [(5, 5, 5, 85), (5, 5, 5, 85)],
    ("Binary", "pit"): [(8, 0, 0, 92), (4, 4, 4, 88)],
    ("Binary", "line"): [(0, 0, 10, 90), (0, 0, 10, 90)],
    ("Focal Loss", "pit"): [(8, 12, 0, 80), (8, 12, 0, 80)],
    ("Focal Loss", "line"): [(10, 10, 0, 80), (10, 10, 0, 80)],
}
TPR = {"Baseline": [6 / 16, 10 / 20], "Binary": [12 / 16, 0.0], "Focal Loss": [1.0, 1.0]}
FPR = {
    "Baseline": [4 / 184, 10 / 180],
    "Binary": [4 / 184, 0.0],
    "Focal Loss": [24 / 184, 20 / 180],
}
PRECISION = {"Baseline": [0.6, 0.5], "Binary": [0.75, np.nan], "Focal Loss": [0.4, 0.5]}


def counts(models=tuple(TITLES), foils=("a", "b"), counted=COUNTED):
    """Stored counts of some models and images: model, foil, defect, tp, fp, fn, tn."""
    rows = [
        (model, foil, c.name, *counted[model, c.name]["ab".index(foil)])
        for model in models
        for foil in foils
        for c in DEFECTS
    ]
    return pd.DataFrame(rows, columns=["model", "foil", "defect", *COUNTS])


def record(name="small", models=tuple(TITLES), table=None, runs=(), figures=None):
    """A shipped study with these counts; training regions have 100 pixels of ground more."""
    told = [
        {"published": m, "title": TITLES[m], "runs": [TITLES[m]], "experiment": m.lower()}
        for m in models
    ]
    manifest = {
        "data": {"name": name, "fingerprint": "0123456789abcdef"},
        "classes": [vars(c) for c in CLASSES],
        "models": told,
        "runs": dict(runs),
        "seed": 7,
        "command": "make it",
    }
    stored = {
        title: SimpleNamespace(histograms=lambda f=f: f) for title, f in (figures or {}).items()
    }
    made = Record(SimpleNamespace(manifest=manifest, run=stored.get))
    table = made._ordered(counts(models) if table is None else table)
    vars(made)["findings"] = Findings(table, seen=table.assign(tn=table["tn"] + 100))
    return made


def histograms(places):
    """Histograms against the labels: defect -> bin -> pixels that are not, and are, of it."""
    keys = pd.DataFrame({"foil": "a", "against": "label", "defect": list(places)})
    counted = np.zeros((len(places), BINS, 2), np.int64)
    for row, bins in enumerate(places.values()):
        for place, both in bins.items():
            counted[row, place] = both
    return Histograms(keys, counted)
