"""A promise about what is missed: by hand, as identities, and kept on fresh images."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foilseg.decisions import conformal
from foilseg.decisions.conformal import PromiseError

SHARES = arrays(float, st.tuples(st.integers(1, 9), st.integers(1, 7)), elements=st.floats(0, 1))


def test_the_setting_by_hand():
    losses = np.array([[1.0, 0.5, 0.0], [1.0, 0.0, 0.0], [0.5, 0.1, 0.0], [1.0, 0.4, 0.2]])
    # (3.5 + 1) / 5, (1.0 + 1) / 5, (0.2 + 1) / 5
    np.testing.assert_allclose(conformal.bounds(losses), [0.9, 0.4, 0.24])
    assert conformal.choose(losses, 0.4) == (1, pytest.approx(0.25), pytest.approx(0.4), 4)
    assert conformal.choose(losses, 0.39).place == 2
    with pytest.raises(
        PromiseError, match=r"4 images .* cannot promise 0.2; the smallest .* 0.240"
    ):
        conformal.choose(losses, 0.2)


def test_a_loss_that_rises_again_counts_as_the_largest_of_what_follows():
    losses = np.array([[0.2, 0.6, 0.1]])
    np.testing.assert_array_equal(conformal.monotone(losses), [[0.6, 0.6, 0.1]])
    assert conformal.choose(losses, 0.7).place == 2


@given(SHARES)
def test_made_monotone_no_loss_gets_smaller_and_none_rises(losses):
    made = conformal.monotone(losses)
    assert (made >= losses).all() and (np.diff(made, axis=1) <= 0).all()
    np.testing.assert_array_equal(conformal.monotone(made), made)


@given(SHARES, st.floats(0.01, 0.99))
def test_the_strictest_setting_that_keeps_the_promise_is_chosen(losses, alpha):
    promised = conformal.bounds(losses)
    assert (promised >= 1 / (len(losses) + 1) - 1e-12).all()
    try:
        place, risk, bound, images = conformal.choose(losses, alpha)
    except PromiseError:
        assert (promised > alpha).all()
        return
    assert bound == promised[place] <= alpha and (promised[:place] > alpha).all()
    assert images == len(losses) and bound == pytest.approx((images * risk + 1) / (images + 1))


def test_each_image_is_judged_by_the_others():
    losses = np.array([[1.0, 0.5, 0.0], [1.0, 0.0, 0.0], [0.5, 0.1, 0.0], [1.0, 0.4, 0.0]])
    # without the first (0.5 + 1) / 4, without the second (1 + 1) / 4, and so on
    assert conformal.left_out(losses, 0.4).tolist() == [0.5, 0.0, 0.0, 0.4]
    assert conformal.left_out(losses, 0.5).tolist() == [0.5, 0.0, 0.1, 0.4]
    assert conformal.left_out(losses, 0.24).size == conformal.left_out(losses[:1], 0.9).size == 0


@given(SHARES, st.floats(0.3, 0.9))
def test_left_out_images_never_lose_more_than_promised(losses, alpha):
    falling = np.concatenate([conformal.monotone(losses), np.zeros((len(losses), 1))], axis=1)
    found = conformal.left_out(falling, alpha)
    if len(found):
        assert len(found) == len(losses) and found.mean() <= alpha + 1e-12


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="alpha: 0 is outside"):
        conformal.choose(np.zeros((3, 2)), 0)
    with pytest.raises(ValueError, match="one row for each image"):
        conformal.choose(np.zeros((0, 2)), 0.5)
    with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
        conformal.choose(np.full((2, 2), 1.5), 0.5)


def worlds(number, images, settings, seed):
    """Losses of images that differ: each needs a looseness of its own until it misses nothing."""
    generator = np.random.default_rng(seed)
    need = generator.beta(2, 5, (number, images, 1))
    return np.clip(1 - np.linspace(0, 1, settings) / need, 0, 1)


def mean_realised(choose, alpha, calibration=20, number=4000):
    """Over many worlds, the mean loss of one more image at the chosen setting."""
    losses = worlds(number, calibration + 1, 60, 0)
    found = [world[-1, choose(world[:-1], alpha)] for world in losses]
    return np.mean(found), np.std(found) / np.sqrt(number)


@pytest.mark.parametrize("alpha", [0.06, 0.1, 0.2])
def test_the_promise_is_kept_on_one_more_image_and_not_much_is_given_away(alpha):
    mean, error = mean_realised(lambda own, a: conformal.choose(own, a).place, alpha)
    assert mean <= alpha + 3 * error
    assert mean >= alpha - 2 / 21 - 3 * error  # the theorem's lower bound, 2 B / (n + 1)


@pytest.mark.parametrize("alpha", [0.06, 0.1])
def test_the_same_test_catches_a_bound_without_the_one(alpha):
    """R <= alpha, or 1 / (n + 1) taken away where it has to be added: the promise is broken."""

    def wrong(own, a):
        risk = own.mean(axis=0)
        n = len(own)
        return int(np.flatnonzero((n * risk - 1) / (n + 1) <= a)[0])

    mean, error = mean_realised(wrong, alpha)
    assert mean > alpha + 3 * error


def test_missed_objects_are_of_images_that_show_the_class_from_strict_to_loose():
    rows = [("a", "pit", 64, 4, 1), ("a", "pit", 49, 4, 3), ("b", "pit", 64, 0, 0),
            ("b", "pit", 49, 0, 0), ("a", "line", 64, 1, 1), ("a", "line", 49, 1, 1)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["foil", "defect", "edge", "objects", "hit"])
    found = conformal.missed_objects(table, "pit")
    assert list(found) == [64, 49, conformal.EVERYTHING] and list(found.index) == ["a"]
    assert found.loc["a"].tolist() == [0.75, 0.25, 0.0]


def test_a_table_says_what_can_be_promised():
    made = conformal.table({"pit": np.zeros((9, 3))}, [0.05, 0.1])
    assert made["bound"].tolist() == [0.1, 0.1] and made["images"].tolist() == [9, 9]
    assert list(made)[:2] == ["defect", "α"]
    assert np.isnan(made["place"][0]) and made["place"][1] == 0
