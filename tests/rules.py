"""The project's rules as functions: each returns what breaks it, in words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from statistics import median

import jupytext
import yaml

from foilseg.book import notebooks

# Imports point only up this list: by package, and within a package by file.
LAYERS = """
    data: escape files images nearness components dataset photometric scan masks splits
        defects description label_errors plausibility folder raw_lights
    formats: shapes shrinking standardising assembling labelme coco masks
        magnetic_tile registry divide commands
    thesis: checks published result_tables training_tables audit
    twin: shapes kinds annotators quotas surface config placement render
    sampling: object_runs plans uniform pools alterations equal_lattice choices equal_design
        equal_exchange equal_frontier ledger equal_pixels random_order resampling trainsets
    networks: registry weighting checkpoints unet starts together devices losses region_losses
        class_wise label_noise costs inference quick export
    evaluation: metrics curves examples label_audit mistakes bootstrap scores
        label_audit_quality example_windows example_rules judgement rank_swaps object_scores
        operating_points prior_correction
    claims: evidence claim change_claims rate_claims study_claims registry verdicts turning reasons
    training: batches averaging locks rows experiments meters probing settings stored_run
        runs training evaluations restore fit one_vs_rest relabelling
    studies: workers cluster network model predict references variants tables run_tables shipped_run
        shipped source provenance study acquisition estimate
    measured: relabelled confidence prior_tables object_tables held_out probability_maps dial_crop
        live
    analysis: stability trainings thresholds priors
        gather drawn counterfactuals records object_parts comparisons model_tables
        expectations remedies packed_findings ship
    elsewhere: domains expected_of_tiles
    data_efficiency: from_twin rendered expected
    decisions: objects conformal compared prices stopping scores likeness decision calibration
        quickest results sorting page brought worked commands
    drawing: style night names
    figures: model_figures pictures plots result_plots stability_figures
        acquisition_figures error_pictures gallery_figures packing sampling_figures
        defect_figures remedy_figures widgets dial overview_figures price_figures
    book: forked kernels notebooks captions prose digits answers links own measurements readable
        execution selection tables ahead chapters
"""
LOWEST, HIGHEST = ["registry", "code_version", "numbers"], ["cli"]  # beside the packages
MOST_FILES = 16  # of a package
LEAST_CHANGES = 15  # that CONTRIBUTING.md says where to make
CHAPTERS = sorted((Path(__file__).parent.parent / "notebooks").rglob("*.ipynb"))
HEAVY = ("torch", "matplotlib", "seaborn", "skimage", "IPython", "papermill", "nbformat")
PAGE_COLUMNS, LONGEST_SEEN, LONGEST_SOLUTION = 80, 5, 9  # of code that a reader sees
HIDING = {"hide-input", "remove-input"}
LONGEST, MEDIAN, MOST_CELLS, MOST_PARAMETERS = 15, 5, 22, 8
ANSWER = "## The answer first"
# How every chapter ends, and how much of it a reader is to keep.
ENDING = ("To take home", "What this does not show", "Exercises", "Where the numbers come from")
TAKEN_HOME, MOST_SENTENCES, MOST_WORDS = 3, 3, 100
FIELD = re.compile(r"\{[^}]*\}")
SHORT = re.compile(r"\b(?:Bin|Eqs?|Os|Figs?|vs|cf|e\.g|i\.e)\.(?= )")  # ends no sentence
SENTENCE = re.compile(r"[.?!][)*\"']*(?=\s|$)")


def order() -> list[str]:
    """Every module, ``package.file``, in the order in which they may be imported."""
    names, package = [], ""
    for word in LAYERS.split():
        package = word.removesuffix(":") if word.endswith(":") else package
        names += [] if word.endswith(":") else [f"{package}.{word}"]
    return [*LOWEST, *names, *HIGHEST]


def imported(source: str, known: set[str]) -> set[str]:
    """The modules of foilseg that a module's text imports anywhere, for type checkers too.

    ``known`` are the modules there are; what is imported from one is imported of it.
    """
    found = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "foilseg":
            place = node.module.partition(".")[2]
            inside = {f"{place}.{name.name}".lstrip(".") for name in node.names}
            found |= {place} if place in known else inside
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.add(f"{node.module or node.names[0].name} (relative)")
        elif isinstance(node, ast.Import):
            names = (name.name for name in node.names)
            found |= {n.partition(".")[2] for n in names if n.startswith("foilseg.")}
    return found - {"__version__"}


def import_directions(package: Path) -> list[str]:
    """Imports of a module that stands later in the order, and modules that are not in it."""
    paths = {
        ".".join(path.relative_to(package).with_suffix("").parts): path
        for path in sorted(package.rglob("*.py"))
        if path.stem != "__init__"
    }
    known, broken = order(), []
    for name, path in paths.items():
        if name not in known:
            broken.append(f"{name}: not in the order of modules")
            continue
        above = known[: known.index(name)]
        below = sorted(imported(path.read_text(), set(known)) - set(above))
        broken += [f"{name} imports {other}" for other in below]
    return broken


def crowded(package: Path) -> list[str]:
    """Packages of too many files."""
    counts = {place: len(list(place.glob("*.py"))) for place in package.iterdir() if place.is_dir()}
    return [f"{place.name}: {n} files" for place, n in counts.items() if n > MOST_FILES + 1]


def lost_places(text: str, root: Path) -> list[str]:
    """Rows of the table "to change X, open Y" whose file or name is gone."""
    table = text.partition("| to change | open |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| [^|]+ \| `([^`]+)` \| `([^`]+)` \|$", table, re.M)
    broken = [] if len(rows) >= LEAST_CHANGES else [f"{len(rows)} changes, at least 15"]
    for name, found in rows:
        if not (root / name).is_file():
            broken.append(f"{name}: is gone")
        elif found not in (root / name).read_text():
            broken.append(f"{name}: no {found}")
    return broken


def loaded(statement: str, root: Path) -> list[str]:
    """Which of the heavy packages a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*[m for m in {HEAVY} if m in sys.modules])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.split()


def dependencies(pyproject: str) -> dict[str, str]:
    """Every direct dependency of the project and its extras -> its condition on the version."""
    project = tomllib.loads(pyproject)["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    listed = [line for some in lists for line in some]
    pairs = [re.match(r"([A-Za-z0-9._-]+)\s*(.*)", line).groups() for line in listed]
    return {name.lower().replace("_", "-"): condition for name, condition in pairs}


def constraint_problems(pyproject: str, constraints: str) -> list[str]:
    """Direct dependencies without a fitting pin, and lines that pin nothing."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = [line.split("#")[0].strip() for line in constraints.splitlines()]
    pins, broken = {}, []
    for line in filter(None, lines):
        name, equal, version = line.partition("==")
        if not equal or canonicalize_name(name) in pins:
            broken.append(f"{line}: pins nothing, or a second time")
        pins[canonicalize_name(name)] = version
    for name, condition in dependencies(pyproject).items():
        if name not in pins:
            broken.append(f"{name}: in pyproject.toml, not in constraints.txt")
        elif pins[name] not in Requirement(name + condition).specifier:
            broken.append(f"{name}: pinned to {pins[name]}, but pyproject.toml says {condition}")
    return broken


def environment_problems(pyproject: str, environment: str) -> list[str]:
    """Whatever in environment.yml is a second list of dependencies, or another Python."""
    listed = yaml.safe_load(environment)["dependencies"]
    plain = [entry for entry in listed if isinstance(entry, str)]
    pip = [line for entry in listed if isinstance(entry, dict) for line in entry["pip"]]
    lowest = tomllib.loads(pyproject)["project"]["requires-python"].removeprefix(">=")
    broken = [] if plain == [f"python={lowest}", "pip"] else [f"conda part is {plain}"]
    if pip != ["-c constraints.txt", "-e .[book]"]:
        broken.append(f"pip part is {pip}")
    return broken


def notebook_problems(notebook, text: str | None, stem: str = "notebook") -> list[str]:
    """What a chapter's source has that it must not have; ``text`` is its text twin."""
    code = [c for c in notebook.cells if c.cell_type == "code"]
    broken = _state_problems(notebook, code) + _cell_problems(code)
    try:
        number = len(notebooks.parameters(notebook, stem))
        if number > MOST_PARAMETERS:
            broken.append(f"{number} parameters, at most {MOST_PARAMETERS}")
    except notebooks.NotebookError as error:
        broken.append(str(error))
    if text is None:
        broken.append("no text twin: make pair")
    elif _cells(jupytext.reads(text, fmt="md:myst")) != _cells(notebook):
        broken.append("the text twin differs: make pair")
    return broken


def _state_problems(notebook, code) -> list[str]:
    broken = []
    if any(c.outputs for c in code):
        broken.append("has outputs")
    if any(c.execution_count is not None for c in code):
        broken.append("has execution counts")
    ids = [c.get("id") for c in notebook.cells]
    if None in ids or len(set(ids)) < len(ids):
        broken.append("cell ids are missing or not unique")
    if set(notebook.metadata) - {"kernelspec", "language_info", "jupytext"}:
        broken.append(f"metadata {sorted(notebook.metadata)}")
    return broken


def code_lines(source: str) -> int:
    """Lines of a cell; of a text or an import over several lines only the first counts.

    What follows is prose or a list of names.
    """
    kinds = ast.Constant | ast.ImportFrom
    long = (n for n in ast.walk(ast.parse(source)) if isinstance(n, kinds))
    inside = {line for n in long for line in range(n.lineno + 1, n.end_lineno + 1)}
    return len(source.splitlines()) - len(inside)


def _cell_problems(code) -> list[str]:
    lengths = [code_lines(c.source) for c in code]
    numbers = [len(ast.parse(c.source).body) for c in code]
    broken = [f"a cell of {n} statements, at most {LONGEST}" for n in numbers if n > LONGEST]
    if lengths and median(lengths) > MEDIAN:
        broken.append(f"median of {median(lengths)} lines a cell, at most {MEDIAN}")
    shown = [c for c in code if not HIDING & set(c.metadata.get("tags", []))]
    if len(shown) > MOST_CELLS:
        broken.append(f"{len(shown)} code cells are seen, at most {MOST_CELLS}")
    broken += [problem for cell in shown for problem in _seen_problems(cell)]
    importing = 0
    for cell in code:
        nodes = list(ast.walk(ast.parse(cell.source)))
        importing += any(isinstance(n, ast.Import | ast.ImportFrom) for n in nodes)
        if any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for n in nodes):
            broken.append("defines a function or class: it belongs into the library")
        if any(isinstance(n, ast.While) for n in nodes):
            broken.append("a while loop: it belongs into the library")
        if any(isinstance(n, ast.Name) and n.id == "plt" for n in nodes):
            broken.append("draws with plt: foilseg.figures.pictures draws")
        if any(_sorts_equals_anyhow(n) for n in nodes):
            broken.append("sorts equals as a processor does: sort_values(..., kind='stable')")
    if importing > 1:
        broken.append(f"{importing} cells import, at most one")
    return broken


def _sorts_equals_anyhow(node: ast.AST) -> bool:
    """Whether it sorts a table without a word on rows that are equal."""
    name = getattr(getattr(node, "func", None), "attr", "")
    told = {keyword.arg for keyword in getattr(node, "keywords", [])}
    return isinstance(node, ast.Call) and name == "sort_values" and not told & {"kind", None}


def _seen_problems(cell) -> list[str]:
    """What a reader should not meet in a cell that is open on the page, or solves an exercise."""
    source, lines = cell.source, cell.source.splitlines()
    solves = "exercise" in cell.metadata.get("tags", [])
    most = LONGEST_SOLUTION if solves else LONGEST_SEEN
    broken = [f"a line of {len(x)} letters is cut: {x!r}" for x in lines if len(x) > PAGE_COLUMNS]
    if len(lines) > most:
        broken.append(f"a cell of {len(lines)} lines is open, at most {most}")
    if re.search(r"\bglue\(", source):
        broken.append("glues in an open cell: hide it, with the tags hide-input and plumbing")
    return broken


def typed_numbers(source: str) -> list[str]:
    """Numbers in the text of a reading that no field fills in; those of claims and places may."""
    broken = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("reading", "read"):
            words = [n.value for n in node.args if isinstance(n, ast.Constant)]
            text = " ".join(w for w in words if isinstance(w, str))
            text = re.sub(
                r"\{[^}]*\}|C\d\d\b|(Table|Tables|Fig\.|Eq\.|chapter) [A-Z]?[\d.]*\d", "", text
            )
            broken += [
                f"a number typed into a reading: {n!r}" for n in re.findall(r"\d[\d.,]*\d|\d", text)
            ]
    return broken


def sentences(text: str) -> int:
    """How many sentences a text has; a field stands for a word, an abbreviation ends none."""
    return len(SENTENCE.findall(SHORT.sub("X", FIELD.sub("X", text.strip()))))


def answer(notebook) -> str:
    """What a chapter says under the heading of its answer, with its fields; "" without one."""
    cells = iter(notebook.cells)
    if not any(cell.source == ANSWER for cell in cells):
        return ""
    code = next(cell.source for cell in cells if cell.cell_type == "code")
    texts = [
        node.value.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", "") == "text"
        and isinstance(node.value, ast.Constant)
    ]
    return texts[0] if len(texts) == 1 else ""


def words(text: str) -> int:
    """How many words a text has; a field stands for one."""
    return len(re.findall(r"\w[\w'.,-]*", FIELD.sub("X", text)))


def picture_problems(notebook) -> list[str]:
    """A picture of the answer that stands elsewhere in the source, and that no sentence names.

    On the page it is at the head of the chapter, so a reader who comes to its place looks for it.
    """
    tags = [c.metadata.get("tags", []) for c in notebook.cells]
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    broken = []
    for place, cell in enumerate(notebook.cells):
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        behind = place and "answer" in tags[place - 1]
        named = f"{{numref}}`{name}`" in prose
        if "answer-picture" in tags[place] and name and not behind and not named:
            broken.append(f"no sentence names {name}, which is shown at the head")
    return broken


def answer_problems(notebook) -> list[str]:
    """Why an answer is none, or cannot be read at a glance."""
    text = answer(notebook)
    number = sentences(text)
    broken = [] if number else ["has no answer"]
    if number > MOST_SENTENCES:
        broken.append(f"{number} sentences in the answer, at most {MOST_SENTENCES}")
    if words(text) > MOST_WORDS:
        broken.append(f"{words(text)} words in the answer, at most {MOST_WORDS}")
    if number and not FIELD.search(text):
        broken.append("the answer has no number")
    return broken + picture_problems(notebook)


def ending_problems(notebook) -> list[str]:
    """What is wrong with a chapter's last sections."""
    heads = {
        cell.source.partition("\n")[0].removeprefix("## "): cell.source
        for cell in notebook.cells
        if cell.cell_type == "markdown" and cell.source.startswith("## ")
    }
    last = tuple(heads)[-len(ENDING) :]
    broken = [] if last == ENDING else [f"ends with {', '.join(last)}"]
    lines = re.findall(r"^\* ", heads.get(ENDING[0], ""), re.M)
    if len(lines) != TAKEN_HOME:
        broken.append(f"{len(lines)} lines to take home instead of {TAKEN_HOME}")
    return broken


def open_tables(notebook) -> int:
    """How many tables a reader sees without a click."""
    shown = (c for c in notebook.cells if "tables" in c.metadata)
    hiding = {"hide-output", "hide-cell", "remove-output", "remove-cell"}
    return sum(
        len(c.metadata["tables"]) for c in shown if not hiding & set(c.metadata.get("tags", []))
    )


def _cells(notebook) -> list[tuple]:
    """What the two forms of a notebook have in common: kind, text and metadata of the cells."""
    return [
        (c.cell_type, c.source.strip(), {k: v for k, v in c.metadata.items() if v})
        for c in notebook.cells
    ]
