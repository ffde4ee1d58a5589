"""Numbers and words for a chapter's prose: the only way a result gets into a sentence."""

from __future__ import annotations

import math
from pathlib import Path

UNDEFINED = "undefined"
RESULTS = Path("benchmarks/results")  # of stored measurements, from the root of the project


def written(value: object, form: str = "") -> str:
    """A value as text in a format such as ``".3f"``; None and NaN read "undefined"."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return UNDEFINED
    return format(value, form)


def glue(name: str, value: object, form: str = "") -> None:
    """Store a value under a name, for ``{glue:text}`` in the text of the chapter.

    The format belongs here and not into the text, so that a number which these data leave
    undefined is a word and not an error.
    """
    from myst_nb import glue as store

    store(name, written(value, form), display=False)


class Report:
    """The text of a stored measurement; a sentence where it was never made."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


def measured(name: str, root: Path = RESULTS) -> Report:
    """What ``python -m benchmarks.NAME`` printed when it was last measured for the book."""
    path = Path(root) / f"{name}.txt"
    if not path.is_file():
        return Report(f"not measured yet: python -m benchmarks.{name} > {path}")
    return Report(path.read_text().rstrip())
