"""Numbers and words for a chapter's prose: the only way a result gets into a sentence."""

from __future__ import annotations

import numpy as np


def glue(name: str, value: object) -> None:
    """Store a value under a name, for ``{glue:text}`` in the text of the chapter.

    NumPy's scalars become Python's, so that a format such as ``:.3f`` applies. NaN becomes the
    word "undefined"; give it no format in the text, or glue it where it cannot be NaN.
    """
    from myst_nb import glue as store

    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and np.isnan(plain):
        plain = "undefined"
    store(name, plain, display=False)
