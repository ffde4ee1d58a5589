"""One style, one set of marks and one table of colours for every figure, widget and table.

Figures have an opaque white ground, so they read the same on a light and on a dark page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from foilseg.data import escape
from foilseg.data.dataset import LabelClass

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Every colour that is drawn, by what it says. Those of the classes come with the data.
COLOURS = {
    "ink": "#222222",  # reproduced; edges and arrows
    "pale": "#9a9a9a",  # published; helping lines and frames
    "paper": "#ffffff",  # the ground, open marks, and pixels where nothing is
    "first": "#0072b2",  # of two things on equal terms; the part of a widget that has the focus
    "second": "#d55e00",  # the other one; what the reader moves
    "lamp": "#e69f00",
    "foil": "#dddddd",
    "network": "#cfe3f1",
    "agrees": "#2e8b57",  # verdicts in tables, on a light and on a dark page
    "differs": "#d1495b",
}
INK, PALE, PAPER = COLOURS["ink"], COLOURS["pale"], COLOURS["paper"]
# How a prediction differs from its reference; safe for the colour-blind.
ERROR_COLOURS = {
    "hit": "#0072b2",
    "miss": "#f0e442",
    "false alarm": "#d55e00",
    "wrong defect": "#000000",
}
MODELS = "turbo"  # the map from which many models on one picture take their colours
STYLE = {
    "figure.dpi": 110,
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": PAPER,
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "text.parse_math": False,  # a name with two dollars is no formula
}
MARKERS = "osD^vP*X<>hpd"


@contextmanager
def house_style():
    """The style for what is drawn inside."""
    import matplotlib.pyplot as plt

    with plt.rc_context(STYLE):
        yield


def note(text: str) -> Figure:
    """A sentence in the place of a picture that these data do not allow.

    It stands in axes of its own, because IPython shows no figure that has none.
    """
    import matplotlib.pyplot as plt

    with house_style():
        figure, axes = plt.subplots(figsize=(7, 0.8))
        axes.set_axis_off()
        axes.text(0.5, 0.5, text, ha="center", va="center", style="italic", wrap=True)
        return done(figure)


def done(figure: Figure) -> Figure:
    """Hand the figure over without leaving it open in pyplot.

    Its names and titles are no formulas, but the powers of ten of a logarithmic axis are.
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogFormatter

    plt.close(figure)
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        for kind, ticks in ((axis.major, axis.majorTicks), (axis.minor, axis.minorTicks)):
            for tick in ticks if isinstance(kind.formatter, LogFormatter) else ():
                tick.label1.set_parse_math(True)
                tick.label2.set_parse_math(True)
    return figure


def columns(names: Iterable[str], room: int = 100) -> int:
    """How many entries a line of a legend holds across a figure of 9 inches: at most 6."""
    names = list(names)
    longest = max((min(len(name), 24) for name in names), default=0)
    return max(1, min(len(names), 6, room // (longest + 6)))


def grouped_bars(
    axes: Axes, heights: pd.DataFrame, classes: Sequence[LabelClass]
) -> dict[str, np.ndarray]:
    """A group of bars for each row of ``heights``, a bar a class in the class's colour.

    ``heights`` has a column for each name of a class; NaN draws no bar.

    Returns
    -------
    Name of the class -> the places of its bars, in the order of the rows.
    """
    width, found = 0.8 / len(classes), {}
    for offset, c in enumerate(classes):
        places = np.arange(len(heights)) + (offset - (len(classes) - 1) / 2) * width
        style = {"color": c.colour, "edgecolor": INK, "linewidth": 0.6}
        high = np.nan_to_num(heights[c.name].to_numpy(float))
        axes.bar(places, high, width, label=escape.legend(c.name), **style)
        found[c.name] = places
    axes.set(xticks=range(len(heights)), xticklabels=list(map(str, heights.index)))
    axes.grid(False, axis="x")
    return found
