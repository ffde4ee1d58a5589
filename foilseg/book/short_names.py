"""The short names that a page uses, spelled out once on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from foilseg.book import notebooks
from foilseg.book.answers import LEARNED

# As a word of a page -> what it stands for; in the order in which a page tells them.
SHORT = {
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
TOLD = "*Short names on this page:*"
MARKUP = re.compile(r"<[^>]*>|\{[\w:-]+\}`[^`]*`|```.*?```|`[^`]*`", re.DOTALL)


def write(notebook: Any) -> None:
    """Put a line into an executed chapter that spells out the short names it uses, if any.

    It follows what the reader will learn, or else the title.
    """
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    place = next((cell for cell in prose if cell.source.startswith(LEARNED)), (*prose, None)[0])
    used = used_in(" ".join(_words(notebook)))
    if place is None or not used or TOLD in place.source:
        return
    names = ", ".join(f"{name} ({SHORT[name]})" for name in used)
    place.source = f"{place.source}\n\n{TOLD} {names}."


def used_in(text: str) -> list[str]:
    """The short names among the words of a text, in the order of :data:`SHORT`."""
    words = set(re.findall(r"[A-Za-z]+\.?", MARKUP.sub(" ", text)))
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
