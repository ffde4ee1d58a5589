"""Packing a complete study, without weights, for everybody who clones the repository.

What chapters read from a run's weights (evaluations of late checkpoints, of the training regions,
gradients) is computed first, so that they need none of them afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from foilseg.analysis import gather, model_tables, packed_findings, stability
from foilseg.data.dataset import validation_regions
from foilseg.data.files import new_folder
from foilseg.measured import dial_crop, held_out, object_tables, probability_maps
from foilseg.studies import references, run_tables, shipped, tables, variants
from foilseg.studies.model import Model
from foilseg.studies.references import References
from foilseg.studies.study import Study
from foilseg.training import runs
from foilseg.training.experiments import select
from foilseg.training.rows import Experiment
from foilseg.training.stored_run import StoredRun

MOST_BYTES = 64_000_000


class ShippingError(RuntimeError):
    """A study that cannot be packed; the message says what it lacks."""


def prepare(study: Study, names: Iterable[str | Experiment]) -> None:
    """Compute everything a chapter may ask of the weights; what is there is kept."""
    names = list(names)
    gather.training_counts(study, names)
    if "baseline" in names:
        model_tables.gradient_shares(study)


def pack(
    study: Study,
    names: Sequence[str | Experiment] = (),
    out: Path | None = None,
    repeated: bool = False,
    numbers_only: bool = False,
    add: bool = False,
) -> Path:
    """Write the runs of a study, of all its models unless named, as tables to ``results``.

    The folder is made beside the old one and takes its place when it is complete.

    Parameters
    ----------
    repeated : with the further trainings that are complete, a model at a time, and what all late
        checkpoints predict.
    numbers_only : without predictions, so that nothing goes along that shows a picture, and
        without losses and tables of objects, but for those of a variant's ``objects``; such a
        study is read by :mod:`foilseg.analysis.records` alone. Of further trainings no losses go
        along either.
    add : runs that the shipped study has and the store has not are taken over as they are, so
        that trainings of another day or machine join it. Needs ``numbers_only``.

    Returns
    -------
    The folder: tables of the runs and their evaluations, the findings as tables, the masks of the
    networks with the study's own seed, and ``manifest.json``.

    Raises
    ------
    ShippingError
        If a network is not trained yet (names the command that trains it), or the whole is larger
        than 64 MB.
    """
    names = list(names) or select("all")
    if add:
        if not numbers_only:
            raise ShippingError(
                "add: only a study of numbers is added to; give --numbers-only as well"
            )
        study = replace(study, shipped_as=study.name, numbers=True)
    again = stability.trained(study, names) if repeated else {}
    tested = [name for name in stability.tested() if name in names] if repeated else []
    lacking = [f"{n} {d}".strip() for n, d in study.missing(names)]
    if lacking:
        raise ShippingError(f"not trained yet: {'; '.join(lacking)}")
    fresh = [name for name in names if any(run.has_weights for run in study.model(name).made())]
    if fresh:
        prepare(study, fresh)
    if repeated:
        judged = tested if numbers_only else names
        stability.evaluate(study, [name for name in judged if name in fresh])
    out = out or shipped.ROOT / study.name
    found = _runs(study, names, again)
    whole_of = variants.objects(study.profile.name)

    def parts(run: StoredRun) -> list[str]:
        """No page reads the losses of a further training, nor of a study of numbers."""
        read = not numbers_only and run.determines["seed"] == study.seed
        return [kind for kind in run.parts if read or kind != "history"]

    def brought(run: StoredRun) -> list[str]:
        """Of a study of numbers the test foils alone, and all of what is trained again."""
        whole = not numbers_only or run.determines["experiment"] in whole_of
        return run.evaluations() if whole else _tested(run)

    object_tables.complete(study, found)
    held_out.complete(study, found)
    with new_folder(out, over=True) as part:
        files = run_tables.write(found, part, parts, brought)
        if not numbers_only:
            files += _write_masks(study, found, part)
            files += probability_maps.write(study, names, part)
            files += dial_crop.write(study, part) if "baseline" in names else []
            files += _write_references(study, part)
        files += packed_findings.write(study, names, fresh, tested, again, part)
        listed = {run.name: told(run, parts(run), brought(run)) for run in found}
        _write_manifest(study, names, listed, files, part, repeated, not numbers_only)
        size = sum(p.stat().st_size for p in part.rglob("*") if p.is_file())
        if size > MOST_BYTES:
            raise ShippingError(f"{out}: {size / 1e6:.1f} MB, at most {MOST_BYTES / 1e6:.0f}")
    return out


def _runs(study: Study, names: Sequence, again: Mapping[int, Sequence]) -> list[StoredRun]:
    """All runs: of every model with the study's seed, joined ones, and the further trainings."""
    models = [study.model(name) for name in names]
    for seed, some in again.items():
        models += [study.with_seed(seed).model(name) for name in some]
    found = [run for model in models for run in [*model.runs.values(), model.joined()]]
    return list({run.name: run for run in found}.values())


def _write_masks(study: Study, found: Sequence[StoredRun], part: Path) -> list[str]:
    """Write what the runs of the study's own seed predict: a file a run. No page shows others."""
    foils = [foil.name for foil in validation_regions(study.dataset)]
    colours = {c.index: c.colour for c in study.dataset.classes}
    own = (run for run in found if run.determines["seed"] == study.seed)
    return [
        tables.write_masks(part, run.name, [run.prediction(foil) for foil in foils], colours)
        for run in own
    ]


def _write_references(study: Study, part: Path) -> list[str]:
    """Write the masks that the study's numbers rest on, if its data are rendered ones."""
    if not study.dataset.recipe or not study.dataset.has_truth:
        return []
    References.of(study.dataset).write(part / references.FILE)
    return [references.FILE]


def _entry(model: Model) -> dict[str, Any]:
    return {
        "experiment": model.row.name,
        "title": model.title,
        "published": model.row.published,
        "runs": [run.name for run in model.runs.values()],
    }


def told(run: StoredRun, parts: Sequence[str], evaluations: Sequence[str]) -> dict[str, Any]:
    """What a manifest says of a run of which these parts and evaluations are packed."""
    packed = {"parts": list(parts), "evaluations": list(evaluations)}
    return {"determines": run.determines, "made": run.config["circumstances"], **packed}


def _tested(run: StoredRun) -> list[str]:
    return [name for name in run.evaluations() if held_out.TESTED.fullmatch(name)]


def _command(study: Study, repeated: bool, pictures: bool) -> str:
    """The line that trains and packs the study again."""
    if study.profile.name in variants.VARIANTS:
        return f"make variants VARIANTS={study.profile.name}"
    if repeated and (pictures or not study.is_twin):
        data = "" if study.is_twin else f" DATA={Path(study.data).name}"
        flag = "" if pictures else " ARGS=--numbers-only"
        return f"make study PROFILE={study.profile.name}{data}{flag}"
    places = f"--profile {study.profile.name}"
    places += "" if study.is_twin else f" --data {Path(study.data).name}"
    flags = (" --stability" if repeated else "", "" if pictures else " --numbers-only")
    return f"foilseg train all {places}{flags[0]} && foilseg ship {places}{''.join(flags)}"


def _write_manifest(
    study: Study,
    names: Sequence,
    listed: Mapping[str, Any],
    files: Sequence[str],
    part: Path,
    repeated: bool,
    pictures: bool,
) -> None:
    held = study.shipped.manifest if study.numbers and study.shipped is not None else {}
    manifest = {
        "command": _command(study, repeated, pictures),
        "twin": study.is_twin,
        "predictions": pictures,
        "data": {
            "name": study.dataset.name,
            "fingerprint": study.dataset.fingerprint,
            "pixels": study.dataset.pixels,
        },
        "classes": [asdict(c) for c in study.dataset.classes],
        "profile": study.profile.name,
        "sizes": study.profile.sizes,
        "seed": study.seed,
        "models": [_entry(study.model(name)) for name in names],
        "regions": {f.name: f.mask.shape for f in validation_regions(study.dataset)},
        "runs": listed,
        "files": {name: runs.digest(part / name) for name in sorted(files)},
    }
    if "migrated" in held:  # what is added to was carried over from other code, with this proof
        manifest["migrated"] = held["migrated"]
    (part / shipped.MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
