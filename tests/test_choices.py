"""Windows chosen by window, by object and by image."""

from itertools import product

import numpy as np
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

from foilseg.data import folder, splits
from foilseg.data.dataset import TRAIN, VALIDATION, Foil
from foilseg.sampling.choices import CHOICES
from foilseg.sampling.pools import build_index
from foilseg.sampling.resampling import SAMPLERS
from foilseg.sampling.uniform import rng

SIZE = 4


def _region(name: str, height: int, width: int, pixels: dict[tuple[int, int], int]) -> Foil:
    mask = np.zeros((height, width), np.uint8)
    for place, label in pixels.items():
        mask[place] = label
    return Foil(name, np.zeros((1, height, width), np.float32), mask)


def _index():
    """A large image with much of class 1, a small one with a pixel of it, and others without."""
    large = _region("large", 40, 60, {(r, c): 1 for r in range(8, 30) for c in range(8, 50)})
    small = _region("small", 12, 12, {(6, 6): 1})
    other = _region("other", 20, 16, {(9, 9): 2, (9, 10): 2})
    return build_index((large, small, _region("clean", 14, 14, {}), other), 3, SIZE)


def _own(index, label: int, absent: bool) -> dict[int, set[int]]:
    """Numbers of the windows of a class's pool in each image, counted one by one."""
    found: dict[int, set[int]] = {}
    for number in range(int(index.first[1][-1])):
        image, top, left = (int(v) for v in index.place(np.array([number]))[0])
        part = index.regions[image].mask[top : top + SIZE, left : left + SIZE]
        if (part == label).any() != absent:
            found.setdefault(image, set()).add(number)
    return found


@pytest.mark.parametrize("label, absent", list(product((1, 2), (False, True))))
def test_by_image_takes_each_image_equally_often_up_to_one(label, absent):
    index, pools = _index(), _own(_index(), label, absent)
    for n in (0, 1, 7, 30):
        chosen = CHOICES["image"](index, label, absent, n, np.zeros(0, np.int64), n, rng(3, n, "t"))
        images = index.place(chosen)[:, 0]
        times = np.bincount(images, minlength=len(index.regions))
        assert set(np.flatnonzero(times)) <= set(pools)
        assert all(number in pools[image] for image, number in zip(images, chosen))
        assert times[list(pools)].max() - times[list(pools)].min() <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(0, 40), st.integers(0, 10_000))
def test_no_window_comes_twice_while_its_image_has_others(n, before, seed):
    index, pools = _index(), _own(_index(), 1, False)
    drawn = np.array(sorted(pools[0] | pools[1]), np.int64)[:before]
    chosen = CHOICES["image"](index, 1, False, n, drawn, n + before, rng(seed, 0, "t"))
    for pool in pools.values():
        own = [number for number in chosen if number in pool]
        left = pool - set(drawn.tolist())
        if len(own) <= len(left):
            assert len(set(own)) == len(own) and not set(own) & set(drawn.tolist())
        else:  # a pool that is used up is taken whole
            assert left <= set(own) or len(own) > len(pool)


def test_images_that_have_the_rest_are_drawn_at_random():
    index = _index()
    none = np.zeros(0, np.int64)
    drawn = [CHOICES["image"](index, 1, False, 1, none, 1, rng(s, 0, "t")) for s in range(400)]
    draws = index.place(np.concatenate(drawn))[:, 0]
    assert abs(np.mean(draws == 1) - 0.5) < 0.08  # three standard deviations


def test_a_small_image_counts_for_as_much_as_a_large_one():
    index = _index()
    shares = {}
    for choice in ("window", "image"):
        plan = SAMPLERS["equal_samples"].draw(index, 24, rng(0, 0, "t"), [1], choice)
        shares[choice] = float((plan.foil == 1).mean())
    assert shares["image"] == 0.5 and shares["window"] < 0.2
    plan = SAMPLERS["binary_balanced"].draw(index, 40, rng(0, 0, "t"), 1, choice="image")
    assert np.bincount(plan.foil[plan.drawn_for == 1], minlength=4).tolist() == [10, 10, 0, 0]
    assert np.bincount(plan.foil[plan.drawn_for == -1], minlength=4).tolist() == [5, 5, 5, 5]
    plan = SAMPLERS["forced"].draw(index, 24, rng(0, 0, "t"), 0.5, "image")
    assert np.bincount(plan.foil[plan.drawn_for == 1], minlength=4).tolist() == [3, 3, 0, 0]


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_only_images_that_are_divided_whole_are_drawn_by_image(name, tmp_path):
    root = toy.write(tmp_path / "d", foils=3)
    defaults = SAMPLERS[name].defaults
    assert "choice" not in defaults(folder.load(root), 1)
    splits.write(root / splits.NAME, {"f0": TRAIN, "f1": TRAIN, "f2": VALIDATION}, {})
    by_image = {"proportions", "equal_samples", "oversampled", "forced", "binary_balanced"}
    assert (defaults(folder.load(root), 1).get("choice") == "image") == (name in by_image)
