"""Costs of a miss and of a false report -> Figure: the cheapest choice, and what it may cost."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from scipy import ndimage

from foilseg.data import escape
from foilseg.data.components import components
from foilseg.decisions.prices import EVERYTHING, NOTHING, Prices
from foilseg.figures.style import COLOURS, done, house_style, look

SMALLEST = 0.01  # share of the map from which a region bears its name
NEAR = 0.15  # of the map's width
LEAST, MOST = 0.01, 1.0  # of the regret that is told apart


def price_map(prices: Prices) -> Figure:
    """Left the cheapest choice for every pair of costs, right the regret of choosing it.

    Regions bear their names, but for those of less than a hundredth of the map. The regret is a
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


def _choices(axes: Axes, prices: Prices) -> None:
    present = np.unique(prices.chosen)
    place = np.searchsorted(present, prices.chosen)
    colours = ListedColormap([_colour(prices.choices[k]) for k in present])
    limits = {"vmin": -0.5, "vmax": len(present) - 0.5}
    axes.pcolormesh(prices.miss, prices.false, place, cmap=colours, **limits)
    for k in present:
        inside = prices.chosen == k
        numbers, _ = components(inside)
        largest = numbers == 1 + int(np.bincount(numbers.ravel())[1:].argmax())
        if largest.mean() < SMALLEST:
            continue
        axes.contour(
            prices.miss, prices.false, inside, [0.5], colors=[COLOURS["ink"]], linewidths=0.6
        )
        depth = ndimage.distance_transform_edt(np.pad(largest, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(depth.argmax(), depth.shape)
        side = x / (len(prices.miss) - 1)  # near an edge a name begins or ends there
        axes.text(
            prices.miss[x],
            prices.false[y],
            escape.lines(prices.choices[k], 12),
            ha="left" if side < NEAR else "right" if side > 1 - NEAR else "center",
            va="center",
            fontsize=9,
            color=COLOURS["ink"],
            bbox={"fc": COLOURS["paper"], "ec": "none", "alpha": 0.8, "pad": 1.5},
        )
    axes.set_title("the cheapest choice", fontsize=10)


def _colour(name: str) -> str:
    if name in (NOTHING, EVERYTHING):
        return COLOURS["pale"] if name == NOTHING else COLOURS["paper"]
    return look(name).colour


def _regret(axes: Axes, prices: Prices, figure: Figure) -> None:
    relative = np.clip(prices.regret / prices.realised.min(axis=0), LEAST, MOST)
    mesh = axes.pcolormesh(
        prices.miss, prices.false, relative, cmap="cividis_r", norm=LogNorm(LEAST, MOST)
    )
    bar = figure.colorbar(mesh, ax=axes, fraction=0.046)
    bar.set_ticks([LEAST, 0.1, MOST], labels=["1 % or less", "10 %", "100 % or more"])
    axes.set_title("regret of having chosen it", fontsize=10)
