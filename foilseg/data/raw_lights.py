"""Raw photographs under n known lights -> a dataset folder with their normals as RGB.

The source is a dataset folder without ``images/``: photographs in ``lights/NAME_K.png`` (K = 1 to
n), ``lights.json`` with the unit light directions, and ``dataset.json``, ``labels/`` and, where
there are any, ``truth/`` and ``rois.csv`` as in every dataset folder.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np

from foilseg.data import files, folder, images
from foilseg.data.dataset import as_pixels
from foilseg.data.photometric import check_lights, estimate_normals


class RawLightsError(ValueError):
    """A folder of raw photographs with problems; the message lists them all."""


def read_lights(path: Path) -> np.ndarray:
    """The directions of ``lights.json``, ``{"directions": [[x, y, z], ...]}``: float64 (n, 3).

    x points right, y down, z to the camera.

    Raises
    ------
    RawLightsError
        If the file is missing or no such list, or if the directions cannot give normals.
    """
    path = Path(path)
    try:
        directions = np.array(json.loads(path.read_text())["directions"], np.float64)
        return check_lights(directions)
    except FileNotFoundError as error:
        advice = 'write {"directions": [[x, y, z], ...]}, one unit vector a light'
        raise RawLightsError(f"{path}: missing; {advice}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise RawLightsError(f"{path}: cannot be used ({error})") from error


def read_photographs(source: Path, name: str, n: int) -> np.ndarray:
    """The n photographs of one foil: uint8 or uint16 (n, H, W).

    Raises
    ------
    RawLightsError
        If one is missing, unreadable, in colour, or of another size than the first.
    """
    pictures = []
    for k in range(1, n + 1):
        path = Path(source) / "lights" / f"{name}_{k}.png"
        try:
            picture = images.read(path)
        except images.ImageFileError as error:
            raise RawLightsError(f"{error}; each foil needs one picture a light") from error
        if picture.ndim != 2:
            raise RawLightsError(f"{path}: is in colour; save the photographs in grey")
        if pictures and (picture.shape, picture.dtype) != (pictures[0].shape, pictures[0].dtype):
            raise RawLightsError(f"{path}: has another size or depth than {name}_1.png")
        pictures.append(picture)
    return np.stack(pictures)


def _names(source: Path, n: int) -> list[str]:
    """The foils of which there are photographs; stray files are refused."""
    place = source / "lights"
    files = sorted(place.iterdir()) if place.is_dir() else []
    kept = [f.name for f in files if not images.is_left_behind(f.name)]
    matches = {name: re.fullmatch(r"(.+)_(\d+)\.png", name) for name in kept}
    stray = [f for f, m in matches.items() if m is None or not 1 <= int(m[2]) <= n]
    if stray:
        what = f"{', '.join(stray[:5])}: not NAME_K.png with K from 1 to {n}"
        raise RawLightsError(f"{place}: {what}; rename or remove, or correct lights.json")
    if not matches:
        raise RawLightsError(f"{place}: holds no photograph; name them NAME_K.png, K = 1 to {n}")
    return sorted({m[1] for m in matches.values()})


def import_raw_lights(source: Path, root: Path) -> Path:
    """Make normals from raw photographs and write everything as a dataset folder.

    The folder appears under its name only when complete and free of problems.

    Parameters
    ----------
    source : the folder of photographs described in this module's text; it is only read.
    root : the folder to write; it must not exist.

    Raises
    ------
    RawLightsError
        If the photographs or the lights cannot be used; all faulty photographs are named.
    DatasetError
        If the labels, the regions or the description do not fit; every problem is listed.
    FileExistsError
        If ``root`` exists.
    """
    source, root = Path(source), Path(root)
    if root.exists():
        raise FileExistsError(f"{root}: exists; choose another folder or remove it")
    if not source.is_dir():
        raise RawLightsError(f"{source}: no such folder; give the folder of the photographs")
    lights = read_lights(source / "lights.json")
    names = _names(source, len(lights))
    with files.new_folder(root) as part:
        _write(source, part, names, lights)
        problems = folder.check(part)
        if problems:
            raise folder.DatasetError(source, problems)
    return root


def _write(source: Path, root: Path, names: list[str], lights: np.ndarray) -> None:
    faults = []
    for name in names:
        try:
            pictures = read_photographs(source, name, len(lights))
        except RawLightsError as error:
            faults.append(str(error))
            continue
        normals, _ = estimate_normals(pictures, lights)
        images.write(root / "images" / f"{name}.png", as_pixels(normals))
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise RawLightsError(f"{source}: {len(faults)} foil(s) cannot be used\n{lines}")
    for part in ("labels", "truth", "lights"):
        if (source / part).is_dir():
            shutil.copytree(source / part, root / part)
    for part in ("dataset.json", "rois.csv", "lights.json"):
        if (source / part).is_file():
            shutil.copyfile(source / part, root / part)
