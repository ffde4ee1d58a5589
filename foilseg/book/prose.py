"""Numbers and words for a chapter's prose: the only way a result gets into a sentence.

Tables and figures of a chapter are those of whatever study it was executed on. A reading says what
they mean and was written about one shipped study, so it names the conditions it rests on; where
they no longer hold, the chapter fails instead of saying what its own tables contradict.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from foilseg.data import escape, folder
from foilseg.numbers import UNDEFINED

if TYPE_CHECKING:
    from foilseg.studies.study import Study

RESULTS = Path("benchmarks/results")  # of stored measurements, from the root of the project
WRITTEN_ABOUT = "matched"
FENCE = re.compile(r"^(`{3,}|:{3,}|~{3,})")
_ITEM = re.compile(r"^(?:[*+-]|\d+\.) ")
LEFT_OUT = "*A reading was written here"
_ELSEWHERE = (
    f"{LEFT_OUT} about the study in `results/{{name}}` and this chapter's own"
    " parameters. Another study is shown, so it is left out.*"
)


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


class ReadingError(ValueError):
    """A reading that the study it was written about contradicts."""


@dataclass(frozen=True)
class Reading:
    """Text for a page, in Markdown."""

    text: str

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def reading(study: Study, usual: bool, text: str, *premises: bool, **numbers: object) -> Reading:
    """A reading of the shipped study with numbers filled in; one line in its place for any other.

    Parameters
    ----------
    usual : whether the chapter's parameters that decide what is shown are those of its source.
    text : Markdown with a field for every number, such as ``"{share:.1%}"``; digits belong there.
    premises : what the text rests on; each must be true of the study.
    numbers : values of the fields, or tables that hold them, ``"{means[TPR][Binary]:.2f}"``;
        None and NaN read "undefined".

    Raises
    ------
    ReadingError
        If a premise is false; names the place of it and the text.
    """
    if not usual or study.shipped is None or study.name != WRITTEN_ABOUT or study.seed:
        return Reading(_ELSEWHERE.format(name=WRITTEN_ABOUT))
    return read(text, *premises, **numbers)


def left_out() -> Reading:
    """In place of a figure that shows nothing new; a book about other data leaves it out."""
    return Reading(f"{LEFT_OUT} about a picture of its own. It would be the one above.*")


def read(text: str, *premises: bool, **numbers: object) -> Reading:
    """:func:`reading` of studies that are fixed, such as :mod:`foilseg.analysis.records`."""
    for place, holds in enumerate(premises, 1):
        if not holds:
            raise ReadingError(
                f"premise {place} of {len(premises)} no longer holds; write the reading anew: "
                f"{text[:70]!r}"
            )
    return Reading(_Fields().vformat(text.strip(), (), numbers))


def weight(study: Study) -> str:
    """A sentence on how far the numbers of a study can be trusted; "" if it is long enough."""
    smoke = "These are smoke runs, so the order of the models says nothing yet."
    return smoke if study.profile.is_smoke else ""


def advice(study: Study, best: str) -> Reading:
    """What to do next with data of one's own, in Markdown; ``best`` : title of a model."""
    place, steps = study.data, []
    if study.profile.is_smoke:
        steps.append(
            "Train networks that are worth reading; only then do the numbers above mean anything: "
            f"`make book DATA={place} PROFILE=photographs`."
        )
    steps += [f"The folder: {note}." for note in folder.examine(study.root)[1]]
    if study.source.held_out is None:
        steps.append(
            "Keep some images for the test, so that thresholds are judged where they were not "
            f"chosen: `foilseg split {place}`."
        )
    steps += [
        "Train more than once before you compare two models: `foilseg train all --data "
        f"{place} --profile {study.profile.name} --seed 1`.",
        "Look at what the models report and nobody annotated "
        "(*The audit of the labels*); mend the annotations, and train again.",
        f"Let *{escape.markdown(best)}* choose thresholds that keep a promise, and sort new "
        f"pictures: `foilseg calibrate RUN --data {place} --miss 0.2`.",
    ]
    return Reading("\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1)))


def paragraphs(text: str) -> list[str]:
    """The parts of a Markdown text that make sense alone: paragraphs, items, what is fenced.

    A formula on lines of its own belongs to the paragraph before it, and so does what goes on
    after it with a small letter.
    """
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in text.split("\n"):
        found = FENCE.match(line)
        if fence:
            blocks[-1].append(line)
            if found and found[1].startswith(fence) and not line[len(found[1]) :].strip():
                fence = ""
                blocks.append([])
            continue
        if found:
            blocks.append([line])
            fence = found[1]
        elif not line.strip():
            blocks.append([])
        elif _ITEM.match(line):
            blocks.append([line])
        else:
            blocks[-1].append(line)
    return _with_formulas(["\n".join(block) for block in blocks if block])


def _with_formulas(blocks: list[str]) -> list[str]:
    made: list[str] = []
    for block in blocks:
        goes_on = block.startswith("$$") or (
            made and made[-1].endswith("$$") and block[0].islower()
        )
        if goes_on and made and not made[-1].startswith("#"):
            made[-1] += f"\n\n{block}"
        else:
            made.append(block)
    return made


class _Fields(Formatter):
    def format_field(self, value: object, form: str) -> str:
        text = written(value, form)
        return escape.markdown(text) if isinstance(value, str) else text
