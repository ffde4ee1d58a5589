"""The book about images of one's own: what speaks of the thesis's foils stands in a box.

Chapters are written about foils. In the chapter of other data a paragraph that names a defect of
the thesis, or the twin, is kept in a box that is closed; in all others a foil is an image. Chapters
that read the shipped studies and nothing else say so at their head. A chapter of ``notebooks/own``
takes the place of the one of its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from foilseg.book import notebooks
from foilseg.book.answers import PICTURE, PLAIN, is_section
from foilseg.book.links import NO_WORDS
from foilseg.book.prose import FENCE, LEFT_OUT, paragraphs
from foilseg.data import description, escape, images
from foilseg.data.dataset import as_float
from foilseg.data.photometric import are_normals

# They show the studies that come with the book, whatever data it is executed on.
OF_THE_THESIS = {
    *("10_audit", "12_elsewhere", "13_experiments", "15_remedies", "17_found", "18_models"),
}
AUDIT, OURS = "10_audit", "The claims, on this study"  # the section about other data
TITLE = "About the foils of the thesis"
# How the defects of the thesis are called in a text: class -> expression.
DEFECTS = {
    "agglomeration": r"agglomerat\w*",
    "cavity": r"(?<!oversampled-)cavit(?:y|ies)",  # which is a command's word for any defect
    "crack": r"cracks?",
    "blade trail": r"blade trails?",
}
THINGS = (
    r"twins?|battery|coat(?:ed|ing)s?|original (?:foils?|images?)|rendered|"
    r"line lights?|thesis Tables?|the thesis's (?:foils?|images?|defects)|"
    r"(?:moving|transported) foils?|(?:shipped|matched|desk) stud(?:y|ies)"
)
# What data may lack: pictures under each light, two defects or more, the thesis's classes, ...
WANTED = ("truth", "lights", "defects", "normals", "thesis", "twin")
NEEDS = "needs-"  # begins the tag of a cell that is shown only where there is such a thing
OF_NORMALS = r"(?<!surface )normals?|slopes?|tilt"  # for data that hold no such pictures
HTML = "text/html"
GLUED = "application/papermill.record/text/plain"  # of what is put into a text
_SENTENCE = re.compile(r"(?:\S+\s+){3,}\S+\.['\"]?$")  # and is no name
_HEAD = re.compile(r"(<th\b[^>]*>)([^<]*)")
_FENCED = re.compile(r"(^(?:`{3,}|~{3,})[\s\S]*?^(?:`{3,}|~{3,})\s*$)", re.MULTILINE)
_FOLDED = re.compile(r"^(:::\{dropdown\}.*)$", re.MULTILINE)
_KEPT = re.compile(rf"({NO_WORDS}|\]\([^)]*\)|\{{[\w:-]+\}})")  # nor targets, directives
_WORDS = (
    (re.compile(r"\b([Aa])(\s+)foil\b"), lambda m: f"{m[1]}n{m[2]}image"),
    (re.compile(r"\bfoil(s?)\b"), lambda m: f"image{m[1]}"),
    (re.compile(r"\bFoil(s?)\b"), lambda m: f"Image{m[1]}"),
)


def write(
    notebook: Any, stem: str, name: str, classes: Iterable[str], lacks: Iterable[str] = ()
) -> None:
    """Make an executed chapter one about other data.

    Parameters
    ----------
    stem : of the chapter, such as ``06_quantitative``.
    name : of the data.
    classes : the names of their classes.
    lacks : of :func:`lacking`.
    """
    if stem in OF_THE_THESIS:
        notebook.cells = _without_left_out(notebook.cells)
        _say(notebook, stem, name)
        return
    absent = set(DEFECTS) - {str(c).lower() for c in classes}
    words = (OF_NORMALS,) if "normals" in lacks else ()
    spoken, printed = _with_glue(_speaks_of(absent, words), notebook), _prints(absent)
    lacked = {f"{NEEDS}{what}" for what in lacks}
    cells = [c for c in notebook.cells if not lacked & set(c.metadata.get("tags", []))]
    notebook.cells = _without_left_out(cells)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = rewritten(cell.source, spoken)
        elif _is_about_foils(cell, printed, spoken):
            _close(cell)
        else:
            _rewrite(cell, spoken)


def lacking(place: Path) -> set[str]:
    """What of :data:`WANTED` a dataset folder of one's own lacks; normals, by its first picture."""
    names = {c.name.lower() for c in description.read(place / description.NAME)["classes"]}
    pictures = sorted((place / "images").iterdir())
    has = {
        "truth": (place / "truth").is_dir(),
        "lights": (place / "lights").is_dir(),
        "defects": len(names) > 2,  # with the background
        "normals": bool(pictures) and are_normals(as_float(images.read(pictures[0]))),
        "thesis": set(DEFECTS) <= names,
    }
    return {what for what in WANTED if not has.get(what)}


def number(stem: str) -> str:
    """The number of a chapter in a book about other data; T10 for the thesis's own chapter 10."""
    if stem in OF_THE_THESIS:
        return f"T{int(stem[:2])}"
    return str(int(stem[:2]) - sum(other < stem for other in OF_THE_THESIS))


def _is_about_foils(cell: Any, printed: Callable[[str], Any], spoken: Callable[[str], Any]) -> bool:
    shown = any(printed(data.get(HTML, "")) for data in notebooks.shown(cell))
    return shown or not all(_kept(text, spoken) for text in _captions(cell))


def _rewrite(cell: Any, spoken: Callable[[str], Any]) -> None:
    """Captions, and what a code cell shows: texts, heads of tables, glued sentences."""
    _caption(cell, spoken)
    for data in notebooks.shown(cell):
        if text := data.get("text/markdown", ""):
            data["text/markdown"] = rewritten(text, spoken)
        if text := data.get(HTML, ""):
            data[HTML] = _HEAD.sub(lambda m: m[1] + _renamed(m[2]), text)
        if (text := data.get(GLUED, "")) and _SENTENCE.search(text):
            data[GLUED] = _renamed(text)


def _close(cell: Any) -> None:
    """Put a cell about the thesis's foils behind a click, under our title."""
    tags = [tag for tag in cell.metadata.get("tags", []) if not tag.startswith("hide")]
    cell.metadata["tags"] = [*tags, "hide-cell", "foils"]
    prompts = {"code_prompt_show": TITLE, "code_prompt_hide": TITLE}
    cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **prompts}


def _without_left_out(cells: list[Any]) -> list[Any]:
    """Cells without readings of another study, and without headings that then head nothing."""

    def is_left_out(cell: Any) -> bool:
        shown = (data.get("text/markdown", "") for data in notebooks.shown(cell))
        return any(LEFT_OUT in text for text in shown)

    kept: list[Any] = []
    for cell in [c for c in cells if not is_left_out(c)]:
        before = kept[-1] if kept and is_section(kept[-1]) else None
        if before is not None and is_section(cell) and "\n" not in before.source.strip():
            kept.pop()
        kept.append(cell)
    for cell, after in pairwise(kept):  # of an answer without its words the picture is left
        if cell.source == PLAIN and PICTURE in after.metadata.get("tags", []):
            cell.source = "## In one picture"
    return kept


def _speaks_of(absent: set[str], others: Iterable[str] = ()) -> Callable[[str], Any]:
    """What finds, in a text, a word for what these data do not have."""
    words = "|".join([*(DEFECTS[name] for name in sorted(absent)), THINGS, *others])
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE).search


def _with_glue(spoken: Callable[[str], Any], notebook: Any) -> Callable[[str], Any]:
    """The same of texts with glued parts: a text speaks of what is put into it."""
    told = [(o.metadata.get("scrapbook", {}).get("name"), o.data.get(GLUED, ""))
            for cell in notebook.cells for o in cell.get("outputs", []) if "data" in o]  # fmt: skip
    names = [re.escape(name) for name, text in told if name and spoken(text)]
    glued = re.compile(rf"\{{glue:text\}}`(?:{'|'.join(names) or '(?!)'})`").search
    return lambda text: glued(text) or spoken(_KEPT.sub(" ", text))


def _prints(absent: set[str]) -> Callable[[str], Any]:
    """What finds, in a table, a cell that is the name of such a defect."""
    names = "|".join(map(re.escape, sorted(absent))) or "(?!)"
    return re.compile(rf"<t[dh]\b[^>]*>\s*(?:{names})\s*</t[dh]>", re.IGNORECASE).search


def _say(notebook: Any, stem: str, name: str) -> None:
    """A sentence below the title: whose pages these are."""
    whose = "This page is about the foils of the thesis and the studies that come with the book"
    said = f"{whose}, not about {escape.markdown(name)}."
    if stem == AUDIT:
        said = f"This page is about the thesis, and from *{OURS}* on about {escape.markdown(name)}."
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            title, _, rest = cell.source.partition("\n")
            cell.source = f"{title}\n\n```{{note}}\n{said}\n```\n{rest}"
            return


def rewritten(text: str, spoken: Callable[[str], Any]) -> str:
    """A text in Markdown with what it speaks of foils in boxes; of all else a foil is an image."""

    def treatment(block: str) -> Callable[[str], str]:
        if block.startswith(("#", "(", "+++")) or not spoken(block):
            return _of_images
        return _marked if _FOLDED.match(block) else _box

    grouped = groupby(paragraphs(text), key=treatment)
    return "\n\n".join(treated("\n\n".join(group)) for treated, group in grouped)


def _marked(text: str) -> str:
    """What is closed already needs no box, only the class that says whose it is."""
    return _FOLDED.sub(r"\1\n:class-container: foils\n", text)


def _box(text: str) -> str:
    longest = max((len(m[1]) for m in map(FENCE.match, text.split("\n")) if m), default=2)
    fence = ":" * max(longest + 1, 4)
    return f"{fence}{{admonition}} {TITLE}\n:class: dropdown foils\n\n{text}\n{fence}"


def _of_images(text: str) -> str:
    """The text with images for foils, but in code, roles, formulas and links."""
    parts = re.split(_FENCED, text)
    return "".join(p if n % 2 else _renamed(p) for n, p in enumerate(parts))


def _renamed(text: str) -> str:
    pieces = _KEPT.split(text)
    for place in range(0, len(pieces), 2):
        for pattern, word in _WORDS:
            pieces[place] = pattern.sub(word, pieces[place])
    return "".join(pieces)


def _caption(cell: Any, spoken: Callable[[str], Any]) -> None:
    """Captions and alternative texts without the sentences that speak of foils."""
    told = cell.metadata.get("mystnb", {})
    for part, key in (("figure", "caption"), ("image", "alt")):
        if key in told.get(part, {}):
            caption = told["figure"]["caption"] if "figure" in told else ""
            told[part][key] = _kept(told[part][key], spoken) or caption
    if "tables" in cell.metadata:
        cell.metadata["tables"] = [_kept(text, spoken) for text in cell.metadata["tables"]]


def _captions(cell: Any) -> list[str]:
    """What stands at a cell's figure and tables."""
    told = cell.metadata.get("mystnb", {}).get("figure", {}).get("caption")
    return [*([told] if told else []), *filter(None, cell.metadata.get("tables", []))]


def _kept(text: str, spoken: Callable[[str], Any]) -> str:
    """The sentences that do not speak of foils; "" if there is none."""
    kept = [s for s in re.split(r"(?<=[.!?])\s+", text) if not spoken(s)]
    return _renamed(" ".join(kept))
