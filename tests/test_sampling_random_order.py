"""Equal Pixels by the thesis's procedure: 10 % apart, mostly the rarest class, in random order."""

import numpy as np
import pytest
from test_sampling_equal_pixels import foil, scene

from foilseg.sampling.equal_pixels import Infeasible
from foilseg.sampling.pools import build_index
from foilseg.sampling.random_order import random_order
from foilseg.sampling.uniform import cut, rng


@pytest.fixture(scope="module")
def scenes():
    return build_index([foil(scene(seed)) for seed in range(4)], 4, 32)


@pytest.mark.parametrize("seed", range(5))
def test_counted_again_the_classes_are_within_the_tolerance(scenes, seed):
    plan = random_order(scenes, 100, rng(seed, 0, "train"))
    sums = np.bincount(cut(scenes.regions, plan)[1].ravel(), minlength=4)[1:]
    assert len(plan) == 100
    assert (sums.max() - sums.min()) / sums.max() <= 0.1
    assert 0.8 < sums.max() / plan.request.pixels[1] < 1.2


def test_most_windows_show_the_rarest_class_as_in_table_3_5(scenes):
    plan = random_order(scenes, 100, rng(0, 0, "train"))
    masks = cut(scenes.regions, plan)[1].reshape(100, -1)
    shares = [(masks == label).any(axis=1).mean() for label in (1, 2, 3)]
    assert shares[2] == max(shares) > 0.9


def test_every_pool_is_another_one_and_repeatable(scenes):
    plans = [random_order(scenes, 60, rng(0, pool, "train")).windows for pool in (0, 1, 0)]
    assert (plans[0] == plans[2]).all()
    assert not (plans[0] == plans[1]).all()


def test_few_windows_are_repeated_equally_often():
    mask = np.zeros((40, 40), np.uint8)
    mask[20, 20], mask[21, 20], mask[20, 21] = 1, 2, 3
    plan = random_order(build_index([foil(mask)], 4, 32), 50, rng(0, 0, "train"), stride=1)
    times = np.unique(plan.windows, axis=0, return_counts=True)[1]
    assert len(plan) == 50
    assert times.max() - times.min() <= 1


def test_what_cannot_be_equal_is_refused_with_the_least_that_was_reached():
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30], mask[20, 20] = 1, 2
    with pytest.raises(Infeasible, match="not within 10.0%") as caught:
        random_order(build_index([foil(mask)], 3, 32), 20, rng(0, 0, "train"))
    assert 0.9 < caught.value.tolerance <= 1


def test_nothing_asked_for_and_nonsense(scenes):
    assert len(random_order(scenes, 0, rng(0, 0, "train"))) == 0
    with pytest.raises(ValueError, match="tolerance: 1 is outside"):
        random_order(scenes, 5, rng(0, 0, "train"), tolerance=1)
    with pytest.raises(ValueError, match="stride: 0 is below 1"):
        random_order(scenes, 5, rng(0, 0, "train"), stride=0)
