"""Thresholds that keep their word: what they are, what they rest on, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import toy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from foilseg.data import folder
from foilseg.decisions import calibration, conformal, decision, likeness, scores
from foilseg.training import probing, restore


@pytest.fixture
def study(trained_toy):
    return trained_toy


@pytest.fixture(scope="module")
def fresh(fresh_toy):
    """Annotated pictures that no run was trained on."""
    return folder.load(fresh_toy)


@pytest.fixture
def chosen(promised):
    return promised


def test_log_odds_are_those_of_the_stored_curves():
    logits = 6 * torch.randn(5, 7, 9, generator=torch.Generator().manual_seed(0))
    expected = probing.class_logits(logits).numpy()
    np.testing.assert_allclose(scores.log_odds(logits).numpy(), expected, rtol=1e-4, atol=1e-5)
    far = scores.log_odds(torch.tensor([[[1e4]], [[-1e4]], [[0.0]]]))
    assert torch.isfinite(far[:1]).all() and far[0] > 80 and far[1] < -1e3


@pytest.mark.parametrize("name", ["baseline", "binary", "binary joined"])
def test_tiles_give_the_scores_of_the_whole(study, fresh, name):
    model = study.model(name.split()[0])
    run = model.joined() if "joined" in name else model.made()[0]
    predictor = restore.load(run, "cpu")
    image = fresh.foils[0].image
    whole = scores.class_scores(predictor, image, tile=1024)
    tiled = scores.class_scores(predictor, image, tile=32)
    assert list(tiled) == list(whole) == list(predictor.labels or range(3))
    for index, score in whole.items():
        np.testing.assert_allclose(tiled[index], score, atol=1e-3)
    mask = predictor.mask(image)
    if name == "baseline":
        each = np.stack(list(whole.values()))
        assert ((each > 0).sum(axis=0) <= 1).all()
        sure = np.abs(each).min(axis=0) > 1e-3
        assert (each.argmax(axis=0) == mask)[sure].all()


@pytest.mark.parametrize("name", ["baseline", "binary"])
@pytest.mark.parametrize("least", [-8.0, -1.0, 0.5, 40.0])
def test_what_a_decision_asks_for_is_all_of_what_reaches_its_threshold(study, fresh, name, least):
    """Beside every log-odds: the same pixels reach a threshold, with the same values."""
    predictor = restore.load(study.model(name).joined(), "cpu")
    above = {2: least, 1: least + 1}
    for image, tile in ((fresh.foils[0].image, None), (fresh.foils[1].image, 32)):
        whole = scores.class_scores(predictor, image, tile)
        some = scores.class_scores(predictor, image, tile, above)
        assert list(some) == list(above)
        for index, threshold in above.items():
            held = whole[index] >= threshold
            assert (held == (some[index] >= threshold)).all()
            np.testing.assert_allclose(some[index][held], whole[index][held], atol=1e-5)
            thin = np.s_[:: scores.EACH, :: scores.EACH]
            np.testing.assert_allclose(some[index][thin], whole[index][thin], atol=1e-5)
            told = np.isfinite(some[index])
            assert name == "binary" or held.all() or told.mean() < max(0.2, 3 * held.mean())


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    cover=st.sampled_from([0.01, 0.1, 0.5]),
    reach=st.sampled_from([0, 2, 5]),
)
def test_an_object_is_found_up_to_its_score(seed, cover, reach):
    """Beside the definition, taken literally: widen, threshold, count."""
    rng = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(rng.standard_normal((40, 50)), 2) > 0.12
    score = ndimage.gaussian_filter(rng.standard_normal((40, 50)), 1)
    found = scores.object_scores(score, mask, reach, cover)
    numbers, n = ndimage.label(mask, np.ones((3, 3)))
    assert len(found) == n
    for k, value in enumerate(found, 1):
        near = ndimage.distance_transform_edt(numbers != k) <= reach
        for threshold in (value, np.nextafter(value, np.inf)):
            reported = int(((score >= threshold) & near).sum())
            enough = reported >= max(1, np.ceil(cover * (numbers == k).sum() - 1e-9))
            assert enough == (threshold == value)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.floats(-5, 5, width=16), min_size=1, max_size=6), min_size=1, max_size=5)
)
def test_losses_are_shares_of_what_scores_less(each):
    rising = [np.sort(np.array(one)) for one in each]
    thresholds, missed = calibration.losses(rising)
    assert (np.diff(thresholds) < 0).all() and (np.diff(missed, axis=1) <= 0).all()
    for k, threshold in enumerate(thresholds):
        assert missed[:, k].tolist() == [float((one < threshold).mean()) for one in rising]
    assert (missed[:, -1] == 0).all()


def test_many_thresholds_become_few_and_the_lowest_stays():
    scores_ = [np.sort(np.random.default_rng(0).standard_normal(5000))]
    thresholds, missed = calibration.losses(scores_, most=100)
    assert len(thresholds) <= 100 and thresholds[-1] == scores_[0][0] and missed[0, -1] == 0


def test_of_objects_every_threshold_is_tried():
    many = [np.sort(np.random.default_rng(0).standard_normal(5000))]
    assert len(calibration.losses(many, most=None)[0]) == 5000


def test_what_cannot_be_found_at_all_counts_as_missed():
    thresholds, missed = calibration.losses([np.array([-np.inf, 1.0]), np.array([2.0])])
    assert thresholds.tolist() == [2.0, 1.0] and missed.tolist() == [[1.0, 0.5], [0.0, 0.0]]


def test_the_threshold_is_the_strictest_that_keeps_the_promise(study, fresh, chosen):
    """The inequality, by hand, from the pictures themselves."""
    predictor = restore.load(study.run("baseline"), "cpu")
    assert [p.name for p in chosen.promises] == ["scratch", "pit hole"]
    for index, promise in enumerate(chosen.promises, 1):
        shown = [f for f in fresh.foils if (f.mask == index).any()]
        each = []
        for foil in shown:
            score = scores.class_scores(predictor, foil.image)[index]
            each.append(scores.object_scores(score, foil.mask == index, 2, 0.1))
        n = len(shown)
        assert promise.images == n

        def bound(threshold, each=each, n=n):
            return (sum((one < threshold).mean() for one in each) + 1) / (n + 1)

        above = [t for t in np.concatenate(each) if t > promise.threshold]
        assert bound(promise.threshold) <= 0.4
        assert all(bound(t) > 0.4 for t in above)
        values = np.concatenate(each)
        assert promise.found == (values >= promise.threshold).sum()
        assert promise.objects == len(values)


def test_false_objects_come_near_nothing():
    said, mask = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    mask[5:8, 5:8] = True
    said[5:7, 10] = True  # three columns away
    said[0, 0] = said[15:17, 15] = True
    assert calibration.false_objects(said, mask, 2) == 3
    said[6, 9] = True  # joins it to what is near
    assert calibration.false_objects(said, mask, 2) == 2
    assert calibration.false_objects(said, np.zeros_like(mask), 2) == 3
    assert calibration.false_objects(np.zeros_like(said), mask, 2) == 0


def test_pixels_can_be_promised_too(study, fresh, chosen):
    pixels = calibration.calibrate(study.run("baseline"), fresh, 0.4, level="pixel", unseen=True)
    assert pixels.level == "pixel" and pixels != chosen
    assert all(p.risk <= 0.4 for p in pixels.promises)
    assert all(p.left_out is None or p.left_out <= 0.4 for p in pixels.promises)


def test_of_its_own_data_only_what_validates_is_used(study, fresh):
    run = study.run("baseline")
    part, foils = calibration.pictures(run, study.dataset)
    assert part == calibration.VALIDATION
    assert sum(f.mask.size for f in foils) < 0.4 * sum(f.mask.size for f in study.dataset.foils)
    assert calibration.pictures(run, fresh, True) == (calibration.WHOLE, fresh.foils)
    more = replace(study.dataset, foils=(*study.dataset.foils, fresh.foils[0]), recipe="other")
    with pytest.raises(ValueError, match=r"no longer, the data that baseline.*--unseen"):
        calibration.pictures(run, more)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"miss": 0.0}, "miss: 0.0 is no share"),
        ({"miss": 1.5}, "miss: 1.5 is no share"),
        ({"level": "foil"}, "level: 'foil' is not one of object, pixel"),
        ({"classes": ["crack"]}, "class: 'crack' is not one of scratch, pit hole"),
        ({"stop_pixels": 0}, "stop_pixels: 0"),
        ({"cover": 5}, "cover: 5 is no share"),
        ({"reach": 3}, "reach: 3 is not one of 0, 2, 5"),
        ({"miss": 0.05}, r"scratch: 8 pictures that show it cannot.*they can promise is 0.112"),
    ],
)
def test_what_cannot_be_promised_is_refused(study, fresh, changes, words):
    with pytest.raises(ValueError, match=words):
        calibration.calibrate(
            study.run("baseline"), fresh, **{"miss": 0.4, "unseen": True} | changes
        )


def test_a_class_that_no_picture_shows_is_named(study, fresh):
    foils = tuple(replace(f, mask=np.where(f.mask == 2, 0, f.mask)) for f in fresh.foils)
    data, run = replace(fresh, foils=foils), study.run("baseline")
    with pytest.raises(ValueError, match=r"no picture shows pit hole; name others \(scratch\)"):
        calibration.calibrate(run, data, 0.4, unseen=True)
    alone = calibration.calibrate(run, data, 0.4, classes=["scratch"], unseen=True)
    assert [p.name for p in alone.promises] == ["scratch"]


def test_a_decision_is_bound_to_its_run_and_to_what_was_written(study, chosen, tmp_path):
    path = tmp_path / "decision.json"
    chosen.write(path)
    again = decision.read(path)
    assert again == chosen
    again.check(study.run("baseline"), study.dataset.classes)
    with pytest.raises(decision.DecisionError, match="made for the run baseline-toy-0"):
        again.check(study.model("binary").joined(), study.dataset.classes)
    told = json.loads(path.read_text())
    told["promises"][0]["threshold"] -= 1
    path.write_text(json.dumps(told))
    with pytest.raises(decision.DecisionError, match="was altered after it was made"):
        decision.read(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": 1}', "\x00"])
def test_what_is_no_decision_is_refused(tmp_path, text):
    path = tmp_path / "decision.json"
    path.write_text(text)
    with pytest.raises(decision.DecisionError, match=r"decision\.json: (is no decision|was alter)"):
        decision.read(path)
    with pytest.raises(decision.DecisionError, match="no such file; foilseg calibrate"):
        decision.read(tmp_path / "other.json")


def test_a_promise_is_kept_on_pictures_that_nobody_has_seen(study):
    """Many draws of toy pictures: the mean share of missed objects is at most what was promised."""
    predictor = restore.load(study.run("baseline"), "cpu")
    each = []
    for seed in range(100, 340):
        pixels, mask = toy.picture(48, 40, seed)
        if not (mask == 1).any():
            continue
        score = scores.class_scores(predictor, (pixels / 255).astype(np.float32)[None])[1]
        each.append(np.sort(scores.object_scores(score, mask == 1, 2, 0.1)))
    rng, realised = np.random.default_rng(0), []
    for _ in range(400):
        drawn = rng.permutation(len(each))
        known, new = [each[k] for k in drawn[:12]], [each[k] for k in drawn[12:]]
        thresholds, missed = calibration.losses(known)
        place = conformal.choose(missed, 0.2).place
        realised.append(np.mean([(one < thresholds[place]).mean() for one in new]))
    error = 3 * np.std(realised) / np.sqrt(len(realised))
    assert np.mean(realised) <= 0.2 + error


def test_pictures_of_another_kind_are_told_apart(study, fresh, chosen):
    predictor, like = restore.load(study.run("baseline"), "cpu"), chosen.likeness

    def told(image):
        own = scores.class_scores(predictor, image)
        return like.unlike(likeness.describe(image, {"scratch": own[1], "pit hole": own[2]}))

    others = [
        (toy.picture(96, 80, seed)[0] / 255).astype(np.float32)[None] for seed in range(50, 90)
    ]
    assert np.mean([told(image) != "" for image in others]) <= 0.1
    dark = 0.5 * others[0]
    assert "outside" in told(dark)
    few = likeness.Likeness(3, like.names, like.mean, like.deviation)
    assert few.unlike(dict.fromkeys(like.names, 1e9)) == ""


def test_by_chance_one_picture_in_a_hundred_is_unlike():
    rng = np.random.default_rng(0)
    unlike = 0
    for _ in range(200):
        drawn = [dict(zip("abcde", each)) for each in rng.standard_normal((8 + 20, 5))]
        like = likeness.Likeness.of(drawn[:8])
        unlike += sum(like.unlike(one) != "" for one in drawn[8:])
    assert unlike / 4000 <= likeness.LEVEL + 0.004
