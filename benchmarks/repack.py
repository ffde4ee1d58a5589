"""Turn a study that was shipped as one folder a run into tables, and prove that nothing is lost.

    python -m benchmarks.repack results/NAME

The old folder is replaced only after everything that its files hold was read back from the new one
and found equal: counts, histories, ledgers, histograms, claims, costs, evaluations, findings and,
of the study's own seed, predictions.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

from foilseg.analysis import gather, records, ship
from foilseg.studies import references, run_tables, shipped, tables
from foilseg.training import runs
from foilseg.training.runs import Run

PICTURES, EVALUATIONS = "predictions", run_tables.EVALUATIONS


@dataclass(frozen=True)
class Old(Run):
    """A run of a study that was shipped as folders; ``told`` is its entry in the manifest."""

    told: Any = None

    @property
    def determines(self) -> dict[str, Any]:
        """By the names of the manifest, which may have been migrated."""
        return self.told["determines"]

    def evaluation_file(self, name: str) -> Path:
        """In the study's folder."""
        return self.path.parent / EVALUATIONS / f"{self.name}-{name}.csv"

    @property
    def foils(self) -> list[str]:
        """Those it has predictions of."""
        return sorted(p.stem for p in (self.path / PICTURES).glob("*.png"))


def main() -> None:
    """Repack the studies that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", type=Path)
    for place in parser.parse_args().studies:
        before, part = _size(place), place.with_name(place.name + ".part")
        repack(place, part)
        begin = time.perf_counter()
        proved = prove(place, part)
        seconds = time.perf_counter() - begin
        after = _size(part)
        shutil.rmtree(place)
        part.replace(place)
        print(f"{place}: {before} -> {after}; equal are {proved}; compared in {seconds:.0f} s")


def _size(place: Path) -> str:
    sizes = [p.stat().st_size for p in place.rglob("*") if p.is_file()]
    return f"{len(sizes)} files, {sum(sizes) / 1e6:.2f} MB"


def _opened(place: Path) -> tuple[dict[str, Any], list[Old]]:
    manifest = json.loads((place / shipped.MANIFEST).read_text())
    listed = dict(manifest["files"])
    for name, entry in manifest["runs"].items():
        listed |= {f"{name}/{file}": digest for file, digest in entry["files"].items()}
    for name, digest in listed.items():
        if runs.digest(place / name) != digest:
            raise SystemExit(f"{place / name}: altered")
    return manifest, [Old(place / name, entry) for name, entry in manifest["runs"].items()]


def repack(place: Path, part: Path) -> None:
    """Write the study in ``place`` as tables to ``part``."""
    shutil.rmtree(part, ignore_errors=True)
    manifest, found = _opened(place)
    part.mkdir()
    files = run_tables.write(found, part)
    colours = {c["index"]: c["colour"] for c in manifest["classes"]}
    regions = {}
    for run in found:
        if run.foils and run.determines["seed"] == manifest["seed"]:
            masks = {foil: run.prediction(foil) for foil in run.foils}
            files.append(tables.write_masks(part, run.name, list(masks.values()), colours))
            regions = {foil: mask.shape for foil, mask in masks.items()}
    regions = regions or _regions(found[0])
    for name, table in _loose(place):
        files.append(tables.write(part, name, table))
    if (place / references.FILE).is_file():
        shutil.copyfile(place / references.FILE, part / references.FILE)
        files.append(references.FILE)
    manifest["regions"] = regions
    manifest["runs"] = {run.name: ship.told(run) | _made(run) for run in found}
    manifest["files"] = {name: runs.digest(part / name) for name in sorted(files)}
    (part / shipped.MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")


def _made(run: Old) -> dict[str, Any]:
    return {"made": run.told["made"]}


def _regions(run: Old) -> dict[str, tuple[int, int]]:
    """Without a prediction the regions' shapes are not known, and nothing asks for them."""
    return {}


def _loose(place: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables that belong to no run: name -> table."""
    texts = dict.fromkeys(tables.TEXT, str)
    building = place / EVALUATIONS / "building.csv"
    if building.is_file():
        yield gather.SHIPPED_BUILDING, pd.read_csv(building, dtype=texts)
    for path in sorted((place / records.FOLDER).glob("*.csv")):
        yield f"{records.FOLDER}/{path.stem}", pd.read_csv(path, dtype=texts)


def prove(place: Path, part: Path) -> str:
    """Compare everything; how much was equal, in words.

    Raises
    ------
    AssertionError
        If something differs; names it.
    """
    new, (manifest, found) = shipped.open_shipped(part.name, part.parent), _opened(place)
    assert list(new.manifest["runs"]) == [run.name for run in found]
    same: dict[str, int] = {}
    for old in found:
        run = new.run(old.name)
        assert (run.determines, run.config) == (old.determines, old.config), old.name
        assert new.manifest["runs"][old.name]["made"] == old.told["made"], old.name
        for part_name in _prove_parts(run, old):
            same[part_name] = same.get(part_name, 0) + 1
        if old.foils and old.determines["seed"] == manifest["seed"]:
            for foil in old.foils:
                assert np.array_equal(run.prediction(foil), old.prediction(foil)), (old.name, foil)
                same[PICTURES] = same.get(PICTURES, 0) + 1
        for name in old.evaluations():
            _same_table(run.evaluation(name), old.evaluation(name), f"{old.name} {name}")
            same[EVALUATIONS] = same.get(EVALUATIONS, 0) + 1
        assert run.evaluations() == old.evaluations()
    for name, table in _loose(place):
        _same_table(new.tables.table(name), table, name)
        same[records.FOLDER] = same.get(records.FOLDER, 0) + 1
    return ", ".join(f"{number} {name}" for name, number in same.items())


def _prove_parts(run, old: Old) -> Iterator[str]:
    """Compare what a run holds; the names of its parts."""
    assert run.parts == old.parts, old.name
    for name in old.parts:
        one, other = getattr(run, name)(), getattr(old, name)()
        if isinstance(other, pd.DataFrame):
            _same_table(one, other, f"{old.name} {name}")
        elif name == "ledgers":
            assert [a.to_json() for a in one] == [a.to_json() for a in other], old.name
        elif name == "histograms":
            _same_table(one.keys, other.keys.astype(str), f"{old.name} {name}")
            assert np.array_equal(one.counts, other.counts), old.name
        else:
            assert (one, list(one)) == (other, list(other)), f"{old.name} {name}"
        yield name


def _same_table(one: pd.DataFrame, other: pd.DataFrame, what: str) -> None:
    """Equal in every bit, and in the kinds of columns unless there are no rows."""
    assert_frame_equal(one, other, check_exact=True, check_dtype=len(other) > 0, obj=what)


if __name__ == "__main__":
    main()
