"""What the book prints does not depend on the processor."""

import pytest

from benchmarks import processors

SHOWN = "01_dataset"  # it prints the most that is measured on pictures


@pytest.fixture(scope="module")
def other():
    """The setting that changes the rendering most, of those that this processor has."""
    known = processors.settings()
    names = ("OpenCV without AVX", "numpy without options", "Nehalem")
    return known[next(name for name in names if name in known)]


@pytest.mark.book
@pytest.mark.parametrize(
    ("names", "profile"), [(["02_baseline"], "smoke"), ([SHOWN], "desk")], ids=["smoke", "shipped"]
)
def test_a_chapter_prints_the_same_under_another_setting(names, profile, other, tmp_path):
    parameters = {"profile": profile, "runs": str(tmp_path / "runs")}
    one = processors.execute(names, parameters, {}, tmp_path / "one")
    two = processors.execute(names, parameters, other, tmp_path / "two")
    assert one[names[0]] and processors.differences(one, two) == []


def test_the_comparison_sees_one_digit_and_a_missing_output():
    one = {"a": ["0.12", "x"]}
    assert processors.differences(one, {"a": ["0.12", "x"]}) == []
    assert "a, output 0" in processors.differences(one, {"a": ["0.13", "x"]})[0]
    assert "2 and 1 outputs" in processors.differences(one, {"a": ["0.12"]})[0]
    assert processors.differences(one, {}) == ["a: not executed in both"]
