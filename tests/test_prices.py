"""The cheapest choice by what a miss and a false report cost: by hand, and on a made-up study."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from foilseg.decisions import prices
from foilseg.decisions.compared import Objects
from foilseg.evaluation.object_scores import LADDER
from foilseg.figures import price_figures


def table(found, false, objects=10):
    """Counts of one picture and defect: hits and false reports at the first edges, then none."""
    rows = []
    for place, edge in enumerate(LADDER):
        hit, wrong = (values[place] if place < len(values) else 0 for values in (found, false))
        rows.append(("a", "pit", edge, objects, hit, wrong, 0, 0))
    names = ["foil", "defect", "edge", "objects", "hit", "false", "merged", "split"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture
def made():
    """A loud and a quiet model, each trained once; the quiet one is worse where it is judged."""
    chosen = {"Loud": [table([9, 5], [40, 4])], "Quiet": [table([4], [0])]}
    judged = {"Loud": [table([8, 4], [50, 5])], "Quiet": [table([3], [2])]}
    return prices.of_objects(Objects(chosen, judged, (2.0, 2.0), "megapixel", ["pit"]))


def test_costs_are_those_counted_by_hand(made):
    assert made.choices == [prices.NOTHING, prices.EVERYTHING, "Loud", "Quiet"]
    for y, x in ((0, 0), (20, 35), (40, 3), (12, 12)):
        miss, false = made.miss[x], made.false[y]
        assert made.expected[0, y, x] == pytest.approx(5 * miss)
        assert made.expected[1, y, x] == made.realised[1, y, x] == 1
        loud = [(0.5 * miss + 20 * false, miss + 25 * false)]
        loud += [(2.5 * miss + 2 * false, 3 * miss + 2.5 * false), (5 * miss, 5 * miss)]
        here, there = min(loud)
        assert made.expected[2, y, x] == pytest.approx(here)
        assert made.realised[2, y, x] == pytest.approx(there)
        assert made.expected[3, y, x] == pytest.approx(3 * miss)
        assert made.realised[3, y, x] == pytest.approx(3.5 * miss + false)


def test_the_choice_is_the_cheapest_and_its_regret_is_what_it_costs_above_it(made):
    assert (made.cost >= made.realised.min(axis=0)).all() and (made.regret >= 0).all()
    assert made.choices[made.chosen[-1, 0]] == "Quiet", "no false report where it was chosen"
    dear, cheap = made.false[-1], made.miss[0]  # where judged, to report nothing costs 5 misses
    assert made.regret[-1, 0] == pytest.approx(3.5 * cheap + dear - 5 * cheap)
    assert made.choices[made.chosen[0, -1]] == "Loud" or made.cost[0, -1] == 1


def test_shares_of_the_map_add_up(made):
    shares = made.shares()
    assert set(shares["choice"]) == {made.choices[k] for k in np.unique(made.chosen)}
    ratio = made.miss[None] / made.false[:, None]
    for (k, there), row in zip(made.regions, shares.to_dict("records"), strict=True):
        assert row["choice"] == made.choices[k] and (made.chosen[there] == k).all()
        ends = row["miss costs from"], row["miss costs to"]
        assert ends == (ratio[there].min(), ratio[there].max())
    assert shares["miss costs from"].nunique() > 1
    assert (sum(there.astype(int) for _, there in made.regions) == 1).all()
    assert shares["share of the map"].sum() == pytest.approx(1)
    assert shares["share of the map"].is_monotonic_decreasing
    assert shares.set_index("choice")["largest regret"][prices.EVERYTHING] >= 0


def test_a_choice_that_is_the_cheapest_in_two_places_has_two_regions(made):
    chosen = np.zeros((41, 41), int)
    chosen[:5], chosen[30:] = 1, 1
    expected = np.stack([(chosen != k).astype(float) for k in range(2)])
    halves = replace(made, choices=["a", "b"], expected=expected, realised=expected + 1)
    assert [k for k, _ in halves.regions] == [0, 1, 1]
    assert [int(there.sum()) for _, there in halves.regions] == [25 * 41, 11 * 41, 5 * 41]


def test_the_mean_of_trainings_counts(made):
    chosen = {"Loud": [table([9], [40]), table([7], [20])]}
    twice = prices.of_objects(Objects(chosen, chosen, (1.0, 1.0), "megapixel", ["pit"]))
    miss, false = twice.miss[40], twice.false[0]
    assert twice.expected[2, 0, 40] == pytest.approx(2 * miss + 30 * false)


def test_the_map_names_its_regions(made):
    figure = price_figures.price_map(made)
    names = {text.get_text().replace("\n", " ") for text in figure.axes[0].texts}
    large = made.shares()
    large = set(large[large["share of the map"] > 0.05]["choice"])
    assert large <= names <= set(made.choices)
    assert np.isfinite(figure.axes[0].collections[0].get_array()).all()
    for place in price_figures.regions(made):
        here = made.chosen[place.name_y, place.name_x] == place.number
        assert made.chosen[place.y, place.x] == place.number and place.outside == (not here)


def test_names_that_find_no_room_stand_elsewhere_and_cover_no_border(made):
    """A stripe of two steps between two areas: its name stands in one of these, with a line."""
    chosen = np.zeros((41, 41), int)
    chosen[20:22], chosen[22:] = 2, 1
    expected = np.stack([(chosen != k).astype(float) for k in range(3)])
    striped = replace(made, choices=["Loud", prices.EVERYTHING, "Quiet"], expected=expected,
                      realised=expected + 1)  # fmt: skip
    names = {place.name: place for place in price_figures.regions(striped)}
    assert [names[n].outside for n in ("Loud", prices.EVERYTHING, "Quiet")] == [False, False, True]
    assert abs(names["Quiet"].name_y - 20.5) > price_figures.HIGH
    texts = price_figures.price_map(striped).axes[0].texts
    assert [t.get_text() for t in texts if t.arrow_patch] == ["Quiet"]
    colours = price_figures.colours_of(striped)
    assert len(set(colours)) == 3, "two models of one remedy are told apart"
    assert price_figures.ticks(np.array([2e-6, 3e-3]), 1e6) == [10, 100, 1000]
