"""What the book prints does not depend on the processor."""

import pytest

from benchmarks import processors
from foilseg.studies.source import DATA_ROOT

SHOWN = "01_dataset"  # it prints the most that is measured on pictures


@pytest.fixture(scope="module")
def other():
    """The setting that changes the rendering most, of those that this processor has."""
    known = processors.settings()
    names = ("OpenCV without AVX", "numpy without options", "Nehalem")
    return known[next(name for name in names if name in known)]


def printed_twice(name, profile, other, place):
    """What a chapter prints on this processor and under another setting, which renders anew."""
    parameters = {"profile": profile, "runs": str(place / "runs")}
    one = processors.execute([name], parameters, {}, place / "one")
    two = processors.execute([name], parameters, other, place / "two")
    assert one[name]
    return one, two


@pytest.mark.book
def test_a_trained_chapter_prints_the_same_under_another_setting(other, tmp_path):
    one, two = printed_twice("02_baseline", "smoke", other, tmp_path)
    assert processors.differences(one, two) == []


@pytest.mark.book
def test_a_shipped_chapter_prints_the_same_under_another_setting(desk_data, other, tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / DATA_ROOT).symlink_to(desk_data)  # so only the other one is rendered here
    one, two = printed_twice(SHOWN, "desk", other, tmp_path)
    assert processors.differences(one, two) == []


def test_the_comparison_sees_one_digit_and_a_missing_output():
    one = {"a": ["0.12", "x"]}
    assert processors.differences(one, {"a": ["0.12", "x"]}) == []
    assert "a, output 0" in processors.differences(one, {"a": ["0.13", "x"]})[0]
    assert "2 and 1 outputs" in processors.differences(one, {"a": ["0.12"]})[0]
    assert processors.differences(one, {}) == ["a: not executed in both"]
