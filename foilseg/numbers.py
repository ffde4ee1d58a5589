"""Numbers in words and tables: three digits that count."""

from __future__ import annotations

import math

UNDEFINED = "undefined"  # what a ratio with nothing below is called
DIGITS = 3
LEAST = -4  # power of ten of what is still written without an exponent


def three_digits(number: float) -> str:
    """A number of any size with three digits that count: 1.30, 80.0, 0.0123, 3,060.

    Whole digits that do not count are 0. Zero is "0", NaN reads "undefined", and numbers below
    0.0001 have an exponent.
    """
    if math.isnan(number):
        return UNDEFINED
    if math.isinf(number):
        return "infinite" if number > 0 else "-infinite"
    if number == 0:
        return "0"
    rounded = f"{number:.{DIGITS - 1}e}"
    power = int(rounded.partition("e")[2])
    if power < LEAST:
        return rounded
    return f"{float(rounded):,.{max(0, DIGITS - 1 - power)}f}"
