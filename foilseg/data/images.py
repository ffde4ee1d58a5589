"""Reading and writing image files: lossless, strict, 8 and 16 bit.

A file is read in full or refused with :class:`ImageFileError`; a truncated file is never
half an image.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")

# What file managers leave in every folder that they have shown.
_LEFT_BEHIND = {"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", ".directory"}
# Full-size foils are large pictures, not attacks.
_MAX_PIXELS = 2_000_000_000
ORIENTATION = 0x0112  # the EXIF tag
NO_REPETITIONS = 2  # zlib's Z_HUFFMAN_ONLY


class ImageFileError(ValueError):
    """A file that is missing, truncated or no image; the message names it."""


def is_left_behind(name: str) -> bool:
    """Whether a file of this name is no data, but what a system has left in the folder."""
    return name.lower() in _LEFT_BEHIND or name.startswith("._")


def pictures(paths: Iterable[Path]) -> list[Path]:
    """Those of some paths that are named as pictures are, in the order of their names."""
    return sorted(p for p in paths if p.suffix.lower() in SUFFIXES and not is_left_behind(p.name))


def read(path: Path) -> np.ndarray:
    """Pixels of an image file: (H, W) or (H, W, 3), uint8 or uint16, as stored.

    A palette is resolved to its colours, an alpha channel is dropped, and 1-bit pictures come
    as 0 and 255.

    Raises
    ------
    ImageFileError
        If the file is missing, no image, truncated, or of a pixel type that is neither 8 nor
        16 bit.
    """
    path = Path(path)
    if not path.is_file():
        raise ImageFileError(f"{path}: no such file")
    try:
        with _raised, Image.open(path) as image:
            image.load()
            if image.format in ("PNG", "TIFF") and image.mode == "RGB" and _is_deep(path):
                return _read_deep_colour(path)
            return _as_array(image, path)
    except ImageFileError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageFileError(f"{path}: cannot be read as an image ({error})") from error


class _Raised:
    """Pillow's limit, which is one for the whole process, raised while any thread reads here.

    The first thread that comes in raises it, the last that goes out puts it back.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.usual = threading.Lock(), 0, None

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.usual, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, _MAX_PIXELS
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                Image.MAX_IMAGE_PIXELS = self.usual


_raised = _Raised()


def _as_array(image: Image.Image, path: Path) -> np.ndarray:
    if image.mode in ("P", "RGBA", "PA", "CMYK", "YCbCr"):
        image = image.convert("RGB")
    elif image.mode in ("1", "LA"):
        image = image.convert("L")
    pixels = np.array(image)
    if image.mode == "I" and pixels.min() >= 0 and pixels.max() <= 65535:
        pixels = pixels.astype(np.uint16)
    if pixels.dtype.kind == "u" and pixels.itemsize <= 2 and pixels.ndim in (2, 3):
        return pixels.astype(pixels.dtype.newbyteorder("="))
    raise ImageFileError(f"{path}: pixel type {image.mode!r} is neither 8 nor 16 bit")


def _is_deep(path: Path) -> bool:
    """Whether a PNG or TIFF stores 16 bits a channel (Pillow would drop the lower eight)."""
    with path.open("rb") as file:
        head = file.read(32)
    if head.startswith(b"\x89PNG"):
        return head[24] == 16
    with _raised, Image.open(path) as image:
        return 16 in image.tag_v2.get(258, ())


def _read_deep_colour(path: Path) -> np.ndarray:
    import cv2

    pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 3:
        raise ImageFileError(f"{path}: cannot be read as a 16-bit colour image")
    return np.ascontiguousarray(pixels[..., 2::-1])


def orientation(path: Path) -> int:
    """The EXIF orientation of a picture that :func:`read` can read, 1 if it says none.

    Pillow turns TIFF files by itself while it reads them, so theirs is 1.
    """
    with _raised, Image.open(path) as image:
        return 1 if image.format == "TIFF" else int(image.getexif().get(ORIENTATION, 1))


def size_of(path: Path) -> tuple[int, int]:
    """Height and width of a picture, by its head alone; (0, 0) if it is none."""
    try:
        with _raised, Image.open(path) as image:
            return image.height, image.width
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return 0, 0


def write(path: Path, pixels: np.ndarray) -> None:
    """Write (H, W) or (H, W, 3) uint8 or uint16 pixels as PNG.

    Noise repeats nothing: looking for repetitions takes seven times as long and makes pictures of
    a surface no smaller.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if pixels.dtype == np.uint16 and pixels.ndim == 3:
        import cv2

        ok, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))
        if not ok:
            raise ImageFileError(f"{path}: cannot be written as a 16-bit colour image")
        path.write_bytes(data.tobytes())
        return
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, compress_type=NO_REPETITIONS)


def write_indexed(
    path: Path, mask: np.ndarray, colours: dict[int, str], *, small: bool = True
) -> None:
    """Write an (H, W) uint8 index mask as a palette PNG: indices stay, viewers show colours.

    ``colours`` maps an index to ``"#rrggbb"``. Files that need not be ``small`` are written in a
    tenth of the time.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    palette = np.zeros((256, 3), np.uint8)
    for index, colour in colours.items():
        palette[index] = rgb(colour)
    height, width = mask.shape
    image = Image.frombytes("P", (width, height), np.ascontiguousarray(mask, np.uint8).tobytes())
    image.putpalette(palette[: max(colours) + 1].tobytes())
    image.save(path, **({"optimize": True} if small else {"compress_level": 1}))


def read_indexed(path: Path) -> np.ndarray:
    """The (H, W) uint8 indices of a palette or single-channel PNG (the palette is not resolved).

    Raises
    ------
    ImageFileError
        If the file is missing, truncated or holds colours instead of indices.
    """
    path = Path(path)
    try:
        with _raised, Image.open(path) as image:
            image.load()
            mode, pixels = image.mode, np.array(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageFileError(f"{path}: cannot be read as an image ({error})") from error
    if mode not in ("P", "L"):
        raise ImageFileError(f"{path}: holds {mode} pixels, not class indices")
    return pixels.astype(np.uint8)


def rgb(colour: str) -> tuple[int, int, int]:
    """``"#rrggbb"`` as three integers 0 to 255."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
