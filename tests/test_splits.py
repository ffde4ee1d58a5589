"""Images divided whole: read, proposed, refused, trained on; nothing of the test is chosen on."""

import numpy as np
import pandas as pd
import pytest
import toy
from hypothesis import given, settings
from hypothesis import strategies as st

from foilseg import cli
from foilseg.analysis import trainings
from foilseg.data import folder, images, splits
from foilseg.data.dataset import (
    TEST,
    TRAIN,
    VALIDATION,
    Dataset,
    training_regions,
    validation_regions,
)
from foilseg.data.scan import DatasetError
from foilseg.measured import held_out
from foilseg.studies.study import Study

PARTS = {f"f{k}": (TRAIN, TRAIN, TRAIN, VALIDATION, VALIDATION, TEST)[k % 6] for k in range(12)}


def divided(root, parts=None, groups=None, foils=12):
    toy.write(root, foils=foils)
    splits.write(root / splits.NAME, PARTS if parts is None else parts, groups or {})
    return root


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    place = tmp_path_factory.mktemp("divided")
    made = Study(str(divided(place / "data")), toy.PROFILE, 0, place / "runs")
    made.train(["baseline", "binary"], progress=False)
    return made


def test_whole_images_train_and_validate_and_the_rest_is_kept(tmp_path):
    root = divided(tmp_path / "d")
    data, kept = folder.load(root), folder.load(root, test=True)
    named = {part: sorted(n for n, p in PARTS.items() if p == part) for part in set(PARTS.values())}
    for part, foils in (
        (TRAIN, training_regions(data)),
        (VALIDATION, validation_regions(data)),
        (TEST, kept.foils),
    ):
        assert [foil.name for foil in foils] == named[part]
        assert all(foil.shape == (96, 80) for foil in foils)
    assert sorted(f.name for f in data.foils) == named[TRAIN] + named[VALIDATION] or {
        f.name for f in data.foils
    } == {*named[TRAIN], *named[VALIDATION]}
    assert not training_regions(kept) and not validation_regions(kept)
    prints = {data.fingerprint, kept.fingerprint}
    splits.write(root / splits.NAME, PARTS | {"f0": VALIDATION}, {})
    prints.add(folder.load(root).fingerprint)
    (root / splits.NAME).unlink()
    by_rows = folder.load(root)
    prints.add(by_rows.fingerprint)
    assert len(prints) == 4, "another division is another data set"
    assert len(training_regions(by_rows)) == len(validation_regions(by_rows)) == 12
    with pytest.raises(DatasetError, match="keeps no image for the test"):
        folder.load(root, test=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,part\n", "says nothing of 'f0'"),
        ("name,part\nf0,train\nf1,trial\n", "'trial'; the parts are train, validation, test"),
        ("name,part\nf0,train\nf1,train\n", "no image in 'validation'"),
        ("name,part\nf0,validation\nf1,test\n", "no image in 'train'"),
        ("name,part\nf0,train\nf1,validation\nf2,test\n", "names 'f2', which is no image"),
        ("name,part\nf0,train\nf0,train\nf1,validation\n", "two rows for 'f0'"),
        ("image,part\nf0,train\n", "columns: name,part[,group]"),
        ("\x00\n", "cannot be understood"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, why):
    root = toy.write(tmp_path / "d")
    (root / splits.NAME).write_text(text)
    problems = [str(problem) for problem in folder.check(root)]
    assert any(why in problem and splits.NAME in problem for problem in problems), problems


def test_low_images_are_enough_where_none_is_cut(tmp_path):
    root = tmp_path / "d"
    toy.write(root, foils=4, height=20, width=120)
    assert any("too few to train and validate" in str(p) for p in folder.check(root))
    splits.write(root / splits.NAME, {"f0": TRAIN, "f1": TRAIN, "f2": TRAIN, "f3": VALIDATION}, {})
    assert not [str(p) for p in folder.check(root) if "too few" in str(p)]


def test_warnings_name_groups_classes_cuts_and_small_images(tmp_path):
    root = divided(tmp_path / "d", groups={"f0": "left", "f3": "left", "f1": "right"})
    mask = images.read_indexed(root / "labels/f5.png")
    for name in ("f5", "f11"):
        images.write(root / f"labels/{name}.png", np.where(mask == 1, 0, mask))
    problems, warnings = folder.examine(root)
    assert not problems and len(warnings) == 2
    assert "group 'left' is in train and validation" in warnings[0]
    assert "class 'scratch' has no pixel in test" in warnings[1]
    (root / splits.NAME).unlink()
    mask = images.read_indexed(root / "labels/f0.png")
    mask[20:50, 70:75] = 1  # the cut is at row 32
    images.write(root / "labels/f0.png", mask)
    warnings = folder.examine(root)[1]
    assert "objects are cut between training" in warnings[0] and "below 512" in warnings[1]
    for path in (root / "labels").iterdir():
        images.write(path, np.zeros_like(mask))
    mask[:], mask[20:50, 70:75], mask[80:84, 10:14], mask[4:8, 10:14] = 0, 1, 2, 2
    images.write(root / "labels/f0.png", mask)
    assert "1 object is cut between training and validation" in folder.examine(root)[1]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), images_=st.integers(3, 60), classes=st.integers(1, 4))
def test_every_unit_goes_to_one_part_and_rare_classes_to_all(seed, images_, classes):
    random = np.random.default_rng(seed)
    counts = random.poisson(random.uniform(0.02, 2, classes), (images_, classes))
    units = [f"u{k}" for k in random.integers(0, max(3, images_ // 2), images_)]
    units[:3] = ["u0", "u1", "u2"]
    shares = {TRAIN: 0.6, VALIDATION: 0.2, TEST: 0.2}
    made = splits.stratified(counts, units, shares, random)
    assert sorted(made) == sorted(set(units)) and set(made.values()) <= set(shares)
    rarest = counts.sum(axis=0)
    if rarest.any():
        rare = int(np.where(rarest > 0, rarest, np.inf).argmin())
        own = {u: counts[[v == u for v in units], rare].sum() for u in set(units)}
        own = {u: n for u, n in own.items() if n}
        equal = set(own.values()) == {1}
        if equal:
            part = {p: sum(n for u, n in own.items() if made[u] == p) for p in shares}
            for p, share in shares.items():
                assert abs(part[p] - share * len(own)) <= 1, "an object more or less than its share"


def test_a_proposal_is_nearer_to_the_shares_than_chance():
    """On real-looking counts: the largest error of any class's share, beside random divisions."""
    random = np.random.default_rng(0)
    counts = random.poisson([0.05, 0.2, 0.5, 1.5], (200, 4))
    units = [str(k) for k in range(200)]
    shares = {TRAIN: 0.6, VALIDATION: 0.2, TEST: 0.2}

    def error(parts):
        table = pd.DataFrame(counts).groupby(list(parts)).sum()
        return float((table / counts.sum(axis=0)).sub(pd.Series(shares), axis=0).abs().max().max())

    made = splits.stratified(counts, units, shares, random)
    ours = error([made[u] for u in units])
    chance = [error(random.choice(list(shares), 200, p=list(shares.values()))) for _ in range(50)]
    assert ours < 0.03 < np.quantile(chance, 0.05)
    with pytest.raises(ValueError, match="cannot be divided into 3"):
        splits.stratified(counts[:2], units[:2], shares, random)


def test_the_command_divides_images_and_groups(tmp_path, capsys):
    root = toy.write(tmp_path / "d", foils=12)
    assert cli.main(["split", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "validation" in shown and "scratch" in shown
    first = (root / splits.NAME).read_text()
    assert cli.main(["split", str(root)]) == 1
    assert "say --replace" in capsys.readouterr().err and (root / splits.NAME).read_text() == first
    assert cli.main(["split", str(root), "--replace"]) == 0
    assert (root / splits.NAME).read_text() == first, "one seed, one division"
    by_name = ["--by", "group", "--groups", r"f1?(\d)$"]  # f1 and f11 belong together
    assert cli.main(["split", str(root), "--replace", "--test", "0.3", *by_name]) == 0
    table = pd.read_csv(root / splits.NAME, dtype=str)
    assert table.groupby("group")["part"].nunique().eq(1).all()
    assert table.set_index("name").loc[["f1", "f11"], "group"].tolist() == ["1", "1"]
    assert cli.main(["split", str(root), "--replace", "--by", "group"]) == 0
    assert pd.read_csv(root / splits.NAME, dtype=str)["group"].equals(table["group"])
    assert not [w for w in folder.examine(root)[1] if "group" in w]
    capsys.readouterr()
    for extra, why in (
        (["--test", "0.9"], "no shares that leave some"),
        (["--groups", "f"], "belongs to --by group"),
        (["--by", "group", "--groups", "x"], "is in no image's name"),
        (["--by", "group", "--groups", "("], "no regular expression"),
    ):
        assert cli.main(["split", str(root), "--replace", *extra]) == 1
        assert why in capsys.readouterr().err
    splits.write(root / splits.NAME, PARTS, {})
    assert cli.main(["split", str(root), "--replace", "--by", "group"]) == 1
    assert "has none; give an expression" in capsys.readouterr().err


def test_models_are_chosen_on_validation_and_judged_on_the_test(study):
    names = ["baseline", "binary"]
    counts = study.counts(names)
    assert set(counts["foil"]) == {n for n, p in PARTS.items() if p == VALIDATION}
    assert set(study.predictions(names, "f3")) == {"Baseline", "Binary"}
    with pytest.raises(KeyError, match="'f0' does not validate; these do: f10"):
        study.validation("f0")
    kept = held_out.dataset(study)
    assert {foil.name for foil in kept.foils} == {n for n, p in PARTS.items() if p == TEST}
    compared = trainings.of_study(study, names)
    assert compared.tested is None, "a smoke run is judged where it was chosen"
    held_out.complete(study, [r for n in names for r in study.model(n).made()])
    compared = trainings.of_study(study, names)
    assert set(compared.tested["foil"]) == {f.name for f in kept.foils}
    pixels = compared.tested.groupby(["model", "foil", "defect"])[["tp", "fp", "fn", "tn"]].sum()
    assert (pixels.sum(axis=1) == 96 * 80).all()
    assert study.divided.startswith("Whole images are divided: 6 train and 4 validate.")
    assert study.divided.endswith("2 more are kept for the test.")


def test_nothing_of_the_test_reaches_a_training(study, tmp_path):
    """Other pictures in the test part: the same networks, bit by bit."""
    root = divided(tmp_path / "d")
    for name in (n for n, p in PARTS.items() if p == TEST):
        images.write(root / f"images/{name}.png", np.full((96, 80), 7, np.uint8))
    other = Study(str(root), toy.PROFILE, 0, tmp_path / "runs")
    other.train(["baseline"], progress=False)
    assert other.run("baseline").name == study.run("baseline").name
    pd.testing.assert_frame_equal(other.run("baseline").counts(), study.run("baseline").counts())


def test_a_data_set_without_parts_is_cut_by_rows():
    foils = folder.Foil("a", np.zeros((1, 90, 30), np.float32), np.zeros((90, 30), np.uint8))
    data = Dataset("rows", toy.CLASSES, (foils,))
    assert validation_regions(data)[0].shape == (30, 30) and training_regions(data)[0].shape == (
        60,
        30,
    )
    assert "first third of the rows" in splits.divided(data)
