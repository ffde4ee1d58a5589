"""What the protocol expected of the photographs of tiles, beside what was found.

The expectations are those of ``book/protocol.md``, in its order; bounds are written there first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from foilseg.analysis import comparisons
from foilseg.analysis.expectations import COLUMNS, WEIGHTED, Row, at_least, less_than, yes_or_no
from foilseg.analysis.records import Record
from foilseg.claims.claim import BASELINE
from foilseg.claims.verdicts import HOLDS, UNSURE
from foilseg.elsewhere.domains import MEAN, f1, gains, under_thesis_names
from foilseg.evaluation import metrics, operating_points
from foilseg.evaluation.bootstrap import TRAINING

IN_TRAINING = Path(__file__).with_name("found_in_training.csv")  # by benchmarks.found_in_training
MORE_OFTEN = "Eq. Samples", "Bin. Balanced"
LEAST_F1, MOST_F1, PUBLISHED_F1, LEAST_ORDER, BEST = 0.2, 0.45, 0.749, 0.8, 3
# Of trainings with more steps.
LEAST_GROWTH, LEAST_LONGER = 0.05, 0.68
DIGITS = 3  # of a bound that was measured


def in_training() -> pd.DataFrame:
    """What the baseline of each training finds in the images of tiles that it was trained on.

    A row a training and defect; columns ``training`` (its seed), ``defect``, ``TPR``, ``FPR``,
    ``precision`` and ``F1``, pooled over the images.
    """
    counts = pd.read_csv(IN_TRAINING)
    return metrics.score(counts, [TRAINING, "defect"], scores=["TPR", "FPR", "precision", "F1"])


def table(record: Record, twin: Record, recipe: str, seed: int = 0) -> pd.DataFrame:
    """A row an expectation: in words, what was expected, what was found, whether it came true.

    Parameters
    ----------
    record, twin : the studies of the tiles and of the foil.
    recipe : the recommended row, by the name it has there.
    seed : of the intervals.
    """
    rows = [*_learned(record), *_order(record, twin), *_at_one_fpr(record, recipe, seed)]
    return pd.DataFrame(rows, columns=COLUMNS)


def longer_trainings(record: Record, longer: Record, recipe: str, seed: int = 0) -> pd.DataFrame:
    """The same of the study whose networks were trained with more steps, at the FPR of the other.

    Parameters
    ----------
    record, longer : the study of the tiles, and the one with more steps.
    recipe, seed : as in :func:`table`.
    """
    before, after = (f1(each).set_index("model")[MEAN] for each in (record, longer))
    growth = after - before.reindex(after.index)
    own = growth[BASELINE]
    rows = [
        at_least("1: growth of the mean F1 of the baseline", own, LEAST_GROWTH),
        less_than("1: growth of the mean F1 of the recipe", growth[recipe], own, DIGITS),
        at_least("2: mean F1 of the recipe", after[recipe], LEAST_LONGER),
        less_than("2: mean F1 of the recipe", after[recipe], PUBLISHED_F1, DIGITS),
    ]
    levels = record.compared.levels
    first, then = (_gain(each, seed, levels).loc[recipe] for each in (record, longer))
    words = "3: gain of the recipe at one FPR"
    rows.append(_above_zero(words, *then))
    rows.append(less_than(words, then.iloc[0], first.iloc[0], DIGITS))
    return pd.DataFrame(rows, columns=COLUMNS)


def _learned(record: Record) -> Iterator[Row]:
    least = in_training()["TPR"].min()
    words = "1: TPR of the baseline on training images, least defect and training"
    yield words, "above 0", f"{least:.3f}", yes_or_no(least > 0)
    means = f1(record).set_index("model")[MEAN]
    own, best = means[BASELINE], means.idxmax()
    came = yes_or_no(LEAST_F1 < own < MOST_F1)
    yield "2: mean F1 of the baseline", f"{LEAST_F1} to {MOST_F1}", f"{own:.3f}", came
    row = less_than("2: mean F1 of the best model", means[best], PUBLISHED_F1, DIGITS)
    words, expected, found, came = row
    yield words, expected, f"{found} ({best})", came


def _order(record: Record, twin: Record) -> Iterator[Row]:
    verdict = record.verdicts["C03"].verdict
    came = UNSURE if verdict == UNSURE else yes_or_no(verdict == HOLDS)
    yield "3: claim C03 on tiles", HOLDS, verdict, came
    both = [comparisons.means(each).set_index("model")["TPR"] for each in (record, twin)]
    agree = both[0].corr(both[1], "spearman")
    words = "4: rank correlation of the mean TPR with the twin"
    yield words, f"above {LEAST_ORDER}", f"{agree:.2f}", yes_or_no(agree > LEAST_ORDER)


def _gain(record: Record, seed: int, levels: Mapping[str, float]) -> pd.DataFrame:
    """Gains on the baseline at one FPR by model: ``gain``, ``gain, low``, ``gain, high``."""
    even = operating_points.at_one_fpr(record.compared.parts, levels)
    even = under_thesis_names(record, even)
    return gains({"gain": even}, BASELINE, seed=seed).set_index("model")


def _above_zero(words: str, by: float, low: float, high: float) -> Row:
    came = UNSURE if low <= 0 <= high else yes_or_no(low > 0)
    return words, "an interval above 0", f"{by:+.3f} ({low:+.3f} to {high:+.3f})", came


def _at_one_fpr(record: Record, recipe: str, seed: int) -> Iterator[Row]:
    gain = _gain(record, seed, record.compared.levels)
    for number, model in (*(("5", often) for often in MORE_OFTEN), ("6", recipe)):
        yield _above_zero(f"{number}: gain of {model} at one FPR", *gain.loc[model])
    best = list(gain["gain"].nlargest(BEST).index)
    words, expected = f"7: the best {BEST} at one FPR", f"without {' and '.join(sorted(WEIGHTED))}"
    yield words, expected, ", ".join(best), yes_or_no(WEIGHTED.isdisjoint(best))
