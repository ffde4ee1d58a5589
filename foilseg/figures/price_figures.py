"""What a miss and a false report cost: the cheapest choice, drawn, and dragged by the reader."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm, to_hex, to_rgb
from matplotlib.figure import Figure
from scipy import ndimage

from foilseg.decisions.prices import EVERYTHING, NOTHING, Prices
from foilseg.drawing.style import COLOURS, done, house_style, look
from foilseg.figures import model_figures
from foilseg.figures.widgets import SCRIPTS, Still, drawn

SMALLEST = 0.01  # share of the map from which a region bears its name
LETTER, HIGH = 0.41, 1.6  # half the room of a letter and of a line of a name, in steps of the map
STEPS = 0.0, 0.5, 0.75  # towards white, of choices that would have one colour
LED = 10  # lengths of the longest line that one through a name counts for
SMALL = 1e-3  # costs that begin below are told in millionths
LEAST, MOST = 0.01, 1.0  # of the regret that is told apart
START = 0.65, 0.4  # where the reader finds the mark, as a share of the map


def price_map(prices: Prices) -> Figure:
    """Left the cheapest choice for every pair of costs, right the regret of choosing it.

    Regions bear their names, but for those of less than 1% of the map. The regret is a
    share of the cost of the choice that would have been cheapest where it is judged.
    """
    times, words = scale(prices)
    with house_style():
        figure, axes = plt.subplots(1, 2, figsize=(8.6, 4.3), sharex=True, sharey=True)
        for one in axes:
            one.set(xscale="log", yscale="log", xlabel="cost of a missed object")
            one.set_box_aspect(1)
        _choices(axes[0], prices)
        _regret(axes[1], prices, figure)
        for axis, costs in ((axes[0].xaxis, prices.miss), (axes[0].yaxis, prices.false)):
            at = ticks(costs, times)
            axis.set_ticks([value / times for value in at], labels=[f"{v:,g}" for v in at])
            axis.set_ticks([], minor=True)
        axes[0].set_ylabel("cost of a false report")
        unit = f"{words} what looking at a {prices.unit} by hand costs"
        figure.supxlabel(f"costs, {unit}; both axes are logarithmic", fontsize=9)
        return done(figure)


def scale(prices: Prices) -> tuple[float, str]:
    """By what costs are multiplied before they are told, and the words for that."""
    return (model_figures.MILLION, "millionths of") if prices.miss[0] < SMALL else (1.0, "times")


def ticks(costs: np.ndarray, times: float) -> list[float]:
    """The powers of ten among costs, in the unit that they are told in."""
    low, high = np.log10(costs[[0, -1]] * times)
    return [10.0**k for k in range(int(np.ceil(low - 1e-9)), int(np.floor(high + 1e-9)) + 1)]


class Region(NamedTuple):
    """Number and name of a choice, a place well inside, and where its name stands.

    Columns and rows of the map; ``outside`` : the name stands in another region, to which a line
    leads.
    """

    number: int
    name: str
    x: int
    y: int
    name_x: int
    name_y: int
    outside: bool


def regions(prices: Prices) -> list[Region]:
    """Every region of a hundredth of the map or more for whose name there is room."""
    found: list[Region] = []
    taken = np.zeros_like(prices.chosen, bool)
    for number, there in prices.regions:
        if there.mean() < SMALLEST:
            continue
        placed = _placed(prices, number, there, taken)
        if placed is not None:
            region, box, line = placed
            taken[box] = True
            taken[line] |= region.outside
            found.append(region)
    return found


def _placed(prices: Prices, number: int, there: np.ndarray, taken: np.ndarray):
    """A region, what its name covers, and the line to it: inside if there is room, else near."""
    name, shape = prices.choices[number], there.shape
    depth = ndimage.distance_transform_edt(np.pad(there, 1))[1:-1, 1:-1]
    inner = np.argwhere(depth >= depth.max() / 2)
    inner = inner[np.argsort(-depth[tuple(inner.T)], kind="stable")]
    away = ndimage.distance_transform_edt(depth < depth.max() / 2)
    order = np.argsort((away - depth / depth.max()).ravel(), kind="stable")
    places = (divmod(int(k), shape[1]) for k in order)
    boxes = [(place, box) for place in places if (box := _box(name, *place, shape))]
    free = [(p, b) for p, b in boxes if not taken[b].any() and np.ptp(prices.chosen[b]) == 0]
    own = [(p, b) for p, b in free if there[b].all()]
    found = None
    for place, box in own or free:
        (y, x), line = _line(place, inner, taken)
        placed = Region(number, name, x, y, *place[::-1], not own), box, line
        if not taken[line].any():  # one through a name or line is used only for want of others
            return placed
        found = found or placed
    return found


def _line(place: tuple[int, int], ends: np.ndarray, taken: np.ndarray):
    """Where the nearest of some ends (N, 2) lies, and what the line to it covers.

    One through a name or another line counts as far away.
    """
    steps = 2 * max(taken.shape)
    lines = [
        np.linspace(start, end, steps, axis=-1).astype(int) for start, end in zip(place, ends.T)
    ]
    away = np.hypot(*(ends - place).T) + LED * steps * taken[tuple(lines)].any(axis=1)
    nearest = np.argmin(away)
    return tuple(map(int, ends[nearest])), tuple(line[nearest] for line in lines)


def _box(name: str, y: int, x: int, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """What a name covers around a place; None if it would leave the map."""
    wide, high = int(np.ceil(LETTER * len(name))), int(np.ceil(HIGH))
    if not (high <= y < shape[0] - high and wide <= x < shape[1] - wide):
        return None
    return slice(y - high, y + high + 1), slice(x - wide, x + wide + 1)


def _choices(axes: Axes, prices: Prices) -> None:
    present = np.unique(prices.chosen)
    place = np.searchsorted(present, prices.chosen)
    every = colours_of(prices)
    limits = {"vmin": -0.5, "vmax": len(present) - 0.5}
    colours = ListedColormap([every[k] for k in present])
    axes.pcolormesh(prices.miss, prices.false, place, cmap=colours, **limits)
    ink = {"colors": [COLOURS["ink"]], "linewidths": 0.6}
    for number in present:
        axes.contour(prices.miss, prices.false, prices.chosen == number, [0.5], **ink)
    for region in regions(prices):
        edge = COLOURS["ink"] if region.outside else "none"
        line = {"arrowstyle": "-", "color": COLOURS["ink"], "lw": 0.8, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(
            region.name,
            (prices.miss[region.x], prices.false[region.y]),
            (prices.miss[region.name_x], prices.false[region.name_y]),
            ha="center",
            va="center",
            fontsize=8,
            color=COLOURS["ink"],
            bbox={"fc": COLOURS["paper"], "ec": edge, "lw": 0.6, "alpha": 0.85, "pad": 1.5},
            arrowprops=line if region.outside else None,
        )
    axes.set_title("the cheapest choice", fontsize=10)


def colours_of(prices: Prices) -> list[str]:
    """A colour for every choice: a model's own, grey for nothing and pale blue for everything.

    Of models of one colour on the map the largest has it, and the next ones are lighter. A model
    that is nowhere the cheapest is pale.
    """
    found, used = [COLOURS["foil"]] * len(prices.choices), Counter()
    for number in dict.fromkeys(k for k, _ in prices.regions):
        name = prices.choices[number]
        if name in (NOTHING, EVERYTHING):
            found[number] = COLOURS["pale"] if name == NOTHING else COLOURS["network"]
            continue
        own = look(name).colour
        step = STEPS[min(used[own], len(STEPS) - 1)]
        mixed = (1 - step) * np.array(to_rgb(own)) + step * np.array(to_rgb(COLOURS["paper"]))
        found[number] = to_hex(mixed)
        used[own] += 1
    return found


def _regret(axes: Axes, prices: Prices, figure: Figure) -> None:
    relative = np.clip(prices.relative_regret, LEAST, MOST)
    mesh = axes.pcolormesh(
        prices.miss, prices.false, relative, cmap="cividis_r", norm=LogNorm(LEAST, MOST)
    )
    bar = figure.colorbar(mesh, ax=axes, fraction=0.046)
    bar.set_ticks([LEAST, 0.1, MOST], labels=["1% or less", "10%", "100% or more"])
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
    named = regions(prices)
    unnamed = set(np.unique(prices.chosen).tolist()) - {place.number for place in named}
    times, words = scale(prices)
    return {
        "choices": [{"name": n, "colour": c} for n, c in zip(prices.choices, colours_of(prices))],
        "miss": prices.miss.tolist(),
        "false": prices.false.tolist(),
        "ticks": [_ticks(prices.miss, times), _ticks(prices.false, times)],
        "unit": prices.unit,
        "times": times,
        "words": words,
        "names": [place._asdict() for place in named],
        "unnamed": sorted(unnamed),
        "colours": {name: COLOURS[name] for name in ("ink", "paper", "pale")}
        | {"moved": COLOURS["second"]},
    }


def _ticks(costs: np.ndarray, times: float) -> list[tuple[float, str]]:
    """Where on an axis, as a share of its length, a number stands."""
    low, high = np.log10(costs[[0, -1]] * times)
    step = (high - low) / (len(costs) - 1)  # a place of the map is as wide; it lies in its middle
    shares = ((np.log10(v) - low + step / 2) / (high - low + step) for v in ticks(costs, times))
    return [(float(s), f"{v:,g}") for s, v in zip(shares, ticks(costs, times))]
