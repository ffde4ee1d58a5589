"""What the baseline finds in the images that it was trained on, training by training.

    python -m benchmarks.found_in_training DIR [--profile tiles] [--runs _runs]

A shipped study keeps this of its first training alone. Needs the weights of the three trainings
(``foilseg train baseline --profile tiles --data DIR --seed 0``, then 1 and 2). Writes
``foilseg/elsewhere/found_in_training.csv``: pooled counts, a row a training and defect.
"""

from __future__ import annotations

import argparse

import pandas as pd

from foilseg.analysis.gather import training_counts
from foilseg.data import files
from foilseg.elsewhere import expected_of_tiles
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.studies.study import open_study

SEEDS = (0, 1, 2)
COUNTS = ["tp", "fn", "fp", "tn"]


def main() -> None:
    """Count, write the table, and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="a dataset folder")
    parser.add_argument("--profile", default="tiles")
    parser.add_argument("--runs", default="")
    options = parser.parse_args()
    each = []
    for seed in SEEDS:
        study = open_study(options.folder, options.profile, seed, options.runs)
        counts = training_counts(study, ["baseline"]).astype({"defect": str})
        counts = counts.groupby("defect", sort=False)[COUNTS].sum().reset_index()
        each.append(counts.assign(**{TRAINING: seed})[[TRAINING, "defect", *COUNTS]])
    files.write_text(pd.concat(each).to_csv(index=False), expected_of_tiles.IN_TRAINING)
    print(expected_of_tiles.in_training().round(3).to_string(index=False))


if __name__ == "__main__":
    main()
