"""The audit of the labels beside cleanlab and beside the loss of one model, by the twin's truth.

python -m benchmarks.label_audit [--profile matched] [--models all] [--model baseline]

cleanlab (pip install --no-deps cleanlab) takes the probabilities of one model, here of --model and
of the mean of all multi-class ones. All predictions are of validation regions.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from scipy import ndimage, stats

from foilseg.data.components import BOX, boxes, components, corner_and_size
from foilseg.data.dataset import Foil, LabelClass, validation_regions
from foilseg.evaluation import label_audit, label_audit_quality
from foilseg.evaluation.label_audit import Audit
from foilseg.measured import confidence
from foilseg.networks import inference
from foilseg.studies.study import Study, open_study
from foilseg.training import experiments, restore

AT = (10, 25, 50, 100, 200)
EXPLAINED = """
Regions: rank correlation (Spearman) with the share of wrong pixels, at which
  label and truth differ, and with that of missed objects' pixels.
Pixels: as many as our candidates have, the most suspicious first. The loss of
  a model orders pixels as cleanlab does: both follow from p(label).
Objects: how many are right, how many missed ones they find. cleanlab names
  pixels; its objects are connected areas of one predicted defect, the least
  p(label) first or the largest. The loss lists what one model has and the
  labels lack.
Not comparable: cleanlab also finds rims, and labels on background; our audit
  lists what is missing or of another class. It uses all models, cleanlab one
  or a mean.
"""


def probabilities(study: Study, name: str, region: Foil) -> np.ndarray:
    """Softmax of a multi-class model for a region: float32 (K, H, W)."""
    network = restore.network(study.run(name))
    return torch.softmax(inference.predict_logits(network, region.image), 0).numpy()


def of_label(region: Foil, probs: np.ndarray) -> np.ndarray:
    """p(label) of each pixel: (H, W)."""
    return np.take_along_axis(probs, region.mask[None].astype(np.int64), 0)[0]


def cleanlab_scores(regions: Sequence[Foil], probs: Mapping[str, np.ndarray]) -> list[float]:
    """cleanlab's quality of each region's labels: low where it suspects errors."""
    from cleanlab.segmentation.rank import get_label_quality_scores

    each = []
    for region in regions:
        arguments = region.mask[None].astype(np.int64), probs[region.name][None]
        each.append(float(get_label_quality_scores(*arguments, verbose=False)[0][0]))
    return each


def cleanlab_issues(regions: Sequence[Foil], probs: Mapping[str, np.ndarray]):
    """Foil -> bool (H, W), the pixels that cleanlab calls wrong.

    It treats all pixels of a data set as one list, so regions of different sizes are handed over
    as one picture of a single row.
    """
    from cleanlab.segmentation.filter import find_label_issues

    labels = np.concatenate([r.mask.ravel() for r in regions]).astype(np.int64)
    flat = np.concatenate([probs[r.name].reshape(len(probs[r.name]), -1) for r in regions], 1)
    said = find_label_issues(
        labels[None, None], flat[None, :, None], verbose=False, n_jobs=1, batch_size=10**6
    )
    parts = np.split(said[0, 0], np.cumsum([r.mask.size for r in regions])[:-1])
    return {r.name: part.reshape(r.shape) for r, part in zip(regions, parts)}


def listed(
    regions: Sequence[Foil],
    areas: Mapping[str, np.ndarray],
    suspicion: Mapping[str, np.ndarray],
    classes: Sequence[LabelClass],
) -> Audit:
    """Areas of one class as a list of objects, the largest mean suspicion first.

    ``areas`` : foil -> mask of proposed classes, 0 where nothing is proposed.
    """
    rows, numbers = [], {}
    for region in regions:
        numbers[region.name] = np.zeros(region.shape, np.int32)
        for c in (c for c in classes if c.index):
            found, count = components(areas[region.name] == c.index)
            scores = ndimage.mean(suspicion[region.name], found, np.arange(1, count + 1))
            for k, place in enumerate(boxes(found), 1):
                inside = found[place] == k
                rows.append((region.name, len(rows) + 1, c.name, scores[k - 1], inside.sum()))
                rows[-1] += corner_and_size(place)
                numbers[region.name][place][inside] = len(rows)
    table = pd.DataFrame(rows, columns=["foil", "object", "defect", "score", "pixels", *BOX])
    keys, ascending = ["score", "pixels", "foil", "object"], [False, False, True, True]
    return Audit(table.sort_values(keys, ascending=ascending, ignore_index=True), numbers)


def largest(found: Audit) -> Audit:
    """The same list, the largest object first."""
    keys, ascending = ["pixels", "score", "foil", "object"], [False, False, True, True]
    table = found.table.sort_values(keys, ascending=ascending, ignore_index=True)
    return replace(found, table=table)


def head(found: Audit, number: int) -> Audit:
    """The first candidates of a list alone."""
    return replace(found, table=found.table.head(number))


def review(
    lists: Mapping[str, Audit],
    regions: Sequence[Foil],
    classes: Sequence[LabelClass],
    at: Sequence[int] = AT,
) -> pd.DataFrame:
    """Right candidates, and missed objects found, after equal numbers of reviewed objects.

    One row a list: its length ("all of"), and "right, found" after each number (nothing where the
    list is shorter) and at its end.
    """
    rows = []
    for name, found in lists.items():
        length = len(found.table)
        row = {"list": name, "all of": length}
        for title, number in {**{str(n): n for n in at}, "end": length}.items():
            judged = label_audit_quality.judged(head(found, number), regions, classes)
            both = f"{judged['right'].sum()}, {judged['found'].sum()}"
            row[title] = both if number <= length else ""
        rows.append(row)
    return pd.DataFrame(rows)


def pixels(
    regions: Sequence[Foil], suspicion: Mapping[str, np.ndarray], budget: int
) -> tuple[float, float]:
    """Share of wrong pixels among the most suspicious ones, and of the wrong ones that they are."""
    wrong = np.concatenate([(r.mask != r.truth).ravel() for r in regions])
    values = np.concatenate([suspicion[r.name].ravel() for r in regions])
    first = np.argsort(-values, kind="stable")[:budget]
    hit = wrong[first].sum()
    return float(hit / max(1, budget)), float(hit / max(1, wrong.sum()))


def painted(found: Audit, regions: Sequence[Foil]) -> dict[str, np.ndarray]:
    """Foil -> score of the candidate in each pixel, 0 in none."""
    maps = {}
    for region in regions:
        rows = found.table[found.table["foil"] == region.name]
        numbers = found.numbers[region.name]
        scores = np.zeros(int(numbers.max(initial=0)) + 1)
        scores[rows["object"].to_numpy(int)] = rows["score"].to_numpy(float)
        maps[region.name] = scores[numbers]
    return maps


def correlations(regions, suspicions: Mapping[str, Sequence[float]], classes) -> pd.DataFrame:
    """Rank correlation of each score of the regions with the shares of wrong and missed pixels."""
    wrong = [float((r.mask != r.truth).mean()) for r in regions]
    missed = [sum(map(float, _missed(r, classes))) / r.mask.size for r in regions]
    rows = []
    for name, values in suspicions.items():
        each = [
            stats.spearmanr(values, target).statistic
            if np.ptp(values) > 0 and np.ptp(target) > 0
            else np.nan
            for target in (wrong, missed)
        ]
        rows.append((name, *each))
    return pd.DataFrame(rows, columns=["score", "wrong", "missed"])


def _missed(region: Foil, classes) -> list[int]:
    each = (label_audit_quality.missed(region, c.index) for c in classes if c.index)
    return [int(np.isin(numbers, chosen).sum()) for numbers, chosen in each]


def compare(study: Study, names: Sequence[str], model: str) -> None:
    """Print the three tables."""
    classes, regions = study.dataset.classes, validation_regions(study.dataset)
    masks = {r.name: study.predictions(names, r.name) for r in regions}
    sure, least = confidence.maps(study, names), label_audit.most(len(names))
    lists = {"ours, agreement": label_audit.audit(regions, masks, classes, least)}
    ours = label_audit.audit(regions, masks, classes, least, sure)
    lists["ours, and confidence"] = ours
    size = sum(int((numbers > 0).sum()) for numbers in ours.numbers.values())
    by_pixel = {"ours, and confidence": painted(ours, regions)}
    by_region = {
        name: [float(values[r.name].mean()) for r in regions] for name, values in by_pixel.items()
    }
    several = [n for n in names if not experiments.experiment(n).is_one_vs_rest]
    for title, used in {model: [model], f"mean of {len(several)}": several}.items():
        probs = {
            r.name: np.mean([probabilities(study, n, r) for n in used], axis=0) for r in regions
        }
        doubt = {r.name: 1 - of_label(r, probs[r.name]) for r in regions}
        loss = {r.name: -np.log(np.clip(of_label(r, probs[r.name]), 1e-12, 1)) for r in regions}
        issues = cleanlab_issues(regions, probs)
        said = {r.name: probs[r.name].argmax(0).astype(np.uint8) for r in regions}
        areas = {name: np.where(issues[name], said[name], 0) for name in said}
        lists[f"cleanlab, {title}"] = found = listed(regions, areas, doubt, classes)
        lists[f"largest, {title}"] = largest(found)
        alone = label_audit.audit(regions, {n: {"": m} for n, m in said.items()}, classes, 1)
        areas = {n: np.where(alone.numbers[n] > 0, said[n], 0) for n in said}
        lists[f"loss, {title}"] = listed(regions, areas, loss, classes)
        by_pixel[f"cleanlab, {title}"] = doubt
        by_pixel[f"cleanlab's set, {title}"] = {n: v.astype(float) for n, v in issues.items()}
        by_region[f"cleanlab softmin, {title}"] = [1 - s for s in cleanlab_scores(regions, probs)]
        by_region[f"mean loss, {title}"] = [float(loss[r.name].mean()) for r in regions]
    _show(regions, classes, lists, by_pixel, by_region, size)


def _show(regions, classes, lists, by_pixel, by_region, size: int) -> None:
    wrong = sum(int((r.mask != r.truth).sum()) for r in regions)
    total = sum(r.mask.size for r in regions)
    print(f"{wrong} of {total} pixels are wrong ({wrong / total:.2%})")
    print("\nRegions: rank correlation with the share of wrong and of missed pixels")
    print(correlations(regions, by_region, classes).round(2).to_string(index=False))
    rows = []
    for name, values in by_pixel.items():
        own = name.startswith("cleanlab's set")
        budget = int(sum(v.sum() for v in values.values())) if own else size
        rows.append((name, budget, *pixels(regions, values, budget)))
    print("\nPixels: share of wrong ones among those reviewed, and of all wrong ones")
    columns = ["list", "reviewed", "precision", "recall"]
    print(pd.DataFrame(rows, columns=columns).round(3).to_string(index=False))
    missing = label_audit_quality.judged(next(iter(lists.values())), regions, classes)[
        "missing"
    ].sum()
    print(f"\nObjects: right ones, and missed ones found (of {missing}), after so many reviewed")
    print(review(lists, regions, classes).to_string(index=False))
    print(EXPLAINED.rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="smoke")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", default="", help="where runs are stored (default: _runs)")
    parser.add_argument("--models", default="all", help="all, or names separated by commas")
    parser.add_argument("--model", default="baseline", help="the one that cleanlab is given")
    options = parser.parse_args()
    study = open_study("twin", options.profile, options.seed, options.runs)
    names = experiments.select(options.models)
    lacking = study.missing(names)
    if lacking:
        parser.error(
            f"--models: {len(lacking)} networks are not trained, first {lacking[0][0]}; "
            f"foilseg train {' '.join(names)} --profile {options.profile}"
        )
    if experiments.experiment(options.model).is_one_vs_rest or options.model not in names:
        parser.error(f"--model: {options.model} has to be a multi-class one of --models")
    regions = validation_regions(study.dataset)
    print(
        f"twin, profile {options.profile}, seed {options.seed}, {len(regions)} validation regions, "
        f"{len(names)} models, {label_audit.most(len(names))} have to agree"
    )
    compare(study, names, options.model)


if __name__ == "__main__":
    main()
