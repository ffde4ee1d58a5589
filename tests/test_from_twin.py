"""Few images of real data are drawn fairly, and what is found of them is stored once."""

import sys

import pandas as pd
import pytest
import toy

from benchmarks import from_twin
from foilseg.data import splits
from foilseg.data.dataset import class_pixels, training_regions, validation_regions
from foilseg.training.locks import lock


@pytest.fixture
def tiles(tmp_path):
    """Ten pictures; four train, three set thresholds, three judge."""
    root = toy.write(tmp_path / "tiles", foils=10)
    parts = ["train"] * 4 + ["validation"] * 3 + ["test"] * 3
    splits.write(root / splits.NAME, {f"f{k}": part for k, part in enumerate(parts)}, {})
    return root


def test_draws_are_nested_and_leave_all_else_as_it_is(tiles):
    data, test = from_twin.divided(tiles)
    names = from_twin.order(data, 0)
    assert sorted(names) == [f.name for f in training_regions(data)]
    assert len({tuple(from_twin.order(data, draw)) for draw in range(6)}) > 1
    for number in (1, 3):
        few = from_twin.drawn(data, number, 0)
        assert {f.name for f in training_regions(few)} == set(names[:number])
        assert validation_regions(few) == validation_regions(data)
        assert not set(few.parts) & {f.name for f in test.foils}
        assert few.fingerprint != data.fingerprint
    with pytest.raises(ValueError, match="number: 5 is none of 1 to 4"):
        from_twin.drawn(data, 5, 0)


def test_defects_take_turns(tiles, monkeypatch):
    """Where every picture shows one defect, each pair of a draw shows both, while there are any."""
    data, _ = from_twin.divided(tiles)
    for k, foil in enumerate(training_regions(data)):
        foil.mask[foil.mask != (1 if k == 0 else 2)] = 0
    pixels = class_pixels(training_regions(data), 3)
    of = {f.name: int(pixels[k, 1:].argmax()) + 1 for k, f in enumerate(training_regions(data))}
    for draw in range(4):
        shown = [of[name] for name in from_twin.order(data, draw)]
        assert set(shown[:2]) == {1, 2} and shown[2:] == [2, 2]


def test_a_training_is_judged_once(tiles, tmp_path, monkeypatch):
    table, pieces = tmp_path / "table.csv", tmp_path / "pieces.csv"
    told = ["--numbers", "3", "--draws", "1", "--iterations", "2", "--table", str(table)]
    told += ["--pieces", str(pieces)]
    monkeypatch.setattr(sys, "argv", ["from_twin", str(tiles), *told])
    with lock(tmp_path / "tiles-trained" / "3-1-alone"):  # as if another process trained it
        from_twin.main()
    assert pd.read_csv(table)["arm"].unique().tolist() == ["from the twin"]
    from_twin.main()
    table.unlink()  # as if a process had ended between its two tables
    for _ in range(2):
        from_twin.main()
    rows = pd.read_csv(table)
    assert list(rows) == from_twin.COLUMNS
    assert rows[["arm", "defect"]].values.tolist() == [
        [arm, defect] for arm in from_twin.ARMS for defect in ("scratch", "pit hole")
    ]
    assert (rows[["tp", "fn", "fp", "tn"]].sum(axis=1) == 3 * 96 * 80).all()
    assert rows["TPR"].between(0, 1).all() and rows["AP"].between(0, 1).all()
    each = pd.read_csv(pieces)
    assert list(each) == from_twin.OF_PIECES and each["piece"].nunique() == 3
    assert len(each) == 2 * 2 * 3, "starts, defects, pieces"
    assert (each[["tp", "fn", "fp", "tn"]].sum(axis=1) == 96 * 80).all()
    found = each.groupby(["arm", "defect"], sort=False)[["tp", "fn"]].sum()
    shares = (found["tp"] / found.sum(axis=1)).reset_index(name="TPR")
    joined = rows.merge(shares, on=["arm", "defect"])
    assert joined["TPR_x"].tolist() == pytest.approx(joined["TPR_y"])


def test_the_lights_of_a_piece_belong_together():
    assert from_twin.piece("exp1_num_29444") == from_twin.piece("exp2_num_29445") == "num_2"
    assert from_twin.piece("f0") == "f0"
