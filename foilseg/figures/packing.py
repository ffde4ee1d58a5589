"""Foils and masks -> a few bytes that a browser unpacks without loss of a class index.

A mask is a lossless WebP picture whose grey value is the class index: about half the size of an
indexed PNG, and every browser since 2020 reads it. A picture of the foil is a JPEG; normals have
their contrast stretched as in the figures.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from foilseg.data import images
from foilseg.data.dataset import Foil, LabelClass
from foilseg.data.photometric import are_normals
from foilseg.figures.pictures import seen

QUALITY = 60  # of the JPEG; what it loses is below what the stretched contrast adds
ANNOTATION, TRUTH = "annotation", "truth"


def picture_bytes(image: np.ndarray) -> bytes:
    """An image (1 or 3, H, W) as the bytes of a JPEG; normals with their contrast stretched."""
    pixels = seen(image)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "jpeg", quality=QUALITY)
    return file.getvalue()


def mask_bytes(mask: np.ndarray) -> bytes:
    """Class indices (H, W) as the bytes of a lossless WebP of that grey."""
    grey = Image.fromarray(np.ascontiguousarray(mask, np.uint8)).convert("RGB")
    file = io.BytesIO()
    grey.save(file, "webp", lossless=True, quality=80, method=4)
    return file.getvalue()


def problems(
    foil: Foil, masks: Mapping[str, np.ndarray], classes: Sequence[LabelClass]
) -> list[str]:
    """Why a foil cannot be compared with its masks: one sentence each, none if it can."""
    if foil.image is None:
        return [f"{foil.name}: there is no image; add images/{foil.name}.png to the data set."]
    found = []
    height, width = foil.image.shape[1:]
    if not masks:
        found.append(f"{foil.name}: there is no prediction; train a model, or give its mask.")
    for title, mask in layers(foil, masks).items():
        if mask.shape != (height, width):
            found.append(
                f"{foil.name}: the mask of {title} is {' x '.join(map(str, mask.shape))} pixels, "
                f"the image {height} x {width}; predict this region again."
            )
        elif unknown := set(np.unique(mask).tolist()) - {c.index for c in classes}:
            found.append(
                f"{foil.name}: the mask of {title} holds the class {max(unknown)}, which these "
                "data do not have; it belongs to another data set."
            )
    return found


def layers(foil: Foil, masks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Annotation, truth where there is one, and the predictions, by title."""
    truth = {} if foil.truth is None else {TRUTH: foil.truth}
    return {ANNOTATION: foil.mask, **truth, **masks}


def pack(
    foil: Foil,
    masks: Mapping[str, np.ndarray],
    classes: Sequence[LabelClass],
    inputs: Mapping[str, np.ndarray] = {},
    problem: str = "",
) -> tuple[dict[str, Any], list[bytes]]:
    """One foil for the browser: a description and the files it speaks of.

    Parameters
    ----------
    masks : title -> predicted mask uint8 (H, W).
    inputs : title -> further pictures float32 (H, W) in [0, 1], such as the albedo.
    problem : why the foil cannot be shown, if that is known before.

    Returns
    -------
    description : name, height, width, the titles of ``inputs`` and ``layers`` in the order of
        the files, and ``problem``: sentences that stand in the place of the picture, or "". A
        foil with a problem has no files.
    files : pictures, then masks.
    """
    said = [f"{foil.name}: {problem}."] if problem else problems(foil, masks, classes)
    for title, extra in inputs.items():
        if not said and extra.shape != foil.shape:
            said.append(f"{foil.name}: the {title} is not of the size of the image.")
    facts = {"name": foil.name, "problem": " ".join(said), "inputs": [], "layers": []}
    if said:
        return facts | {"height": 0, "width": 0}, []
    first = "normals" if are_normals(foil.image) else "image"
    shown = {first: foil.image} | {title: extra[None] for title, extra in inputs.items()}
    drawn = layers(foil, masks)
    facts |= {"height": foil.shape[0], "width": foil.shape[1]}
    facts |= {"inputs": list(shown), "layers": list(drawn)}
    files = [*map(picture_bytes, shown.values()), *map(mask_bytes, drawn.values())]
    return facts, files


def still(foil: Foil, mask: np.ndarray, classes: Sequence[LabelClass], width: int = 720) -> bytes:
    """A small PNG for readers without JavaScript: annotation on the image above a prediction."""
    pixels = seen(foil.image)
    pixels = np.repeat(pixels[..., None], 3, -1) if pixels.ndim == 2 else pixels
    palette = np.zeros((max(c.index for c in classes) + 1, 3), np.uint8)
    for c in classes:
        palette[c.index] = images.rgb(c.colour)
    panes = [np.where((m > 0)[..., None], palette[m], pixels) for m in (foil.mask, mask)]
    whole = Image.fromarray(np.concatenate([panes[0], np.full_like(pixels[:4], 255), panes[1]]))
    if whole.width > width:
        whole = whole.resize((width, max(1, round(whole.height * width / whole.width))))
    file = io.BytesIO()
    whole.quantize(64).save(file, "png", optimize=True)
    return file.getvalue()
