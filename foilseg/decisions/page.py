"""A folder of results -> one page that opens from a file: the worst picture first.

The page holds everything it shows, the pictures made small enough for :data:`MOST_BYTES` in all,
and decodes a picture only when it is looked at. The pictures are read where they were predicted
from; of one that is no longer there the mask alone is shown, and the page says so.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from foilseg.data import escape, files, images
from foilseg.data.dataset import as_float, as_pixels
from foilseg.decisions import decision
from foilseg.decisions.decision import Decision, Promise
from foilseg.decisions.objects import area
from foilseg.decisions.results import GO, OBJECTS, PICTURES, RECORDS, STOP, UNLIKE, UNREAD
from foilseg.decisions.sorting import JobError
from foilseg.studies.predict import blend

NAME = "report.html"
MOST_BYTES = 26_000_000  # of all pictures of a page; as many lists of objects come to 12 MB at most
LARGEST = 300_000  # bytes of one picture
EDGE = 1600  # pixels of the longer side
LISTED, MOST_LISTED = 200, 100_000  # objects that the page lists, of one picture and of all
BINS = 20
QUALITY = 80


def write(folder: Path, progress: Callable[[str], object] = lambda name: None) -> Path:
    """Write ``report.html`` into a folder that ``foilseg predict --decision`` filled.

    Raises
    ------
    foilseg.decisions.sorting.JobError
        If the folder holds no such results.
    OSError
        If the page cannot be written.
    """
    folder = Path(folder)
    if not (folder / PICTURES).is_file() or not (folder / OBJECTS).is_file():
        raise JobError(
            f"{folder}: holds no results; foilseg predict RUN PICTURES --decision {decision.NAME} "
            f"--out {folder} writes them"
        )
    chosen = decision.read(folder / decision.NAME)
    pictures, objects = (_table(folder / name) for name in (PICTURES, OBJECTS))
    pictures = worst_first(pictures)
    budget = min(LARGEST, MOST_BYTES * 3 // 4 // max(1, len(pictures)))
    embedded, shapes = [], {}
    for k, name in enumerate(pictures["picture"]):
        if pictures["decision"][k] != UNREAD:
            seen, why = shown(folder, name)
            pictures.loc[k, "note"] = f"{pictures['note'][k]} {why}".strip()
            shapes[name] = seen.shape[:2]
            text = base64.b64encode(small(seen, budget)).decode()
            embedded.append(f'<script type="text/plain" id="p{k}">{text}</script>')
        progress(name)
    facts = _facts(folder.resolve().name, chosen, pictures, objects, shapes)
    template = Template(resources.files(__package__).joinpath("page.html").read_text("utf-8"))
    told = escape.script_json(json.dumps(facts, ensure_ascii=False))
    page = template.safe_substitute(facts=told, pictures="\n".join(embedded))
    files.write_text(page, folder / NAME)
    return folder / NAME


def _table(path: Path) -> pd.DataFrame:
    """A table of the results; an empty cell is missing where numbers stand, and "NA" is a name."""
    numbers = ("objects", "worst_score", "reported_share", "area_mm2")
    texts = dict.fromkeys(("picture", "note", "class"), str)
    missing = {name: [""] for name in numbers}
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=missing)


def worst_first(pictures: pd.DataFrame) -> pd.DataFrame:
    """Pictures that were not read, then stops, then the others, each by their highest score."""
    rank = pictures["decision"].map({UNREAD: 0, STOP: 1}).fillna(2)
    ordered = pictures.assign(rank=rank, worst=-pictures["worst_score"].fillna(-1))
    return ordered.sort_values(["rank", "worst"], kind="stable", ignore_index=True)


def shown(folder: Path, name: str) -> tuple[np.ndarray, str]:
    """A picture with its mask, uint8 (H, W, 3); and why it is the mask alone, or ""."""
    stem = Path(name).stem
    told = json.loads((folder / RECORDS / f"{stem}.json").read_text("utf-8"))
    place, coloured = Path(told["from"]), images.read(folder / f"{stem}.png")
    if not place.is_file() or files.digest(place) != told["digest"]:
        state = "is another picture now" if place.is_file() else "is no longer there"
        return coloured, f"{place} {state}: its mask alone is shown."
    mask = images.read_indexed(folder / f"{stem}.png")
    colours = np.zeros((int(mask.max()) + 1, 3))
    colours[mask] = coloured
    return blend(as_pixels(as_float(images.read(place))), mask, colours), ""


def small(pixels: np.ndarray, budget: int) -> bytes:
    """A picture, uint8 (H, W, 3), as WebP of at most ``budget`` bytes.

    It is made smaller until it fits; below 32 pixels it stays as it is.
    """
    picture = Image.fromarray(pixels)
    edge = min(EDGE, max(picture.size))
    while True:
        shrunk = picture.copy()
        shrunk.thumbnail((edge, edge))
        held = io.BytesIO()
        shrunk.save(held, "webp", quality=QUALITY)
        data = held.getvalue()
        if len(data) <= budget or edge <= 32:
            return data
        edge = max(32, min(edge - 1, int(edge * 0.95 * (budget / len(data)) ** 0.5)))


def _facts(
    title: str, chosen: Decision, pictures: pd.DataFrame, objects: pd.DataFrame, shapes: dict
) -> dict[str, Any]:
    counts = pictures["decision"].value_counts()
    told = [f"{counts.get(kind, 0)} {kind}" for kind in (STOP, GO, UNREAD)]
    unlike = int(pictures["note"].str.startswith(UNLIKE).sum())
    listed = max(1, min(LISTED, MOST_LISTED // max(1, len(pictures))))
    bins, _ = np.histogram(objects["score"], BINS, (0, 1))
    by_picture = dict(list(objects.groupby("picture", sort=False)))
    return {
        "title": title,
        "sum": f"{len(pictures)} pictures: {', '.join(told)}. {rule(chosen)} {_likeness(unlike)}",
        "promises": [promise(chosen, p) for p in chosen.promises],
        "bins": bins.tolist(),
        "objects": len(objects),
        "columns": ["class", "score", "pixels", *(["mm²"] if chosen.pixel_size_um else [])],
        "pictures": [
            _picture(row, by_picture.get(row.picture), shapes.get(row.picture), chosen, listed)
            for row in pictures.itertuples()
        ],
    }


def rule(chosen: Decision) -> str:
    """In words, when a picture is stopped."""
    least = f" of at least {chosen.stop_pixels} pixels" if chosen.stop_pixels > 1 else ""
    if chosen.stop_number == 1:
        return f"A picture is stopped if an object{least} is reported."
    return f"A picture is stopped if {chosen.stop_number} objects{least} are reported."


def _likeness(unlike: int) -> str:
    if not unlike:
        return "None looks unlike those of the calibration."
    return f"Unlike those of the calibration: {unlike}; for them nothing is promised."


def promise(chosen: Decision, p: Promise) -> str:
    """In words, what is promised of a class, on what, and what it costs."""
    thing = "objects" if chosen.level == "object" else "pixels"
    size, unit = area(chosen.area, chosen.pixel_size_um)
    price = p.false / size
    told = f"{price:,.0f}" if price >= 100 else f"{price:.1f}"
    left = ""
    if p.left_out is not None:
        left = f", and {p.left_out:.1%} ± {p.left_out_error:.1%} when each was left out in turn"
    return (
        f"{p.name}: of the {thing} in one more picture like those of the calibration, at most "
        f"{100 * p.miss:g}% are expected to be missed ({p.images} pictures with it stand behind "
        f"that; there {p.risk:.1%} were missed{left}). The price there was {told} false objects "
        f"per {unit}."
    )


def _picture(
    row, objects: pd.DataFrame | None, shape, chosen: Decision, listed: int
) -> dict[str, Any]:
    found = [] if objects is None else list(_objects(objects.head(listed), shape, chosen))
    note = row.note
    number = 0 if objects is None else len(objects)
    if number > listed:
        note = f"{note} {number} objects are reported; the first {listed} are shown.".strip()
    return {
        "name": row.picture,
        "decision": row.decision,
        "kind": "unread" if row.decision == UNREAD else row.decision,
        "score": "" if pd.isna(row.worst_score) else f"{row.worst_score:.3f}",
        "note": note,
        "objects": found,
    }


def _objects(objects: pd.DataFrame, shape, chosen: Decision) -> Iterator[dict[str, Any]]:
    height, width = shape
    for entry in objects.to_dict("records"):
        box = (entry["left"] / width, entry["top"] / height)
        size = (entry["width"] / width, entry["height"] / height)
        cells = [entry["class"], f"{entry['score']:.3f}", f"{entry['area_pixels']:,}"]
        if chosen.pixel_size_um:
            cells.append(f"{entry['area_mm2']:.3g}")
        percent = [round(100 * value, 3) for value in (*box, *size)]
        yield {"box": percent, "cells": cells, "stops": bool(entry["stops"])}
