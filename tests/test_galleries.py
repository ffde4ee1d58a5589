"""Rules that pick examples, on made-up studies whose answer is known."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Rectangle
from viewer import CLASSES

from foilseg.data.dataset import Foil, LabelClass
from foilseg.drawing import style
from foilseg.evaluation import example_rules, example_windows, examples
from foilseg.figures import error_pictures, gallery_figures, pictures, sampling_figures

# F-scores: a 2*1/(2+1+1) = 0.5, b 8/(8+0+2) = 0.8, c 0, d undefined, e 1
COUNTS = pd.DataFrame(
    [("a", 1, 1, 1), ("b", 4, 0, 2), ("c", 0, 3, 1), ("d", 0, 0, 0), ("e", 2, 0, 0)],
    columns=["foil", "tp", "fp", "fn"],
).assign(model="Baseline")


def made(name, *blocks, shape=(20, 30)):
    """A foil whose mask has blocks (top, left, height, width, class)."""
    mask = np.zeros(shape, np.uint8)
    for top, left, height, width, label in blocks:
        mask[top : top + height, left : left + width] = label
    return Foil(name, np.zeros((1, *shape), np.float32), mask)


@pytest.mark.parametrize(("which", "foil"), [("worst", "c"), ("median", "a"), ("best", "e")])
def test_the_f_score_decides(which, foil):
    pick = example_rules.by_score(COUNTS, which)
    assert (pick.foil, pick.model) == (foil, "Baseline")
    assert pick.value == {"c": 0, "a": 0.5, "e": 1}[foil]


def test_counts_are_added_up_over_defects_and_the_first_of_equals_wins():
    twice = pd.concat([COUNTS.iloc[[0, 1]], COUNTS.iloc[[0]].assign(tp=9), COUNTS.iloc[[4]]])
    scores = example_rules.f_scores(twice)
    assert scores.to_dict() == {"a": 20 / 24, "b": 0.8, "e": 1.0}
    equal = pd.concat([COUNTS.iloc[[4]], COUNTS.iloc[[4]].assign(foil="f")])
    assert {example_rules.by_score(equal, which).foil for which in ("worst", "best", "median")} == {
        "e"
    }


def test_a_rule_without_an_answer_is_refused():
    with pytest.raises(ValueError, match="'mean' is not one of worst, median, best"):
        example_rules.by_score(COUNTS, "mean")
    with pytest.raises(ValueError, match="no foil has a defect"):
        example_rules.by_score(COUNTS.iloc[[3]], "worst")


def test_the_most_disputed_foil_has_the_largest_share_of_pixels():
    zero, one = np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.uint8)
    one[0, :3] = 2
    other = np.zeros((4, 5), np.uint8)
    other[1, :2] = 1
    masks = {"a": {"x": zero, "y": one, "z": one}, "b": {"x": zero, "y": one, "z": other}}
    assert example_rules.most_disagreed(masks).foil == "b"
    assert example_rules.most_disagreed(masks).value == 5 / 20
    wide = {"x": np.zeros((60, 200), np.uint8), "y": np.zeros((60, 200), np.uint8)}
    wide["y"][12:60, 140:188] = 1
    assert example_rules.most_disagreed({"a": wide}).box == (12, 140, 48, 48)
    assert example_rules.most_disagreed({"a": {"x": one}}).value == 0


def test_the_largest_missed_defect_is_the_largest_without_a_pixel_found():
    foils = [made("a", (0, 0, 5, 6, 1), (10, 10, 3, 3, 2)), made("b", (2, 4, 4, 5, 3))]
    masks = {"a": np.zeros((20, 30), np.uint8), "b": np.zeros((20, 30), np.uint8)}
    pick = example_rules.largest_missed(foils, masks, CLASSES)
    assert (pick.foil, pick.defect, pick.value, pick.box) == ("a", "pit", 30, (0, 0, 5, 6))
    masks["a"][4, 5] = 1  # one pixel of it is found
    pick = example_rules.largest_missed(foils, masks, CLASSES)
    assert (pick.foil, pick.defect, pick.value, pick.box) == ("b", "spot", 20, (2, 4, 4, 5))
    masks["b"][2:6, 4:9] = 2  # found as another defect is not found
    assert example_rules.largest_missed(foils, masks, CLASSES) == pick
    everything = {f.name: f.mask for f in foils}
    assert example_rules.largest_missed(foils, everything, CLASSES) is None


def test_most_models_against_the_annotation_before_the_largest_area():
    foils = [made("a"), made("b", (0, 0, 20, 10, 1))]
    two = made("x", (0, 0, 9, 9, 1)).mask
    three = made("x", (15, 20, 2, 3, 2)).mask
    masks = {
        "a": {"x": two, "y": two, "z": np.zeros_like(two)},
        "b": {"x": np.maximum(two, three), "y": np.maximum(two, three), "z": three},
    }
    pick = example_rules.most_against_label(foils, masks, CLASSES)
    assert (pick.foil, pick.defect, pick.value, pick.box) == (
        "b",
        "crack & line",
        3,
        (15, 20, 2, 3),
    )
    nothing = {f.name: {"x": f.mask} for f in foils}
    assert example_rules.most_against_label(foils, nothing, CLASSES) is None


def test_a_listing_links_the_foil_and_the_place():
    foil = made("f <1>")
    pick = examples.Pick("a rule", foil.name, 0.25, "crack & line", "Model A", (4, 6, 2, 5))
    link = examples.link(pick, foil.shape, "07.html")
    assert link == (
        "07.html#compare:foil=f+%3C1%3E&defect=crack+%26+line&right=Model+A&x=8.5&y=5.0&zoom=2.0"
    )
    listing = examples.Listing([pick, None], [foil], "07.html")
    text = listing._repr_html_()
    assert "f &lt;1&gt;</a>" in text and "&amp;zoom=2.0" in text and text.count("<tr>") == 2
    assert repr(listing) == "f <1>: a rule (0.250)"
    picks = [examples.Pick("r", "f <1>", *each) for each in ((1643.0,), (1.0,), (0.4801,))]
    units = ["pixels", "models", "% of the pixels"]
    several = examples.Listing([replace(p, unit=u) for p, u in zip(picks, units)], [foil], "")
    told = ["r (1,643 pixels)", "r (1 model)", "r (48.0% of the pixels)"]
    assert repr(several).splitlines() == [f"f <1>: {each}" for each in told]
    assert several._repr_html_().count(">all</td>") == 3, "a rule of no defect counts them all"
    assert examples.foils_of([pick, None, pick]) == ["f <1>"]


def test_what_a_pick_is_about_is_cut_out_of_foil_and_masks():
    foil = made("f", (2, 20, 4, 6, 1))
    masks = {"x": foil.mask * 2}
    whole, same = examples.look(examples.Pick("rule", "f", 1), foil, masks, 8)
    assert whole is foil and same["x"] is masks["x"]
    pick = examples.Pick("rule", "f", 1, box=(2, 20, 4, 6))
    part, seen = examples.look(pick, foil, masks, 8)
    assert part.shape == (8, 12) and part.origin == (0, 17)
    assert (seen["x"] == part.mask * 2).all() and (part.mask > 0).sum() == 24
    assert examples.box_in_look(pick, foil, 8) == (2, 3, 4, 6)
    part, _ = examples.look(pick, foil, masks, 96)
    assert part.shape == foil.shape and examples.box_in_look(pick, foil) == pick.box
    assert examples.box_in_look(replace(pick, box=None), foil) is None


def test_a_pick_and_no_pick_are_sentences_and_pictures():
    foil = made("f", (2, 20, 4, 6, 1))
    pick = examples.Pick("a rule", "f", 24, "pit", box=(2, 20, 4, 6))
    words = "On {foil} no model finds this {defect} of {value:,.0f} pixels"
    assert examples.sentence(pick, words) == "On f no model finds this pit of 24 pixels"
    own = replace(pick, model="Baseline", value=0.50481)
    assert examples.sentence(own, "{model}: {value:.3f}") == "Baseline: 0.505"
    assert examples.sentence(None, words) == "No foil of these data is picked by this rule"
    assert examples.sentence(None, words, "none") == "none"
    masks = {"f": {"x": foil.mask}}
    drawn = gallery_figures.example(pick, [foil], masks, CLASSES)
    relief, errors = (drawn.axes[2].images[k].get_array() for k in (0, 1))
    assert relief.shape[:2] == foil.shape and drawn.axes[2].get_title() == "x"
    assert (errors.filled(0) == (foil.mask > 0)).all(), "all of it is found, and nothing else"
    frames = [patch.get_bbox().bounds for patch in drawn.axes[1].patches]
    assert frames == [(18.5, 0.5, 8, 6)] * 2, "around the box, a pixel away"
    assert drawn.axes[0].texts[0].get_text() == "5 px"
    assert (
        gallery_figures.example(None, [foil], masks, CLASSES)
        .axes[0]
        .texts[0]
        .get_text()
        .startswith("No foil")
    )


def test_the_typical_foil_of_several_models_has_the_median_of_their_common_score():
    both = pd.concat([COUNTS, COUNTS.assign(model="Other", tp=[9, 0, 0, 0, 0])])
    # together: a 20/(20+2+2), b 8/(8+0+4), c 0, e 4/4
    pick = example_rules.typical(both, ["Baseline", "Other"], "these models")
    assert (pick.foil, pick.rule) == ("b", "median F-score of these models")
    assert pick.value == 8 / 12 and pick.model == ""
    alone = example_rules.typical(both, ["Baseline"])
    assert (alone.foil, alone.model) == ("a", "Baseline")
    for nobody in ([], [None], ["Nobody"]):
        assert example_rules.typical(both, nobody) is None
    assert example_rules.typical(COUNTS.iloc[[3]], ["Baseline"]) is None, "no foil has a score"


def test_the_strongest_model_has_the_highest_score_over_all_foils():
    # pooled: Baseline 14/(14+4+4), Sharp 20/(20+40); Sharp is the better one in its first foil
    sharp = COUNTS.iloc[[1, 4]].assign(model="Sharp", tp=[9, 1], fp=[0, 40], fn=[0, 0])
    silent = COUNTS.iloc[[3]].assign(model="Silent")
    counts = pd.concat([COUNTS, sharp, silent])
    assert example_rules.strongest(counts, ["Sharp", "Baseline", "Silent"]) == "Baseline"
    assert example_rules.strongest(counts, ["Sharp", "Silent"]) == "Sharp"
    assert example_rules.strongest(counts, ["Silent"]) is None
    assert example_rules.strongest(counts, []) is None


def test_representative_foils_are_richest_in_each_class_and_differ():
    both = made("both", (0, 0, 2, 2, 1), (5, 0, 2, 2, 1), (5, 5, 2, 2, 2), (5, 9, 2, 2, 2))
    large = made("large", (0, 0, 9, 9, 1), (10, 0, 2, 2, 2))
    last = made("last", (0, 0, 2, 2, 1))
    picked = example_rules.representative([last, large, both], CLASSES)
    assert [(p.foil, p.defect, p.value) for p in picked] == [
        ("both", "pit", 2),
        ("large", "crack & line", 1),
    ], "no foil has a spot, and the foil with two pits is taken"
    assert example_rules.representative([made("none")], CLASSES) == []
    assert example_rules.representative([], CLASSES) == []


@pytest.fixture
def wrong():
    """Two foils: in a one annotation is 24 pixels too large, in b two objects are missing.

    A third of b is annotated as another defect.
    """
    a = made("a", (0, 0, 6, 8, 1), (10, 10, 9, 9, 2))
    a = replace(a, truth=made("a", (1, 1, 4, 6, 1)).mask)  # nothing is where b is annotated
    b = made("b", (0, 0, 4, 4, 1), (12, 6, 2, 2, 3))
    true = (0, 0, 4, 3, 1), (14, 2, 2, 2, 2), (17, 4, 3, 3, 3), (12, 6, 2, 2, 2)
    b = replace(b, truth=made("b", *true).mask)
    return [a, b]


def test_the_coarsest_annotation_has_most_pixels_beyond_its_defect(wrong):
    pick = example_rules.coarsest(wrong, CLASSES)
    assert (pick.foil, pick.defect, pick.value, pick.box) == ("a", "pit", 24, (0, 0, 6, 8))
    pick = example_rules.coarsest(wrong[1:], CLASSES)
    assert (pick.foil, pick.value, pick.box) == ("b", 4, (0, 0, 4, 4))
    exact = [replace(foil, mask=foil.truth) for foil in wrong]
    assert example_rules.coarsest(exact, CLASSES) is None


def test_missing_annotations_are_shown_where_most_of_them_are(wrong):
    a, b = wrong
    c = replace(made("c", shape=(20, 30)), truth=made("c", (3, 3, 2, 2, 1), (15, 25, 2, 2, 1)).mask)
    picked = example_windows.most_unlabelled([a, c, b], CLASSES, side=8)
    assert [(p.foil, p.value, p.box) for p in picked] == [
        ("b", 2, (12, 0, 8, 8)),
        ("c", 1, (0, 0, 8, 8)),
    ]
    assert len(example_windows.most_unlabelled([a, c, b], CLASSES, number=1, side=8)) == 1
    whole = example_windows.most_unlabelled([c], CLASSES, side=64)
    assert [(p.value, p.box) for p in whole] == [(2, (0, 0, 20, 30))], "no larger than the foil"


def test_without_a_truth_the_galleries_say_what_they_cannot_show(wrong):
    blind = [replace(foil, truth=None) for foil in wrong]
    assert example_rules.coarsest(blind, CLASSES) is None
    assert example_windows.most_unlabelled(blind, CLASSES) == []
    said = example_rules.without_truth(blind)
    assert "have no truth" in said and examples.sentence(None, "", said) == said
    assert example_rules.without_truth(wrong) == examples.NONE
    drawn = gallery_figures.gallery([], blind, CLASSES, truth=True, without=said)
    assert drawn.axes[0].texts[0].get_text() == f"{said}."
    assert gallery_figures.per_defect(None, blind, {}, CLASSES).axes[0].texts[0].get_text()


def test_a_gallery_has_a_row_an_example(wrong):
    a, b = wrong
    picked = [examples.Pick("rule", "b", 1), None, examples.Pick("rule", "a", 1)]
    masks = {"a": {"m": a.mask * 0 + 3}, "b": {"m": b.mask * 0 + 2}}
    axes = gallery_figures.gallery(picked, wrong, CLASSES, masks, truth=True).axes
    titles = [place.get_title() for place in axes]
    assert titles == [f"{n}: input" if k == 0 else t for n in "ba" for k, t in
                      enumerate(["", "annotation", "truth", "m"])]  # fmt: skip
    shown = [place.images[-1].get_array() for place in axes]
    assert (shown[1] == b.mask).all() and (shown[2] == b.truth).all()
    assert (shown[3] == error_pictures.error_kinds(b.mask, b.mask * 0 + 2)).all()
    assert (shown[5] == a.mask).all() and (shown[6] == a.truth).all()
    named = {name: {picked[0]: each["m"]} for name, each in masks.items()}
    with pytest.raises(TypeError, match="is no title"):
        gallery_figures.gallery(picked, wrong, CLASSES, named)
    plain = gallery_figures.gallery(picked, wrong, CLASSES)
    assert [len(plain.axes), plain.axes[1].get_title()] == [4, "annotation"]


def test_each_network_of_a_binary_model_is_shown_for_its_defect():
    foil = made("f", (0, 0, 2, 2, 1), (5, 5, 2, 2, 2))
    masks = {"pit": np.zeros_like(foil.mask), "crack & line": foil.mask // 2 * 2}
    drawn = gallery_figures.per_defect(examples.Pick("rule", "f", 1), [foil], masks, CLASSES)
    assert [place.get_title() for place in drawn.axes[2:]] == list(masks)
    missed, found = (place.images[1].get_array().filled(0) for place in drawn.axes[2:])
    assert (missed == 2 * (foil.mask == 1)).all() and (found == (foil.mask == 2)).all()


@pytest.mark.parametrize(("shape", "columns"), [((10, 40), 2), ((40, 10), 8), ((30, 30), 4)])
def test_the_first_model_stands_left_and_all_of_them_fit_a_screen(shape, columns):
    foil = replace(made("f", shape=shape), truth=np.zeros(shape, np.uint8))
    masks = {"f": {f"m{n}": foil.mask for n in range(13)}}
    drawn = gallery_figures.example(examples.Pick("rule", "f", 1), [foil], masks, CLASSES)
    titles = [place.get_title() for place in drawn.axes]
    assert titles[:5] == ["f: input", "annotation", "m0", "truth", "m1"]
    assert drawn.axes[0].get_gridspec().ncols == columns


def frames(axes):
    """Left, top, width and height of the frames in a panel, without their margins."""
    boxes = [p.get_bbox().bounds for p in axes.patches if isinstance(p, Rectangle)]
    return [(x + 1.5, y + 1.5, w - 2, h - 2) for x, y, w, h in boxes[::2]]


def rings(axes):
    return [patch.center for patch in axes.patches if isinstance(patch, Circle)]


def large(name="f"):
    """A foil with a pit of many pixels, and two specks of the second class in its lower right."""
    blocks = [(10, 10, 40, 40, 1), (150, 250, 3, 3, 2), (170, 270, 3, 3, 2), (20, 20, 3, 3, 2)]
    foil = made(name, *blocks, shape=(200, 320))
    return replace(foil, truth=foil.mask)


def test_a_large_foil_is_shown_with_the_window_of_its_rarest_defect():
    foil, other = large(), made("other", (0, 0, 3, 3, 3), shape=(200, 320))
    pick = example_windows.of_rarest(foil, [foil, other], CLASSES)
    assert (pick.defect, pick.value) == (CLASSES[2].name, 2), "the third is rarer, but not here"
    assert example_windows.of_rarest(made("bare"), [foil], CLASSES) is None
    masks = {"f": {"x": foil.mask, "y": 0 * foil.mask}}
    whole = examples.Pick("rule", "f", 1)
    drawn = gallery_figures.example(whole, [foil, other], masks, CLASSES).axes
    titles = ["f: input", "x: all of it", "annotation, outlined", "x", "truth", "y"]
    assert [axes.get_title() for axes in drawn] == titles
    top, left, *_ = pick.box
    assert (top, left) == (104, 214), "both specks stand in the middle, as far as the foil goes"
    assert frames(drawn[0]) == frames(drawn[1]) == [(left, top, 96, 96)]
    assert {axes.images[0].get_array().shape[:2] for axes in drawn[2:]} == {(96, 96)}
    specks = [(251 - left, 151 - top), (271 - left, 171 - top)]
    assert [rings(axes) for axes in drawn[2:]] == [specks] * 4
    dark = [to_hex(axes.patches[0].get_edgecolor()) == style.INK for axes in drawn[2:]]
    assert dark == [False, False, True, False], "the truth has a white ground"
    kinds = [int(drawn[k].images[1].get_array().max()) for k in (1, 3, 5)]
    assert kinds == [1, 1, 2], "hits, hits, misses"


def test_a_small_foil_is_shown_whole():
    foil = made("f", (5, 5, 3, 3, 2), shape=(96, 192))
    masks = {"f": {"x": foil.mask}}
    drawn = gallery_figures.example(examples.Pick("rule", "f", 1), [foil], masks, CLASSES).axes
    assert [axes.get_title() for axes in drawn] == ["f: input", "annotation", "x", ""]
    assert drawn[2].images[0].get_array().shape[:2] == foil.shape


def test_networks_are_shown_where_their_own_defect_is():
    foil = large()
    found = {CLASSES[1].name: foil.mask, CLASSES[2].name: 0 * foil.mask}
    said = made("x", (60, 200, 4, 4, 3), shape=foil.shape).mask
    every = found | {CLASSES[3].name: said}
    pick = examples.Pick("rule", "f", 1)
    drawn = gallery_figures.per_defect(pick, [foil], every, CLASSES).axes
    assert [axes.get_title() for axes in drawn[2:]] == [c.name for c in CLASSES[1:4]]
    assert len(frames(drawn[0])) == len(frames(drawn[1])) == 3
    assert [int(axes.images[1].get_array().max()) for axes in drawn[2:]] == [1, 2, 3]
    assert [len(rings(axes)) for axes in drawn[2:]] == [0, 2, 0], "large ones need no ring"
    every[CLASSES[3].name] = 0 * said
    empty = gallery_figures.per_defect(pick, [foil], every, CLASSES).axes[-1]
    assert "nothing reported" in empty.texts[0].get_text() and not empty.images


def test_the_densest_window_is_found_wherever_it_is():
    pixels = np.zeros((50, 70), bool)
    pixels[40:50, 61:70] = True
    assert example_windows.densest(pixels, 10) == (40, 60, 10, 10)
    pixels[3:6, 5:9] = True
    pixels[44:, 60:] = False
    assert example_windows.densest(pixels, 10) == (34, 60, 10, 10)
    assert example_windows.densest(pixels[:8, :8], 10) == (0, 0, 8, 8)
    for seed in range(5):
        pixels = np.random.default_rng(seed).random((12, 17)) < 0.3
        counts = {
            (top, left): -pixels[top : top + 4, left : left + 4].sum()
            for top in range(9)
            for left in range(14)
        }
        assert example_windows.densest(pixels, 4) == (*min(counts, key=counts.__getitem__), 4, 4)


def test_the_truth_says_whether_models_against_the_annotation_are_right(wrong):
    _, b = wrong
    said = made("x", (14, 2, 2, 3, 2), (12, 6, 2, 2, 2)).mask
    said[14, 4] = 0  # 4 of the other 5 pixels are there
    alone = made("x", (14, 4, 1, 1, 2)).mask
    masks = {"b": {"x": said, "y": said, "z": alone}}
    pick = example_rules.most_against_label([b], masks, CLASSES)
    assert (pick.value, pick.box, pick.unit) == (2, (14, 2, 2, 3), "models")
    assert example_rules.share_in_truth(pick, [b], masks, CLASSES) == pytest.approx(4 / 5)
    blind = [replace(b, truth=None)]
    assert np.isnan(example_rules.share_in_truth(pick, blind, masks, CLASSES))
    assert np.isnan(example_rules.share_in_truth(None, [b], masks, CLASSES))


def test_the_window_with_most_objects_of_a_class_is_picked_and_looked_at_closely():
    pit, scratch = CLASSES[1:3]
    few, many = np.zeros((2, 64, 96), np.uint8)
    few[5, 5], few[40, 5] = pit.index, scratch.index
    many[10, 50], many[14, 54], many[60, 3] = (pit.index,) * 3
    normals = np.zeros((3, 64, 96), np.float32)
    foils = [Foil("few", normals, few), Foil("many", normals, many)]
    pick = example_windows.fullest(foils, pit, side=16)
    assert (pick.foil, pick.value, pick.defect) == ("many", 2, pit.name)
    assert example_windows.fullest(foils[::-1], pit, side=16) == pick, "whichever foil comes first"
    corners = example_windows.fullest(foils, pit, 16, step=100)
    assert (corners.foil, corners.value, corners.box) == ("few", 1, (0, 0, 16, 16))
    assert example_windows.fullest(foils[:1], LabelClass(9, "none", "#000000")) is None
    masks = {"many": {"a": many, "b": np.zeros_like(many), "c": many, "d": many}}
    figure = error_pictures.closely(pick, foils, masks, CLASSES)
    titles = [axes.get_title() for axes in figure.axes if axes.axison]
    assert titles == ["annotation, outlined", "a", "b", "c", "d"]
    rings = [[p for p in axes.patches if isinstance(p, Circle)] for axes in figure.axes[:5]]
    (boxed,) = {len(each) for each in rings}  # the same in every panel
    assert boxed >= 2 and figure.axes[0].images[0].get_array().shape == (64, 96)
    said = [axes.images[1].get_array() for axes in figure.axes[1:3]]
    assert [int(kinds.max()) for kinds in said] == [1, 2]  # hits, and misses
    (none,) = error_pictures.closely(None, foils, {}, CLASSES).axes[0].texts
    assert "No foil" in none.get_text()


def test_a_patch_is_shown_with_the_target_of_each_network():
    mask = np.zeros((32, 32), np.uint8)
    mask[4:20, 4:20], mask[28, 28] = 1, 2
    foil = Foil("a", np.zeros((3, 32, 32), np.float32), mask)
    figure = sampling_figures.one_vs_rest([foil], 32, CLASSES)
    defects = [c for c in CLASSES if c.index]
    shown = [axes for axes in figure.axes if axes.axison]
    titles = ["patch", "mask", *(f"target: {c.name}" for c in defects)]
    assert [axes.get_title() for axes in shown] == titles
    for axes, c in zip(shown[2:], defects):
        np.testing.assert_array_equal(axes.images[0].get_array(), mask == c.index)
        rings = [p for p in axes.patches if isinstance(p, Circle)]
        assert [ring.center for ring in rings] == ([(28, 28)] if c.index == 2 else [])


def test_a_typical_object_is_found_as_much_as_its_whole_class():
    foil = made(
        "f",
        (10, 10, 10, 10, 1),
        (10, 40, 10, 10, 1),
        (40, 10, 10, 10, 1),
        (70, 70, 2, 2, 1),
        shape=(80, 80),
    )
    mask = foil.mask.copy()
    mask[10:20, 40:50] = 0  # nothing of the second
    mask[40:44, 10:20] = 0  # six tenths of the third
    mask[70:72, 70] = 0  # half of the smallest, which is below the median
    pick = example_rules.typical_object([foil], {"f": mask}, CLASSES[1])
    assert pick.box == (40, 10, 10, 10) and pick.value == 0.6  # of all: 162 of 304
    assert example_rules.typical_object([foil], {"f": mask}, CLASSES[2]) is None


def test_a_legend_names_the_classes_that_are_drawn():
    foil = made("f", (0, 0, 2, 2, 2))
    drawn = error_pictures.errors(foil, {"x": foil.mask}, CLASSES)
    told = [[text.get_text() for text in legend.get_texts()] for legend in drawn.legends]
    assert told == [[CLASSES[0].name, CLASSES[2].name], ["hit"]]
    errors = gallery_figures.example(
        examples.Pick("r", "f", 1), [foil], {"f": {"x": foil.mask}}, CLASSES
    )
    classes = [text.get_text() for text in errors.legends[0].get_texts()]
    assert CLASSES[1].name not in classes and CLASSES[2].name in classes
    assert [text.get_text() for text in errors.legends[1].get_texts()] == ["hit"]


def test_a_legend_of_errors_names_the_kinds_that_are_drawn():
    """A hit and a false alarm on one picture, a miss on the other; nothing taken for another."""
    figure, (one, other) = plt.subplots(1, 2)
    reference = np.array([[1, 0, 0]])
    error_pictures.coloured(one, reference, np.array([[1, 1, 0]]))
    names = [patch.get_label() for patch in error_pictures.kinds_of_errors(figure)]
    assert names == ["hit", "false alarm"]
    error_pictures.coloured(other, reference, np.array([[0, 0, 0]]))
    names = [patch.get_label() for patch in error_pictures.kinds_of_errors(figure)]
    assert names == ["hit", "miss", "false alarm"]
    assert len(error_pictures.kinds_of_errors()) == 4
    error_pictures.errors_legend(plt.figure())  # nothing is drawn
    plt.close("all")


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("beside", [False, True])
def test_the_bar_of_length_stands_where_it_hides_the_least(above, beside):
    shown = np.ones((60, 80), bool)
    shown[np.s_[:15] if above else np.s_[45:], np.s_[:40] if beside else np.s_[40:]] = False
    figure, axes = plt.subplots()
    pictures.scale_bar(axes, 60, 80, top=100, left=200, shown=shown)
    x, y = axes.lines[0].get_data()
    (words,) = axes.texts
    rows = sorted([y[0], words.get_position()[1]])
    assert 200 < x[0] < x[1] < 280 and x[1] - x[0] == pictures.bar_of(80)
    assert (rows[1] < 115) == above and (rows[0] > 145) == (not above)
    assert (x[1] < 240) == beside and (x[0] > 240) == (not beside)
    plt.close(figure)


def test_the_bar_of_length_stands_at_the_lower_right_if_nothing_is_told():
    figure, axes = plt.subplots(1, 2)
    pictures.scale_bar(axes[0], 60, 80)
    pictures.scale_bar(axes[1], 60, 80, shown=np.zeros((60, 80), bool))
    for place in axes:
        assert place.lines[0].get_xdata()[1] > 70 and place.lines[0].get_ydata()[0] > 50
    plt.close(figure)
