"""Images and trainings drawn anew: what is drawn is what is counted."""

import numpy as np
import pandas as pd
import pytest

from foilseg.evaluation import bootstrap, metrics


def counts(trainings=3, models="ab", foils=5, seed=0):
    """Random counts of several trainings: training, model, foil, defect, tp, fp, fn, tn."""
    rng = np.random.default_rng(seed)
    rows = [
        (t, m, f"f{i}", d, *rng.integers(1, 50, 4))
        for t in range(trainings)
        for m in models
        for i in range(foils)
        for d in ("pit", "line")
    ]
    kinds = [bootstrap.TRAINING, "model", "foil", "defect", *metrics.COUNTS]
    return pd.DataFrame(rows, columns=kinds)


@pytest.mark.parametrize("average", metrics.AVERAGES)
def test_a_resample_counts_the_images_and_trainings_drawn_for_each_model(average):
    table = counts()
    _, _, drawn = bootstrap.resampled_means(table, 4, 0, average)
    for weights, means in zip(bootstrap.resample_weights(table, 4, 0), drawn, strict=True):
        assert weights.sum(axis=0).tolist() == [15, 15]  # of each model as many as there are
        for place, model in enumerate("ab"):
            own = table[table["model"] == model]
            parts = [
                own[(own[bootstrap.TRAINING] == t) & (own["foil"] == f"f{i}")].assign(
                    foil=f"{t} {i} {k}"
                )
                for t, row in enumerate(weights[:, place].reshape(3, 5))
                for i, n in enumerate(row)
                for k in range(n)
            ]
            expected = metrics.score(pd.concat(parts), ["defect"], average)[list(bootstrap.RATES)]
            np.testing.assert_allclose(means[place], expected.mean(), rtol=1e-12)


def test_images_are_drawn_alike_for_all_models_and_trainings_are_not():
    apart = False
    for weights in bootstrap.resample_weights(counts(), 50, 0):
        one, other = (w.reshape(3, 5) for w in weights.T)
        per_image = one.sum(axis=0), other.sum(axis=0)
        assert (per_image[0] == per_image[1]).all() and one.sum() == other.sum() == 15
        apart |= bool((one != other).any())
    assert apart


def test_trainings_that_differ_widen_an_interval_and_one_training_is_as_without():
    same = counts(1)
    alike = pd.concat([same.assign(training=t) for t in range(3)])
    plain = bootstrap.intervals(same.drop(columns="training"), 300, 0)
    for table in (same, alike):
        pd.testing.assert_frame_equal(bootstrap.intervals(table, 300, 0), plain)
    good = same.assign(training=1, tp=same["tp"] + 100)
    width = bootstrap.intervals(pd.concat([same, good]), 300, 0).set_index(["model", "rate"])
    before = plain.set_index(["model", "rate"])
    wider = (width["high"] - width["low"]) / (before["high"] - before["low"])
    assert wider["a", "TPR"] > 1 and wider["b", "TPR"] > 1


def test_a_training_that_lacks_an_image_is_named():
    with pytest.raises(ValueError, match="b has none for line on f4"):
        bootstrap.cube(counts().iloc[:-1])


def test_a_model_has_one_row_in_which_each_rate_stands_between_its_ends():
    long = bootstrap.intervals(counts(models="ba"), 50, 0)
    wide = bootstrap.by_rate(long)
    assert list(wide.index) == list(long["model"].unique())
    rates = list(long["rate"].unique())
    assert list(wide.columns) == [(r, part) for r in rates for part in ("mean", "low", "high")]
    for row in long.to_dict("records"):
        own = wide.loc[row["model"], row["rate"]]
        assert own.to_dict() == {part: row[part] for part in ("mean", "low", "high")}
