"""What a miss and a false report cost: the cheapest choice, drawn, and dragged by the reader."""

from __future__ import annotations

from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from scipy import ndimage

from foilseg.data import escape
from foilseg.data.components import components
from foilseg.decisions.prices import EVERYTHING, NOTHING, Prices
from foilseg.figures.style import COLOURS, done, house_style, look
from foilseg.figures.widgets import SCRIPTS, Still, drawn

SMALLEST = 0.03  # share of the map from which a region bears its name
NEAR = 0.15  # of the map's width
LEAST, MOST = 0.01, 1.0  # of the regret that is told apart
START = 0.65, 0.4  # where the reader finds the mark, as a share of the map


def price_map(prices: Prices) -> Figure:
    """Left the cheapest choice for every pair of costs, right the regret of choosing it.

    Regions bear their names, but for those of less than 3 % of the map. The regret is a
    share of the cost of the choice that would have been cheapest where it is judged.
    """
    with house_style():
        figure, axes = plt.subplots(1, 2, figsize=(8.6, 4.3), sharex=True, sharey=True)
        _choices(axes[0], prices)
        _regret(axes[1], prices, figure)
        for one in axes:
            one.set(xscale="log", yscale="log", xlabel="cost of a missed object")
            one.set_box_aspect(1)
        axes[0].set_ylabel("cost of a false report")
        figure.supxlabel(f"costs as a share of looking at a {prices.unit} by hand", fontsize=9)
        return done(figure)


class Region(NamedTuple):
    """Number and name of a choice; where the name stands: column, row, which end of it is there."""

    number: int
    name: str
    x: int
    y: int
    side: str


def regions(prices: Prices) -> list[Region]:
    """The largest region of each choice, if it takes three hundredths of the map or more."""
    found = []
    for k in np.unique(prices.chosen):
        numbers, _ = components(prices.chosen == k)
        largest = numbers == 1 + int(np.bincount(numbers.ravel())[1:].argmax())
        if largest.mean() < SMALLEST:
            continue
        depth = ndimage.distance_transform_edt(np.pad(largest, 1))[1:-1, 1:-1]
        y, x = (int(v) for v in np.unravel_index(depth.argmax(), depth.shape))
        across = x / (len(prices.miss) - 1)  # near an edge a name begins or ends there
        side = "left" if across < NEAR else "right" if across > 1 - NEAR else "center"
        found.append(Region(int(k), prices.choices[k], x, y, side))
    return found


def _choices(axes: Axes, prices: Prices) -> None:
    present = np.unique(prices.chosen)
    place = np.searchsorted(present, prices.chosen)
    colours = ListedColormap([colour_of(prices.choices[k]) for k in present])
    limits = {"vmin": -0.5, "vmax": len(present) - 0.5}
    axes.pcolormesh(prices.miss, prices.false, place, cmap=colours, **limits)
    ink = {"colors": [COLOURS["ink"]], "linewidths": 0.6}
    for number, name, x, y, side in regions(prices):
        axes.contour(prices.miss, prices.false, prices.chosen == number, [0.5], **ink)
        axes.text(
            prices.miss[x],
            prices.false[y],
            escape.lines(name, 12),
            ha=side,
            va="center",
            fontsize=9,
            color=COLOURS["ink"],
            bbox={"fc": COLOURS["paper"], "ec": "none", "alpha": 0.8, "pad": 1.5},
        )
    axes.set_title("the cheapest choice", fontsize=10)


def colour_of(name: str) -> str:
    """The colour of a choice: a model's, or grey for nothing and white for everything."""
    if name in (NOTHING, EVERYTHING):
        return COLOURS["pale"] if name == NOTHING else COLOURS["paper"]
    return look(name).colour


def _regret(axes: Axes, prices: Prices, figure: Figure) -> None:
    relative = np.clip(prices.relative_regret, LEAST, MOST)
    mesh = axes.pcolormesh(
        prices.miss, prices.false, relative, cmap="cividis_r", norm=LogNorm(LEAST, MOST)
    )
    bar = figure.colorbar(mesh, ax=axes, fraction=0.046)
    bar.set_ticks([LEAST, 0.1, MOST], labels=["1 % or less", "10 %", "100 % or more"])
    axes.set_title("regret of having chosen it", fontsize=10)


class PriceMap(Still):
    """A map of the cheapest choices; ``place`` is the column and row that the reader looks at."""

    text = "The cheapest choice for costs of a miss and of a false report that the reader drags."
    _esm = SCRIPTS / "price_map.js"
    facts = traitlets.Dict().tag(sync=True)
    files = traitlets.Bytes().tag(sync=True)
    place = traitlets.List([0, 0]).tag(sync=True)

    def __init__(self, picture: bytes, **traits: Any):
        super().__init__(**traits)
        self._picture = picture

    def still(self) -> bytes:
        return self._picture


def drag(prices: Prices) -> PriceMap:
    """The widget, which starts near the middle; without scripts it is the map as a picture."""
    sides = len(prices.miss), len(prices.false)
    place = [int(share * (n - 1)) for share, n in zip(START, sides)]
    data = prices.chosen.astype(np.uint8).tobytes() + prices.realised.astype("<f4").tobytes()
    return PriceMap(drawn(price_map(prices)), facts=_facts(prices), files=data, place=place)


def _facts(prices: Prices) -> dict[str, Any]:
    colours = map(colour_of, prices.choices)
    named = regions(prices)
    unnamed = set(np.unique(prices.chosen).tolist()) - {place.number for place in named}
    return {
        "choices": [{"name": n, "colour": c} for n, c in zip(prices.choices, colours)],
        "miss": prices.miss.tolist(),
        "false": prices.false.tolist(),
        "unit": prices.unit,
        "names": [place._asdict() for place in named],
        "unnamed": sorted(unnamed),
        "colours": {name: COLOURS[name] for name in ("ink", "paper", "pale")}
        | {"moved": COLOURS["second"]},
    }
