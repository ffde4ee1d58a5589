"""A physically rendered stand-in for the thesis's 26 foils, written as a dataset folder.

Coating and defects give a height field and an albedo; four line lights give four photographs
with shadows and noise; photometric stereo gives the normals. ``truth/`` is the geometry,
``labels/`` what hurried annotators drew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from foilseg.code_version import code_version
from foilseg.data import description, files, folder, images
from foilseg.data.dataset import as_pixels, write_mask
from foilseg.data.photometric import estimate_normals, line_lights
from foilseg.twin import placement
from foilseg.twin.annotators import hurry_of
from foilseg.twin.config import CLASSES, TwinConfig
from foilseg.twin.quotas import draw_quotas
from foilseg.twin.shapes import UNIT_UM
from foilseg.twin.surface import add, coating, photograph

# Where the code begins that decides what a twin looks like; what it is shown in does not count.
ROOTS = (("twin.render", "make_foil"), ("twin.render", "quotas"), ("twin.config", "TwinConfig"))


@dataclass(frozen=True, eq=False)
class TwinFoil:
    """One rendered foil, before it is written.

    Attributes
    ----------
    name : ``foil_01`` and so on.
    pictures : uint8 (4, H, W), what the camera sees under each light.
    pixels : uint8 (H, W, 3), the normals as RGB.
    layout : masks, region of interest and the list of defects placed.
    height, albedo : float32 (H, W), micrometres and reflectance, as rendered.
    """

    name: str
    pictures: np.ndarray
    pixels: np.ndarray
    layout: placement.Layout
    height: np.ndarray
    albedo: np.ndarray


def _generator(config: TwinConfig, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(config.seed, spawn_key=key))


def recipe(config: TwinConfig) -> str:
    """What a twin is: SHA-256 of the code that renders it and of its configuration.

    Its pixels are not part of it: processors differ in last bits, and with them in a few pixels.
    """
    content = {"code": code_version(*ROOTS), **asdict(config)}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def quotas(config: TwinConfig) -> np.ndarray:
    """Label pixels each foil is to have: float64 (foils, classes, 2), training and validation."""
    rows, columns = config.roi_shape
    pixels = ((rows - config.cut) * columns, config.cut * columns)
    rng = _generator(config, config.foils, 1)
    return draw_quotas(rng, config.foils, pixels, config.scale, config.at_least_one)


def plan(config: TwinConfig, number: int, quota: np.ndarray | None = None) -> placement.Layout:
    """The masks and defects of foil ``number`` (from 0) without rendering it."""
    quota = quotas(config)[number] if quota is None else quota
    rng = _generator(config, number, 0)
    top, left, bottom, right = (int(v) for v in rng.integers(12, 60, 4) * config.scale)
    rows, columns = config.roi_shape
    roi = (top, left, rows, columns)
    layout = placement.Layout((top + rows + bottom, left + columns + right), roi, config.cut)
    hurry = hurry_of(rng, config.annotators)
    return placement.fill(
        rng, layout, quota, config.scale, config.annotators, config.contrast, hurry
    )


def make_foil(config: TwinConfig, number: int, quota: np.ndarray | None = None) -> TwinFoil:
    """Plan, photograph and reconstruct foil ``number`` (from 0)."""
    layout = plan(config, number, quota)
    rng = _generator(config, number, 1)
    height, albedo = coating(rng, layout.shape, config.scale, config.surface)
    for placed in layout.placed:
        add(height, placed.shape.relief, placed.top, placed.left)
        add(albedo, placed.shape.albedo - 1, placed.top, placed.left)
    np.clip(albedo, 0.02, 1, out=albedo)
    lights = line_lights()
    pictures = photograph(rng, height, albedo, lights, config.scale, config.surface)
    normals, _ = estimate_normals(pictures, lights)
    name = f"foil_{number + 1:0{max(2, len(str(config.foils)))}d}"
    return TwinFoil(name, pictures, as_pixels(normals), layout, height, albedo)


def write(
    root: Path, config: TwinConfig, progress: bool = True, lights: bool | int = False
) -> Path:
    """Write the twin as a dataset folder; at once if it is there already.

    The folder appears under its name only when complete.

    Parameters
    ----------
    root : the folder; what lies there must be a twin of the same configuration, or nothing.
    progress : show a progress bar with the time left.
    lights : also write the photographs and ``lights.json``: of all foils, or of the first so many.

    Raises
    ------
    FileExistsError
        If ``root`` holds something else.
    """
    root = Path(root)
    told = {"recipe": recipe(config), "lights": int(lights), **asdict(config)}
    if is_present(root, told):
        return root
    root.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(root.with_name(f".{root.name}.lock")):  # one process renders, others wait
        if is_present(root, told):
            return root
        with files.new_folder(root) as part:
            _write_all(part, config, progress, config.foils if lights is True else int(lights))
            told["pixels"] = folder.load(part).pixels
            (part / folder.RECIPE).write_text(json.dumps(told, indent=2) + "\n")
    return root


def is_present(root: Path, told: dict) -> bool:
    """Whether ``root`` is the twin described; False if there is nothing or an empty folder."""
    stored = root / folder.RECIPE
    if stored.is_file():
        try:
            found = dict(json.loads(stored.read_text()))
        except (ValueError, TypeError) as error:
            raise FileExistsError(f"{stored}: cannot be understood; remove {root}") from error
        other = [k for k in told if found.get(k) != told[k]]
        if not other:
            return True
        other = [k for k in other if k != "recipe"] or other  # which follows from all others
        what = f"a twin with another {', '.join(other)}"
    elif not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    else:
        what = "something that is no twin"
    raise FileExistsError(f"{root}: holds {what}; choose another folder or remove it")


def _write_all(root: Path, config: TwinConfig, progress: bool, lights: int) -> None:
    path = root / description.NAME
    description.write(path, "foil twin", CLASSES, UNIT_UM / config.scale)
    rois = ["name,top,left,height,width"]
    steps = tqdm(_rendered(config), total=config.foils, unit="foil", disable=not progress)
    for number, foil in enumerate(steps):
        images.write(root / "images" / f"{foil.name}.png", foil.pixels)
        write_mask(root / "labels" / f"{foil.name}.png", foil.layout.labels, CLASSES)
        write_mask(root / "truth" / f"{foil.name}.png", foil.layout.truth, CLASSES)
        rois.append(",".join(map(str, (foil.name, *foil.layout.roi))))
        for k, picture in enumerate(foil.pictures if number < lights else ()):
            images.write(root / "lights" / f"{foil.name}_{k + 1}.png", picture)
    (root / "rois.csv").write_text("\n".join(rois) + "\n")
    if lights:
        content = {"directions": line_lights().tolist()}
        (root / "lights.json").write_text(json.dumps(content, indent=2) + "\n")


def _rendered(config: TwinConfig, workers: int = 2) -> Iterator[TwinFoil]:
    """All foils in order, made by two threads and never many at a time."""
    quota = quotas(config)
    with ThreadPoolExecutor(workers) as pool:
        waiting = []
        for number in range(config.foils):
            waiting.append(pool.submit(make_foil, config, number, quota[number]))
            if len(waiting) > workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
