"""What annotators miss, in the loss; and pixels that no loss counts."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from foilseg.data.dataset import IGNORED
from foilseg.networks import label_noise, weighting
from foilseg.networks.registry import LOSSES
from foilseg.sampling.uniform import binary_masks

PRIORS = torch.tensor([0.9, 0.06, 0.04])
OPTIONS = {"logit_adjusted": {"weights": PRIORS}, "forward_corrected": {"missed": 0.3}}


def case(seed=0, classes=3, size=12):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, classes, size, size, generator=generator)
    return logits, torch.randint(0, classes, (2, size, size), generator=generator)


def test_a_corrected_loss_is_the_cross_entropy_of_mixed_probabilities():
    logits, target = case()
    missed = [0.25, 0.5]
    mixed = logits.softmax(1).double()
    for c, share in enumerate(missed, 1):
        mixed[:, 0] += share * mixed[:, c]
        mixed[:, c] *= 1 - share
    expected = functional.nll_loss(mixed.log(), target).item()
    found = label_noise.forward_corrected(logits, target, missed=missed).item()
    assert found == pytest.approx(expected, rel=1e-5)
    same = label_noise.forward_corrected(logits, target, missed=0).item()
    assert same == pytest.approx(functional.cross_entropy(logits, target).item(), rel=1e-6)


def test_it_is_least_where_the_network_says_the_truth_and_not_the_annotation():
    """60 % defect, of which a third is not annotated: 40 of 100 pixels bear the label."""
    target = torch.tensor([1] * 40 + [0] * 60).reshape(1, 10, 10)
    truth = torch.tensor([0.4, 0.6]).log()[None, :, None, None]
    leaf = truth.expand(1, 2, 10, 10).clone().requires_grad_()
    label_noise.forward_corrected(leaf, target, missed=1 / 3).backward()
    np.testing.assert_allclose(leaf.grad.sum(dim=(0, 2, 3)), 0, atol=1e-6)


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_its_slope_is_finite_far_out(size):
    logits = torch.tensor([0.0, size, -size])[None, :, None, None].expand(1, 3, 2, 2)
    leaf = logits.clone().requires_grad_()
    target = torch.tensor([[[0, 1], [2, 0]]])
    label_noise.forward_corrected(leaf, target, missed=[0.3, 0.0]).backward()
    assert torch.isfinite(leaf.grad).all()


def test_one_logit_is_the_pair_of_0_and_it():
    logits, target = case(classes=1)
    found = label_noise.binary_forward_corrected(logits, target, missed=0.2)
    chance = logits[:, 0].sigmoid() * 0.8
    expected = functional.binary_cross_entropy(chance, target.float())
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(
    "missed, words", [(1.0, "below 1"), (-0.1, "at least 0"), ([0.1], "1 shares for 2 defects")]
)
def test_shares_that_are_none_are_refused(missed, words):
    with pytest.raises(ValueError, match=words):
        label_noise.forward_corrected(*case(), missed=missed)
    with pytest.raises(ValueError, match="gamma"):
        label_noise.forward_corrected(*case(), missed=0.1, gamma=2.0)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("binary", [False, True])
def test_ignored_pixels_count_nowhere(name, binary):
    """The loss of a picture with ignored rows is that of the picture without these rows."""
    logits, target = case(classes=1 if binary else 3)
    target = target.clamp_max(1) if binary else target
    target[:, :2] = torch.arange(2 if binary else 3).repeat(2, 2, 12)[:, :, :12].long() % 2
    options = dict(OPTIONS.get(name, {}))
    if binary and name == "logit_adjusted":
        options = {"weights": torch.tensor([0.9, 0.1])}
    entry = LOSSES[name].one_vs_rest if binary else LOSSES[name].multi_class
    formula = entry.load()
    hidden = target.clone()
    hidden[:, 5:] = IGNORED
    leaf = logits.clone().requires_grad_()
    found = formula(leaf, hidden, **options)
    expected = formula(logits[:, :, :5], target[:, :5], **options)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    found.backward()
    assert not leaf.grad[:, :, 5:].any() and leaf.grad[:, :, :5].any()


@pytest.mark.parametrize("normaliser", ["pixels", "weights"])
def test_weights_leave_ignored_pixels_out(normaliser):
    logits, target = case()
    options = {"weights": torch.tensor([0.2, 1.0, 1.8]), "normaliser": normaliser, "gamma": 2.0}
    focal = LOSSES["focal"].multi_class.load()
    hidden = target.clone()
    hidden[:, 5:] = IGNORED
    expected = focal(logits[:, :, :5], target[:, :5], **options).item()
    assert focal(logits, hidden, **options).item() == pytest.approx(expected, rel=1e-5)


def test_a_binary_target_keeps_what_is_ignored():
    masks = np.array([[[0, 1, 2, IGNORED]]], np.uint8)
    assert binary_masks(masks, 2).tolist() == [[[0, 0, 1, IGNORED]]]
    assert weighting.target_weights("none", np.array([1, 1])) is None
