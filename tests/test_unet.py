"""The network is the thesis's: counted by hand, and free of the image's size."""

import numpy as np
import pytest
import torch
from torch import nn

from foilseg import inference, unet


def by_hand(channels_in, channels_out, base):
    """Parameters from the text: 3x3 convolutions without bias, each with two norm vectors."""
    maps = [base, 2 * base, 4 * base, 8 * base, 16 * base]
    pair = lambda a, b: 9 * a * b + 2 * b + 9 * b * b + 2 * b  # noqa: E731
    encoder = sum(pair(a, b) for a, b in zip([channels_in, *maps], maps))
    decoder = sum(4 * 2 * m * m + m + pair(2 * m, m) for m in maps[:-1])
    return encoder + decoder + 9 * base * channels_out + channels_out


@pytest.mark.parametrize("sizes", [(3, 5, 32), (1, 6, 8), (3, 1, 4)])
def test_the_parameters_are_those_counted_by_hand(sizes):
    network = unet.UNet(*sizes)
    assert unet.parameter_count(network) == by_hand(*sizes)
    assert sum(row["parameters"] for row in unet.stages(network, 256)) == by_hand(*sizes)


def test_the_maps_and_sides_are_those_of_figure_3_5():
    rows = unet.stages(unet.UNet(3, 5, 32), 256)
    assert [r["maps"] for r in rows] == [32, 64, 128, 256, 512, 256, 128, 64, 32, 5]
    assert [r["side"] for r in rows] == [256, 128, 64, 32, 16, 32, 64, 128, 256, 256]


def test_normalisation_padding_and_pooling_are_as_printed():
    modules = list(unet.UNet(3, 5, 4).modules())
    norms = [m for m in modules if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 18 and {(m.momentum, m.eps) for m in norms} == {(0.1, 0.001)}
    convolutions = [m for m in modules if type(m) is nn.Conv2d]
    assert {(m.kernel_size, m.padding) for m in convolutions} == {((3, 3), (1, 1))}
    ups = [m for m in modules if isinstance(m, nn.ConvTranspose2d)]
    assert [(m.kernel_size, m.stride) for m in ups] == [((2, 2), (2, 2))] * 4


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (17, 31), (5, 64), (48, 33)])
def test_any_size_goes_in_and_the_same_comes_out(shape):
    network = unet.UNet(3, 5, 2).eval()
    assert network(torch.zeros(1, 3, *shape)).shape == (1, 5, *shape)


def test_a_side_off_the_grid_sees_its_last_row_and_column_repeated():
    torch.manual_seed(0)
    network = unet.UNet(1, 2, 2).eval()
    image = torch.rand(1, 1, 20, 27)
    padded = np.pad(image.numpy(), ((0, 0), (0, 0), (0, 12), (0, 5)), "edge")
    with torch.inference_mode():
        whole = network(torch.from_numpy(padded))[..., :20, :27]
        torch.testing.assert_close(network(image), whole)


def test_prediction_is_the_most_probable_class_and_leaves_the_mode_alone():
    torch.manual_seed(1)
    network = unet.UNet(1, 3, 2).train()
    image = np.random.default_rng(0).random((1, 19, 23)).astype(np.float32)
    logits = inference.predict_logits(network, image)
    mask = inference.predict_mask(network, image)
    assert network.training
    np.testing.assert_array_equal(mask, logits.numpy().argmax(0))
    assert mask.dtype == np.uint8 and mask.shape == (19, 23)


@pytest.mark.parametrize("name", ["channels_in", "channels_out", "base"])
def test_a_network_without_maps_is_refused(name):
    with pytest.raises(ValueError, match=name):
        unet.UNet(**{name: 0})
