"""Chapters: found, parameterised, executed reproducibly, and only when they are no longer valid."""

import json
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from foilseg.book import chapters, execution, notebooks

pytestmark = pytest.mark.book
PROGRESS_BAR = "import sys\nsys.stderr.write('\\r  0%|   | 0/2\\r100%|###| 2/2 [00:01<00:00]\\n')"
WIDGET = """
import anywidget, traitlets
class W(anywidget.AnyWidget):
    _esm = "export default { render({ model, el }) { el.textContent = model.get('text') } }"
    text = traitlets.Unicode('drawn').tag(sync=True)
W()"""


def notebook(*cells, parameters="profile = 'smoke'\nseed = 0\nrate = 1e-3\nquick = True"):
    """A notebook with a parameters cell and then code cells (text) or other cells."""
    made = [new_code_cell(c) if isinstance(c, str) else c for c in cells]
    first = new_code_cell(parameters, metadata={"tags": ["parameters"]})
    for number, cell in enumerate([first, *made]):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=[first, *made], metadata={"kernelspec": kernel})


@pytest.fixture
def repository(tmp_path):
    """A repository with two chapters, and a function that replaces one."""

    def put(stem, *cells, **options):
        path = tmp_path / "notebooks" / f"{stem}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook(*cells, **options), path)

    put("01_dataset", "print(seed)")
    put("04_losses", "print(profile)", parameters="profile = 'smoke'")
    return tmp_path, put


def run(root, *names, **options):
    options = {"progress": False} | options
    return chapters.execute(names, root=root, **options)


def printed(path):
    outputs = [o for c in nbformat.read(path, 4).cells for o in c.get("outputs", [])]
    return "".join(o.text for o in outputs if o["output_type"] == "stream")


def test_a_chapter_is_found_by_number_name_and_stem(repository):
    root, _ = repository
    names = ("4", "04", "losses", "04_losses")
    assert {chapters.find(name, root).name for name in names} == {"04_losses.ipynb"}
    assert [p.stem for p in chapters.select(["losses", "all"], root)] == ["04_losses", "01_dataset"]


@pytest.mark.parametrize("name", ["5", "loss", "", "04_losses.ipynb"])
def test_an_unknown_chapter_is_refused_with_the_list(repository, name):
    with pytest.raises(chapters.ChapterError, match="01_dataset, 04_losses"):
        chapters.find(name, repository[0])


def test_an_unknown_parameter_is_refused_with_the_list_before_anything_runs(repository):
    root, _ = repository
    with pytest.raises(chapters.ChapterError, match=r"04_losses: no parameter 'seed'.*: profile$"):
        run(root, "losses", parameters={"seed": "1"})
    assert not (root / "book").exists()
    both = chapters.settings(chapters.select(["all"], root), {"seed": "7"})
    assert both == [{"seed": 7}, {}]


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [
        ("3", 0, 3),
        ("1e-5", 0.1, 1e-5),
        ("2", 0.1, 2.0),
        ("false", True, False),
        ("2024", "twin", "2024"),
        ("", "twin", ""),
        (4, 0, 4),
        ("[1]", None, [1]),
    ],
)
def test_parameters_take_the_kind_of_their_default(text, default, value):
    found = notebooks.coerce("p", text, default)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(("text", "default"), [("x", 0), ("1", True), ("1.5", 2), ("x", 0.5)])
def test_a_value_of_another_kind_is_refused_by_name(text, default):
    with pytest.raises(notebooks.NotebookError, match=r"parameter p: .*default"):
        notebooks.coerce("p", text, default)


@pytest.mark.parametrize("source", ["a, b = 1, 2", "a = [1]", "import os", "a = f()", "a += 1"])
def test_a_parameters_cell_holds_scalars_only(source):
    with pytest.raises(notebooks.NotebookError, match="not `name = scalar`"):
        notebooks.parameters(notebook(parameters=source))


def test_two_executions_are_byte_identical(repository):
    root, put = repository
    figure = "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)).gca().plot([0, seed])\n"
    vector = "from matplotlib_inline.backend_inline import set_matplotlib_formats as f\nf('svg')\n"
    table = "import pandas as pd\npd.DataFrame({'a': [1]}).style.highlight_max()"
    place = "import os\nprint(os.getcwd() + '/x', object(), hash('foil'))"
    parts = "print('a', flush=True)\nimport time\ntime.sleep(0.2)\nprint('b', flush=True)"
    put("01_dataset", figure, vector + figure, table, place, parts, PROGRESS_BAR, WIDGET)
    (first,) = run(root, "1", parameters={"seed": "3"})
    before = first.read_bytes()
    run(root, "1", parameters={"seed": "3"}, force=True)
    assert first.read_bytes() == before
    text = json.dumps([c.get("outputs") for c in nbformat.read(first, 4).cells])
    for kind in ("image/png", "image/svg+xml", "<style", notebooks.WIDGET_VIEW):
        assert kind in text, f"the chapter has no {kind}, so this test shows nothing"
    assert str(root) not in text and " at 0x" not in text and "100%" not in text
    assert not re.search(r"20\d\d-\d\d-\d\dT", text.replace("2024-01-01T", ""))


def test_what_is_random_by_itself_is_renamed():
    """The negative control of the test above: the same two outputs differ before cleaning."""

    def made(model, table):
        nb = notebook("W()")
        state = {model: {"state": {"layout": f"IPY_MODEL_{'f' * 31}{model[-1]}"}}}
        state |= {"f" * 31 + model[-1]: {"state": {}}}
        nb.metadata["widgets"] = {notebooks.WIDGET_STATE: {"state": state}}
        html = f'<style>#T_{table}_row0</style><table id="T_{table}">'
        data = {notebooks.WIDGET_VIEW: {"model_id": model}, "text/html": html}
        nb.cells[1].outputs = [nbformat.v4.new_output("display_data", data)]
        return nb

    pair = [made("a" * 31 + "1", "12abc"), made("b" * 31 + "2", "0ffff")]
    assert nbformat.writes(pair[0]) != nbformat.writes(pair[1])
    cleaned = [nbformat.writes(notebooks.clean(nb, Path("/nowhere"))) for nb in pair]
    assert cleaned[0] == cleaned[1]
    assert "T_00000_row0" in cleaned[0]


def test_a_bar_drawn_as_a_widget_is_removed_with_its_models(repository):
    root, put = repository
    bar = "from tqdm.notebook import tqdm\nfor _ in tqdm(range(3)): pass"
    put("01_dataset", bar)
    (path,) = run(root, "1")
    executed = nbformat.read(path, 4)
    assert executed.cells[-1].outputs == [] and "widgets" not in executed.metadata
    put("01_dataset", bar, WIDGET)
    run(root, "1")
    executed = nbformat.read(path, 4)
    state = executed.metadata["widgets"][notebooks.WIDGET_STATE]["state"]
    kinds = {model["model_module"] for model in state.values()}
    assert kinds == {"anywidget", "@jupyter-widgets/base"} and len(state) == 2


def test_the_parameters_shown_are_those_executed_with(repository):
    root, put = repository
    put(
        "01_dataset", "print(seed, name)", parameters="seed = 0  # first\nname = 'ä'  # of\nx = 1.5"
    )
    given = {"seed": "3", "name": 'a "b"'}
    for text in ("", "\n# only the text is new"):  # executed, and carried over
        path = root / "notebooks" / "01_dataset.ipynb"
        source = nbformat.read(path, 4)
        source.cells.append(nbformat.v4.new_markdown_cell("more" + text))
        nbformat.write(source, path)
        (result,) = run(root, "1", parameters=given)
        cells = nbformat.read(result, 4).cells
        assert cells[0].source == 'seed = 3  # first\nname = "a \\"b\\""  # of\nx = 1.5'
        assert cells[0].metadata["tags"] == ["parameters"] and printed(result) == '3 a "b"\n'
        assert not notebooks.tagged(nbformat.read(result, 4), "injected-parameters")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import warnings\nwarnings.warn('too few cavities')", "UserWarning: too few cavities"),
        ("import sys\nprint('odd', file=sys.stderr)", "odd"),
        (PROGRESS_BAR + "\nsys.stderr.write('\\rlate words\\n')", "late words"),
    ],
)
def test_a_warning_fails_the_chapter_and_names_the_cell(repository, source, said):
    root, put = repository
    (path,) = run(root, "1")
    before = path.read_bytes()
    put("01_dataset", "x = 1", source)
    with pytest.raises(chapters.ChapterError, match=r"01_dataset: cell cell-2") as caught:
        run(root, "1")
    assert said in str(caught.value)
    assert path.read_bytes() == before
    assert (root / "_build/failed/01_dataset.ipynb").exists()


def test_a_failing_cell_is_reported_in_one_readable_message(repository):
    root, put = repository
    put("01_dataset", "x = 1", "raise ValueError('region: none')", "print('never')")
    with pytest.raises(chapters.ChapterError) as caught:
        run(root, "1")
    assert str(caught.value) == (
        "01_dataset: cell cell-2 (`raise ValueError('region: none')`; see "
        "_build/failed/01_dataset.ipynb) failed: ValueError: region: none"
    )
    assert not (root / "book/chapters/01_dataset.ipynb").exists()


def test_a_chapter_that_stops_halfway_is_no_success(repository):
    root, put = repository
    put("01_dataset", "import sys; sys.exit(0)", "print('never')")
    with pytest.raises(chapters.ChapterError, match="ended the chapter before its last cell"):
        run(root, "1")


def test_what_is_valid_is_not_executed_again(repository, monkeypatch, capsys):
    root, put = repository
    library = root / "library"
    library.mkdir()
    (library / "losses.py").write_text("a = 1\n")
    monkeypatch.setattr(chapters, "LIBRARY", library)
    counter = root / "count"
    counting = f"open({str(counter)!r}, 'a').write('.')\nprint(seed)"
    prose = new_markdown_cell("first")

    def executions(*steps, **options):
        for step in steps:
            step()
        before = counter.stat().st_size if counter.exists() else 0
        run(root, "1", **options)
        return counter.stat().st_size - before

    result = root / "book/chapters/01_dataset.ipynb"
    put("01_dataset", counting, prose)
    assert executions() == 1
    assert executions() == 0
    figures = root / "benchmarks" / "results"
    figures.mkdir(parents=True)
    (figures / "speed.txt").write_text("1 s\n")
    assert executions() == 0, "it does not show that measurement"
    assert executions(parameters={"seed": "1"}) == 1
    assert executions(parameters={"seed": 1}) == 0
    assert executions(parameters={"seed": 1}, state="other data") == 1
    assert executions() == 1
    assert executions(lambda: (library / "losses.py").write_text("a = 2\n")) == 1
    assert executions(lambda: put("01_dataset", counting + "\n", prose)) == 1
    assert executions(lambda: result.write_text(result.read_text() + " ")) == 1
    assert executions(result.unlink) == 1
    assert executions(force=True) == 1
    showing = f"measured = str\n{counting}"
    assert executions(lambda: put("01_dataset", showing, "measured('speed')", prose)) == 1
    assert executions(lambda: (figures / "other.txt").write_text("1 s\n")) == 0
    assert executions(lambda: (figures / "speed.txt").write_text("2 s\n")) == 1
    capsys.readouterr()
    run(root, "1", progress=True)
    assert capsys.readouterr().out == "01_dataset: up to date\n"


def test_new_prose_keeps_the_outputs(repository, capsys):
    root, put = repository
    put("01_dataset", "print(seed)", new_markdown_cell("first words"))
    (path,) = run(root, "1", parameters={"seed": 5})
    put("01_dataset", "print(seed)", new_markdown_cell("other words"))
    run(root, "1", parameters={"seed": 5}, progress=True)
    assert "prose renewed" in capsys.readouterr().out
    kept = path.read_bytes()
    assert printed(path) == "5\n" and "other words" in kept.decode()
    run(root, "1", parameters={"seed": 5}, force=True)
    assert path.read_bytes() == kept


def test_the_kernel_is_this_interpreter_in_the_root_with_a_fixed_environment(repository):
    root, put = repository
    keys = ["PYTHONHASHSEED", "SOURCE_DATE_EPOCH"]
    put("01_dataset", "import json, os, sys")
    put("04_losses", f"import os, sys\nprint(sys.prefix, os.getcwd(), *map(os.getenv, {keys}))")
    before = dict(os.environ)
    (path,) = run(root, "losses")
    assert printed(path).split() == [sys.prefix, ".", "0", execution.EPOCH]
    assert dict(os.environ) == before


def test_the_stamp_says_what_was_executed(repository):
    root, _ = repository
    (path,) = run(root, "1", parameters={"seed": "3"}, state="fingerprint")
    stamp = json.loads(path.with_suffix(".json").read_text())
    assert stamp["parameters"] == {"seed": 3} and stamp["state"] == "fingerprint"


def test_a_bar_of_the_kernel_is_relayed_to_a_terminal_only(monkeypatch):
    shown = []
    bar = type("Bar", (), {"set_postfix_str": lambda self, text: shown.append(text)})()
    relay = execution.Relay(bar, "02_baseline")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    relay.write("\r  0%|  | 0/2")
    assert shown == []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    relay.write("\r  0%|  | 0/2\r 50%|# | 1/2")
    relay.write("\n")
    assert shown == ["02_baseline: 50%|# | 1/2"]
