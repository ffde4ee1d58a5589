"""What the protocol expected before the test foils were opened, beside what was found.

The expectations are those of ``book/protocol.md``, in its order; bounds are written there first.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from foilseg.analysis import comparisons, trainings
from foilseg.analysis.records import Record
from foilseg.evaluation import bootstrap

COLUMNS = ["expectation", "expected", "found", "came true"]
MOST_GAP, LEAST_ORDER = 0.08, {"TPR": 0.9, "FPR": 0.85, "precision": 0.85}
MOST_SPREAD, MOST_LEAD, MOST_DROP = 1 / 3, 0.05, 0.03
# Beyond the thirteen, by the titles of the rows there.
PRIORS, MOST_PRIOR = ("Logit adj.", "Focal factor", "Weights alone"), 0.03
DICE, LEAST_DICE = "CE + Dice", 0.02
AVERAGES, AVERAGE_GAIN = ("Averaged", "Baseline, falling rate"), (0.01, 0.03)
LONGER, COMMITTEE = "Baseline, four times the steps", "Four baselines"
LEAST_RECIPE, MOST_RECIPE = 0.03, 0.05
# Their third trainings.
SURE, FAILED, MOST_MOVE = ("Averaged", "Four baselines", "Mirror views"), "Unified focal", 0.02
# A round of relabelling.
NEW, FORWARD, LEAST_RIGHT, MOST_FOUND = "Relabelled", "Forward corr.", 0.75, 0.5
MOST_NEW, MOST_BY_TRUTH = 0.01, 0.02
WEIGHTED, LEAST = {"wCE ICF", "FL ICF"}, "Eq. Pixels"
Row = tuple[str, str, str, str]


def table(record: Record) -> pd.DataFrame:
    """One row an expectation: in words, the bound, what the study shows, and whether it came true.

    The last is about the study's own numbers without their intervals, which the chapters give;
    what no number of the study can decide is "open".
    """
    rows = [*_predicted(record), *_ends(record), *_levels(record)]
    return pd.DataFrame(rows, columns=COLUMNS)


def at_most(words: str, value: float, bound: float) -> Row:
    """The row of a value that was expected to be no larger than a bound."""
    return words, f"at most {bound:.2f}", f"{value:.3f}", yes_or_no(value <= bound)


def less_than(words: str, value: float, bound: float, digits: int = 2) -> Row:
    """The row of a value that was expected to be smaller than a bound with so many decimals."""
    return words, f"less than {bound:.{digits}f}", f"{value:.3f}", yes_or_no(value < bound)


def at_least(words: str, value: float, bound: float) -> Row:
    """The row of a value that was expected to be no smaller than a bound."""
    return words, f"at least {bound:.2f}", f"{value:.3f}", yes_or_no(value >= bound)


def yes_or_no(true: bool) -> str:
    """Whether an expectation came true, in a word."""
    return "yes" if true else "no"


def _predicted(record: Record) -> Iterator[Row]:
    own, printed = comparisons.means(record), comparisons.published_means()
    gaps = trainings.published_gaps(own, printed).set_index("rate")["mean absolute difference"]
    yield at_most("1: mean TPR of the twelve, distance to the published one", gaps["TPR"], MOST_GAP)
    counts = record.findings.pooled.astype({"model": str})
    order = bootstrap.rank_correlations(counts, printed, 1).set_index("rate")["correlation"]
    for rate, least in LEAST_ORDER.items():
        yield at_least(f"1: rank correlation of the {rate} with the thesis", order[rate], least)


def _ends(record: Record) -> Iterator[Row]:
    own = comparisons.means(record).astype({"model": str}).set_index("model")
    for rate in ("TPR", "FPR"):
        highest = set(own[rate].nlargest(2).index)
        words = f"2: the two models with the highest {rate}"
        expected, found = (", ".join(sorted(each)) for each in (WEIGHTED, highest))
        yield words, expected, found, yes_or_no(highest == WEIGHTED)
    least = own["TPR"].idxmin()
    yield "2: the model with the lowest TPR", LEAST, least, yes_or_no(least == LEAST)


def _levels(record: Record) -> Iterator[Row]:
    level = record.compared.table(2).set_index("model")
    test, even = level["own threshold, test"], level["one FPR"]
    spread = (even.max() - even.min()) / (test.max() - test.min())
    yield at_most(
        "3: spread of the mean TPR at one FPR, divided by that at own thresholds",
        spread,
        MOST_SPREAD,
    )
    lead = even.max() - even["Baseline"]
    yield at_most(f"3: lead over the baseline at one FPR ({even.idxmax()})", lead, MOST_LEAD)
    kept = record.compared.realised
    met = yes_or_no((kept["within half to two"] == 1).all())
    found = f"{kept['least'].min():.2f} to {kept['largest'].max():.2f}"
    yield "4: FPR on the test foils, divided by the promised one", "0.5 to 2", found, met
    drop = level["own threshold"].mean() - test.mean()
    yield at_most("5: mean TPR lost from validation regions to test foils", drop, MOST_DROP)
    rest = even.filter(regex="^Bin").max() - even["Baseline"]
    expected = "less than expected of one network at four times the cost"
    yield "6: lead of One-vs-Rest at one FPR", expected, f"{rest:.3f}", "open"


def beyond(table: pd.DataFrame, lead: pd.DataFrame, best: str, defect: str) -> pd.DataFrame:
    """The same of the rows beyond the thirteen; one whose rows are not there is left out.

    Parameters
    ----------
    table, lead : of :class:`foilseg.analysis.remedies.Remedies`: all rows, and the recommended
        recipe minus each of the thirteen, of which ``best`` is one.
    defect : the rare one that the last expectation speaks of.
    """
    gain = table.set_index("model")["mean TPR"]
    rows = [*_priors(gain), *_losses(table), *_training(gain)]
    own = lead.set_index("model").loc[best]
    return pd.DataFrame([*rows, *_recipe(own, best, defect)], columns=COLUMNS)


def _priors(gain: pd.Series) -> Iterator[Row]:
    for model in filter(gain.index.__contains__, PRIORS):
        yield at_most(f"1: {model}, distance to the baseline", abs(gain[model]), MOST_PRIOR)


def _losses(table: pd.DataFrame) -> Iterator[Row]:
    if DICE not in set(table["model"]):
        return
    gain = table[table["kind"] == "loss"].set_index("model")["mean TPR"]
    yield at_least(f"2: gain of {DICE}", gain[DICE], LEAST_DICE)
    yield (
        "2: the loss that gains most by itself",
        DICE,
        gain.idxmax(),
        yes_or_no(gain.idxmax() == DICE),
    )


def _training(gain: pd.Series) -> Iterator[Row]:
    low, high = AVERAGE_GAIN
    for model in filter(gain.index.__contains__, AVERAGES):
        expected, came = f"{low} to {high}", yes_or_no(low <= gain[model] <= high)
        yield f"3: gain of {model}", expected, f"{gain[model]:.3f}", came
    if {LONGER, COMMITTEE} <= set(gain.index):
        found = f"{gain[LONGER]:.3f} and {gain[COMMITTEE]:.3f}"
        came = yes_or_no(gain[LONGER] < gain[COMMITTEE])
        yield "3: four times the steps and four networks", "the first gains less", found, came
    for model, above in (("Turned", False), ("Mirrored", True), ("Mirror views", True)):
        if model in gain.index:
            came = yes_or_no((gain[model] > 0) == above)
            yield (
                f"4: gain of {model}",
                f"{'above' if above else 'below'} 0",
                f"{gain[model]:.3f}",
                came,
            )


def _recipe(own: pd.Series, best: str, defect: str) -> Iterator[Row]:
    words = f"5: lead of the recommended recipe over {best}"
    yield at_least(words, own["mean TPR"], LEAST_RECIPE)
    yield f"{words}, lower end", "above 0", f"{own['low']:.3f}", yes_or_no(own["low"] > 0)
    yield at_most(f"{words}, {defect}", own[defect], MOST_RECIPE)


def third_trainings(two: pd.DataFrame, three: pd.DataFrame, defect: str) -> pd.DataFrame:
    """The same of what a third training of each row changes, by tables of two and of three.

    Both of :meth:`foilseg.analysis.remedies.Remedies.table`; empty where a row is not in both.
    """
    before, after = (table.set_index("model") for table in (two, three))
    if not {FAILED, *SURE} <= set(before.index) & set(after.index):
        return pd.DataFrame(columns=COLUMNS)
    single = after[~after["kind"].isin(["together", "of the thesis"])]
    sure = sorted(single.index[single["low"] > 0])
    words = "6: what gains by itself with an interval above zero"
    rows = [(words, ", ".join(SURE), ", ".join(sure) or "none", yes_or_no(sure == list(SURE)))]
    moved = (after["mean TPR"] - before["mean TPR"]).drop(FAILED).abs()
    words = f"7: the largest move of another gain in mean TPR ({moved.idxmax()})"
    rows.append(at_most(words, moved.max(), MOST_MOVE))
    found = after.loc[FAILED, defect] - before.loc[FAILED, defect]
    words = f"8: what the third training adds to the gain of {FAILED} in {defect}"
    rows.append((words, "above 0", f"{found:+.3f}", yes_or_no(found > 0)))
    return pd.DataFrame(rows, columns=COLUMNS)


def relabelled(
    entered: pd.DataFrame, label: pd.Series, truth: pd.Series, rare: str
) -> pd.DataFrame:
    """The same of a round of relabelling; empty where its row is not trained.

    Parameters
    ----------
    entered : of :func:`foilseg.measured.relabelled.summary`.
    label, truth : gain in mean TPR of every model, judged by the annotation and by the truth.
    rare : the rarest defect.
    """
    if NEW not in label.index:
        return pd.DataFrame(columns=COLUMNS)
    own, worst = entered.set_index("defect"), entered["right"].min()
    rows = [
        at_least("9: least share of a defect's new labels that is right", worst, LEAST_RIGHT),
        less_than(f"10: new labels, of the {rare} left out", own.loc[rare, "found"], MOST_FOUND),
        less_than(f"11: {NEW}, distance to the baseline", abs(label[NEW]), MOST_NEW),
    ]
    both = f"{label[NEW]:+.3f} and {truth[NEW]:+.3f}"
    words = "11: its gain by the annotation and by the truth"
    rows.append((words, "the second is larger", both, yes_or_no(truth[NEW] > label[NEW])))
    rows.append(less_than("11: its gain by the truth", truth[NEW], MOST_BY_TRUTH))
    both = f"{truth[NEW]:+.3f} and {truth[FORWARD]:+.3f}"
    words = f"12: gain of {NEW} and of {FORWARD} by the truth"
    rows.append((words, "the first is larger", both, yes_or_no(truth[NEW] > truth[FORWARD])))
    return pd.DataFrame(rows, columns=COLUMNS)
