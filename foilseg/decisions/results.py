"""A picture that was predicted -> its mask, its objects, stop or go; and the tables of all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from foilseg.data import files, images
from foilseg.data.components import BOX, components
from foilseg.data.dataset import LabelClass
from foilseg.decisions import likeness
from foilseg.decisions.decision import Decision
from foilseg.decisions.quickest import Quick

OBJECTS, PICTURES, RECORDS = "objects.csv", "pictures.csv", "records"
STOP, GO, UNREAD = "stop", "go", "not read"
UNLIKE = "unlike the calibration: "
OBJECT_COLUMNS = [
    *("picture", "class", "score", "area_pixels", "area_mm2", *BOX),
    *("centre_row", "centre_column", "stops"),
]
PICTURE_COLUMNS = ["picture", "decision", "objects", "worst_score", "reported_share", "note"]


@dataclass(frozen=True)
class Done:
    """What a folder of results holds: its two tables, and the pictures that could not be read.

    ``quick`` is the network in the format in which pictures were predicted now, None if none was.
    """

    objects: pd.DataFrame
    pictures: pd.DataFrame
    unread: dict[str, str]
    quick: Quick | None


def work_out(
    image: np.ndarray,
    scores: Mapping[int, np.ndarray],
    path: Path,
    chosen: Decision,
    classes: Sequence[LabelClass],
    out: Path,
) -> dict[str, Any]:
    """Write the mask of a picture; what its record says.

    ``scores`` : class index -> log-odds (H, W), of :func:`foilseg.decisions.scores.class_scores`
    ``above`` the thresholds.
    """
    index = {c.name: c.index for c in classes}
    own = {p.name: scores[index[p.name]] for p in chosen.promises}
    mask = merged({index[p.name]: own[p.name] - np.float32(p.threshold) for p in chosen.promises})
    found = listed(
        entry
        for promise in chosen.promises
        for entry in objects_of(own[promise.name], promise.threshold, promise.name, chosen)
    )
    colours = {c.index: c.colour for c in classes}
    images.write_indexed(out / f"{path.stem}.png", mask, colours, small=False)
    return {
        "picture": path.name,
        "stop": chosen.stops([entry["area_pixels"] for entry in found]),
        "unlike": chosen.likeness.unlike(likeness.describe(image, own)),
        "reported_share": float((mask > 0).mean()),
        "objects": found,
    }


def listed(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reported objects in the order of worth: the most certain first, of equal ones the largest."""
    return sorted(found, key=lambda entry: (-entry["score"], -entry["area_pixels"]))


def merged(excess: Mapping[int, np.ndarray]) -> np.ndarray:
    """One mask of several classes: where a score reaches its threshold, the class with the most.

    ``excess`` : class index -> score minus threshold, (H, W); of equal ones the first wins.
    uint8 (H, W).
    """
    shape = next(iter(excess.values())).shape
    best, label = np.full(shape, -np.inf, np.float32), np.zeros(shape, np.uint8)
    for index, own in excess.items():
        held = np.flatnonzero(own >= 0)
        held = held[own.flat[held] > best.flat[held]]
        best.flat[held], label.flat[held] = own.flat[held], index
    return label


def objects_of(
    score: np.ndarray, threshold: float, name: str, chosen: Decision
) -> list[dict[str, Any]]:
    """The reported objects of a class, a dictionary each; ``score`` is of (H, W) log-odds."""
    numbers, n = components(score >= threshold)
    held = np.flatnonzero(numbers)
    number, width = numbers.ravel()[held] - 1, score.shape[1]
    best = np.full(n, -np.inf, score.dtype)
    np.maximum.at(best, number, score.ravel()[held])
    pixels = np.bincount(number, minlength=n)
    places = divmod(held, width)
    rows, columns = (np.bincount(number, axis, n) / pixels for axis in places)
    edge = chosen.pixel_size_um
    area = pixels * (edge / 1000) ** 2 if edge else [None] * n
    return [
        {
            "class": name,
            "score": round(float(expit(float(best[k]))), 6),
            "area_pixels": int(pixels[k]),
            "area_mm2": round(float(area[k]), 6) if edge else None,
            **dict(zip(BOX, box)),
            "centre_row": round(float(rows[k]), 1),
            "centre_column": round(float(columns[k]), 1),
            "stops": bool(pixels[k] >= chosen.stop_pixels),
        }
        for k, box in enumerate(_boxes(number, places, n))
    ]


def _boxes(number: np.ndarray, places: Sequence[np.ndarray], n: int) -> list[list[int]]:
    """Top, left, height and width of ``n`` objects, from the rows and columns of their pixels."""
    first, last = [], []
    for axis in places:
        least, most = np.full(n, axis.max(initial=0)), np.zeros(n, int)
        np.minimum.at(least, number, axis)
        np.maximum.at(most, number, axis)
        first.append(least)
        last.append(most)
    sizes = [end - begin + 1 for begin, end in zip(first, last)]
    return np.stack([*first, *sizes], axis=1).tolist()


def unread(path: Path, why: str, out: Path) -> dict[str, Any]:
    """What the record of a picture says that cannot be read; results of an earlier one go."""
    (out / f"{path.stem}.png").unlink(missing_ok=True)
    return {"picture": path.name, "unread": why}


def tables(out: Path, quick: Quick | None = None) -> Done:
    """Both tables of all pictures that the folder has records of, and of those not read."""
    pictures, objects, unread = [], [], {}
    for record in sorted((out / RECORDS).glob("*.json")):
        told = json.loads(record.read_text("utf-8"))
        if "unread" in told:
            unread[told["picture"]] = told["unread"]
            pictures.append(
                {"picture": told["picture"], "decision": UNREAD, "note": told["unread"]}
            )
            continue
        found = told["objects"]
        objects += [{"picture": told["picture"], **entry} for entry in found]
        pictures.append(
            {
                "picture": told["picture"],
                "decision": STOP if told["stop"] else GO,
                "objects": len(found),
                "worst_score": found[0]["score"] if found else np.nan,
                "reported_share": told["reported_share"],
                "note": f"{UNLIKE}{told['unlike']}" if told["unlike"] else "",
            }
        )
    listed = pd.DataFrame(objects, columns=OBJECT_COLUMNS)
    listed = listed.sort_values(["score", "area_pixels"], ascending=False, kind="stable")
    table = pd.DataFrame(pictures, columns=PICTURE_COLUMNS).astype({"objects": "Int64"})
    files.write_text(listed.to_csv(index=False), out / OBJECTS)
    files.write_text(table.to_csv(index=False), out / PICTURES)
    return Done(listed.reset_index(drop=True), table, unread, quick)
