"""The twin as an endless source: rendered foils of the rarest defect beside few annotated ones.

    python -m benchmarks.endless DIR [--draws N ...] [--arms ARM ...]

Trains the baseline of the profile ``matched`` on 6 and on 12 of its 26 foils, and on 6 with 6 or 20
rendered ones added, so that all are again 12 or 26: three draws of each. A rendered foil shows
cavities alone, with true masks that hold as many pixels of them as those of an annotated foil do on
average. It is rendered by the very recipe of the annotated ones (``same recipe``), or by that of
the profile ``desk``, which nobody has matched to them (``another recipe``). Rows a defect are added
to ``endless.csv`` in ``foilseg/data_efficiency`` for each training that it does not have yet, and
for the three on all 26 foils that come with the repository; and to ``endless_foils.csv`` one a test
foil and defect, for intervals. A training that was interrupted goes on where it stopped. Start the
command twice and two processes share the work: each takes what no other has taken. Rendered foils
and trainings lie in DIR.

What is expected stands in ``book/protocol.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from benchmarks import sharing
from benchmarks.few_foils import (
    DRAWS,
    MOST,
    RECIPES,
    STUDY,
    annotated,
    config,
    pixels,
    rendered,
    together,
)
from benchmarks.from_twin import asked
from foilseg.analysis import records
from foilseg.data.dataset import Dataset, rarest
from foilseg.data_efficiency.rendered import ALONE, FOILS, KEYS, LEAST, TABLE, rates, summary
from foilseg.evaluation import metrics
from foilseg.evaluation.curves import Histograms, average_precision
from foilseg.evaluation.operating_points import Trainings, at_one_fpr
from foilseg.studies.source import TWIN, Source
from foilseg.training import experiments, fit

PROFILE = replace(experiments.profile(STUDY), name="endless")
PLAN = ((LEAST, 0, ALONE), (12, 0, ALONE), *((LEAST, k, arm) for arm in RECIPES for k in (6, MOST)))
RATES = ["TPR", "FPR"]
COLUMNS = [*KEYS, "defect", "against", "annotated pixels", "rendered pixels", *RATES]
COLUMNS += [f"{rate}, own" for rate in RATES]
COLUMNS += ["AP", *metrics.COUNTS, "minutes", "images"]
OF_FOILS = [*KEYS, "foil", "defect", *metrics.COUNTS]
Judged = tuple[pd.DataFrame, pd.DataFrame]  # rows of both tables


@dataclass(frozen=True)
class Case:
    """One training: on how many foils of which kind."""

    annotated: int
    rendered: int
    arm: str
    draw: int

    @property
    def key(self) -> tuple[int, int, str, int]:
        """What names it in the table."""
        return self.annotated, self.rendered, self.arm, self.draw

    @property
    def name(self) -> str:
        """The same as the name of a file."""
        return "-".join(map(str, self.key)).replace(" ", "-")


def _only(histograms: Histograms, names: Sequence[str]) -> Histograms:
    """Those of some foils."""
    kept = histograms.keys["foil"].isin(names).to_numpy()
    return Histograms(histograms.keys[kept].reset_index(drop=True), histograms.counts[kept])


def judged(
    here: Histograms,
    there: Histograms,
    own: pd.DataFrame,
    levels: Mapping[str, float],
    names: Sequence[str],
) -> Judged:
    """A row a defect and reference: rates at one FPR, average precision, counts.

    And a row a test foil and defect: counts at the one FPR by the annotation.

    Parameters
    ----------
    here, there : of the validation regions, where thresholds are set, and of the test foils.
    own : counts on the test foils at the network's own threshold.
    levels : defect -> FPR.
    names : the annotated foils that trained; a threshold that their validation regions alone set
        gives the rates ``TPR, own`` and ``FPR, own``.
    """
    parts, of_foils, chosen = [], [], (here, _only(here, names))
    for against in ("label", "truth"):
        even = [at_one_fpr({"": Trainings((h,), (there,))}, levels, against) for h in chosen]
        of_foils.append(even[0])
        scored = [metrics.score(e, ["defect"], scores=RATES)[["defect", *RATES]] for e in even]
        table = scored[0].merge(scored[1], on="defect", suffixes=("", ", own"))
        table["AP"] = [average_precision(there.total(d, against)) for d in table["defect"]]
        counts = own[own["against"] == against].groupby("defect")[list(metrics.COUNTS)].sum()
        table = table.merge(counts, left_on="defect", right_index=True)
        parts.append(table.assign(against=against, images=own["foil"].nunique()))
    return pd.concat(parts, ignore_index=True), of_foils[0]


@dataclass(frozen=True, eq=False)
class Bench:
    """What all trainings share: where they lie, the annotated and the test foils, the FPRs."""

    place: Path
    data: Dataset
    test: Dataset
    levels: Mapping[str, float]
    twin: Mapping | None = None

    def train(self, case: Case, iterations: int = PROFILE.iterations) -> Judged:
        """Train a case and judge it."""
        names, more = annotated(self.data, case.annotated, case.draw), None
        if case.rendered:
            made = config(case.arm, case.draw, self.twin)
            more = rendered(self.place, made, rarest(self.data))
        few = together(self.data, names, more, case.rendered)
        profile = replace(PROFILE, iterations=iterations)
        run = fit.fit(few, experiments.experiment("baseline"), profile, case.draw, self.place)
        own, there = asked(run, self.test)
        rows, of_foils = judged(run.histograms(), there, own, self.levels, names)
        rows["annotated pixels"] = rows["defect"].map(pixels(few, added=False))
        rows["rendered pixels"] = rows["defect"].map(pixels(few, added=True))
        rows["minutes"] = run.cost()["training_seconds"] / 60
        key = dict(zip(KEYS, case.key))
        return rows.assign(**key), of_foils.assign(**key)

    def shipped(self, record: records.Record) -> Judged:
        """The same rows of the baselines on all foils that come with the repository."""
        parts, names = record.compared.parts["Baseline"], [foil.name for foil in self.data.foils]
        made = []
        for draw, (run,) in enumerate(record.runs_of("Baseline")):
            own = run.evaluation(f"test-counts-{record.test_suffix}")
            one = parts.chosen_on[draw], parts.judged_on[draw], own, self.levels, names
            key = dict(zip(KEYS, (len(names), 0, ALONE, draw)))
            rows, of_foils = (table.assign(**key) for table in judged(*one))
            minutes = run.cost()["training_seconds"] / 60
            made.append((rows.assign(minutes=minutes), of_foils))
        rows, of_foils = (pd.concat(tables, ignore_index=True) for tables in zip(*made))
        all_of_them = together(self.data, names, None, 0)
        rows["annotated pixels"] = rows["defect"].map(pixels(all_of_them, added=False))
        return rows.assign(**{"rendered pixels": 0}), of_foils


@dataclass(frozen=True)
class Tables:
    """Where rows go: those of trainings and defects, and those of test foils as well."""

    rates: Path = TABLE
    foils: Path = FOILS

    def add(self, judged: Judged, place: Path) -> None:
        """Add the rows of trainings that the tables lack; the rates come last."""
        sharing.add(judged[1][OF_FOILS], KEYS, self.foils, place)
        sharing.add(judged[0][COLUMNS], KEYS, self.rates, place)


def work(bench: Bench, cases: Sequence[Case], tables: Tables, iterations: int) -> None:
    """Train and judge what the tables do not have and no other process has taken."""
    for case in cases:
        with sharing.taken(bench.place / case.name) as free:
            if free and case.key not in sharing.known(tables.rates, KEYS):
                made = bench.train(case, iterations)
                tables.add(made, bench.place)
                print(made[0][COLUMNS].to_string(index=False), flush=True)


def main() -> None:
    """Train and judge what the command line names, and print what is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for rendered foils and trainings")
    parser.add_argument("--draws", type=int, nargs="+", default=DRAWS, choices=DRAWS)
    parser.add_argument("--arms", nargs="+", default=[ALONE, *RECIPES], choices=[ALONE, *RECIPES])
    given = parser.parse_args()
    record, source = records.record(STUDY), Source(TWIN, experiments.profile(STUDY), STUDY)
    source.render()
    source.held_out.render()
    told = source.dataset, source.held_out.dataset, record.compared.levels
    bench = Bench(given.folder, *told)
    tables = Tables()
    tables.add(bench.shipped(record), given.folder)
    cases = [Case(*plan, draw) for draw in given.draws for plan in PLAN]
    work(bench, [c for c in cases if c.arm in given.arms], tables, PROFILE.iterations)
    print(summary(rates(), rarest(bench.data).name).to_string(index=False))


if __name__ == "__main__":
    main()
