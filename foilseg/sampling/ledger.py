"""The ledger of a pool: what was asked for, what was delivered, and how varied it is.

Everything is counted from the windows of the plan, not taken from the sampler.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd

from foilseg.sampling.equal_design import variety
from foilseg.sampling.object_runs import class_counts, object_pixels
from foilseg.sampling.plans import Plan, Request
from foilseg.sampling.pools import Index


@dataclass(frozen=True)
class Ledger:
    """The account of one pool; dictionaries are keyed by class.

    Attributes
    ----------
    sampler : name of the resampler, ``"uniform"`` if the plan carries no request.
    n, size : patches, and their edge in pixels.
    requested_patches, requested_pixels : what was asked for, None where nothing was.
    requested_tolerance : None where none was asked for.
    patches : patches drawn from the class's pool, or None if the sampler knows no pools.
    showing : patches that show at least one pixel of the class.
    pixels : pixels of the class in all patches.
    tolerance : (max - min) / max of the pixels of the classes with requested pixels, or else of
        all defects; NaN if none of them has a pixel.
    distinct_windows : share of the patches left when repeated windows count once.
    nearest_overlap : mean over the patches of the largest share of a patch that another one
        also shows.
    distinct_pixels : pixels of the regions shown at least once, as a share of those delivered.
    objects : defect objects of the regions.
    objects_seen : of these, how many at least one patch shows.
    times_median, times_max : how many patches show an object that is seen; 0 if none is.
    times : number of patches -> number of objects that so many patches show.
    variety : effective share of the objects, see :func:`foilseg.sampling.equal_design.variety`.

    Shares and means of an empty pool are NaN.
    """

    sampler: str
    n: int
    size: int
    requested_patches: dict[int, int] | None
    requested_pixels: dict[int, float] | None
    requested_tolerance: float | None
    patches: dict[int, int] | None
    showing: dict[int, int]
    pixels: dict[int, int]
    tolerance: float
    distinct_windows: float
    nearest_overlap: float
    distinct_pixels: float
    objects: dict[int, int]
    objects_seen: dict[int, int]
    times_median: dict[int, float]
    times_max: dict[int, int]
    times: dict[int, dict[int, int]]
    variety: dict[int, float]

    def to_json(self) -> str:
        """JSON text; NaN is written as null."""
        return json.dumps(_plain(asdict(self)), indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Ledger:
        """The inverse of :meth:`to_json`."""
        content = {name: _keyed(value) for name, value in json.loads(text).items()}
        optional = {"requested_patches", "requested_pixels", "requested_tolerance", "patches"}
        for field in fields(cls):
            if content[field.name] is None and field.name not in optional:
                content[field.name] = float("nan")
        content["variety"] = {
            c: float("nan") if v is None else v for c, v in content["variety"].items()
        }
        return cls(**content)

    def table(self) -> pd.DataFrame:
        """One row per class: the columns of the thesis's Tables 3.3 to 3.5, and variety."""
        columns = ("patches", "showing", "pixels", "objects", "objects_seen")
        columns += ("times_median", "times_max", "variety")
        frame = pd.DataFrame({name: pd.Series(getattr(self, name)) for name in columns})
        frame.insert(3, "share", frame["pixels"] / max(self.n * self.size**2, 1))
        if self.requested_patches is not None:
            frame.insert(0, "requested_patches", pd.Series(self.requested_patches))
        if self.requested_pixels is not None:
            frame.insert(0, "requested_pixels", pd.Series(self.requested_pixels))
        return frame.rename_axis("class")


def ledger(index: Index, plan: Plan) -> Ledger:
    """The account of a plan made from an index (or from its regions).

    Raises
    ------
    ValueError
        If the plan's patches have another size than the index's.
    """
    if plan.size != index.size:
        raise ValueError(
            f"plan: its patches have {plan.size} pixels, those of the index {index.size}; build "
            f"the index for the plan's size"
        )
    request = plan.request or Request("uniform")
    classes, defects = range(index.n_classes), range(1, index.n_classes)
    label = index.objects.label
    shown = object_pixels(index.objects, plan.windows, plan.size)
    counts = class_counts(index.objects, shown, index.n_classes, plan.size)
    counts[:, 0] -= index.ignored_in(plan.windows)
    pixels = counts.sum(axis=0)
    seen = np.bincount(shown.indices, minlength=len(label))
    of = {c: seen[label == c] for c in defects}
    drawn = plan.drawn_for
    if drawn is not None and request.patches is None:
        drawn = None
    return Ledger(
        sampler=request.sampler,
        n=len(plan),
        size=plan.size,
        requested_patches=request.patches,
        requested_pixels=request.pixels,
        requested_tolerance=request.tolerance,
        patches=None if drawn is None else {c: int((drawn == c).sum()) for c in classes},
        showing={c: int((counts[:, c] > 0).sum()) for c in classes},
        pixels={c: int(pixels[c]) for c in classes},
        tolerance=spread(pixels[list(request.pixels or defects)]),
        distinct_windows=_share(len(np.unique(plan.windows, axis=0)), len(plan)),
        nearest_overlap=_nearest_overlap(plan),
        distinct_pixels=_share(_covered(index, plan), len(plan) * plan.size**2),
        objects={c: len(times) for c, times in of.items()},
        objects_seen={c: int((times > 0).sum()) for c, times in of.items()},
        times_median={c: _median(times[times > 0]) for c, times in of.items()},
        times_max={c: int(times.max(initial=0)) for c, times in of.items()},
        times={c: _histogram(times) for c, times in of.items()},
        variety=dict(zip(defects, variety(seen, label, tuple(defects)).tolist())),
    )


def spread(pixels: np.ndarray) -> float:
    """(max - min) / max, the thesis's measure of inequality; NaN if all are 0 or there is none."""
    most = pixels.max(initial=0)
    return float((most - pixels.min()) / most) if most > 0 else float("nan")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _median(times: np.ndarray) -> float:
    return float(np.median(times)) if len(times) else 0.0


def _histogram(times: np.ndarray) -> dict[int, int]:
    values, counts = np.unique(times, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist()))


def _nearest_overlap(plan: Plan) -> float:
    largest = []
    for region in np.unique(plan.foil):
        here = plan.foil == region
        top, left = plan.top[here].astype(np.float32), plan.left[here].astype(np.float32)
        for part in range(0, len(top), 512):
            rows = plan.size - np.abs(top[part : part + 512, None] - top)
            columns = plan.size - np.abs(left[part : part + 512, None] - left)
            common = rows.clip(0) * columns.clip(0)
            own = np.arange(len(common))
            common[own, own + part] = 0
            largest.append(common.max(axis=1) / plan.size**2)
    return float(np.concatenate(largest).mean()) if largest else float("nan")


def _covered(index: Index, plan: Plan) -> int:
    """Pixels of the regions that at least one patch shows."""
    total = 0
    for region in np.unique(plan.foil):
        shown = np.zeros(index.regions[region].shape, bool)
        here = plan.foil == region
        for top, left in zip(plan.top[here].tolist(), plan.left[here].tolist()):
            shown[top : top + plan.size, left : left + plan.size] = True
        total += int(np.count_nonzero(shown))
    return total


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    return None if isinstance(value, float) and np.isnan(value) else value


def _keyed(value):
    if isinstance(value, dict):
        return {int(key): _keyed(part) for key, part in value.items()}
    return value
