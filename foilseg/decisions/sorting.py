"""Pictures + a decision -> masks, a list of objects in the order of worth, stop or go.

Each picture is worked out by itself and its record is written last, so a command that was stopped
goes on with the pictures that have none. A picture that cannot be read is named, and the others
are worked out all the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg.data import files, images
from foilseg.data.components import BOX, boxes, components, corner_and_size
from foilseg.data.dataset import write_mask
from foilseg.decisions import decision, likeness
from foilseg.decisions.decision import Decision
from foilseg.decisions.scores import class_scores
from foilseg.networks.inference import Predictor
from foilseg.studies.predict import OVERLAY, find_images, overlay, overlays_over, read_image
from foilseg.training import restore
from foilseg.training.runs import Run

OBJECTS, PICTURES, RECORDS = "objects.csv", "pictures.csv", "records"
STOP, GO, UNREAD = "stop", "go", "not read"
UNLIKE = "unlike the calibration: "
OBJECT_COLUMNS = [
    *("picture", "class", "score", "area_pixels", "area_mm2", *BOX),
    *("centre_row", "centre_column", "stops"),
]
PICTURE_COLUMNS = ["picture", "decision", "objects", "worst_score", "reported_share", "note"]


class JobError(ValueError):
    """A folder of results that belongs to something else; the message says what to do."""


@dataclass(frozen=True)
class Done:
    """What a folder of results holds: its two tables, and the pictures that could not be read."""

    objects: pd.DataFrame
    pictures: pd.DataFrame
    unread: dict[str, str]


def sort_files(
    run: Run,
    chosen: Decision,
    places: Sequence[Path],
    out: Path,
    *,
    device: str = "auto",
    progress: Callable[[str], object] = lambda name: None,
) -> Done:
    """Work out all pictures that have no record yet, and write the tables of all.

    Pictures that the folder holds from an earlier call stay in its tables. Writes into ``out``:
    for each picture ``NAME.png`` (class indices) and ``NAME_overlay.png``;
    ``objects.csv``, the most certain object first, with score (probability), area (pixels, and
    mm2 where the size of a pixel is known), box and centre in pixels; ``pictures.csv`` with stop
    or go, and what makes a picture unlike those of the calibration; and the decision itself.

    Parameters
    ----------
    chosen : made for this run.
    places : image files and folders.
    out : a new or empty folder, or one of the same run and decision.
    progress : called with the name of each picture, those that were done before too.

    Raises
    ------
    foilseg.decisions.decision.DecisionError
        If the decision was made for another run.
    JobError
        If ``out`` holds something else.
    ValueError
        If there is nothing to predict, or two pictures share a name.
    OSError
        If something cannot be written; what was done stays, and the same command goes on.
    """
    classes = restore.classes(run)
    chosen.check(run, classes)
    paths, out = find_images(places), Path(out)
    _begin(out, chosen)
    there = (p.with_suffix(".png") for p in (out / RECORDS).glob("*.json"))
    overlays_over({p.stem: p for p in (*there, *paths)})
    predictor = restore.load(run, device)
    unread: dict[str, str] = {}
    for path in paths:
        record = out / RECORDS / f"{path.stem}.json"
        try:
            digest = files.digest(path)
            image = None if _done(record, path.name, digest) else read_image(path, predictor)
        except JobError:
            raise
        except Exception as error:  # whatever a decoder makes of a spoiled file
            unread[path.name] = str(error) or type(error).__name__
            progress(path.name)
            continue
        if image is not None:
            try:
                told = _work_out(image, path, predictor, chosen, classes, out)
                files.write_text(json.dumps(told | {"digest": digest}) + "\n", record)
            except OSError as error:
                raise OSError(
                    f"{error}; {out} keeps what is done, and the same command goes on when that is "
                    "mended"
                ) from error
        progress(path.name)
    return _tables(out, unread)


def _begin(out: Path, chosen: Decision) -> None:
    """Make the folder of results, or find that it is of the same decision."""
    there = out / decision.NAME
    if there.is_file():
        if decision.read(there) != chosen:
            raise JobError(f"{out}: holds results of another decision; give a new folder")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise JobError(f"{out}: is there already and not empty; give a new folder")
    chosen.write(there)


def _done(record: Path, name: str, digest: str) -> bool:
    """Whether a picture has its record; of another picture of that name it has none."""
    if not record.is_file():
        return False
    told = json.loads(record.read_text("utf-8"))
    if told["picture"] != name:
        raise JobError(
            f"{record.parent.parent}: holds results of {told['picture']}, which would be written "
            f"under the name of {name}; give a new folder"
        )
    return told["digest"] == digest


def _work_out(
    image: np.ndarray, path: Path, predictor: Predictor, chosen: Decision, classes, out: Path
) -> dict[str, Any]:
    """Write the mask and the overlay of a picture; what its record says."""
    scores, index = class_scores(predictor, image), {c.name: c.index for c in classes}
    own = {p.name: scores[index[p.name]] for p in chosen.promises}
    excess = np.stack([own[p.name] - np.float32(p.threshold) for p in chosen.promises])
    mask = merged(excess, [index[name] for name in own])
    found = [
        entry
        for promise in chosen.promises
        for entry in objects_of(own[promise.name], promise.threshold, promise.name, chosen)
    ]
    found.sort(key=lambda entry: (-entry["score"], -entry["area_pixels"]))
    write_mask(out / f"{path.stem}.png", mask, classes)
    images.write(out / f"{path.stem}{OVERLAY}.png", overlay(image, mask, classes))
    return {
        "picture": path.name,
        "stop": chosen.stops([entry["area_pixels"] for entry in found]),
        "unlike": chosen.likeness.unlike(likeness.describe(image, own)),
        "reported_share": float((mask > 0).mean()),
        "objects": found,
    }


def merged(excess: np.ndarray, labels: Sequence[int]) -> np.ndarray:
    """One mask of several classes: where a score reaches its threshold, the class with the most.

    ``excess`` : score minus threshold, (N, H, W), in the order of ``labels``. uint8 (H, W).
    """
    best = excess.argmax(axis=0)
    reported = np.take_along_axis(excess, best[None], 0)[0] >= 0
    return np.where(reported, np.array(labels, np.uint8)[best], 0).astype(np.uint8)


def objects_of(
    score: np.ndarray, threshold: float, name: str, chosen: Decision
) -> list[dict[str, Any]]:
    """The reported objects of a class, a dictionary each; ``score`` is of (H, W) log-odds."""
    numbers, _ = components(score >= threshold)
    edge = chosen.pixel_size_um
    found = []
    for k, box in enumerate(boxes(numbers), 1):
        inside = numbers[box] == k
        pixels = int(inside.sum())
        top, left, height, width = corner_and_size(box)
        row, column = (float(axis.mean()) for axis in np.nonzero(inside))
        best = float(score[box][inside].max())
        found.append(
            {
                "class": name,
                "score": round(float(1 / (1 + np.exp(-best))), 6),
                "area_pixels": pixels,
                "area_mm2": round(pixels * (edge / 1000) ** 2, 6) if edge else None,
                **dict(zip(BOX, (top, left, height, width))),
                "centre_row": round(top + row, 1),
                "centre_column": round(left + column, 1),
                "stops": pixels >= chosen.stop_pixels,
            }
        )
    return found


def _tables(out: Path, unread: dict[str, str]) -> Done:
    """Both tables of all pictures that the folder has records of, and of those not read."""
    pictures, objects = [], []
    for name, why in unread.items():
        pictures.append({"picture": name, "decision": UNREAD, "note": why})
    for record in sorted((out / RECORDS).glob("*.json")):
        told = json.loads(record.read_text("utf-8"))
        if told["picture"] in unread:  # it was read once, as another file
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
    return Done(listed.reset_index(drop=True), table, unread)
