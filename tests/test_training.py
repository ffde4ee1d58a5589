"""Training is a function of its seed, goes on where it stopped, and stops when it must."""

import numpy as np
import pandas as pd
import pytest
import torch

from foilseg import experiments, fit, folder, losses, runs, study, training, unet
from foilseg.dataset import training_regions, validation_regions
from foilseg.experiments import Experiment, Profile

TINY = Profile("tiny", base=2, patch=16, batch=2, iterations=8, refresh=3)
BASELINE = experiments.experiment("baseline")


def settings(**changes):
    values = {"seed": 3, "patch": 16, "batch": 2, "iterations": 12, "refresh": 5}
    return training.Settings(**values | {"validate_every": 4} | changes)


def network():
    torch.manual_seed(0)
    return unet.UNet(3, 3, 2)


def regions(toy):
    data = folder.load(toy)
    return training_regions(data), validation_regions(data)


def go(toy, place, **changes):
    net = network()
    history = training.train(net, losses.focal, regions(toy), settings(**changes), place)
    return net.state_dict(), history


def same(one, other):
    return all(torch.equal(one[k], other[k]) for k in one)


def test_one_seed_gives_one_training_and_another_seed_another(toy, tmp_path):
    first, history = go(toy, tmp_path / "1")
    again, repeated = go(toy, tmp_path / "2")
    other, _ = go(toy, tmp_path / "3", seed=4)
    assert same(first, again) and not same(first, other)
    pd.testing.assert_frame_equal(history, repeated)
    assert history["iteration"].tolist() == list(range(1, 13))
    assert history["validation_loss"].notna().sum() == 3


def test_a_stopped_training_goes_on_as_if_it_had_not_stopped(toy, tmp_path):
    whole, history = go(toy, tmp_path / "whole")

    class Stop(Exception):
        pass

    class Bar:
        calls = 0

        def update(self, n=1):
            self.calls += n
            if self.calls == 8:
                raise Stop

    with pytest.raises(Stop):
        training.train(
            network(), losses.focal, regions(toy), settings(), tmp_path / "s", progress=Bar()
        )
    resumed, both = go(toy, tmp_path / "s")
    assert same(whole, resumed)
    pd.testing.assert_frame_equal(history, both)


def test_a_loss_that_is_not_finite_names_the_iteration(toy, tmp_path):
    calls = []

    def bad(logits, target):
        calls.append(1)
        return losses.focal(logits, target) * (float("nan") if len(calls) == 3 else 1)

    with pytest.raises(training.TrainingError, match="nan at iteration 3"):
        training.train(network(), bad, regions(toy), settings(validate_every=100), tmp_path / "n")


@pytest.mark.parametrize("name", ["patch", "batch", "iterations", "refresh", "validate_every"])
def test_settings_that_make_no_training_are_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        settings(**{name: 0})


def make(toy, root, row=BASELINE, seed=0):
    return fit.fit(folder.load(toy), row, TINY, seed, root, progress=False)


def test_a_run_holds_what_it_says_and_its_counts_fit_its_predictions(toy, tmp_path):
    run = make(toy, tmp_path)
    data = folder.load(toy)
    assert sorted(p.name for p in (run.path / "checkpoints").iterdir()) == [
        f"model-{n:06d}.safetensors" for n in TINY.keep
    ]
    assert run.config["determines"] == fit.determinants(data, BASELINE, TINY, 0)
    assert len(run.history()) == TINY.iterations
    assert run.cost()["parameters"] == unet.parameter_count(unet.UNet(3, 3, 2))
    counts = run.counts().set_index(["foil", "defect"])
    for foil in validation_regions(data):
        predicted = run.prediction(foil.name)
        for c in data.classes:
            found, there = predicted == c.index, foil.mask == c.index
            row = counts.loc[(foil.name, c.name)]
            assert row["tp"] == (found & there).sum() and row["fn"] == (there & ~found).sum()
            assert row["fp"] == (found & ~there).sum() and row["tn"] == (~found & ~there).sum()


def test_the_stored_weights_give_the_stored_predictions(toy, tmp_path):
    from safetensors.torch import load_file

    from foilseg import inference

    run = make(toy, tmp_path)
    net = unet.UNet(3, 3, 2)
    net.load_state_dict(load_file(run.model()))
    foil = validation_regions(folder.load(toy))[0]
    np.testing.assert_array_equal(inference.predict_mask(net, foil.image), run.prediction("a"))


def test_a_run_is_found_again_only_for_what_determined_it(toy, tmp_path):
    run = make(toy, tmp_path)
    data = folder.load(toy)
    assert runs.find(tmp_path, fit.determinants(data, BASELINE, TINY, 0)).path == run.path
    assert runs.find(tmp_path, fit.determinants(data, BASELINE, TINY, 1)) is None
    focal = experiments.experiment("focal-iscf")
    assert runs.find(tmp_path, fit.determinants(data, focal, TINY, 0)) is None


@pytest.mark.parametrize("name", ["counts.csv", "history.csv", "model.safetensors", "config.json"])
def test_an_altered_or_missing_file_of_a_run_is_never_used(toy, tmp_path, name):
    run = make(toy, tmp_path)
    use = {"counts.csv": run.counts, "history.csv": run.history, "model.safetensors": run.model}
    use = use.get(name, lambda: run.config)
    use()
    path = run.path / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(runs.RunError, match=f"{name}: truncated or altered"):
        use()
    path.unlink()
    with pytest.raises(runs.RunError, match=name):
        use()


def test_prose_in_the_code_does_not_make_a_run_stale():
    source = '"""Doc."""\nx = 1  # why\n\n\ndef f():\n    """Doc."""\n    return "# no comment"\n'
    other = '"""Other."""\nx = 1\ndef f():\n    """Two\n    lines."""\n    return "# no comment"\n'
    assert runs.normalised(source) == runs.normalised(other)
    assert runs.normalised(source) != runs.normalised(source.replace("1", "2"))
    assert '"# no comment"' in runs.normalised(source)


def test_a_weight_follows_the_class_of_the_target():
    pixels = np.array([900, 90, 10])
    assert fit.target_weights(Experiment("x", "X", weights="none"), pixels) is None
    standard = fit.target_weights(Experiment("x", "X", weights="standard"), pixels)
    assert standard.tolist() == [0.25, 0.75, 0.75]
    iscf = fit.target_weights(Experiment("x", "X", weights="iscf"), pixels)
    expected = 3 * np.array([1 / 30, 1 / 90**0.5, 1 / 10**0.5])
    np.testing.assert_allclose(iscf, expected / (expected.sum() / 3))
    icf = fit.target_weights(Experiment("x", "X", weights="icf"), np.array([4, 0, 1]))
    np.testing.assert_allclose(icf, [0.4, 0, 1.6])


def test_a_study_trains_what_is_missing_and_nothing_twice(toy, tmp_path, monkeypatch):
    monkeypatch.setitem(experiments.PROFILES, "tiny", TINY)
    opened = study.open_study(str(toy), "tiny", 0, str(tmp_path / "runs"))
    assert opened.missing(["baseline"]) == ["baseline"]
    run = opened.run("baseline", progress=False)
    assert opened.missing(["baseline"]) == []
    monkeypatch.setattr(fit, "fit", lambda *a, **k: pytest.fail("trained twice"))
    assert opened.run("baseline") == run
    counts = opened.counts(["baseline"])
    assert counts["model"].unique().tolist() == ["Baseline"]
    assert list(counts["defect"].cat.categories) == ["pit", "scratch"]
    with pytest.raises(ValueError, match="truth"):
        opened.counts(["baseline"], "truth")


def test_parameters_of_a_study_that_make_no_sense_are_refused_with_the_choices():
    with pytest.raises(ValueError, match="smoke, desk, thesis"):
        study.open_study(profile="huge")
    with pytest.raises(ValueError, match="seed"):
        study.open_study(seed=-1)
