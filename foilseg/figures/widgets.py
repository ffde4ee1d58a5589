"""Interactive pictures that do all their work in the browser, with a kernel or without.

Each widget leaves a still picture for readers without JavaScript, for PDF and for viewers of
repositories.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets
from PIL import Image

from foilseg.data import escape
from foilseg.data.dataset import Foil, LabelClass, as_pixels
from foilseg.data.photometric import are_normals
from foilseg.drawing.style import COLOURS, ERROR_COLOURS
from foilseg.figures import packing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCRIPTS = Path(__file__).parent / "js"
# One module in several files: a front end is a single text, so they are put together here.
PARTS = "unpack paint regions camera gestures controls state panes levels"
PARTS += " drawn scores thumbs keys pointer compare"


def png(pixels: np.ndarray) -> bytes:
    """uint8 pixels (H, W) or (H, W, 3) as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "png", optimize=True)
    return file.getvalue()


def drawn(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file, the same in every run."""
    file = io.BytesIO()
    figure.savefig(file, metadata={"Software": None})
    return file.getvalue()


class Still(anywidget.AnyWidget):
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


class Relight(Still):
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


class FocalCurve(Still):
    """The focal loss of one pixel for a gamma that the reader moves."""

    text = "The focal loss of one pixel over the probability of its class, for a chosen gamma."
    _esm = SCRIPTS / "focal.js"
    gamma = traitlets.Float(2.0).tag(sync=True)
    gammas = traitlets.List(traitlets.Float(), [0.0, 5.0]).tag(sync=True)
    colour = traitlets.Unicode(COLOURS["second"]).tag(sync=True)

    def still(self) -> bytes:
        from foilseg.figures import plots

        return drawn(plots.focal_curves([*self.gammas, self.gamma]))


class Sentence:
    """A line of text in the place of a widget that these data do not allow."""

    def __init__(self, text: str):
        self.text = text

    def _repr_html_(self) -> str:
        return escape.paragraph(self.text)

    def __repr__(self) -> str:
        return self.text


def relight(foil: Foil, size: int = 256) -> Relight | Sentence:
    """The middle of a foil, at most ``size`` pixels a side, under a light the reader moves.

    Photographs have no normals to light; then a sentence says so.
    """
    if not are_normals(foil.image):
        return Sentence("These data hold no surface normals, so there is nothing to light anew.")
    height, width = (min(size, n) for n in foil.shape)
    part = foil.crop((foil.shape[0] - height) // 2, (foil.shape[1] - width) // 2, height, width)
    return Relight(normals=png(as_pixels(part.image)))


class Compare(Still):
    """Predictions of many models beside the annotation: two panes, a swipe, or a grid.

    All work is done in the browser. ``facts`` describes the foils and classes, ``files`` holds
    their pictures and masks one after the other, ``view`` is the state of the controls.
    """

    text = "A viewer for the input, the annotation and the predictions of one foil."
    _esm = "\n".join((SCRIPTS / f"compare_{part}.js").read_text() for part in PARTS.split())
    facts = traitlets.Dict().tag(sync=True)
    files = traitlets.Bytes().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(self, picture: bytes, **traits: Any):
        super().__init__(**traits)
        self._picture = picture

    def still(self) -> bytes:
        return self._picture


Masks = Mapping[str, np.ndarray]


def compare(
    foils: Foil | Sequence[Foil],
    predictions: Masks | Mapping[str, Masks] | None = None,
    classes: Sequence[LabelClass] = (),
    *,
    runs: Sequence[Any] = (),
    inputs: Mapping[str, Masks] | None = None,
    levels: Mapping[str, Mapping[str, Any]] | None = None,
    key: str = "compare",
) -> Compare | Sentence:
    """Compare input, annotation, truth and predictions of some foils.

    Parameters
    ----------
    foils : one foil, or several of which the reader chooses.
    predictions : title -> mask uint8 (H, W) of one foil, or foil name -> such a mapping.
    classes : of the data, with their colours; may be left out if there are runs.
    runs : stored runs (:class:`foilseg.training.runs.Run`) to predict the foils with, under the
        run's name. What a run has stored for exactly this foil is taken, the rest is predicted.
        Runs for other classes than these leave nothing to show.
    inputs : foil name -> title -> further picture float32 (H, W) in [0, 1], such as the albedo.
    levels : foil name -> what :func:`foilseg.measured.probability_maps.beside` tells of it, so
        that the reader may choose a threshold; of other foils the masks are all there is.
    key : how links to this viewer begin; give two viewers of one page different ones.

    Returns
    -------
    The viewer. A foil that cannot be shown has a sentence that says why in the place of its
    picture; if no foil can be shown, that sentence is all there is.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
        raise ValueError(f"key: {key!r}; use letters, digits, - and _")
    foils = [foils] if isinstance(foils, Foil) else list(foils)
    masks, failures = _by_foil(foils, predictions or {}), {}
    if runs:
        from foilseg.measured import live

        try:
            classes = live.classes(runs, classes)
        except ValueError as error:
            return Sentence(f"{error}.")
        failures = {f.name: live.add(runs, f, masks[f.name]) for f in foils}
    extra = inputs or {}
    packed = [
        packing.pack(f, masks[f.name], classes, extra.get(f.name, {}), failures.get(f.name, ""))
        for f in foils
    ]
    if all(facts["problem"] for facts, _ in packed):
        said = " ".join(facts["problem"] for facts, _ in packed)
        return Sentence(said or "There is no foil to show; give at least one.")
    shown = next(f for f, (facts, _) in zip(foils, packed) if not facts["problem"])
    first = next(iter(masks[shown.name].values()))
    data = b"".join(file for _, files in packed for file in files)
    facts = _facts(key, packed, classes, levels or {})
    return Compare(packing.still(shown, first, classes), facts=facts, files=data)


def _facts(
    key: str,
    packed: Sequence[tuple[dict[str, Any], list[bytes]]],
    classes: Sequence[LabelClass],
    levels: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """What the viewer's script is told besides the files."""
    described = [facts | {"sizes": [len(file) for file in files]} for facts, files in packed]
    for foil in described:
        foil |= {"levels": levels[foil["name"]]} if foil["name"] in levels else {}
    return {
        "key": key,
        "foils": [
            f | ({"levels": levels[f["name"]]} if f["name"] in levels else {}) for f in described
        ],
        "classes": [{"index": c.index, "name": c.name, "colour": c.colour} for c in classes],
        "colours": {name: COLOURS[name] for name in ("ink", "pale", "paper", "first")},
        "errors": ERROR_COLOURS,
    }


def _by_foil(foils: Sequence[Foil], given: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """Foil name -> title -> mask, from either form that :func:`compare` takes."""
    if any(isinstance(value, np.ndarray) for value in given.values()):
        if len(foils) != 1:
            raise ValueError("predictions: with several foils, give foil name -> title -> mask")
        return {foils[0].name: dict(given)}
    unknown = sorted(set(given) - {foil.name for foil in foils})
    if unknown:
        raise ValueError(f"predictions: {unknown[0]!r} is none of the foils")
    return {foil.name: dict(given.get(foil.name, {})) for foil in foils}
