"""Pools, objects and window counts against brute force on small masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from foilseg.data.dataset import Foil
from foilseg.sampling.equal_lattice import lattice
from foilseg.sampling.object_runs import class_counts, find_objects, object_pixels
from foilseg.sampling.pools import build_index, check_labels, safe_span
from foilseg.sampling.uniform import prepare


def foil(mask, name="foil"):
    mask = np.asarray(mask, np.uint8)
    return Foil(name, np.zeros((1, *mask.shape), np.float32), mask)


@st.composite
def problems(draw, classes=(2, 3, 10)):
    """Some sparse masks, the number of classes and a patch size that fits one of them."""
    n_classes = draw(st.sampled_from(classes))
    values = st.integers(1, n_classes - 1)
    masks = []
    for _ in range(draw(st.integers(1, 3))):
        shape = draw(st.tuples(st.integers(1, 18), st.integers(1, 18)))
        masks.append(draw(arrays(np.uint8, shape, elements=values, fill=st.just(0))))
    size = draw(st.integers(1, min(9, max(max(mask.shape) for mask in masks))))
    return masks, n_classes, size


def dilated(mask, label, size):
    """The thesis's pool: the one-hot mask dilated by a k x k square, cropped to Eq. 3.3.

    scipy's even square reaches one pixel further up and left than down and right; a patch
    around a centre does too, so the mirrored square is the one to dilate with.
    """
    onehot = np.pad(mask == label, size)
    origin = -1 if size % 2 == 0 else 0
    pool = ndimage.binary_dilation(onehot, np.ones((size, size)), origin=(origin, origin))
    pool = pool[size:-size, size:-size]
    height, width = mask.shape
    least = size // 2 + 1
    rows, columns = np.arange(height), np.arange(width)
    inside = (rows >= least) & (rows <= height - least)
    across = (columns >= least) & (columns <= width - least)
    if not inside.any():
        inside = (rows >= size // 2) & (rows - size // 2 + size <= height)
    if not across.any():
        across = (columns >= size // 2) & (columns - size // 2 + size <= width)
    return pool & inside[:, None] & across


@settings(max_examples=150, deadline=None)
@given(problems())
def test_pool_is_the_dilated_mask_inside_the_safe_area(problem):
    masks, n_classes, size = problem
    index = build_index([foil(mask) for mask in masks], n_classes, size)
    for label in range(n_classes):
        expected = [dilated(region.mask, label, size) for region in index.regions]
        for region, centres in enumerate(expected):
            assert np.array_equal(index.centres(label, region), centres)
        assert index.pool_sizes[label] == sum(int(centres.sum()) for centres in expected)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_ordinals_reach_every_window_of_a_pool_once(problem):
    masks, n_classes, size = problem
    index = build_index([foil(mask) for mask in masks], n_classes, size)
    total = int(index.first[1][-1])
    windows = index.place(np.arange(total))
    assert np.array_equal(index.number(windows), np.arange(total))
    shows = [
        np.unique(index.regions[r].mask[t : t + size, left : left + size])
        for r, t, left in windows.tolist()
    ]
    for label in range(n_classes):
        present = np.array([label in values for values in shows])
        inside = index.pool(label, np.arange(index.pool_sizes[label]))
        outside = index.pool(label, np.arange(total - index.pool_sizes[label]), absent=True)
        assert np.array_equal(inside, np.flatnonzero(present))
        assert np.array_equal(outside, np.flatnonzero(~present))


def test_safe_area_by_hand():
    assert safe_span(10, 4) == (1, 5), "centres 3 to 7: patches begin at 1 to 5"
    assert safe_span(10, 5) == (1, 5), "centres 3 to 7: patches begin at 1 to 5"
    assert safe_span(6, 4) == (1, 1)
    assert safe_span(5, 4) == (0, 2), "no centre is safe, so every position that fits"
    assert safe_span(4, 4) == (0, 1)


def test_a_defect_at_the_very_border_is_in_no_pool_and_said_so():
    mask = np.zeros((12, 12), np.uint8)
    mask[0, 5] = 1
    index = build_index([foil(mask)], 3, 4)
    assert index.pool_sizes.tolist() == [49, 0, 0]
    assert not index.reachable.any()
    with pytest.raises(ValueError, match="class 1 has only 1 at the border"):
        check_labels(index, [1])
    with pytest.raises(ValueError, match="class 2 has no pixel"):
        check_labels(index, [2])
    with pytest.raises(ValueError, match="class 3 does not exist; there are 0 to 2"):
        check_labels(index, [3])


def test_index_refuses_masks_with_more_classes_and_patches_larger_than_all():
    with pytest.raises(ValueError, match="n_classes: bad holds class 4"):
        build_index([foil(np.full((5, 5), 4), "bad")], 4, 2)
    with pytest.raises(ValueError, match="longest edge of the 1 regions has 5"):
        build_index([foil(np.zeros((5, 5)))], 4, 6)


@settings(max_examples=150, deadline=None)
@given(problems())
def test_objects_are_the_connected_components(problem):
    masks, n_classes, _ = problem
    objects = find_objects(masks)
    maps = [np.full(mask.shape, -1) for mask in masks]
    for run in range(len(objects.row)):
        region = int(objects.region[objects.owner[run]])
        row = objects.row[run] - objects.first_row[region]
        maps[region][row, objects.start[run] : objects.stop[run]] = objects.owner[run]
    boxes, found = objects.boxes(), 0
    for region, (mask, owners) in enumerate(zip(masks, maps)):
        assert np.array_equal(owners >= 0, mask > 0)
        for label in range(1, n_classes):
            components, number = ndimage.label(mask == label, np.ones((3, 3)))
            found += number
            for component, (rows, columns) in enumerate(ndimage.find_objects(components), 1):
                own = np.unique(owners[components == component])
                assert len(own) == 1
                assert objects.label[own[0]] == label and objects.region[own[0]] == region
                assert objects.pixels[own[0]] == (components == component).sum()
                assert boxes[own[0]].tolist() == [
                    rows.start,
                    rows.stop,
                    columns.start,
                    columns.stop,
                ]
    assert len(objects) == found


@settings(max_examples=60, deadline=None)
@given(problems())
def test_window_counts_are_the_pixels_in_the_windows(problem):
    masks, n_classes, size = problem
    regions = prepare([foil(mask) for mask in masks], size)
    index = build_index(regions, n_classes, size)
    windows = index.place(np.arange(index.first[1][-1]))
    shown = object_pixels(index.objects, windows, size)
    counts = class_counts(index.objects, shown, n_classes, size)
    patches = [regions[r].mask[t : t + size, left : left + size] for r, t, left in windows.tolist()]
    assert np.array_equal(counts, [np.bincount(p.ravel(), minlength=n_classes) for p in patches])
    assert shown.nnz == 0 or shown.data.min() > 0


@settings(max_examples=80, deadline=None)
@given(problems(classes=(3, 5)), st.integers(1, 5), st.data())
def test_lattice_counts_and_objects_are_those_of_its_windows(problem, stride, data):
    masks, n_classes, size = problem
    labels = tuple(range(1, n_classes, data.draw(st.sampled_from([1, 2]))))
    shift = data.draw(st.tuples(st.integers(0, stride - 1), st.integers(0, stride - 1)))
    index = build_index([foil(mask) for mask in masks], n_classes, size)
    candidates = lattice(index, labels, stride, shift)
    shown = object_pixels(index.objects, candidates.windows, size)
    counts = class_counts(index.objects, shown, n_classes, size)
    assert np.array_equal(candidates.counts, counts[:, labels])
    of_labels = np.isin(index.objects.label, labels)
    assert not (candidates.shows.toarray()[:, ~of_labels]).any()
    missing = (shown.toarray()[:, of_labels] > 0) & (candidates.shows.toarray()[:, of_labels] == 0)
    assert not missing.any()
    every = index.place(np.arange(index.first[1][-1]))
    spans = index.spans[every[:, 0]]
    first = spans[:, [0, 2]] + np.minimum(shift, spans[:, [1, 3]] - 1)
    steps = every[:, 1:] - first
    on_lattice = ((steps >= 0) & (steps % stride == 0)).all(axis=1)
    shows = class_counts(index.objects, object_pixels(index.objects, every, size), n_classes, size)
    expected = every[on_lattice & shows[:, labels].any(axis=1)]
    assert np.array_equal(candidates.windows, expected)


def test_sliding_windows_agree_with_the_index_at_a_real_patch_size():
    mask = np.zeros((150, 170), np.uint8)
    mask[20:30, 40:90], mask[100:104, 3:9], mask[140:, 160:] = 1, 2, 3
    index = build_index([foil(mask)], 4, 64)
    for label in (1, 2, 3):
        seen = sliding_window_view(mask == label, (64, 64)).any(axis=(2, 3))[1:-1, 1:-1]
        assert np.array_equal(index.windows_with(label, 0), seen)
