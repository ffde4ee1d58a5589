"""Photometric stereo against analytic surfaces, and every refusal."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foilseg.data.dataset import as_float, as_pixels
from foilseg.data.photometric import (
    are_normals,
    brightness,
    check_lights,
    estimate_normals,
    line_lights,
    render,
)


def degrees_between(a, b):
    """Angles of two fields of unit vectors, exact for small ones too."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    cross = np.linalg.norm(np.cross(a, b, axis=0), axis=0)
    return np.rad2deg(np.arctan2(cross, (a * b).sum(0)))


def sphere(radius=60):
    """Normals of a half sphere and the pixels it covers."""
    axis = np.arange(-radius, radius + 1) / radius
    y, x = np.meshgrid(axis, axis, indexing="ij")
    inside = x**2 + y**2 < 0.999
    z = np.sqrt(np.where(inside, 1 - x**2 - y**2, 1))
    return np.stack([np.where(inside, x, 0), np.where(inside, y, 0), z]), inside


@pytest.mark.parametrize("n", [3, 4, 5, 8])
def test_a_sphere_comes_back_wherever_three_lights_reach_it(n):
    lights = line_lights(n)
    truth, inside = sphere()
    albedo = np.random.default_rng(0).uniform(0.1, 0.9, inside.shape)
    lit = (np.einsum("nk,kij->nij", lights, truth) > 1e-4).sum(0)
    normals, found = estimate_normals(render(truth, albedo, lights), lights)
    seen = inside & (lit >= 3)
    assert (inside & (lit < n)).any(), "the test is to reach into the shadows"
    assert degrees_between(normals, truth)[seen].max() < 0.01
    np.testing.assert_allclose(found[seen], albedo[seen], rtol=1e-4)


def test_a_light_in_shadow_would_spoil_the_plain_pseudo_inverse():
    lights = line_lights()
    truth, inside = sphere()
    observed = render(truth, np.ones(inside.shape), lights)
    plain = np.tensordot(np.linalg.pinv(lights), observed, 1)
    plain /= np.maximum(np.linalg.norm(plain, axis=0), 1e-9)
    lit = (observed > 1e-4).sum(0)
    assert degrees_between(plain, truth)[inside & (lit == 3)].max() > 1


def test_the_lights_stand_as_in_the_thesis():
    lights = line_lights()
    np.testing.assert_allclose(np.linalg.norm(lights, axis=1), 1)
    np.testing.assert_allclose(np.rad2deg(np.arccos(lights[:, 2])), 55)
    flat = lights[:, :2] / np.linalg.norm(lights[:, :2], axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs(flat), np.sqrt(0.5))
    np.testing.assert_allclose(
        flat @ flat.T, [[1, 0, -1, 0], [0, 1, 0, -1], [-1, 0, 1, 0], [0, -1, 0, 1]], atol=1e-12
    )


def test_render_is_the_cosine_law():
    tilt = np.deg2rad([0, 20, 34, 36, 60])
    normals = np.stack([np.sin(tilt), 0 * tilt, np.cos(tilt)])[:, None, :]
    lights = np.array(
        [[np.sin(np.deg2rad(-55)), 0, np.cos(np.deg2rad(55))], [0, 0, 1], [0, 0.6, 0.8]]
    )
    shading = render(normals, np.full((1, 5), 0.5), lights)
    wanted = 0.5 * np.clip(np.cos(tilt + np.deg2rad(55)), 0, None)
    np.testing.assert_allclose(shading[0, 0], wanted, atol=1e-6)
    np.testing.assert_allclose(shading[1, 0], 0.5 * np.cos(tilt), rtol=1e-6)


def test_integers_of_one_light_each_and_chunk_edges_do_not_matter():
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (4, 300, 401), dtype=np.uint8)
    pictures[:, 0, :3] = 0
    normals, albedo = estimate_normals(pictures, line_lights())
    again, more = estimate_normals(list(pictures.astype(np.float64)), line_lights(), workers=1)
    np.testing.assert_array_equal(normals, again)
    np.testing.assert_array_equal(albedo, more)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=0), 1, atol=1e-5)
    np.testing.assert_array_equal(normals[:, 0, 0], [0, 0, 1])
    assert albedo[0, 0] == 0
    part, _ = estimate_normals(pictures[:, 100:103], line_lights())
    np.testing.assert_allclose(part, normals[:, 100:103], atol=1e-6)


def test_no_pixel_gives_empty_arrays():
    normals, albedo = estimate_normals(np.zeros((4, 0, 7)), line_lights())
    assert normals.shape == (3, 0, 7) and albedo.shape == (0, 7)


@given(
    arrays(np.float64, (5, 3), elements=st.floats(-1, 1)),
    arrays(np.float64, (3,), elements=st.floats(-1, 1)),
    st.floats(0.05, 100),
)
@settings(max_examples=150, deadline=None)
def test_any_lights_and_normal_come_back_exactly(directions, normal, albedo):
    """Round trip with random lights: exact where the lit ones are far from one plane."""
    directions[:, 2] = np.abs(directions[:, 2]) + 0.3
    lights = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    assume(np.linalg.svd(lights, compute_uv=False)[2] > 0.05)
    normal[2] = abs(normal[2]) + 0.3
    normal /= np.linalg.norm(normal)
    observed = render(normal[:, None, None], np.full((1, 1), albedo), lights)
    lit = observed[:, 0, 0] > 0
    assume(lit.sum() >= 3 and np.linalg.svd(lights[lit], compute_uv=False)[2] > 0.05)
    normals, found = estimate_normals(observed, lights)
    assert degrees_between(normals[:, 0, 0], normal) < 0.01
    np.testing.assert_allclose(found[0, 0], albedo, rtol=1e-4)


BAD_LIGHTS = {
    "at least 3": line_lights()[:2],
    "one plane": np.array([[1, 0, 0], [0, 1, 0], [0.6, 0.8, 0], [-1, 0, 0]]),
    "in one plane": np.array([[0, 0, 1.0]] * 4),
    "NaN": np.array([[np.nan, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "lengths": 2 * line_lights(),
    r"not \(n, 3\)": np.ones((4, 2)),
}


@pytest.mark.parametrize("message", BAD_LIGHTS)
def test_unusable_lights_are_refused(message):
    with pytest.raises(ValueError, match=message):
        check_lights(BAD_LIGHTS[message])
    with pytest.raises(ValueError, match=message):
        estimate_normals(np.ones((len(BAD_LIGHTS[message]), 2, 2)), BAD_LIGHTS[message])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.1])
def test_unusable_intensities_are_refused(value):
    pictures = np.ones((4, 400, 300))
    pictures[2, 399, 299] = value
    with pytest.raises(ValueError, match="NaN, infinity or a negative"):
        estimate_normals(pictures, line_lights())


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="sizes"):
        estimate_normals([np.ones((2, 2)), np.ones((2, 3)), np.ones((2, 2))], line_lights(3))
    with pytest.raises(ValueError, match="3 pictures for 4 lights"):
        estimate_normals(np.ones((3, 2, 2)), line_lights())
    with pytest.raises(ValueError, match="fit"):
        render(np.ones((3, 2, 2)), np.ones((2, 3)), line_lights())


def test_pictures_of_normals_are_told_from_photographs():
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 0.2, (2, 40, 50))
    normals = np.stack([x, y, np.sqrt(1 - x**2 - y**2)]).astype(np.float32)
    stored = as_float(as_pixels(normals))
    assert are_normals(normals) and are_normals(stored)
    assert not are_normals(np.full((3, 9, 9), 1 / np.sqrt(3), np.float32)), "a grey photograph"
    assert not are_normals(rng.uniform(-1, 1, (3, 40, 50)).astype(np.float32))
    assert not are_normals(normals[:1]) and not are_normals(normals[:, :0])


def test_brightness_is_the_luma_of_colours_and_the_grey_value_itself():
    pure = np.full((3, 1, 4), -1, np.float32)
    for place in range(3):
        pure[place, 0, place] = 1
    pure[:, 0, 3] = 1
    assert brightness(pure)[0] == pytest.approx([0.299, 0.587, 0.114, 1], abs=1e-6)
    grey = np.linspace(0, 1, 6, dtype=np.float32).reshape(1, 2, 3)
    assert (brightness(grey) == grey[0]).all()
