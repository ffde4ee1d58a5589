"""How sure a network is of each object that it predicts: the mean probability of its pixels.

A run stores masks and no probabilities. This is computed once from its weights and kept beside
it (:mod:`foilseg.training.evaluations`), a row an object, so that a study without weights still
has it. An object is a connected area (eight neighbours) of one class in the network's own mask of a
validation region, which it was not trained on. Probabilities are those of the softmax, or of the
sigmoid of a One-vs-Rest network; weights of classes in the loss raise them, so they compare
objects of one network better than networks with one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import torch
from scipy import ndimage

from foilseg.data.components import BOX, boxes, corner_and_size
from foilseg.data.components import objects as numbered
from foilseg.data.dataset import Dataset, Foil, LabelClass, validation_regions
from foilseg.networks import devices, inference
from foilseg.studies.model import Model
from foilseg.studies.study import Study
from foilseg.training import evaluations, restore, runs
from foilseg.training.stored_run import StoredRun

NAME = "objects"
COLUMNS = ["foil", "defect", *BOX, "pixels", "probability"]
DIFFERENT = 0.01  # share of pixels in which two computations of one mask may differ


def objects(data: Dataset, run: StoredRun, device: str = "auto") -> pd.DataFrame:
    """The objects that one network predicts; computed once, then read.

    Columns
    -------
    foil, defect, top, left, height, width, pixels, and probability: the mean over the object's
    pixels of the probability of its class, in (0, 1]. Objects of a foil are in the order of
    :func:`foilseg.data.components.objects`. A network that predicts nothing gives no rows.

    Raises
    ------
    foilseg.training.runs.RunError
        If neither the file nor the weights are there, or the weights do not give the masks that
        the run has stored.
    """
    return evaluations.stored(run, NAME, lambda: _measure(data, run, device))


def _measure(data: Dataset, run: StoredRun, device: str) -> pd.DataFrame:
    device, label = devices.resolve_device(device), run.config["label"]
    network = restore.network(run, device)
    frames = [pd.DataFrame(columns=COLUMNS)]
    for foil in validation_regions(data):
        mask = run.prediction(foil.name)
        logits = inference.predict_logits(network, foil.image, device)
        said, sure = _decided(logits, mask, label)
        said = foil.without_ignored(said)
        differ = float(np.mean(said != mask)) if mask.size else 0.0
        if differ > DIFFERENT:
            raise runs.RunError(
                f"{run.path}: its weights do not give its prediction of {foil.name} ({differ:.1%} "
                "of the pixels differ); delete the folder and train it again"
            )
        numbers, kinds = numbered(mask, len(data.classes))
        table = _described(foil.name, numbers, kinds, data.classes)
        each = ndimage.mean(sure, numbers, np.arange(1, len(kinds))) if len(kinds) > 1 else []
        frames.append(table.assign(probability=np.round(each, 4)))
    return pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)


def _decided(logits, mask: np.ndarray, label: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The mask that logits (K, H, W) give, and the probability of the class of ``mask``."""
    if label is not None:
        sure = torch.sigmoid(logits[0]).numpy()
        return np.where(sure > inference.THRESHOLD, label, 0), sure
    index = torch.from_numpy(mask.astype(np.int64))[None]
    sure = torch.softmax(logits, 0).gather(0, index)[0].numpy()
    return logits.argmax(0).numpy(), sure


def _described(
    foil: str, numbers: np.ndarray, kinds: np.ndarray, classes: Sequence[LabelClass]
) -> pd.DataFrame:
    """The objects of a numbered mask: :data:`COLUMNS` without the probability."""
    names = {c.index: c.name for c in classes}
    sizes = np.bincount(numbers.ravel(), minlength=len(kinds))
    rows = [
        (foil, names[int(kinds[k])], *corner_and_size(place), int(sizes[k]))
        for k, place in enumerate(boxes(numbers), 1)
    ]
    return pd.DataFrame(rows, columns=COLUMNS[:-1])


def spread(
    table: pd.DataFrame, foil: str, mask: np.ndarray, classes: Sequence[LabelClass], source: str
) -> np.ndarray:
    """The probability of the object that each pixel belongs to: float64 (H, W), 0 in none.

    Parameters
    ----------
    table : rows of :func:`objects`; those of ``foil`` are used.
    mask : the network's stored mask of that foil, uint8 (H, W).
    source : the file the table is from, for the error.

    Raises
    ------
    foilseg.training.runs.RunError
        If the table's objects are not those of the mask, each of them.
    """
    numbers, kinds = numbered(mask, len(classes))
    rows = table[table["foil"] == foil]
    own = _described(foil, numbers, kinds, classes)
    keys = COLUMNS[:-1]
    if rows[keys].to_numpy(object).tolist() != own[keys].to_numpy(object).tolist():
        raise runs.RunError(
            f"{source}: its {len(rows)} objects of foil {foil} are not the {len(own)} of the "
            "stored prediction; delete the file, and it is computed again where the weights are"
        )
    return np.concatenate([[0.0], rows["probability"].to_numpy(float)])[numbers]


def objects_of(model: Model, device: str = "auto") -> list[tuple[StoredRun, pd.DataFrame]]:
    """The networks of a model, each with the :func:`objects` that it predicts."""
    return [(run, objects(model.study.dataset, run, device)) for run in model.runs.values()]


def of_model(
    model: Model,
    foil: Foil,
    device: str = "auto",
    tables: Sequence[tuple[StoredRun, pd.DataFrame]] = (),
) -> np.ndarray:
    """How sure a model is in each pixel of its mask of a validation region: float64 (H, W).

    Of a One-vs-Rest model it is the network for the class of the pixel that is asked. 0 where
    the mask says background. ``tables`` : :func:`objects_of` the model, if they are read already.
    """
    mask, classes = model.prediction(foil.name), model.study.dataset.classes
    sure, known = np.zeros(mask.shape), mask == 0
    for run, table in tables or objects_of(model, device):
        own = run.prediction(foil.name)
        here = (own == mask) & ~known
        file = str(evaluations.place(run, NAME))
        sure[here] = spread(table, foil.name, own, classes, file)[here]
        known |= here
    unknown = float(np.mean(~known)) if mask.size else 0.0
    if unknown > DIFFERENT:
        raise runs.RunError(
            f"{model.joined().path}: {unknown:.1%} of its mask of foil {foil.name} are in no mask "
            "of the networks that it joins; delete the folder, and it is joined again"
        )
    return sure


def lacking(study: Study, names: Iterable[str]) -> list[str]:
    """The networks whose objects are neither stored nor computable, as their weights are not here.

    Networks that have no run are not among them; see :meth:`foilseg.studies.study.Study.missing`.
    """
    each = [run for name in names for run in study.model(name).made()]
    return [run.name for run in each if not evaluations.known(run, NAME) and not run.has_weights]


def maps(
    study: Study, names: Iterable[str], device: str = "auto"
) -> dict[str, dict[str, np.ndarray]] | None:
    """Foil -> title of the model -> :func:`of_model`; None if a network is :func:`lacking`."""
    names = list(names)
    if lacking(study, names):
        return None
    models = [(m, objects_of(m, device)) for m in map(study.model, names)]
    regions = validation_regions(study.dataset)
    return {f.name: {m.title: of_model(m, f, device, t) for m, t in models} for f in regions}


def note(without: Sequence[str]) -> str:
    """One sentence for the prose: whether the confidence of the networks is known."""
    if not without:
        return (
            "The confidence is the mean probability that the agreeing models give their object, "
            "and the score is agreement times confidence."
        )
    return (
        f"The confidence is not known here, so the score is the agreement alone: neither the "
        f"weights nor the stored objects of {len(without)} networks are in this study (first: "
        f"{without[0]}). Where the weights are, foilseg train all --stability stores them."
    )
