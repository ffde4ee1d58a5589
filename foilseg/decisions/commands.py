"""The commands about pictures: calibrate a run, predict with it, report; and export it."""

from __future__ import annotations

import sys
from pathlib import Path

from foilseg.decisions.conformal import LEVELS
from foilseg.studies import variants

RUN = "a run folder that `foilseg train` printed, or one that comes with us: recommended, baseline"


def add(commands) -> None:
    """Add ``calibrate``, ``predict`` and ``report`` to a command line's subparsers."""
    _add_calibrate(commands)
    _add_predict(commands)
    _add_report(commands)


def _add_calibrate(commands) -> None:
    calibrate = commands.add_parser("calibrate", help="choose thresholds that keep a promise")
    calibrate.add_argument("run", type=Path, help=RUN)
    calibrate.add_argument(
        "--data", default="", help="a dataset folder; the run's twin unless told"
    )
    calibrate.add_argument(
        "--miss", type=float, required=True, help="largest expected share of misses, such as 0.2"
    )
    calibrate.add_argument(
        "--level", default="object", choices=LEVELS, help="what a miss is: %(choices)s"
    )
    calibrate.add_argument(
        "--class", dest="classes", nargs="+", default=[], metavar="NAME", help="defects; else all"
    )
    calibrate.add_argument(
        "--unseen", action="store_true", help="the run was trained on none of these pictures"
    )
    calibrate.add_argument("--stop-pixels", type=int, default=1, help="size from which one stops")
    calibrate.add_argument("--stop-number", type=int, default=1, help="how many of them stop")
    calibrate.add_argument("--out", type=Path, default=Path("decision.json"), help="%(default)s")
    calibrate.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ...")
    calibrate.set_defaults(command=_calibrate)


def _add_predict(commands) -> None:
    predict = commands.add_parser("predict", help="predict image files with a trained model")
    predict.add_argument("run", type=Path, help=RUN)
    predict.add_argument("image", type=Path, nargs="+", help="image files, or folders of them")
    predict.add_argument("--out", type=Path, required=True, help="a new folder for the results")
    predict.add_argument(
        "--decision", type=Path, help="what `foilseg calibrate` wrote: objects, and stop or go"
    )
    predict.add_argument(
        "--exact", action="store_true", help="with a decision: not the fastest format"
    )
    predict.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ...")
    predict.set_defaults(command=_predict)


def _add_report(commands) -> None:
    report = commands.add_parser("report", help="a page about a folder of stop or go")
    report.add_argument("folder", type=Path, help="what `foilseg predict --decision` wrote")
    report.set_defaults(command=_report)


def _predict(options) -> int:
    from tqdm import tqdm

    from foilseg.decisions import brought
    from foilseg.studies import predict

    run = brought.open_network(options.run)
    if options.decision:
        return _sort(run, options)
    with tqdm(desc="predict", unit="image") as bar:
        table = predict.predict_files(
            run,
            options.image,
            options.out,
            device=options.device,
            progress=lambda name: bar.update(),
        )
    print(f"{options.out}: {table['file'].nunique()} image(s), see {predict.TABLE}")
    return 0


def _sort(run, options) -> int:
    """Predict with a decision; 1 if a picture could not be read."""
    from tqdm import tqdm

    from foilseg.decisions import decision, results, sorting
    from foilseg.studies.predict import find_images

    chosen, images = decision.read(options.decision), find_images(options.image)
    with tqdm(desc="predict", unit="image", total=len(images)) as bar:
        done = sorting.sort_files(
            run,
            chosen,
            images,
            options.out,
            device=options.device,
            exact=options.exact,
            progress=lambda name: bar.update(),
        )
    counts = done.pictures["decision"].value_counts()
    told = ", ".join(f"{number} {name}" for name, number in counts.items())
    unlike = int(done.pictures["note"].str.startswith(results.UNLIKE).sum())
    print(f"{options.out}: {told}; {len(done.objects)} objects; {unlike} unlike the calibration")
    if done.quick:
        print(f"predicted with {done.quick}")
    for name, why in done.unread.items():
        print(f"foilseg: {name} was not read: {why}", file=sys.stderr)
    return 1 if done.unread else 0


def _calibrate(options) -> int:
    from tqdm import tqdm

    from foilseg.data import folder
    from foilseg.decisions import brought, calibration, page
    from foilseg.studies.study import open_study

    calibration.check(
        options.miss, stop_pixels=options.stop_pixels, stop_number=options.stop_number
    )
    run = brought.open_network(options.run)
    told = run.determines
    if options.data:
        data = folder.load(Path(options.data))
    elif _of_twin(told):
        data = open_study(profile=told["profile"], shipped=False).dataset
    else:
        raise ValueError(f"--data: {run.name} was trained on data of your own; say where they are")
    with tqdm(desc="calibrate", unit="image", total=len(data.foils)) as bar:
        chosen = calibration.calibrate(
            run,
            data,
            options.miss,
            level=options.level,
            classes=options.classes,
            unseen=options.unseen,
            stop_pixels=options.stop_pixels,
            stop_number=options.stop_number,
            device=options.device,
            progress=lambda name: bar.update(),
        )
    chosen.write(options.out)
    for each in chosen.promises:
        print(page.promise(chosen, each))
    print(f"{options.out}: from the {chosen.part} of {data.name}. {page.rule(chosen)}")
    return 0


def _of_twin(told) -> bool:
    """Whether a run was trained on the twin of its profile, as today's code renders it."""
    from foilseg.twin import render
    from foilseg.twin.config import TwinConfig

    if told["profile"] not in variants.names():
        return False
    return told["data"] == render.recipe(TwinConfig(**variants.profile(told["profile"]).twin))


def _report(options) -> int:
    from tqdm import tqdm

    from foilseg.decisions import page

    with tqdm(desc="report", unit="image") as bar:
        made = page.write(options.folder, lambda name: bar.update())
    print(f"{made}: {made.stat().st_size / 1e6:.1f} MB")
    return 0


def export_network(place: Path, out: Path) -> int:
    """Write a trained run, or a network that comes with us, as ONNX."""
    from foilseg.decisions import brought
    from foilseg.networks import export
    from foilseg.training import restore

    run = brought.open_network(place)
    told = export.write(restore.load(run, "cpu"), restore.classes(run), out)
    print(
        f"{out}: takes images of {told['channels']} channel(s) whose sides are multiples "
        f"of {told['grid']}; for tiles leave a margin of {told['halo']} pixels"
    )
    return 0
