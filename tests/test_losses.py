"""Weights and losses: the thesis's tables, identities, hand-computed values, other libraries."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from torch.nn import functional

from foilseg.networks import losses, weighting
from foilseg.thesis import published

GAMMAS = [0.0, 0.1, 0.5, 1.0, 2.0, 5.0]
PIXELS = published.training_pixels()


def case(seed=0, classes=5, shape=(2, 6, 7), spread=3.0):
    generator = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(shape[0], classes, *shape[1:], generator=generator)
    return logits, torch.randint(0, classes, shape, generator=generator)


def binary_case(seed=0, spread=3.0):
    logits, target = case(seed, 2, spread=spread)
    return logits[:, :1], target


def direct(logits, target, gamma, weights):
    """Eq. 3.8 pixel by pixel in float64, as one would write it on paper."""
    probs = logits.double().softmax(dim=1).permute(0, 2, 3, 1).reshape(-1, logits.shape[1]).numpy()
    terms, total = [], 0.0
    for p, t in zip(probs, target.flatten().tolist()):
        terms.append(-weights[t] * (1 - p[t]) ** gamma * math.log(p[t]))
        total += weights[t]
    return sum(terms) / len(terms), sum(terms) / total


def test_table_3_6_from_table_3_1():
    printed = published.table("class_weights").set_index("scheme")
    deviating = []
    for scheme in ("ICF", "ISCF"):
        ours = weighting.class_weights(list(PIXELS.values()), scheme.lower())
        assert ours.sum() == pytest.approx(5)
        for name, weight in zip(PIXELS, ours):
            if f"{weight:.3f}" != f"{printed.loc[scheme, name.replace(' ', '_')]:.3f}":
                deviating.append((scheme, name, round(weight, 3)))
    assert deviating == [("ICF", "cavity", 4.352)]  # printed 4.355


def test_table_3_7_from_table_3_1_with_cavity_and_crack_exchanged():
    printed = published.table("binary_weights").set_index("class")
    order = list(PIXELS)
    ours = {
        name: weighting.target_weights("iscf", list(PIXELS.values()), order.index(name))
        for name in order[1:]
    }
    text = {name: [f"{w:.3f}" for w in weights] for name, weights in ours.items()}
    theirs = {c.replace("_", " "): [f"{w:.3f}" for w in printed[c]] for c in printed}
    assert text["agglomeration"] == theirs["agglomeration"]
    assert text["blade trail"] == theirs["blade trail"]
    assert text["cavity"] == theirs["crack"] == ["0.024", "0.976"]
    assert text["crack"] == theirs["cavity"] == ["0.085", "0.915"]


def test_weights_by_name():
    assert weighting.target_weights("none", [5, 1]) is None
    assert weighting.target_weights("standard", [90, 5, 5]).tolist() == [0.25, 0.75, 0.75]
    assert weighting.target_weights("standard", [90, 5, 5], 2).tolist() == [0.25, 0.75]
    assert weighting.target_weights("icf", [90, 5, 5], 2) == pytest.approx([0.05, 0.95])
    assert weighting.target_weights("icf", [3, 1]) == pytest.approx([0.5, 1.5])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8), st.sampled_from(["icf", "iscf"]))
def test_rarer_classes_weigh_more_and_the_sum_is_the_number_of_classes(pixels, scheme):
    weights = weighting.class_weights(pixels, scheme)
    assert weights.sum() == pytest.approx(len(pixels))
    products = weights * np.array(pixels, float) ** weighting.SCHEMES[scheme]
    assert products == pytest.approx(products[0])


def test_bad_weights_are_refused():
    with pytest.raises(ValueError, match=r"classes \[1\] have no training pixel"):
        weighting.class_weights([4, 0], "icf")
    with pytest.raises(ValueError, match="icf, iscf"):
        weighting.class_weights([4, 1], "median")
    with pytest.raises(ValueError, match="none, standard, icf, iscf"):
        weighting.target_weights("median", [4, 1])
    with pytest.raises(ValueError, match="label"):
        weighting.binary_pixels([4, 1], 2)


def test_hand_computed():
    # softmax of (0, ln 3) is (1/4, 3/4); the first pixel is of class 1, the second of class 0
    logits = torch.tensor([0.0, math.log(3)]).reshape(1, 2, 1, 1).expand(1, 2, 1, 2)
    target = torch.tensor([[[1, 0]]])
    weights = torch.tensor([0.25, 0.75])
    easy, hard = -math.log(3 / 4), -math.log(1 / 4)
    assert losses.cross_entropy(logits, target).item() == pytest.approx((easy + hard) / 2)
    wanted = 0.75 * easy + 0.25 * hard
    by_pixels = losses.cross_entropy(logits, target, weights=weights)
    assert by_pixels.item() == pytest.approx(wanted / 2)
    by_weights = losses.cross_entropy(logits, target, weights=weights, normaliser="weights")
    assert by_weights.item() == pytest.approx(wanted / 1.0)
    wanted = (0.75 * (1 / 16) * easy + 0.25 * (9 / 16) * hard) / 2
    assert losses.focal(logits, target, weights=weights).item() == pytest.approx(wanted)
    one = torch.full((1, 1, 1, 2), math.log(3))
    assert losses.binary_focal(one, target, weights=weights).item() == pytest.approx(wanted)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0, 5), st.integers(2, 6))
def test_focal_is_the_formula(seed, gamma, classes):
    logits, target = case(seed, classes)
    weights = torch.rand(classes, generator=torch.Generator().manual_seed(seed)) + 0.01
    expected = direct(logits, target, gamma, weights.tolist())
    for normaliser, value in zip(losses.NORMALISERS, expected):
        ours = losses.focal(logits, target, gamma=gamma, weights=weights, normaliser=normaliser)
        assert ours.item() == pytest.approx(value, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_two_class_softmax_is_the_sigmoid_of_the_difference(gamma):
    logits, target = case(3, 2)
    weights = torch.tensor([0.3, 1.7])
    both = {"gamma": gamma, "weights": weights, "normaliser": "weights"}
    ours = losses.focal(logits, target, **both)
    difference = logits[:, 1:] - logits[:, :1]
    assert losses.binary_focal(difference, target, **both).item() == pytest.approx(ours.item())


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("loss, make", [(losses.focal, case), (losses.binary_focal, binary_case)])
def test_equal_weights_are_no_weights(loss, make, gamma):
    logits, target = make(1)
    plain = loss(logits, target, gamma=gamma).item()
    equal = torch.full((5 if loss is losses.focal else 2,), 0.7)
    by_weights = loss(logits, target, gamma=gamma, weights=equal, normaliser="weights")
    assert by_weights.item() == pytest.approx(plain)
    assert loss(logits, target, gamma=gamma, weights=equal).item() == pytest.approx(0.7 * plain)


def test_agreement_with_torch_and_scikit_learn():
    logits, target = case(2)
    weights = torch.tensor([0.1, 0.5, 3.0, 0.8, 0.6])
    ours = losses.cross_entropy(logits, target, weights=weights, normaliser="weights")
    assert ours.item() == pytest.approx(functional.cross_entropy(logits, target, weights).item())
    probs = logits.double().softmax(1).permute(0, 2, 3, 1).reshape(-1, 5).numpy()
    flat = target.flatten().numpy()
    theirs = log_loss(flat, probs, sample_weight=weights.numpy()[flat], labels=range(5))
    assert ours.item() == pytest.approx(theirs, rel=1e-6)
    logit, target = binary_case(2)
    ours = losses.binary_cross_entropy(logit, target).item()
    theirs = functional.binary_cross_entropy_with_logits(logit[:, 0], target.float())
    assert ours == pytest.approx(theirs.item())
    assert ours == pytest.approx(log_loss(target.flatten(), logit.double().sigmoid().flatten()))
    positive = torch.tensor(4.0)  # torch's pos_weight is the weight pair (1, 4) over pixels
    theirs = functional.binary_cross_entropy_with_logits(
        logit[:, 0], target.float(), pos_weight=positive
    )
    pair = losses.binary_cross_entropy(logit, target, weights=torch.tensor([1.0, 4.0]))
    assert pair.item() == pytest.approx(theirs.item())


def test_monai_agrees_on_the_softmax_form_and_its_default_is_another_loss():
    monai = pytest.importorskip("monai.losses")
    logits, target = case(4)
    weights = torch.tensor([0.1, 0.5, 3.0, 0.8, 0.6])
    common = {"to_onehot_y": True, "include_background": True, "gamma": 2.0}
    each = {"use_softmax": True, "reduction": "none", **common}
    ours = losses.focal(logits, target).item()
    theirs = monai.FocalLoss(**each)(logits, target[:, None]).sum(dim=1).mean().item()
    assert theirs == pytest.approx(ours)
    weighted = monai.FocalLoss(weight=weights, **each)(logits, target[:, None])
    pixels = losses.focal(logits, target, weights=weights).item()
    assert weighted.sum(dim=1).mean().item() == pytest.approx(pixels)
    # its "sum" is a sum over images and classes of spatial means
    added = monai.FocalLoss(use_softmax=True, reduction="sum", **common)
    assert added(logits, target[:, None]).item() == pytest.approx(len(logits) * ours)
    # its mean divides by pixels times classes, and its default is a sigmoid for each class
    mean = monai.FocalLoss(use_softmax=True, **common)(logits, target[:, None]).item()
    assert mean == pytest.approx(ours / 5)
    default = monai.FocalLoss(**common)(logits, target[:, None]).item()
    one_hot = (target[:, None] == torch.arange(5).reshape(1, 5, 1, 1)).long()
    each = [losses.binary_focal(logits[:, k : k + 1], one_hot[:, k]).item() for k in range(5)]
    assert default == pytest.approx(sum(each) / 5, rel=1e-5)
    assert abs(default - ours / 5) > 0.01


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("autocast", [False, True])
def test_extreme_logits(gamma, dtype, autocast):
    for sign in (1.0, -1.0):
        logits = torch.zeros(1, 3, 2, 2, dtype=dtype)
        logits[:, 1] = sign * 1e4
        target = torch.tensor([[[0, 1], [2, 1]]])
        single = logits[:, 1:2]
        cases = ((losses.focal, logits, target), (losses.binary_focal, single, target % 2))
        for loss, z, t in cases:
            leaf = z.detach().clone().requires_grad_()
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                value = loss(leaf, t, gamma=gamma)
            value.backward()
            assert value.dtype == torch.float32
            assert torch.isfinite(value) and value > 1e3
            assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize("gamma", [0.05, 0.3, 0.5, 0.99])
def test_a_certain_pixel_has_no_gradient_and_no_nan_for_gamma_below_one(gamma):
    logits = torch.tensor([200.0, 0.0]).reshape(1, 2, 1, 1).requires_grad_()
    losses.focal(logits, torch.zeros(1, 1, 1, dtype=torch.long), gamma=gamma).backward()
    assert logits.grad.abs().max() == 0
    logit = torch.full((1, 1, 1, 1), 200.0, requires_grad=True)
    losses.binary_focal(logit, torch.ones(1, 1, 1, dtype=torch.long), gamma=gamma).backward()
    assert logit.grad.abs().max() < 1e-30


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0, 5), st.floats(0.1, 12))
def test_gradients_are_those_of_automatic_differentiation_in_float64(seed, gamma, spread):
    logits, target = case(seed, 4, (1, 3, 3), spread)
    ours, theirs = (logits.clone().to(d).requires_grad_() for d in (torch.float32, torch.float64))
    losses.focal(ours, target, gamma=gamma).backward()
    rest = theirs.exp().sum(1) - theirs.exp().gather(1, target[:, None])[:, 0]
    log_pt = theirs.log_softmax(1).gather(1, target[:, None])[:, 0]
    # 1 - p_t as a sum of the others, so that the oracle does not cancel
    (-log_pt * (rest / theirs.exp().sum(1)) ** gamma).mean().backward()
    scale = theirs.grad.abs().max().item()
    assert torch.allclose(ours.grad.double(), theirs.grad, rtol=2e-3, atol=1e-5 * scale + 1e-8)


def test_weights_follow_the_target_not_the_channel():
    logits, target = case(5, 3)
    heavy = torch.tensor([1.0, 1.0, 10.0])
    per_class = [
        losses.cross_entropy(logits, target, weights=torch.eye(3)[k]).item() for k in range(3)
    ]
    expected = per_class[0] + per_class[1] + 10 * per_class[2]
    ours = losses.cross_entropy(logits, target, weights=heavy).item()
    assert ours == pytest.approx(expected, rel=1e-5)


def test_gradient_mass():
    # at uniform logits of K classes every pixel has the mass 2 (K - 1) / K: shares = frequencies
    target = torch.tensor([[[0, 0, 0, 1]]])
    logits = torch.zeros(1, 2, 1, 4)
    assert losses.gradient_mass(losses.cross_entropy, logits, target, 3).tolist() == [0.75, 0.25, 0]
    weights = torch.tensor(weighting.class_weights([3, 1], "icf"))

    def balanced(z, t):
        return losses.cross_entropy(z, t, weights=weights)

    assert losses.gradient_mass(balanced, logits, target, 2) == pytest.approx([0.5, 0.5])


def test_bad_input_is_refused_and_no_pixel_is_nan():
    logits, target = case()
    with pytest.raises(ValueError, match="gamma"):
        losses.focal(logits, target, gamma=-0.1)
    with pytest.raises(ValueError, match="normaliser: 'classes'"):
        losses.focal(logits, target, normaliser="classes")
    with pytest.raises(ValueError, match="does not fit"):
        losses.focal(logits, target[:, :2])
    with pytest.raises(ValueError, match="binary loss takes 1"):
        losses.binary_focal(logits, target)
    with pytest.raises(ValueError, match="weights"):
        losses.focal(logits, target, weights=torch.ones(4))
    with pytest.raises(ValueError, match="negative, positive"):
        losses.binary_focal(logits[:, :1], target > 0, weights=torch.ones(5))
    assert torch.isnan(losses.focal(logits[:, :, :0], target[:, :0]))
