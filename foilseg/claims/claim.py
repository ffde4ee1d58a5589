"""What a claim is: a predicate over a study, and the bounds that give its words a number.

A claim consists of parts; it holds if all of them do. Words like "much" and "most" are given a
number once, as a :class:`Bound` beside the claim that says them. Adding a claim is one predicate
in one of the files that :mod:`foilseg.claims.registry` lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

from foilseg.claims.evidence import Evidence
from foilseg.thesis import published
from foilseg.thesis.training_tables import setting

BASELINE = "Baseline"
ICF, ISCF = ("wCE ICF", "FL ICF"), ("wCE ISCF", "FL ISCF")


@dataclass(frozen=True)
class Bound:
    """The number that words of a claim were taken to mean.

    Attributes
    ----------
    words, meaning : what the claim says, and how it is read; both without the number.
    number : the number, or the name of the one that the thesis states
        (:func:`foilseg.thesis.training_tables.setting`).
    """

    words: str
    number: float | str
    meaning: str

    @property
    def value(self) -> float:
        """The number, or the one that is tried in its place (:func:`tried`)."""
        others = _tried.get()
        if self in others:
            return others[self]
        return setting(self.number) if isinstance(self.number, str) else self.number


_tried: ContextVar[Mapping[Bound, float]] = ContextVar("tried", default={})  # noqa: B039


@contextmanager
def tried(bound: Bound, number: float) -> Iterator[None]:
    """Inside, the words of a bound mean another number."""
    token = _tried.set({**_tried.get(), bound: number})
    try:
        yield
    finally:
        _tried.reset(token)


@dataclass(frozen=True)
class Part:
    """One condition of a claim, with its numbers in words.

    Attributes
    ----------
    text, holds : the numbers in words, and whether the condition is met.
    gap : how far what decides lies on the right side (positive) or on the wrong side (negative)
        of what it is compared with, in the units of the number; NaN if nothing was compared.
    between : the two names that decide: the first ought to lie above the second.
    rate : the rate in which it ought to, if the gap is one of mean rates.
    """

    text: str
    holds: bool
    gap: float = float("nan")
    between: tuple[str, ...] = ()
    rate: str = ""


Test = Callable[[Evidence], list[Part]]


@dataclass(frozen=True)
class Claim:
    """A claim: its number, its place in the thesis, what it says, its test and its bounds."""

    id: str
    place: str
    says: str
    test: Test
    bounds: tuple[Bound, ...] = ()


def claim(place: str, says: str, *bounds: Bound) -> Callable[[Test], Claim]:
    """Make a predicate a claim; the predicate's name, like ``c07``, is its number."""
    return lambda test: Claim(test.__name__.upper(), place, says, test, bounds)


@cache
def all_models() -> tuple[str, ...]:
    """The thesis's models in the order of Table A2."""
    return tuple(published.table("means")["model"])


def foil_defects(e: Evidence) -> None:
    """Oversampled Cavities is about cavities: on other data it is another model."""
    e.require((), ("cavity",))


def listed(names) -> str:
    return ", ".join(names) or "none"


def relative(change: float) -> str:
    """A relative change with its sign and at most three digits: +345%, -18.3%."""
    return f"{change:+.1%}" if abs(change) < 0.9995 else f"{change:+.0%}"


def ends(
    words: str, values: dict[str, float], expected: Iterable[str], rate: str = "", top: bool = True
) -> Part:
    """Whether the highest (or lowest) values are those of the expected names.

    It is not so if one of them has no value.
    """
    expected = list(expected)
    order = sorted(values, key=values.get, reverse=top)
    found = order[: len(expected)]
    others = [name for name in order if name not in expected]
    unknown = [name for name in expected if name not in values]
    text = f"{words}: {listed(found)}"
    if unknown:
        return Part(f"{text} (undefined for {listed(unknown)})", False)
    holds = set(found) == set(expected)
    if not others:
        return Part(text, holds)
    upper, lower = (expected, others) if top else (others, expected)
    between = min(upper, key=values.get), max(lower, key=values.get)
    return Part(text, holds, values[between[0]] - values[between[1]], between, rate)
