"""The resamplers: exact shares, different windows, uniform choice, nothing outside the regions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from foilseg.data.dataset import Foil, split
from foilseg.sampling.pools import build_index
from foilseg.sampling.resampling import (
    SAMPLERS,
    binary_balanced,
    equal_samples,
    oversampled,
    proportions,
    standard,
)
from foilseg.sampling.uniform import cut, rng, uniform


def foil(mask, name="foil"):
    mask = np.asarray(mask, np.uint8)
    return Foil(name, np.zeros((1, *mask.shape), np.float32), mask)


def scene(height=90, width=110, seed=0):
    """Three defect classes: a strip, blobs of two sizes, and pores."""
    generator = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    mask[:, 20:23] = 3
    for _ in range(6):
        row, column = generator.integers(4, height - 20), generator.integers(30, width - 20)
        edge = generator.integers(4, 16)
        mask[row : row + edge, column : column + edge] = 1
        mask[row - 3 : row - 1, column : column + 2] = 2
    return mask


@pytest.fixture(scope="module")
def index():
    return build_index([foil(scene(seed=s), f"f{s}") for s in range(3)], 4, 16)


def shown(index, plan):
    """Which classes each patch holds, looked up in the patches themselves: bool (n, classes)."""
    masks = cut(index.regions, plan)[1].reshape(len(plan), index.size**2)
    return np.stack([(masks == c).any(axis=1) for c in range(index.n_classes)], axis=1)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 90),
    st.lists(st.floats(0, 9), min_size=3, max_size=3).filter(lambda s: sum(s) > 0.1),
    st.sampled_from(["window", "object"]),
)
def test_proportions_are_exact_and_every_patch_shows_its_class(index, n, shares, choice):
    plan = proportions(index, n, rng(0, 0, "train"), dict(zip((1, 2, 3), shares)), choice)
    assert len(plan) == n == len(np.unique(plan.windows, axis=0))
    assert shown(index, plan)[np.arange(n), plan.drawn_for].all()
    exact = np.array(shares) / sum(shares) * n
    drawn = np.array([(plan.drawn_for == c).sum() for c in (1, 2, 3)])
    assert (np.abs(drawn - exact) < 1).all()
    delivered = {c: k for c, k in zip((1, 2, 3), drawn.tolist()) if k}
    assert {c: k for c, k in plan.request.patches.items() if k} == delivered


def test_named_sets_are_the_proportions_of_the_thesis(index):
    plan = equal_samples(index, 99, rng(0, 0, "train"))
    assert [(plan.drawn_for == c).sum() for c in range(4)] == [0, 33, 33, 33]
    plan = oversampled(index, 80, rng(0, 0, "train"), label=2)
    assert shown(index, plan)[:, 2].all()
    plan = binary_balanced(index, 81, rng(0, 0, "train"), label=2)
    assert shown(index, plan)[:, 2].sum() == 41
    assert ((plan.drawn_for == 2) == shown(index, plan)[:, 2]).all()
    plan = binary_balanced(index, 80, rng(0, 0, "train"), label=2, share=0.25)
    assert shown(index, plan)[:, 2].sum() == 20


def test_a_third_of_the_patches_is_forced_to_show_a_defect(index):
    plan = SAMPLERS["forced"].draw(index, 91, rng(0, 0, "train"))
    assert len(plan) == 91 and plan.request.patches == {1: 11, 2: 10, 3: 10}  # of 31
    for label in (1, 2, 3):
        own = plan.drawn_for == label
        assert own.sum() == plan.request.patches[label]
        assert shown(index, plan)[own, label].all()
    assert (plan.drawn_for == -1).sum() == 60
    places = np.flatnonzero(plan.drawn_for >= 0)
    assert 35 < places.mean() < 55, "forced patches are spread over the pool, not at one end"
    # the others are those of the standard sampler: all windows equally likely
    many = SAMPLERS["forced"].draw(index, 3000, rng(1, 0, "train"), share=0.5)
    rest = many.take(many.drawn_for == -1)
    seen = uniform(index.regions, 1500, 16, rng(2, 0, "train"))
    share = [shown(index, p)[:, 2].mean() for p in (rest, seen)]
    assert abs(share[0] - share[1]) < 4 * np.sqrt(share[1] * (1 - share[1]) * 2 / 1500)


def test_a_forced_defect_lies_anywhere_in_its_patch():
    mask = np.zeros((200, 200), np.uint8)
    mask[100, 100] = 1
    single = build_index([foil(mask)], 2, 16)
    plan = SAMPLERS["forced"].draw(single, 200, rng(0, 0, "train"), share=1)
    rows = 100 - plan.top
    assert rows.min() <= 1 and rows.max() >= 14 and len(np.unique(rows)) == 16


def test_windows_of_a_pool_are_equally_likely(index):
    plan = oversampled(index, 600, rng(7, 0, "train"), label=3)
    for region in range(3):
        share = index.windows_with(3, region).sum() / index.pool_sizes[3]
        low, high = binom.interval(1 - 1e-6, 600, share)
        assert low <= (plan.foil == region).sum() <= high
    share = sum(index.windows_with(3, r)[:20].sum() for r in range(3)) / index.pool_sizes[3]
    low, high = binom.interval(1 - 1e-6, 600, share)
    assert low <= (plan.top <= 20).sum() <= high


def test_choice_by_object_shows_small_and_large_defects_equally_often():
    mask = np.zeros((200, 400), np.uint8)
    mask[20:180, 20:180] = 1
    mask[100, 300] = 1
    index = build_index([foil(mask)], 2, 16)
    left = {
        c: oversampled(index, 200, rng(0, 0, "t"), 1, choice=c).left for c in ("object", "window")
    }
    assert (left["object"] > 200).sum() == 100
    expected = 200 * 256 / index.pool_sizes[1]
    assert (left["window"] > 200).sum() < 4 * expected + 8


def test_windows_repeat_only_when_a_pool_is_used_up_and_then_equally_often():
    mask = np.zeros((20, 20), np.uint8)
    mask[10, 10] = 1
    index = build_index([foil(mask)], 2, 4)
    assert index.pool_sizes.tolist() == [15 * 15, 16]
    for choice in ("window", "object"):
        plan = oversampled(index, 40, rng(0, 0, "train"), 1, choice)
        times = np.unique(plan.windows, axis=0, return_counts=True)[1]
        assert len(times) == 16 and sorted(times) == [2] * 8 + [3] * 8
    plan = proportions(index, 225, rng(0, 0, "train"), {0: 209, 1: 16})
    assert len(np.unique(plan.windows, axis=0)) == 225, "each window of the region exactly once"


def test_classes_that_lie_together_share_no_window():
    mask = np.zeros((80, 80), np.uint8)
    mask[40, 40], mask[40, 41] = 1, 2
    index = build_index([foil(mask)], 3, 40)
    assert index.pool_sizes[1:].tolist() == [39 * 39, 39 * 38]
    plan = equal_samples(index, 700, rng(0, 0, "train"))
    assert len(np.unique(plan.windows, axis=0)) == 700, "by chance about 80 would be shared"


def test_a_plan_is_a_function_of_seed_and_refresh_alone(index):
    options = {
        "proportions": {"shares": [0, 1, 2, 3]},
        "oversampled": {"label": 2},
        "binary_balanced": {"label": 1},
    }
    fresh = build_index(index.regions, 4, 16)
    for name, sampler in ((k, entry.draw) for k, entry in SAMPLERS.items()):
        kwargs = options.get(name, {})
        plan = sampler(index, 48, rng(5, 2, "train"), **kwargs)
        again = sampler(fresh, 48, rng(5, 2, "train"), **kwargs)
        other = sampler(index, 48, rng(5, 3, "train"), **kwargs)
        assert np.array_equal(plan.windows, again.windows), name
        assert not np.array_equal(plan.windows, other.windows), name


def test_no_patch_of_any_sampler_holds_a_validation_pixel():
    whole = []
    for seed in range(2):
        mask = scene(120, 90, seed)
        image = np.arange(mask.size, dtype=np.float32).reshape(1, *mask.shape) + seed * mask.size
        whole.append(Foil(f"f{seed}", image, mask))
    parts = [split(f) for f in whole]
    index = build_index([train for train, _ in parts], 4, 16)
    validation = np.concatenate([v.image.ravel() for _, v in parts])
    options = {"proportions": {"shares": [1, 1, 1, 1]}}
    for name, sampler in ((k, entry.draw) for k, entry in SAMPLERS.items()):
        kwargs = options.get(
            name, {"label": 2} if name in ("oversampled", "binary_balanced") else {}
        )
        images, _ = cut(index.regions, sampler(index, 60, rng(1, 0, "train"), **kwargs))
        assert not np.isin(images, validation).any(), name


def test_the_standard_sampler_needs_no_index(index):
    plan = standard(index, 50, rng(0, 0, "train"))
    assert np.array_equal(plan.windows, uniform(index.regions, 50, 16, rng(0, 0, "train")).windows)
    untouched = build_index(index.regions, 4, 16)
    standard(untouched, 50, rng(0, 0, "train"))
    assert set(vars(untouched)) == {"regions", "n_classes", "size", "memo"}


def test_empty_plans():
    index = build_index([foil(scene())], 4, 16)
    for name in ("uniform", "equal_samples", "equal_pixels"):
        assert len(SAMPLERS[name].draw(index, 0, rng(0, 0, "train"))) == 0


@pytest.mark.parametrize(
    ("sampler", "options", "reason"),
    [
        ("proportions", {"shares": {1: 1, 2: -0.5}}, "negative"),
        ("proportions", {"shares": {1: float("nan")}}, "undefined"),
        ("proportions", {"shares": {1: 0, 2: 0}}, "sums to 0"),
        ("proportions", {"shares": {}}, "sums to 0"),
        ("proportions", {"shares": {7: 1}}, "class 7 does not exist; there are 0 to 4"),
        ("proportions", {"shares": {7: 0, 1: 1}}, "class 7 does not exist"),
        ("oversampled", {"label": 4}, "class 4 has no pixel"),
        ("oversampled", {"label": -1}, "class -1 does not exist"),
        ("oversampled", {"label": 1, "choice": "size"}, "choice: 'size' is not one of"),
        ("oversampled", {"label": 0, "choice": "object"}, "class 0 has no objects"),
        ("binary_balanced", {"label": 1, "share": 1.5}, r"share: 1.5 is outside \[0, 1\]"),
        ("binary_balanced", {"label": 0}, "every window shows class 0"),
        ("equal_samples", {"labels": []}, "no class is named"),
        ("equal_samples", {}, "class 4 has no pixel"),
        ("forced", {"share": -0.1}, r"share: -0.1 is outside \[0, 1\]"),
    ],
)
def test_bad_requests_are_refused_with_the_reason(sampler, options, reason):
    index = build_index([foil(scene())], 5, 16)
    with pytest.raises(ValueError, match=reason):
        SAMPLERS[sampler].draw(index, 10, rng(0, 0, "train"), **options)
    with pytest.raises(ValueError, match="n: -3 patches"):
        SAMPLERS[sampler].draw(index, -3, rng(0, 0, "train"), **options)
