"""The dial: one network whose prior the reader turns, in a window and among all models."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import traitlets
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from foilseg.data.components import boxes, components
from foilseg.data.dataset import LabelClass
from foilseg.figures import model_figures, night
from foilseg.figures.style import COLOURS, ERROR_COLOURS, PAPER, done, house_style, look
from foilseg.figures.widgets import SCRIPTS, Sentence, Still, drawn
from foilseg.measured.dial_crop import STEPS, DialCrop

OUTLINE = 0.5  # between two class indices, where a contour is drawn


class Dial(Still):
    """A window of a picture and the models' rates; ``tau`` is the setting of the dial."""

    text = "One network at a prior that the reader turns: its mask, and its rates among all models."
    _esm = SCRIPTS / "dial.js"
    facts = traitlets.Dict().tag(sync=True)
    files = traitlets.Bytes().tag(sync=True)
    tau = traitlets.Float(0.0).tag(sync=True)

    def __init__(self, picture: bytes, **traits: Any):
        super().__init__(**traits)
        self._picture = picture

    def still(self) -> bytes:
        return self._picture


def dial(
    crop: DialCrop | None,
    classes: tuple[LabelClass, ...],
    curve: pd.DataFrame,
    points: pd.DataFrame,
    hero: LabelClass | None = None,
) -> Dial | Sentence:
    """The widget; a sentence where there is no window or no curve.

    Parameters
    ----------
    crop : of :mod:`foilseg.measured.dial_crop`.
    classes : of the data.
    curve, points : of :class:`foilseg.analysis.thresholds.Moved`.
    hero : the class whose objects are ringed; the rarest by the window's priors unless told.
    """
    if crop is None or curve.empty:
        return Sentence("This study brings no window in which a prior could be turned.")
    order = sorted(classes, key=lambda c: c.index)
    hero = hero or order[int(np.argmin(crop.priors))]
    numbers, _ = components(crop.mask == hero.index)
    rings = rings_of(numbers)
    facts = _facts(crop, order, curve, points) | {
        "hero": hero.index,
        "name": hero.name,
        "objects": rings,
    }
    parts = (shaded(crop.image), crop.mask, numbers.astype(np.uint8), crop.logits)
    data = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return Dial(_still(crop, order, curve, points, rings), facts=facts, files=data)


def shaded(image: np.ndarray) -> np.ndarray:
    """A window as grey uint8 (H, W): normals lit from the upper left, their contrast stretched."""
    if image.ndim == 2:
        return image
    slope = (image[..., 0].astype(float) - image[..., 1]) / 2
    low, high = np.quantile(slope, (0.005, 0.995))
    return np.rint(np.clip((slope - low) / max(high - low, 1.0), 0, 1) * 255).astype(np.uint8)


def rings_of(numbers: np.ndarray) -> list[dict[str, float]]:
    """Middle and radius, in pixels, of every numbered object of a mask (H, W)."""
    return [_ring(box) for box in boxes(numbers)]


def _ring(box: tuple[slice, slice]) -> dict[str, float]:
    rows, columns = box
    radius = max(rows.stop - rows.start, columns.stop - columns.start) / 2
    middle = {"x": (columns.start + columns.stop) / 2, "y": (rows.start + rows.stop) / 2}
    return middle | {"radius": radius}


def _facts(
    crop: DialCrop, order: list[LabelClass], curve: pd.DataFrame, points: pd.DataFrame
) -> dict[str, Any]:
    height, width = crop.mask.shape
    known = pd.concat([curve["FPR"], points["FPR"]])
    low, high = max(known[known > 0].min() / 1.5, 1e-6), min(1.0, 1.5 * known.max())
    powers = [10.0**k for k in range(-6, 1) if low <= 10.0**k <= high]
    return {
        "height": height,
        "width": width,
        "classes": [{"index": c.index, "name": c.name, "colour": c.colour} for c in order],
        "priors": crop.priors.tolist(),
        "steps": STEPS,
        "curve": curve[["tau", "TPR", "FPR"]].to_dict("records"),
        "points": _named(points),
        "range": {"low": float(low), "high": float(high)},
        "ticks": [[value, f"{1e6 * value:,.0f}"] for value in powers],
        "walker": COLOURS["second"],
        "colours": {name: COLOURS[name] for name in ("ink", "paper", "pale")}
        | {"missed": ERROR_COLOURS["miss"], "ground": night.GROUND, "light": night.INK},
        "words": "Mean share found over mean false alarms: the dial's curve and all models",
    }


def _named(points: pd.DataFrame) -> list[dict[str, Any]]:
    """The models with their colours, and where each name stands: names close by take turns."""
    table = points.sort_values("TPR")
    heights = model_figures.spread(table["TPR"].to_numpy(float), 0.045)
    found = []
    for k, (row, height) in enumerate(zip(table.itertuples(), heights)):
        down = 4 - 322 * (height - row.TPR)  # the plane is 322 units high
        told = {"model": str(row.model), "TPR": float(row.TPR), "FPR": float(row.FPR)}
        side = "left" if k % 2 else "right"
        colour = look(str(row.model)).colour
        told |= {"colour": colour, "night": to_hex(night.by_night(colour))}
        found.append(told | {"side": side, "down": down})
    return found


def _still(crop, order, curve, points, rings) -> bytes:
    """The window as the network leaves it, and the plane."""
    with house_style():
        figure, axes = plt.subplots(1, 2, figsize=(10, 4.8), width_ratios=(1, 1.15))
        _window(axes[0], crop, order, rings)
        model_figures.walk(axes[1], curve, points)
        model_figures.laid_out(figure)
        places, clear = model_figures.places_of(points), model_figures.walked(axes[1], curve)
        model_figures.named(axes[1], places, points["model"], clear)
        return drawn(done(figure))


def _window(axes: Axes, crop: DialCrop, order: list[LabelClass], rings: list[dict]) -> None:
    said, grey = crop.said(0.0), shaded(crop.image)[..., None] / 255
    colours = np.array([[int(c.colour[k : k + 2], 16) for k in (1, 3, 5)] for c in order]) / 255
    share = np.where(said > 0, 0.6, 0.0)[..., None]
    axes.imshow((1 - share) * grey + share * colours[said], interpolation="nearest")
    for c in order[1:]:
        if (crop.mask == c.index).any():
            axes.contour(crop.mask == c.index, [OUTLINE], colors=[PAPER], linewidths=0.8)
    ringed(axes, rings)
    axes.set_axis_off()


def ringed(axes: Axes, rings: list[dict[str, float]]) -> None:
    """A white circle around each object of :func:`rings_of`."""
    for ring in rings:
        place = (ring["x"] - 0.5, ring["y"] - 0.5)
        axes.add_patch(Circle(place, ring["radius"] + 3, fill=False, ec=PAPER, lw=1.5))
