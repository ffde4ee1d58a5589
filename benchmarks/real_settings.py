"""Choose the settings for a folder of real images by the baseline, on its validation images.

    python -m benchmarks.real_settings DIR [SETTING ...]

Trains the baseline, and nothing else, with each of the settings that are named (all of
:data:`SETTINGS` if none is) and adds a row a defect to ``foilseg/elsewhere/real_settings.csv``:
pooled TPR, FPR, precision and F1 on the validation images, and the minutes that the training took
a core. Images of the part ``test`` are not opened. ``--name`` is written in the place of the data
set's own, where one set is divided in two ways. The tiles were brought in and divided so:

    foilseg import magnetic-tile SRC DIR --shrink 3 --standardise
    foilseg split DIR                                               # image by image
    foilseg split DIR --by group --groups '(num_\\d*?)\\d{1,4}$'     # "magnetic tile, by piece"
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd

from foilseg.data import folder
from foilseg.elsewhere.domains import TRIED
from foilseg.evaluation import metrics
from foilseg.studies.study import Study
from foilseg.training.rows import Profile

_PLAIN = Profile(
    "plain", 8, 96, batch=8, iterations=1_500, refresh=25, threads=1, learning_rate=2e-3,
    decay=0.9, augment="turned", start="priors",
)  # fmt: skip
_TOLD = [f.name for f in fields(Profile) if f.name not in ("name", "threads", "twin")]
_SCORES = ("tp", "fn", "fp", "tn", "TPR", "FPR", "precision", "F1")
COLUMNS = ["data", "setting", "seed", *_TOLD, "defect", *_SCORES, "minutes"]
SETTINGS = {
    "chosen": _PLAIN,
    "start as made": replace(_PLAIN, start=""),
    "not augmented": replace(_PLAIN, augment=""),
    "mirrored": replace(_PLAIN, augment="mirrored"),
    "rate 1": replace(_PLAIN, learning_rate=1e-3),
    "rate 5": replace(_PLAIN, learning_rate=5e-3),
    "patch 64": replace(_PLAIN, patch=64, iterations=3_000),
    "few a step": replace(_PLAIN, batch=2, iterations=4_500, refresh=100),
    "base 16": replace(_PLAIN, base=16, batch=4, iterations=1_300, refresh=50),
    "twice the steps": replace(_PLAIN, iterations=3_000),
    "mirrored, twice the steps": replace(_PLAIN, iterations=3_000, augment="mirrored"),
    "mirrored, eight times the steps": replace(_PLAIN, iterations=12_000, augment="mirrored"),
}


def scored(data: str, name: str, seed: int, runs: Path) -> pd.DataFrame:
    """Rates of the baseline on the validation images of a folder, a row a defect."""
    profile = replace(SETTINGS[name], name=name.replace(" ", "-"))
    study = Study(data, profile, seed, runs)
    study.train(["baseline"], progress=False, workers=1)
    model = study.model("baseline")
    counts = model.counts().groupby("defect", sort=False)[["tp", "fn", "fp", "tn"]].sum()
    table = metrics.rates(counts.reset_index(), ["TPR", "FPR", "precision", "F1"])
    costs = [json.loads(path.read_text()) for path in runs.glob("*/cost.json")]
    minutes = sum(cost["training_seconds"] for cost in costs) / 60
    told = {"data": study.dataset.name, "setting": name, "seed": seed}
    told |= {key: getattr(profile, key) for key in _TOLD}
    table = table[table["defect"] != "background"]
    return table.assign(**told, minutes=minutes).reindex(columns=COLUMNS)


def main() -> None:
    """Train and judge what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="a dataset folder")
    parser.add_argument("settings", nargs="*", default=list(SETTINGS), help=", ".join(SETTINGS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", help="what the data are called in the table")
    given = parser.parse_args()
    folder.load(given.folder)
    for name in given.settings:
        with tempfile.TemporaryDirectory() as place:
            table = scored(given.folder, name, given.seed, Path(place))
        table["data"] = given.name or table["data"]
        table.to_csv(TRIED, mode="a", header=not TRIED.exists(), index=False)
        print(table.to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
