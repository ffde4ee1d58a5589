"""Names of data, classes, files and models on their way into a page: printed as they are.

Whatever a data set is called, its name is text and never markup. This is the one place that
knows how to keep each language of a page from reading it. What needs no help: pandas escapes the
cells and headings of its tables (``escape`` of ``to_html`` is True unless told), MyST-NB parses no
text that is glued into a sentence, the viewers write names as text nodes, and figures read no
formulas (``text.parse_math`` in :mod:`foilseg.drawing.style`). No name is put into a LaTeX formula.
"""

from __future__ import annotations

import html as _html
import re
import textwrap
import unicodedata

BREAK = "\ue000"  # for private use; no name has it
LONGEST_NAME = 48  # letters; pandas cuts longer cells off
LONGEST_FILE = 80  # letters of a file's name without its ending
_TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # of the direction of text
# words that a table read from a file takes for a missing value
_MISSING = {"#na", "#n/a", "#n/a n/a", "-nan", "<na>", "n/a", "na", "nan", "none", "null"}
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def html(text: object) -> str:
    """Text for HTML, between tags or inside a quoted attribute."""
    return _html.escape(str(text), quote=True)


def paragraph(text: object) -> str:
    """A paragraph of HTML."""
    return f"<p>{html(text)}</p>"


def markdown(text: object) -> str:
    """Text for Markdown and MyST: no emphasis, link, HTML, role, substitution or formula in it."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(str(text).splitlines()))


def script_json(text: str) -> str:
    """JSON for the inside of a ``<script>``: the same values, and nothing that could end it."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def lines(text: object, letters: int = 24) -> str:
    """Text for a figure: broken into lines, because a long one leaves the picture no room.

    Between words, or in a name of more ``letters`` after an underscore, if it has one.
    """
    said = str(text).replace("_", f"_{BREAK} ") if len(str(text)) > letters else str(text)
    broken = "\n".join(textwrap.wrap(said, letters, break_on_hyphens=False))
    return broken.replace(f"{BREAK} ", "").replace(BREAK, "")


def legend(text: object) -> str:
    """Text for a legend, which would leave out what begins with an underscore; in lines."""
    return lines(f"\u200b{text}" if str(text).startswith("_") else text)


def printable(text: object) -> str:
    """Text for a terminal: control characters and what is no character are written as codes."""
    return "".join(c if _is_fit(c) else c.encode("unicode_escape").decode() for c in str(text))


def unfit(name: object, longest: int = LONGEST_NAME) -> str:
    """Why something cannot be a name on a page, in words; "" for a name that can."""
    if not isinstance(name, str):
        return f"is {type(name).__name__}, not text"
    if not name.strip():
        return "is empty"
    if name != name.strip():
        return "begins or ends with a blank"
    wrong = next((c for c in name if not _is_fit(c)), None)
    if wrong is not None:
        return f"holds the character U+{ord(wrong):04X}, which cannot be printed"
    if len(name) > longest:
        return f"has {len(name)} letters, more than {longest}"
    return "is a word that tables take for a missing value" if name.lower() in _MISSING else ""


def _is_fit(letter: str) -> bool:
    """Whether a character is printed: no control, surrogate, line break or turn of direction."""
    kind = unicodedata.category(letter)
    return kind not in ("Cc", "Cs", "Zl", "Zp") and letter not in _TURNS
