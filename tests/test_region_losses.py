"""Losses of today: by hand, as identities, and beside implementations that are not ours."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.losses import DiceLoss, TverskyLoss
from monai.losses.unified_focal_loss import AsymmetricFocalLoss, AsymmetricFocalTverskyLoss
from sklearn.metrics import jaccard_score
from torch.nn import functional

from foilseg.data.dataset import IGNORED
from foilseg.networks import class_wise, losses, region_losses, weighting
from foilseg.networks.registry import LOSSES

NAMES = [name for name in LOSSES if name != "focal"]
PRIORS = torch.tensor([0.9, 0.06, 0.04])


def case(seed=0, classes=3, spread=2.0):
    generator = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(2, classes, 6, 7, generator=generator)
    return logits, torch.randint(0, classes, (2, 6, 7), generator=generator)


def options_of(name, priors):
    """What a loss needs besides logits and target."""
    needed = {"logit_adjusted": {"weights": priors}, "forward_corrected": {"missed": 0.3}}
    return needed.get(name, {})


def of(name, classes=3):
    """A loss with what it needs."""
    options = options_of(name, PRIORS[:classes])
    formula = LOSSES[name].multi_class.load()
    return lambda logits, target: formula(logits, target, **options)


def certain(mask, classes, size=1e4):
    """Logits that say exactly this mask."""
    return size * functional.one_hot(mask.long(), classes).permute(0, 3, 1, 2).float()


def test_logit_adjustment_is_cross_entropy_of_moved_logits():
    logits, target = case()
    moved = logits + torch.log(PRIORS)[:, None, None]
    expected = functional.cross_entropy(moved, target)
    ours = losses.logit_adjusted(logits, target, weights=PRIORS)
    assert ours.item() == pytest.approx(expected.item(), rel=1e-6)
    uniform = losses.logit_adjusted(logits, target, weights=torch.full((3,), 1 / 3))
    assert uniform.item() == pytest.approx(functional.cross_entropy(logits, target).item())


def test_the_dial_at_one_undoes_logit_adjustment():
    """A network that is right under the adjusted loss is that of the cross entropy, turned."""
    posterior = torch.tensor([0.7, 0.2, 0.1])
    target = torch.tensor([0] * 70 + [1] * 20 + [2] * 10).reshape(1, 10, 10)
    logits = (posterior / PRIORS).log()[None, :, None, None].expand(1, 3, 10, 10)
    leaf = logits.clone().requires_grad_()
    losses.logit_adjusted(leaf, target, weights=PRIORS).backward()
    np.testing.assert_allclose(leaf.grad.sum(dim=(0, 2, 3)), 0, atol=1e-7)


def test_priors_are_shares_and_need_every_class():
    found = weighting.target_weights("priors", np.array([90, 6, 4]))
    np.testing.assert_allclose(found, [0.9, 0.06, 0.04])
    np.testing.assert_allclose(weighting.target_weights("priors", [90, 6, 4], 2), [0.96, 0.04])
    with pytest.raises(ValueError, match=r"classes \[1\] have no training pixel"):
        weighting.priors([3, 0])
    for weights in (None, torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0, 0.0])):
        with pytest.raises(ValueError, match="priors of 3 classes"):
            losses.logit_adjusted(*case(), weights=weights)


@pytest.mark.parametrize("seed", range(3))
def test_dice_and_tversky_are_monai_s(seed):
    logits, target = case(seed)
    told = {"include_background": False, "softmax": True, "to_onehot_y": True, "batch": True}
    small = {"smooth_nr": 1e-5, "smooth_dr": 1e-5}
    dice = DiceLoss(**told, **small)(logits, target[:, None])
    entropy = functional.cross_entropy(logits, target)
    ours = region_losses.dice_cross_entropy(logits, target)
    assert ours.item() == pytest.approx((dice + entropy).item(), rel=1e-5)
    theirs = TverskyLoss(**told, **small, alpha=0.3, beta=0.7)(logits, target[:, None])
    assert region_losses.tversky(logits, target).item() == pytest.approx(theirs.item(), rel=1e-5)


def test_a_missed_pixel_costs_more_than_a_false_one():
    target = torch.zeros(1, 4, 4, dtype=torch.long)
    target[0, 0] = 1  # four pixels
    missed, false = target.clone(), target.clone()
    missed[0, 0, :2], false[0, 1, :2] = 0, 1
    by_hand = [1 - 2 / (2 + 0.7 * 2), 1 - 4 / (4 + 0.3 * 2)]
    found = [region_losses.tversky(certain(m, 2), target).item() for m in (missed, false)]
    np.testing.assert_allclose(found, by_hand, rtol=1e-4)
    focal = [region_losses.focal_tversky(certain(m, 2), target).item() for m in (missed, false)]
    np.testing.assert_allclose(focal, np.power(by_hand, 0.75), rtol=1e-4)


def test_the_power_is_taken_for_each_class_before_the_mean():
    target = torch.tensor([[[1, 1, 2, 2], [0, 0, 0, 0]]])
    said = torch.tensor([[[1, 0, 2, 2], [0, 0, 0, 0]]])
    each = [1 - 1 / (1 + 0.7), 0.0]  # half of class 1 is missed, class 2 is right
    found = region_losses.focal_tversky(certain(said, 3), target).item()
    assert found == pytest.approx(np.mean(np.power(each, 0.75)), abs=1e-4)
    assert found != pytest.approx(np.mean(each) ** 0.75, abs=0.01)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_lovasz_of_a_certain_mask_is_one_minus_iou(seed, classes):
    generator = torch.Generator().manual_seed(seed)
    target, said = torch.randint(0, classes, (2, 1, 5, 6), generator=generator)
    there = np.unique(target)
    iou = jaccard_score(target.ravel(), said.ravel(), labels=there, average=None)
    found = region_losses.lovasz(certain(said, classes), target).item()
    assert found == pytest.approx(np.mean(1 - iou), abs=1e-6)


def test_lovasz_by_hand():
    # one class pair, probabilities of class 1: 0.8 and 0.4 where it is, 0.3 where it is not
    logit = torch.logit(torch.tensor([0.8, 0.4, 0.3])).reshape(1, 1, 1, 3)
    target = torch.tensor([[[1, 1, 0]]])
    # errors of class 1, falling: 0.6 (there), 0.3 (not), 0.2 (there); jaccard 1/2, 2/3, 1
    one = 0.6 * 1 / 2 + 0.3 * (2 / 3 - 1 / 2) + 0.2 * (1 - 2 / 3)
    # of class 0 the same errors, there and not there exchanged: jaccard 1/2, 1, 1
    zero = 0.6 * 1 / 2 + 0.3 * 1 / 2 + 0.2 * 0
    found = region_losses.binary_lovasz(logit, target).item()
    assert found == pytest.approx((one + zero) / 2, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_unified_focal_of_one_picture_and_two_classes_is_made_of_monai_s_parts(seed):
    logits, target = case(seed, classes=2)
    probability, target = logits[:1].softmax(dim=1), target[:1]
    told = {"to_onehot_y": True, "gamma": 0.5, "delta": 0.6}
    by_region = AsymmetricFocalTverskyLoss(**told)(probability, target[:, None])
    # the authors add the two classes of a pixel, MONAI takes their mean
    by_pixel = 2 * AsymmetricFocalLoss(**told)(probability, target[:, None])
    ours = region_losses.unified_focal(logits[:1], target)
    assert ours.item() == pytest.approx(((by_region + by_pixel) / 2).item(), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_class_by_class_is_the_sum_of_binary_losses(gamma):
    logits, target = case(4, classes=4)
    p, expected = logits.softmax(1), 0.0
    for c in (1, 2, 3):
        right = torch.where(target == c, p[:, c], 1 - p[:, c])
        expected -= ((1 - right) ** gamma * right.log()).mean()
    found = class_wise.class_wise(logits, target, gamma=gamma)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    both = class_wise.class_wise(logits, target, gamma=gamma, dice=0.5) - found
    dice = region_losses.dice_cross_entropy(logits, target)
    dice -= functional.cross_entropy(logits, target)
    assert both.item() == pytest.approx(dice.item() / 2, rel=1e-4)
    target[0, :2] = IGNORED
    rest = class_wise.class_wise(logits[:, :, 2:], target[:, 2:], gamma=gamma).item() * 4 * 7 * 2
    more = class_wise.class_wise(logits[1:, :, :2], target[1:, :2], gamma=gamma).item() * 2 * 7
    mean = (rest + more) / (4 * 7 * 2 + 2 * 7)
    found = class_wise.class_wise(logits, target, gamma=gamma)
    assert found.item() == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_binary_form_is_that_of_a_pair_of_logits(name):
    logits, target = case(3, classes=2)
    logits = logits[:, :1]
    pair = torch.cat([torch.zeros_like(logits), logits], dim=1)
    options = options_of(name, torch.tensor([0.9, 0.1]))
    entry = LOSSES[name]
    both = entry.multi_class.load()(pair, target, **options)
    assert entry.one_vs_rest.load()(logits, target, **options).item() == pytest.approx(
        both.item(), rel=1e-5
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1.0, 1e4])
def test_slopes_are_finite_even_for_certain_and_wrong_networks(name, size):
    target = torch.tensor([[[0, 0, 1], [0, 2, 0]]])
    for said in (target, (target + 1) % 3, torch.zeros_like(target)):
        leaf = certain(said, 3, size).requires_grad_()
        value = of(name)(leaf, target)
        value.backward()
        assert torch.isfinite(value) and torch.isfinite(leaf.grad).all(), (name, size)


@pytest.mark.parametrize("name", NAMES)
def test_a_class_without_a_pixel_gives_a_number_and_hardly_a_slope(name):
    logits, target = case(5)
    target = target.clamp(max=1)  # class 2 is nowhere
    leaf = logits.clone().requires_grad_()
    of(name)(leaf, target).backward()
    assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_step_down_the_slope_lowers_the_loss(name):
    logits, target = case(7)
    leaf = logits.clone().requires_grad_()
    before = of(name)(leaf, target)
    before.backward()
    after = of(name)(logits - 1e-2 * leaf.grad / leaf.grad.norm(), target)
    assert after < before


REGIONS = [n for n in NAMES if n not in ("logit_adjusted", "forward_corrected", "class_wise")]


@pytest.mark.parametrize("name", REGIONS)
def test_what_a_loss_does_not_know_is_refused(name):
    formula = LOSSES[name].multi_class.load()
    with pytest.raises(ValueError, match="gamma: 2"):
        formula(*case(), gamma=2.0)
    if name != "dice_cross_entropy":
        with pytest.raises(ValueError, match="weights: this loss takes none"):
            formula(*case(), weights=PRIORS)
    with pytest.raises(ValueError, match="takes one a pixel"):
        LOSSES[name].one_vs_rest.load()(*case())
    with pytest.raises(ValueError, match="does not fit"):
        formula(case()[0], torch.zeros(1, 2, 3, dtype=torch.long))
