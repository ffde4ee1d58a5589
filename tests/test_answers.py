"""The answer of a chapter is published first, and executed where all of it is known."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from foilseg.book import answers, chapters
from foilseg.book.prose import LEFT_OUT


def cell(text, tag="", told=""):
    made = new_code_cell(text) if told else new_markdown_cell(text)
    if told:
        made.outputs = [new_output("execute_result", {"text/markdown": told}, execution_count=1)]
    if tag:
        made.metadata["tags"] = ["hide-input", tag]
    return made


def chapter(told="So it is."):
    cells = [
        cell("# Title"),
        cell("study", told="banner"),
        cell("## One"),
        cell("figure", answers.PICTURE, told="picture"),
        cell("figure 2", told="other"),
        cell("## The answer", answers.ANSWER),
        cell("reading", answers.ANSWER, told=told),
        cell("## Recap"),
    ]
    return new_notebook(cells=cells)


def order(notebook):
    return [cell.source for cell in notebook.cells]


FIRST = ["# Title", "## The answer", "reading", "figure", "study", "## One", "figure 2", "## Recap"]


def test_the_answer_and_its_picture_come_behind_the_question():
    notebook = chapter()
    for _ in range(2):
        answers.first(notebook)
        assert order(notebook) == FIRST


def test_what_is_learned_comes_after_the_picture():
    notebook = chapter()
    notebook.cells[0].source = f"# Title\n\n*Why?*\n\n{answers.GOALS}\n\n* see it."
    learned = f"{answers.LEARNED}\n\n{answers.GOALS}\n\n* see it."
    for _ in range(2):
        answers.first(notebook)
        assert order(notebook) == ["# Title\n\n*Why?*", *FIRST[1:4], learned, *FIRST[4:]]


def test_without_a_title_the_answer_comes_before_the_first_section_which_may_have_a_label():
    notebook = chapter()
    del notebook.cells[0]
    notebook.cells[1].source = "(one)=\n## One"
    answers.first(notebook)
    assert order(notebook)[:4] == ["study", *FIRST[1:4]]


def test_a_section_may_have_a_label():
    notebook = chapter()
    notebook.cells[2].source = "(one)=\n\n## One"
    answers.first(notebook)
    assert order(notebook)[5] == "(one)=\n\n## One" and order(notebook)[1] == "## The answer"
    assert not any(answers.is_section(cell(text)) for text in ("### One", "(one)= ##", "a ## b"))


def test_an_answer_that_is_left_out_stays_at_the_end():
    notebook, empty = chapter(f"{LEFT_OUT} about another study.*"), new_notebook(cells=[])
    before = [answers.PLAIN if text == "## The answer" else text for text in order(notebook)]
    for _ in range(2):
        answers.first(notebook)
        assert order(notebook) == before
    answers.first(empty)
    assert order(empty) == []


def test_outputs_are_carried_over_although_cells_have_moved(tmp_path):
    source, executed = chapter(), None
    executed = new_notebook(cells=[type(c)(c) for c in source.cells])
    answers.first(executed)
    renewed = chapters._with_outputs(source, executed, tmp_path)
    told = {c.source: c.outputs[0].data["text/markdown"] for c in renewed.cells if "outputs" in c}
    assert told == {"study": "banner", "figure": "picture", "figure 2": "other",
                    "reading": "So it is."}  # fmt: skip
