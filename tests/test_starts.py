"""Networks whose last layer begins at the priors of the classes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import toy
from scipy import special

from foilseg.networks import checkpoints, starts
from foilseg.networks.starts import at_priors, at_twin
from foilseg.networks.together import Committee, Mirrored
from foilseg.networks.unet import UNet
from foilseg.studies.study import Study

ROOT = Path(__file__).parent.parent
PIXELS = np.array([9_000, 900, 100])


@pytest.mark.parametrize("kind", [UNet, Mirrored, Committee])
def test_without_evidence_a_network_says_the_priors(kind):
    network = kind(channels_in=1, channels_out=3, base=2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    at_priors(network, PIXELS, None)
    changed = {n for n, v in network.state_dict().items() if not torch.equal(v, before[n])}
    assert changed and all(name.endswith("head.bias") for name in changed)
    for part in (p for p in network.modules() if isinstance(p, UNet)):
        said = special.softmax(part.head.bias.detach().double().numpy())
        assert said == pytest.approx(PIXELS / PIXELS.sum(), rel=1e-6)


def test_one_vs_rest_begins_at_the_prior_of_its_class():
    network = UNet(channels_in=1, channels_out=1, base=2)
    at_priors(network, PIXELS, 2)
    assert special.expit(network.head.bias.item()) == pytest.approx(0.01, rel=1e-5)
    with pytest.raises(ValueError, match="classes \\[1\\] have no training pixel"):
        at_priors(network, np.array([5, 0, 1]), None)


def test_a_profile_says_where_networks_begin(toy_data, tmp_path):
    """The first loss is the entropy of the priors and no more; the code that starts is told."""
    first = {}
    for start in ("", "priors"):
        profile = replace(toy.PROFILE, start=start, iterations=2, name=f"begin{start}")
        model = Study(str(toy_data), profile, 0, tmp_path / "runs").model("baseline")
        first[start] = model.train(progress=False)[""].history()["train_loss"].iloc[0]
        assert ("start" in model.determines()) == bool(start)
        assert (model.determines()["code"] == model.row.code) == (not start)
    assert first["priors"] < 0.6 * first[""]
    with pytest.raises(ValueError, match="start: 'cold'"):
        replace(toy.PROFILE, start="cold")


@pytest.fixture
def at_root(monkeypatch):
    """The weights of the twin's baseline lie where they are looked for."""
    monkeypatch.chdir(ROOT)
    return checkpoints.read(starts.TWIN)


def test_all_but_the_last_layer_is_the_twins(at_root):
    network = UNet(channels_in=3, channels_out=3, base=8)
    head = network.head.weight.clone()
    at_twin(network, PIXELS, None)
    for name, value in network.state_dict().items():
        assert name.startswith("head.") or torch.equal(value, at_root[name]), name
    assert torch.equal(network.head.weight, head)  # as torch made it
    said = special.softmax(network.head.bias.detach().double().numpy())
    assert said == pytest.approx(PIXELS / PIXELS.sum(), rel=1e-6)


@pytest.mark.parametrize("kind", [UNet, Committee])
def test_a_grey_image_is_answered_as_the_same_in_three_channels(at_root, kind):
    grey, normals = (kind(channels_in=n, channels_out=1, base=8).eval() for n in (1, 3))
    grey.load_state_dict({k: v for k, v in normals.state_dict().items() if "0.0.w" not in k}, False)
    image = torch.rand(1, 1, 32, 48, generator=torch.Generator().manual_seed(0))
    for network in (grey, normals):
        at_twin(network, PIXELS, 2)
    with torch.inference_mode():
        assert torch.allclose(grey(image), normals(image.repeat(1, 3, 1, 1)), atol=1e-5)


def test_what_the_twin_cannot_start_is_said(at_root, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="base: 4 maps .* has 8; give the profile base=8"):
        at_twin(UNet(channels_in=1, channels_out=3, base=4), PIXELS, None)
    with pytest.raises(ValueError, match="channels_in: 2, .* 1 or 3 channels"):
        at_twin(UNet(channels_in=2, channels_out=3, base=8), PIXELS, None)
    monkeypatch.chdir(tmp_path)
    network = UNet(channels_in=1, channels_out=3, base=8)
    with pytest.raises(ValueError, match="baseline.* is not here; work in the root"):
        at_twin(network, PIXELS, None)
    checkpoints.write(at_root | {"head.bias": torch.ones(5)}, tmp_path / starts.TWIN)
    with pytest.raises(ValueError, match="other weights than 'twin' stands for"):
        at_twin(network, PIXELS, None)
