"""The chapters about data of one's own whose images show one defect: nothing to compare it with."""

import bookmaking
import conftest
import pytest
from test_book_of_other_data import OF_SHIPPED_STUDIES

from foilseg.book import chapters
from foilseg.data import description, images
from foilseg.data.dataset import write_mask

FOLDER, CLASSES = "pits", conftest.TOY_CLASSES[:2]


@pytest.mark.book
def test_every_chapter_about_them_is_executed(tmp_path):
    description.write(tmp_path / FOLDER / description.NAME, FOLDER, CLASSES)
    for name, (image, mask) in zip("abc", bookmaking.squares(1)):
        images.write(tmp_path / FOLDER / "images" / f"{name}.png", image)
        write_mask(tmp_path / FOLDER / "labels" / f"{name}.png", mask, CLASSES)
    bookmaking.real_sources(tmp_path)
    stems = [source.stem for source in chapters.sources(tmp_path)]
    told = [stem for stem in stems if stem not in OF_SHIPPED_STUDIES]
    given = {"profile": "smoke", "data": FOLDER, "models": "baseline,binary"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(bookmaking.ROOT))
        chapters.execute(told, given, root=tmp_path, progress=False)
    assert {path.stem for path in (tmp_path / "book" / "chapters").glob("*.ipynb")} == set(told)
