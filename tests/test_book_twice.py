"""The real chapters, executed once more in another folder, are the same bytes."""

import re
import shutil

import bookmaking
import pytest

from foilseg.book import chapters, notebooks

# Those that together use every module that draws or prints, which is tested; a second execution
# of the others would draw and print with the same ones.
CHOSEN = (
    *("01_dataset", "05_binary", "06_quantitative", "08_qualitative", "09_stability"),
    *("14_beyond", "15_remedies", "16_decide"),
)
IMPORTED = re.compile(r"^from foilseg\.(figures|book)(\.\w+)? import (\([^)]+\)|.+)$", re.M)


def uses(source):
    """The modules of ``figures`` and ``book`` that a chapter imports."""
    text = "\n".join(cell.source for cell in notebooks.code(notebooks.read(source)))
    found = set()
    for package, module, names in IMPORTED.findall(text):
        inside = [module] if module else [f".{name}" for name in re.findall(r"\w+", names)]
        found |= {package + name for name in inside}
    return found


def results(root):
    """Name -> bytes of every executed chapter."""
    return {p.name: p.read_bytes() for p in (root / "book" / "chapters").glob("*.ipynb")}


def test_the_chosen_chapters_draw_and_print_with_all_that_there_is():
    every = {source.stem: uses(source) for source in chapters.sources(bookmaking.ROOT)}
    assert {"figures.widgets", "figures.plots", "book.readable"} <= set().union(*every.values())
    chosen = set().union(*(every[stem] for stem in CHOSEN))
    assert set().union(*every.values()) - chosen <= {"book.digits"}  # which only writes numbers


@pytest.mark.book
def test_executed_twice_the_chapters_are_the_same_bytes(executed_book, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(bookmaking.ROOT))
    again = tmp_path / "again"
    ignored = shutil.ignore_patterns("_build")  # where the book may be in the making
    shutil.copytree(executed_book, again, symlinks=True, ignore=ignored)
    before = results(again)
    assert len(before) == len(chapters.sources(bookmaking.ROOT))
    for stem in CHOSEN:
        (again / "book" / "chapters" / f"{stem}.ipynb").unlink()
    chapters.execute(CHOSEN, bookmaking.SHOWN, root=again, progress=False, force=True)
    after = results(again)
    assert after.keys() == before.keys()
    assert not [name for name in before if after[name] != before[name]]
