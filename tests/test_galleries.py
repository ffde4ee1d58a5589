"""Rules that pick examples, on made-up studies whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from viewer import CLASSES

from foilseg import figures, galleries
from foilseg.dataset import Foil

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
    pick = galleries.by_score(COUNTS, which)
    assert (pick.foil, pick.model) == (foil, "Baseline")
    assert pick.value == {"c": 0, "a": 0.5, "e": 1}[foil]


def test_counts_are_added_up_over_defects_and_the_first_of_equals_wins():
    twice = pd.concat([COUNTS.iloc[[0, 1]], COUNTS.iloc[[0]].assign(tp=9), COUNTS.iloc[[4]]])
    scores = galleries.f_scores(twice)
    assert scores.to_dict() == {"a": 20 / 24, "b": 0.8, "e": 1.0}
    equal = pd.concat([COUNTS.iloc[[4]], COUNTS.iloc[[4]].assign(foil="f")])
    assert {galleries.by_score(equal, which).foil for which in ("worst", "best", "median")} == {"e"}


def test_a_rule_without_an_answer_is_refused():
    with pytest.raises(ValueError, match="'mean' is not one of worst, median, best"):
        galleries.by_score(COUNTS, "mean")
    with pytest.raises(ValueError, match="no foil has a defect"):
        galleries.by_score(COUNTS.iloc[[3]], "worst")


def test_the_most_disputed_foil_has_the_largest_share_of_pixels():
    zero, one = np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.uint8)
    one[0, :3] = 2
    other = np.zeros((4, 5), np.uint8)
    other[1, :2] = 1
    masks = {"a": {"x": zero, "y": one, "z": one}, "b": {"x": zero, "y": one, "z": other}}
    assert galleries.most_disagreed(masks).foil == "b"
    assert galleries.most_disagreed(masks).value == 5 / 20
    assert galleries.most_disagreed({"a": {"x": one}}).value == 0


def test_the_largest_missed_defect_is_the_largest_without_a_pixel_found():
    foils = [made("a", (0, 0, 5, 6, 1), (10, 10, 3, 3, 2)), made("b", (2, 4, 4, 5, 3))]
    masks = {"a": np.zeros((20, 30), np.uint8), "b": np.zeros((20, 30), np.uint8)}
    pick = galleries.largest_missed(foils, masks, CLASSES)
    assert (pick.foil, pick.defect, pick.value, pick.box) == ("a", "pit", 30, (0, 0, 5, 6))
    masks["a"][4, 5] = 1  # one pixel of it is found
    pick = galleries.largest_missed(foils, masks, CLASSES)
    assert (pick.foil, pick.defect, pick.value, pick.box) == ("b", "spot", 20, (2, 4, 4, 5))
    masks["b"][2:6, 4:9] = 2  # found as another defect is not found
    assert galleries.largest_missed(foils, masks, CLASSES) == pick
    everything = {f.name: f.mask for f in foils}
    assert galleries.largest_missed(foils, everything, CLASSES) is None


def test_most_models_against_the_annotation_before_the_largest_area():
    foils = [made("a"), made("b", (0, 0, 20, 10, 1))]
    two = made("x", (0, 0, 9, 9, 1)).mask
    three = made("x", (15, 20, 2, 3, 2)).mask
    masks = {
        "a": {"x": two, "y": two, "z": np.zeros_like(two)},
        "b": {"x": np.maximum(two, three), "y": np.maximum(two, three), "z": three},
    }
    pick = galleries.most_against_label(foils, masks, CLASSES)
    assert (pick.foil, pick.defect, pick.value, pick.box) == (
        "b",
        "crack & line",
        3,
        (15, 20, 2, 3),
    )
    nothing = {f.name: {"x": f.mask} for f in foils}
    assert galleries.most_against_label(foils, nothing, CLASSES) is None


def test_a_listing_links_the_foil_and_the_place():
    foil = made("f <1>")
    pick = galleries.Pick("a rule", foil.name, 0.25, "crack & line", "Model A", (4, 6, 2, 5))
    link = galleries.link(pick, foil.shape, "07.html")
    assert link == (
        "07.html#compare:foil=f+%3C1%3E&defect=crack+%26+line&right=Model+A&x=8.5&y=5.0&zoom=2.0"
    )
    listing = galleries.Listing([pick, None], [foil], "07.html")
    text = listing._repr_html_()
    assert "f &lt;1&gt;</a>" in text and "&amp;zoom=2.0" in text and text.count("<tr>") == 2
    assert repr(listing) == "f <1>: a rule (0.25)"
    assert galleries.foils_of([pick, None, pick]) == ["f <1>"]


def test_what_a_pick_is_about_is_cut_out_of_foil_and_masks():
    foil = made("f", (2, 20, 4, 6, 1))
    masks = {"x": foil.mask * 2}
    whole, same = galleries.look(galleries.Pick("rule", "f", 1), foil, masks, 8)
    assert whole is foil and same["x"] is masks["x"]
    pick = galleries.Pick("rule", "f", 1, box=(2, 20, 4, 6))
    part, seen = galleries.look(pick, foil, masks, 8)
    assert part.shape == (8, 12) and part.origin == (0, 17)
    assert (seen["x"] == part.mask * 2).all() and (part.mask > 0).sum() == 24
    part, _ = galleries.look(pick, foil, masks, 96)
    assert part.shape == foil.shape


def test_a_pick_and_no_pick_are_sentences_and_pictures():
    foil = made("f", (2, 20, 4, 6, 1))
    pick = galleries.Pick("a rule", "f", 24, "pit", box=(2, 20, 4, 6))
    said = "The rule (a rule) picks foil f, a defect of the class pit, with the value 24"
    assert galleries.sentence(pick) == said
    assert galleries.sentence(None) == "No foil of these data is picked by this rule"
    masks = {"f": {"x": foil.mask}}
    drawn = figures.example(pick, [foil], masks, CLASSES)
    assert (drawn.axes[2].images[0].get_array() == foil.mask).all()
    assert figures.example(None, [foil], masks, CLASSES).texts[0].get_text().startswith("No foil")
