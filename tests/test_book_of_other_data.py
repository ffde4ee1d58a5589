"""The book about photographs instead of the twin."""

import re

import bookmaking
import browser
import pytest

from foilseg import importers

pytestmark = [pytest.mark.book, pytest.mark.browser]


@pytest.mark.real
def test_the_book_is_about_whatever_data_it_is_given(magnetic_tile_dozen, tmp_path):
    browser.require()
    data = tmp_path / "tiles"
    assert importers.magnetic_tile(magnetic_tile_dozen, data) == 12
    bookmaking.real_sources(tmp_path)
    bookmaking.execute(tmp_path, "-p", "data", str(data))
    pages = bookmaking.build(tmp_path)
    assert not browser.inspect(pages)
    defects = [c.name for c in importers.TILE_CLASSES[1:]]
    for stem in ("01_dataset", "02_baseline", "06_quantitative"):
        cells = re.findall(
            r"<t[hd][^>]*>([^<]*)</t[hd]>", bookmaking.text(pages / f"book/chapters/{stem}.html")
        )
        assert set(defects) <= set(cells), stem
        assert not {"agglomeration", "cavity", "blade trail"} & set(cells), stem
