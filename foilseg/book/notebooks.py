"""Notebook files: their parameters, and an executed notebook made reproducible.

A chapter's source declares its parameters in one cell tagged ``parameters``. After execution,
:func:`clean` takes out whatever differs between two equal executions: clocks, paths, random ids.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from foilseg.data import files

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MODEL_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
TABLE_ID = re.compile(r"(?<![A-Za-z0-9_])T_([0-9a-f]{5})(?=[_\\\"'# ])")
SCALARS = (bool, int, float, str, type(None))
PROGRESS = re.compile(r"\d+ ?%|\d+/\d+|\d+it\b|it/s|s/it")
BAR = re.compile(r"\| \d\S*/\d\S* \[.*\]|\d\S*it \[.*\]")


class NotebookError(ValueError):
    """A notebook that cannot be used, or a parameter that it does not take."""


def read(path: Path) -> Any:
    """The notebook in a file, as nbformat 4; a NotebookError if it is none."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError) as error:
        raise NotebookError(f"{path}: not a readable notebook ({error})") from error


def write(notebook: Any, path: Path) -> None:
    """Write a notebook whole or not at all."""
    import nbformat

    files.write_text(nbformat.writes(notebook) + "\n", path, shared=True)


def tagged(notebook: Any, tag: str) -> list[int]:
    """Indices of the cells with a tag."""
    return [i for i, c in enumerate(notebook.cells) if tag in c.metadata.get("tags", [])]


def code(notebook: Any) -> list[Any]:
    """The code cells that hold any code."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def shown(cell: Any) -> list[Any]:
    """What the outputs of a cell show, each by MIME type."""
    return [output["data"] for output in cell.get("outputs", []) if "data" in output]


def executed(notebook: Any) -> list[Any]:
    """Those of the code cells that have been executed."""
    return [c for c in code(notebook) if c.get("execution_count") is not None]


def parameters(notebook: Any, name: str = "notebook") -> dict[str, Any]:
    """Parameter -> default, in the order of the cell tagged ``parameters``.

    Raises
    ------
    NotebookError
        If there is not exactly one such cell, or if it holds anything but ``name = scalar``.
    """
    found = tagged(notebook, "parameters")
    if len(found) != 1:
        raise NotebookError(f"{name}: {len(found)} cells are tagged `parameters`, not one")
    values: dict[str, Any] = {}
    for statement in ast.parse(notebook.cells[found[0]].source).body:
        try:
            (target,) = statement.targets if isinstance(statement, ast.Assign) else (None,)
            value = ast.literal_eval(statement.value) if isinstance(target, ast.Name) else ()
        except ValueError:
            value = ()
        if not isinstance(value, SCALARS):
            shown = ast.unparse(statement)
            raise NotebookError(f"{name}: `{shown}` in the parameters cell is not `name = scalar`")
        values[target.id] = value
    return values


def coerce(key: str, value: Any, default: Any) -> Any:
    """A parameter's value given as text, read as YAML and held to the kind of its default.

    Text stays text where the default is text, so a folder may be called ``2024``. A value that
    is no text is held to the same rule; None as default takes everything.

    Raises
    ------
    NotebookError
        If the value is of another kind than the default.
    """
    if isinstance(default, str):
        return "" if value is None else str(value)
    if isinstance(value, str):
        value = _number(value) if isinstance(default, float) else yaml.safe_load(value)
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if default is not None and type(value) is not type(default):
        kind = type(default).__name__
        raise NotebookError(f"parameter {key}: {value!r} is no {kind} (the default is {default!r})")
    return value


def _number(text: str) -> Any:
    try:
        return float(text)  # YAML 1.1 takes 1e-5 for text
    except ValueError:
        return text


def complaint(notebook: Any) -> tuple[int, str] | None:
    """The first thing that a cell wrote to stderr and that is no progress bar: (cell, text)."""
    for index, cell in enumerate(notebook.cells):
        outputs = cell.get("outputs", [])
        text = "".join(o.text for o in outputs if _is_stream(o, "stderr"))
        kept = [line for line in map(_after_progress, text.split("\n")) if line.strip()]
        if kept:
            return index, "\n".join(kept)
    return None


def _after_progress(line: str) -> str:
    """What a line of a terminal still shows, unless that is a progress bar."""
    *overwritten, shown = line.split("\r")
    return "" if overwritten and PROGRESS.search(shown) else shown


def _is_stream(output: Mapping, name: str) -> bool:
    return output["output_type"] == "stream" and output["name"] == name


def clean(notebook: Any, root: Path) -> Any:
    """An executed notebook without what differs between two equal executions.

    Out go clocks, everything papermill records but the parameters, progress bars, stderr, memory
    addresses, the path ``root`` and widget models that no view shows; the others and styled
    tables get stable ids. The parameters cell shows what the notebook was executed with.
    """
    import nbformat

    record = notebook.metadata.get("papermill", {})
    notebook.metadata["papermill"] = {"parameters": dict(record.get("parameters", {}))}
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # papermill gives every cell a list of tags
        if "outputs" in cell:
            cell.outputs = _joined(cell.outputs)
            for output in cell.outputs:
                _clean_texts(output, root)
    _show_parameters(notebook)
    order = _shown_models(notebook)
    text = nbformat.writes(notebook)
    for number, model in enumerate(order):
        text = text.replace(model, f"{number:032x}")
    for number, table in enumerate(dict.fromkeys(TABLE_ID.findall(text))):
        text = text.replace(f"T_{table}", f"T_{number:05d}")
    return nbformat.reads(text, as_version=4)


def _show_parameters(notebook: Any) -> None:
    """Write the values that papermill injected into the cell that declares them."""
    for index in tagged(notebook, "injected-parameters"):
        del notebook.cells[index]
    for index in tagged(notebook, "parameters"):
        cell, values = notebook.cells[index], notebook.metadata["papermill"]["parameters"]
        cell.source = with_values(cell.source, values)


def with_values(source: str, values: Mapping[str, Any]) -> str:
    """A parameters cell with other values; its comments stay."""
    lines = source.split("\n")
    for statement in ast.parse(source).body:
        name, value = statement.targets[0].id, statement.value
        if name in values:
            line = lines[value.lineno - 1].encode()  # ast counts in bytes
            after = line[value.end_col_offset :].decode()
            given = values[name]
            shown = json.dumps(given, ensure_ascii=False) if isinstance(given, str) else repr(given)
            lines[value.lineno - 1] = line[: value.col_offset].decode() + shown + after
    return "\n".join(lines)


def _joined(outputs: list) -> list:
    """Outputs without stderr and bars, with stdout in one piece however the kernel cut it."""
    joined: list = []
    for output in outputs:
        if _is_stream(output, "stderr") or _is_bar(output):
            continue
        if joined and _is_stream(output, "stdout") and _is_stream(joined[-1], "stdout"):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _clean_texts(output: Any, root: Path) -> None:
    holders = [(output, "text")] if "text" in output else []
    data = output.get("data", {})
    holders += [(data, mime) for mime in data if mime.startswith("text/") or mime.endswith("+xml")]
    for holder, key in holders:
        text = holder[key].replace(f"{root}{os.sep}", "").replace(str(root), ".")
        holder[key] = re.sub(r" at 0x[0-9a-f]{6,}", "", text)


def _is_bar(output: Mapping) -> bool:
    """Whether an output is a progress bar drawn as a widget."""
    data = output.get("data", {})
    return WIDGET_VIEW in data and bool(BAR.search(data.get("text/plain", "")))


def _shown_models(notebook: Any) -> list[str]:
    """Keep the widget models that some view shows, and return their ids depth first."""
    holder = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {})
    state = holder.get("state", {})
    order: dict[str, None] = {}

    def visit(model: str) -> None:
        if model in state and model not in order:
            order[model] = None
            for inner in MODEL_ID.findall(json.dumps(state[model], sort_keys=True)):
                visit(inner)

    for model in _views(notebook):
        visit(model)
    if order:
        holder["state"] = {model: state[model] for model in order}
    else:
        notebook.metadata.pop("widgets", None)
    return list(order)


def _views(notebook: Any) -> Iterator[str]:
    for cell in notebook.cells:
        yield from (data[WIDGET_VIEW]["model_id"] for data in shown(cell) if data.get(WIDGET_VIEW))
