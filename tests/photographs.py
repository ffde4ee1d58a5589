"""The real photographs of magnetic tiles: where they lie, and a few of them."""

import os
import shutil
from pathlib import Path

from foilseg.data import images


def here():
    """The folder of the real photographs, or None where they are not at hand."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "datasets" / "magnetic_tile"
    place = Path(os.environ.get("FOILSEG_MAGNETIC_TILE", beside))
    return place if place.is_dir() else None


def some(place, number, both=False):
    """Kind -> its first photographs, those with a defect in the last third of their rows.

    So every class can be learned; ``both`` asks for one in the first third, too, so that it can be
    judged. Of those without a defect just the first.
    """
    chosen = {}
    for kind in sorted(place.glob("MT_*")):
        pictures = sorted((kind / "Imgs").glob("*.jpg"))
        if kind.name != "MT_Free":
            pictures = [p for p in pictures if _shown(p.with_suffix(".png"), both)]
        chosen[kind.name] = pictures[:number]
    return chosen


def copy(place, target, number):
    """Copy :func:`some` of them in the layout of their data set; the folder."""
    for kind, pictures in some(place, number).items():
        (target / kind / "Imgs").mkdir(parents=True)
        for file in (f for p in pictures for f in (p, p.with_suffix(".png"))):
            shutil.copy(file, target / kind / "Imgs" / file.name)
    return target


def _shown(mask: Path, both: bool) -> bool:
    pixels = images.read(mask) >= 128
    third = len(pixels) // 3
    return bool(pixels[2 * third :].any() and (pixels[: third - 1].any() or not both))
