"""What lies in a dataset folder, and the problems with it: what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from foilseg.data import escape, images


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which file, what, and what to do about it."""

    file: str
    what: str
    advice: str

    def __str__(self) -> str:
        return escape.printable(f"{self.file}: {self.what}; {self.advice}")


class DatasetError(ValueError):
    """A dataset folder with problems; ``problems`` lists them all, the message shows them."""

    def __init__(self, root: Path, problems: list[Problem]):
        self.problems = problems
        lines = "\n".join(f"  {p}" for p in problems)
        super().__init__(f"{root}: {len(problems)} problem(s) in the dataset folder\n{lines}")


@dataclass
class Scan:
    """One pass over a dataset folder, and the problems met on the way."""

    root: Path
    problems: list[Problem] = field(default_factory=list)

    def add(self, file: Path | str, what: str, advice: str) -> None:
        """Note a problem; the file is named from the folder on."""
        path = Path(file)
        inside = path.is_relative_to(self.root) and path != self.root
        name = path.relative_to(self.root) if inside else path
        self.problems.append(Problem(str(name), what, advice))

    def pixels(self, path: Path) -> np.ndarray | None:
        """The pixels of an image file; None, and a problem, if it cannot be read."""
        try:
            return images.read(path)
        except images.ImageFileError as error:
            reason = str(error).split(": ", 1)[1]
            self.add(path, reason, "export the file again or remove it")
            return None


def files(scan: Scan, folder: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Name -> file. What file managers leave behind is no data; anything else is a problem."""
    found: dict[str, Path] = {}
    place = scan.root / folder
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if images.is_left_behind(path.name):
            continue
        if wrong := _no_picture(path, suffixes):
            scan.add(path, wrong, f"move it out of {folder}/")
        elif wrong := escape.unfit(path.stem, escape.LONGEST_FILE):
            scan.add(path, f"its name {wrong}", "rename the file, and its label and truth alike")
        elif path.stem in found:
            other = found[path.stem].name
            scan.add(path, f"has the same name as {other}", "keep one of the two")
        else:
            found[path.stem] = path
    return found


def _no_picture(path: Path, suffixes: tuple[str, ...]) -> str:
    """What a thing in a folder of pictures is, if it is no picture."""
    if path.is_symlink() and not path.exists():
        return f"is a link to {path.readlink()}, which is not there"
    if path.is_dir():
        return "is a folder"
    if not path.is_file():
        return "is no file"
    if path.name.startswith("."):
        return "is a hidden file"
    return "" if path.suffix.lower() in suffixes else f"is not one of {', '.join(suffixes)}"
