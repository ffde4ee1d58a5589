"""Equal Pixels: the promise is kept, the design is what it says, the impossible is refused."""

import numpy as np
import pytest
from scipy.special import logit

from foilseg.data.dataset import Foil
from foilseg.sampling.equal_design import highest, solve, variety
from foilseg.sampling.equal_exchange import diversify, equalise, systematic
from foilseg.sampling.equal_frontier import frontier, tolerance_frontier
from foilseg.sampling.equal_lattice import lattice
from foilseg.sampling.equal_pixels import Infeasible, equal_pixels
from foilseg.sampling.pools import build_index
from foilseg.sampling.uniform import cut, rng

LABELS = (1, 2, 3)


def foil(mask, name="foil"):
    return Foil(name, np.zeros((1, *mask.shape), np.float32), mask)


def scene(seed, height=220, width=260):
    """Blobs (class 1), strips (2) and rare pores (3), apart and together."""
    generator = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(12):
        row, column = generator.integers(height - 20), generator.integers(width - 20)
        mask[row : row + 14, column : column + 11] = 1
    for _ in range(3):
        column = generator.integers(width - 5)
        mask[:, column : column + 4] = 2
    for _ in range(25):
        row, column = generator.integers(2, height - 4), generator.integers(2, width - 4)
        mask[row : row + 3, column : column + 3] = 3
    return mask


@pytest.fixture(scope="module")
def index():
    return build_index([foil(scene(seed)) for seed in range(4)], 4, 32)


@pytest.fixture(scope="module")
def candidates(index):
    return lattice(index, LABELS, 4)


def counted(index, plan):
    masks = cut(index.regions, plan)[1]
    return np.bincount(masks.ravel(), minlength=index.n_classes)


@pytest.mark.parametrize("tolerance", [0.1, 0.01, 0.002])
@pytest.mark.parametrize("pixels", [None, 9.0])
def test_the_patches_are_equal_and_different_when_counted_again(index, tolerance, pixels):
    plan = equal_pixels(index, 120, rng(0, 0, "train"), tolerance=tolerance, pixels=pixels)
    sums = counted(index, plan)[1:]
    assert (sums.max() - sums.min()) / sums.max() <= tolerance
    assert len(np.unique(plan.windows, axis=0)) == 120
    wanted = np.array(list(plan.request.pixels.values()))
    assert np.abs(sums / wanted - 1).max() <= 2 * tolerance
    if pixels is not None:
        assert np.allclose(wanted, pixels * 120, rtol=1e-3)


def test_some_classes_only(index):
    plan = equal_pixels(index, 60, rng(0, 0, "train"), labels=[1, 3])
    sums = counted(index, plan)[[1, 3]]
    assert (sums.max() - sums.min()) / sums.max() <= 0.01
    assert set(plan.request.pixels) == {1, 3}


def test_pools_shift_their_windows_but_not_their_pixels(index):
    plans = [equal_pixels(index, 80, rng(0, r, "train"), pixels=9.0) for r in range(6)]
    sums = np.array([counted(index, plan)[1:] for plan in plans])
    assert (np.abs(sums / (80 * 9) - 1) < 0.03).all()
    phases = {(int(top) % 2, int(left) % 2) for p in plans for _, top, left in p.windows}
    assert len(phases) > 1


def test_a_design_meets_its_moments_and_is_the_maximum_entropy_one(index, candidates):
    label = index.objects.label
    design = solve(candidates, label, LABELS, 150, 8.0, rounds=0)
    assert design.chance.min() > 0 and design.chance.max() < 1
    assert np.isclose(design.chance.sum(), 150, rtol=1e-3)
    assert np.allclose(design.chance @ candidates.counts, 150 * 8.0, rtol=1e-3)
    size = np.asarray(candidates.shows.sum(axis=0)).ravel()
    base = candidates.shows @ np.divide(1.0, size, where=size > 0, out=np.zeros_like(size))
    features = np.column_stack([np.ones(len(candidates)), candidates.counts])
    excess = logit(design.chance) - np.log(base)
    residual = excess - features @ np.linalg.lstsq(features, excess, rcond=None)[0]
    assert np.abs(residual).max() < 1e-6


def test_rounds_of_reweighting_raise_variety(index, candidates):
    label = index.objects.label
    means = [solve(candidates, label, LABELS, 150, 8.0, rounds=r).variety.mean() for r in (0, 4)]
    assert means[1] > means[0] + 0.02


def test_programme_and_dual_agree_on_what_is_possible(index, candidates):
    label = index.objects.label
    most, chance = highest(candidates, 150)
    assert np.isclose(chance.sum(), 150) and chance.max() <= 1
    assert np.allclose(chance @ candidates.counts, 150 * most, rtol=1e-6)
    assert solve(candidates, label, LABELS, 150, 0.97 * most) is not None
    assert solve(candidates, label, LABELS, 150, 1.03 * most) is None
    wider = highest(candidates, 150, 0.2)
    sums = wider[1] @ candidates.counts
    assert wider[0] >= most and sums.min() >= 0.8 * sums.max() * (1 - 1e-6)


def test_programme_by_hand():
    """Windows with 8 and 4 pixels of class 1, and with 6 and 2 of class 2."""
    mask = np.zeros((4, 40), np.uint8)
    for column, label, pixels in ((1, 1, 8), (11, 1, 4), (21, 2, 6), (31, 2, 2)):
        mask[: pixels // 2, column : column + 2] = label
    index = build_index([foil(mask)], 3, 4)
    four = lattice(index, (1, 2), 10)
    assert four.counts.tolist() == [[8, 0], [4, 0], [0, 6], [0, 2]]
    assert highest(four, 4)[0] is None, "all four windows hold 12 and 8 pixels"
    assert np.isclose(highest(four, 4, 0.34)[0], 8 / 4)
    most, chance = highest(four, 2)
    assert np.isclose(most, 3.2)
    assert np.allclose(chance, [0.8, 0, 1, 0.2]), "8 x 0.8 = 6 + 2 x 0.2"


def test_systematic_sampling_has_the_chances():
    generator = np.random.default_rng(0)
    windows = np.stack([np.zeros(40), np.arange(40) * 20, np.zeros(40)], 1).astype(int)
    chance = generator.random(40)
    chance *= 12 / chance.sum()
    chance = np.minimum(chance, 1)
    n = 12
    chance *= n / chance.sum()
    times = np.zeros(40)
    for _ in range(3000):
        rows = systematic(windows, chance, n, generator)
        assert len(np.unique(rows)) == n
        times[rows] += 1
    assert np.abs(times / 3000 - chance).max() < 5 * np.sqrt(0.25 / 3000)


def test_exchanges_keep_windows_different_and_raise_variety(index, candidates):
    label, generator = index.objects.label, rng(0, 0, "test")
    design = solve(candidates, label, LABELS, 100, 9.0)
    drawn = systematic(candidates.windows, design.chance, 100, generator)
    equal, reached = equalise(candidates, drawn, design.chance, 0.01, generator)
    sums = candidates.counts[equal].sum(axis=0)
    assert reached == (sums.max() - sums.min()) / sums.max() <= 0.01
    varied = diversify(candidates, label - 1, equal, design.chance, 0.01, 200, generator)
    assert len(np.unique(varied)) == 100
    sums = candidates.counts[varied].sum(axis=0)
    assert (sums.max() - sums.min()) / sums.max() <= 0.01
    before, after = (
        variety(np.asarray(candidates.shows[rows].sum(axis=0)).ravel(), label, LABELS).mean()
        for rows in (equal, varied)
    )
    assert after > before + 0.02


def test_variety_by_hand():
    label = np.array([1, 1, 1, 1, 2, 2])
    seen = np.array([3, 3, 0, 0, 5, 0])
    assert variety(seen, label, (1, 2, 3))[:2].tolist() == pytest.approx([0.5, 0.5])
    assert np.isnan(variety(seen, label, (3,))[0])
    assert variety(0 * seen, label, (1,))[0] == 0


def test_a_frontier_trades_pixels_for_variety(index):
    table = frontier(index, 120, points=6)
    assert (np.diff(table["pixels"]) > 0).all()
    assert table["pixels"].max() < table.attrs["highest"]
    assert table["variety"].iloc[-1] < 0.8 * table["variety"].max()
    plan = equal_pixels(index, 120, rng(0, 0, "train"), variety=0.3)
    richer = equal_pixels(index, 120, rng(0, 0, "train"), variety=0.95)
    assert counted(index, plan)[1:].min() > 1.1 * counted(index, richer)[1:].max()
    tolerances = tolerance_frontier(index, 120, [0.01, 0.3])
    assert tolerances["pixels"].is_monotonic_increasing


def test_too_many_pixels_are_refused_with_the_most_that_work(index):
    with pytest.raises(Infeasible, match="cannot be had in 100 different windows") as refused:
        equal_pixels(index, 100, rng(0, 0, "train"), pixels=500.0)
    best = refused.value.pixels
    assert 0 < best < 500
    plan = equal_pixels(index, 100, rng(0, 0, "train"), pixels=0.99 * best)
    assert counted(index, plan)[1:].min() >= 0.97 * best * 100


def test_classes_that_cannot_be_equal_are_refused_with_the_best_tolerance():
    mask = np.zeros((120, 120), np.uint8)
    mask[:, :] = 1
    mask[10::24, 10::24] = 2
    index = build_index([foil(mask)], 3, 24)
    with pytest.raises(Infeasible, match="no 20 different windows bring the classes within") as no:
        equal_pixels(index, 20, rng(0, 0, "train"))
    assert no.value.pixels is None and 0.99 <= no.value.tolerance <= 1
    index = build_index([foil(np.pad(mask[:30, :30], 40))], 3, 24)
    with pytest.raises(Infeasible, match="n: 100000 different windows were asked for"):
        equal_pixels(index, 100_000, rng(0, 0, "train"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"tolerance": 0}, r"tolerance: 0 is outside \(0, 1\)"),
        ({"tolerance": 1}, "tolerance: 1 is outside"),
        ({"tolerance": float("nan")}, "tolerance: nan is outside"),
        ({"pixels": 0.0}, "pixels: 0.0 per patch and class is not above 0"),
        ({"variety": 1.5}, r"variety: 1.5 is outside \(0, 1\]"),
        ({"stride": 0}, "stride: 0 is below 1"),
        ({"labels": [9]}, "class 9 does not exist"),
    ],
)
def test_bad_requests_are_refused_with_the_reason(index, options, reason):
    with pytest.raises(ValueError, match=reason):
        equal_pixels(index, 10, rng(0, 0, "train"), **options)
