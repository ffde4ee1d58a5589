"""From a number on a page back to its run: network, seed, command, code, data and machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from foilseg.data import escape
from foilseg.data.dataset import Dataset
from foilseg.studies import shipped
from foilseg.studies.model import Model
from foilseg.training import experiments, runs
from foilseg.training.rows import Experiment
from foilseg.training.stored_run import StoredRun

MISSING = "not trained"
JOINED = "joined"
COLUMNS = ["model", "network", "seed", "run", "command", "made with", "format", "code", "data"]


def command(
    data: str, profile: str, seed: int, store: Path, names: Iterable[str | Experiment], *flags
) -> str:
    """The line that trains experiments: what differs from a default is written.

    Parameters
    ----------
    data : a dataset folder, or "" for the twin.
    names : with a row that a variant alone has, all of them are trained.
    store : where the runs are stored.
    flags : put at its end.
    """
    known = list(names)
    known = known if all(isinstance(name, str) for name in known) else ["all"]
    words = ["foilseg", "train", *known, "--profile", profile]
    words += ["--seed", str(seed)] if seed else []
    words += ["--data", data] if data else []
    words += ["--runs", str(store)] if store != runs.ROOT else []
    return " ".join([*map(shlex.quote, words), *flags])


def banner(data: Dataset, profile: str, seed: int, *more: str) -> str:
    """HTML at the head of a chapter: which study its numbers come from.

    ``more`` are sentences that follow.
    """
    facts = (
        f"Data: {data.name} ({len(data.foils)} images, fingerprint {data.fingerprint[:8]});"
        f" profile {profile}; seed {seed}; code {experiments.all_code()[:8]}."
    )
    return box(" ".join([facts, *filter(None, more)]), smoke=profile == "smoke")


def table(models: Iterable[Model]) -> pd.DataFrame:
    """The runs of some models: a row a network, and one for what was joined of several.

    A network without a run has its command and, in the place of the run, a word; a row of your
    own has no command, because the page itself makes it.
    """
    return pd.DataFrame([row for model in models for row in _rows(model)], columns=COLUMNS)


def _rows(model: Model) -> list[tuple]:
    found = {d: model.found(d) for d in model.networks}
    rows = [_row(model, defect or "all classes", run) for defect, run in found.items()]
    if model.row.is_one_vs_rest and all(found.values()):
        from foilseg.training import one_vs_rest

        members = one_vs_rest.determinants(found, [one_vs_rest.THRESHOLD] * len(found))
        whole = model.study.find(members)
        rows += [_row(model, JOINED, whole)] if whole else []
    return rows


def _row(model: Model, network: str, run: StoredRun | None) -> tuple:
    listed = model.row.name in experiments.ROWS
    line = model.study.command([model.row.name]) if listed else "made on this page"
    head = (model.title, network, model.study.seed)
    if run is None:
        return (*head, MISSING, line, "", "", "", "")
    made, determines = run.config["circumstances"], run.determines
    places = determines["code"][:8], determines["data"][:8]
    form = made.get("precision", "")
    return (*head, run.name, line, circumstances(made), form, *places)


def circumstances(made: dict) -> str:
    """Libraries, machine and threads of a run, in one line."""
    libraries = [f"{name} {version}" for name, version in made["libraries"].items()]
    threads = f"{made['threads']} thread{'s' if made['threads'] != 1 else ''}"
    parts = [f"Python {made['python']}", *libraries, made["machine"], threads]
    return ", ".join([*parts, *(made[k] for k in ("device",) if k in made)])


@dataclass(frozen=True, eq=False)
class Provenance:
    """A table of :func:`table`, with a sentence that says how many runs there are."""

    frame: pd.DataFrame

    @property
    def note(self) -> str:
        """How many runs, and what is missing."""
        lacking = self.frame.loc[self.frame["run"] == MISSING]
        number = len(self.frame) - len(lacking)
        there = f"{number} run{'' if number == 1 else 's'} behind this page{self._mixed}"
        if lacking.empty:
            return f"{there}; none is missing."
        seeds = lacking.groupby("model", sort=False)["seed"].unique()
        kinds = "; ".join(f"{m} with seed {', '.join(map(str, s))}" for m, s in seeds.items())
        return f"{there}; not trained yet: {kinds}. The commands that train them are in the table."

    @property
    def _mixed(self) -> str:
        trained = self.frame[(self.frame["run"] != MISSING) & (self.frame["network"] != JOINED)]
        kinds = trained["format"]
        return f", made in {shipped.formats(kinds)}" if kinds.nunique() > 1 else ""

    def _repr_html_(self) -> str:
        inside = self.frame.to_html(classes="provenance", index=False, border=0, na_rep="")
        return f'{escape.paragraph(self.note)}<div style="overflow-x: auto">{inside}</div>'

    def __repr__(self) -> str:
        return f"{self.note}\n{self.frame!r}"


def box(facts: str, smoke: bool) -> str:
    """The box at the head of a chapter, with a warning if the study is a smoke run.

    ``facts`` is plain text.
    """
    kind, title = ("warning", "Smoke run") if smoke else ("note", "Study")
    caution = (
        " A smoke run shows that everything works. It is far too small for its numbers to mean"
        " anything."
    )
    return (
        f'<div class="admonition {kind}"><p class="admonition-title">{title}</p>'
        f"{escape.paragraph(facts + caution * smoke)}</div>"
    )
