"""What the book prints does not depend on the processor."""

import pytest

from benchmarks import processors
from foilseg.book import chapters


@pytest.fixture(scope="module")
def other():
    """The setting that changes the rendering most, of those that this processor has."""
    known = processors.settings()
    names = ("OpenCV without AVX", "numpy without options", "Nehalem")
    return known[next(name for name in names if name in known)]


@pytest.mark.book
def test_smoke_chapters_print_the_same_under_another_setting(other, tmp_path):
    """Both render anew what is described there; what was trained is the same."""
    names, (one, two) = ["01_dataset", "02_baseline"], (tmp_path / "one", tmp_path / "two")
    one.mkdir(), two.mkdir()
    given = {"profile": "smoke", "runs": str(tmp_path / "runs")}
    told = processors.execute(names, given, {}, one)
    assert told.keys() == set(names)
    assert processors.differences(told, processors.execute(names, given, other, two)) == []


@pytest.mark.book
def test_a_shipped_chapter_is_the_same_under_another_setting(executed_book, other, tmp_path):
    """The other renders its twin anew."""
    again = processors.execute(["02_baseline"], {"profile": "matched"}, other, tmp_path / "again")
    once = processors.printed(executed_book / chapters.RESULTS / "02_baseline.ipynb")
    assert once
    assert processors.differences({"02_baseline": once}, again) == []


def test_the_comparison_sees_one_digit_and_a_missing_output():
    one = {"a": ["0.12", "x"]}
    assert processors.differences(one, {"a": ["0.12", "x"]}) == []
    assert "a, output 0" in processors.differences(one, {"a": ["0.13", "x"]})[0]
    assert "2 and 1 outputs" in processors.differences(one, {"a": ["0.12"]})[0]
    assert processors.differences(one, {}) == ["a: not executed in both"]
