"""Operations are those that torch counts; sums are sums; meters measure."""

import math
import subprocess
import sys
import time

import pandas as pd
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from foilseg.networks import costs, unet
from foilseg.training import meters


@pytest.mark.parametrize(
    "channels, classes, base, size", [(3, 5, 8, (64, 48)), (1, 1, 3, (50, 33))]
)
def test_macs_are_half_of_the_floating_point_operations_torch_counts(channels, classes, base, size):
    network = unet.UNet(channels, classes, base).eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, channels, *size))
    assert 2 * costs.macs(network, *size) == counter.get_total_flops()


def by_formula(network, height, width):
    """Outputs x kernel area x maps of every convolution, at the size of its level."""
    pixels = (-(-height // 16) * 16) * (-(-width // 16) * 16)

    def convolutions(part):
        layers = [m for m in part.modules() if type(m) is torch.nn.Conv2d]
        return sum(m.in_channels * m.out_channels * math.prod(m.kernel_size) for m in layers)

    total = sum(convolutions(e) * (pixels >> 2 * k) for k, e in enumerate(network.encoder))
    total += convolutions(network.bridge) * (pixels >> 8) + convolutions(network.head) * pixels
    for level, up, stage in zip((3, 2, 1, 0), network.up, network.decoder):
        total += up.in_channels * up.out_channels * 4 * (pixels >> 2 * (level + 1))
        total += convolutions(stage) * (pixels >> 2 * level)
    return total


@pytest.mark.parametrize(
    "sizes, side", [((3, 5, 32), 256), ((1, 1, 2), 32), ((3, 5, 8), 100), ((3, 1, 8), 16)]
)
def test_macs_are_what_the_formula_says_and_counting_leaves_the_network_as_it_was(sizes, side):
    network = unet.UNet(*sizes)
    network.bridge.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert costs.macs(network, side, side) == by_formula(network, side, side)
    assert network.training
    after = network.state_dict()
    assert all(torch.equal(before[k], after[k]) and after[k].device.type == "cpu" for k in before)


def test_a_megapixel_of_the_first_convolution_by_hand():
    network = unet.UNet(3, 5, 32)
    # the thesis's network at 256 x 256; the first layer alone is 3 * 32 * 9 a pixel
    first = network.encoder[0][0]
    first.channels_in, first.grid = 3, 1
    assert costs.macs_per_megapixel(first) == 864e6
    patches = 1e6 / 256**2
    assert costs.macs_per_megapixel(network) == pytest.approx(
        costs.macs(network, 256, 256) * patches
    )


def test_a_model_costs_what_its_networks_cost_together():
    one = {"parameters": 10, "training_seconds": 2.0, "peak_bytes": 7, "energy_source": "estimate"}
    two = {"parameters": 11, "training_seconds": 3.0, "peak_bytes": 5, "energy_source": "estimate"}
    table = costs.table({"A": [one], "B": [one | {"network": "x"}, two | {"network": "y"}]})
    assert table["network"].tolist() == ["whole model", "x", "y", "whole model"]
    assert table["parameters"].tolist() == [10, 10, 11, 21]
    assert table["training_seconds"].tolist() == [2.0, 2.0, 3.0, 5.0]
    assert table["peak_bytes"].tolist() == [7, 7, 5, 7]
    assert table["networks"].tolist() == [1, 1, 1, 2]
    assert table["energy_source"].tolist() == ["estimate"] * 4
    assert table["energy_joules"].isna().all()


def test_an_estimate_says_so_and_follows_from_time_and_threads(monkeypatch, tmp_path):
    monkeypatch.setattr(meters, "POWERCAP", tmp_path)
    meter = meters.Meter(2, meters.Spent(100.0, 5.0, 1))
    time.sleep(0.01)
    spent = meter.read()
    assert "estimate" in meter.source
    assert spent.seconds > 100.01
    expected = 5.0 + (spent.seconds - 100) * 2 * meters.WATTS_PER_CORE
    assert spent.joules == pytest.approx(expected)


def test_counters_are_added_over_packages_and_wrap(monkeypatch, tmp_path):
    for number, (now, top) in enumerate([(900_000, 999_999), (5_000_000, 9_999_999)]):
        zone = tmp_path / f"intel-rapl:{number}"
        zone.mkdir()
        (zone / "energy_uj").write_text(f"{now}\n")
        (zone / "max_energy_range_uj").write_text(f"{top}\n")
    monkeypatch.setattr(meters, "POWERCAP", tmp_path)
    meter = meters.Meter(2)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("100000\n")  # wrapped: 0.2 J
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("6500000\n")  # 1.5 J
    assert meter.source.startswith("measured")
    assert meter.read().joules == pytest.approx(1.7)
    assert meter.read().joules == pytest.approx(1.7)


PEAKS = """
from foilseg.training.training import meters
large = bytearray(b"x" * 200_000_000)
del large
meter = meters.Meter(1)
before = meter.read().peak_bytes
block = bytearray(b"x" * 60_000_000)
print(before, meter.read().peak_bytes)
"""


def test_the_peak_is_of_this_stretch_of_work():
    done = subprocess.run([sys.executable, "-c", PEAKS], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert before < 200_000_000 and before + 50_000_000 < after
    assert not math.isnan(meters.Meter(1).read().peak_bytes)


def test_an_empty_table_of_costs_has_no_rows():
    assert costs.table({}).equals(pd.DataFrame([]))
