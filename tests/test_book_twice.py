"""The real chapters, executed once more in another folder, are the same bytes."""

import shutil

import bookmaking
import pytest

from foilseg.book import chapters

pytestmark = pytest.mark.book


def results(root):
    """Name -> bytes of every executed chapter."""
    return {p.name: p.read_bytes() for p in (root / "book" / "chapters").glob("*.ipynb")}


def test_executed_twice_the_chapters_are_the_same_bytes(executed_book, tmp_path):
    again = tmp_path / "again"
    ignored = shutil.ignore_patterns("_build")  # where the book may be in the making
    shutil.copytree(executed_book, again, symlinks=True, ignore=ignored)
    before = results(again)
    assert len(before) == len(chapters.sources(bookmaking.ROOT))
    bookmaking.execute(again, "--force")
    after = results(again)
    assert after.keys() == before.keys()
    assert not [name for name in before if after[name] != before[name]]
