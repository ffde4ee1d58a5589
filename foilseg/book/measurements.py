"""Stored measurements (``benchmarks/results/NAME.txt``) as small tables; the log stays text."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd

from foilseg.book.prose import RESULTS

BOUND = re.compile(
    r"^\s*(?P<what>\S.*?)\s{2,}(?P<measured>\S.*?)\s{2,}(?P<asked>(<=|>=)\s*\S.*?)\s*$"
)
TIMES = re.compile(r"^\s+ratio\s{2,}(?P<measured>\S.*?)(\s{2,}(?P<asked>>=\s*\S.*?))?\s*$")
LINE = re.compile(r"^(?P<indent>\s*)(?P<what>\S.*?)(\s{2,}|:?$)")
CASE = re.compile(r"^(?P<case>\S.*?): time and memory over (?P<peer>.*?), wanted")
RATIO = re.compile(
    r"^\s+(?P<what>\S.*?)\s+(?P<time>[\d.]+) \(fastest.*?\)\s+memory (?P<memory>[\d.]+)$"
)
SPEED = re.compile(
    r"^  (?P<what>\S.*?)\s{2,}(?P<rate>[\d.]+)\s+(?P<metres>[\d.]+)\s+(?P<cores>\d+)\s{2,}"
    r"(?P<note>.*)$"
)
METRE = re.compile(r"a metre of foil is (?P<megapixels>[\d.]+) megapixels")
CORES, WANTED = (
    re.compile(r"(\d+) cores"),
    re.compile(r"(\d+) m/min"),
)  # measured on; a line's speed
SIGNS = {"<=": "at most", ">=": "at least"}
NO_BOUND = "nothing"
INEQUALITY = {"(max - min) / max": "inequality, (max - min) / max"}
FOUND = re.compile(r"^\s*(?P<what>\S.*?)\s+(?P<all>\d+)(?P<pairs>(\s+\d+,\s*\d+)+)$")
# short names of lists in the log -> what they are, for the page; "mean of 9" is of probabilities
LISTS = {
    "ours, agreement": "this audit, by agreement",
    "ours, and confidence": "this audit, by agreement and confidence",
    "cleanlab, baseline": "cleanlab, Baseline, least probable label first",
    "largest, baseline": "cleanlab, Baseline, largest object first",
    "loss, baseline": "loss, Baseline, largest loss first",
    "cleanlab, mean of 9": "cleanlab, mean of nine networks, least probable label first",
    "largest, mean of 9": "cleanlab, mean of nine networks, largest object first",
    "loss, mean of 9": "loss, mean of nine networks, largest loss first",
}
READ = {"end": "whole list"}


def _lines(name: str, root: Path) -> list[str]:
    path = Path(root) / f"{name}.txt"
    return path.read_text().splitlines() if path.is_file() else []


def bounds(name: str, root: Path = RESULTS) -> pd.DataFrame:
    """What was measured and what was asked for: columns what, measured, asked for.

    An indented line is named together with the line that it belongs to, and a ratio with the
    program whose time it divides by ours; of ratios all are there, other lines without a bound are
    left out. No row if nothing was measured yet.
    """
    rows, head, last = [], "", ""
    for line in _lines(name, root):
        bound, times, seen = BOUND.match(line), TIMES.match(line), LINE.match(line)
        if times:
            last = re.sub(r"per patch of (\d+)", r"per patch (mean of \1)", last)
            what = f"time of {head.split()[0].rstrip(',')} over ours, {last}"
            rows.append((what, times["measured"], _asked(times["asked"], times["measured"])))
        elif bound:
            what = INEQUALITY.get(bound["what"], bound["what"])
            what = f"{head.rpartition(':')[0] or head}: {what}" if line[0].isspace() else what
            rows.append((what, bound["measured"], _asked(bound["asked"], bound["measured"])))
        if seen:
            head, last = (head if seen["indent"] else seen["what"]), seen["what"]
    return pd.DataFrame(rows, columns=["what", "measured", "asked for"])


def _asked(bound: str | None, measured: str) -> str:
    """A bound in words, in the unit of what was measured if it names none."""
    if not bound:
        return NO_BOUND
    sign, number = bound[:2], bound[2:].strip().replace(" %", "%")
    unit = re.fullmatch(r"[\d.]+ ([a-z]+)", measured)
    named = f" {unit[1]}" if unit and re.fullmatch(r"[\d.]+", number) else ""
    return f"{SIGNS[sign]} {number}{named}"


def ratios(name: str, root: Path = RESULTS) -> pd.DataFrame:
    """Time and memory as ratios to a peer: columns case, what, time, memory (float64)."""
    rows, case = [], ""
    for line in _lines(name, root):
        head, row = CASE.match(line), RATIO.match(line)
        case = head["case"] if head else case
        if row:
            rows.append((case, row["what"], float(row["time"]), float(row["memory"])))
    return pd.DataFrame(rows, columns=["case", "what", "time", "memory"])


NETWORKS = {"base 8": "small network", "base 32": "large network"}
NUMBERS = {"torch.float32": "fp32", "torch.bfloat16": "bf16"}
LOSSES = {
    "torch cross entropy": "torch's cross entropy",
    "cross entropy": "this book's cross entropy",
    "focal": "this book's focal loss",
    "torch cross entropy, weights": "torch's cross entropy, weighted",
    "focal, weights": "this book's focal loss, weighted",
}


def loss_times(name: str = "losses", root: Path = RESULTS) -> pd.DataFrame:
    """Times of ``benchmarks.losses`` in words: a row a loss, a column a network and format."""
    table = ratios(name, root)
    cases = {
        case: f"{NETWORKS.get(case[: case.find(' (')], case)}, {NUMBERS.get(case.split()[-1], '')}"
        for case in dict.fromkeys(table["case"])
    }
    table = table.assign(loss=table["what"].replace(LOSSES), case=table["case"].replace(cases))
    wide = table.pivot(index="loss", columns="case", values="time").rename_axis(columns=None)
    return wide.loc[list(dict.fromkeys(table["loss"])), list(cases.values())]


def right_ones(name: str, root: Path = RESULTS) -> pd.DataFrame:
    """How many of a list's first candidates are right: columns list, candidates, and each number.

    Of the block that begins with ``Objects:``; its columns are headed by how many were reviewed.
    Lists have the names of :data:`LISTS`.
    """
    lines = _lines(name, root)
    begin = next((k for k, line in enumerate(lines) if line.startswith("Objects: right")), None)
    if begin is None:
        return pd.DataFrame(columns=["list", "candidates"])
    heads = lines[begin + 1].split(" of ")[1].split()
    rows = []
    for line in lines[begin + 2 :]:
        found = FOUND.match(line)
        if not found:
            break
        right = re.findall(r"(\d+),\s*\d+", found["pairs"])
        name = LISTS.get(found["what"], found["what"])
        rows.append((name, int(found["all"]), *map(int, right)))
    return pd.DataFrame(
        rows, columns=["list", "candidates", *(READ.get(h, f"first {h}") for h in heads)]
    )


def speeds(name: str = "line", root: Path = RESULTS) -> pd.DataFrame:
    """What keeps up with a line: what, megapixels per second, metres per minute, cores, note.

    Metres follow from the first column and the log's megapixels of a metre, and the cores that a
    line needs from these, rounded up. A row without a note has a dash.
    """
    columns = ["what", "megapixels per second", "metres per minute", "cores for the line", "note"]
    lines = _lines(name, root)
    metre, cores, wanted = (
        next((float(m[1]) for line in lines if (m := each.search(line))), math.nan)
        for each in (METRE, CORES, WANTED)
    )
    rows = []
    for what, rate, *_, said in (m.groups() for x in lines if (m := SPEED.match(x))):
        metres = 60 * float(rate) / metre
        needed = math.ceil(cores * wanted / metres)
        rows.append((what, float(rate), metres, needed, said or "\N{EN DASH}"))
    return pd.DataFrame(rows, columns=columns)
