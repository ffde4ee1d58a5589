"""The matched twin is the one of the log, and the protocol says what the log says of it."""

import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import match_twin
from foilseg.training import experiments
from foilseg.twin import render
from foilseg.twin.config import TwinConfig

ROOT = Path(__file__).parent.parent
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@pytest.fixture(scope="module")
def trials():
    """The rows of the log that are of the profile's twin, a row a defect and seed."""
    log = pd.read_csv(ROOT / match_twin.LOG)
    recipe = render.recipe(TwinConfig(**experiments.profile("matched").twin))
    return log[log["recipe"] == recipe[:12]]


def test_the_profile_renders_a_twin_whose_baseline_was_trained_three_times(trials):
    assert trials.groupby("defect")["seed"].agg(sorted).tolist() == [[0, 1, 2]] * 4


def test_the_protocol_states_the_means_and_ranges_of_the_log(trials):
    lines = (ROOT / "book" / "protocol.md").read_text("utf-8").splitlines()
    stated = {cells[0]: cells[1:] for cells in (_cells(line) for line in lines) if len(cells) == 4}
    for defect, each in trials.groupby("defect"):
        for cell, column in zip(stated[defect], ("TPR", "FPR", "its TPR"), strict=True):
            values = each[column]
            expected = [values.mean(), values.min(), values.max()][
                : 1 if column == "its TPR" else 3
            ]
            found = NUMBER.findall(cell.replace(",", ""))
            assert len(found) == len(expected)
            for text, value in zip(found, expected):
                if column == "FPR":
                    # the log has no parts of a millionth, the protocol three digits that count
                    assert float(text) == float(f"{round(1e6 * value):.3g}")
                    continue
                unit = 10 ** -len(text.partition(".")[2])
                assert abs(float(text) - value) <= 0.51 * unit, (defect, column, text, value)


def test_all_targets_but_one_are_met(trials):
    missed = []
    for defect, each in trials.groupby("defect"):
        tpr, fpr = match_twin.TARGETS[defect]
        mean = each[["TPR", "FPR", "its TPR"]].mean()
        if abs(mean["TPR"] - tpr) > match_twin.TOLERANCE:
            missed.append((defect, "TPR"))
        if not 1 / match_twin.FACTOR <= mean["FPR"] / fpr <= match_twin.FACTOR:
            missed.append((defect, "FPR"))
        if mean["its TPR"] > match_twin.SHARE * mean["TPR"]:
            missed.append((defect, "one feature"))
    assert missed == [("cavity", "FPR")]


def _cells(line):
    return [cell.strip() for cell in line.split("|")[1:-1]]
