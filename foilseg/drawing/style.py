"""One style, one look a model and one table of colours for every figure, widget and table.

Figures are drawn with dark ink on white; :mod:`foilseg.drawing.night` gives them for dark pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from foilseg.data import escape
from foilseg.data.dataset import LabelClass
from foilseg.training.experiments import BEYOND, EXPERIMENTS, ROWS
from foilseg.training.rows import REMEDIES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.patheffects import AbstractPathEffect

# Every colour that is drawn, by what it says. Those of the classes come with the data.
COLOURS = {
    "ink": "#222222",  # reproduced; edges and arrows
    "pale": "#9a9a9a",  # published; helping lines and frames
    "paper": "#ffffff",  # the ground, open marks, and pixels where nothing is
    "first": "#0072b2",  # of two things on equal terms; the part of a widget that has the focus
    "second": "#d55e00",  # the other one; what the reader moves
    "lamp": "#e69f00",
    "quiet": "#6b6b6b",  # words about what does not differ
    "foil": "#dddddd",
    "network": "#cfe3f1",
    "unsure": "#b4b4b4",  # claims that images and trainings do not decide
    "undecided": "#e6e6e6",  # claims that a study cannot decide
    "agrees": "#1f7145",  # verdicts in tables; those of a dark page are in book.css
    "differs": "#b3283f",
    "ground": "#121212",  # of the theme's dark page
    "light": "#e6e8eb",  # what black becomes on it
}
INK, PALE, PAPER = COLOURS["ink"], COLOURS["pale"], COLOURS["paper"]
QUIET = COLOURS["quiet"]
# How a prediction differs from its reference; safe for the colour-blind.
ERROR_COLOURS = {
    "hit": "#0072b2",
    "miss": "#f0e442",
    "false alarm": "#d55e00",
    "wrong defect": "#000000",
}
# One colour for each kind of remedy (Tol's muted palette), apart from those of the classes.
REMEDY_COLOURS = dict(
    zip(REMEDIES, ("#222222", "#117733", "#cc3311", "#332288", "#aa4499", "#00789a"), strict=True)
)
REMEDY_MARKS = "osD^vPX<>"  # of the models of one remedy, in the order of the table
REMEDY_LINES = ("-", "--", ":", "-.")  # likewise as a line; each remedy begins with the next
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
    "legend.borderpad": 0.8,  # keeps the titles of panels apart from a legend above them
    "text.parse_math": False,  # a name with two dollars is no formula
}
MARKERS = "osD^vP*X<>hpd"
FEW_DECADES, LEAST_LABELLED = 10**2.2, 1e-4  # of a logarithmic axis with plain numbers
HELD = "by day"  # gid of what lies on an area that has its colour by night too
LABEL = 0.75  # inches that a number such as 20,000 takes below an axis
FPR_LABELS = (
    "FPR",
    "mean FPR",
    "difference of mean FPR",
)  # the labels of axes that are read in millionths


@contextmanager
def house_style():
    """The style for what is drawn inside."""
    import matplotlib.pyplot as plt

    with plt.rc_context(STYLE):
        yield


def edge(ground: str = PAPER) -> list[AbstractPathEffect]:
    """What parts words and marks from what is behind them: a margin in the colour of the ground."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground=ground)]


def note(text: str) -> Figure:
    """A sentence in the place of a picture that these data do not allow.

    It stands in axes of its own, because IPython shows no figure that has none, and fits a phone.
    """
    import matplotlib.pyplot as plt

    with house_style():
        figure, axes = plt.subplots(figsize=(3.6, 0.9))
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
        _label_few(axis)
        _in_millionths(axis)
        for kind, ticks in ((axis.major, axis.majorTicks), (axis.minor, axis.minorTicks)):
            for tick in ticks if isinstance(kind.formatter, LogFormatter) else ():
                tick.label1.set_parse_math(True)
                tick.label2.set_parse_math(True)
    return figure


def _label_few(axis: Axis) -> None:
    """Of a logarithmic axis of few decades label 1, 2 and 5 in each, of a longer one its powers.

    A row of labels that would be too narrow for three in a decade has two, 1 and 3.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    if not isinstance(axis.get_major_locator(), LogLocator):
        return
    axis.set_minor_formatter(NullFormatter())
    low, high = sorted(axis.get_view_interval())
    if low >= LEAST_LABELLED and high / low < FEW_DECADES:
        wanted = 3 * LABEL * np.log10(high / low)  # inches
        narrow = axis.axis_name == "x" and wanted > axis.axes.bbox.width / axis.figure.dpi
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0) if narrow else (1.0, 2.0, 5.0)))
        axis.set_major_formatter("{x:g}")


def _in_millionths(axis: Axis) -> None:
    """An axis of false positive rates is read as tables are: in parts in a million."""
    label = axis.get_label_text()
    if label in FPR_LABELS:
        axis.set_label_text(f"{label} (ppm)")
        axis.set_major_formatter(_millionths)


def _millionths(rate: float, place: int | None = None) -> str:
    number = 1e6 * rate
    return f"{number:,.0f}" if abs(number) >= 1 else f"{number:g}"


def columns(names: Iterable[str], room: int = 100) -> int:
    """How many entries a line of a legend holds across a figure of 9 inches: at most 6."""
    names = list(names)
    longest = max((min(len(name), 24) for name in names), default=0)
    return max(1, min(len(names), 6, room // (longest + 6)))


def entries(names: Iterable[object]) -> list[str]:
    """Names as a legend writes them, see :func:`foilseg.data.escape.legend`."""
    return [escape.legend(str(name)) for name in names]


class Look(NamedTuple):
    """How a model is drawn in every figure: by its remedy, and its place among those of it."""

    remedy: str
    colour: str
    mark: str
    line: str


def look(title: str) -> Look:
    """The look of a model by its title; one that is none of the table is beyond it."""
    known = [row for row in ROWS.values() if title == row.title]
    if title.startswith("Os. "):  # names the rarest class of the data
        known = [EXPERIMENTS["oversampled-cavities"]]
    if not known:
        return Look(REMEDIES[-1], REMEDY_COLOURS[REMEDIES[-1]], REMEDY_MARKS[0], REMEDY_LINES[0])
    row = known[0]
    remedy = REMEDIES[-1] if row.name in BEYOND else row.remedy
    rows = BEYOND if row.name in BEYOND else EXPERIMENTS
    alike = [r for r in rows.values() if row.name in BEYOND or r.remedy == remedy]
    place = alike.index(row)
    mark = REMEDY_MARKS[place % len(REMEDY_MARKS)]
    line = REMEDY_LINES[(place + REMEDIES.index(remedy)) % len(REMEDY_LINES)]
    return Look(remedy, REMEDY_COLOURS[remedy], mark, line)


def outside_legend(
    figure: Figure,
    handles: Sequence[Artist] | None = None,
    ncols: int = 3,
    place: str = "upper left",
    handlelength: float = 1.2,
) -> None:
    """A legend outside of the panels, of all that has a label unless ``handles`` are given.

    At the left and with narrow entries, three in a line, it is whole on a telephone.
    """
    given = {} if handles is None else {"handles": handles}
    narrow = {"fontsize": 10, "columnspacing": 0.8, "handlelength": handlelength}
    figure.legend(**given, loc=f"outside {place}", ncols=ncols, **narrow)


def class_legend(figure: Figure, classes: Sequence[LabelClass], place: str = "upper left") -> None:
    """The colours of the classes outside of the panels, above them unless told."""
    from matplotlib.patches import Patch

    names = entries(c.name for c in classes)
    colours = (c.colour for c in classes)
    handles = [Patch(fc=colour, ec=PALE, label=name) for name, colour in zip(names, colours)]
    outside_legend(figure, handles, min(3, columns(names)), place)


def class_bars(
    axes: Axes,
    table: pd.DataFrame,
    classes: Sequence[LabelClass],
    x: str,
    y: str,
    hue: str,
    marks: str = "",
    marker: str = "o",
) -> None:
    """A group of bars for each value of the column ``x``, in it one for each class in its colour.

    ``hue`` is the column of the classes' names, ``y`` that of the heights, ``marks`` one of heights
    at which the place of a bar gets a mark, hollow unless told. Where these are NaN, there is no
    bar and no mark.
    """
    import seaborn as sns

    table, colours = table.astype({x: str, hue: str}), {c.name: c.colour for c in classes}
    bars = partial(sns.barplot, edgecolor=INK, linewidth=0.6, saturation=1, errorbar=None)
    dots = partial(sns.stripplot, dodge=True, jitter=False, linewidth=1.5, size=8)
    dots = partial(dots, marker=marker, path_effects=edge(), gid=HELD)
    layers = [(bars, y, colours), (dots, marks, dict.fromkeys(colours, INK))]
    for draw, high, palette in layers if marks else layers[:1]:
        draw = partial(draw, table, x=x, hue=hue, hue_order=[*colours], palette=palette)
        draw(y=high, legend=False, ax=axes)
    for dot in axes.collections if marker == "o" else ():
        dot.set(facecolor="none", edgecolor=INK)
    axes.set(xlabel="")
