"""What makes a book of chapters, proved on a miniature one with tiny chapters.

It has the project's own configuration and front matter. Also the helper that looks at pages.
"""

import re
import shutil
from hashlib import sha256

import bookmaking
import browser
import nbformat
import pytest
import viewer
from bookmaking import ROOT, text
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image, ImageColor
from test_compare import COLOURS, ERRORS, assert_drawn, errors, opaque

from foilseg.book import chapters
from foilseg.drawing import night

pytestmark = [pytest.mark.book, pytest.mark.browser]
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
TITLES = {
    source.stem: source.stem.partition("_")[2].replace("_", " ").capitalize()
    for source in chapters.sources(ROOT)
}

FIGURE = "import matplotlib.pyplot as plt\n_ = plt.figure(figsize=(9, 2)).gca().plot([0, seed])"
WIDE_TABLE = "import pandas as pd\npd.DataFrame({f'column {k}': [1.5] for k in range(30)})"
WIDGET = """import anywidget, traitlets
class Drawn(anywidget.AnyWidget):
    _esm = '''
    function render({ model, el }) {
      const button = document.createElement("button");
      const second = model.get("data").getUint8(1);
      const show = () => { button.textContent = `${second} ${model.get("n")}`; };
      model.on("change:n", show);
      button.onclick = () => { model.set("n", model.get("n") + 1); model.save_changes(); };
      show();
      el.append(button);
    }
    export default { render };'''
    data = traitlets.Bytes(bytes([4, 5, 6])).tag(sync=True)
    n = traitlets.Int(0).tag(sync=True)
Drawn()"""
VIEWER = f"""import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
import viewer
from foilseg.figures import widgets
foils = [viewer.foil("first", 1)]
widgets.compare(foils, viewer.models(foils), viewer.CLASSES)"""
EXECUTED = ("01_dataset", "02_baseline")
STORY = ":::{retold} fig-line\nThe line, *told* again ({doc}`chapters/01_dataset`).\n:::\n"
SHARE = "from myst_nb import glue\nglue('share', seed / 16, display=False)"


def _source(title, *cells):
    first = [
        new_markdown_cell(f"# {title}\n\nThe loss is {{eq}}`eq-focal`, where $p_t \\in [0, 1]$."),
        new_code_cell("seed = 1", metadata={"tags": ["parameters"]}),
    ]
    return new_notebook(cells=[*first, *cells], metadata=KERNEL)


def _sources(root):
    figure = {"figure": {"name": "fig-line", "caption": "A line."}, "image": {"alt": "A line"}}
    here = "Of all pixels {glue:text}`share:.1%` are rare."
    there = "There were {glue:text}`01_dataset.ipynb::share:.1%`, see {numref}`fig-line`."
    cells = {
        "01_dataset": [
            new_code_cell(FIGURE, metadata={"mystnb": figure}),
            new_code_cell(SHARE),
            new_markdown_cell(here),
            new_code_cell(WIDE_TABLE),
        ],
        "02_baseline": [
            new_markdown_cell(there),
            new_code_cell(WIDGET),
            new_code_cell(VIEWER),
        ],
    }
    (root / "notebooks").mkdir()
    for stem, title in TITLES.items():
        nbformat.write(_source(title, *cells.get(stem, [])), root / "notebooks" / f"{stem}.ipynb")


@pytest.fixture(scope="session")
def miniature(tmp_path_factory):
    """Pages of a book with the project's configuration and tiny chapters, two of them executed."""
    root = tmp_path_factory.mktemp("miniature")
    bookmaking.front_matter(root)
    (root / "book/story.md").write_text(f"# Story\n\n{STORY}")
    _sources(root)
    chapters.execute(EXECUTED, {"seed": 4}, root=root, progress=False)
    for source in chapters.sources(root):
        if not (root / "book/chapters" / source.name).exists():
            shutil.copy(source, root / "book/chapters")
    return bookmaking.build(root)


# the other pages are looked at in the real book, which has them too
def test_the_executed_chapters_have_nothing_to_mend(miniature):
    browser.require()
    chosen = [miniature / f"book/chapters/{stem}.html" for stem in EXECUTED]
    assert not browser.inspect(miniature, chosen)


def test_numbers_figures_and_equations_are_referred_to_across_pages(miniature):
    first = text(miniature / "book/chapters/01_dataset.html")
    second = text(miniature / "book/chapters/02_baseline.html")
    assert "25.0%" in first and "25.0%" in second
    assert 'href="01_dataset.html#fig-line"' in second and "Fig. 1.1" in second
    assert 'href="../notation.html#equation-eq-focal"' in second


def test_a_figure_of_a_chapter_is_told_again_on_another_page(miniature):
    story, first = (text(miniature / f"book/{n}.html") for n in ("story", "chapters/01_dataset"))
    shown = re.findall(r'<img alt="A line"[^>]* src="\.\./([^"]*)"', story)
    own = re.findall(r'<img alt="A line"[^>]* src="\.\./\.\./([^"]*)"', first)
    assert len(own) == 2, "by day and by night"
    for one, other in zip(shown, own, strict=True):
        assert (miniature / one).read_bytes() == (miniature / other).read_bytes()
    assert "The line, <em>told</em> again" in story and 'href="chapters/01_dataset.html"' in story


def test_a_figure_has_a_dark_twin_and_a_least_width(miniature):
    page = text(miniature / "book/chapters/01_dataset.html")
    (box,) = re.findall(r'<div class="picture" style="([^"]*)">(.*?)</div>', page, re.DOTALL)
    least, width, height = re.fullmatch(
        r"--least: (\d+)px; --width: (\d+)px; --shape: \2 / (\d+)", box[0]
    ).groups()
    assert 0 < int(least) < int(width)
    day, dark = re.findall(r"<img[^>]*>", box[1])
    assert "only-light" in day and "only-dark" in dark
    assert "lazy" in dark and "lazy" in day, "what is not seen is not loaded"
    for image, ground in ((day, "#ffffff"), (dark, night.GROUND)):
        place = re.search(r'src="\.\./\.\./([^"]*)"', image)[1]
        with Image.open(miniature / place) as picture:
            assert picture.size == (int(width), int(height))
            assert picture.convert("RGB").getpixel((0, 0)) == ImageColor.getrgb(ground)
    digest = sha256((miniature / place).read_bytes()).hexdigest()
    assert digest[:16] in place, "another dark picture has another name"


def test_a_figure_that_no_chapter_shows_is_none(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    import retold

    (tmp_path / retold.CHAPTERS).mkdir(parents=True)
    assert retold.find(tmp_path, "fig-moon") is None
    assert retold.picture({"outputs": [{"text": "no picture"}]}) is None


def test_icons_are_drawn_by_a_script_that_holds_no_others(miniature):
    browser.require()
    script = miniature / "_static/scripts/fontawesome.js"
    assert script.stat().st_size < 200_000
    with browser.window() as context:
        page = context.new_page()
        page.goto((miniature / "book/chapters/01_dataset.html").as_uri())
        page.wait_for_selector("svg[data-icon]", state="attached")
        names = set(
            page.locator("svg[data-icon]").evaluate_all("all => all.map(i => i.dataset.icon)")
        )
        outlines = page.locator("svg[data-icon] path").evaluate_all("a => a.map(i => i.outerHTML)")
    assert {"circle-half-stroke", "download", "expand", "magnifying-glass"} <= names
    assert all(re.search(r' d="M[^"]{20,}"', outline) for outline in outlines)


def test_a_widget_works_without_a_kernel_and_without_a_network(miniature):
    browser.require()
    with browser.window() as context:
        page = context.new_page()
        page.goto((miniature / "book/chapters/02_baseline.html").as_uri())
        button = page.locator(".widget-view button").first
        assert button.inner_text() == "5 0"
        button.click()
        assert button.inner_text() == "5 1"


@pytest.mark.parametrize("width", [browser.WIDE, browser.NARROW])
def test_the_viewer_works_in_a_built_page(miniature, width):
    browser.require()
    foils = [viewer.foil("first", 1)]
    with browser.window(width) as context:
        screen = viewer.Screen(context.new_page(), foils, viewer.models(foils))
        screen.open(miniature / "book/chapters/02_baseline.html")
        opaque(screen)
        assert_drawn(screen, 0, screen.foil.mask, COLOURS)
        screen.key("]", "e", "c")
        kinds = errors(screen.foil.mask, screen.masks["first"]["Model B"], 1)
        assert_drawn(screen, 1, kinds, ERRORS)
        screen.key("n", "l")
        assert screen.page.locator(".fs-status").inner_text().startswith("The ")
        assert screen.said == []


def test_the_widget_host_is_loaded_only_where_there_is_a_widget(miniature):
    pages = [p for p in browser.pages(miniature) if "anywidget-host.js" in text(p)]
    assert [p.stem for p in pages] == ["02_baseline"]


def test_the_menu_opens_on_a_telephone(miniature):
    browser.require()
    with browser.window(browser.NARROW) as context:
        page = context.new_page()
        page.goto((miniature / "book/glossary.html").as_uri())
        link = page.get_by_role("link", name="Notation", exact=True).first
        assert not link.is_visible()
        page.click(".primary-toggle")
        link.wait_for(state="visible")
        link.click()
        page.wait_for_url("**/notation.html")


def test_search_finds_a_page_from_a_file(miniature):
    browser.require()
    with browser.window() as context:
        page = context.new_page()
        page.goto((miniature / "search.html").as_uri() + "?q=woodham")
        page.locator("#search-results a", has_text="Bibliography").first.wait_for()


def test_built_twice_the_pages_are_the_same(miniature, tmp_path):
    before = {p: p.read_bytes() for p in browser.pages(miniature)}
    shutil.copytree(miniature.parent.parent, tmp_path / "again", ignore=_without_build)
    again = bookmaking.build(tmp_path / "again")
    different = [
        p.name for p in before if (again / p.relative_to(miniature)).read_bytes() != before[p]
    ]
    assert not different


def _without_build(folder, names):
    return ["_build"] if "_build" in names else []


PAGE = "<!doctype html><html><head><meta name=viewport content='width=device-width'></head><body>{}"
FLAWS = {
    "https://example.org/a.js": "<script src='https://example.org/a.js'></script>",
    "console log: hello": "<script>console.log('hello')</script>",
    "console warning: late": "<script>setTimeout(() => console.warn('late'), 40)</script>",
    "dialog: hello": "<script>alert('hello')</script>",
    "error: broken": "<script>throw new Error('broken')</script>",
    "page wider than 390 px: <div": "<div style='width: 600px' class='wide'>x</div>",
    "image not loaded: none.png": "<img src='none.png'>",
    "mathematics not rendered: x^2": "<span class='math'>x^2</span>",
    "link to no file": "<a href='nowhere.html'>x</a>",
    "link to nothing: #nowhere": "<a href='#nowhere'>x</a>",
    "widget not drawn": "<script type='application/vnd.jupyter.widget-view+json'>{}</script>",
}


def test_the_helper_finds_each_flaw_and_nothing_on_a_sound_page(tmp_path):
    browser.require()
    for number, body in enumerate(["<p>sound</p>", *FLAWS.values()]):
        (tmp_path / f"{number:02d}.html").write_text(PAGE.replace("{}", body, 1))
    found = browser.inspect(tmp_path)
    assert not [f for f in found if f.page == "00.html"]
    for number, what in enumerate(FLAWS, 1):
        said = [str(f) for f in found if f.page == f"{number:02d}.html"]
        assert any(what in line for line in said), (what, said)


def test_a_scrolling_box_is_no_overflow(tmp_path):
    browser.require()
    inner = "<div style='overflow-x: auto'><div style='width: 900px'>x</div></div>"
    (tmp_path / "box.html").write_text(PAGE.replace("{}", inner, 1))
    assert not browser.inspect(tmp_path)


def test_without_chromium_a_test_is_skipped_and_in_ci_it_fails(monkeypatch):
    monkeypatch.setattr(browser, "chromium", lambda: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        browser.require()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        browser.require()


def test_another_mathjax_than_the_published_one_is_refused(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    import offline

    assert (offline.mathjax_folder() / offline.SCRIPT).is_file()
    monkeypatch.setattr(offline, "SHA256", "0" * 64)
    with pytest.raises(offline.ExtensionError, match=r"is not MathJax 3\.2\.2"):
        offline.mathjax_folder()
    monkeypatch.setattr(offline, "PACKAGE", "no-such-package")
    with pytest.raises(offline.ExtensionError, match="needs no-such-package: pip install"):
        offline.mathjax_folder()
