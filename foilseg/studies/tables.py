"""Tables of a shipped study: ``NAME.csv.xz``, one a kind, which ``pandas.read_csv`` reads.

Those of the runs have a column ``run``, and its rows together. A file is compared with its
checksum when it is read, and read once for an opened study.
"""

from __future__ import annotations

import io
import json
import lzma
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foilseg.data import files, images
from foilseg.training.locks import RunError

ENDING = ".csv.xz"
PREDICTIONS, PROBABILITIES = "predictions", "probabilities"
# Columns of names: a foil "01" is not the number 1, and a defect "NA" is one.
TEXT = ("run", "model", "network", "foil", "against", "defect", "class", "loss", "train_set")
FLUSH = 1  # how hard masks in memory are deflated


def write(root: Path, name: str, table: pd.DataFrame) -> str:
    """Write a table as ``root/NAME.csv.xz``; its path in the study. The same gives the same bytes.

    float32 columns are written in the shortest form that reads back to the same float32.
    """
    short = table.select_dtypes("float32").columns
    table = table.assign(**{c: _shortest(table[c].to_numpy()) for c in short})
    text = table.to_csv(index=False, lineterminator="\n").encode()
    files.write_bytes(lzma.compress(text), root / f"{name}{ENDING}")
    return f"{name}{ENDING}"


def _shortest(values: np.ndarray) -> list[str]:
    return ["" if np.isnan(value) else str(value) for value in values]


def write_masks(
    root: Path, name: str, masks: Sequence[np.ndarray], colours: dict, place: str = PREDICTIONS
) -> str:
    """Write masks, uint8 (H, W) each, one below the other as an indexed PNG; its path.

    The narrower ones are filled with 0 at their right.
    """
    width = max(mask.shape[1] for mask in masks)
    tall = np.concatenate([np.pad(m, ((0, 0), (0, width - m.shape[1]))) for m in masks])
    images.write_indexed(root / place / f"{name}.png", tall, colours)
    return f"{place}/{name}.png"


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables and masks of one study.

    Attributes
    ----------
    root : its folder.
    files : path -> sha256.
    regions : foil -> (H, W) of its validation region, in the order of the stacked masks.
    """

    root: Path
    files: Mapping[str, str]
    regions: Mapping[str, Sequence[int]] = field(default_factory=dict)
    _read: dict[str, Any] = field(default_factory=dict, repr=False)

    def __contains__(self, name: str) -> bool:
        return f"{name}{ENDING}" in self.files

    def content(self, name: str) -> bytes:
        """The bytes of a file of the study, after their checksum was compared.

        Raises
        ------
        foilseg.training.locks.RunError
            If the study has no such file, or it is missing or altered.
        """
        path = self.root / name
        if name not in self.files or not path.is_file():
            raise RunError(f"{path}: is not in the study; restore {self.root}")
        content = path.read_bytes()
        if sha256(content).hexdigest() != self.files[name]:
            raise RunError(f"{path}: altered since the study was packed; restore {self.root}")
        return content

    def document(self, name: str) -> Any:
        """The content of a JSON file."""
        return self._once(name, lambda: json.loads(self.content(name)))

    def table(self, name: str) -> pd.DataFrame:
        """A whole table, a copy of one's own; errors as :meth:`content`."""
        return _plain(self._table(name))

    def rows(self, name: str, run: str, literal: bool = False) -> pd.DataFrame:
        """The rows of one run, without that column; errors as :meth:`content`.

        ``literal`` leaves every cell the text that it is.
        """
        table = self._table(name, literal)
        places = self._once(f"{name} of runs", lambda: _places(table["run"]))
        first, last = places.get(run, (0, 0))
        return _plain(table.iloc[first:last].drop(columns="run").reset_index(drop=True))

    def mask(self, name: str, foil: str) -> np.ndarray:
        """The mask of a foil, uint8 (H, W), of the file that :func:`write_masks` wrote.

        Raises
        ------
        foilseg.training.locks.RunError
            If there is no such file or foil, or the file is altered.
        """
        file = f"{PREDICTIONS}/{name}.png"
        if foil not in self.regions:
            raise RunError(f"{self.root / file}: has no prediction of foil {foil}")
        parts = self._once(file, lambda: self._deflated(file))
        return np.frombuffer(bytearray(zlib.decompress(parts[foil])), np.uint8).reshape(
            self.regions[foil]
        )

    def indexed(self, file: str) -> np.ndarray:
        """An indexed PNG of the study: uint8 (H, W); errors as :meth:`content`."""
        self.content(file)
        return images.read_indexed(self.root / file)

    def _deflated(self, file: str) -> dict[str, bytes]:
        """Foil -> its mask, small enough in memory to keep those of all runs."""
        tall, top, parts = self.indexed(file), 0, {}
        for foil, (height, width) in self.regions.items():
            parts[foil] = zlib.compress(tall[top : top + height, :width].tobytes(), FLUSH)
            top += height
        return parts

    def _table(self, name: str, literal: bool = False) -> pd.DataFrame:
        return self._once(name, lambda: parse(self.content(f"{name}{ENDING}"), literal))

    def _once(self, key: str, make) -> Any:
        if key not in self._read:
            self._read[key] = make()
        return self._read[key]


def parse(content: bytes, literal: bool = False) -> pd.DataFrame:
    """The table of a file's bytes; names are categories, and of a ``literal`` one all is text."""
    # Categories are made afterwards: read as such, "01" would become the number 1.
    kinds = str if literal else dict.fromkeys(TEXT, str)
    options = {"keep_default_na": False, "na_values": [""]}
    table = pd.read_csv(io.BytesIO(content), compression="xz", dtype=kinds, **options)
    return table.astype({name: "category" for name in TEXT if name in table})


def _places(runs: pd.Series) -> dict[str, tuple[int, int]]:
    """Run -> its first row and the one after its last."""
    codes = runs.cat.codes.to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    ends = [*starts[1:], len(codes)]
    names = runs.cat.categories[codes[starts]]
    if len(set(names)) < len(names):
        raise RunError("run: the rows of a run are not together; pack the study again")
    return dict(zip(names, zip(starts.tolist(), map(int, ends))))


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    names = [c for c in table if isinstance(table[c].dtype, pd.CategoricalDtype)]
    return table.astype(dict.fromkeys(names, str))
