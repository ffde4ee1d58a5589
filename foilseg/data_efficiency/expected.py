"""What the protocol expected of few annotated images, beside what was found.

The expectations are those of ``book/protocol.md``, in its order; bounds are written there first.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from foilseg.analysis.expectations import COLUMNS, Row, at_least, at_most, less_than, yes_or_no
from foilseg.data_efficiency import rendered
from foilseg.data_efficiency.from_twin import AFTER, ALONE, MEAN
from foilseg.data_efficiency.rendered import FIRST, LEAST, OTHER, SAME
from foilseg.numbers import three_digits

# From the twin to tiles: numbers of images, bounds of gains, and the defects like those of foil.
FEWEST, MANY, LEAST_FEW, LEAST_LIKE = (5, 10), 40, 0.03, 0.05
LIKE_FOIL = ("blowhole", "crack")
# More foils, rendered: least gains with 6 and 20 of them, and what they cost.
MORE, GAINS = (6, 20), {6: 0.02, 20: 0.05}
TWICE, WHOLE, LEAST_MORE = 12, 26, 0.03
PRICES, OTHER_PRICE, BY_TRUTH = (1, 4), 5, 0.02
LOST, MOST_LOST = 0.03, (0.02, 0.10)
KEPT = (0.5, 2)  # a realised FPR, divided by the promised one


def few_images(table: pd.DataFrame) -> pd.DataFrame:
    """The same of trainings on few images, alone and from the twin, by means over the draws.

    ``table`` : of :func:`foilseg.data_efficiency.from_twin.few_images`.
    """
    means = table.groupby(["defect", "images"])[[ALONE, AFTER]].mean()
    gain, level = means[AFTER] - means[ALONE], means.loc[MEAN]
    rows = [
        at_least(f"1: gain from the twin with {n} images", gain[MEAN, n], LEAST_FEW) for n in FEWEST
    ]
    words = f"2: gain or loss with {MANY} images"
    rows.append(less_than(words, abs(gain[MEAN, MANY]), LEAST_FEW))
    few = gain[gain.index.get_level_values("images").isin(FEWEST)].drop(MEAN, level="defect")
    like = few.index.get_level_values("defect").isin(LIKE_FOIL)
    numbers = " or ".join(map(str, FEWEST))
    words = f"3: the smallest gain of {' and '.join(LIKE_FOIL)} with {numbers} images"
    rows.append(at_least(words, few[like].min(), LEAST_LIKE))
    words = f"3: the largest gain of another defect with {numbers} images"
    rows.append(less_than(words, few[~like].max(), LEAST_FEW))
    more = max(level[AFTER][n] - level[ALONE][2 * n] for n in level.index if 2 * n in level.index)
    rows.append(at_most("4: the largest lead over twice the images alone", more, 0))
    own = table[(table["defect"] == MEAN) & (table["images"] == FEWEST[0])]
    spread, won = own[ALONE].max() - own[ALONE].min(), gain[MEAN, FEWEST[0]]
    words = f"5: with {FEWEST[0]} images, distance of the draws alone, and gain"
    found = f"{spread:.3f} and {won:.3f}"
    rows.append((words, "the first is larger", found, yes_or_no(spread > won)))
    return pd.DataFrame(rows, columns=COLUMNS)


def more_foils(rare: str, level: float) -> pd.DataFrame:
    """The same of rendered foils beside few annotated ones.

    Parameters
    ----------
    rare : the rarest defect, the only one that rendered foils show.
    level : its promised FPR.
    """
    label, truth = rendered.rates("label"), rendered.rates("truth")
    found = rendered.summary(label, rare).set_index(rendered.ARMS)
    rows = [*_annotated(found["TPR"]), *_same(found), *_other(found)]
    rows += [*_by_truth(label, truth, rare), *_others(label, rare)]
    return pd.DataFrame([*rows, *_own_thresholds(label, rare, level)], columns=COLUMNS)


def _annotated(tpr: pd.Series) -> Iterator[Row]:
    for few, many in ((LEAST, TWICE), (TWICE, WHOLE)):
        gain = tpr[many, 0, rendered.ALONE] - tpr[few, 0, rendered.ALONE]
        yield at_least(f"1: gain from {few} to {many} annotated foils", gain, LEAST_MORE)


def _same(found: pd.DataFrame) -> Iterator[Row]:
    tpr = found["TPR"]
    for number, least in GAINS.items():
        gain = tpr[LEAST, number, SAME] - tpr[FIRST]
        yield at_least(f"2: gain with {number} of the same recipe", gain, least)
    least = found.loc[(LEAST, MORE[1], SAME), "least gain"]
    yield at_least(f"2: the least gain of a draw with {MORE[1]}", least, GAINS[MORE[1]])
    for number, as_many in zip(MORE, (TWICE, WHOLE)):
        gap = tpr[LEAST, number, SAME] - tpr[as_many, 0, rendered.ALONE]
        yield less_than(f"3: with {number}, minus {as_many} annotated foils", gap, 0)
    low, high = PRICES
    few, many = (found.loc[(LEAST, number, SAME), "price"] for number in MORE)
    for number, price in zip(MORE, (few, many)):
        came = yes_or_no(low <= price <= high)
        words = f"3: rendered foils for an annotated one, with {number}"
        yield words, f"{low} to {high}", three_digits(price), came
    words = f"3: that price with {MORE[0]} and with {MORE[1]}"
    yield (
        words,
        "the second is higher",
        f"{three_digits(few)} and {three_digits(many)}",
        yes_or_no(few < many),
    )


def _other(found: pd.DataFrame) -> Iterator[Row]:
    tpr, number = found["TPR"], MORE[1]
    half = (tpr[LEAST, number, SAME] - tpr[FIRST]) / 2
    gain = tpr[LEAST, number, OTHER] - tpr[FIRST]
    words = f"4: gain with {number} of another recipe"
    yield words, f"less than {half:.3f}, half as much", f"{gain:.3f}", yes_or_no(gain < half)
    price = found.loc[(LEAST, number, OTHER), "price"]
    came = yes_or_no(price > OTHER_PRICE)
    words = f"4: rendered foils for an annotated one, with {number} of these"
    yield words, f"above {OTHER_PRICE}", three_digits(price), came


def _by_truth(label: pd.DataFrame, truth: pd.DataFrame, rare: str) -> Iterator[Row]:
    key = (LEAST, MORE[1], SAME)
    each = (rendered.gain_by_draw(table[table["defect"] == rare]) for table in (truth, label))
    by_truth, by_label = (gains[key].mean() for gains in each)
    words = f"5: gain with {MORE[1]} by the truth, minus that by the annotation"
    yield at_least(words, by_truth - by_label, BY_TRUTH)


def _others(label: pd.DataFrame, rare: str) -> Iterator[Row]:
    """Of the other defects, whichever the recipe."""
    own = label[label["defect"] != rare]
    own = own.assign(reported=own["tp"] / (own["tp"] + own["fn"]))
    even, reported = (-rendered.gain_by_draw(own, rate).mean() for rate in ("TPR", "reported"))
    few, many = MORE
    for arm in (SAME, OTHER):
        words = f"6: mean TPR of the others lost, {arm}, with"
        yield less_than(f"{words} {few}", even[LEAST, few, arm], LOST)
        (low, high), lost = MOST_LOST, even[LEAST, many, arm]
        came = yes_or_no(low <= lost <= high)
        yield f"{words} {many}", f"{low:.2f} to {high:.2f}", f"{lost:.3f}", came
        own_threshold = reported[LEAST, many, arm]
        words = f"6: the same at own thresholds, {arm}, with {many}"
        yield at_least(words, own_threshold, 2 * lost)


def _own_thresholds(label: pd.DataFrame, rare: str, level: float) -> Iterator[Row]:
    own = label[(label["defect"] == rare) & (label["annotated"] == LEAST)]
    ratios, (low, high) = own["FPR, own"] / level, KEPT
    words = f"7: FPR of {rare} by thresholds from {LEAST} foils, divided by the promised one"
    found = f"{ratios.min():.2f} to {ratios.max():.2f}"
    yield words, f"{low} to {high}", found, yes_or_no(ratios.between(low, high).all())
