"""What the cameras saw of a foil before normals were computed from it, where the data keeps it."""

from __future__ import annotations

import numpy as np

from foilseg.data import photometric, raw_lights
from foilseg.studies.study import Study


def photographs(study: Study, name: str) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """A foil's pictures under each light (n, H, W) and the light directions (n, 3).

    Cropped to the region of interest; (None, None) where the data has none of this foil.
    """
    if not (study.root / "lights" / f"{name}_1.png").is_file():
        return None, None
    foil = study.dataset.foil(name)
    lights = raw_lights.read_lights(study.root / "lights.json")
    pictures = raw_lights.read_photographs(study.root, name, len(lights))
    rows, columns = (slice(o, o + n) for o, n in zip(foil.origin, foil.shape))
    return pictures[:, rows, columns], lights


def albedo(study: Study, name: str) -> dict[str, np.ndarray]:
    """``{"albedo": (H, W)}`` of a validation region, from 0 to 1; empty without photographs.

    The largest albedo of the region is 1; in shadow under every light it is 0.
    """
    pictures, lights = photographs(study, name)
    if pictures is None:
        return {}
    found = photometric.estimate_normals(pictures, lights)[1]
    region, whole = study.validation(name), study.dataset.foil(name)
    top, left = (r - w for r, w in zip(region.origin, whole.origin))
    height, width = region.shape
    part = np.nan_to_num(found[top : top + height, left : left + width])
    return {"albedo": (part / max(float(part.max()), 1e-9)).clip(0, 1).astype(np.float32)}
