"""Stop or go by picture: costs counted by hand, and a picture worked out as the command does."""

import numpy as np
import pandas as pd
import pytest
import toy
from scipy import ndimage

from foilseg.data import images
from foilseg.data.components import components
from foilseg.data.dataset import as_pixels
from foilseg.decisions import brought, calibration, sorting, stopping, worked
from foilseg.decisions.scores import class_scores
from foilseg.evaluation import curves
from foilseg.evaluation.object_scores import LADDER
from foilseg.figures import defect_figures
from foilseg.measured import held_out
from foilseg.training import restore

PICTURES, DEFECTS = ["a", "b", "c", "d"], ["pit", "line"]


def found(*rows):
    return pd.DataFrame(rows, columns=["foil", "defect", "pixels"]).assign(against="label")


def reported(*rows):
    return pd.DataFrame(rows, columns=["foil", "defect", "edge", "pixels"])


def made(critical=1):
    """Pits in a (large) and b (small); a report of 20 pixels in a and c, of 2 in b, none in d."""
    low, high = LADDER[0], LADDER[-1]
    there = found(("a", "pit", 50), ("a", "pit", 3), ("b", "pit", 3), ("d", "line", 9))
    said = [("a", "pit", e, 20) for e in (low, high)]
    said += [("b", "pit", low, 2), ("c", "pit", low, 20), ("d", "line", high, 5)]
    return stopping.of_tables(there, reported(*said), PICTURES, DEFECTS, critical=critical)


def place(edge, size):
    """The number of a rule: the strictest comes first, after never stopping."""
    edge = list(LADDER)[::-1].index(edge)
    return 1 + edge * len(stopping.SIZES) + stopping.SIZES[::-1].index(size)


def test_costs_are_those_counted_by_hand():
    stops = made()
    assert stops.shows.tolist() == [[True, False], [True, False], [False, False], [False, True]]
    low, high = LADDER[0], LADDER[-1]
    pit, line = stops.costs(10)
    assert pit[place(low, 1)] == 1 / 4, "c is stopped falsely"
    assert pit[place(low, 4)] == (10 + 1) / 4, "and b is missed"
    assert pit[place(high, 1)] == 10 / 4, "b is missed alone"
    assert pit[place(high, 64)] == 20 / 4 == pit[0], "nobody is stopped"
    assert line[place(high, 4)] == 0 and line[place(low, 1)] == 10 / 4
    assert (pit[0], line[0]) == (20 / 4, 10 / 4), "never stopped"
    assert (pit[-1], line[-1]) == (2 / 4, 3 / 4), "always stopped"
    assert stopping.rule_of(place(high, 4)) == (curves.probability(high), 4)
    assert [stopping.rule_of(k)[0] for k in (0, stopping.RULES - 1)] == [1, 0]


def test_only_large_objects_count_where_one_says_so():
    stops = made(critical=10)
    assert stops.shows[:, 0].tolist() == [True, False, False, False]
    assert not stops.shows[:, 1].any()


def test_rules_are_chosen_on_one_side_and_told_on_the_other():
    there = found(("a", "pit", 50), ("b", "pit", 5), ("c", "line", 5))
    said = [(p, "pit", LADDER[0], 2) for p in PICTURES] + [("d", "pit", LADDER[0], 70)]
    judged = stopping.of_tables(there, reported(*said), PICTURES, DEFECTS)
    lines = stopping.StopRules({"M": [made()]}, {"M": [judged]})
    rules = lines.rules("M", 10).set_index("defect")
    assert rules.loc["pit"].tolist() == pytest.approx(
        [curves.probability(LADDER[0]), 1, 2, 2, 2, 2]
    )
    assert rules.loc["line", ["pictures with it", "stopped", "stopped falsely"]].tolist() == [
        1,
        0,
        0,
    ]
    table = lines.table([10]).set_index("model")["miss costs 10"]
    assert table["M"] == pytest.approx((2 / 4 + 10 / 4) / 2)
    assert table[stopping.NEVER] == pytest.approx((20 / 4 + 10 / 4) / 2)
    assert table[stopping.ALWAYS] == pytest.approx((2 / 4 + 3 / 4) / 2)


def test_intervals_stand_around_the_costs_and_beside_always_stopping():
    there = found(("a", "pit", 50), ("b", "pit", 5), ("c", "line", 5))
    said = [("a", "pit", LADDER[0], 2), ("c", "pit", LADDER[0], 9), ("d", "pit", LADDER[0], 70)]
    judged = stopping.of_tables(there, reported(*said), PICTURES, DEFECTS)
    lines = stopping.StopRules(
        {"M": [made()], "N": [made()] * 2}, {"M": [judged], "N": [judged] * 2}
    )
    told = lines.intervals(10, 400).set_index("model")
    costs = lines.table([10]).set_index("model")["miss costs 10"]
    assert told["miss costs 10"].to_dict() == pytest.approx(costs.to_dict())
    assert (told["low"] < told["miss costs 10"]).all() and (
        told["miss costs 10"] < told["high"]
    ).all()
    assert told.loc[stopping.ALWAYS, ["beside always", "least", "most"]].tolist() == [0, 0, 0]
    beside = told["miss costs 10"] - costs[stopping.ALWAYS]
    assert told["beside always"].to_dict() == pytest.approx(beside.to_dict())
    # by hand: rules stop for any report of 1 pixel, so pictures cost 0, 10, 1 and 1 for the pit and
    # 10 in c for the line; halved, 0, 5, 5.5 and 0.5. Always stopping costs 0.5, 0.5, 0.5 and 1.
    drawn = np.random.default_rng(0).integers(0, 4, (20000, 4))
    own = np.array([0, 5, 5.5, 0.5])[drawn].mean(axis=1)
    other = np.array([0.5, 0.5, 0.5, 1])[drawn].mean(axis=1)
    assert told.loc["M", ["low", "high"]].tolist() == pytest.approx(
        np.percentile(own, (2.5, 97.5)).tolist(), abs=0.3
    )
    assert told.loc["M", ["least", "most"]].tolist() == pytest.approx(
        np.percentile(own - other, (2.5, 97.5)).tolist(), abs=0.3
    )


def test_the_probability_of_an_edge_is_that_of_its_logit():
    assert curves.probability(64) == 0.5
    assert np.log(curves.probability(80) / (1 - curves.probability(80))) == pytest.approx(4)


def test_a_picture_is_worked_out_as_the_command_does(tmp_path):
    with toy.twin_study(tmp_path, ["baseline"]) as study:
        run, root = study.run("baseline"), tmp_path / "networks"
        none = worked.of_study(study, "baseline", root)
        assert none.foil is None and none.promises.empty and none.shown.empty
        said = defect_figures.decided(none.foil, none.objects, none.classes, "cavity")
        assert "No network" in said.axes[0].texts[0].get_text()
        brought.bring(run, "baseline", root)
        chosen = calibration.calibrate(run, study.dataset, 0.9, classes=("crack", "cavity"))
        chosen.write(root / "baseline.json")
        example = worked.of_study(study, "baseline", root)
        kinds = [len(np.unique(f.mask)) for f in held_out.dataset(study).foils]
        assert len(np.unique(example.foil.mask)) == max(kinds)
        images.write(tmp_path / "p.png", as_pixels(example.foil.image))
        done = sorting.sort_files(run, chosen, [tmp_path / "p.png"], tmp_path / "out")
        own = example.objects[["class", "area_pixels", "top", "left"]].reset_index(drop=True)
        theirs = done.objects[["class", "area_pixels", "top", "left"]].reset_index(drop=True)
        # the file holds 8 bits a channel, the study the same: equal but for rounding
        assert abs(len(own) - len(theirs)) <= 2 + len(own) // 20
        assert done.pictures["decision"].tolist() == [example.word]
        table = example.shown.set_index("class")
        assert table["reported"].sum() == len(example.objects)
        assert list(example.promises["class"]) == list(table.index)
        scores = class_scores(restore.load(run), example.foil.image)
        for c, promise in zip(example.classes, chosen.promises):
            mask, said = example.foil.mask == c.index, scores[c.index] >= promise.threshold
            numbers, n = components(mask)
            assert table.loc[c.name, "annotated"] == n
            within = [ndimage.distance_transform_edt(numbers != k + 1) <= 2 for k in range(n)]
            pixels = np.bincount(numbers.ravel(), minlength=n + 1)[1:]
            needed = [max(1, np.ceil(0.1 * size - 1e-9)) for size in pixels]
            lost = sum((said & w).sum() < least for w, least in zip(within, needed))
            assert table.loc[c.name, "missed"] == lost
        for name in ("crack", "cavity"):
            index = {c.name: c.index for c in example.classes}[name]
            near = example.objects.query("`class` == @name and annotated == 'yes'")
            shown = (example.foil.mask == index).any()
            assert shown or not len(near)
        figure = defect_figures.decided(example.foil, example.objects, example.classes, "cavity")
        assert len(figure.axes[1].patches) == 1, "the frame alone"
        assert len(figure.axes[0].patches) >= len(example.objects)
        first = example.first(3)
        assert list(first)[:4] == ["class", "score", "area (pixels)", "area (mm²)"]
