"""The audit of labels, judgements by truth and with tolerance, and the nature of errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_galleries import made
from viewer import CLASSES

from foilseg.data import images
from foilseg.evaluation import judgement, label_audit, label_audit_quality, metrics, mistakes
from foilseg.figures import error_pictures, pictures

NAMES = {c.name: c.index for c in CLASSES}
PAIRS = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: st.tuples(*[arrays(bool, shape, elements=st.booleans())] * 2)
)


@pytest.fixture
def case():
    """One foil: a pit and a spot not annotated, a crack annotated as a pit, a pit annotated.

    Models x and y see all of it, the annotated pit too large; z sees the annotated pit only; and
    x and y invent a crack.
    """
    label = [(0, 0, 4, 4, 1), (10, 0, 3, 8, 1)]
    truth = [(0, 0, 4, 4, 1), (10, 0, 3, 8, 2), (0, 20, 5, 5, 1), (16, 25, 2, 2, 3)]
    foil = replace(made("f", *label), truth=made("f", *truth).mask)
    seen = made("x", (0, 0, 6, 6, 1), *truth[1:], (16, 0, 2, 3, 2)).mask
    masks = {"f": {"x": seen, "y": seen, "z": made("z", (0, 0, 6, 6, 1)).mask}}
    return foil, masks


def test_the_candidates_are_what_models_agree_on_and_the_annotation_lacks(case):
    foil, masks = case
    table = label_audit.audit([foil], masks, CLASSES).table
    found = {
        (r.defect, r.kind, r.pixels, r.top, r.left, r.height, r.width) for r in table.itertuples()
    }
    assert found == {
        ("pit", label_audit.MISSING, 25, 0, 20, 5, 5),
        ("spot", label_audit.MISSING, 4, 16, 25, 2, 2),
        ("crack & line", label_audit.MISSING, 6, 16, 0, 2, 3),
        ("crack & line", label_audit.OTHER, 24, 10, 0, 3, 8),
    }
    assert table["agreement"].to_list() == pytest.approx([2 / 3] * 4)
    assert table["confidence"].isna().all() and (table["score"] == table["agreement"]).all()
    assert table["pixels"].to_list() == [25, 24, 6, 4], "of equal score the largest first"
    assert label_audit.audit([foil], masks, CLASSES, agree=3).table.empty
    alone = label_audit.audit([foil], masks, CLASSES, agree=1)
    assert len(alone.table) == 4, "the rim of the annotated pit is no candidate"


def test_confidence_orders_candidates_of_equal_agreement(case):
    foil, masks = case
    sure = {title: np.full(foil.shape, 0.25) for title in masks["f"]}
    sure["x"][16:18, 25:27] = [[0.8, 1.0], [0.9, 0.9]]
    sure["y"][16:18, 25:27] = 0.7
    sure["z"][:] = 1.0  # z says none of the candidates, so its confidence does not count
    table = label_audit.audit([foil], masks, CLASSES, confidence={"f": sure}).table
    assert table.loc[0, "defect"] == "spot"
    assert table.loc[0, "confidence"] == pytest.approx((0.9 + 0.7) / 2)
    assert table.loc[0, "score"] == pytest.approx((0.9 + 0.7 + 0) / 3), "the mean over all models"
    assert table["confidence"].to_list()[1:] == pytest.approx([0.25] * 3)
    assert table["pixels"].to_list()[1:] == [25, 24, 6]


@pytest.mark.parametrize("wrong", [{}, {"f": {}}, {"f": {"x": np.zeros((2, 3))}}])
def test_a_confidence_that_does_not_fit_is_refused(case, wrong):
    foil, masks = case
    with pytest.raises(ValueError, match="confidence: none of x for f in its size"):
        label_audit.audit([foil], masks, CLASSES, confidence=wrong)


def test_the_average_precision_is_that_of_scikit_learn():
    from sklearn.metrics import average_precision_score

    for right in ([1, 0, 1], [0, 0, 1, 1, 0, 1], [1], [0, 1]):
        expected = average_precision_score(right, -np.arange(len(right)))
        assert label_audit_quality.average_precision(right) == pytest.approx(expected)
    assert np.isnan(label_audit_quality.average_precision([0, 0]))


def test_the_orders_of_one_list_by_hand(case):
    foil, masks = case
    seen = {"x": masks["f"]["x"], "y": masks["f"]["y"], "z": masks["f"]["z"].copy()}
    seen["z"][16:18, 0:3] = 2  # all three invent the crack, and are not sure of it
    sure = {title: np.full(foil.shape, 0.9) for title in seen}
    for values in sure.values():
        values[16:18, 0:3] = 0.2
    found = label_audit.audit([foil], {"f": seen}, CLASSES, confidence={"f": sure})
    right = label_audit_quality.confirmed(found, [foil], CLASSES)
    assert found.table["pixels"].to_list() == [25, 24, 4, 6]
    assert right.tolist() == [True, True, True, False]
    table = label_audit_quality.orders(found, [foil], CLASSES, at=(1, 2, 4)).set_index("order")
    assert list(table) == ["first 1", "first 2", "all", "average precision"]
    alone = (1 / 2 + 2 / 3 + 3 / 4) / 3
    assert table.loc["agreement"].to_list() == pytest.approx([0, 0.5, 0.75, alone])
    assert table.loc["agreement and confidence"].to_list() == pytest.approx([1, 1, 0.75, 1])
    assert table.loc["size"].to_list() == pytest.approx([1, 1, 0.75, (1 + 1 + 3 / 4) / 3])
    said = label_audit_quality.order_note(table.reset_index())
    assert said == "Confidence raises the average precision of the list from 0.639 to 1.000."


def test_orders_say_what_they_cannot_measure(case):
    foil, masks = case
    found = label_audit.audit([foil], masks, CLASSES)
    unsure = label_audit_quality.orders(found, [foil], CLASSES)
    assert unsure["order"].to_list() == ["agreement", "size"]
    assert "cannot be measured here" in label_audit_quality.order_note(unsure)
    blind = replace(foil, truth=None)
    nothing = label_audit_quality.orders(found, [blind], CLASSES)
    assert nothing.empty and "needs a truth" in label_audit_quality.order_note(nothing)
    with pytest.raises(ValueError, match="f: has no truth"):
        label_audit_quality.confirmed(found, [blind], CLASSES)


def test_an_audit_is_judged_by_the_truth(case):
    foil, masks = case
    found = label_audit.audit([foil], masks, CLASSES)
    table = label_audit_quality.judged(found, [foil], CLASSES).set_index("defect")
    assert table.loc["pit"].to_list() == [1, 1, 1, 1, 1, 1]
    assert table.loc["spot"].to_list() == [1, 1, 1, 1, 1, 1]
    assert table.loc["crack & line"].to_list() == [2, 1, 0.5, 1, 1, 1]
    nothing = {"f": {"x": np.zeros(foil.shape, np.uint8)}}
    table = label_audit_quality.judged(
        label_audit.audit([foil], nothing, CLASSES, 1), [foil], CLASSES
    )
    assert table["missing"].to_list() == [1, 1, 1] and (table["recall"] == 0).all()
    assert table["precision"].isna().all()
    assert label_audit_quality.judged(found, [replace(foil, truth=None)], CLASSES).empty


def test_labels_that_are_the_truth_and_perfect_models_give_no_candidate():
    foil = made("f", (3, 3, 5, 5, 1), (12, 12, 4, 9, 2))
    foil = replace(foil, truth=foil.mask)
    found = label_audit.audit([foil], {"f": {"x": foil.mask, "y": foil.mask}}, CLASSES)
    assert found.table.empty and not found.numbers["f"].any()
    assert (label_audit_quality.judged(found, [foil], CLASSES)["missing"] == 0).all()


@pytest.mark.parametrize(
    ("masks", "agree", "said"),
    [
        ({}, 2, "f has no prediction"),
        ({"f": {"x": np.zeros((20, 30), np.uint8)}}, 2, "agree: 2 of 1 models"),
        ({"f": {"x": np.zeros((20, 30), np.uint8)}}, 0, "choose 1 to 1"),
        ({"f": {"x": np.zeros((2, 3), np.uint8)}}, 1, "x has"),
    ],
)
def test_an_audit_without_what_it_needs_is_refused(masks, agree, said):
    with pytest.raises(ValueError, match=said):
        label_audit.audit([made("f")], masks, CLASSES, agree)


def test_the_layers_are_exact_pages_of_indices(case, tmp_path):
    foil, masks = case
    found = label_audit.audit([foil], masks, CLASSES)
    paths = label_audit.export(found, [foil], CLASSES, tmp_path / "audit")
    assert [p.name for p in paths] == ["audit.csv", "f.tif"]
    pages = tifffile.imread(paths[1])
    expected = foil.mask.copy()
    for row in found.table.itertuples():
        box = slice(row.top, row.top + row.height), slice(row.left, row.left + row.width)
        expected[box] = NAMES[row.defect]
    assert (pages == np.stack([foil.mask, expected])).all()
    with tifffile.TiffFile(paths[1]) as file:
        colours = file.pages[1].colormap[:, :4] // 256
        names = [page.tags["PageName"].value for page in file.pages]
    assert names == ["annotation", "with candidates"], "what GIMP calls the layers"
    assert colours.T.tolist() == [list(images.rgb(c.colour)) for c in CLASSES]
    read = pd.read_csv(paths[0])
    pd.testing.assert_frame_equal(read, found.table, check_dtype=False)


@settings(max_examples=40)
@given(PAIRS)
def test_a_tolerance_of_nothing_is_the_usual_rate_and_more_is_never_less(pair):
    label, said = (mask.astype(np.uint8) for mask in pair)
    foil = made("f", shape=label.shape)
    foil = replace(foil, mask=label)
    table = judgement.tolerant([foil], {"f": {"m": said}}, CLASSES[:2])
    counts = metrics.binary_counts(*pair)
    tp, fp, fn, _ = counts.tolist()
    expected = [tp / (tp + fn) if tp + fn else np.nan, tp / (tp + fp) if tp + fp else np.nan]
    np.testing.assert_allclose(table.loc[0, ["TPR", "precision"]].to_numpy(float), expected)
    for rate in ("TPR", "precision"):
        values = table.sort_values("tolerance")[rate].to_numpy()
        assert np.isnan(values).all() or (np.diff(values) >= 0).all()


def test_a_shift_by_two_pixels_is_forgiven_from_two_pixels_on():
    foil = made("f", (5, 5, 4, 4, 1))
    moved = {"f": {"m": made("f", (5, 7, 4, 4, 1)).mask}}
    table = judgement.tolerant([foil], moved, CLASSES[:2]).set_index("tolerance")
    assert table["TPR"].to_list() == table["precision"].to_list() == [0.5, 0.75, 1, 1]
    with pytest.raises(ValueError, match="f has no truth"):
        judgement.tolerant([foil], moved, CLASSES, against="truth")
    with pytest.raises(ValueError, match="'none' is not one of"):
        judgement.tolerant([foil], moved, CLASSES, against="none")
    with pytest.raises(ValueError, match="-1 is negative"):
        judgement.tolerant([foil], moved, CLASSES, (-1, 2))


def rows(model, *counts):
    columns = ["foil", "defect", "tp", "fp", "fn", "tn"]
    return pd.DataFrame(counts, columns=columns).assign(model=model)


def test_the_truth_can_turn_the_ranking_round():
    # "keen" finds what is not annotated: by the labels its precision is 0.5, by the truth 1
    label = pd.concat(
        [rows("careful", ("a", "pit", 8, 2, 2, 88)), rows("keen", ("a", "pit", 8, 8, 2, 82))]
    )
    truth = pd.concat(
        [rows("careful", ("a", "pit", 9, 1, 9, 81)), rows("keen", ("a", "pit", 16, 0, 2, 82))]
    )
    table = judgement.rankings({"label": label, "truth": truth})
    assert table["model"].to_list() == ["keen", "careful"]
    assert table["rank published"].to_list() == [2, 1]
    assert table["rank corrected (truth, pooled)"].to_list() == [1, 2]
    assert table["published"].to_list() == pytest.approx([2 * 0.8 * 0.5 / 1.3, 0.8])
    alone = judgement.rankings({"label": label})
    assert "rank corrected (label, pooled)" in alone
    both = judgement.by_reference({"label": label, "truth": truth}).set_index("model")
    assert both.loc["keen", "precision (label)"] == 0.5
    assert both.loc["keen", "precision (truth)"] == 1
    assert both.loc["careful", "TPR (truth)"] == 0.5


def test_the_published_precision_is_a_mean_over_images_and_the_corrected_one_is_pooled():
    counts = rows("m", ("a", "pit", 1, 0, 0, 99), ("b", "pit", 1, 3, 0, 96))
    table = judgement.rankings({"label": counts})
    each, pooled = (1 + 1 / 4) / 2, 2 / 5
    assert table.loc[0, "published"] == pytest.approx(2 * each / (1 + each))
    found = table.loc[0, "corrected (label, pooled)"]
    assert found == pytest.approx(2 * pooled / (1 + pooled))


def test_a_model_that_never_predicts_is_ranked_last():
    counts = pd.concat(
        [rows("silent", ("a", "pit", 0, 0, 10, 90)), rows("speaks", ("a", "pit", 1, 50, 9, 40))]
    )
    assert judgement.rankings({"label": counts})["model"].to_list() == ["speaks", "silent"]


def test_the_nature_of_errors_of_a_case_computed_by_hand():
    label = made("f", (2, 2, 4, 4, 1), (12, 2, 2, 2, 1))
    said = made("f", (2, 2, 4, 6, 1), (2, 20, 3, 3, 1)).mask
    masks = {"f": {"m": said}}
    row = mistakes.nature([label], masks, CLASSES).set_index("defect").loc["pit"]
    assert row["hit defects"] == 1 and row["area ratio"] == 24 / 16
    assert row["false pixels"] == 8 + 9
    distances = np.sort(mistakes.false_positive_distances(label.mask == 1, said == 1))
    assert distances[:8].tolist() == [1] * 4 + [2] * 4
    assert distances[8] == 15 and row["near share"] == 8 / 17
    assert row["false objects"] == 1
    spot = mistakes.nature([label], masks, CLASSES).set_index("defect").loc["spot"]
    assert spot["hit defects"] == spot["false pixels"] == spot["false objects"] == 0
    assert np.isnan(spot["area ratio"]) and np.isnan(spot["median distance"])


def test_where_there_is_no_such_defect_every_false_pixel_is_infinitely_far():
    empty = np.zeros((5, 5), bool)
    one = empty.copy()
    one[2, 2] = True
    assert mistakes.false_positive_distances(empty, one).tolist() == [np.inf]
    assert mistakes.false_objects(empty, one) == 1
    assert mistakes.false_objects(one, one) == 0 == mistakes.false_objects(one, empty)


@settings(max_examples=40)
@given(PAIRS)
def test_distances_are_those_to_the_nearest_pixel(pair):
    true, said = pair
    found = np.sort(mistakes.false_positive_distances(true, said))
    points, false = np.argwhere(true), np.argwhere(said & ~true)
    if len(points):
        each = np.linalg.norm(false[:, None] - points[None], axis=2)
        np.testing.assert_allclose(found, np.sort(each.min(axis=1)) if len(false) else [])
    else:
        assert np.isinf(found).all() and len(found) == len(false)


def test_confusion_between_defects_are_shares_of_what_is_labelled():
    foil = made("f", (0, 0, 2, 5, 1), (5, 0, 1, 4, 2))
    said = made("f", (0, 0, 1, 5, 1), (1, 0, 1, 3, 3), (5, 0, 1, 4, 2)).mask
    table = mistakes.confusion_between([foil], {"f": said}, CLASSES)
    assert table.loc["pit"].to_list() == [0.2, 0.5, 0, 0.3]
    assert table.loc["crack & line"].to_list() == [0, 0, 1, 0]
    assert table.loc["spot"].isna().all()


def test_the_error_maps_have_the_kinds_of_the_viewer(case):
    foil, masks = case
    kinds = error_pictures.error_kinds(foil.mask, masks["f"]["x"])
    assert np.bincount(kinds.ravel(), minlength=5).tolist() == [
        600 - 95,
        16,
        0,
        20 + 25 + 4 + 6,
        24,
    ]
    drawn = error_pictures.error_maps(foil, masks["f"]).axes
    assert [a.get_title() for a in drawn] == ["x", "y", "z"]
    assert (drawn[0].images[0].get_array() == kinds).all()


def test_what_the_labels_hold_against_a_model_can_be_their_own_error(case):
    foil, masks = case
    table = judgement.explained([foil], masks, CLASSES).set_index("model")
    # x: the rim (20), the crack (24, real), the pit (25, real), the spot (4, real), noise (6);
    # missed: the crack that is labelled a pit (24), of which none is a pit
    assert table.loc["x"].to_list() == [79, 53 / 79, 24, 1]
    assert table.loc["z"].to_list() == [20, 0, 24, 1]
    assert judgement.explained([replace(foil, truth=None)], masks, CLASSES).empty


def test_the_table_of_tolerances_is_the_mean_over_the_defects():
    foil = made("f", (0, 0, 2, 2, 1), (10, 0, 2, 2, 2))
    masks = {"f": {"b": made("b", (0, 0, 2, 2, 1)).mask, "a": foil.mask}}
    wide = judgement.tolerance_table(judgement.tolerant([foil], masks, CLASSES[:3], (0, 2)))
    assert wide["model"].to_list() == ["b", "a"]
    assert wide["TPR at 0 px"].to_list() == [0.5, 1]
    assert wide["precision at 2 px"].to_list() == [1, 1], "an undefined precision is left out"


def test_half_of_the_models_have_to_agree():
    assert [label_audit.most(n) for n in (1, 2, 3, 4, 13)] == [1, 1, 2, 2, 7]


def test_the_quality_of_a_list_is_a_sentence(case):
    foil, masks = case
    found = label_audit.audit([foil], masks, CLASSES)
    said = label_audit_quality.note(found, label_audit_quality.judged(found, [foil], CLASSES))
    assert said == (
        "The truth confirms 3 of the 4 candidates, and they find 3 of the 3 objects that the "
        "annotators missed."
    )
    assert "reviewed by eye" in label_audit_quality.note(found, pd.DataFrame())


def test_the_candidates_are_drawn_beside_the_annotation(case):
    foil, masks = case
    found = label_audit.audit([foil], masks, CLASSES)
    axes = pictures.candidates(found, [foil], CLASSES).axes
    assert len(axes) == 12
    assert (axes[8].images[0].get_array() == label_audit.corrected(found, foil, CLASSES)).all()
    for row, lines in ((0, 1), (1, 0), (2, 1)):
        assert [len(place.collections) for place in axes[4 * row : 4 * row + 4]] == [lines] * 4
    first = found.table.iloc[0]
    assert axes[0].get_title().replace("\n", " ").endswith(f", object {first['object']}")
    inside = found.numbers[foil.name] == first["object"]
    edge = axes[0].collections[0].get_paths()[0].vertices
    rows, columns = np.nonzero(inside)
    assert edge[:, 0].min() == columns.min() - 0.5 and edge[:, 0].max() == columns.max() + 0.5
    assert edge[:, 1].min() == rows.min() - 0.5 and edge[:, 1].max() == rows.max() + 0.5
    found = label_audit.audit([foil], masks, CLASSES, 3)
    assert (
        "agree on nothing"
        in pictures.candidates(found, [foil], CLASSES).axes[0].texts[0].get_text()
    )


def test_windows_around_candidates_have_one_scale_and_a_bar(case, monkeypatch):
    monkeypatch.setattr(pictures, "LEAST", 4)
    foil, masks = case
    found = label_audit.audit([foil], masks, CLASSES)
    side = 2 * max(found.table["height"].max(), found.table["width"].max())
    assert side < min(foil.shape), "no window is cut off at the foil's edge"
    for place in pictures.candidates(found, [foil], CLASSES).axes[:4]:
        assert place.get_xlim() == (-0.5, side - 0.5)
        assert place.texts[0].get_text().endswith(" px")


def test_the_nature_of_errors_of_a_model_is_that_of_its_defects_together():
    rows = [
        ("a", "pit", 2.0, 10, 0.5, 1),
        ("a", "spot", 0.5, 30, 0.1, 2),
        ("b", "pit", 1.0, 0, np.nan, 0),
    ]
    names = ["model", "defect", "area ratio", "false pixels", "near share", "false objects"]
    found = mistakes.nature_of_models(pd.DataFrame(rows, columns=names)).set_index("model")
    first = found.loc["a"]
    assert first.tolist() == [1.25, 1, 40, pytest.approx((5 + 3) / 40), 3]
    assert np.isnan(found.loc["b", "near share"]) and found.loc["b", "drawn too large"] == 0
