"""The command line: arguments -> the functions of the library."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from foilseg import __version__
from foilseg.decisions import commands as deciding
from foilseg.formats import commands as formats
from foilseg.studies import variants
from foilseg.training import experiments

EPILOG = """\
first steps:
  foilseg twin _data/foils                           render the embedded data as a dataset folder
  foilseg check _data/foils                          list every problem of a dataset folder
  foilseg train baseline focal-iscf --profile smoke  train what is missing
  foilseg train all --profile smoke                  all models; stop and go on at any time
  foilseg train all --stability                      and what the tests of stability need
  foilseg predict _runs/RUN IMAGE... --out DIR       masks, overlays and a table for new images
from pictures to decisions:
  foilseg calibrate _runs/RUN --data DIR --miss 0.2  thresholds that keep a promise: decision.json
  foilseg predict _runs/RUN IMAGE... --decision decision.json --out DIR    objects, stop or go
  foilseg report DIR                                 one page about them, opened from a file
  foilseg export onnx _runs/RUN model.onnx           the network for other programs
the book:
  foilseg chapter losses -p profile smoke            execute one chapter of the book
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (0 done, 1 failed, 2 wrong usage, 130 stopped)."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return options.command(options)
    except KeyboardInterrupt:
        print("stopped; the same command continues where this one ended", file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError) as error:
        print(f"foilseg: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="foilseg",
        description="Segmentation of rare, tiny defects in large images: a thesis that runs.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"foilseg {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_data_commands(commands)
    formats.add(commands, deciding.export_network)
    _add_train(commands)
    _add_ship(commands)
    deciding.add(commands)
    _add_chapter(commands)
    return parser


def _add_data_commands(commands) -> None:
    check = commands.add_parser("check", help="list every problem of a dataset folder")
    check.add_argument("folder", type=Path, help="the dataset folder")
    check.set_defaults(command=_check)

    estimate = commands.add_parser("estimate", help="how long the book about a folder takes here")
    estimate.add_argument("folder", help="the dataset folder")
    estimate.add_argument("--profile", default="", help="of this one alone", choices=_profiles())
    estimate.set_defaults(command=_estimate)

    twin = commands.add_parser("twin", help="render the stand-in for the 26 foils")
    twin.add_argument("folder", type=Path, help="the dataset folder to write")
    twin.add_argument("--profile", default="smoke", help="size: %(choices)s", choices=_profiles())
    twin.add_argument("--seed", type=int, default=0, help="other seeds give other foils")
    twin.set_defaults(command=_twin)


def _add_train(commands) -> None:
    train = commands.add_parser("train", help="train the models that are missing")
    train.add_argument("experiment", nargs="+", help=f"all, or of {', '.join(_rows())}")
    train.add_argument("--profile", default="smoke", help="one of %(choices)s", choices=_profiles())
    train.add_argument("--seed", type=int, default=0, help="initial weights and patches")
    train.add_argument("--data", default="", help="a dataset folder; the twin unless told")
    train.add_argument("--runs", default="", help="where runs are stored (default: _runs)")
    train.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ...")
    train.add_argument(
        "--workers",
        type=int,
        default=0,
        help="networks trained at a time (default: the cores divided by the profile's threads)",
    )
    train.add_argument(
        "--scheduler",
        default="",
        help="address of a Dask scheduler, tcp://HOST:PORT, whose workers train; 'local' for a "
        "cluster on this machine",
    )
    train.add_argument(
        "--stability",
        action="store_true",
        help="also evaluate late checkpoints; train the models of Table 4.1 with 2 more seeds",
    )
    train.set_defaults(command=_train)


def _add_ship(commands) -> None:
    ship = commands.add_parser("ship", help="pack a trained study, without weights, for results/")
    ship.add_argument(
        "--profile", default="matched", help="one of %(choices)s", choices=_profiles()
    )
    ship.add_argument("--seed", type=int, default=0, help="the study's first seed")
    ship.add_argument("--data", default="", help="a dataset folder; the twin unless told")
    ship.add_argument("--runs", default="", help="where runs are stored (default: _runs)")
    ship.add_argument(
        "--stability", action="store_true", help="with the further trainings there are"
    )
    ship.add_argument(
        "--numbers-only", action="store_true", help="without predictions; to be read as a record"
    )
    ship.add_argument(
        "--add", action="store_true", help="take over what the shipped study has and the store not"
    )
    ship.add_argument(
        "--network", default="", help="only the weights of this model, for results/networks/"
    )
    ship.add_argument("--out", type=Path, help="the folder to write (default: results/NAME)")
    ship.set_defaults(command=_ship)


def _add_chapter(commands) -> None:
    chapter = commands.add_parser("chapter", help="execute a chapter of the book, or all")
    chapter.add_argument("name", help="all, or a chapter such as dataset, 4 or 04_losses")
    chapter.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("KEY", "VALUE"),
        help="set a parameter of the chapter, e.g. -p seed 3",
    )
    chapter.add_argument("--force", action="store_true", help="execute even if still valid")
    chapter.set_defaults(command=_chapter)


def _profiles() -> list[str]:
    return variants.names()


def _rows() -> list[str]:
    return [*experiments.ALIASES, *experiments.ROWS]


def _check(options) -> int:
    from foilseg.data import folder

    problems, warnings = folder.examine(options.folder)
    for line in [*problems, *(f"note: {warning}" for warning in warnings)]:
        print(line)
    print(f"{options.folder}: {len(problems) or 'no'} problem(s)")
    return 1 if problems else 0


def _estimate(options) -> int:
    from foilseg.studies import estimate

    print(estimate.told(options.folder, options.profile))
    return 0


def _twin(options) -> int:
    from foilseg.twin import render

    settings = variants.profile(options.profile).twin
    config = render.TwinConfig(**settings, seed=options.seed)
    print(f"{render.write(options.folder, config)}: {config.foils} foils")
    return 0


def _open(options):
    """The study that arguments name; only runs of one's own count."""
    from foilseg.studies.study import open_study

    return open_study(options.data, options.profile, options.seed, options.runs, shipped=False)


def _train(options) -> int:
    from foilseg.studies.workers import number

    names = variants.rows(options.profile) if "all" in options.experiment else options.experiment
    rows = dict.fromkeys(map(experiments.experiment, names))
    names = [row.name if row.name in experiments.ROWS else row for row in rows]
    opened = _open(options)
    if not opened.missing(names):
        print(f"nothing to train: {', '.join(row.name for row in rows)} lie in {opened.runs}")
    workers = options.workers or number(opened.profile.threads, options.device)
    where = {"device": options.device, "workers": workers, "scheduler": options.scheduler}
    opened.train(names, **where)
    if "all" in options.experiment and (again := variants.again(options.profile)):
        from foilseg.analysis import stability

        seeds = stability.seeds(opened)
        opened.train(again, seeds=seeds, **where)
    if options.stability:
        from foilseg.analysis import stability

        done = stability.complete(opened, names, **where)
        print(f"stability: {', '.join(done) or 'none of the models of Table 4.1 was named'}")
    for name in names:
        for run in opened.model(name).made():
            print(run.path)
    return 0


def _ship(options) -> int:
    from foilseg.analysis import ship as shipping

    opened, names = _open(options), variants.rows(options.profile)
    if options.network:
        from foilseg.decisions import brought

        print(brought.bring(opened.model(options.network).run(), options.network))
        return 0
    repeated = options.stability or variants.late(options.profile)
    flags = (repeated, options.numbers_only, options.add)
    out = shipping.pack(opened, names, options.out, *flags)
    size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    print(f"{out}: {size / 1e6:.1f} MB")
    if repeated:
        from foilseg.analysis import stability

        print(stability.note(stability.missing(opened, names)))
    return 0


def _chapter(options) -> int:
    from foilseg.book import chapters, notebooks
    from foilseg.studies import shipped, study
    from foilseg.training import runs

    given = dict(options.parameters)
    chosen = chapters.select([options.name])
    chapters.settings(chosen, given)
    values = notebooks.parameters(notebooks.read(chosen[0]), chosen[0].name) | given
    opened = study.open_study(values["data"], values["profile"], int(values["seed"]))
    held = sorted(shipped.ROOT.glob(f"*/{shipped.MANIFEST}"))
    state = opened.dataset.fingerprint + "".join(map(runs.digest, held))

    def prepare(due: list[Path]) -> None:
        from foilseg.book import ahead

        ahead.prepare(opened, due, given)

    chapters.execute([options.name], given, state=state, force=options.force, prepare=prepare)
    return 0


if __name__ == "__main__":
    sys.exit(main())
