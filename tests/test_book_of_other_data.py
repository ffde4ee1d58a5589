"""The book about photographs instead of the twin."""

import re

import bookmaking
import browser
import pytest

from foilseg.book import chapters, notebooks
from foilseg.data import importers

pytestmark = [pytest.mark.book, pytest.mark.browser]
MODELS = "baseline,binary-balanced,focal-iscf"  # the second, chapter 5 trains in any case


def execute(root, data):
    """Execute all chapters; the one about binary networks shows those that it trains anyway."""
    for source in chapters.sources(root):
        given = {"profile": "smoke", "data": str(data), "models": MODELS}
        if source.stem == "05_binary":
            given["shown"] = "binary-balanced"
        own = notebooks.parameters(notebooks.read(source))
        given = {name: value for name, value in given.items() if name in own}
        chapters.execute([source.stem], given, root=root, progress=False)


@pytest.mark.real
def test_the_book_is_about_whatever_data_it_is_given(magnetic_tile_six, tmp_path, monkeypatch):
    browser.require()
    monkeypatch.setenv("PYTHONPATH", str(bookmaking.ROOT))
    data = tmp_path / "tiles"
    importers.magnetic_tile(magnetic_tile_six, data)
    bookmaking.real_sources(tmp_path)
    execute(tmp_path, data)
    pages = bookmaking.build(tmp_path)
    # the pages outside of the chapters are those of the book about the twin
    chosen = browser.pages(pages / "book" / "chapters")
    assert len(chosen) == len(chapters.sources(bookmaking.ROOT))
    assert not browser.inspect(pages, chosen)
    defects = [c.name for c in importers.TILE_CLASSES[1:]]
    for stem in ("01_dataset", "02_baseline", "06_quantitative"):
        cells = re.findall(
            r"<t[hd][^>]*>([^<]*)</t[hd]>", bookmaking.text(pages / f"book/chapters/{stem}.html")
        )
        assert set(defects) <= set(cells), stem
        assert not {"agglomeration", "cavity", "blade trail"} & set(cells), stem
