"""Interactive pictures that do all their work in the browser, with a kernel or without.

Each widget leaves a still picture for readers without JavaScript, for PDF and for viewers of
repositories.
"""

from __future__ import annotations

import io
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from PIL import Image

from foilseg.dataset import Foil, as_pixels

SCRIPTS = Path(__file__).parent / "js"


def png(pixels: np.ndarray) -> bytes:
    """uint8 pixels (H, W) or (H, W, 3) as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "png", optimize=True)
    return file.getvalue()


class _Still(anywidget.AnyWidget):
    """A widget whose fallback is one line of text and a still picture, the same in every run."""

    text = "An interactive picture."

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = self.text
        data["image/png"] = self.still()
        return bundle

    def still(self) -> bytes:
        """A PNG of the first view."""
        raise NotImplementedError


class Relight(_Still):
    """A surface under one light whose direction the reader sets."""

    text = "A surface under one light whose direction the reader sets."
    _esm = SCRIPTS / "relight.js"
    normals = traitlets.Bytes().tag(sync=True)
    azimuth = traitlets.Int(45).tag(sync=True)
    polar = traitlets.Int(55).tag(sync=True)

    def still(self) -> bytes:
        pixels = np.asarray(Image.open(io.BytesIO(self.normals)), np.float64)
        a, p = np.radians([self.azimuth, self.polar])
        light = [np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)]
        shaded = np.clip((pixels / 127.5 - 1) @ light, 0, 1)
        return png(np.rint(255 * shaded).astype(np.uint8))


class FocalCurve(_Still):
    """The focal loss of one pixel for a gamma that the reader moves."""

    text = "The focal loss of one pixel over the probability of its class, for a chosen gamma."
    _esm = SCRIPTS / "focal.js"
    gamma = traitlets.Float(2.0).tag(sync=True)
    gammas = traitlets.List(traitlets.Float(), [0.0, 5.0]).tag(sync=True)

    def still(self) -> bytes:
        from foilseg import plots

        file = io.BytesIO()
        plots.focal_curves([*self.gammas, self.gamma]).savefig(file, metadata={"Software": None})
        return file.getvalue()


class Sentence:
    """A line of text in the place of a widget that these data do not allow."""

    def __init__(self, text: str):
        self.text = text

    def _repr_html_(self) -> str:
        return f"<p>{self.text}</p>"

    def __repr__(self) -> str:
        return self.text


def relight(foil: Foil, size: int = 256) -> Relight | Sentence:
    """The middle of a foil, at most ``size`` pixels a side, under a light the reader moves.

    Grey-scale data have no normals to light; then a sentence says so.
    """
    if foil.image.shape[0] != 3:
        return Sentence("These data hold no surface normals, so there is nothing to light anew.")
    height, width = (min(size, n) for n in foil.shape)
    part = foil.crop((foil.shape[0] - height) // 2, (foil.shape[1] - width) // 2, height, width)
    return Relight(normals=png(as_pixels(part.image)))
