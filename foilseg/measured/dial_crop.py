"""A small window of a picture with a network's logits, so that a reader can turn its prior.

The window is picked by a rule, and comes with a study as one file: the widget
(:func:`foilseg.figures.dial.dial`) needs no weights and no data.
"""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from foilseg.data import files
from foilseg.data.components import boxes, components
from foilseg.data.dataset import (
    Foil,
    as_pixels,
    class_pixels,
    rarest,
    training_regions,
    validation_regions,
)
from foilseg.evaluation import prior_correction
from foilseg.networks import devices, inference
from foilseg.studies.shipped import Shipped
from foilseg.studies.study import Study
from foilseg.training import restore
from foilseg.training.stored_run import StoredRun

FILE = "dial.npz"
SIZE = 96  # pixels a side
STEPS = 8  # of a stored logit in one unit; it reaches from -16 to 15.9
RULE = "the window with the most found and missed objects of the rarest class"


@dataclass(frozen=True, eq=False)
class DialCrop:
    """What :data:`RULE` picks.

    Attributes
    ----------
    foil, top, left : which validation region, and the window's first row and column in it.
    image : uint8 (H, W) or (H, W, 3).
    mask : uint8 (H, W), the annotation.
    logits : int8 (K, H, W), a class's logit minus the largest of the pixel, in :data:`STEPS`.
    priors : float64 (K,), the share of each class in the training regions.
    """

    foil: str
    top: int
    left: int
    image: np.ndarray
    mask: np.ndarray
    logits: np.ndarray
    priors: np.ndarray

    def said(self, tau: float) -> np.ndarray:
        """The class of every pixel at a setting of the dial: uint8 (H, W)."""
        moved = prior_correction.adjustment(self.priors, tau)[:, None, None]
        return (self.logits / STEPS + moved).argmax(axis=0).astype(np.uint8)

    def cut(self, mask: np.ndarray) -> np.ndarray:
        """The window of a mask of the whole validation region."""
        height, width = self.mask.shape
        return mask[self.top : self.top + height, self.left : self.left + width]

    def write(self, path: Path) -> None:
        """Write it as one compressed file without pickles."""
        file = io.BytesIO()
        np.savez_compressed(file, **asdict(self))
        files.write_bytes(file.getvalue(), path)

    @classmethod
    def read(cls, content: bytes) -> DialCrop:
        """What :meth:`write` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            told = {name: held[name] for name in held.files}
        place = {name: told[name].item() for name in ("foil", "top", "left")}
        return cls(**told | place)


def of_run(study: Study, run: StoredRun) -> DialCrop | None:
    """The window of a network of all classes whose weights are here; None if none has both.

    None as well if a class has no training pixel: its prior cannot be moved.
    """
    data, best = study.dataset, None
    pixels = class_pixels(training_regions(data), len(data.classes)).sum(axis=0)
    if not (pixels > 0).all():
        return None
    device = devices.resolve_device("auto")
    network = restore.network(run, device)
    for foil in validation_regions(data):
        logits = inference.predict_logits(network, foil.image, device).numpy()
        worth, place = _window(foil.mask, logits.argmax(0), rarest(data).index)
        if worth > (best[0] if best else (0, 0)):
            best = worth, foil, place, logits
    if best is None:
        return None
    _, foil, (top, left), logits = best
    return _cut(foil, top, left, logits, prior_correction.shares(pixels))


def _cut(foil: Foil, top: int, left: int, logits: np.ndarray, priors: np.ndarray) -> DialCrop:
    part = foil.crop(top, left, *(min(SIZE, n) for n in foil.shape))
    height, width = part.mask.shape
    own = logits[:, top : top + height, left : left + width]
    steps = np.rint((own - own.max(axis=0)) * STEPS).clip(-128, 0).astype(np.int8)
    return DialCrop(foil.name, top, left, as_pixels(part.image), part.mask, steps, priors)


def _window(mask: np.ndarray, said: np.ndarray, label: int) -> tuple[tuple, tuple[int, int]]:
    """The best window around an object: (fewer of found and missed, all of them), and its place."""
    numbers, _ = components(mask == label)
    found = np.unique(numbers[said == label])
    best = (0, 0), (0, 0)
    for box in boxes(numbers):
        top, left = (
            int(np.clip((s.start + s.stop - SIZE) // 2, 0, max(0, edge - SIZE)))
            for s, edge in zip(box, mask.shape)
        )
        inside = numbers[top : top + SIZE, left : left + SIZE]
        seen = set(np.unique(inside).tolist()) - {0}
        hits = len(seen & set(found.tolist()))
        best = max(best, ((min(hits, len(seen) - hits), len(seen)), (top, left)))
    return best


def read(shipped: Shipped | None) -> DialCrop | None:
    """The window that comes with a study, None if it brings none."""
    if shipped is None or FILE not in shipped.manifest["files"]:
        return None
    return DialCrop.read(shipped.tables.content(FILE))


def seen_by(shipped: Shipped, title: str) -> tuple[DialCrop, np.ndarray] | None:
    """The window and what a model of the study says there: uint8 (H, W), the classes.

    Of the first training; None if the study brings no window or no mask of that model.
    """
    crop = read(shipped)
    if crop is None or not shipped.manifest["predictions"]:
        return None
    entry = next((e for e in shipped.manifest["models"] if e["title"] == title), None)
    if entry is None:
        return None
    names = entry["runs"] if len(entry["runs"]) == 1 else _joined(shipped.manifest, entry)
    return (crop, crop.cut(shipped.run(names[0]).prediction(crop.foil))) if names else None


def _joined(manifest: dict, entry: dict) -> list[str]:
    """The first run that joins the networks of a One-vs-Rest model."""
    runs = ((name, told["determines"]) for name, told in manifest["runs"].items())
    own = entry["experiment"], manifest["seed"]
    return [n for n, d in runs if "members" in d and (d["experiment"], d["seed"]) == own][:1]


def of_study(study: Study, name: str = "baseline") -> DialCrop | None:
    """That of a model of all classes: read if the study brings it, else worked out if it can be."""
    shipped = read(study.shipped)
    run = next(iter(study.model(name).runs.values()))
    if shipped is not None or not run.has_weights:
        return shipped
    return of_run(study, run)


def write(study: Study, part: Path) -> list[str]:
    """Write that of the baseline into a study that is being packed; the paths of the files."""
    found = of_study(study)
    if found is None:
        return []
    found.write(part / FILE)
    return [FILE]
