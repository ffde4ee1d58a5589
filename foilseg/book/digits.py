"""Numbers as tables print them: three digits that count, and how each quantity is written.

A quantity has the same digits wherever it stands. What has no form of its own is written with
three digits that count, trailing zeros too; the exact values are in the files of the study.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from foilseg.numbers import UNDEFINED, three_digits

Form = str | Callable[[float], str]  # of a number
NO_SIGN = re.compile(r"[-+]0(\.0*)?%?")  # what was rounded to nothing has no sign


def percent(share: float) -> str:
    """A share in per cent with three digits that count, for shares of every size."""
    text = three_digits(100 * share)
    return text if text == UNDEFINED else f"{text}%"


def per_million(rate: float) -> str:
    """A rate of false pixels as their number in a million, with three digits that count."""
    return three_digits(1e6 * rate)


def exact(value: float) -> str:
    """A number to be compared digit by digit: whole from 100,000 on, with six digits below."""
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.6g}"


# How a column is printed, by a word of its name; the first that fits counts. Settings that were
# chosen are as short as they are, rates have three decimals so that their points stand below each
# other, and gains have a sign.
FORMATS: dict[str, Form] = {
    "false objects": three_digits,
    "false at": three_digits,
    "promised per ": three_digits,
    "largest regret": percent,
    "per million": three_digits,
    "gain": "{:+.3f}",
    "swap": "{:.2f}",
    "one FPR": "{:.3f}",
    "by FPR": "{:.0f}",
    "common": "{:.3f}",
    "deviation": "{:+z.1%}",
    "covered share": "{:.0%}",
    "tolerance": "{:.0%}",
    "variety": "{:.3f}",
    "times": "{:.0f}",
    "α": "{:.2f}",
    "gamma": "{:.1f}",
    "tau": "{:+z.3f}",
    "price of a miss": "{:g}",
    "parameters": "{:,.0f}",
    "networks": "{:.0f}",
    "at most": "{:.2f}",
    "within": percent,
    "unclaimed": percent,
    "overlap": percent,
    "inequality": percent,
    "distinct": percent,
    "share": percent,
    "background per": "1 : {:,.0f}",
    "per patch": three_digits,
    "megapixels": three_digits,
    "pixels": "{:,.0f}",
    "FPR": per_million,
    "TPR": "{:.3f}",
    "precision": "{:.3f}",
    "youden": "{:.3f}",
    "training": three_digits,
    "prediction": three_digits,
}


def form_of(name: str, otherwise: Form) -> Form:
    """How a column of this name is printed; ``otherwise`` if no word of it has a form."""
    return next((form for word, form in FORMATS.items() if word in name), otherwise)


def written(number: float, form: Form) -> str:
    """A number in its form; what is rounded to nothing has no sign, and NaN is "undefined"."""
    if number != number:
        return UNDEFINED
    if math.isinf(number):
        return three_digits(number)
    text = form(number) if callable(form) else form.format(number)
    return text[1:] if NO_SIGN.fullmatch(text) else text
