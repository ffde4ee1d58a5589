"""Image files -> masks, overlays and a table, from a run that is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from foilseg.data import escape, files, images
from foilseg.data.components import components
from foilseg.data.dataset import LabelClass, as_float, as_pixels, write_mask
from foilseg.networks.inference import TILE, Predictor
from foilseg.training import restore
from foilseg.training.runs import Run

TABLE = "predictions.csv"
OVERLAY = "_overlay"  # behind the name of a picture
OPACITY = 0.5  # of the class colours in an overlay


def find_images(places: Sequence[Path]) -> list[Path]:
    """Image files among ``places``, and those directly in the folders among them, sorted.

    Raises
    ------
    ValueError
        If a place does not exist, a folder holds no image, a name cannot be printed, or the results
        of two images would share a name.
    """
    found: list[Path] = []
    for place in map(Path, places):
        if place.is_dir():
            inside = images.pictures(place.iterdir())
            if not inside:
                raise ValueError(f"{place}: holds no image ({', '.join(images.SUFFIXES)})")
            found += inside
        elif place.is_file():
            found.append(place)
        else:
            raise ValueError(
                f"{place}: no such file or folder; give pictures, or folders that hold them"
            )
    names: dict[str, Path] = {}
    for path in found:
        if escape.printable(path.name) != path.name:
            raise ValueError(
                f"{escape.printable(path)}: a name that cannot be printed cannot stand in a table; "
                "rename the file"
            )
        if path.stem in names:
            raise ValueError(
                f"{path} and {names[path.stem]} would both be written as {path.stem}.png; "
                "predict them into two folders"
            )
        names[path.stem] = path
    return found


def _refuse_overlays(paths: Sequence[Path]) -> None:
    """Refuse pictures of which one is called as another's overlay."""
    names = {path.stem: path for path in paths}
    for stem, path in names.items():
        if f"{stem}{OVERLAY}" in names:
            raise ValueError(
                f"{path} and {names[stem + OVERLAY]}: the overlay of one would be written over the "
                "mask of the other; predict them into two folders"
            )


def predict_files(
    run: Run,
    places: Sequence[Path],
    out: Path,
    *,
    device: str = "auto",
    tile: int = TILE,
    progress: Callable[[str], object] = lambda name: None,
) -> pd.DataFrame:
    """Predict image files and folders of them with a stored run.

    Writes ``NAME.png`` (class indices with the class colours as palette), ``NAME_overlay.png``
    and, at the end, ``predictions.csv`` into the folder ``out``. Images may have any size;
    large ones are predicted in tiles, which changes nothing in the result.

    Parameters
    ----------
    run : of a multi-class model, of a One-vs-Rest network, or a joined one.
    places : image files and folders.
    out : must not exist, or be empty.
    tile : edge of the tiles in pixels, a multiple of 16.
    progress : called with the name of each image when it is done.

    Returns
    -------
    The table: file, class, pixels, objects (8-connected), one row an image and class in table
    order; the background has no objects (missing, an empty cell of the CSV).

    Raises
    ------
    ValueError
        If there is nothing to predict, ``out`` holds something already, an image cannot be read
        (:class:`foilseg.data.images.ImageFileError`), or its channels do not fit the network.
    foilseg.training.runs.RunError
        If a file of the run is missing or altered.
    """
    paths, out = find_images(places), Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out}: is there already and not empty; give a new folder")
    _refuse_overlays(paths)
    predictor, classes = restore.load(run, device), restore.classes(run)
    rows: list[dict] = []
    for path in paths:
        image = read_image(path, predictor)
        mask = predictor.mask(image, tile)
        write_mask(out / f"{path.stem}.png", mask, classes)
        images.write(out / f"{path.stem}{OVERLAY}.png", overlay(image, mask, classes))
        rows += [{"file": path.name, **row} for row in measure(mask, classes)]
        progress(path.name)
    table = pd.DataFrame(rows).astype({"objects": "Int64"})
    files.write_text(table.to_csv(index=False), out / TABLE)
    return table


def read_image(path: Path, predictor: Predictor) -> np.ndarray:
    """An image file as the network sees it: float32 (C, H, W).

    Raises
    ------
    ValueError
        If it cannot be read, or has other channels than the network was trained on.
    """
    pixels = images.read(path)
    channels = 1 if pixels.ndim == 2 else 3
    if channels != predictor.channels:
        kinds = {1: "one channel (grey)", 3: "three channels (normals or colours)"}
        raise ValueError(
            f"{path}: has {kinds[channels]}, but the run was trained on images with "
            f"{kinds[predictor.channels]}; convert the image or choose another run"
        )
    return as_float(pixels)


def overlay(image: np.ndarray, mask: np.ndarray, classes: Sequence[LabelClass]) -> np.ndarray:
    """The image with the defects in their colours, half transparent: uint8 (H, W, 3)."""
    table = np.zeros((256, 3))
    for c in classes:
        table[c.index] = images.rgb(c.colour)
    return blend(as_pixels(image), mask, table)


def blend(pixels: np.ndarray, mask: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Colours over the pixels of a mask that are not 0, half transparent: uint8 (H, W, 3).

    Parameters
    ----------
    pixels : uint8 (H, W) or (H, W, 3).
    mask : uint8 (H, W), indices of the rows of ``colours``, (N, 3) in [0, 255].
    """
    shown = pixels.copy() if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)
    flat, hit = shown.reshape(-1, 3), np.flatnonzero(mask)
    mixed = (1 - OPACITY) * flat[hit] + OPACITY * colours[mask.ravel()[hit]]
    flat[hit] = np.rint(mixed).astype(np.uint8)
    return shown


def measure(mask: np.ndarray, classes: Sequence[LabelClass]) -> Iterator[dict]:
    """Pixels and 8-connected objects of each class in a mask; NaN objects of the background."""
    for c in classes:
        hit = mask == c.index
        objects = components(hit)[1] if c.index else np.nan
        yield {"class": c.name, "pixels": int(hit.sum()), "objects": objects}
