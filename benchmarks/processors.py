"""The same numbers on every processor: the book executed as if on several, and compared.

    python -m benchmarks.processors                      all chapters under every setting
    python -m benchmarks.processors 01_dataset 06 --settings Haswell SkylakeX

Libraries choose their kernels by processor, and can be told to choose those of another. Each
setting renders the data anew; what was trained, or shipped, is the same for all. Compared is
every text that a cell prints: tables, sentences, glued numbers, banners.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import json, sys
from foilseg.book import chapters
names, parameters, out = json.loads(sys.argv[1])
chapters.execute(names, parameters, out_dir=out, force=True, progress=False)
"""
PRINTED = ("text/", "application/papermill.record")  # the second is what glue stores
LINKED = ("notebooks", "results", "benchmarks", "book")  # the last for its glossary


def settings() -> dict[str, dict[str, str]]:
    """Name of a setting -> environment, of those that this processor can compute in."""
    import cv2
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    optional = [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]
    vectors = [name.strip("*?") for name in cv2.getCPUFeaturesLine().split()]
    wide = [name for name in vectors if name.startswith("AVX")]
    found = {"as it is": {}}
    found |= {name: {"OPENBLAS_CORETYPE": name} for name in ("Haswell", "Zen", "Nehalem")}
    if __cpu_features__.get("AVX512_SKX") or "X86_V4" in optional:
        found["SkylakeX"] = {"OPENBLAS_CORETYPE": "SkylakeX"}
    if optional:
        found["numpy without options"] = {"NPY_DISABLE_CPU_FEATURES": " ".join(optional)}
    if wide:
        found["OpenCV without AVX"] = {"OPENCV_CPU_DISABLE": ",".join(wide)}
    found["torch without vectors"] = {"ATEN_CPU_CAPABILITY": "default"}
    found["oneDNN up to AVX2"] = {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    return found


def place(folder: Path) -> Path:
    """A folder in which chapters can be executed with data of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def execute(
    names: Sequence[str], parameters: Mapping[str, str], setting: Mapping[str, str], folder: Path
) -> dict[str, list[str]]:
    """Execute chapters in a folder under a setting: chapter -> what its cells print."""
    out = folder / "out"
    told = json.dumps([list(names), dict(parameters), str(out)])
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | setting
    command = [sys.executable, "-c", PROGRAM, told]
    subprocess.run(command, cwd=place(folder), env=environment, check=True)
    return {path.stem: printed(path) for path in sorted(out.glob("*.ipynb"))}


def printed(path: Path) -> list[str]:
    """Every text that the cells of an executed chapter print or glue, in order."""
    texts = []
    for cell in json.loads(path.read_text())["cells"]:
        for output in cell.get("outputs", []):
            texts += ["".join(output["text"])] if "text" in output else []
            data = output.get("data", {})
            kinds = sorted(kind for kind in data if kind.startswith(PRINTED))
            texts += ["".join(data[kind]) for kind in kinds]
    return texts


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    """Where two executions print something else: one line a place."""
    found = [f"{name}: not executed in both" for name in sorted(one.keys() ^ other.keys())]
    for name in sorted(one.keys() & other.keys()):
        if len(one[name]) != len(other[name]):
            found.append(f"{name}: {len(one[name])} and {len(other[name])} outputs")
        pairs = enumerate(zip(one[name], other[name]))
        found += [f"{name}, output {n}: {_apart(a, b)}" for n, (a, b) in pairs if a != b]
    return found


def _apart(one: str, other: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    return f"{one[max(0, at - 30) : at + 30]!r} and {other[max(0, at - 30) : at + 30]!r}"


def main() -> int:
    """Execute under every setting; 1 if one prints something else than the first."""
    known = settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["all"])
    parser.add_argument("--profile", default="matched")
    parser.add_argument("--settings", nargs="+", choices=known, default=list(known))
    options = parser.parse_args()
    status, first = 0, None
    with TemporaryDirectory(prefix="foilseg-processors-") as folder:
        parameters = {"profile": options.profile, "runs": str(Path(folder) / "runs")}
        for number, name in enumerate(options.settings):
            begin = time.monotonic()
            found = execute(options.names, parameters, known[name], Path(folder) / str(number))
            first = first or found
            apart = differences(first, found)
            texts = sum(map(len, found.values()))
            told = f"{len(apart)} differ" if apart else "all the same"
            print(f"{name}: {len(found)} chapters, {texts} texts, {told}", end="")
            print(f" ({time.monotonic() - begin:.0f} s)", *apart[:20], sep="\n  ", flush=True)
            status |= bool(apart)
    return status


if __name__ == "__main__":
    sys.exit(main())
