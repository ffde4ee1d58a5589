"""The card of a model says what the tables of all models say."""

import numpy as np
import pytest

from foilseg.analysis import comparisons, model_cards, records, trainings
from foilseg.evaluation import scores
from foilseg.figures import overview_figures


@pytest.fixture(scope="module")
def record():
    return records.record("matched")


def test_a_card_holds_the_rates_of_the_study_and_of_the_thesis(record):
    card = model_cards.card(record, "Binary FL").set_index("defect")
    means = comparisons.means(record).set_index("model")
    printed = scores.mean_rates(scores.published_rates()).set_index("model")
    assert card["TPR"]["mean"] == pytest.approx(means["TPR"]["Binary FL"])
    assert card["published TPR"]["mean"] == pytest.approx(printed["TPR"]["Binary FL"])
    assert card[model_cards.MILLION]["mean"] == pytest.approx(1e6 * means["FPR"]["Binary FL"])
    even = record.compared.table(2).set_index("model")["one FPR"]
    assert card["TPR at one FPR"]["mean"] == pytest.approx(even["Binary FL"])
    assert np.isfinite(card.to_numpy(float)).all() and len(card) == len(record.defects) + 1


def test_an_unknown_model_is_refused_by_name(record):
    with pytest.raises(ValueError, match="no model 'moon'; choose one of Baseline"):
        model_cards.card(record, "moon")


def test_one_model_is_drawn_before_the_others(record):
    means = comparisons.means(record)
    card = model_cards.card(record, "Baseline")
    figure = overview_figures.among(means, card, "Baseline")
    (others, mine), by_defect = figure.axes[0].lines, figure.axes[1].lines
    assert len(others.get_xdata()) == len(means) and len(mine.get_xdata()) == 1
    assert [line.get_label() for line in by_defect] == ["one FPR", "own threshold", "published"]
    without = overview_figures.among(means, card.drop(columns="published TPR"), "Baseline")
    assert len(without.axes[1].lines) == 2


def test_settings_are_those_of_the_manifest(record):
    table = model_cards.settings({"here": record}).set_index("setting")["here"]
    sizes = record.shipped.manifest["sizes"]
    assert table["edge of a patch"] == str(sizes["patch"])
    assert table["images that choose"] == str(len(record.shipped.manifest["regions"]))
    assert table["trainings of every model"] == str(record.own["training"].nunique())
    assert table["last layer begins"] == "as torch makes it"


def test_f1_is_that_of_scikit_learn(record):
    """From the counts where thresholds are judged, pixel by pixel."""
    from sklearn.metrics import f1_score

    table = model_cards.f1(record).set_index("model")
    counts = record.compared.tested.astype({"model": str, "defect": str})
    for model, defect in (("Baseline", "cavity"), ("FL ICF", "crack")):
        own = counts[(counts["model"] == model) & (counts["defect"] == defect)]
        tp, fp, fn, tn = (own[c].sum() for c in ("tp", "fp", "fn", "tn"))
        expected = f1_score([1, 0, 1, 0], [1, 1, 0, 0], sample_weight=[tp, fp, fn, tn])
        assert table.loc[model, defect] == pytest.approx(expected)
    defects = [c.name for c in record.defects]
    assert table["mean"].to_numpy() == pytest.approx(table[defects].mean(axis=1).to_numpy())


def test_gains_are_differences_with_intervals_study_by_study(record):
    even = record.compared.even
    some = even[even["model"].astype(str).isin(["Baseline", "Binary"])]
    found = model_cards.gains({"whole": even, "some": some}, "Baseline", resamples=20)
    table = found.set_index("model")
    means = trainings.mean_tpr(even, ["model"])
    for model in table.index:
        assert table.loc[model, "whole"] == pytest.approx(means[model] - means["Baseline"])
        assert table.loc[model, "whole, low"] <= table.loc[model, "whole, high"]
    assert table["some"].notna().to_dict() == {m: m == "Binary" for m in table.index}
    assert "Baseline" not in table.index
