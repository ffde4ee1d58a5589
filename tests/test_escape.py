"""Names are text in every language of a page, and what cannot be printed is no name."""

import html
import json
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from foilseg.book import prose
from foilseg.book.readable import sortable
from foilseg.data import escape
from foilseg.data.dataset import Dataset, Foil, LabelClass
from foilseg.drawing import style
from foilseg.evaluation import examples
from foilseg.figures import pictures, plots, widgets
from foilseg.studies import provenance
from foilseg.studies.provenance import COLUMNS, Provenance

HOSTILE = [
    "<script>alert(2)</script>",
    "<img src=x onerror=alert(1)>",
    "$\\frac{$ and $$x_1$$ and \\(y\\)",
    "{{evil}} {glue:text}`x` {math}`y`",
    "[a](javascript:alert(3)) ![b](c) <http://d.e>",
    "a_b*c* **d** `e` ~~f~~ # g",
    "| h | \"i\" 'j' &lt; &amp;",
    "- k 1. l > m \\n \\",
    "% n",
    "+++",
    "(target)=",
]


class Page(HTMLParser):
    """What a piece of HTML says, and of which elements it is made."""

    def __init__(self, source):
        super().__init__()
        self.text, self.tags, self.values = "", [], []
        self.feed(source)
        self.close()

    def handle_data(self, data):
        self.text += data

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.values += [value for _, value in attributes]


@pytest.mark.parametrize("name", HOSTILE)
def test_in_html_a_name_is_text_and_adds_no_element(name):
    page = Page(f'<b title="{escape.html(name)}">{escape.html(name)}</b>')
    assert (page.text, page.tags, page.values) == (name, ["b"], [name])
    assert Page(escape.paragraph(name)).tags == ["p"]
    assert html.unescape(escape.html(name)) == name


def test_without_escape_the_page_of_this_test_has_the_elements():
    assert Page("".join(HOSTILE)).tags == ["script", "img", "http:"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("myst", [True, False], ids=["MyST", "CommonMark"])
def test_in_markdown_a_name_is_text(name, myst):
    from docutils import nodes
    from docutils.core import publish_doctree
    from myst_parser.docutils_ import Parser

    on = {"myst_enable_extensions": ["amsmath", "colon_fence", "deflist", "dollarmath", "tasklist"]}
    given = {"report_level": 5, "myst_commonmark_only": not myst, **(on if myst else {})}
    for text in (escape.markdown(name), f"It is {escape.markdown(name)} there."):
        tree = publish_doctree(text, parser=Parser(), settings_overrides=given)
        kinds = {type(node) for node in tree.findall()}
        assert kinds <= {nodes.document, nodes.paragraph, nodes.Text}, kinds
        assert name in tree.astext()


def test_in_markdown_a_name_is_no_substitution():
    from markdown_it import MarkdownIt
    from mdit_py_plugins.substitution import substitution_plugin

    read = MarkdownIt().use(substitution_plugin)
    kinds = {t.type for t in read.parse(escape.markdown("{{evil}}"))[1].children}
    assert kinds <= {"text", "text_special"}
    assert "substitution_block" in {t.type for t in read.parse("{{evil}}")}


@pytest.mark.parametrize("name", [*HOSTILE, "</SCRIPT >", "<!--<script>", "\u2028"])
def test_json_in_a_script_is_the_same_and_cannot_end_it(name):
    text = escape.script_json(json.dumps({name: [name]}, ensure_ascii=False))
    assert json.loads(text) == {name: [name]}
    assert not set("<>&") & set(text)


@pytest.mark.parametrize("name", ["$\\frac{$", "_$a$ $b$", "x_1"])
def test_in_figures_a_name_is_no_formula_and_a_power_of_ten_is_one(name):
    with style.house_style():
        figure, axes = plt.subplots(figsize=(6, 4))
        axes.plot([1, 2], [1e-3, 1], label=escape.legend(name))
        axes.set(title=name, xlabel=name, xticks=[1, 2], xticklabels=[name, "b"], yscale="log")
        axes.legend()
        style.done(figure)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()
    said = [text for text in figure.findobj(Text) if text.get_text().strip("\u200b") == name]
    assert len(said) >= 4 and not any(text.get_parse_math() for text in said)
    powers = [t for t in axes.yaxis.get_ticklabels(which="both") if "10^" in t.get_text()]
    assert powers and all(text.get_parse_math() for text in powers)


def test_the_formula_of_the_focal_loss_is_still_one():
    label = plots.focal_curves([0.0, 2.0]).axes[0].xaxis.label
    assert "$p_t$" in label.get_text() and label.get_parse_math()


def test_long_names_are_broken_after_underscores():
    name = "01_200907033300_462500_045_crop_2"
    assert escape.lines(name) == "01_200907033300_\n462500_045_crop_2"
    assert escape.lines("foil_09") == "foil_09"


def test_a_long_name_is_broken_into_lines_and_loses_nothing():
    name = "an overlong name " + "x" * 60
    assert max(map(len, escape.lines(name).split("\n"))) <= 24
    assert escape.lines(name).replace("\n", "").replace(" ", "") == name.replace(" ", "")
    names = enumerate(("#ffffff", "#000000"))
    classes = tuple(LabelClass(i, f"{i} {'y' * 46}", colour) for i, colour in names)
    foil = Foil("z" * 80, np.zeros((1, 60, 40), np.float32), np.eye(60, 40, dtype=np.uint8))
    drawn = [pictures.examples([(foil, [c.name for c in classes])] * 4, classes)]
    drawn.append(plots.foil_shares(Dataset("long", classes, (foil,) * 4)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "axes sizes collapsed to zero"
        for figure in drawn:
            figure.draw_without_rendering()


def test_a_banner_says_what_it_is_given():
    for smoke in (True, False):
        page = Page(provenance.box(HOSTILE[0], smoke))
        assert HOSTILE[0] in page.text and set(page.tags) == {"div", "p"}
    assert Page(widgets.Sentence(HOSTILE[1])._repr_html_()).tags == ["p"]


@pytest.mark.parametrize("name", HOSTILE)
def test_tables_say_what_they_are_given(name):
    frame = pd.DataFrame({"model": [name, "b"], name: [1.5, 2.5]})
    rows = pd.DataFrame([[name] * len(COLUMNS)], columns=COLUMNS).assign(run="not trained")
    foil = Foil(name, np.zeros((1, 9, 9), np.float32), np.zeros((9, 9), np.uint8))
    listing = examples.Listing([examples.Pick(name, name, 1.0, name, name)], [foil], "page.html")
    allowed = {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "a", "style"}
    for shown in (sortable(frame), frame, Provenance(rows), listing):
        page = Page(shown._repr_html_())
        assert name.replace("_", " ") in page.text.replace("_", " ")
        assert set(page.tags) <= allowed


def test_words_in_a_reading_are_text_and_its_numbers_are_not_touched():
    said = prose.read("**{name}** has {share:.1%}.", name="a_b*c*", share=0.125)
    assert said._repr_markdown_() == "**a\\_b\\*c\\*** has 12.5%."


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        (" a", "begins or ends with a blank"),
        ("a\nb", "U+000A"),
        ("a\x07", "U+0007"),
        ("a\u2028b", "U+2028"),
        ("a\u202eb", "U+202E"),
        ("\udcff", "U+DCFF"),
        ("x" * 49, "49 letters, more than 48"),
        ("n/a", "missing value"),
        (3, "is int, not text"),
        (None, "is NoneType, not text"),
    ],
)
def test_what_cannot_be_printed_is_no_name(name, why):
    assert why in escape.unfit(name)


@pytest.mark.parametrize("name", [*HOSTILE, "漢字", "é", "👩‍🔬", "x" * 48])
def test_every_other_name_is_one(name):
    assert escape.unfit(name) == ""


def test_a_terminal_gets_no_control_characters():
    assert escape.printable("a\x1b[31m\n\udcff é") == "a\\x1b[31m\\n\\udcff é"


def ways_around(root):
    """Places of the library and the book's scripts that put text into a page unescaped."""
    words = r"^import html|^from html|escape=False|innerHTML|outerHTML|insertAdjacentHTML"
    words = re.compile(rf"{words}|document\.write|autoescape|display\.html\.", re.MULTILINE)
    files = [*root.glob("foilseg/**/*.py"), *root.glob("book/_*/*"), *root.glob("foilseg/**/*.js")]
    pictures = (".jpg", ".png")
    kept = [p for p in files if p.name != "escape.py" and p.is_file() and p.suffix not in pictures]
    return [f"{p.name}: {w}" for p in kept for w in words.findall(p.read_text("utf-8"))]


def test_nothing_goes_around_the_one_place(tmp_path):
    assert ways_around(Path(__file__).parent.parent) == []
    (tmp_path / "foilseg" / "js").mkdir(parents=True)
    (tmp_path / "foilseg" / "a.py").write_text("import html\ntable.to_html(escape=False)\n")
    (tmp_path / "foilseg" / "js" / "b.js").write_text("node.innerHTML = name;\n")
    found = ["a.py: import html", "a.py: escape=False", "b.js: innerHTML"]
    assert ways_around(tmp_path) == found
