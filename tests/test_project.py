"""Rules of the project that no single module can keep: each is applied, and seen to fail."""

import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
import rules
from conftest import LONGEST
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from foilseg.book import notebooks

ROOT = Path(__file__).parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text()
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
ENVIRONMENT = (ROOT / "environment.yml").read_text()
LIGHT = "import foilseg, foilseg.thesis.published, foilseg.data.dataset, foilseg.data.folder"
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBERED = [path for path in CHAPTERS if path.stem != "00_front"]
MOST_OPEN = {"09_stability": 5, "10_audit": 5}  # tables of chapters that tell a story
TASKS = ["book", "test", "lint", "study", "bench", "clean"]


def test_the_files_that_the_tests_begin_with_are_there():
    assert not [name for name in LONGEST if not (ROOT / "tests" / name).is_file()]


def test_imports_point_only_up_the_order_of_modules():
    assert not rules.import_directions(ROOT / "foilseg")


def test_no_package_is_crowded():
    assert not rules.crowded(ROOT / "foilseg")


def test_a_crowded_package_is_found(tmp_path):
    (tmp_path / "data").mkdir()
    for number in range(rules.MOST_FILES + 1):
        (tmp_path / "data" / f"m{number}.py").touch()
    assert not rules.crowded(tmp_path)
    (tmp_path / "data" / "__init__.py").touch()
    assert rules.crowded(tmp_path) == ["data: 18 files"]


@pytest.mark.parametrize(
    ("name", "source", "broken"),
    [
        ("losses", "from foilseg.training import fit\n", "networks.losses imports training.fit"),
        ("losses", "from foilseg.training.fit import f\n", "networks.losses imports training.fit"),
        (
            "losses",
            "def f():\n    from foilseg.figures.plots import g\n",
            "networks.losses imports figures.plots",
        ),
        ("unet", "from foilseg.networks import losses\n", "networks.unet imports networks.losses"),
        ("losses", "import foilseg.cli as c\n", "networks.losses imports cli"),
        ("losses", "from . import runs\n", "networks.losses imports runs (relative)"),
        ("losses", "from foilseg.data import lost\n", "networks.losses imports data.lost"),
        ("losses", "import foilseg.networks.losses\n", "networks.losses imports networks.losses"),
        ("helpers", "x = 1\n", "networks.helpers: not in the order of modules"),
        ("losses", "from foilseg.networks.unet import UNet\n", None),
        ("losses", "from foilseg.data import dataset\n", None),
        ("losses", "from foilseg import __version__\n", None),
    ],
)
def test_an_import_down_the_order_is_found(tmp_path, name, source, broken):
    (tmp_path / "networks").mkdir()
    (tmp_path / "networks" / f"{name}.py").write_text(source)
    assert rules.import_directions(tmp_path) == ([] if broken is None else [broken])


def test_what_to_open_for_a_change_is_there():
    assert not rules.lost_places((ROOT / "CONTRIBUTING.md").read_text(), ROOT)


def test_a_place_that_moved_is_found():
    table = "| to change | open | there it is |\n| --- | --- | --- |\n"
    row = "| a loss | `{}` | `{}` |\n"
    sound = table + 15 * row.format("tests/rules.py", "LAYERS")
    assert rules.lost_places(sound, ROOT) == []
    assert rules.lost_places(table, ROOT) == ["0 changes, at least 15"]
    gone = sound + row.format("tests/none.py", "x") + row.format("tests/toy.py", "LAYERS")
    assert rules.lost_places(gone, ROOT) == ["tests/none.py: is gone", "tests/toy.py: no LAYERS"]


def test_reading_a_dataset_loads_nothing_heavy():
    command_line = ", foilseg.cli" if (ROOT / "foilseg" / "cli.py").exists() else ""
    assert rules.loaded(LIGHT + command_line, ROOT) == []


def test_the_check_for_heavy_imports_can_fail():
    assert rules.loaded(f"{LIGHT}, matplotlib", ROOT) == ["matplotlib"]
    assert {"matplotlib", "seaborn"} <= {
        *rules.loaded(f"{LIGHT}, foilseg.figures.result_plots", ROOT)
    }


def test_every_direct_dependency_is_pinned_inside_its_condition():
    assert not rules.constraint_problems(PYPROJECT, CONSTRAINTS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tqdm==", "tqdm-other==", "tqdm: in pyproject.toml, not in constraints.txt"),
        ("jupyter-book==1.0.4.post1", "jupyter-book==2.0.0", "pinned to 2.0.0"),
        ("numpy==", "numpy>=", "pins nothing"),
        ("torch==", "pandas==1.0\ntorch==", "a second time"),
    ],
)
def test_a_wrong_constraint_is_found(old, new, said):
    assert old in CONSTRAINTS
    assert said in "\n".join(rules.constraint_problems(PYPROJECT, CONSTRAINTS.replace(old, new)))


def test_the_conda_environment_has_no_list_of_its_own():
    assert not rules.environment_problems(PYPROJECT, ENVIRONMENT)


@pytest.mark.parametrize(
    ("old", "new"),
    [("python=3.11", "python=3.10"), ("  - pip\n", "  - pip\n  - numpy\n"), ("-e .[book]", "tqdm")],
)
def test_a_second_list_in_the_environment_is_found(old, new):
    assert old in ENVIRONMENT
    assert rules.environment_problems(PYPROJECT, ENVIRONMENT.replace(old, new, 1))


def test_make_help_lists_the_tasks():
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = [line.split()[0] for line in said.stdout.splitlines() if line.startswith("  ")]
    assert set(TASKS) <= set(listed)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_keeps_the_rules(path):
    text = path.with_suffix(".md")
    twin = text.read_text(encoding="utf-8") if text.exists() else None
    assert not rules.notebook_problems(notebooks.read(path), twin, path.stem)


def test_the_lines_of_a_text_are_prose():
    assert rules.code_lines('x = 1\ntext = """\none\ntwo"""\nread(text, "y",\n     x)') == 4


def test_every_text_twin_has_a_notebook():
    assert {p.stem for p in (ROOT / "notebooks").glob("*.md")} == {p.stem for p in CHAPTERS}


def sound():
    """A notebook that breaks no rule."""
    cells = [
        new_markdown_cell("# Title\n\nWhat is asked."),
        new_code_cell("from foilseg.thesis import published"),
        new_code_cell("profile = 'smoke'\nseed = 0", metadata={"tags": ["parameters"]}),
        new_code_cell("table = published.table('3.1')\ntable"),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def problems_after(change):
    """What is said of the sound notebook and its twin after a change of the notebook."""
    notebook = sound()
    change(notebook)
    return rules.notebook_problems(notebook, jupytext.writes(notebook, fmt="md:myst"))


def _set_source(text):
    return lambda notebook: notebook.cells[3].update(source=text)


def _set_parameters(text):
    return lambda notebook: notebook.cells[2].update(source=text)


def _output(notebook):
    notebook.cells[3].outputs = [new_output("stream", text="1")]


def _count(notebook):
    notebook.cells[3].execution_count = 1


def _same_ids(notebook):
    notebook.cells[3]["id"] = "cell-0"


def _untag(notebook):
    del notebook.cells[2].metadata["tags"]


def _lengthen_all(notebook):
    for cell in notebook.cells[1:]:
        cell.source += "\nx = 1" * 5


def _many_cells(notebook):
    notebook.cells += [new_code_cell("x = 1") for _ in range(20)]


BREAKING = {
    "has outputs": _output,
    "has execution counts": _count,
    "not unique": _same_ids,
    "0 cells are tagged `parameters`": _untag,
    "9 parameters": _set_parameters("\n".join(f"p{k} = {k}" for k in range(9))),
    "not `name = scalar`": _set_parameters("sizes = [1, 2]"),
    "a cell of 16 statements": _set_source("\n".join(["x = 1"] * 16)),
    "a line of 85 letters is cut": _set_source("x = '" + 79 * "a" + "'"),
    "a cell of 10 lines is open": _set_source("\n".join(["x = 1"] * 10)),
    "glues in an open cell": _set_source("glue('x', 1)"),
    "median of": _lengthen_all,
    "23 code cells": _many_cells,
    "defines a function or class": _set_source("def f():\n    pass"),
    "or class": _set_source("class A:\n    pass"),
    "a while loop": _set_source("while True:\n    break"),
    "draws with plt": _set_source("plt.show()"),
    "sorts equals": _set_source("table.sort_values('a', ascending=False)"),
    "2 cells import": _set_source("import math"),
    "metadata": lambda notebook: notebook.metadata.update(widgets={}),
}


def test_a_sound_notebook_breaks_no_rule():
    assert problems_after(lambda notebook: None) == []


@pytest.mark.parametrize("said", BREAKING)
def test_a_broken_rule_is_found(said):
    assert said in "\n".join(problems_after(BREAKING[said]))


def test_a_text_twin_that_differs_or_is_missing_is_found():
    text = jupytext.writes(sound(), fmt="md:myst")
    assert rules.notebook_problems(sound(), text.replace("What is asked", "What was asked")) == [
        "the text twin differs: make pair"
    ]
    assert rules.notebook_problems(sound(), text.replace("[parameters]", "[other]"))
    assert rules.notebook_problems(sound(), None) == ["no text twin: make pair"]


@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem)
def test_a_chapter_answers_in_three_sentences_and_ends_as_all_do(path):
    notebook = notebooks.read(path)
    assert rules.answer_problems(notebook) + rules.ending_problems(notebook) == []
    assert rules.open_tables(notebook) <= MOST_OPEN.get(path.stem, 99)


@pytest.mark.parametrize("name", ["notebooks/00_front.md", "README.md"])
def test_the_front_pages_say_in_three_sentences_what_was_found(name):
    text = (ROOT / name).read_text().partition("**What was found.**")[2]
    assert rules.sentences(text.partition("\n\n")[0].partition("\n:::")[0]) == 3


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("It finds {x:.2f} of Table 4.1, i.e. little, vs. Bin. Balanced.", 1),
        ("Is it? It is ({x:.0%}.) So be it!\nAnd {y}", 3),
        ("It ends (in brackets). *Or so.* One more.", 3),
    ],
)
def test_sentences_are_counted(text, number):
    assert rules.sentences(text) == number


def ended(heads=rules.ENDING, lines=3, text="It is {x}. It is so."):
    """A notebook with an answer and these last sections."""
    ends = [f"## {head}" + "\n\n* One line." * (head == heads[0]) * lines for head in heads]
    told = [new_markdown_cell(rules.ANSWER), new_code_cell(f"text = {text!r}\nread(text, x=1)")]
    return new_notebook(cells=[*told, *map(new_markdown_cell, ends)])


def test_a_long_answer_and_another_ending_are_found():
    assert rules.answer_problems(ended()) == rules.ending_problems(ended()) == []
    assert rules.answer_problems(new_notebook()) == ["has no answer"]
    assert rules.answer_problems(ended(text="So. So. So. {x}.")) == [
        "4 sentences in the answer, at most 3"
    ]
    assert rules.answer_problems(ended(text="So.")) == ["the answer has no number"]
    assert rules.answer_problems(ended(text="It is {x} " + "so " * 100 + ".")) == [
        "103 words in the answer, at most 100"
    ]
    assert rules.ending_problems(ended(lines=4)) == ["4 lines to take home instead of 3"]
    swapped = (rules.ENDING[0], *rules.ENDING[:0:-1])
    assert rules.ending_problems(ended(swapped)) == [f"ends with {', '.join(swapped)}"]


def test_a_picture_of_the_answer_that_no_sentence_names_is_found():
    figure = {"tags": ["answer-picture"], "mystnb": {"figure": {"name": "fig-one"}}}
    told = new_code_cell("text", metadata={"tags": ["answer"]})
    cells = [new_markdown_cell("Text."), new_code_cell("draw()", metadata=figure)]
    broken = ["no sentence names fig-one, which is shown at the head"]
    assert rules.picture_problems(new_notebook(cells=cells)) == broken
    assert rules.picture_problems(new_notebook(cells=[told, *cells[1:]])) == []
    cells[0].source = "See {numref}`fig-one`."
    assert rules.picture_problems(new_notebook(cells=cells)) == []


def test_tables_behind_a_click_are_not_open():
    cells = [new_code_cell("a", metadata={"tables": ["A.", "B."]}), new_code_cell("b")]
    cells.append(new_code_cell("c", metadata={"tables": ["C."], "tags": ["hide-output"]}))
    assert rules.open_tables(new_notebook(cells=cells)) == 2


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def faults(*workflows):
    """What the schema of workflow files has against some, "" if nothing."""
    lint = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*lint, *map(str, workflows)], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_workflows_are_sound_and_run_the_two_commands(tmp_path):
    assert not faults(*WORKFLOWS)
    run = "\n".join(path.read_text() for path in WORKFLOWS)
    assert "run: make test\n" in run and "run: make book\n" in run
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:", 1))
    assert "run-on" in faults(broken)
