"""Draws of foils are even, rendered ones hold what they should, each is judged once."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import toy

from benchmarks import endless, few_foils, sharing
from benchmarks.endless import Bench, Case
from foilseg.analysis import records
from foilseg.data import folder
from foilseg.data.dataset import class_pixels, rarest, training_regions, validation_regions
from foilseg.data_efficiency import rendered
from foilseg.data_efficiency.rendered import ALONE, OTHER, SAME
from foilseg.evaluation import metrics
from foilseg.evaluation.curves import Histograms
from foilseg.studies.source import TEST_SEED, TWIN, Source
from foilseg.training import experiments
from foilseg.training.locks import lock
from foilseg.twin import render
from foilseg.twin.config import TwinConfig

SMALL = {"height": 400, "width": 300}  # a foil's region, at half the resolution


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Twenty pictures."""
    return folder.load(toy.write(tmp_path_factory.mktemp("toy") / "data", foils=20))


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    """A small twin of six foils."""
    told = {**experiments.profile(few_foils.STUDY).twin, **SMALL, "foils": 6}
    root = tmp_path_factory.mktemp("twin") / "six"
    return folder.load(render.write(root, TwinConfig(**told), progress=False))


@pytest.fixture
def few(monkeypatch):
    """Two foils of a draw, and two rendered ones."""
    monkeypatch.setattr(few_foils, "LEAST", 2)
    monkeypatch.setattr(few_foils, "MOST", 2)
    monkeypatch.setattr(few_foils, "TRIED", 50)
    tiny = replace(toy.TWIN_PROFILE, name="tiny-endless", iterations=2, twin={})
    monkeypatch.setattr(endless, "PROFILE", tiny)


def test_draws_of_six_share_no_foil_and_are_part_of_those_of_twelve(pictures):
    six = [few_foils.annotated(pictures, 6, draw) for draw in few_foils.DRAWS]
    assert len({name for names in six for name in names}) == 18
    for draw in few_foils.DRAWS:
        twelve = few_foils.annotated(pictures, 12, draw)
        assert twelve[:6] == six[draw] and len(set(twelve)) == 12
    assert few_foils.annotated(pictures, 20, 0) == [f.name for f in pictures.foils]
    for number in (0, 5, 24):
        with pytest.raises(ValueError, match=f"number: {number} is no multiple of 6 up to 18"):
            few_foils.annotated(pictures, number, 0)


def test_draws_are_more_even_than_by_chance(pictures, monkeypatch):
    def unevenness():
        pixels = class_pixels(training_regions(pictures), 3)
        of = {f.name: pixels[k, 1:] for k, f in enumerate(pictures.foils)}
        draws = np.array([sum(of[name] for name in six) for six in few_foils.sixes(pictures)])
        return np.abs(draws / (6 * pixels[:, 1:].mean(axis=0)) - 1).max()

    best = unevenness()
    monkeypatch.setattr(few_foils, "TRIED", 1)
    assert best < unevenness() / 2


def test_too_few_foils_are_told(twin):
    with pytest.raises(ValueError, match="data: 6 foils, where the draws need 18"):
        few_foils.sixes(twin)


def test_with_all_foils_and_none_rendered_it_is_the_study_s_own_training(pictures):
    names = few_foils.annotated(pictures, 20, 0)
    whole = few_foils.together(pictures, names, None, 0)
    for regions in (training_regions, validation_regions):
        for own, other in zip(regions(pictures), regions(whole), strict=True):
            assert (own.image == other.image).all() and (own.mask == other.mask).all()
    part = few_foils.together(pictures, names[:6], None, 0)
    assert len(training_regions(part)) == 6
    assert [f.name for f in validation_regions(part)] == [f.name for f in pictures.foils]
    assert len({pictures.fingerprint, whole.fingerprint, part.fingerprint}) == 3


def test_rendered_foils_hold_the_rarest_defect_alone_as_much_as_others_on_average(twin, tmp_path):
    """And both recipes the same cavities, in other depth and on another coating."""
    label, found = rarest(twin), {}
    assert label.name == "cavity"
    for arm in (SAME, OTHER):
        made = replace(few_foils.config(arm, 1, SMALL), foils=3)
        found[arm] = few_foils.rendered(tmp_path, made, label)
        again = few_foils.rendered(tmp_path, made, label)
        assert again.fingerprint == found[arm].fingerprint
        wanted = few_foils.quota(made, label.index)
        assert (wanted[[0, 1, 2, 4]] == 0).all()
        np.testing.assert_allclose(wanted[3], render.quotas(made)[:, 3].mean(axis=0))
        for foil in found[arm].foils:
            here = [(foil.mask[rows] == 1).sum() for rows in np.s_[made.cut :, : made.cut]]
            np.testing.assert_allclose(here, wanted[3], atol=0.5 * 65 * made.scale**2)
    pairs = list(zip(found[SAME].foils, found[OTHER].foils, strict=True))
    assert all((a.mask == b.mask).all() and (a.image != b.image).any() for a, b in pairs)
    few = few_foils.together(twin, ["foil_02"], found[SAME], 2)
    regions = training_regions(few)
    assert [f.name for f in regions] == ["foil_02-trains", "rendered-foil_01", "rendered-foil_02"]
    assert {f.shape for f in regions} == {training_regions(twin)[0].shape}
    assert (np.unique(regions[1].mask) == [0, label.index]).all()
    assert (
        few_foils.pixels(few, added=True)["crack"]
        == 0
        < few_foils.pixels(few, added=True)["cavity"]
    )


def test_no_foil_that_trains_is_rendered_with_a_seed_of_another_part():
    seeds = [few_foils.config(arm, draw).seed for arm in (SAME, OTHER) for draw in few_foils.DRAWS]
    own = TwinConfig(**experiments.profile(few_foils.STUDY).twin).seed
    assert seeds[:3] == seeds[3:] and not {own, TEST_SEED} & set(seeds)


def test_a_training_is_judged_once_and_left_to_who_has_taken_it(twin, tmp_path, few):
    levels = {c.name: 0.01 for c in twin.defects}
    bench = Bench(tmp_path / "bench", twin, twin, levels, SMALL)
    tables = endless.Tables(tmp_path / "rates.csv", tmp_path / "foils.csv")
    cases = [Case(2, 0, ALONE, 0), Case(2, 1, SAME, 0)]
    with lock(bench.place / cases[1].name):
        endless.work(bench, cases, tables, 2)
    assert sharing.known(tables.rates, rendered.KEYS) == {cases[0].key}
    for _ in range(2):
        endless.work(bench, cases, tables, 2)
    rows = pd.read_csv(tables.rates)
    assert list(rows) == endless.COLUMNS and len(rows) == 2 * 2 * len(twin.defects)
    foils = pd.read_csv(tables.foils)
    assert list(foils) == endless.OF_FOILS and len(foils) == 2 * 6 * len(twin.defects)
    tables.add((rows, foils), bench.place)
    assert len(pd.read_csv(tables.rates)) == len(rows)
    assert len(pd.read_csv(tables.foils)) == len(foils)
    keys = [*rendered.KEYS, "defect"]
    pooled = metrics.score(foils, keys).set_index(keys)
    wanted = rows[rows["against"] == "label"].set_index(keys)
    for rate in endless.RATES:
        np.testing.assert_allclose(pooled.loc[wanted.index, rate], wanted[rate])
    assert (rows[list(metrics.COUNTS)].sum(axis=1) == 6 * 200 * 150).all()
    assert rows[["TPR", "TPR, own", "AP"]].stack().between(0, 1).all()
    cavities = rows[(rows["rendered"] == 1) & (rows["rendered pixels"] > 0)]
    assert set(cavities["defect"]) == {"cavity"}
    told = rendered.summary(rows[rows["against"] == "label"], "cavity")
    assert told[["annotated", "rendered", "draws"]].values.tolist() == [[2, 0, 1], [2, 1, 1]]


def test_the_shipped_trainings_are_judged_as_the_book_judges_them():
    record = records.record(few_foils.STUDY)
    source = Source(TWIN, experiments.profile(few_foils.STUDY))
    assert source.held_out.identity.startswith(record.test_suffix)
    compared = record.compared
    part, names = compared.parts["Baseline"], compared.own["foil"].unique()
    one = part.chosen_on[1], part.judged_on[1]
    own = record.runs_of("Baseline")[1][0].evaluation(f"test-counts-{record.test_suffix}")
    rows, of_foils = endless.judged(*one, own, compared.levels, names)
    even = compared.even
    even = even[(even["model"] == "Baseline") & (even["training"] == 1)]
    keys = ["foil", "defect"]
    counts = [
        table.astype({"defect": str, "foil": str}).set_index(keys)[list(metrics.COUNTS)]
        for table in (of_foils, even)
    ]
    pd.testing.assert_frame_equal(*(table.sort_index() for table in counts))
    wanted = metrics.score(even, ["defect"]).set_index("defect")
    mine = rows[rows["against"] == "label"].set_index("defect")
    for rate in endless.RATES:
        pd.testing.assert_series_equal(mine[rate], wanted.loc[mine.index, rate])
        pd.testing.assert_series_equal(mine[f"{rate}, own"], mine[rate], check_names=False)
    six, _ = endless.judged(*one, own, compared.levels, names[:6])
    kept = one[0].keys["foil"].isin(names[:6]).to_numpy()
    first = Histograms(one[0].keys[kept], one[0].counts[kept])
    alone, _ = endless.judged(first, one[1], own, compared.levels, names)
    for rate in endless.RATES:
        assert (six[rate] == rows[rate]).all() and (six[f"{rate}, own"] == alone[rate]).all()
        assert (six[f"{rate}, own"] != six[rate]).any()
    tested = compared.tested[compared.tested["training"] == 1]
    tested = tested[tested["model"] == "Baseline"].groupby("defect")[["tp", "fn"]].sum()
    assert (mine[["tp", "fn"]] == tested.loc[mine.index]).all(axis=None)
