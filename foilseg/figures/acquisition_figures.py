"""How a foil is photographed, how normals come of it, and its relief -> Figure."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from foilseg.data.dataset import Foil
from foilseg.data.photometric import are_normals, brightness
from foilseg.drawing.style import COLOURS, INK, PALE, done, house_style, note
from foilseg.figures.pictures import bare, picture


def light_scheme(lights: np.ndarray) -> Figure:
    """The arrangement of the lights from above and from the side (as thesis 3.1).

    ``lights`` are unit directions towards the lights, (n, 3): x to the right of the image, y
    along its rows' order, the transport direction, z towards the camera.
    """
    with house_style():
        figure, (above, side) = plt.subplots(1, 2, figsize=(9, 3.6))
        above.add_patch(Rectangle((-0.5, -1.1), 1.0, 2.2, fc=COLOURS["foil"], ec=PALE))
        above.annotate("", (0, 0.8), (0, 0.4), arrowprops={"arrowstyle": "->", "color": INK})
        above.text(0, 0.94, "transport", ha="center", va="center", fontsize=11)
        for number, (x, y, _) in enumerate(lights, 1):
            above.plot([0, x], [0, y], c=COLOURS["lamp"], lw=1)
            turned = np.array([-y, x]) / np.hypot(x, y) * 0.25
            lamp = np.array([x, y]) + np.outer([-1, 1], turned)
            above.plot(*lamp.T, c=COLOURS["lamp"], lw=6, solid_capstyle="butt")
            above.text(x + 0.3 * np.sign(x), 1.2 * y, f"light {number}", ha="center", va="center")
        above.set(title="from above (y downwards)", xlim=(-1.4, 1.4), ylim=(1.25, -1.25))
        _from_the_side(side, lights)
        for axes in (above, side):
            axes.set(aspect="equal", xticks=[], yticks=[])
            axes.grid(False)
            axes.set_frame_on(False)
        return done(figure)


def _from_the_side(axes, lights: np.ndarray) -> None:
    """The plane of one light and the camera; lights are mirrored so that two are seen."""
    polar = np.arccos(lights[0, 2])
    axes.plot([-1.2, 1.2], [0, 0], c=INK, lw=3)
    axes.plot([0, 0], [0, 1.15], c=PALE, ls="--", lw=1)
    axes.text(0.05, 1.15, "camera", va="top")
    for sign in (-1, 1):
        ends = [0, sign * np.sin(polar)], [0, np.cos(polar)]
        axes.plot(*ends, c=COLOURS["lamp"], marker="o", markevery=[1])
    arc = np.linspace(0, polar, 30)
    axes.plot(0.4 * np.sin(arc), 0.4 * np.cos(arc), c=INK, lw=1)
    axes.text(0.24, 0.46, f"{np.degrees(polar):.0f}°")
    axes.set(title="from the side, one pair of lights", xlim=(-1.3, 1.3), ylim=(-0.15, 1.3))


def stereo_steps(
    photographs: np.ndarray | None, normals: np.ndarray | None = None, albedo=None
) -> Figure:
    """Photographs under each light, the albedo, and the normals with their x and y slope.

    ``photographs`` (n, H, W) or None where the data has none, which the figure then says;
    ``normals`` (3, H, W) and ``albedo`` (H, W) are what photometric stereo makes of them.
    """
    if photographs is None:
        return note("These data come without photographs under separate lights.")
    columns = max(4, len(photographs))
    with house_style():
        aspect = photographs.shape[1] / photographs.shape[2]
        size = (9, 2 * (9 / columns * aspect + 0.35))
        figure, axes = plt.subplots(2, columns, figsize=size, squeeze=False)
        top = np.quantile(photographs, 0.999)
        for place, (number, photograph) in zip(axes[0], enumerate(photographs, 1)):
            place.imshow(photograph, cmap="gray", vmin=0, vmax=top)
            place.set_title(f"light {number}")
        axes[1, 0].imshow(albedo, cmap="gray", vmin=0)
        axes[1, 0].set_title("albedo")
        picture(axes[1, 1], normals)
        axes[1, 1].set_title("normals")
        for place, slope, name in zip(axes[1, 2:4], gradients(normals), "xy"):
            reach = np.quantile(np.abs(slope), 0.995)
            place.imshow(slope, cmap="gray", vmin=-reach, vmax=reach)
            place.set_title(f"{name} gradient")
        for place in axes.ravel():
            bare(place)
            place.set_axis_off()
        return done(figure)


def gradients(normals: np.ndarray) -> np.ndarray:
    """Slopes of the surface along x and y from its normals (3, H, W): float (2, H, W)."""
    return -normals[:2] / np.maximum(normals[2], 1e-3)


def relief(axes, foil: Foil) -> None:
    """The x gradient of normals, or the picture in grey: where a defect is easiest seen."""
    is_slope = are_normals(foil.image)
    values = gradients(foil.image)[0] if is_slope else brightness(foil.image)
    middle = np.median(values)
    reach = max(float(np.quantile(np.abs(values - middle), 0.99)), 1e-6)
    axes.imshow(values, cmap="gray", vmin=middle - reach, vmax=middle + reach)
    bare(axes)
