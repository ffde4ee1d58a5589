"""The card of a model says what the tables of all models say."""

import numpy as np
import pytest

from foilseg.analysis import comparisons, model_tables, records
from foilseg.evaluation import scores
from foilseg.figures import overview_figures


@pytest.fixture(scope="module")
def record():
    return records.record("matched")


def test_a_card_holds_the_rates_of_the_study_and_of_the_thesis(record):
    card = model_tables.card(record, "Binary FL").set_index("defect")
    means = comparisons.means(record).set_index("model")
    printed = scores.mean_rates(scores.published_rates()).set_index("model")
    assert card["TPR"]["mean"] == pytest.approx(means["TPR"]["Binary FL"])
    assert card["published TPR"]["mean"] == pytest.approx(printed["TPR"]["Binary FL"])
    assert card[model_tables.MILLION]["mean"] == pytest.approx(1e6 * means["FPR"]["Binary FL"])
    even = record.compared.table(2).set_index("model")["one FPR"]
    assert card["TPR at one FPR"]["mean"] == pytest.approx(even["Binary FL"])
    assert np.isfinite(card.to_numpy(float)).all() and len(card) == len(record.defects) + 1


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
