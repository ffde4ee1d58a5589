"""Pictures that move: their still form is right, and the browser computes the same pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from foilseg.data.dataset import Foil
from foilseg.figures import widgets


def tilted(height=20, width=30):
    """A foil whose whole surface faces one direction."""
    normal = np.array([0.6, 0.0, 0.8], np.float32)
    image = np.broadcast_to(normal[:, None, None], (3, height, width))
    return Foil("tilted", image, np.zeros((height, width), np.uint8))


def still(widget):
    return np.asarray(Image.open(io.BytesIO(widget.still())))


@pytest.mark.parametrize(
    ("azimuth", "polar", "cosine"), [(0, 0, 0.8), (0, 90, 0.6), (180, 90, 0.0), (90, 60, 0.4)]
)
def test_the_light_follows_lambert(azimuth, polar, cosine):
    widget = widgets.relight(tilted())
    widget.azimuth, widget.polar = azimuth, polar
    assert still(widget).shape == (20, 30)
    assert np.abs(still(widget) / 255 - cosine).max() < 0.008


def test_the_fallback_is_one_line_and_a_picture_the_same_each_time():
    bundles = [widgets.relight(tilted())._repr_mimebundle_() for _ in range(2)]
    data = [b[0] if isinstance(b, tuple) else b for b in bundles]
    assert data[0]["text/plain"] == data[1]["text/plain"] and "0x" not in data[0]["text/plain"]
    assert data[0]["image/png"] == data[1]["image/png"]


def test_the_focal_curve_has_a_still_picture():
    assert still(widgets.FocalCurve()).ndim == 3


def test_grey_data_get_a_sentence_instead_of_a_light():
    grey = Foil("g", np.zeros((1, 9, 9), np.float32), np.zeros((9, 9), np.uint8))
    sentence = widgets.relight(grey)
    assert "no surface normals" in repr(sentence) and "<p>" in sentence._repr_html_()


def test_a_large_foil_is_cut_to_its_middle():
    widget = widgets.relight(tilted(100, 80), size=64)
    assert Image.open(io.BytesIO(widget.normals)).size == (64, 64)
