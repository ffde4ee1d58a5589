"""The map of costs in the browser says what the library says."""

import json
import re
from types import SimpleNamespace

import browser
import numpy as np
import pytest
from test_prices import made  # noqa: F401
from test_widget_host import HOST, STATE, VIEW, buffer, widget

from foilseg.decisions import prices
from foilseg.figures import price_figures
from foilseg.numbers import three_digits

CELL = 9  # canvas pixels of a place, as in the script


def test_the_widget_holds_the_choices_and_their_costs(made):  # noqa: F811
    shown = price_figures.drag(made)
    told = json.loads(json.dumps(shown.facts, allow_nan=False))
    assert [choice["name"] for choice in told["choices"]] == made.choices
    assert {place["name"] for place in told["names"]} == {
        made.choices[k] for k in np.unique(made.chosen) if (made.chosen == k).mean() > 0.01
    }
    assert [choice["colour"] for choice in told["choices"]] == price_figures.colours_of(made)
    named = {place["number"] for place in told["names"]}
    assert named.isdisjoint(told["unnamed"])
    assert named | set(told["unnamed"]) == set(np.unique(made.chosen).tolist())
    area = made.chosen.size
    np.testing.assert_array_equal(
        np.frombuffer(shown.files[:area], np.uint8).reshape(made.chosen.shape), made.chosen
    )
    costs = np.frombuffer(shown.files[area:], "<f4").reshape(made.realised.shape)
    np.testing.assert_allclose(costs, made.realised, rtol=1e-6)
    assert shown.still() == price_figures.drag(made).still()


def test_to_look_at_everything_has_a_colour_of_its_own(made):  # noqa: F811
    """Neither that of the ground by day nor that of what is nowhere the cheapest."""
    colours = price_figures.colours_of(made)
    known = dict(zip(made.choices, colours))
    nowhere = {c for k, c in enumerate(colours) if not (made.chosen == k).any()}
    assert prices.EVERYTHING in {made.choices[k] for k in np.unique(made.chosen)}
    assert known[prices.EVERYTHING] not in nowhere | {"#ffffff"}


def test_choices_without_a_name_on_the_map_are_told(made, monkeypatch):  # noqa: F811
    monkeypatch.setattr(price_figures, "SMALLEST", 0.3)
    told = price_figures.drag(made).facts
    named = {place["number"] for place in told["names"]}
    assert told["unnamed"] == sorted(set(np.unique(made.chosen).tolist()) - named) != []


@pytest.mark.parametrize("seed", [*range(12), 36, 48])
def test_no_line_to_a_name_runs_through_another_name(seed):
    """Bands too thin for the names of their choices, and a large free corner."""
    rng, (rows, columns) = np.random.default_rng(seed), np.mgrid[:40, :40]
    chosen = np.digitize(rows - columns, np.sort(rng.choice(np.arange(-20, 20), 4, False)))
    chosen[(rows + columns > rng.integers(32, 56)) & (rows > columns - 6)] = 5
    names = ["Eq. Pixels", "Bin FL ISCF", "Os. Cavities", "Dice, Eq. S., views", "Binary FL"]
    there = sorted(((k, chosen == k) for k in np.unique(chosen)), key=lambda own: -own[1].sum())
    given = {"chosen": chosen, "choices": [*names, prices.EVERYTHING], "regions": there}
    found = price_figures.regions(SimpleNamespace(**given))
    boxes = [price_figures._box(r.name, r.name_y, r.name_x, chosen.shape) for r in found]
    lines = [np.linspace((r.y, r.x), (r.name_y, r.name_x), 200) for r in found if r.outside]
    own = [box for r, box in zip(found, boxes) if r.outside]
    assert lines
    for line, its in zip(lines, own):
        for box in (box for box in boxes if box is not its):
            low, high = zip(*((side.start, side.stop) for side in box))
            assert not ((line >= low) & (line < high)).all(axis=1).any()


@pytest.mark.browser
def test_dragging_tells_what_the_library_computes(made, tmp_path):  # noqa: F811
    browser.require()
    shown = price_figures.drag(made)
    files = [buffer(["files"], shown.files)]
    facts = shown.facts | {"unnamed": [0]}  # as if its region were too small for a name
    state = widget(shown._esm, files, facts=facts, place=shown.place)
    saved = json.dumps({"state": {"a": state}, "version_major": 2, "version_minor": 0})
    (tmp_path / "page.html").write_text(
        f'<!doctype html><head><script src="{HOST.as_uri()}"></script>'
        f'<script type="{STATE}">{saved.replace("</", "<" + chr(92) + "/")}</script></head><body>'
        f'<script type="{VIEW}">{json.dumps({"model_id": "a"})}</script></body>'
    )
    page_text = (tmp_path / "page.html").read_text()
    small = page_text.replace(
        '"times": 1.0, "words": "times"', '"times": 1e6, "words": "millionths of"'
    )
    assert small != page_text
    (tmp_path / "small.html").write_text(small)
    with browser.window() as context:
        page = context.new_page()
        page.goto((tmp_path / "small.html").as_uri())
        page.locator("canvas[data-drawn]").wait_for()
        x, y = shown.place
        assert (
            "missed object (in millionths, logarithmic)\u00a0→" in page.locator("body").inner_text()
        )
        costs = [f"{float(f'{1e6 * value:.3g}'):,.0f}" for value in (made.miss[x], made.false[y])]
        said = f"object costs {costs[0]} and a false report {costs[1]} millionths of what looking"
        assert said in page.locator("[aria-live]").inner_text()
        page.goto((tmp_path / "page.html").as_uri())
        canvas = page.locator("canvas[data-drawn]")
        box = canvas.bounding_box()
        for x, y in ((0, 40), (12, 12), (40, 0), (20, 35)):
            across = box["x"] + (x + 0.5) / 41 * box["width"]
            down = box["y"] + (1 - (y + 0.5) / 41) * box["height"]
            page.mouse.move(across, down)
            page.mouse.down()
            page.mouse.up()
            name = made.choices[made.chosen[y, x]]
            assert canvas.get_attribute("data-drawn") == f"{x},{y} {name}"
            said = page.locator("[aria-live]").inner_text()
            regret = made.regret[y, x] / made.realised[:, y, x].min()
            assert ("nothing is cheaper" in said) == (regret < 1e-6)
            if regret >= 1e-6:
                told = float(re.search(r"regret is ([\d.,]+)%", said)[1].replace(",", ""))
                assert told == pytest.approx(100 * regret, rel=0.006)
            cost = re.search(r"judge it costs ([\d.,]+) times", said)[1]
            assert cost == three_digits(made.cost[y, x])
        colours = browser.painted(canvas)[::-1][CELL // 2 :: CELL, CELL // 2 :: CELL, :3]
        first = price_figures.colours_of(made)[made.chosen[0, 0]]
        assert colours[0, 0].tolist() == [int(first[k : k + 2], 16) for k in (1, 3, 5)]
        canvas.focus()
        page.keyboard.press("ArrowLeft")
        assert canvas.get_attribute("data-drawn").startswith("19,35 ")
        key = page.locator(".price-key").inner_text()
        assert key == f"Without a name on the map:{made.choices[0]}"
        assert "cost of a missed object (logarithmic)\u00a0→" in page.locator("body").inner_text()
        ticks = [f"{value:,g}" for value in price_figures.ticks(made.miss, 1)]
        assert ticks and page.locator(".price-tick").all_inner_texts() == 2 * ticks
        at = page.locator(".price-tick").last.bounding_box()  # the highest cost of a miss
        place = np.abs(np.log(made.miss) - np.log(float(ticks[-1].replace(",", "")))).argmin()
        middle = box["x"] + (place + 0.5) / 41 * box["width"]
        assert at["x"] + at["width"] / 2 == pytest.approx(middle, abs=box["width"] / 41)
        assert prices.NOTHING in page.locator("body").inner_text()
