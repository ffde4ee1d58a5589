"""One style and one set of marks for every figure.

Figures have an opaque white ground, so they read the same on a light and on a dark page.
"""

from __future__ import annotations

from contextlib import contextmanager

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

STYLE = {
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.axisbelow": True,
    "legend.frameon": False,
}
INK = "#222222"  # ours
PALE = "#9a9a9a"  # published
# How a prediction differs from its reference; safe for the colour-blind.
ERROR_COLOURS = {
    "hit": "#0072b2",
    "miss": "#f0e442",
    "false alarm": "#d55e00",
    "wrong defect": "#000000",
}
MARKERS = "osD^vP*X<>hpd"


@contextmanager
def house_style():
    with plt.rc_context(STYLE):
        yield


def note(text: str) -> Figure:
    """A sentence in the place of a picture that these data do not allow."""
    with house_style():
        figure = plt.figure(figsize=(7, 0.8))
        figure.text(0.5, 0.5, text, ha="center", va="center", style="italic")
        return done(figure)


def done(figure: Figure) -> Figure:
    """Hand the figure over without leaving it open in pyplot."""
    plt.close(figure)
    return figure
