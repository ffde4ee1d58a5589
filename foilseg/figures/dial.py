"""The dial: one network whose prior the reader turns, in a window and among all models."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import traitlets
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.markers import MarkerStyle
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox

from foilseg.data.components import components
from foilseg.data.dataset import LabelClass, as_float, as_pixels
from foilseg.data.photometric import are_normals, brightness
from foilseg.drawing import night
from foilseg.drawing.names import MARK, extent, laid_out, named
from foilseg.drawing.style import COLOURS, ERROR_COLOURS, PAPER, done, house_style, look
from foilseg.figures import model_figures, pictures
from foilseg.figures.widgets import SCRIPTS, Sentence, Still, drawn
from foilseg.measured.dial_crop import STEPS, DialCrop

OUTLINE = 0.5  # between two class indices, where a contour is drawn
# The plane of the script, in its own units, in which the names are placed here.
PLANE = {"width": 460, "height": 380, "left": 46, "right": 12, "top": 14, "bottom": 44}
LETTERS, NAME = 15.5, 10  # how high letters are there, and in points where names are placed
RING = 10  # units from the middle of the ring to its edge


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
    images: str = "the images that judge",
) -> Dial | Sentence:
    """The widget; a sentence where there is no window or no curve.

    Parameters
    ----------
    crop : of :mod:`foilseg.measured.dial_crop`.
    classes : of the data.
    curve, points : of :class:`foilseg.analysis.thresholds.Moved`.
    hero : the class whose objects are ringed; the rarest by the window's priors unless told.
    images : those that the rates of curve and points are of, in words.
    """
    if crop is None or curve.empty:
        return Sentence("This study brings no window in which a prior could be turned.")
    order = sorted(classes, key=lambda c: c.index)
    hero = hero or order[int(np.argmin(crop.priors))]
    numbers, _ = components(crop.mask == hero.index)
    rings = pictures.rings_of(numbers)
    facts = _facts(crop, order, curve, points) | {
        "hero": hero.index,
        "name": hero.name,
        "objects": rings,
        "images": images,
    }
    parts = (shaded(crop.image), crop.mask, numbers.astype(np.uint8), crop.logits)
    data = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
    return Dial(_still(crop, order, curve, points, rings), facts=facts, files=data)


def shaded(image: np.ndarray) -> np.ndarray:
    """A window as grey uint8 (H, W): normals lit from the upper left, their contrast stretched."""
    if not are_normals(as_float(image)):
        return as_pixels(brightness(as_float(image))[None])
    slope = (image[..., 0].astype(float) - image[..., 1]) / 2
    low, high = np.quantile(slope, (0.005, 0.995))
    return np.rint(np.clip((slope - low) / max(high - low, 1.0), 0, 1) * 255).astype(np.uint8)


def _facts(
    crop: DialCrop, order: list[LabelClass], curve: pd.DataFrame, points: pd.DataFrame
) -> dict[str, Any]:
    height, width = crop.mask.shape
    known = pd.concat([curve["FPR"], points["FPR"]])
    low, high = max(known[known > 0].min() / 1.5, 1e-6), min(1.0, 1.5 * known.max())
    powers = [10.0**k for k in range(-6, 1) if low <= 10.0**k < high]  # at the end none has room
    return {
        "height": height,
        "width": width,
        "classes": [{"index": c.index, "name": c.name, "colour": c.colour} for c in order],
        "priors": crop.priors.tolist(),
        "steps": STEPS,
        "curve": curve[["tau", "TPR", "FPR"]].to_dict("records"),
        "plane": PLANE | {"letters": LETTERS},
        "bar": pictures.bar_of(width),
        "points": _named(curve, points, low, high),
        "range": {"low": float(low), "high": float(high)},
        "ticks": [[value, f"{1e6 * value:,.0f}"] for value in powers],
        "walker": COLOURS["second"],
        "colours": {name: COLOURS[name] for name in ("ink", "paper", "pale")}
        | {"missed": ERROR_COLOURS["miss"], "ground": night.GROUND, "light": night.INK},
        "words": "Mean share found over mean false alarms: the dial's curve and all models",
    }


def _named(
    curve: pd.DataFrame, points: pd.DataFrame, low: float, high: float
) -> list[dict[str, Any]]:
    """The models in their looks, and where each name stands in the plane, in its units."""
    dpi = 72 * LETTERS / NAME
    width, height = PLANE["width"], PLANE["height"]
    sides = PLANE["left"] / width, PLANE["bottom"] / height
    with house_style():
        figure = plt.figure(figsize=(width / dpi, height / dpi), dpi=dpi, layout="none")
        across = 1 - (PLANE["left"] + PLANE["right"]) / width
        axes = figure.add_axes((*sides, across, 1 - (PLANE["top"] + PLANE["bottom"]) / height))
        axes.set(xscale="log", xlim=(low, high), ylim=(0, 1))
        places = np.stack([points["FPR"].clip(lower=low), points["TPR"]], axis=1)
        _kept_free(axes, curve)
        named(axes, places, points["model"])
        known = np.isfinite(places).all(axis=1)
        written = zip(points["model"][known].astype(str), places[known], axes.texts, strict=True)
        found = [_told(axes, *each) for each in written]
        units = axes.transData.transform(places[known]) * 72 / dpi
        below = model_figures.hidden(units, MARK / 2)
        done(figure)
        return [
            one | {"wider": model_figures.WIDER if under else 1} for one, under in zip(found, below)
        ]


def _kept_free(axes: Axes, curve: pd.DataFrame) -> None:
    """Draw what the script draws before the names: the curve, and the ring where it starts."""
    known = curve[curve["FPR"] > 0]
    axes.plot(known["FPR"], known["TPR"])
    start = known[known["tau"] == 0]
    corners = [(x, y) for x in (-RING, RING) for y in (-RING, RING)]
    for row in start.itertuples():
        middle = axes.transData.transform((row.FPR, row.TPR))
        ring = axes.transData.inverted().transform(middle + np.array(corners))
        axes.plot(*ring[[0, 1, 3, 2, 0]].T)


def _told(axes: Axes, model: str, place: np.ndarray, text: Text) -> dict[str, Any]:
    """A model for the script; ``y`` of its name is the middle, from the upper edge down."""
    box = Bbox.from_extents(extent(text))
    side, own = text.get_horizontalalignment(), look(model)
    x = {"left": box.x0, "right": box.x1, "center": (box.x0 + box.x1) / 2}[side]
    mark = axes.transData.transform(place)
    near = np.clip(mark, box.min, box.max)
    return {
        "model": model, "TPR": float(place[1]), "FPR": float(place[0]),
        "colour": own.colour, "night": to_hex(night.by_night(own.colour)),
        "mark": _outline(own.mark), "lines": text.get_text().split("\n"),
        "x": round(x, 1), "y": round(PLANE["height"] - (box.y0 + box.y1) / 2, 1), "side": side,
        "from": [round(near[0], 1), round(PLANE["height"] - near[1], 1)],
        "led": text.arrow_patch is not None,
    }  # fmt: skip


def _outline(mark: str) -> str:
    """A mark of matplotlib as the path of an SVG, one unit wide, its y pointing down."""
    style = MarkerStyle(mark)
    fine = Affine2D(style.get_transform().get_matrix()).scale(100, -100)
    (ring,) = style.get_path().transformed(fine).to_polygons()
    return "M" + "L".join(f"{x / 100:.3g},{y / 100:.3g}" for x, y in ring) + "Z"


def _still(crop, order, curve, points, rings) -> bytes:
    """The window as the network leaves it, and the plane."""
    with house_style():
        figure, axes = plt.subplots(1, 2, figsize=(10, 4.8), width_ratios=(1, 1.15))
        _window(axes[0], crop, order, rings)
        marked = model_figures.walk(axes[1], curve, points)
        laid_out(figure)
        model_figures.stand_out(axes[1], marked)
        named(axes[1], model_figures.places_of(points), points["model"])
        return drawn(done(figure))


def _window(axes: Axes, crop: DialCrop, order: list[LabelClass], rings: list[dict]) -> None:
    said, grey = crop.said(0.0), shaded(crop.image)[..., None] / 255
    colours = np.array([[int(c.colour[k : k + 2], 16) for k in (1, 3, 5)] for c in order]) / 255
    share = np.where(said > 0, 0.6, 0.0)[..., None]
    axes.imshow((1 - share) * grey + share * colours[said], interpolation="nearest")
    for c in order[1:]:
        if (crop.mask == c.index).any():
            axes.contour(crop.mask == c.index, [OUTLINE], colors=[PAPER], linewidths=1.2)
    pictures.ringed(axes, rings)
    pictures.scale_bar(axes, *crop.mask.shape)
    axes.set_axis_off()
