"""What the protocol expected of the photographs of tiles, beside what the study shows."""

from types import SimpleNamespace

import pandas as pd
import pytest

from foilseg.claims.verdicts import FAILS, HOLDS, UNSURE
from foilseg.elsewhere import expected_of_tiles


def rows_of(told):
    """First letters of an expectation and whether it came true, row by row."""
    return [(row[0][0], row[-1]) for row in told.itertuples(index=False)]


def record_of(verdict=HOLDS):
    """A study of which nothing is read but a verdict."""
    return SimpleNamespace(
        compared=SimpleNamespace(parts={}, levels={}),
        titles={},
        verdicts={"C03": SimpleNamespace(verdict=verdict)},
    )


def f1_table(means):
    return pd.DataFrame(means.items(), columns=["model", "mean"])


def gain_table(rows):
    return pd.DataFrame(rows, columns=["model", "gain", "low", "high"])


def tiles_of(f1, gains, verdict, least):
    """What is said of a study with these numbers: whether each expectation came true."""
    means = pd.DataFrame({"model": ["x", "y", "z"], "TPR": [0.1, 0.2, 0.3]})
    even = pd.DataFrame({"model": []})
    tables = {
        "in_training": lambda: pd.DataFrame({"TPR": [1.0, least]}),
        "f1": lambda _: f1_table(f1),
        "gains": lambda *_, seed: gain_table(gains),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expected_of_tiles.comparisons, "means", lambda _: means)
        patch.setattr(expected_of_tiles.operating_points, "at_one_fpr", lambda *_: even)
        for name, table in tables.items():
            patch.setattr(expected_of_tiles, name, table)
        record = record_of(verdict)
        return rows_of(expected_of_tiles.table(record, record, "recipe"))


def test_what_was_expected_is_judged_by_its_bounds():
    models = ["Eq. Samples", "Bin. Balanced", "recipe", "wCE ICF", "FL ICF"]
    gains = [(0.1, 0.05, 0.2), (0.1, -0.05, 0.2), (-0.1, -0.2, -0.05), (0, -1, 1), (0, -1, 1)]
    rows = [(model, *gain) for model, gain in zip(models, gains)]
    told = tiles_of({"Baseline": 0.3, "recipe": 0.6}, rows, HOLDS, 0.1)
    expected = ["yes", "yes", "yes", "yes", "yes", "yes", "open", "no", "no"]
    assert told == list(zip("122345567", expected))
    rows[2], rows[3] = ("recipe", 0.3, 0.2, 0.4), ("wCE ICF", -1, -1, -1)
    rows[4] = "FL ICF", -1, -1, -1
    told = tiles_of({"Baseline": 0.5, "recipe": 0.8}, rows, FAILS, 0.0)
    expected = ["no", "no", "no", "no", "yes", "yes", "open", "yes", "yes"]
    assert [came for _, came in told] == expected
    for low in (0.2, 0.1):
        told = tiles_of({"Baseline": low, "recipe": 0.7}, rows, UNSURE, 0.1)
        assert [came for _, came in told][1:4] == ["no", "yes", "open"]


def at_the_first(parts, levels):
    """Both studies are set to the FPR of the first."""
    assert levels == {"a": 0.1}
    return pd.DataFrame({"model": []})


def longer_of(before, after, first, then):
    """The same of trainings with more steps, from mean F1 and gains of both studies."""
    one, other = record_of(), record_of()
    one.compared.levels = {"a": 0.1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expected_of_tiles.operating_points, "at_one_fpr", at_the_first)
        f1 = {id(one): before, id(other): after}
        patch.setattr(expected_of_tiles, "f1", lambda record: f1_table(f1[id(record)]))
        found = iter(gain_table([("recipe", *gain)]) for gain in (first, then))
        patch.setattr(expected_of_tiles, "gains", lambda *_, seed: next(found))
        return rows_of(expected_of_tiles.longer_trainings(one, other, "recipe"))


@pytest.mark.parametrize(
    ("after", "then", "expected"),
    [
        ((0.36, 0.69), (0.1, 0.01, 0.2), ["yes", "yes", "yes", "yes", "yes", "yes"]),
        ((0.34, 0.749), (0.2, -0.01, 0.3), ["no", "no", "yes", "no", "open", "no"]),
        ((0.36, 0.679), (-0.1, -0.2, -0.01), ["yes", "yes", "no", "yes", "no", "yes"]),
    ],
)
def test_longer_trainings_are_judged_by_their_bounds(after, then, expected):
    before = {"Baseline": 0.3, "other": 0.5, "recipe": 0.65}
    longer = dict(zip(("Baseline", "recipe"), after))
    told = longer_of(before, longer, (0.2, 0.1, 0.3), then)
    assert told == list(zip("112233", expected))


def test_every_training_of_the_baseline_finds_every_defect_where_it_was_trained():
    table = expected_of_tiles.in_training()
    defects = table.groupby("training")["defect"].nunique()
    assert defects.tolist() == [5, 5, 5] and (table["TPR"] > 0).all()
