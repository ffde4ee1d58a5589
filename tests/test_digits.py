"""Numbers of a table: three digits that count, whatever their size, and nothing else."""

import math
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foilseg.book import digits
from foilseg.book.readable import readable, sortable
from foilseg.numbers import three_digits

CHAPTERS = Path(__file__).parent.parent / "notebooks"
# Significant digits without "#" lose zeros at the end, and turn 3,060 into 3.06e+03.
LOSING = re.compile(r"(?:sortable|readable)\(.*\"\{:[^}]*\.\dg\}\"")
sizes = st.floats(1e-3, 1e7, exclude_max=True)


@given(sizes, st.booleans())
@example(0.9995, False)
@example(999.5, False)
@example(9_999_999.0, True)
@example(16.65, False)
def test_a_number_is_read_back_within_half_a_unit_of_its_third_digit(size, negative):
    number = -size if negative else size
    text = three_digits(number)
    assert "e" not in text
    read = Decimal(text.replace(",", ""))
    # of a power of ten that was reached by rounding the unit is that of the number itself
    unit = Decimal(10) ** (math.floor(math.log10(size)) - 2)
    assert abs(read - Decimal(number)) <= unit / 2 * (1 + Decimal("1e-12"))
    counted = re.sub(r"[-.,]", "", text).lstrip("0")
    assert len(counted) >= 3 and not counted[3:].strip("0")
    assert "." not in text or len(counted) == 3, "no digit that does not count"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (-0.0, "0"), (80, "80.0"), (6.5, "6.50"), (3056, "3,060"), (0.5, "0.500"),
        (4.1e-7, "4.10e-07"), (0.00064, "0.000640"), (math.nan, "undefined"),
        (np.float64(-2.5), "-2.50"), (math.inf, "infinite"), (99.95, "100"), (99.94, "99.9"),
    ],
)  # fmt: skip
def test_zeros_that_count_are_written_and_no_number_has_a_word(number, text):
    assert three_digits(number) == text


def test_shares_and_rates_have_the_same_digits():
    assert [digits.percent(s) for s in (0.2, 0.5557, 0.9913, 0, 1, math.nan)] == [
        "20.0%", "55.6%", "99.1%", "0%", "100%", "undefined",
    ]  # fmt: skip
    assert digits.per_million(0.0021384) == "2,140" and three_digits(3056.2) == "3,060"


def test_a_quantity_has_its_digits_in_every_table():
    table = pd.DataFrame({"overlap": [0.58911], "unclaimed": [0.99134], "inequality": [0.00998]})
    assert readable(table).iloc[0].tolist() == ["58.9%", "99.1%", "0.998%"]
    table = pd.DataFrame({"swap by FPR": [0.44, 1.0], "by FPR": [2.0, 1.0]})
    assert readable(table).iloc[0].tolist() == ["0.44", "2"]
    table = pd.DataFrame({"price of a miss": [0.3, 30.0], "cheaper from a price of": [1 / 12, 2.0]})
    assert sortable(table).frame.to_numpy().tolist() == [["0.3", "0.0833"], ["30", "2.00"]]
    table = pd.DataFrame({"median length": [16.7, 80.0], "false, all": [3056.0, 996.8]})
    assert sortable(table).frame.iloc[:, 0].tolist() == ["16.7", "80.0"]
    assert sortable(table).frame.iloc[:, 1].tolist() == ["3,060", "997"]


def test_counts_are_not_rounded_where_some_are_undefined_or_words():
    table = pd.DataFrame({"name": ["a", "b"], "n": [4554.0, np.nan], "asked": [12345, "none"]})
    assert readable(table)["n"].tolist() == ["4,554", "undefined"]
    assert readable(table)["asked"].tolist() == ["12,345", "none"]


def losing(text):
    """Calls that show a table with a format that loses digits."""
    return LOSING.findall(text)


def test_no_chapter_shows_a_table_with_a_format_that_loses_zeros():
    chapters = [path for path in CHAPTERS.rglob("*.md") if path.stem != "10_audit"]
    assert len(chapters) > 15
    assert not {
        path.stem: losing(path.read_text()) for path in chapters if losing(path.read_text())
    }
    assert losing('sortable(pair, "{:,.3g}")') and not losing('sortable(pair, "{:.3f}")')
