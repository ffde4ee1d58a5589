"""A chapter about other data: what speaks of the thesis's foils is boxed, and nothing is lost."""

import re
from dataclasses import replace

import numpy as np
import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from foilseg import cli
from foilseg.book import chapters, own, prose, selection, tables
from foilseg.data import dataset, defects, description, folder, images, splits
from foilseg.data.dataset import as_pixels, training_regions
from foilseg.studies import estimate
from foilseg.studies.study import Study

EMPTY = new_notebook()
HERE = own._with_glue(own._speaks_of(set(own.DEFECTS)), EMPTY)
WITH_CRACKS = own._with_glue(own._speaks_of(set(own.DEFECTS) - {"crack"}), EMPTY)
TEXT = """## The foils

A foil is cut into patches, and each foil trains.

Cavities are the rarest, and two foils have none.

* a foil is read;
* the twin is rendered;
* foils are counted.

```python
foil = study.dataset.foils[0]
```

$foil$ and `foil` and {doc}`foil` and [the foil](foil.ipynb) stay.

:::{dropdown} What one sees
The shipped study has a foil.
:::"""


def test_paragraphs_about_foils_are_boxed_and_others_speak_of_images():
    made = own.rewritten(TEXT, HERE)
    boxes = re.findall(r"^(:{4,})\{admonition\}[^\n]*\n:class: dropdown foils\n\n(.*?)\n\1$", made,
                       re.MULTILINE | re.DOTALL)  # fmt: skip
    assert [box[1] for box in boxes] == [
        "Cavities are the rarest, and two foils have none.",
        "* the twin is rendered;",
    ]
    assert made.endswith(
        ":::{dropdown} What one sees\n:class-container: foils\n\nThe shipped study has a foil.\n:::"
    )
    assert (
        "## The images" in made and "An image is cut into patches, and each image trains." in made
    )
    assert "* an image is read;" in made and "* images are counted." in made
    assert "foil = study.dataset.foils[0]" in made
    assert "$foil$ and `foil` and {doc}`foil` and [the image](foil.ipynb) stay." in made


def test_a_box_is_fenced_longer_than_what_it_holds():
    made = own.rewritten("::::{note}\n:::{tip}\nThe twin is rendered.\n:::\n::::", HERE)
    assert made.startswith(":::::{admonition}") and made.endswith("\n::::\n:::::")


def test_a_defect_that_the_data_have_is_no_word_of_the_thesis():
    text = "A crack is thin.\n\nA cavity is small."
    assert own.rewritten(text, WITH_CRACKS).startswith("A crack is thin.\n\n::::{admonition}")
    assert own.rewritten(text, HERE).startswith("::::{admonition}")


@given(st.lists(st.sampled_from(TEXT.split("\n\n")), max_size=8))
def test_no_word_is_lost(parts):
    made = own.rewritten("\n\n".join(parts), HERE)
    plain = re.sub(
        r"^:{4,}.*$|^:class: dropdown foils$|^:class-container: foils$",
        "",
        made,
        flags=re.MULTILINE,
    )
    renamed = own._renamed(own._renamed(plain))
    assert re.findall(r"\w+", renamed) == re.findall(r"\w+", own._renamed("\n\n".join(parts)))


def test_a_notebook_loses_its_readings_and_headings_of_nothing():
    left = prose._ELSEWHERE.format(name="matched")
    shown = new_output("display_data", data={"text/markdown": left, "text/plain": "Reading"})
    table = "<table><tr><th>foil</th><th>tp</th></tr><tr><td>foil</td></tr></table>"
    html = new_output("display_data", data={"text/html": table})
    figure = {"figure": {"caption": "Each foil. A cavity is ringed."}, "image": {"alt": "A twin."}}
    cells = [
        new_markdown_cell("# Title\n\nA foil."),
        new_markdown_cell("## Reading"),
        new_code_cell("reading()", outputs=[shown]),
        new_markdown_cell("## Counts"),
        new_code_cell("table", outputs=[html], metadata={"tables": ["Of the foils."]}),
        new_code_cell("figure", metadata={"mystnb": figure}),
    ]
    notebook = new_notebook(cells=cells)
    own.write(notebook, "06_quantitative", "d", ["background", "pit"])
    assert [c.source for c in notebook.cells] == [
        "# Title\n\nAn image.", "## Counts", "table", "figure"]  # fmt: skip
    assert "<th>image</th><th>tp</th>" in notebook.cells[2].outputs[0].data["text/html"]
    assert "<td>foil</td>" in notebook.cells[2].outputs[0].data["text/html"], "a name is a name"
    assert notebook.cells[2].metadata["tables"] == ["Of the images."]
    told = notebook.cells[3].metadata["mystnb"]
    assert told["figure"]["caption"] == "Each image."
    assert told["image"]["alt"] == "Each image."


def test_a_picture_that_shows_nothing_new_is_left_out():
    outputs = [new_output("display_data", data={"text/markdown": prose.left_out().text})]
    notebook = new_notebook(cells=[new_code_cell("draw()", outputs=outputs)])
    own.write(notebook, "08_qualitative", "d", ["pit"])
    assert notebook.cells == []


def test_of_an_answer_without_words_the_picture_is_left():
    left = prose._ELSEWHERE.format(name="matched")
    shown = new_output("display_data", data={"text/markdown": left})
    words = new_code_cell("reading()", outputs=[shown])
    picture = new_code_cell("draw()", metadata={"tags": ["answer-picture"]})
    for after, head in (([picture], "## In one picture"), ([new_code_cell("x")], "## Reading")):
        cells = [new_markdown_cell("## Reading"), words, *after]
        notebook = new_notebook(cells=cells)
        own.write(notebook, "07_objects", "d", ["pit"])
        assert [cell.source for cell in notebook.cells] == [head, after[0].source]


def test_a_table_of_the_thesiss_defects_is_closed():
    html = "<table><tr><th>class</th></tr><tr><td>cavity</td></tr></table>"
    outputs = [new_output("display_data", data={"text/html": html})]
    metadata = {"tags": ["hide-input", "full-width"], "tables": ["The cavity."]}
    for classes, tags in ((["pit"], ["full-width", "hide-cell", "foils"]), (["Cavity"], None)):
        cell = new_code_cell("table", outputs=outputs, metadata=dict(metadata))
        notebook = new_notebook(cells=[cell])
        own.write(notebook, "04_losses", "d", classes)
        assert notebook.cells[0].metadata["tags"] == (tags or metadata["tags"])
        assert ("mystnb" in notebook.cells[0].metadata) == bool(tags)


def test_a_paragraph_speaks_of_what_is_glued_into_it():
    told = {"odd": "'Those that do not: the cavity.'", "even": "'13'"}
    outputs = [
        new_output("display_data", data={own.GLUED: text}, metadata={"scrapbook": {"name": name}})
        for name, text in told.items()
    ]
    text = "All agree. {glue:text}`odd`\n\nThere are {glue:text}`even` foils."
    cells = [new_code_cell("glue()", outputs=outputs), new_markdown_cell(text)]
    notebook = new_notebook(cells=cells)
    own.write(notebook, "04_losses", "d", ["pit"])
    boxed, plain = notebook.cells[1].source.rsplit("\n\n", 1)
    assert "All agree." in boxed and "dropdown foils" in boxed
    assert plain == "There are {glue:text}`even` images."


def test_a_page_about_the_thesis_says_so():
    notebook = new_notebook(cells=[new_markdown_cell("# The audit\n\nA foil.")])
    own.write(notebook, "10_audit", "<b>d</b> *x*", ["background"])
    source = notebook.cells[0].source
    assert source.startswith("# The audit\n\n```{note}\n") and source.endswith("\nA foil.")
    assert f"from *{own.OURS}* on" in source and "not about" not in source
    assert f"## {own.OURS}" in chapters.find("10").read_text("utf-8")
    assert "<b>" not in source and "*x*" not in source.replace("\\*", "")


def test_chapters_of_own_data_take_the_place_of_others():
    sources = chapters.sources()
    here = selection.for_data(sources, {"data": "twin"}), selection.for_data(sources, {})
    assert here == (sources, sources)
    there = selection.for_data(sources, {"data": "d"})
    assert [s.stem for s in there] == [s.stem for s in sources]
    assert [s.parent.name for s in there if s not in sources] == ["own"]


def test_rarity_by_hand(tmp_path):
    data = folder.load(toy.write(tmp_path / "d", foils=3))
    objects = defects.table(data.foils, data.classes)
    table = tables.rarity(data, objects).set_index("defect")
    masks = [region.mask for region in training_regions(data)]
    for c in data.defects:
        pixels = [sum(int((m == k).sum()) for m in masks) for k in (0, c.index)]
        assert table.loc[c.name, "background pixels to one"] == pytest.approx(pixels[0] / pixels[1])
        assert table.loc[c.name, "objects"] == (objects["index"] == c.index).sum()


def test_advice_is_what_can_be_done(tmp_path):
    root = toy.write(tmp_path / "d", foils=10)
    study = Study(str(root), toy.PROFILE, 0, tmp_path / "runs")
    text = prose.advice(study, "FL *ICF*").text
    assert (
        f"make book DATA={root} PROFILE=photographs" in text and f"`foilseg split {root}`" in text
    )
    assert "objects are cut" in text and "FL \\*ICF\\*" in text and prose.weight(study)
    parts = {f"f{k}": ("train", "train", "train", "validation", "test")[k % 5] for k in range(10)}
    splits.write(root / splits.NAME, parts, {})
    long = Study(str(root), replace(toy.PROFILE, iterations=1000), 0, tmp_path / "runs")
    text = prose.advice(long, "Binary").text
    assert "PROFILE=" not in text and "foilseg split" not in text and not prose.weight(long)
    numbers = [line.partition(".")[0] for line in text.split("\n")]
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]


def test_an_estimate_grows_with_the_steps_and_is_printed(tmp_path, toy_data, monkeypatch, capsys):
    root = toy.write(tmp_path / "d", height=200, width=150)
    times = iter(np.cumsum(np.full(200, 0.5)))
    monkeypatch.setattr(estimate.time, "perf_counter", lambda: next(times))
    monkeypatch.setattr(estimate.workers, "number", lambda *_: 2)
    smoke, longer = estimate.estimate(str(root))
    assert smoke.networks == longer.networks == 9 + 4 * 2 + 1  # two defects, and the recommended
    steps = [estimate.experiments.profile(name).iterations for name in estimate.OFFERED]
    for each, number in zip((smoke, longer), steps):
        expected = each.networks * number * 0.5 / 2
        assert each.seconds - estimate.OTHER == pytest.approx(expected, rel=0.5)
    monkeypatch.undo()
    assert cli.main(["estimate", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "smoke       about" in shown and "PROFILE=photographs" in shown
    assert cli.main(["estimate", str(root), "--profile", "smoke"]) == 0
    assert "PROFILE=" not in capsys.readouterr().out
    small = toy.write(tmp_path / "small", height=80, width=90)
    assert cli.main(["estimate", str(small)]) == 0
    shown = capsys.readouterr().out
    assert "photographs cannot be: its patches of 96 pixels" in shown and "PROFILE=" not in shown
    assert cli.main(["estimate", str(small), "--profile", "photographs"]) == 1
    assert "larger than every region" in capsys.readouterr().err


def test_a_formula_stays_with_what_it_is_part_of():
    text = "For the twin the rate is\n\n$$a$$\n\nso it is small.\n\nThis is another matter."
    boxed, other = own.rewritten(text, HERE).rsplit("\n\n", 1)
    assert boxed.startswith("::::{admonition}") and boxed.endswith("\n\nso it is small.\n::::")
    assert other == "This is another matter."
    assert prose.paragraphs("## Head\n\n$$a$$\n\nIt.") == ["## Head", "$$a$$", "It."]


def test_normals_are_spoken_of_only_where_there_are_some():
    text = "The network sees the normals.\n\nThe normal distribution is steep."
    for lacks, boxes in ((set(), 0), ({"normals"}, 1)):
        notebook = new_notebook(cells=[new_markdown_cell(text)])
        own.write(notebook, "01_dataset", "d", ["pit"], lacks)
        assert notebook.cells[0].source.count("dropdown foils") == boxes


def test_cells_that_need_what_the_data_lack_are_left_out(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 0.1, (2, 20, 30))
    normals = np.stack([x, y, np.sqrt(1 - x**2 - y**2)]).astype(np.float32)
    pictures = {"normals": as_pixels(normals), "photograph": as_pixels(normals[::-1] * 0.3)}
    for name, pixels in pictures.items():
        root = tmp_path / name
        several = toy.CLASSES if name == "normals" else toy.CLASSES[:2]
        description.write(root / description.NAME, name, several)
        images.write(root / "images" / "a.png", pixels)
    (tmp_path / "normals" / "truth").mkdir()
    assert own.lacking(tmp_path / "normals") == {"lights", "thesis", "twin"}
    named = [
        dataset.LabelClass(k, n, f"#00000{k}") for k, n in enumerate(["background", *own.DEFECTS])
    ]
    description.write(tmp_path / "normals" / description.NAME, "of the thesis", tuple(named))
    assert own.lacking(tmp_path / "normals") == {"lights", "twin"}
    lacks = own.lacking(tmp_path / "photograph")
    assert lacks == set(own.WANTED)
    tags = [[], ["needs-truth"], ["hide-input", "needs-defects"], ["hide-input"]]
    for lack, left in ((lacks, [0, 3]), (set(), [0, 1, 2, 3])):
        cells = [new_markdown_cell("a", metadata={"tags": each}) for each in tags]
        notebook = new_notebook(cells=cells)
        own.write(notebook, "01_dataset", "d", ["pit"], lack)
        assert notebook.cells == [cells[k] for k in left]
    used = {t for s in chapters.sources() for t in re.findall(r"needs-(\w+)", s.read_text())}
    assert used <= set(own.WANTED)


def test_what_has_nothing_but_a_caption_about_foils_is_closed_with_it():
    figure = {"figure": {"caption": "The twin."}, "image": {"alt": "A twin."}}
    for metadata in ({"tables": ["Of the twin."]}, {"mystnb": figure}):
        notebook = new_notebook(cells=[new_code_cell("x", metadata=metadata)])
        own.write(notebook, "11_label_audit", "d", ["pit"])
        (cell,) = notebook.cells
        assert cell.metadata["tags"] == ["hide-cell", "foils"]
        assert cell.metadata.get("tables", ["Of the twin."]) == ["Of the twin."]
        assert cell.metadata["mystnb"].get("figure", figure["figure"]) == figure["figure"]


def test_a_command_is_no_word_about_a_defect():
    text = "Train `foilseg train oversampled-cavities`: oversampled-cavities is a name."
    assert own.rewritten(text, HERE) == text


def test_tables_are_numbered_as_the_chapters_of_such_a_book_are():
    numbers = [own.number(source.stem) for source in chapters.sources()]
    assert numbers[:10] == list("0123456789")
    assert numbers[10:15] == ["T10", "10", "T12", "T13", "11"]
    assert numbers[15:] == ["T15", "12", "T17", "T18"]
