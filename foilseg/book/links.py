"""Names of models in tables lead to what the book says of them, and terms to the glossary.

Short names are spelled out once on each page that uses them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from foilseg.book import notebooks
from foilseg.book.answers import GOALS
from foilseg.book.captions import HTML
from foilseg.data import escape
from foilseg.training.experiments import BEYOND, EXPERIMENTS, RECIPE, RECOMMENDED, ROWS

PAGE, REMEDIES = "18_models", "15_remedies"
# Labels of the sections of the latter -> titles of the rows that each explains.
SECTIONS = {
    "remedies-priors": ("Focal factor", "Weights alone", "Logit adj."),
    "remedies-losses": (
        "CE + Dice", "nnU-Net loss", "Forced defects", "Tversky", "Focal Tversky",
        "Unified focal", "Lovász", "Class-wise FL", "Class-wise, views",
    ),
    "remedies-patches": ("Turned", "Mirrored", "Copy-paste"),
    "remedies-labels": ("Forward corr.", "Edges ignored", "Relabelled"),
    "remedies-training": (
        "Averaged", "Mirror views", "Baseline, falling rate", "Baseline, four times the steps",
        "Four baselines", "Binary, a quarter of the steps",
    ),
}  # fmt: skip
GLOSSARY = Path("book/glossary.md")
MARKDOWN = "text/markdown"
ALSO_PLAIN = {"run", "calibration"}  # terms that are as often words with another meaning
# What is no prose: roles with what they hold, code, formulas, tags.
NO_WORDS = r"\{[\w:-]+\}`[^`]*`|`+[^`]*`+|\$[^$]*\$|<[^>]*>"
# Nor is a term looked for in a link or in what is emphasised.
_KEPT = re.compile(rf"(<a [^>]*>[^<]*</a>|{NO_WORDS}|!?\[[^\]]*\]\([^)]*\)|\*+[^*\s][^*]*\*+)")
SPELLED = "*Short names on this page:*"
_NO_PROSE = ("#", "|", ":", "(", "```", "~~~", "+++", "%", "{", SPELLED)
CELL = re.compile(r"(<t[dh][^>]*>)([^<>]+)(</t[dh]>)")


def _places() -> dict[str, tuple[str, str]]:
    """Title of a model, as HTML writes it -> the chapter and the label of its section."""
    found = {row.title: (PAGE, f"model-{name}") for name, row in EXPERIMENTS.items()}
    several = (row.title for row in BEYOND.values())  # but for those that a section is about
    found |= dict.fromkeys(several, (REMEDIES, "remedies-recipe"))
    for label, titles in SECTIONS.items():
        found |= dict.fromkeys(titles, (REMEDIES, label))
    found[ROWS[RECOMMENDED].title] = (PAGE, f"model-{RECIPE}")
    return {escape.html(title): place for title, place in found.items()}


PLACES = _places()


def write(notebook: Any, name: str) -> None:
    """Link the models that the tables of an executed chapter name; links that are there stay.

    ``name`` : of the chapter, such as ``06_quantitative``; one that explains models links within
    itself.
    """

    def linked(found: re.Match) -> str:
        page, label = PLACES.get(found[2].strip(), ("", ""))
        if not label:
            return found[0]
        address = f"#{label}" if page == name else f"{page}.html#{label}"
        return f'{found[1]}<a href="{address}">{found[2]}</a>{found[3]}'

    for data in (data for cell in notebook.cells for data in notebooks.shown(cell)):
        if HTML in data:
            data[HTML] = CELL.sub(linked, data[HTML])


def entries(glossary: Path) -> list[str]:
    """The terms of a glossary in MyST, some of which share a text; none if it is not there."""
    if not glossary.is_file():
        return []
    lines = glossary.read_text("utf-8").partition("```{glossary}\n")[2].partition("```")[0]
    return [line for line in lines.split("\n") if line and not line.startswith(" ")]


def terms(notebook: Any, glossary: Path) -> None:
    """Link the first use of each term in the prose and the answers of a chapter to the glossary.

    A plural and a capital at the beginning are the same term; links that are there stay. Headings,
    tables, captions, code and what is emphasised stay as they are.
    """
    places = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            places.append((cell, "source", _role))
        places += [(data, MARKDOWN, _anchor) for data in notebooks.shown(cell) if MARKDOWN in data]
    linked = "\n".join(holder[key] for holder, key, _ in places)
    waiting = {
        term: re.compile(rf"\b({_capital(term)}(?:e?s)?)\b")
        for term in entries(glossary)
        if term not in ALSO_PLAIN
        and f" <{term}>`" not in linked
        and f"{{term}}`{term}`" not in linked
        and _address(term) not in linked
    }
    for holder, key, link in places:
        holder[key] = "\n".join(_with_terms(holder[key], waiting, link))


def _role(term: str) -> str:
    """What takes the place of a term in prose, with the word that is there as group 1."""
    return rf"{{term}}`\1 <{term}>`"


def _anchor(term: str) -> str:
    """The same in what a cell shows, where there are no roles."""
    return rf'<a href="{_address(term)}">\1</a>'


def _address(term: str) -> str:
    return f"../glossary.html#term-{term.replace(' ', '-')}"


def _capital(term: str) -> str:
    first, rest = re.escape(term[0]), re.escape(term[1:])
    return f"[{first}{first.upper()}]{rest}" if term[0].islower() else first + rest


def _with_terms(
    text: str, waiting: dict[str, re.Pattern], link: Callable[[str], str]
) -> Iterator[str]:
    fence = ""
    for line in text.split("\n"):
        mark = re.match(r"```+|~~~+|\$\$", line)
        if mark and not (line.count("$$") > 1):
            fence = "" if fence and line.startswith(fence) else fence or mark[0]
        if fence or line.startswith(_NO_PROSE):
            yield line
            continue
        pieces = _KEPT.split(line)
        for place in range(0, len(pieces), 2):
            pieces[place] = _first_uses(pieces[place], waiting, link)
        yield "".join(pieces)


def _first_uses(text: str, waiting: dict[str, re.Pattern], link: Callable[[str], str]) -> str:
    """The text with links for the terms that are still waiting, the longest of them first."""
    for term in sorted(waiting, key=len, reverse=True):
        parts = re.split(r"(\{term\}`[^`]*`|<a [^>]*>[^<]*</a>)", text)
        for place in range(0, len(parts), 2):
            parts[place], found = waiting[term].subn(link(term), parts[place], 1)
            if found:
                del waiting[term]
                text = "".join(parts)
                break
    return text


# As a word of a page -> what it stands for; in the order in which a page tells them.
SHORT = {
    "TP": "true positives",
    "FP": "false positives",
    "FN": "false negatives",
    "TN": "true negatives",
    "TPR": "true positive rate",
    "FPR": "false positive rate",
    "ppm": "per million",
    "Eq.": "equal",
    "Os.": "oversampled",
    "Bin": "binary, one network for each defect",
    "S.": "samples",
    "avg.": "weights averaged over the steps",
    "adj.": "adjusted",
    "corr.": "correction",
    "CE": "cross entropy",
    "wCE": "weighted cross entropy",
    "FL": "focal loss",
    "ICF": "weights by inverse class frequencies",
    "ISCF": "weights by inverse square roots of class frequencies",
    "PSoI": "performance stability over iterations",
    "PSoMT": "performance stability over multiple trainings",
}
_MARKUP = re.compile(r"<[^>]*>|\{[\w:-]+\}`[^`]*`|```.*?```|`[^`]*`|\bEq\. (?=\d)", re.DOTALL)


def short_names(notebook: Any) -> None:
    """Put a line into an executed chapter that spells out the short names it uses, if any.

    It follows what the reader will learn; a page that does not say that ends with it.
    """
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    learned = [cell for cell in prose if GOALS in cell.source]
    place = next(iter(learned or reversed(prose)), None)
    used = used_in(" ".join(_words(notebook)))
    if place is None or not used or SPELLED in place.source:
        return
    names = ", ".join(f"{name} ({SHORT[name]})" for name in used)
    place.source = f"{place.source}\n\n{SPELLED} {names}."


def used_in(text: str) -> list[str]:
    """The short names among the words of a text, in the order of :data:`SHORT`."""
    words = set(re.findall(r"[A-Za-z]+\.?", _MARKUP.sub(" ", text)))
    plain = words | {word.rstrip(".") for word in words}
    return [name for name in SHORT if name in (words if name.endswith(".") else plain)]


def _words(notebook: Any) -> Iterator[str]:
    """What a reader of a page reads: prose, captions, tables and answers."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield cell.source
        yield cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
        yield from cell.metadata.get("tables", ())
        for data in notebooks.shown(cell):
            yield from (data[kind] for kind in ("text/html", "text/markdown") if kind in data)
