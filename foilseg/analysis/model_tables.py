"""What a model is made of, was shown and cost, what its loss weighs, and its card -> tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from foilseg.analysis import comparisons
from foilseg.analysis.records import Record
from foilseg.data.dataset import IGNORED, Dataset, class_pixels, training_regions
from foilseg.evaluation import scores
from foilseg.networks import costs, losses, weighting
from foilseg.sampling import uniform
from foilseg.studies.model import Model
from foilseg.studies.study import Study
from foilseg.thesis import audit, published
from foilseg.training import evaluations, experiments, fit, restore
from foilseg.training.rows import Experiment

DIGITS = 3  # of the printed weights
MEAN = "mean"


def recipe(row: Experiment, title: str) -> dict[str, str]:
    """A row of the experiment table in words."""
    loss = "focal loss" if row.gamma else "cross entropy"
    return {
        "model": title,
        "command line": row.name,
        "sampler": row.sampler.replace("_", " "),
        "loss": loss + (f", gamma {row.gamma:g}" if row.gamma else ""),
        "weights": row.weights.upper() if row.weights in ("icf", "iscf") else row.weights,
        "scheme": row.scheme,
    }


def delivered(model: Model, dataset: Dataset) -> pd.DataFrame:
    """What the training pools of a One-vs-Rest model showed of each network's own defect.

    Summed over all pools: patches, those asked to show it, those that do, and its pixel share.
    """
    index = {c.name: c.index for c in dataset.classes}
    rows = []
    for defect, run in model.runs.items():
        ledgers, label = run.ledgers(), index[defect]
        patches = sum(account.n for account in ledgers)
        asked = [(account.requested_patches or {}).get(label) for account in ledgers]
        pixels = sum(account.pixels[label] for account in ledgers)
        rows.append(
            {
                "defect": defect,
                "patches": patches,
                "asked to show it": None if None in asked else sum(asked),
                "showing it": sum(account.showing[label] for account in ledgers),
                "share": pixels / max(1, sum(account.n * account.size**2 for account in ledgers)),
            }
        )
    return pd.DataFrame(rows)


def spending(table: pd.DataFrame) -> pd.DataFrame:
    """The whole-model rows of :func:`foilseg.networks.costs.table` in a reader's units."""
    whole = table[table["network"] == costs.WHOLE]
    units = {
        "networks": whole["networks"],
        "parameters": whole["parameters"],
        "million MACs per training patch": whole["macs_per_patch"] / 1e6,
        "training in s": whole["training_seconds"],
        "peak memory in MB": whole["peak_bytes"] / 1e6,
        "on disk in MB": whole["model_bytes"] / 1e6,
        "prediction in s per megapixel": whole["inference_seconds_per_megapixel"],
        "energy in Wh": whole["energy_joules"] / 3600,
    }
    return pd.DataFrame({"model": whole["model"], **units}).reset_index(drop=True)


def energy(table: pd.DataFrame) -> str:
    """How the energy of :func:`foilseg.networks.costs.table` is known, to follow "it is"."""
    sources = [each for each in dict.fromkeys(table["energy_source"]) if each]
    words = (each.replace(" x ", " × ").replace("estimate (", "estimated (") for each in sources)
    return "; ".join(words) or "not known"


def published_weights() -> pd.DataFrame:
    """Table 3.6 beside the weights recomputed from Table 3.1."""
    pixels = published.training_pixels()
    printed = published.table("class_weights").set_index("scheme")
    rows = []
    for scheme in printed.index:
        ours = weighting.class_weights(list(pixels.values()), scheme.lower())
        for name, value in zip(pixels, ours):
            theirs = printed.loc[scheme, name.replace(" ", "_")]
            row = {"scheme": scheme, "class": name, "printed": theirs, "recomputed": value}
            rows.append(row | {"agrees": "yes" if round(value, DIGITS) == theirs else "no"})
    return pd.DataFrame(rows)


def published_binary_weights() -> pd.DataFrame:
    """Table 3.7 beside the weights recomputed from Table 3.1, and whose weights a column holds.

    ``column of`` is the defect whose recomputed weights the printed column comes nearest to.
    """
    pixels = published.training_pixels()
    counts = np.array(list(pixels.values()))
    defects = list(pixels)[1:]
    ours = {
        name: weighting.target_weights("iscf", counts, label)
        for label, name in enumerate(defects, 1)
    }
    printed = published.table("binary_weights").set_index("class")
    rows = []
    for name in defects:
        theirs = printed[name.replace(" ", "_")].to_numpy()
        nearest = min(ours, key=lambda other: float(np.abs(ours[other] - theirs).max()))
        row = {"defect": name, "column of": nearest}
        for place, side in enumerate(("negative", "positive")):
            row |= {f"printed {side}": theirs[place], f"recomputed {side}": ours[name][place]}
        rows.append(row)
    return pd.DataFrame(rows)


def swapped(table: pd.DataFrame) -> str:
    """A sentence that names the columns of Table 3.7 that hold another defect's weights."""
    wrong = table[table["defect"] != table["column of"]]
    if wrong.empty:
        return "Every column holds its own defect's weights."
    pairs = zip(wrong["defect"], wrong["column of"])
    told = [f"the column {d} holds the weights of {c}" for d, c in pairs]
    return f"Read against thesis Table 3.1, {audit.all_of(told)}."


def agreeing(table: pd.DataFrame) -> str:
    """Sentences: how many weights of :func:`published_weights` agree, and which do not."""
    wrong = table[table["agrees"] == "no"]
    right = len(table) - len(wrong)
    counted = f"{right} of {len(table)} weights agree to the last digit."
    if wrong.empty:
        return counted
    pairs = zip(wrong["scheme"], wrong["class"])
    names = audit.all_of([f"the {scheme} weight of {name}" for scheme, name in pairs])
    verb = "The one that does not is" if len(wrong) == 1 else "Those that do not are"
    return f"{counted} {verb} {names}."


def probe(study: Study, patches: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of the trained baseline and targets on uniform training patches.

    Returns float32 (n, K, H, W) and uint8 (n, H, W), n patches of the profile's size.
    """
    generator = uniform.rng(study.seed, 0, "probe")
    plan = uniform.uniform(study.index.regions, patches, study.index.size, generator)
    images, masks = uniform.cut(study.index.regions, plan)
    network = restore.network(study.run("baseline"))
    with torch.inference_mode():
        logits = network(torch.from_numpy(images)).float()
    return logits.clone(), torch.from_numpy(masks)


def gradient_shares(study: Study) -> pd.DataFrame:
    """Share of the loss's gradient that each target class gets, per multi-class loss.

    One row a loss (rows of the experiment table that differ in loss or weights), one column a
    class. The gradient is that by the logits; all losses see the same logits, those of
    :func:`probe`. Computed once and kept beside the baseline's run.
    """
    run = study.run("baseline")
    table = evaluations.stored(run, "gradients", lambda: _gradient_shares(study).reset_index())
    return table.set_index("loss")


def _pixels(study: Study) -> np.ndarray:
    """int64 (K,): pixels of each class index in the training regions."""
    classes = len(study.dataset.classes)
    return class_pixels(training_regions(study.dataset), classes).sum(axis=0)


def _gradient_shares(study: Study) -> pd.DataFrame:
    logits, target = probe(study)
    pixels = _pixels(study)
    rows, seen = {}, set()
    for row in experiments.EXPERIMENTS.values():
        key = (row.gamma, row.weights)
        if row.is_one_vs_rest or key in seen:
            continue
        seen.add(key)
        loss = fit.make_loss(row, pixels)
        title = "Cross entropy" if key == (0.0, "none") else row.title
        rows[title] = losses.gradient_mass(loss, logits, target, len(pixels))
    classes = study.dataset.classes
    table = pd.DataFrame(rows, index=range(len(pixels))).T[[c.index for c in classes]]
    table.columns = [f"{c.name} share" for c in classes]
    return table.rename_axis("loss")


def normaliser_factors(study: Study, batches: int = 50) -> pd.DataFrame:
    """How much larger a weighted loss is if divided by the weights instead of the pixels.

    Per scheme, over the first batches of training: the mean of the factor (pixels / sum of
    weights), and its largest over its smallest value.
    """
    n = batches * study.profile.batch
    generator = uniform.rng(study.seed, 0, "train")
    plan = uniform.uniform(study.index.regions, n, study.index.size, generator)
    masks = uniform.cut(study.index.regions, plan)[1].reshape(batches, -1)
    pixels = _pixels(study)
    rows = []
    for scheme in ("standard", *weighting.SCHEMES):
        weights = np.full(IGNORED + 1, np.nan)
        weights[: len(pixels)] = weighting.target_weights(scheme, pixels)
        factors = 1 / np.nanmean(weights[masks], axis=1)
        row = {"weights": scheme.upper() if scheme in weighting.SCHEMES else scheme}
        rows.append(row | {"mean factor": factors.mean(), "spread": factors.max() / factors.min()})
    return pd.DataFrame(rows)


def card(record: Record, title: str, even: pd.DataFrame | None = None) -> pd.DataFrame:
    """Rates of a model: a row a defect, and their mean.

    Columns defect, ``TPR``, ``TPR at one FPR``, ``FPR`` and ``precision``, those at the model's own
    threshold each followed by the published one; a model that the thesis does not have has no such
    columns. Over all trainings. ``even`` : counts at the one FPR of another study, of a model that
    goes beyond it; of its own study unless told.

    Raises
    ------
    ValueError
        If the study has no such model; lists those it has.
    """
    own = _of(comparisons.rates(record), title)
    if own.empty:
        known = ", ".join(record.titles.values())
        raise ValueError(f"title: the study has no model {title!r}; choose one of {known}")
    if even is not None:  # beyond a study some rows have more trainings than all have
        own = _of(_every_training(record, title), title)
    even = scores.defect_rates(record.compared.even if even is None else even)
    printed = _of(scores.published_rates(), _published(record, title))
    table = {"TPR": own["TPR"], "published TPR": printed.get("TPR")}
    table["TPR at one FPR"] = _of(even, title)["TPR"]
    table |= {"FPR": own["FPR"], "published FPR": printed["FPR"]}
    table |= {"precision": own["precision"], "published precision": printed["precision"]}
    found = pd.DataFrame(table, index=own.index).dropna(axis="columns", how="all")
    return found.rename_axis("defect").reset_index()


def _every_training(record: Record, title: str) -> pd.DataFrame:
    """Rates of a model at its own threshold, over all trainings that the record brings of it."""
    counts = pd.concat([run.counts() for each in record.runs_of(title) for run in each])
    defects = [c.name for c in record.defects]
    counts = counts[(counts["against"] == "label") & counts["defect"].isin(defects)]
    order = pd.CategoricalDtype(defects)
    return scores.defect_rates(counts.assign(model=title).astype({"defect": order}))


def _of(rates: pd.DataFrame, title: str) -> pd.DataFrame:
    """A model's rows by defect, and their mean."""
    table = rates.astype({"model": str, "defect": str})
    own = table[table["model"] == title].set_index("defect")[["TPR", "FPR", "precision"]]
    return pd.concat([own, own.mean().to_frame(MEAN).T]) if len(own) else own


def _published(record: Record, title: str) -> str:
    """The thesis's name of a model."""
    return next(name for name, own in record.titles.items() if own == title)
