"""The network: the up-convolution is the textbook one, sizes and batches do not mix."""

import pytest
import torch
from torch.nn import functional

from foilseg.networks import unet


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_up_convolution_is_the_transposed_convolution(layout):
    torch.manual_seed(0)
    up = unet.UpConv(6, 3).double()
    x = torch.randn(2, 6, 5, 7, dtype=torch.float64).to(memory_format=layout).requires_grad_()
    ours, theirs = up(x), functional.conv_transpose2d(x, up.weight, up.bias, stride=2)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-14)
    along = torch.randn_like(theirs)
    for one, other in zip(
        torch.autograd.grad(ours, [x, *up.parameters()], along),
        torch.autograd.grad(theirs, [x, *up.parameters()], along),
    ):
        assert torch.allclose(one, other, rtol=0, atol=1e-13)


def test_images_of_a_batch_do_not_touch_each_other():
    torch.manual_seed(0)
    network = unet.UNet(3, 5, 2).eval()
    images = torch.randn(3, 3, 33, 50)
    with torch.inference_mode():
        both = network(images)
        each = torch.cat([network(image[None]) for image in images])
    assert both.shape == (3, 5, 33, 50)
    assert torch.allclose(both, each, atol=1e-6)


def test_the_extension_repeats_the_last_row_and_column():
    image = torch.arange(6.0).reshape(1, 1, 2, 3)
    extended = unet.extend(image, 4)
    assert extended[0, 0].tolist() == [[0, 1, 2, 2], *[[3, 4, 5, 5]] * 3]
    assert unet.extend(extended, 4) is extended


def test_the_stages_hold_all_parameters():
    network = unet.UNet(3, 5, 4)
    rows = unet.stages(network, 64)
    assert sum(row["parameters"] for row in rows) == unet.parameter_count(network)
    assert [row["side"] for row in rows] == [64, 32, 16, 8, 4, 8, 16, 32, 64, 64]


def test_a_network_without_maps_is_refused():
    with pytest.raises(ValueError, match="base"):
        unet.UNet(3, 5, 0)
