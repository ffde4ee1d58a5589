"""What the numbers of a shipped study of the twin rest on, and whether the local twin is it.

Processors render one recipe with other last bits. So a study brings its masks and a sample of its
pictures: a local rendering that differs in a handful of pixels is judged by the study's masks, and
one that differs in more is another twin and refused.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from foilseg.data import files
from foilseg.data.dataset import Dataset, Foil, as_pixels

FILE = "references.npz"
STEP = 12  # every twelfth pixel of every twelfth row is sampled
MOST_PIXELS = 20  # of the masks of one foil that may differ
LEAST_SHARE = 0.999  # of the sampled pixels of one foil that are equal within one grey level


class ReferenceError(RuntimeError):
    """A local rendering that is not the twin of the study; the message says where it differs."""


@dataclass(frozen=True, eq=False)
class References:
    """The masks of a study and every :data:`STEP`-th pixel of its pictures.

    Attributes
    ----------
    masks, truths : foil -> uint8 (H, W), inside the region of interest.
    samples : foil -> uint8 (h, w, 3), the sampled pixels.
    origins : foil -> (row, column) of the region of interest in the image.
    """

    masks: dict[str, np.ndarray]
    truths: dict[str, np.ndarray]
    samples: dict[str, np.ndarray]
    origins: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, data: Dataset) -> References:
        """Those of a data set with a truth."""
        foils = {foil.name: foil for foil in data.foils}
        return cls(
            {name: foil.mask for name, foil in foils.items()},
            {name: foil.truth for name, foil in foils.items()},
            {name: sample(foil) for name, foil in foils.items()},
            {name: foil.origin for name, foil in foils.items()},
        )

    def write(self, path: Path) -> None:
        """Write them as one compressed file of arrays; the same content gives the same bytes."""
        arrays = {}
        for name in self.masks:
            arrays |= {f"mask/{name}": self.masks[name], f"truth/{name}": self.truths[name]}
            arrays |= {f"sample/{name}": self.samples[name]}
            arrays |= {f"origin/{name}": np.array(self.origins[name], np.int64)}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        files.write_bytes(buffer.getvalue(), path)

    @classmethod
    def read(cls, path: Path) -> References:
        """Those of a file; its checksum is the study's business."""
        parts: dict[str, dict] = {"mask": {}, "truth": {}, "sample": {}, "origin": {}}
        with np.load(path, allow_pickle=False) as stored:
            for key in stored.files:
                kind, _, name = key.partition("/")
                parts[kind][name] = stored[key]
        origins = {name: (int(at[0]), int(at[1])) for name, at in parts["origin"].items()}
        return cls(parts["mask"], parts["truth"], parts["sample"], origins)

    def adopt(self, data: Dataset) -> tuple[Dataset, str]:
        """The data with the study's masks, and a sentence on what differs ("" if nothing does).

        Raises
        ------
        ReferenceError
            If a foil is missing, lies elsewhere, or differs by more than another processor does.
        """
        if sorted(self.masks) != [foil.name for foil in data.foils]:
            raise ReferenceError("its foils have other names than those of the study")
        differing = {foil.name: self._differing(foil) for foil in data.foils}
        changed = {name: number for name, number in differing.items() if number}
        foils = tuple(
            replace(foil, mask=self.masks[foil.name], truth=self.truths[foil.name])
            for foil in data.foils
        )
        where = ", ".join(f"{number} of {name}" for name, number in changed.items())
        note = f"This processor draws other mask pixels ({where}); the study's own are used."
        return replace(data, foils=foils), note if changed else ""

    def _differing(self, foil: Foil) -> int:
        """Pixels of a foil's masks that differ from the study's."""
        name = foil.name
        if foil.shape != self.masks[name].shape or foil.origin != self.origins[name]:
            raise ReferenceError(f"{name} has another region of interest than in the study")
        pairs = ((foil.mask, self.masks[name]), (foil.truth, self.truths[name]))
        number = sum(int((one != other).sum()) for one, other in pairs)
        if number > MOST_PIXELS:
            raise ReferenceError(
                f"the masks of {name} differ in {number} pixels from the study's, and another "
                f"processor explains {MOST_PIXELS} at most"
            )
        apart = np.abs(sample(foil).astype(int) - self.samples[name]).max(axis=-1)
        share = float((apart <= 1).mean())
        if share < LEAST_SHARE:
            raise ReferenceError(
                f"{share:.2%} of the sampled pixels of {name} are within one grey level of the "
                f"study's, and with another processor {LEAST_SHARE:.1%} are"
            )
        return number


def sample(foil: Foil) -> np.ndarray:
    """Every :data:`STEP`-th pixel of a foil's picture: uint8 (h, w, 3)."""
    return np.ascontiguousarray(as_pixels(foil.image[:, ::STEP, ::STEP]))
