"""What a round of relabelling enters into the labels of the matched twin, and how much is right.

    python -m benchmarks.relabelled [--profile matched-beyond] [--runs _runs]

For each of three trainings the voters are asked again (those that are not there are trained), and
what they propose is counted beside the twin's truth, which no training uses. Writes
foilseg/measured/relabelled.csv.
"""

from __future__ import annotations

import argparse

import pandas as pd

from foilseg.data import files
from foilseg.measured import relabelled
from foilseg.studies.study import open_study
from foilseg.training import relabelling
from foilseg.training.experiments import experiment

SEEDS = (0, 1, 2)


def main() -> None:
    """Count, write the table, and print its means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="matched-beyond")
    parser.add_argument("--runs", default="")
    options = parser.parse_args()
    bound, rows = experiment("relabelled").relabel, []
    for seed in SEEDS:
        study = open_study(profile=options.profile, seed=seed, runs=options.runs)
        found = relabelling.audited(study.dataset, study.profile, seed, study.runs)
        counts = relabelled.counted(study.dataset, found, bound)
        counts.insert(0, "seed", seed)
        rows.append(counts)
    table = pd.concat(rows, ignore_index=True)
    files.write_text(table.to_csv(index=False), relabelled.TABLE)
    print(relabelled.summary(table).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
