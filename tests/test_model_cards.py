"""The card of a model says what the tables of all models say."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foilseg.analysis import comparisons, model_tables, records, remedies
from foilseg.analysis.trainings import mean_tpr
from foilseg.evaluation import scores
from foilseg.figures import overview_figures
from foilseg.training.experiments import EXPERIMENTS, RECIPE


@pytest.fixture(scope="module")
def record():
    return records.record("matched")


def test_a_card_holds_the_rates_of_the_study_and_of_the_thesis(record):
    card = model_tables.card(record, "Binary FL").set_index("defect")
    means = comparisons.means(record).set_index("model")
    printed = scores.mean_rates(scores.published_rates()).set_index("model")
    assert card["TPR"]["mean"] == pytest.approx(means["TPR"]["Binary FL"])
    assert card["published TPR"]["mean"] == pytest.approx(printed["TPR"]["Binary FL"])
    assert card[scores.MILLION]["mean"] == pytest.approx(1e6 * means["FPR"]["Binary FL"])
    even = record.compared.table(2).set_index("model")["one FPR"]
    assert card["TPR at one FPR"]["mean"] == pytest.approx(even["Binary FL"])
    assert np.isfinite(card.to_numpy(float)).all() and len(card) == len(record.defects) + 1


def test_the_recipe_has_a_card_at_the_one_fpr_of_the_thirteen(record):
    beyond = records.record(remedies.BEYOND)
    whole = remedies.alone(
        remedies.of_records(record, {remedies.BEYOND: beyond}), beyond, "Dice, Eq. S., views"
    )
    card = model_tables.card(beyond, "Dice, Eq. S., views", whole.even).set_index("defect")
    assert list(card.columns) == ["TPR", "TPR at one FPR", scores.MILLION, "precision"]
    assert card["TPR at one FPR"]["mean"] == pytest.approx(
        mean_tpr(whole.even, ["model"])["Dice, Eq. S., views"]
    )
    runs = beyond.runs_of("Dice, Eq. S., views")
    counts = pd.concat([run.counts() for each in runs for run in each])
    cavity = counts.query("defect == 'cavity' and against == 'label'")[["tp", "fn"]].sum()
    assert len(runs) == 3 == whole.trainings
    assert card["TPR"]["cavity"] == pytest.approx(cavity["tp"] / (cavity["tp"] + cavity["fn"]))
    # of the thirteen the same counts give the same card
    both = [model_tables.card(record, "Binary FL", even) for even in (None, record.compared.even)]
    pd.testing.assert_frame_equal(*both)


SECTION = re.compile(r"^\(model-([a-z-]+)\)=\n(.*?)(?=^\(model-|^\+\+\+)", re.M | re.S)
DISPLAY = re.compile(r"^\$\$\n.+?\n\$\$$", re.M | re.S)


def without_formula(text):
    """Sections of models that show no formula, no card or no picture."""
    parts = dict(SECTION.findall(text))
    assert list(parts) == [*EXPERIMENTS, RECIPE]
    needed = (
        DISPLAY.search,
        re.compile("sortable\\(card\\)").search,
        re.compile("among\\(").search,
    )
    return [name for name, part in parts.items() if not all(each(part) for each in needed)]


def test_every_model_has_its_formula_its_numbers_and_its_picture():
    text = (Path(__file__).parent.parent / "notebooks" / "18_models.md").read_text("utf-8")
    assert without_formula(text) == []
    assert "+++\n\n(model-baseline)=" in text, "the answer is put before the first section"
    assert without_formula(DISPLAY.sub("", text, count=1)) == ["baseline"]


def test_an_unknown_model_is_refused_by_name(record):
    with pytest.raises(ValueError, match="no model 'moon'; choose one of Baseline"):
        model_tables.card(record, "moon")


def test_one_model_is_drawn_before_the_others(record):
    means = comparisons.means(record)
    card = model_tables.card(record, "Baseline")
    figure = overview_figures.among(means, card, "Baseline")
    (others, mine), by_defect = figure.axes[0].lines, figure.axes[1].lines
    assert len(others.get_xdata()) == len(means) and len(mine.get_xdata()) == 1
    assert [line.get_label() for line in by_defect] == ["one FPR", "own threshold", "published"]
    without = overview_figures.among(means, card.drop(columns="published TPR"), "Baseline")
    assert len(without.axes[1].lines) == 2
