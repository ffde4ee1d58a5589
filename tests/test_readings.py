"""A reading is shown for the study it was written about, and only while it is true."""

import re
from types import SimpleNamespace

import pytest
import rules

from foilseg.book import notebooks
from foilseg.book.prose import ReadingError, read, reading

BOOK = SimpleNamespace(shipped=object(), name="matched", seed=0)


def test_numbers_are_filled_in_and_what_is_undefined_is_a_word():
    text = "It finds {share:.1%}, not {other:.2f}."
    said = reading(BOOK, True, text, True, share=0.1234, other=float("nan"))
    assert said._repr_markdown_() == "It finds 12.3%, not undefined." == repr(said)


@pytest.mark.parametrize("change", [{"shipped": None}, {"name": "smoke"}, {"seed": 1}])
def test_another_study_has_no_reading_even_if_a_premise_fails(change):
    other = SimpleNamespace(**vars(BOOK) | change)
    assert "left out" in repr(reading(other, True, "{x:.1f}", False, x="no number"))
    assert "left out" in repr(reading(BOOK, False, "text", False))


def test_a_premise_that_no_longer_holds_fails_the_chapter():
    with pytest.raises(ReadingError, match=re.escape("premise 2 of 2 no longer holds; write")):
        read("text", True, 1 > 2)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('reading(study, True, "It finds {x:.2f} of C17, as in Table 4.1.", x=1)', []),
        ('reading(study, True, "It finds 12 percent.")', ["a number typed into a reading: '12'"]),
        (
            'read("It " "finds {x:.0%} and 0.5 more.", x=1)',
            ["a number typed into a reading: '0.5'"],
        ),
        ('other("It finds 12 percent.")', []),
    ],
)
def test_numbers_typed_into_a_reading_are_found(source, found):
    assert rules.typed_numbers(source) == found


@pytest.mark.parametrize("path", rules.CHAPTERS, ids=lambda path: path.stem)
def test_no_chapter_types_a_number_into_a_reading(path):
    assert not [
        n for cell in notebooks.code(notebooks.read(path)) for n in rules.typed_numbers(cell.source)
    ]
