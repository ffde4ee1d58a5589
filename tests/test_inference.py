"""Tiles give what the whole image gives, and less than the exact halo does not."""

import numpy as np
import pytest
import torch
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

from foilseg.data.dataset import as_float
from foilseg.networks import inference, unet

HALO = 96


def image(height, width, seed=7):
    return as_float(toy.picture(height, width, seed)[0])


def stitched(network, picture, windows):
    """Logits of windows put together, in the number format of the network."""
    tensor, out = torch.from_numpy(picture)[None], None
    with torch.inference_mode():
        for w in windows:
            part = network(tensor[..., w.from_rows, w.from_columns])[0]
            top, left = w.rows.start - w.from_rows.start, w.columns.start - w.from_columns.start
            size = w.rows.stop - w.rows.start, w.columns.stop - w.columns.start
            out = out if out is not None else part.new_empty(len(part), *picture.shape[1:])
            out[:, w.rows, w.columns] = part[:, top : top + size[0], left : left + size[1]]
    return out


@pytest.fixture(scope="module")
def double(learned):
    """The trained network in float64, where nothing hides behind rounding."""
    network = unet.UNet(1, 3, 4)
    network.load_state_dict(learned[0].state_dict())
    return network.double().eval()


def test_the_reach_is_94_and_no_pixel_less():
    torch.manual_seed(0)
    network = unet.UNet(1, 1, 1).double().eval()
    assert (unet.reach(network), network.halo) == (94, HALO)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim == 4:
                parameter.fill_(0.5 if "up" not in name else 1.0)
    side, block = 640, 320  # the block of the pooling grid that begins at 320
    seen = torch.zeros(side, dtype=torch.bool)
    for seed in range(4):  # a maximum passes the slope to one of four pixels only
        generator = torch.Generator().manual_seed(seed)
        picture = torch.rand(1, 1, side, side, dtype=torch.float64, generator=generator)
        picture.requires_grad_()
        network(picture)[0, 0, block : block + 16, block : block + 16].sum().backward()
        seen |= picture.grad[0, 0].abs().sum(dim=1) > 0
    rows = torch.nonzero(seen).flatten()
    assert (rows.min(), rows.max()) == (block - 94, block + 15 + 94)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 250), st.integers(1, 250), st.sampled_from([16, 48, 112, 256]))
def test_tiles_are_the_whole_image_for_any_size(learned, height, width, tile):
    for network in learned:
        picture = image(max(height, 9), max(width, 9))[:, :height, :width]
        whole = inference.predict_logits(network, picture)
        tiles = inference.tiled_logits(network, picture, tile)
        assert torch.allclose(whole, tiles, rtol=0, atol=1e-5)
        labels = (1,) if len(whole) == 1 else ()
        predictor = inference.Predictor((network,), labels, (0.5,) * len(labels))
        assert np.array_equal(predictor.mask(picture), predictor.mask(picture, tile))


@pytest.mark.parametrize("size, tile", [((400, 304), 64), ((389, 401), 112), ((200, 290), 48)])
def test_only_the_exact_halo_on_the_grid_is_exact(double, size, tile):
    picture = image(*size).astype(np.float64)
    whole = stitched(double, picture, inference.windows(*size, 10**6 * 16, 0, 16))

    def largest_difference(windows):
        return (stitched(double, picture, windows) - whole).abs().max().item()

    assert largest_difference(inference.windows(*size, tile, HALO, 16)) < 1e-10
    assert largest_difference(inference.windows(*size, tile, HALO - 16, 16)) > 1e-9
    assert largest_difference(inference.windows(*size, tile, 32, 16)) > 1e-3
    off_grid = inference.windows(*size, tile + 8, HALO, grid=8)
    assert largest_difference(off_grid) > 1e-3
    no_halo = inference.windows(*size, tile, 0, 16)
    labels = stitched(double, picture, no_halo).argmax(0) != whole.argmax(0)
    assert labels.any()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 5), st.integers(0, 4))
def test_cores_cover_every_pixel_once(height, width, tile, halo):
    seen = np.zeros((height, width), int)
    for w in inference.windows(height, width, 16 * tile, 16 * halo, 16):
        seen[w.rows, w.columns] += 1
        assert w.from_rows.start == max(0, w.rows.start - 16 * halo)
        assert w.from_columns.stop == min(width, w.columns.start + 16 * (tile + halo))
    assert (seen == 1).all()


def test_bad_tiles_are_refused(learned):
    for tile, halo, name in (
        (40, 96, "tile"),
        (0, 96, "tile"),
        (64, 94, "halo"),
        (64, -16, "halo"),
    ):
        with pytest.raises(ValueError, match=name):
            inference.windows(100, 100, tile, halo, 16)
    with pytest.raises(ValueError, match=r"3 channel.*trained on 1"):
        inference.Predictor((learned[0],)).mask(np.zeros((3, 16, 16), np.float32))


def test_prediction_restores_the_mode_of_the_network(learned):
    learned[0].train()
    inference.predict_logits(learned[0], image(32, 32))
    assert learned[0].training
    learned[0].eval()


def test_joined_by_hand():
    # probabilities of 0.5 at logit 0: claims are strictly above
    logits = torch.tensor([[[2.0, 1.0, 0.0, -3.0, 1.0]], [[1.0, 3.0, -1.0, -2.0, 1.0]]])
    mask, claims = inference.join(logits, [1, 3])
    assert mask.tolist() == [[1, 3, 0, 0, 1]]
    assert claims.tolist() == [[2, 2, 0, 0, 2]]
    mask, claims = inference.join(logits, [1, 3], [0.8, 0.1])  # logits 1.386 and -2.197
    assert mask.tolist() == [[1, 3, 3, 3, 3]]
    assert claims.tolist() == [[2, 1, 1, 1, 1]]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.lists(st.floats(0.05, 0.95), min_size=1, max_size=4))
def test_joined_is_the_rule_pixel_by_pixel(seed, thresholds):
    number = len(thresholds)
    logits = 3 * torch.randn(number, 4, 5, generator=torch.Generator().manual_seed(seed)).double()
    mask, claims = inference.join(logits, range(5, 5 + number), thresholds)
    probs = logits.sigmoid()
    for y, x in np.ndindex(4, 5):
        above = [k for k in range(number) if probs[k, y, x] > thresholds[k]]
        assert claims[y, x] == len(above)
        best = max(above, key=lambda k: probs[k, y, x], default=None)
        assert mask[y, x] == (0 if best is None else 5 + best)


def test_bad_thresholds_are_refused():
    logits = torch.zeros(2, 1, 1)
    with pytest.raises(ValueError, match="one a network"):
        inference.join(logits, [1, 2], [0.5])
    with pytest.raises(ValueError, match="between 0 and 1"):
        inference.join(logits, [1, 2], [0.5, 1.0])
