"""Probability maps of a few foils that rules pick, coarse enough to come with a study.

Of every model one picture a foil: the levels of its defects, one below the other. A level says
between which two of :data:`EDGES` the log-odds lie, so a threshold at an edge gives the mask that
the network gives there; 0.5 is such an edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from foilseg.data.dataset import Foil, LabelClass, validation_regions
from foilseg.evaluation import example_rules
from foilseg.measured.object_tables import class_maps
from foilseg.networks import devices, inference
from foilseg.studies.model import Model
from foilseg.studies.shipped import Shipped
from foilseg.studies.study import Study
from foilseg.studies.tables import PROBABILITIES, write_masks
from foilseg.training import restore

EDGES = (-5.0, -4.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
LEVELS = len(EDGES) + 1
GREYS = {level: "#" + f"{17 * level:02x}" * 3 for level in range(LEVELS)}


def levels(logit: np.ndarray) -> np.ndarray:
    """uint8 of the same shape, 0 to 15: how many of :data:`EDGES` are not above the log-odds."""
    return np.searchsorted(EDGES, logit, side="right").astype(np.uint8)


def foils(study: Study, names: Sequence[str]) -> list[str]:
    """The foils in which the first model is worst, median and best, and the most disputed one."""
    counts = study.counts(names[:1])
    own = counts[counts["model"] == study.model(names[0]).title]
    picks = [example_rules.by_score(own, which) for which in ("worst", "median", "best")]
    if len(names) > 1:
        masks = {
            f.name: study.predictions(names, f.name) for f in validation_regions(study.dataset)
        }
        picks.append(example_rules.most_disagreed(masks))
    return list(dict.fromkeys(pick.foil for pick in picks))


def of_model(model: Model, foil: Foil, defects: Sequence[LabelClass]) -> list[np.ndarray]:
    """The levels of each defect on a validation region: uint8 (H, W) each."""
    found: dict[int, np.ndarray] = {}
    for run in model.runs.values():
        device, label = devices.resolve_device("auto"), run.config["label"]
        network = restore.network(run, device)
        with devices.threads(run.determines.get("threads", 0)):
            logits = inference.predict_logits(network, foil.image, device)
        found |= class_maps(logits, () if label is None else (label,))
    return [levels(found[c.index]) for c in defects]


def write(study: Study, names: Sequence[str], part: Path) -> list[str]:
    """Write the maps of the models whose weights are here; the files' paths in the study."""
    names = list(names)
    models = [study.model(name) for name in names]
    able = [m for m in models if all(run.has_weights for run in m.runs.values())]
    files = []
    for name in foils(study, names) if able else ():
        foil = study.validation(name)
        for model in able:
            maps = of_model(model, foil, study.dataset.defects)
            files.append(write_masks(part, _file(model.row.name, name), maps, GREYS, PROBABILITIES))
    return files


def read(shipped: Shipped, experiment: str, foil: str) -> list[np.ndarray] | None:
    """The levels of each defect in table order, None if the study brings no such map."""
    name = f"{PROBABILITIES}/{_file(experiment, foil)}.png"
    if name not in shipped.manifest["files"]:
        return None
    tall = shipped.tables.indexed(name)
    defects = sum(1 for entry in shipped.manifest["classes"] if entry["index"])
    return np.split(tall, defects)


def beside(study: Study, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the viewer is told of the maps that lie beside the pages: foil -> edges and keys.

    ``edges`` are :data:`EDGES`, ``keys`` title of a model -> ``STUDY/EXPERIMENT-FOIL``. Foils of
    which the shipped study has no map of every model are left out.
    """
    shipped = study.shipped
    if shipped is None:
        return {}
    models, found = [study.model(name) for name in names], {}
    for foil in validation_regions(study.dataset):
        files = {m.title: _file(m.row.name, foil.name) for m in models}
        held = [
            f"{PROBABILITIES}/{file}.png" in shipped.manifest["files"] for file in files.values()
        ]
        if files and all(held):
            keys = {title: f"{study.name}/{file}" for title, file in files.items()}
            found[foil.name] = {"edges": list(EDGES), "keys": keys}
    return found


def _file(experiment: str, foil: str) -> str:
    return f"{experiment}-{foil}"
