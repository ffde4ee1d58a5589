"""What several test files need: tiny data, a study on it, and a network that has learned it."""

from functools import partial

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Two threads on tiny tensors mostly wait for each other, the more so on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory):
    """The folder of the toy dataset."""
    import toy

    return toy.write(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def toy_study(toy_data, tmp_path_factory):
    """A study of the toy data with its own, at first empty, store of runs."""
    import toy

    from foilseg.study import Study

    return Study(str(toy_data), toy.PROFILE, 0, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def learned():
    """A multi-class and a binary U-Net (base 4) that tell the toy defects from the ground."""
    import torch
    import toy

    from foilseg import losses, training, unet
    from foilseg.dataset import Foil, as_float
    from foilseg.pools import build_index

    pictures = [(str(seed), *toy.picture(160, 160, seed)) for seed in range(2)]
    regions = [Foil(name, as_float(pixels), mask) for name, pixels, mask in pictures]
    places = build_index(regions, 3, 48), regions
    sizes = {"patch": 48, "batch": 4, "iterations": 120, "refresh": 40}
    settings = training.Settings(0, **sizes, learning_rate=1e-2)
    pairs = (losses.cross_entropy, [0.1, 1.0, 1.0]), (losses.binary_cross_entropy, [0.1, 1.0])
    networks = []
    for label, (formula, weights) in zip((None, 2), pairs):
        loss = partial(formula, weights=torch.tensor(weights))
        torch.manual_seed(0)
        network = unet.UNet(1, 3 if label is None else 1, 4)
        pools = training.make_pools(places, settings, label=label)[0]
        optimiser = training.make_optimiser(network, settings)
        network.to(memory_format=torch.channels_last)
        for iteration in range(1, settings.iterations + 1):
            training.step(network, loss, optimiser, pools.at(iteration), "cpu")
        networks.append(network.eval())
    return tuple(networks)
