"""An example that a rule picked: said in a sentence, cut out, linked into the viewer, listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np

from foilseg.data import escape
from foilseg.data.dataset import Foil

Box = tuple[int, int, int, int]
LEAST = 96  # pixels a side of what is cut out around a place
EVERY = "all"  # in the place of a defect
NONE = "No foil of these data is picked by this rule"


@dataclass(frozen=True)
class Pick:
    """An example: the rule in words, the foil, the rule's value, and what to look at.

    ``box`` is top, left, height and width in pixels of the region, or None for all of it; ``unit``
    stands behind the value, and a share is one in per cent if its unit begins with such a sign.
    """

    rule: str
    foil: str
    value: float
    defect: str = ""
    model: str = ""
    box: Box | None = None
    unit: str = ""


def sentence(pick: Pick | None, seen: str, without: str = NONE) -> str:
    """What is seen in a pick, for the prose of a chapter; ``without`` for none.

    ``seen`` : with the fields ``foil``, ``model``, ``defect`` and ``value``, such as ``"On {foil}
    {model} finds least: its F-score is {value:.3f}"``.
    """
    if pick is None:
        return without
    return seen.format(foil=pick.foil, model=pick.model, defect=pick.defect, value=pick.value)


def _value(pick: Pick) -> str:
    """The value of a pick and its unit: a count as it is, else with three digits that count."""
    share = pick.unit.startswith("%")
    value = 100 * pick.value if share else pick.value
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:#.3g}"
    unit = pick.unit.removesuffix("s") if number == "1" and not share else pick.unit
    return f"{number}{'' if share else ' '}{unit}".strip()


def _around(pick: Pick, shape: tuple[int, int], least: int) -> Box:
    """The part of a foil that is cut out for a pick with a box: top, left, height, width."""
    corner, sizes = [], []
    for start, size, whole in zip(pick.box[:2], pick.box[2:], shape):
        side = min(whole, max(least, 2 * size))
        corner.append(int(np.clip(start + size // 2 - side // 2, 0, whole - side)))
        sizes.append(side)
    return (*corner, *sizes)


def look(pick: Pick, foil: Foil, masks: Mapping[str, np.ndarray], least: int = LEAST):
    """The part of a foil that a pick is about, and the same part of its masks.

    Around a box twice its size, at least ``least`` pixels a side where the foil is that large; all
    of the foil if the pick has no box.
    """
    if pick.box is None:
        return foil, dict(masks)
    return cut_out(_around(pick, foil.shape, least), foil, masks)


def cut_out(box: Box, foil: Foil, masks: Mapping[str, np.ndarray]):
    """The part of a foil inside of a box, and the same part of its masks."""
    top, left, height, width = box
    place = slice(top, top + height), slice(left, left + width)
    return foil.crop(*box), {title: mask[place] for title, mask in masks.items()}


def box_in_look(pick: Pick, foil: Foil, least: int = LEAST) -> Box | None:
    """The box of a pick in the part that :func:`look` cuts out; None without one."""
    if pick.box is None:
        return None
    top, left, _, _ = _around(pick, foil.shape, least)
    return (pick.box[0] - top, pick.box[1] - left, *pick.box[2:])


def foils_of(picks: Sequence[Pick | None]) -> list[str]:
    """The names of the foils of some picks, each once."""
    return list(dict.fromkeys(pick.foil for pick in picks if pick))


def link(pick: Pick, shape: tuple[int, int], page: str = "", key: str = "compare") -> str:
    """The address that opens a pick in the viewer of a page.

    ``shape`` : height and width of the foil's region. The box fills about a third of a pane.
    """
    view = {"foil": pick.foil}
    view |= {"defect": pick.defect} if pick.defect else {}
    view |= {"right": pick.model} if pick.model else {}
    if pick.box:
        top, left, height, width = pick.box
        zoom = np.clip(min(shape[1] / (3 * width), shape[0] / (3 * height)), 1, 12)
        place = {"x": left + width / 2, "y": top + height / 2, "zoom": round(float(zoom), 3)}
        view |= place
    return f"{page}#{key}:{urlencode(view)}"


class Listing:
    """Picks as a table whose foils are links into the viewer."""

    NAME = "text-align: left"
    WRAPPED = f"{NAME}; white-space: normal; min-width: 16em"

    def __init__(self, picks: Sequence[Pick | None], foils: Sequence[Foil], page: str):
        self.picks = [pick for pick in picks if pick]
        self.shapes = {foil.name: foil.shape for foil in foils}
        self.page = page

    def _repr_html_(self) -> str:
        rows = []
        for pick in self.picks:
            address = escape.html(link(pick, self.shapes[pick.foil], self.page))
            defect = f'<td style="{self.NAME}">{escape.html(pick.defect or EVERY)}</td>'
            foil = f'<a href="{address}">{escape.html(pick.foil)}</a>'
            rule = f'<td style="{self.WRAPPED}">{escape.html(pick.rule)}</td>'
            value = f"<td>{escape.html(_value(pick))}</td>"
            rows.append(f'<td style="{self.NAME}">{foil}</td>{rule}{defect}{value}')
        names = f'<th style="{self.NAME}">foil</th>', f'<th style="{self.WRAPPED}">rule</th>'
        titles = "".join((*names, f'<th style="{self.NAME}">defect</th>', "<th>value</th>"))
        head = f"<thead><tr>{titles}</tr></thead>"
        body = "<tbody>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</tbody>"
        return f'<table class="dataframe">{head}{body}</table>'

    def __repr__(self) -> str:
        return "\n".join(f"{pick.foil}: {pick.rule} ({_value(pick)})" for pick in self.picks)
