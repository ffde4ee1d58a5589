"""Normals, shadows and noise of the rendered coating against closed forms."""

import numpy as np
import pytest

from foilseg.data.photometric import line_lights
from foilseg.twin import kinds
from foilseg.twin.surface import SurfaceConfig, coating, normals_of, overlap, photograph, visibility

QUIET = SurfaceConfig(read_noise=0, shot_noise=0, unevenness=0)


def test_normals_of_a_plane():
    y, x = np.mgrid[:9, :12].astype(np.float32)
    normals = normals_of(50 * (0.3 * x - 0.4 * y), 50.0)
    length = np.sqrt(1 + 0.3**2 + 0.4**2)
    for plane, wanted in zip(normals, (-0.3, 0.4, 1)):
        np.testing.assert_allclose(plane, wanted / length, rtol=1e-5)


@pytest.mark.parametrize("number", range(4))
def test_a_wall_throws_a_shadow_of_its_height_over_the_tangent(number):
    """Elevation 35 degrees: a wall of 400 um shades 400 / tan(35) = 571 um away from the light."""
    light = line_lights()[number]
    height = np.zeros((81, 81), np.float32)
    height[40, 40] = 400
    seen = visibility(height, 50.0, light, penumbra=0.0)
    step = -np.sign(light[:2]).astype(int)
    length = 400 / np.tan(np.deg2rad(35)) / (50 * np.sqrt(2))
    for k in range(1, 20):
        wanted = 0 if k < length else 1
        assert seen[40 + k * step[1], 40 + k * step[0]] == wanted
    assert (seen == 0).sum() == int(length), "and only there"


def test_a_flat_foil_is_evenly_lit_and_darker_by_the_cosine():
    flat = np.zeros((40, 50), np.float32)
    albedo = np.full_like(flat, 0.5)
    pictures = photograph(np.random.default_rng(0), flat, albedo, line_lights(), 1.0, QUIET)
    assert (pictures == round(330 * 0.5 * np.cos(np.deg2rad(55)))).all()


def test_sensor_noise_has_the_stated_variance():
    config = SurfaceConfig(read_noise=2, shot_noise=0.05, unevenness=0)
    flat = np.zeros((300, 300), np.float32)
    pictures = photograph(np.random.default_rng(0), flat, flat + 0.5, line_lights(), 1.0, config)
    value = 330 * 0.5 * np.cos(np.deg2rad(55))
    wanted = 2**2 + 0.05 * value + 1 / 12  # rounding adds a twelfth
    assert pictures.astype(float).var() == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_the_coating_has_the_stated_slopes(scale):
    config = SurfaceConfig(variation=0, coarse_grains=0)
    height, albedo = coating(np.random.default_rng(0), (500, 500), scale, config)
    gy, gx = np.gradient(height, 50 / scale)
    wanted = np.sqrt(config.grain**2 + config.streaks**2 + config.waviness**2)
    assert np.sqrt((gx**2 + gy**2).mean()) == pytest.approx(wanted, rel=0.05)
    assert gx.std() > 1.05 * gy.std(), "the texture is drawn out along the rows"
    assert albedo.min() > 0 and albedo.max() <= 1


def test_overlap_at_every_edge():
    plane = np.arange(20).reshape(4, 5)
    for top in range(-4, 6):
        for left in range(-4, 7):
            window, inner = overlap(plane.shape, (3, 3), top, left)
            padded = np.pad(plane, 8, constant_values=-1)[8 + top : 11 + top, 8 + left : 11 + left]
            inside = padded >= 0
            assert sorted(plane[window].ravel()) == sorted(padded[inside])
            assert np.zeros((3, 3))[inner].size == inside.sum()


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_shapes_halve_with_the_scale_and_differ_each_time(kind):
    full = [kinds.draw(np.random.default_rng(s), kind, 1.0) for s in range(40)]
    half = [kinds.draw(np.random.default_rng(s + 100), kind, 0.5) for s in range(40)]
    area = [np.median([s.mask.sum() for s in group]) for group in (full, half)]
    assert area[0] / area[1] == pytest.approx(4, rel=0.6)
    assert len({s.mask.tobytes() for s in full}) == 40
    for one in full:
        assert one.mask.any() and one.relief.shape == one.mask.shape == one.albedo.shape
        assert np.isfinite(one.relief).all() and one.contrast > 0


def test_relief_has_the_sign_of_the_defect():
    for kind, sign in ((1, 1), (2, -1), (3, -1)):
        one = kinds.draw(np.random.default_rng(0), kind, 1.0)
        assert np.sign(one.relief[one.mask].mean()) == sign
    deep = kinds.draw(np.random.default_rng(0), 3, 1.0, contrast=2.0)
    once = kinds.draw(np.random.default_rng(0), 3, 1.0)
    np.testing.assert_allclose(deep.relief, 2 * once.relief, rtol=1e-6)


def test_unknown_kinds_and_factors_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="kind"):
        kinds.draw(rng, 5, 1.0)
    with pytest.raises(ValueError, match="scale"):
        kinds.draw(rng, 1, 0.0)
    with pytest.raises(ValueError, match="contrast"):
        kinds.draw(rng, 1, 1.0, contrast=float("nan"))
