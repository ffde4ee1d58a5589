"""Stored measurements as tables: what the log says, line by line."""

import pytest

from foilseg.book import measurements

LOG = """Linux, idle
index of all regions          0.23 s (0.23 s CPU)   <= 10 s
memory of it                            0.150 bytes   <= 1.0
equal pixels, at a share: first pool     0.24 s   <= 1 s
  (max - min) / max                      0.968%   <= 1 %
  variety                                 0.460
MONAI RandCrop, the image drawn anew for every patch:
  anew, per patch of 16                 9.237 ms
  ratio                       147.8 (CPU 283.0)   >= 20
  listed before                         0.433 ms
  ratio                       6.9 (CPU 6.9)
base 8 torch.float32: time and memory over torch cross entropy, wanted <= 1.5
  cross entropy, weights       1.10 (fastest rounds: 1.14)      memory 1.00
base 32 torch.bfloat16: time and memory over torch cross entropy, wanted <= 1.5
  focal                        1.23 (fastest rounds: 1.52)      memory 0.97

Objects: right ones, and missed ones found (of 1318), after so many reviewed
                list  all of     10     25     end
     ours, agreement     807 10, 11 25, 25 564, 433
 cleanlab, mean of 9    1894   1, 1   2, 2 457, 164

Regions: more
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "some.txt").write_text(LOG)
    return tmp_path


def test_what_has_a_bound_stands_beside_it(place):
    table = measurements.bounds("some", place)
    assert table.to_numpy().tolist() == [
        ["index of all regions", "0.23 s (0.23 s CPU)", "at most 10 s"],
        ["memory of it", "0.150 bytes", "at most 1.0 bytes"],
        ["equal pixels, at a share: first pool", "0.24 s", "at most 1 s"],
        ["equal pixels, at a share: inequality, (max - min) / max", "0.968%", "at most 1%"],
        [
            "time of MONAI over ours, anew, per patch (mean of 16)",
            "147.8 (CPU 283.0)",
            "at least 20",
        ],
        ["time of MONAI over ours, listed before", "6.9 (CPU 6.9)", "nothing"],
    ]


def test_ratios_know_their_case(place):
    assert measurements.ratios("some", place).to_numpy().tolist() == [
        ["base 8 torch.float32", "cross entropy, weights", 1.1, 1.0],
        ["base 32 torch.bfloat16", "focal", 1.23, 0.97],
    ]


def test_times_of_losses_are_told_in_words(tmp_path):
    log = """base 8 (4, 5, 128, 128) torch.float32: time and memory over torch, wanted <= 1
  torch cross entropy          1.00 (fastest rounds: 1.00)      memory 1.00
  focal                        1.23 (fastest rounds: 1.52)      memory 1.00
base 32 (8, 5, 256, 256) torch.bfloat16: time and memory over torch, wanted <= 1
  torch cross entropy          1.00 (fastest rounds: 1.00)      memory 1.00
  focal                        1.13 (fastest rounds: 1.16)      memory 1.00
"""
    (tmp_path / "losses.txt").write_text(log)
    table = measurements.loss_times(root=tmp_path)
    assert list(table.columns) == ["small network, fp32", "large network, bf16"]
    assert list(table.index) == ["torch's cross entropy", "this book's focal loss"]
    assert table.iloc[1].tolist() == [1.23, 1.13]
    assert measurements.loss_times("none", tmp_path).empty


def test_right_ones_are_the_first_of_each_pair(place):
    table = measurements.right_ones("some", place)
    assert list(table) == ["list", "candidates", "first 10", "first 25", "whole list"]
    assert table.to_numpy().tolist() == [
        ["this audit, by agreement", 807, 10, 25, 564],
        ["cleanlab, mean of nine networks, least probable label first", 1894, 1, 2, 457],
    ]


def test_speeds_keep_their_notes_and_cores_are_enough(tmp_path):
    log = "2 cores, 2 threads\nnetwork baseline; a metre of foil is 40.0 megapixels\n"
    log += f"{'60 m/min':>60}\n"
    log += "  bare network, int8 (onnx)        3.92        5.9         20   mean TPR 0.431\n"
    log += "  bare network, bf16              10.28       15.4          8   \n"
    (tmp_path / "line.txt").write_text(log)
    table = measurements.speeds(root=tmp_path)
    # 20.4 cores and 7.78 of them
    assert table.iloc[0].tolist() == [
        "bare network, int8 (onnx)", 3.92, pytest.approx(60 * 3.92 / 40), 21, "mean TPR 0.431",
    ]  # fmt: skip
    assert table.iloc[1].tolist()[3:] == [8, "\N{EN DASH}"]


def test_what_was_never_measured_has_no_row(tmp_path):
    every = (measurements.bounds, measurements.ratios, measurements.right_ones, measurements.speeds)
    for read in every:
        assert read("none", tmp_path).empty


@pytest.mark.parametrize(
    ("read", "name", "least"),
    [
        ("bounds", "sampling", 8),
        ("ratios", "losses", 20),
        ("right_ones", "label_audit", 8),
        ("speeds", "line", 6),
    ],
)
def test_the_stored_ones_are_read(read, name, least):
    assert len(getattr(measurements, read)(name)) >= least
