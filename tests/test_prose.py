"""The prose of the book, read by a linter that runs offline, and by a list of our own."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from foilseg.book import notebooks

ROOT = Path(__file__).parent.parent
# What the linter says of typography, and of words that it takes for others, is not asked.
UNASKED = (
    "typography", "weasel_words", "misc.phrasal_adjectives", "lexical_illusions", "uncomparables",
)  # fmt: skip
# Phrases that read as translated, or that promise more than a page can keep.
BANNED = (
    "a network a defect", "network a defect", "are not found at all", "the exceptions are",
    "the rule picks", "as can be seen", "it is clear that", "obviously", "needless to say",
    "in order to", "utilize", "leverage", "delve", "state-of-the-art", "cutting-edge", "robustly",
    "significantly", "simply put", "note that", "it should be noted",
)  # fmt: skip
# "One row a model" is "one row per model", wherever it is read: also in captions and in tables.
THINGS = (
    r"(?:row|line|bar|dot|panel|column|curve|mark|marker|point|tick|outline|group|window|pair|mask"
    r"|network|map|picture)s?"
)
OF_WHICH = (
    r"(?:model|defect|class|foil|rate|study|variant|run|image|row|column|kind|candidate|price"
    r"|choice|claim|train set|picture|seed|window|division|setting|panel|remedy|profile|network)"
)
AMOUNTS = r"(?:pixels|alarms|objects|patches|micrometres|megapixels|metres|multiply-adds)"
SHARED_OUT = re.compile(
    rf"\b(?:one|two|three|an?) (?:[a-z]+ ){{0,2}}{THINGS} an? {OF_WHICH}\b"
    rf"|\bone an? {OF_WHICH}\b"
    rf"|\b{AMOUNTS} an? (?:million|square metre|megapixel|pixel|second|minute|step)\b",
    re.IGNORECASE,
)
CODE = (r"```.*?```", r"\$\$.*?\$\$", r"\$[^$\n]*\$", r"\{[a-z:]+\}`[^`]*`", r"`[^`\n]*`")


def without_code(text):
    """Prose alone: in the place of code, formulas and numbers stands a letter."""
    for pattern in CODE:
        text = re.sub(pattern, "X", text, flags=re.DOTALL)
    return text


def spoken(cell):
    """What a code cell says: captions, answers and other texts, with a letter for each field."""
    yield cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
    yield from cell.metadata.get("tables", ())
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = re.sub(r"\{[^}]*\}", "X", node.value)
            yield text if len(text.split()) > 4 else ""


def pages():
    """Name -> the prose of every chapter and page, also what its code says."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        texts = []
        for cell in notebooks.read(path).cells:
            texts += spoken(cell) if cell.cell_type == "code" else [cell.source]
        found[path.stem] = "\n\n".join(filter(None, texts))
    for path in [ROOT / "README.md", *sorted((ROOT / "book").glob("*.md"))]:
        found[path.stem] = path.read_text()
    return {name: without_code(text) for name, text in found.items()}


# A figure, table or equation with a number is one of the thesis, and says so; ours have labels.
NUMBERED = re.compile(r"(?:(?:Fig|Eq)s?\.|Tables?) [A-Z]?\d")


def unnamed(text):
    """Numbered things that are not called the thesis's in the same breath."""
    flat = " ".join(text.split())
    places = [found.start() for found in NUMBERED.finditer(flat)]
    return [
        flat[p - 20 : p + 12] for p in places if "thesis" not in flat[max(0, p - 22) : p].lower()
    ]


def banned(text):
    low = " ".join(text.lower().split())
    return [phrase for phrase in BANNED if re.search(rf"\b{re.escape(phrase)}\b", low)]


def linted(folder):
    """What the linter finds in the files of a folder, a sentence each."""
    files = sorted(folder.glob("*.md"))
    done = subprocess.run(
        [sys.executable, "-m", "proselint", "check", "-o", "json", *map(str, files)],
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout)["result"]
    return [
        f"{Path(place).name}: {one['check_path']}: {one['message']}"
        for place, result in told.items()
        for one in result.get("diagnostics", [])
        if not one["check_path"].startswith(UNASKED)
    ]


def shared_out(text):
    """What says "a" for "per"."""
    return [found[0] for found in SHARED_OUT.finditer(" ".join(text.split()))]


def read_in_tables(path):
    """The texts of a module that are no documentation: heads of tables, labels, sentences."""
    tree = ast.parse(path.read_text())
    told = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, told) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documented
    ]


def test_nothing_is_shared_out_by_an_article():
    pages = [
        *(ROOT / "notebooks").glob("*.md"),
        *(ROOT / "notebooks" / "own").glob("*.md"),
        *(ROOT / "book").glob("*.md"),
    ]
    texts = {path: path.read_text() for path in [*pages, ROOT / "README.md"]}
    for package in ("analysis", "book", "claims", "decisions", "figures", "measured", "studies"):
        for path in (ROOT / "foilseg" / package).glob("*.py"):
            texts[path] = "\n".join(set(read_in_tables(path)))
    found = {str(path): shared_out(text) for path, text in texts.items()}
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("with one line a\nmodel over", ["one line a model"]),
        ("Three small windows a defect.", ["Three small windows a defect"]),
        ("Verdicts, one a column.", ["one a column"]),
        ("false alarms a million pixels", ["alarms a million"]),
        ("100 micrometres a pixel", ["micrometres a pixel"]),
        ("Each row is a model, each column a defect: one row per model.", []),
        ("The doubt of a network about a pixel; one in a million; where objects a line has.", []),
        ("This makes the picture a study of its own.", []),
    ],
)
def test_what_an_article_shares_out_is_found(text, found):
    assert shared_out(text) == found


def test_no_page_says_what_is_banned():
    assert {name: banned(text) for name, text in pages().items() if banned(text)} == {}


def test_what_has_a_number_is_called_the_thesis_s():
    assert {name: unnamed(text) for name, text in pages().items() if unnamed(text)} == {}
    assert unnamed("See Fig. 4.2 and thesis\nTable A1.") and not unnamed("See thesis\nTable A1.")


def test_the_linter_finds_nothing(tmp_path):
    for name, text in pages().items():
        (tmp_path / f"{name}.md").write_text(text)
    assert linted(tmp_path) == []


@pytest.mark.parametrize("text", ["It still remains so.", "The reason is because of this."])
def test_what_the_linter_knows_is_found(tmp_path, text):
    (tmp_path / "a.md").write_text(text)
    assert linted(tmp_path)


def test_what_is_banned_is_found_over_lines_and_not_in_code():
    assert banned("One network\na defect, obviously.") == ["network a defect", "obviously"]
    assert banned(without_code("Leverages `leverage` and $obviously$.")) == []
