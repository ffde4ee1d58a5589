"""Training: bit-identical after any interruption, honest about failures, right about targets."""

import json
import math
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import toy

from foilseg.data import folder
from foilseg.data.dataset import training_regions, validation_regions
from foilseg.networks import checkpoints, losses, together, unet
from foilseg.sampling import uniform
from foilseg.sampling.pools import build_index
from foilseg.training import averaging, batches, fit, training

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def regions(toy_data):
    data = folder.load(toy_data)
    return build_index(training_regions(data), 3, 16), validation_regions(data)


def settings_of(**changes):
    sizes = {"seed": 1, "patch": 16, "batch": 2, "iterations": 12, "refresh": 5, "save_every": 4}
    return training.Settings(**sizes | {"keep": (9, 12), "validate_every": 3} | changes)


def run(regions, place, loss=losses.cross_entropy, kind=unet.UNet, **changes):
    """Train a new network; the network and what the training returned."""
    torch.manual_seed(0)
    network = kind(1, 3, 2)
    return network, training.train(network, loss, *regions, settings_of(**changes), place)


def same(a, b):
    """Whether two trainings ended with the same bits."""
    weights = zip(a[0].state_dict().values(), b[0].state_dict().values())
    tables = a[1].history.equals(b[1].history) and a[1].ledgers == b[1].ledgers
    return tables and all(torch.equal(x, y) for x, y in weights)


def test_two_runs_are_bit_identical_and_another_seed_is_not(regions, tmp_path):
    first = run(regions, tmp_path / "a")
    assert same(first, run(regions, tmp_path / "b"))
    assert not same(first, run(regions, tmp_path / "c", seed=2))


class Interrupted(Exception):
    pass


@pytest.mark.parametrize(
    "average, kind",
    [(0.0, unet.UNet), (0.9, unet.UNet), (0.9, together.Mirrored), (0.0, together.Committee)],
)
@pytest.mark.parametrize("moment", [1, 4, 5, 9, 11])
def test_an_interrupted_run_goes_on_where_it_was_with_the_same_bits(
    regions, tmp_path, moment, average, kind
):
    calls = []

    def breaking(logits, target):
        calls.append(1)
        if len(calls) > moment:
            raise Interrupted
        return losses.focal(logits, target)

    with pytest.raises(Interrupted):
        run(regions, tmp_path / "a", breaking, kind, validate_every=100, average=average)
    told = []
    torch.manual_seed(0)
    network = kind(1, 3, 2)
    settings = settings_of(validate_every=100, average=average)
    place = tmp_path / "a"
    resumed = training.train(network, losses.focal, *regions, settings, place, progress=told.append)
    assert told[0] == moment // 4 * 4
    other = {"validate_every": 100, "save_every": 5, "average": average}
    quiet = run(regions, tmp_path / "b", losses.focal, kind, **other)
    assert same((network, resumed), quiet)
    kept = [checkpoints.read(tmp_path / p / "model-000009.safetensors") for p in "ab"]
    assert all(torch.equal(kept[0][k], kept[1][k]) for k in kept[1])


def test_killed_processes_go_on_with_the_same_bits_and_rivals_keep_out(tmp_path):
    command = [sys.executable, str(TESTS / "disturb.py"), str(tmp_path), "6", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["kills"] == 6
    assert report["different"] == report["leftovers"] == []
    assert report["rivals"] == [0, 3]
    assert report["completed"] >= 2


def test_a_loss_that_is_not_finite_stops_with_the_iteration_and_keeps_the_rest(regions, tmp_path):
    calls = []

    def failing(logits, target):
        calls.append(1)
        value = losses.cross_entropy(logits, target)
        return value * math.nan if len(calls) == 7 else value

    with pytest.raises(training.TrainingError, match=r"nan at iteration 7; .*history\.csv"):
        run(regions, tmp_path, failing, validate_every=100)
    history = pd.read_csv(tmp_path / "history.csv")
    assert history["iteration"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert history["train_loss"].isna().tolist() == [False] * 6 + [True]
    tensors = checkpoints.read(tmp_path / training.LAST)
    assert len(tensors["history"]) == 4
    assert all(torch.isfinite(t).all() for k, t in tensors.items() if k.startswith("network"))


@pytest.mark.parametrize("damage", ["flip", "cut", "swap"])
def test_a_damaged_checkpoint_is_refused_not_used(regions, tmp_path, damage):
    factors = iter([1.0] * 6 + [math.nan])
    with pytest.raises(training.TrainingError):
        run(regions, tmp_path, lambda z, t: losses.focal(z, t) * next(factors), validate_every=99)
    path = tmp_path / training.LAST
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[-20] ^= 1
    elif damage == "cut":
        del data[-100:]
    else:  # two tensors of one shape exchange their names
        text = bytes(data)
        a, b = b"network.encoder.0.1.weight", b"network.encoder.0.4.weight"
        data = text.replace(a, b"\0" * len(a)).replace(b, a).replace(b"\0" * len(a), b)
    path.write_bytes(data)
    with pytest.raises(checkpoints.CheckpointError, match="delete the folder"):
        run(regions, tmp_path)


def test_a_full_disk_says_so_and_leaves_nothing_half_written(regions, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(checkpoints.CheckpointError, match=r"cannot be written.*make room"):
            run(regions, tmp_path / "a")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((tmp_path / "a").iterdir())
    assert same(run(regions, tmp_path / "a"), run(regions, tmp_path / "b"))


def test_a_write_that_fails_leaves_the_last_checkpoint(tmp_path):
    path = tmp_path / "x.safetensors"
    checkpoints.write({"a": torch.arange(4)}, path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(checkpoints.CheckpointError):
            checkpoints.write({"a": torch.zeros(10_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert checkpoints.read(path)["a"].tolist() == [0, 1, 2, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]


def test_the_ledgers_are_those_of_the_pools_that_were_used(regions, tmp_path):
    trained = run(regions, tmp_path)[1]
    pools = training.make_pools(*regions, settings_of())[0]
    assert [pool["n"] for pool in trained.ledgers] == [10, 10, 10]
    for number, pool in enumerate(trained.ledgers):
        part = [pools.at(i).target.numpy() for i in range(5 * number + 1, 5 * number + 6)]
        masks = np.concatenate(part)
        for label in range(3):
            hit = masks == label
            assert pool["pixels"][str(label)] == hit.sum()
            assert pool["showing"][str(label)] == hit.any(axis=(1, 2)).sum()


def test_batches_are_those_of_the_plan_and_ahead_of_time_the_same(regions):
    settings = settings_of()
    pools, again = (training.make_pools(*regions, settings)[0] for _ in range(2))
    prepared = regions[0].regions
    for iteration, batch in zip(range(1, 13), batches.ahead(again, range(1, 13))):
        number, place = divmod(iteration - 1, 5)
        plan = uniform.uniform(prepared, 10, 16, uniform.rng(1, number, "train"))
        images, masks = uniform.cut(prepared, plan, slice(2 * place, 2 * place + 2))
        for candidate in (batch, pools.at(iteration)):
            assert np.array_equal(candidate.images.numpy(), images)
            assert np.array_equal(candidate.target.numpy(), masks)


def test_a_one_vs_rest_target_is_one_where_the_class_is(regions):
    settings = settings_of(batch=8)
    plain = training.make_pools(*regions, settings)[0].at(1)
    binary = training.make_pools(*regions, settings, label=2)[0].at(1)
    assert (plain.target == 2).any()
    assert torch.equal(binary.target, (plain.target == 2).to(torch.uint8))
    assert torch.equal(binary.images, plain.images)


def test_a_failure_while_cutting_is_raised(regions):
    def broken(n, generator):
        raise ValueError("no such pool")

    pools = training.make_pools(*regions, settings_of(), draw=broken)[0]
    with pytest.raises(ValueError, match="no such pool"):
        list(batches.ahead(pools, range(1, 4)))


def test_the_network_learns_the_toy(learned):
    pixels, mask = toy.picture(160, 160, 11)
    from foilseg.data.dataset import as_float
    from foilseg.networks.inference import predict_mask

    predicted = predict_mask(learned[0], as_float(pixels))
    for label in (1, 2):
        hit = mask == label
        assert (predicted[hit] == label).mean() > 0.5
        assert (predicted[~hit] == label).mean() < 0.05


def test_one_vs_rest_weights_are_of_its_own_pixels():
    from foilseg.training import experiments

    pixels = np.array([900, 64, 36])
    loss = fit.make_loss(experiments.experiment("binary-focal-iscf"), pixels, 2)
    expected = np.array([964.0, 36.0]) ** -0.5
    assert loss.func is losses.binary_focal
    assert loss.keywords["gamma"] == 2.0
    assert loss.keywords["weights"].numpy() == pytest.approx(expected / expected.sum())
    loss = fit.make_loss(experiments.experiment("wce-icf"), pixels)
    assert (loss.func, loss.keywords["gamma"]) == (losses.focal, 0.0)
    expected = 1 / pixels
    assert loss.keywords["weights"].numpy() == pytest.approx(3 * expected / expected.sum())


def test_the_learning_rate_falls_as_its_formula_says(regions, tmp_path):
    """(1 - (t - 1) / T) ** p of the first: 1, 3/4, 1/2 and 1/4 of it for p = 1 and T = 4."""
    settings = settings_of(iterations=4, learning_rate=0.8, decay=1.0)
    assert [settings.rate(t) for t in (1, 2, 3, 4)] == pytest.approx([0.8, 0.6, 0.4, 0.2])
    assert {settings_of(learning_rate=0.3).rate(t) for t in (1, 7, 12)} == {0.3}
    used = []

    def watching(network, loss, optimiser, batch, device, step=training.step):
        used.append(optimiser.param_groups[0]["lr"])
        return step(network, loss, optimiser, batch, device)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "step", watching)
        run(regions, tmp_path / "a", iterations=4, learning_rate=0.8, decay=1.0, keep=())
    assert used == pytest.approx([0.8, 0.6, 0.4, 0.2])


def test_a_falling_learning_rate_goes_on_where_it_was(regions, tmp_path):
    falling, calls = {"decay": 0.9, "keep": ()}, []

    def breaking(logits, target):
        calls.append(1)
        if len(calls) > 9:
            raise Interrupted
        return losses.cross_entropy(logits, target)

    with pytest.raises(Interrupted):
        run(regions, tmp_path / "a", breaking, **falling)
    assert same(run(regions, tmp_path / "a", **falling), run(regions, tmp_path / "b", **falling))


@pytest.mark.parametrize("wrong", [{"learning_rate": 0.0}, {"decay": -0.1}])
def test_a_learning_rate_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        settings_of(**wrong)


class Alike(torch.nn.Module):
    """A network of one number: its average can be followed by hand."""

    def __init__(self):
        super().__init__()
        self.level = torch.nn.Parameter(torch.tensor([0.0]))


def test_an_average_follows_the_weights():
    network = Alike()
    average, expected = averaging.Average(network, 0.9), None
    for value in (1.0, 2.0, 4.0):
        network.level.data.fill_(value)
        average.update(network)
        expected = value if expected is None else 0.9 * expected + 0.1 * value
    assert average.model.module.level.item() == pytest.approx(expected)


def test_averaged_weights_come_out_with_statistics_of_their_own(regions, tmp_path):
    network, trained = run(regions, tmp_path / "a", average=0.5)
    plain, untouched = run(regions, tmp_path / "b")
    assert trained.history.equals(untouched.history), "the training itself is the same"
    kept = checkpoints.read(tmp_path / "a" / "model-000012.safetensors")
    assert all(torch.equal(kept[name], value) for name, value in plain.state_dict().items())
    assert not torch.equal(kept["head.weight"], network.state_dict()["head.weight"])
    pools = training.make_pools(*regions, settings_of())[0]
    batches = [pools.at(k).images for k in range(8, 13)]
    copy = unet.UNet(1, 3, 2)
    copy.load_state_dict(network.state_dict())
    torch.optim.swa_utils.update_bn(batches, copy)
    for name, value in network.state_dict().items():
        assert torch.allclose(copy.state_dict()[name].float(), value.float(), atol=2e-2), name


def test_an_average_of_one_is_refused():
    with pytest.raises(ValueError, match=r"average: 1.0 is not"):
        settings_of(average=1.0)


def test_patches_are_altered_by_seed_and_iteration_alone(regions):
    def alter(images, masks, generator):
        images += generator.random(1).astype(np.float32)
        masks[:] = 1

    pools, again = (training.make_pools(*regions, settings_of(), alter=alter)[0] for _ in "ab")
    plain = training.make_pools(*regions, settings_of())[0]
    third = again.at(3)
    shifts = [float((pools.at(k).images - plain.at(k).images).mean()) for k in (1, 2, 3)]
    assert len(set(shifts)) == 3 and (pools.at(2).target == 1).all()
    assert torch.equal(pools.at(3).images, third.images)
    assert not training.make_pools(*regions, settings_of(), alter=alter)[1].alter
