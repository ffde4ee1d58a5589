"""What the protocol expected, beside what the shipped study shows."""

import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from foilseg.analysis import comparisons, expectations, records, trainings
from foilseg.elsewhere import domains
from foilseg.elsewhere import expected_of_tiles as expected
from foilseg.studies import variants

PROTOCOL = Path(__file__).parent.parent / "book" / "protocol.md"


def test_the_bounds_are_those_of_the_protocol():
    text = PROTOCOL.read_text().split("## What is expected")[1].split("\n## ")[0]
    said = [float(n) for n in re.findall(r"0\.\d+", text)]
    order = expectations.LEAST_ORDER
    assert order["FPR"] == order["precision"]
    assert said == [
        expectations.MOST_GAP,
        order["TPR"],
        order["FPR"],
        expectations.MOST_LEAD,
        expectations.MOST_DROP,
    ]
    assert "less than a third" in text and expectations.MOST_SPREAD == 1 / 3
    numbered = {row[0] for row in expectations.table(records.record(variants.BASE)).to_numpy()}
    assert {words[0] for words in numbered} == set("123456") and "\n6. " in text


def test_the_bounds_beyond_the_thirteen_are_those_of_the_protocol():
    text = PROTOCOL.read_text().split("*What is expected.*")[1].split("*What was chosen.*")[0]
    said = [float(n) for n in re.findall(r"0\.\d+", text)]
    assert said == [
        expectations.MOST_PRIOR,
        expectations.LEAST_DICE,
        *expectations.AVERAGE_GAIN,
        expectations.LEAST_RECIPE,
        expectations.MOST_RECIPE,
    ]


def test_the_bounds_of_tiles_are_those_of_the_protocol():
    text = PROTOCOL.read_text().split("## The photographs of tiles")[1].split("\n## ")[0]
    text, longer = text.split("*What is expected*")[1].split("*Longer trainings.*")
    said = [float(n) for n in re.findall(r"0\.\d+", text)]
    bounds = expected.LEAST_F1, expected.MOST_F1, expected.PUBLISHED_F1, expected.LEAST_ORDER
    assert said == list(bounds)
    assert "not among the best three" in text and expected.BEST == 3
    said = [float(n) for n in re.findall(r"0\.\d+", longer)]
    assert said == [expected.LEAST_GROWTH, expected.LEAST_LONGER, expected.PUBLISHED_F1]
    published = domains.other_networks().set_index("network")["value"]
    assert published["DEU-Net"] == expected.PUBLISHED_F1
    assert all(model in text for model in expected.MORE_OFTEN)


LEVEL = pd.DataFrame(
    {
        "model": ["Baseline", "Binary", "wCE ICF"],
        "own threshold": [0.5, 0.6, 0.95],
        "own threshold, test": [0.5, 0.5, 0.9],
        "one FPR": [0.60, 0.64, 0.55],
    }
)


@pytest.mark.parametrize(
    ("even", "kept", "said"),
    [
        ([0.60, 0.64, 0.55], 1.0, ["0.225 yes", "0.040 yes", "0.50 to 1.90 yes", "0.050 no"]),
        ([0.60, 0.66, 0.45], 0.9, ["0.525 no", "0.060 no", "0.50 to 1.90 no", "0.050 no"]),
    ],
)
def test_levels_by_hand(even, kept, said):
    realised = pd.DataFrame({"least": [0.5], "largest": [1.9], "within half to two": [kept]})
    table = LEVEL.assign(**{"one FPR": even})
    compared = SimpleNamespace(table=lambda draws: table, realised=realised)
    rows = list(expectations._levels(SimpleNamespace(compared=compared)))
    assert [f"{found} {came}" for _, _, found, came in rows[:4]] == said
    assert rows[4][2:] == (f"{even[1] - 0.60:.3f}", "open")


def test_the_prediction_is_that_of_the_page():
    record = records.record(variants.BASE)
    gaps = trainings.published_gaps(comparisons.means(record), comparisons.published_means())
    first = expectations.table(record).iloc[0]
    assert float(first["found"]) == pytest.approx(gaps.iloc[0, -1], abs=0.0005)
    assert (first["came true"] == "yes") == (gaps.iloc[0, -1] <= 0.08)


def test_what_a_third_training_changes_is_the_difference_of_two_tables():
    kinds = ["training", "training", "prediction", "loss", "together", "of the thesis"]
    names = [*expectations.SURE, expectations.FAILED, "recipe", "Binary"]
    two = pd.DataFrame({"model": names, "kind": kinds, "mean TPR": 0.1, "low": 0.05, "pit": 0.2})
    three = two.assign(low=[0.01, 0.02, 0.03, -0.1, 0.1, 0.1])
    three["mean TPR"] = [0.11, 0.081, 0.1, 0.5, 0.105, 0.1]
    three["pit"] = [0.2, 0.2, 0.2, 0.4, 0.2, 0.2]
    table = expectations.third_trainings(two, three, "pit")
    assert table["came true"].tolist() == ["yes", "yes", "yes"]
    assert table["found"].tolist() == [", ".join(expectations.SURE), "0.019", "+0.200"]
    assert "(Four baselines)" in table["expectation"][1], "the failed one does not count"
    worse = three.assign(low=[0.01, -0.02, 0.03, 0.1, 0.1, 0.1], pit=0.1)
    worse.loc[4, "mean TPR"] = 0.2
    table = expectations.third_trainings(two, worse, "pit")
    assert table["came true"].tolist() == ["no", "no", "no"]
    assert table["found"][0] == "Averaged, Mirror views, Unified focal"
    assert expectations.third_trainings(two, three.iloc[1:], "pit").empty


def test_the_bounds_of_relabelling_are_those_of_the_protocol():
    text = PROTOCOL.read_text().split("*One round of relabelling.*")[1].split("\n## ")[0]
    expected = text[text.index("\n9. ") :]
    assert "at least three quarters" in expected and expectations.LEAST_RIGHT == 3 / 4
    assert "less than half" in expected and expectations.MOST_FOUND == 1 / 2
    said = [float(n) for n in re.findall(r"0\.\d+", expected)]
    assert said == [expectations.MOST_NEW, expectations.MOST_BY_TRUTH]


def test_expectations_of_relabelling_by_hand():
    entered = pd.DataFrame({"defect": ["pit", "crack"], "right": [0.8, 0.75], "found": [0.4, 0.6]})
    label = pd.Series({"Relabelled": -0.009, "Forward corr.": 0.0})
    truth = pd.Series({"Relabelled": 0.015, "Forward corr.": 0.01})
    table = expectations.relabelled(entered, label, truth, "pit")
    assert table["came true"].tolist() == ["yes"] * 6
    assert table["found"].tolist() == [
        "0.750", "0.400", "0.009", "-0.009 and +0.015", "0.015", "+0.015 and +0.010",
    ]  # fmt: skip
    worse = entered.assign(right=[0.7, float("nan")], found=[0.5, 0.1])
    other = expectations.relabelled(worse, label - 0.01, label - 0.02, "pit")
    assert other["came true"].tolist() == ["no", "no", "no", "no", "yes", "no"]
    behind = expectations.relabelled(entered, label, truth - [0.01, 0.0], "pit")
    assert behind["came true"].tolist()[-1] == "no", "against the same of the truth"
    assert expectations.relabelled(entered, label.iloc[1:], truth, "pit").empty
