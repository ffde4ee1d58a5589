"""A printed number knows its table, and the tables are the printed ones."""

import pytest

from foilseg.thesis import published


def test_a_number_without_a_source_cannot_exist():
    with pytest.raises(ValueError, match="source"):
        published.Published(1.0, " ")


def test_a_cell_carries_its_table():
    cell = published.value("rates", "TPR", model="Baseline", defect="Cavity")
    assert float(cell) == 0.3656 and cell.source == "Table A2"


@pytest.mark.parametrize(
    ("name", "column", "where", "words"),
    [
        ("rates", "TPR", {"model": "Baseline"}, "4 rows"),
        ("rates", "AUC", {}, "no column 'AUC'"),
        ("table_9", "x", {}, "choose one of"),
    ],
)
def test_a_cell_that_is_not_there_is_refused(name, column, where, words):
    with pytest.raises(KeyError, match=words):
        published.value(name, column, **where)


def test_every_table_is_there_and_names_itself():
    for name, source in published.SOURCES.items():
        assert published.table(name).attrs["source"] == source
    pixels = published.training_pixels()
    assert sum(n for name, n in pixels.items() if name != "background") == 2_875_158
