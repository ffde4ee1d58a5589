"""Carry the shipped studies over to code that computes the same under another code version.

    python -m benchmarks.migrate COMMIT           prove it
    python -m benchmarks.migrate COMMIT --write   and rewrite the manifests of results/
    python -m benchmarks.migrate COMMIT --write --runs _runs    and the trained runs there

COMMIT is the last one under whose code version the studies are valid. Proof: every network of
every row in the smoke profile, trained by the code of then and by that of now, has the same
weights, losses, patches, counts, probabilities and predictions, byte by byte; and the data of
every study of the twin are rendered with the same pixels. Only then do the manifests get new
names for the same things; each keeps a record of what was proved.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from foilseg.data import files, folder
from foilseg.studies import references, shipped, variants
from foilseg.studies.references import References
from foilseg.training import experiments, rows, runs
from foilseg.training.rows import Profile
from foilseg.twin import render
from foilseg.twin.config import TwinConfig

KEPT = ("experiment", "defect", "profile", "seed", "members", "thresholds")
APART = {runs.CONFIG, runs.COST, runs.CHECKSUMS}  # names, and what a clock measured
TRAIN = "from foilseg.cli import main; raise SystemExit(main())"
RENDER = """
import sys
try:
    from foilseg.studies.variants import profile
    from foilseg.twin import render
    from foilseg.data import folder
except ImportError:  # before there were packages
    from foilseg import folder, twin as render
    from foilseg.variants import profile
place = render.write(sys.argv[2], render.TwinConfig(**profile(sys.argv[1]).twin), lights=1)
data = folder.load(place)
print(data.fingerprint, getattr(data, "pixels", data.fingerprint))
"""


def main() -> int:
    """Prove, and with ``--write`` migrate; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_AS_IT_IS)
    parser.add_argument("commit")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--runs", type=Path, help="a folder of runs that are migrated too")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="foilseg-migrate-") as name:
        place = Path(name)
        _check_out(options.commit, place / "then")
        proved = same_networks(place)
        print(proved)
        for study in sorted(shipped.ROOT.glob(f"*/{shipped.MANIFEST}")):
            entry = same_data(study, place)
            print(f"{study.parent}: {entry['data']}")
            if options.write:
                migrate(study, entry | {"commit": options.commit, "networks": proved}, place)
        if options.write and options.runs:
            print(f"{options.runs}: {migrate_runs(options.runs)} runs renamed")
    return 0


_AS_IT_IS = argparse.RawDescriptionHelpFormatter


def _check_out(commit: str, target: Path) -> None:
    archive = subprocess.run(["git", "archive", commit, "foilseg"], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as file:
        file.extractall(target, filter="data")


def _run(tree: Path, work: Path, code: str, *arguments: str) -> str:
    """What a program prints that imports the library of a tree."""
    work.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(tree.resolve())}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, cwd=work, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def same_networks(place: Path) -> str:
    """Train every row in the smoke profile twice and compare them; a sentence that says so.

    Raises
    ------
    SystemExit
        If a file differs or is missing; names it.
    """
    trees = {"then": place / "then", "now": Path()}
    found = {}
    for name, tree in trees.items():
        work = place / f"work-{name}"
        told = ["--profile", "smoke", "--runs", str(work / "runs")]
        _run(tree, work, TRAIN, "train", *experiments.ROWS, *told)
        found[name] = dict(_files(work / "runs"))
    if found["then"].keys() != found["now"].keys():
        raise SystemExit(f"other files: {sorted(found['then'].keys() ^ found['now'].keys())[:6]}")
    differing = [key for key, digest in found["then"].items() if found["now"][key] != digest]
    if differing:
        raise SystemExit(f"{len(differing)} files differ, first {differing[:6]}")
    networks = len({key[0] for key in found["now"]})
    return f"{len(found['now'])} files of {networks} runs of the smoke profile are the same bytes"


def _files(root: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """((run without its hash, file), digest) of everything that a training decides."""
    for path in sorted(root.rglob("*")):
        run = path.relative_to(root).parts[0].rpartition("-")[0]
        if path.is_file() and path.name not in APART and run and "evaluations" not in path.parts:
            yield (run, "/".join(path.relative_to(root).parts[1:])), runs.digest(path)


def same_data(manifest: Path, place: Path) -> dict[str, Any]:
    """Render the twin of a study, unless its data are others, and compare it with what it was.

    Raises
    ------
    SystemExit
        If a pixel differs.
    """
    told = json.loads(manifest.read_text())
    before = told["data"]["fingerprint"]
    if not told["twin"]:
        return {"before": before, "now": before, "data": "its data are no twin and stay"}
    data = folder.load(render.write(_rendered(told, place), _config(told), lights=1))
    then = told["data"].get("pixels")
    if then != data.pixels:  # another processor: what did the code of then render here?
        target = str(place / f"then-{_rendered(told, place).name}")
        known, then = _run(place / "then", place, RENDER, told["profile"], target).split()
        if before not in (known, then):
            raise SystemExit(f"{manifest.parent}: is of another twin than that of the commit")
    if data.pixels != then:
        raise SystemExit(f"{manifest.parent}: its twin is rendered with other pixels")
    same = f"all pixels of {len(data.foils)} foils and their masks are the same"
    return {"before": before, "now": data.fingerprint, "pixels": data.pixels, "data": same}


def _config(told: dict[str, Any]) -> TwinConfig:
    return TwinConfig(**variants.profile(told["profile"]).twin)


def _rendered(told: dict[str, Any], place: Path) -> Path:
    return place / f"twin-{render.recipe(_config(told))[:12]}"


def renewed(old: dict[str, Any], data: str) -> dict[str, Any]:
    """The determinants of a run as today's code writes them."""
    row = rows.row_of(old)
    sizes = {f.name: old[f.name] for f in fields(Profile) if f.name in old}
    profile = Profile(old["profile"], **sizes)
    kept = {k: old[k] for k in KEPT if k in old}
    return {
        **kept,
        **row.determining,
        **profile.sizes,
        "data": data,
        "code": row.code_with(profile.sizes),
    }


def migrate(manifest: Path, proved: dict[str, Any], place: Path) -> None:
    """Rewrite the names in a manifest; add the references of a study that has none."""
    told = json.loads(manifest.read_text())
    before, now = proved.pop("before"), proved.pop("now")
    for entry in told["runs"].values():
        if entry["determines"]["data"] != before:
            raise SystemExit(f"{manifest}: holds runs of other data than its own")
        entry["determines"] = renewed(entry["determines"], now)
    told["data"] |= {"fingerprint": now} | {k: proved[k] for k in ("pixels",) if k in proved}
    told.pop("code", None)
    if told["twin"] and told["predictions"] and references.FILE not in told["files"]:
        path = manifest.parent / references.FILE
        References.of(folder.load(_rendered(told, place))).write(path)
        told["files"][references.FILE] = runs.digest(path)
    told.setdefault("migrated", []).append({"data": [before, now]} | proved)
    files.write_text(json.dumps(told, indent=1) + "\n", manifest)


def migrate_runs(root: Path) -> int:
    """Give the complete runs in a folder, and what was found out about them, today's names.

    How many there were. Their data have to be the same as before. Joined runs, which name others,
    come last. Interrupted, it loses nothing.
    """
    found = [runs.Run(path.parent) for path in sorted(root.glob(f"*/{runs.CHECKSUMS}"))]
    found.sort(key=lambda run: "members" in run.determines)
    names: dict[str, str] = {}
    for run in found:
        wanted = renewed(run.determines, run.determines["data"])
        if "members" in wanted:
            members = wanted["members"]
            wanted["members"] = {d: names.get(name, name) for d, name in members.items()}
        names[run.name] = _rename(run, wanted, runs.folder(root, wanted))
    return sum(before != now for before, now in names.items())


def _rename(run: runs.Run, wanted: dict[str, Any], target: Path) -> str:
    """Seal a run anew under another name, and only then remove the old one; its name then."""
    if target == run.path:
        return run.name
    part = target.with_name(f"{target.name}.moved")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(run.path, part, copy_function=os.link)
    told = json.dumps(run.config | {"determines": wanted}, indent=1) + "\n"
    files.write_text(told, part / runs.CONFIG)
    evaluations = [(run.evaluation_file(name), name) for name in run.evaluations()]
    for path, name in evaluations:
        files.write_text(path.read_text(), runs.Run(target).evaluation_file(name))
    runs.complete(part, target)
    shutil.rmtree(run.path)
    for path, _ in evaluations:
        path.unlink()
    return target.name


if __name__ == "__main__":
    sys.exit(main())
