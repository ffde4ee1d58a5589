"""The train sets a chapter shows: counted again from their patches, the thesis's beside them."""

import numpy as np
import pytest
import toy

from foilseg.analysis import model_tables
from foilseg.book import tables
from foilseg.data import dataset, folder
from foilseg.sampling import pools, trainsets, uniform
from foilseg.thesis import published


@pytest.fixture(scope="module")
def data(toy_data):
    return folder.load(toy_data)


@pytest.fixture(scope="module")
def index(data):
    return pools.build_index(dataset.training_regions(data), len(data.classes), 16)


@pytest.fixture(scope="module")
def sets(data, index):
    return trainsets.build(index, data, data.defects[0].name, 3, shares="3,1")[0]


def test_the_composition_is_what_the_patches_hold(data, index, sets):
    table = trainsets.composition(sets, data).set_index(["train set", "class"])
    for made in sets.values():
        masks = uniform.cut(index.regions, made.plan)[1]
        for c in data.classes:
            row = table.loc[(made.name, c.name)]
            hit = masks == c.index
            assert row["pixels"] == hit.sum()
            assert row["patches showing it"] == hit.any(axis=(1, 2)).sum()
            assert row["share"] == pytest.approx(hit.mean())


def test_each_set_keeps_its_promise(data, sets):
    rare = data.defects[0]
    over = sets[f"oversampled {rare.name}"].ledger
    assert over.n == over.showing[rare.index] == 1518
    assert set(sets["equal samples"].ledger.requested_patches.values()) == {702}
    assert sets["proportions"].ledger.requested_patches == {
        data.defects[0].index: 1053,
        data.defects[1].index: 351,
    }
    if "equal pixels" in sets:
        assert sets["equal pixels"].ledger.tolerance <= 0.01


def test_what_cannot_be_had_is_said_and_the_rest_is_made(data, index, monkeypatch):
    monkeypatch.setitem(trainsets.PATCHES, "equal pixels", 10**6)
    made, missing = trainsets.build(index, data, data.defects[0].name)
    assert list(made) == ["uniform", "equal samples", f"oversampled {data.defects[0].name}"]
    assert missing.startswith("Equal pixels cannot be had") and "windows" in missing


@pytest.mark.parametrize("text", ["1", "1,2,3", "1,x"])
def test_shares_that_are_not_one_number_a_defect_are_refused(data, text):
    with pytest.raises(ValueError, match="shares"):
        trainsets.shares_of(text, data)


def test_the_published_sets_stand_beside_ours_only_for_the_thesis_s_classes(data, sets):
    assert "published share" not in trainsets.composition(sets, data)
    printed = trainsets._printed("equal samples", "cavity", True)
    assert printed["published samples"] == "351"
    assert printed["published share"] == pytest.approx(61_453 / (1404 * 256**2))
    over = trainsets._printed("oversampled cavity", "cavity", True)
    assert over["published samples"] == "1,518"
    table = published.table("trainset_composition").set_index(["train_set", "quantity"])
    numbers = {"equal_samples": 1404, "oversampled_cavities": 1518, "equal_pixels": 1337}
    for name, n in numbers.items():
        assert table.loc[(name, "pixels")].sum() == n * 256**2


def test_what_was_asked_for_is_a_number_or_said_to_be_pixels(data, sets):
    table = trainsets.composition(sets, data).set_index(["train set", "class"])["samples"]
    rare, other = (c.name for c in data.defects)
    over = f"oversampled {rare}"
    assert table[over, rare] == "1,518" and table[over, other] == "0"
    assert table["equal samples", other] == "702"
    if "equal pixels" in sets:
        assert table["equal pixels", rare] == "by pixels"
    nothing = {"published samples": "not published", "published share": None}
    assert trainsets._printed("uniform", "cavity", True) == nothing


def test_pool_sizes_are_shares_of_all_windows(data, index):
    table = trainsets.pool_sizes(index, data).set_index("class")
    for c in data.defects:
        hit = [index.windows_with(c.index, i) for i in range(len(index.regions))]
        assert table.loc[c.name, "windows"] == sum(h.sum() for h in hit)
        assert table.loc[c.name, "window share"] == np.concatenate([h.ravel() for h in hit]).mean()


def test_the_tables_of_a_set_can_be_read(data, sets):
    for table in (trainsets.variety(sets, data), trainsets.overlap(sets)):
        assert not tables.readable(table).isin(["nan", "None"]).any().any()


def test_a_recipe_says_what_a_row_does(toy_study):
    model = toy_study.model("binary-focal-iscf")
    words = model_tables.recipe(model.row, model.title)
    assert words["loss"] == "focal loss, gamma 2" and words["weights"] == "ISCF"
    assert toy.PROFILE is toy_study.profile
