"""Several opinions of one picture: means of probabilities, mirrors, and networks side by side."""

import copy

import numpy as np
import pytest
import torch
from test_alterations import hills
from torch import nn

from foilseg.networks import costs, inference, registry, together
from foilseg.networks.unet import UNet
from foilseg.sampling import alterations
from foilseg.twin.surface import normals_of


def pictures(seed=0, shape=(48, 64)):
    """Two pictures of normals: float32 (2, 3, H, W)."""
    each = [normals_of(hills(seed + k, shape), 1.0) for k in range(2)]
    return torch.from_numpy(np.stack(each)).float()


def settled(network, images):
    """The network after a few batches, ready to predict."""
    for _ in range(8):  # the statistics of batch normalisation, of all members
        network(images)
    return network.eval()


@pytest.mark.parametrize("classes", [5, 1])
def test_the_mean_is_that_of_the_probabilities(classes):
    torch.manual_seed(0)
    each = [4 * torch.randn(2, classes, 3, 4, dtype=torch.float64) for _ in range(3)]
    said = torch.softmax if classes > 1 else lambda x, _: torch.sigmoid(x)
    expected = torch.stack([said(x, 1) for x in each]).mean(0)
    torch.testing.assert_close(said(together.mean_logits(each), 1), expected)


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_the_mean_of_certain_opinions_is_finite(size):
    sure = torch.full((1, 1, 1, 1), size)
    assert together.mean_logits([sure, sure]).item() == size
    assert together.mean_logits([sure, -sure]).item() == 0


def test_in_training_it_is_the_plain_network():
    torch.manual_seed(0)
    mirrored, plain = together.Mirrored(3, 5, 4), UNet(3, 5, 4)
    plain.load_state_dict({k: v for k, v in mirrored.state_dict().items() if k != "normals"})
    assert torch.equal(mirrored(pictures()), plain(pictures()))


@pytest.mark.parametrize("shape", [(48, 64), (33, 50)])
@pytest.mark.parametrize("which", [0, 2, 4, 6])
def test_the_mirrored_surface_gets_the_mirrored_prediction(which, shape):
    """By the turn that tests/test_alterations.py proves on the surface itself."""
    torch.manual_seed(0)
    network = settled(together.Mirrored(3, 5, 4), pictures(shape=shape))
    network.grid = 1  # sides that are no multiple of 16 are extended at one end only
    image = pictures(shape=(48, 64))[0].numpy()
    there = inference.predict_logits(network, alterations.turn(image, which, True)).softmax(0)
    here = alterations.turn(inference.predict_logits(network, image).softmax(0).numpy(), which, 0)
    np.testing.assert_allclose(there.numpy(), here, atol=2e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_values_and_colours_are_moved_and_not_negated(channels):
    torch.manual_seed(0)
    images = torch.rand(2, channels, 48, 64)
    network = settled(together.Mirrored(channels, 5, 4), images)
    assert not network.normals
    with torch.inference_mode():
        both = [network(torch.flip(x, (-1,))) for x in (images, torch.flip(images, (-1,)))]
    torch.testing.assert_close(both[0], torch.flip(both[1], (-1,)), rtol=0, atol=1e-5)


def test_what_it_learned_about_normals_is_in_its_weights():
    network = together.Mirrored(3, 5, 4)
    assert not network.normals
    network(pictures())
    other = together.Mirrored(3, 5, 4)
    other.load_state_dict(network.state_dict())
    assert other.normals


@pytest.mark.parametrize("kind", [together.Mirrored, together.Committee])
def test_tiles_give_what_the_whole_picture_gives(kind):
    torch.manual_seed(0)
    network = settled(kind(3, 5, 2), pictures())
    image = pictures(shape=(290, 330))[0].numpy()
    whole = inference.predict_logits(network, image).softmax(0)
    tiled = inference.tiled_logits(network, image, tile=112).softmax(0)
    torch.testing.assert_close(tiled, whole, rtol=0, atol=1e-5)


def test_members_are_trained_in_turn_and_asked_together():
    torch.manual_seed(0)
    network = together.Committee(3, 5, 2)
    alone = copy.deepcopy(network.members)
    assert len(alone) == together.MEMBERS
    assert not torch.equal(alone[0].head.weight, alone[1].head.weight)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2, weight_decay=1e-2)
    each = [torch.optim.Adam(member.parameters(), 1e-2, weight_decay=1e-2) for member in alone]
    for step in range(10):
        target = torch.randint(0, 5, (2, 48, 64))
        k = step % len(alone)
        for net, by in ((network, optimiser), (alone[k], each[k])):
            by.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(net(pictures(step)), target).backward()
            by.step()
    for one, other in zip(network.members.state_dict().values(), alone.state_dict().values()):
        assert torch.equal(one, other)
    network.eval(), alone.eval()
    with torch.inference_mode():
        found = network(pictures()).softmax(1)
        expected = torch.stack([member(pictures()).softmax(1) for member in alone]).mean(0)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_costs_know_how_many_opinions_there_are():
    found = {name: registry.OPINIONS.get(name, 1) for name in registry.NETWORKS}
    assert found["unet"] == 1
    macs = {k: costs.macs(e.load()(3, 5, 2), 32, 32) for k, e in registry.NETWORKS.items()}
    assert {k: v * macs["unet"] for k, v in found.items()} == macs
