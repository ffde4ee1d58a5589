"""The card of a model says what the tables of all models say."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Circle
from skimage import measure

from foilseg.analysis import comparisons, model_tables, records, remedies
from foilseg.analysis.trainings import mean_tpr
from foilseg.evaluation import scores
from foilseg.figures import error_pictures, overview_figures
from foilseg.measured import dial_crop
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
    assert card["FPR"]["mean"] == pytest.approx(means["FPR"]["Binary FL"])
    even = record.compared.table(2).set_index("model")["one FPR"]
    assert card["TPR at one FPR"]["mean"] == pytest.approx(even["Binary FL"])
    assert np.isfinite(card.to_numpy(float)).all() and len(card) == len(record.defects) + 1


def test_the_recipe_has_a_card_at_the_one_fpr_of_the_thirteen(record):
    beyond = records.record(remedies.BEYOND)
    whole = remedies.alone(
        remedies.of_records(record, {remedies.BEYOND: beyond}), beyond, "Dice, Eq. S., views"
    )
    card = model_tables.card(beyond, "Dice, Eq. S., views", whole.even).set_index("defect")
    assert list(card.columns) == ["TPR", "TPR at one FPR", "FPR", "precision"]
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
    assert without_formula(DISPLAY.sub("", text, count=2)) == ["baseline"], "it has two formulas"


def test_an_unknown_model_is_refused_by_name(record):
    with pytest.raises(ValueError, match="no model 'moon'; choose one of Baseline"):
        model_tables.card(record, "moon")


def test_one_model_is_drawn_before_the_others(record):
    means = comparisons.means(record)
    card = model_tables.card(record, "Baseline")
    figure = overview_figures.among(means, card, "Baseline")
    by_defect, (others, mine) = figure.axes[0].lines, figure.axes[1].lines
    assert len(others.get_xdata()) == len(means) and len(mine.get_xdata()) == 1
    assert [line.get_label() for line in by_defect] == ["one FPR", "own threshold", "published"]
    at_one, own, published = (line.get_ydata() for line in by_defect)
    assert (at_one == own).all() and (published < own).all(), "what is published hides nothing"
    assert by_defect[2].get_mfc() == "none"
    without = overview_figures.among(means, card.drop(columns="published TPR"), "Baseline")
    assert len(without.axes[0].lines) == 2


def test_a_model_is_seen_in_the_window_of_the_dial(record):
    """The first training's mask, joined for One-vs-Rest, cut where the window is."""
    crop, said = dial_crop.seen_by(record.shipped, "Baseline")
    assert said.shape == crop.mask.shape == crop.image.shape[:2]
    network = (crop.said(0.0) != said).mean()  # logits are stored in eighths: few pixels differ
    assert network < 0.02, "the window is that of the baseline's own logits"
    _, joined = dial_crop.seen_by(record.shipped, "Binary")
    (name,) = (n for n in record.shipped.manifest["runs"] if n.startswith("binary-matched-0-"))
    whole = record.shipped.run(name).prediction(crop.foil)
    assert np.array_equal(joined, crop.cut(whole)) and not np.array_equal(joined, said)
    assert dial_crop.seen_by(records.record("matched-longer").shipped, "Baseline") is None


def test_the_first_panel_shows_the_errors_and_rings_the_rarest(record):
    crop, said = dial_crop.seen_by(record.shipped, "wCE ICF")
    card = model_tables.card(record, "wCE ICF")
    seen = overview_figures.among(comparisons.means(record), card, "wCE ICF", (crop, said))
    errors = seen.axes[0].images[1].get_array()
    kinds = error_pictures.error_kinds(crop.mask, said)
    assert np.array_equal(errors.filled(0), kinds) and set(np.unique(kinds)) == {0, 1, 2, 3, 4}
    cavity = next(c.index for c in record.classes if c.name == "cavity")
    rings = [p for p in seen.axes[0].patches if isinstance(p, Circle)]
    assert len(rings) == measure.label(crop.mask == cavity, connectivity=2).max()
    assert len(seen.axes[0].texts) == 1, "a bar of length"
