"""Networks whose last layer begins at the priors of the classes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import toy
from scipy import special

from foilseg.networks.starts import at_priors
from foilseg.networks.together import Committee, Mirrored
from foilseg.networks.unet import UNet
from foilseg.studies.study import Study

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
