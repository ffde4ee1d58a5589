"""What a prediction finds, misses and reports falsely, as pictures, with their legend."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from foilseg.data.dataset import Foil
from foilseg.drawing.style import ERROR_COLOURS, PALE, outside_legend
from foilseg.figures.pictures import bare, stretched

ERRORS = "errors"  # gid of pictures of kinds of errors


def errors_on(axes, foil: Foil, mask: np.ndarray) -> None:
    """What a mask finds, misses and reports falsely, on a grey relief of the foil."""
    seen = foil.image if foil.image.shape[0] == 1 else stretched(foil.image)[:1]
    axes.imshow(seen[0], cmap="gray", interpolation="antialiased", alpha=0.6)
    coloured(axes, foil.mask, mask)
    bare(axes)


def coloured(axes, reference: np.ndarray, mask: np.ndarray) -> None:
    """The pixels that a mask finds, misses and reports falsely, over what is drawn already."""
    kinds = np.ma.masked_equal(error_kinds(reference, mask), 0)
    palette = ListedColormap(list(ERROR_COLOURS.values()))
    limits = {"vmin": 1, "vmax": len(ERROR_COLOURS)}
    axes.imshow(kinds, cmap=palette, interpolation="nearest", gid=ERRORS, **limits)


def kinds_of_errors(figure: Figure | None = None) -> list[Patch]:
    """What the colours of errors say, for a legend: of all kinds, or of those in a figure."""
    every = [Patch(fc=colour, ec=PALE, label=name) for name, colour in ERROR_COLOURS.items()]
    if figure is None:
        return every
    images = [image for axes in figure.axes for image in axes.images if image.get_gid() == ERRORS]
    drawn = {int(kind) for image in images for kind in np.unique(image.get_array().compressed())}
    return [patch for kind, patch in enumerate(every, 1) if kind in drawn]


def errors_legend(figure: Figure) -> None:
    """The colours of the kinds of errors that are drawn, above the panels."""
    handles = kinds_of_errors(figure)
    outside_legend(figure, handles, 4)


def error_kinds(reference: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """0 nothing, then the kinds of ``style.ERROR_COLOURS`` in order: uint8 (H, W)."""
    true, said, same = reference > 0, mask > 0, reference == mask
    kinds = [true & same, true & ~said, said & ~true, true & said & ~same]
    return np.select(kinds, [1, 2, 3, 4], 0).astype(np.uint8)
