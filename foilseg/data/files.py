"""Files and folders that are whole or not there, and what tells whether a file was altered.

What is written lies under another name until it is complete: whoever is killed in between leaves
nothing that could be taken for a result.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def write_bytes(data: bytes, path: Path, shared: bool = False) -> None:
    """Write a file, with its folder, whole or not at all.

    The data are forced to the disk under the name ``NAME.part``, which is then changed.

    Parameters
    ----------
    shared : several processes may write this file at the same time; each does so under a name of
        its own, and the last one wins.

    Raises
    ------
    OSError
        If it cannot be written, for want of space above all; what was there before stays.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}" if shared else f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OSError(
            f"{path}: cannot be written ({error.strerror}); make room or permit it"
        ) from error


def write_text(text: str, path: Path, shared: bool = False) -> None:
    """:func:`write_bytes` of a text in UTF-8."""
    write_bytes(text.encode(), path, shared)


def state(places: Iterable[Path]) -> int:
    """Another number when a file right in one of some folders has come, gone or been written since.

    Folders that are not there count as empty.
    """
    found = (entry for place in places if place.is_dir() for entry in os.scandir(place))
    stats = sorted((entry.path, *_changed(entry.stat())) for entry in found if entry.is_file())
    return hash(tuple(stats))


def _changed(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@contextmanager
def new_folder(root: Path, over: bool = False) -> Iterator[Path]:
    """A folder to fill, which gets its name ``root`` when the block ends without an error.

    Otherwise it is removed. ``root`` must not exist, or be an empty folder; with ``over`` the new
    one takes the place of whatever is there.

    Raises
    ------
    OSError
        If ``root`` holds something, when the block ends.
    """
    root = Path(root)
    part = root.with_name(f".{root.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if over:
            shutil.rmtree(root, ignore_errors=True)
        part.rename(root)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
