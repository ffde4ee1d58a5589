"""``foilseg import`` and ``foilseg export``: data sets in and out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from foilseg.formats import assembling, masks
from foilseg.formats.registry import EXPORTERS, IMPORTERS


def add(commands, onnx: Callable[[Path, Path], int]) -> None:
    """Add both to a command line's subparsers; ``onnx`` (run, file) writes a network."""
    bring = commands.add_parser("import", help="turn another data set into a dataset folder")
    kinds = "; ".join(f"{name}: {entry.reads}" for name, entry in IMPORTERS.items())
    bring.add_argument("kind", choices=list(IMPORTERS), help=kinds)
    bring.add_argument("source", type=Path, help="what to read")
    bring.add_argument("folder", type=Path, help="the dataset folder to write; must be new")
    bring.add_argument(
        "--unannotated",
        choices=assembling.UNANNOTATED,
        help="what pictures without annotation are: clean, or nobody looked at them",
    )
    bring.add_argument(
        "--all-grey", action="store_true", default=None, help="make all pictures grey"
    )
    bring.add_argument(
        "--shrink",
        type=int,
        metavar="N",
        help="make pictures and masks N times smaller, block by block",
    )
    bring.add_argument(
        "--standardise",
        action="store_true",
        default=None,
        help="bring every picture to one brightness and contrast: for light that varies",
    )
    layouts = "; ".join(f"{name}: {entry.says}" for name, entry in masks.LAYOUTS.items())
    bring.add_argument("--layout", choices=list(masks.LAYOUTS), help=f"of masks: {layouts}")
    bring.add_argument(
        "--threshold", type=int, help="of masks: grey value of a defect, such as 128"
    )
    bring.add_argument("--ignore", type=int, help="of masks: value that counts nowhere, often 255")
    bring.set_defaults(command=_import)

    _add_split(commands)
    export = commands.add_parser("export", help="write labels, or a trained run, for other tools")
    kinds = "; ".join(f"{name}: {entry.writes}" for name, entry in EXPORTERS.items())
    export.add_argument(
        "kind", choices=["onnx", *EXPORTERS], help=f"onnx: a trained run as a network; {kinds}"
    )
    export.add_argument("source", type=Path, help="a dataset folder; for onnx a run")
    export.add_argument("target", type=Path, help="the folder, or file, to write; must be new")
    export.set_defaults(command=partial(_export, onnx))


def _add_split(commands) -> None:
    divide = commands.add_parser(
        "split", help="divide whole images of a dataset folder, stratified by the rarest defect"
    )
    divide.add_argument("folder", type=Path, help="the dataset folder; gets a splits.csv")
    divide.add_argument(
        "--by",
        choices=["image", "group"],
        default="image",
        help="what stays together: each image alone, or groups of them (default: %(default)s)",
    )
    divide.add_argument(
        "--groups",
        default="",
        help="a regular expression that finds the group in an image's name, such as '^[^_]+'; "
        "without it, the column group of the splits.csv that is there",
    )
    divide.add_argument("--validation", type=float, default=0.2, help="share (default: 0.2)")
    divide.add_argument("--test", type=float, default=0.2, help="share, 0 for none (default: 0.2)")
    divide.add_argument("--seed", type=int, default=0, help="for images that are alike")
    divide.add_argument("--replace", action="store_true", help="write over a splits.csv")
    divide.set_defaults(command=_split)


def _split(options) -> int:
    """Divide, print what each part holds, and what is to be known of it."""
    from foilseg.data import folder
    from foilseg.formats import divide

    if options.by == "image" and options.groups:
        raise ValueError("--groups: belongs to --by group")
    names = ("validation", "test", "seed", "replace")
    given = {name: getattr(options, name) for name in names}
    table = divide.propose(
        options.folder, by_group=options.by == "group", groups=options.groups, **given
    )
    print(table.to_string(index=False))
    for warning in folder.examine(options.folder)[1]:
        print(f"note: {warning}")
    return 0


def _import(options) -> int:
    """Bring data in, and say at once what the folder cannot be used for yet."""
    from foilseg.data import folder

    entry = IMPORTERS[options.kind]
    each = dict.fromkeys(name for kind in IMPORTERS.values() for name in kind.options)
    given = {name: getattr(options, name) for name in each}
    given = {name: value for name, value in given.items() if value is not None}
    other = next((name for name in given if name not in entry.options), None)
    if other:
        raise ValueError(
            f"--{other.replace('_', '-')}: does not belong to import {options.kind}; leave it out"
        )
    made = entry.bring.load()(options.source, options.folder, **given)
    number = len(list((made / "images").iterdir()))
    print(f"{options.folder}: {number} foils written")
    problems, warnings = folder.examine(made)
    for line in [*problems, *(f"note: {warning}" for warning in warnings)]:
        print(line)
    return 1 if problems else 0


def _export(onnx: Callable[[Path, Path], int], options) -> int:
    from foilseg.data import folder

    if options.kind == "onnx":
        return onnx(options.source, options.target)
    made = EXPORTERS[options.kind].write.load()(folder.load(options.source), options.target)
    print(f"{made}: written")
    return 0
