"""The trainings of a study with other priors: what :mod:`foilseg.analysis.thresholds` compares.

Worked out while weights were there (:mod:`foilseg.measured.prior_tables`) for networks of all
classes; a One-vs-Rest network has a single logit that a prior moves, so its histogram has it all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from foilseg.analysis.thresholds import Moved
from foilseg.analysis.trainings import Compared, studies_of
from foilseg.evaluation import metrics, prior_correction
from foilseg.evaluation.bootstrap import TRAINING
from foilseg.evaluation.curves import BINS, LARGEST, Histograms
from foilseg.evaluation.operating_points import counts_at
from foilseg.measured import held_out, prior_tables
from foilseg.studies.run_tables import read_histograms
from foilseg.studies.study import Study
from foilseg.training import rows
from foilseg.training.experiments import Experiment
from foilseg.training.stored_run import StoredRun

PLAIN = "baseline"  # the row whose network is moved
COUNTED = ["foil", "defect", *metrics.COUNTS]
SAID = 0.05  # the least probability of a pixel by whose share a network is called calibrated
AS_IS, RIGHT = "as trained", "priors put right"
STEP = 2 * LARGEST / BINS  # of the logit, between two thresholds


def of_study(study: Study, names: Sequence[str | Experiment], compared: Compared) -> Moved:
    """All trainings that ``compared`` (:func:`foilseg.analysis.trainings.of_study`) holds.

    What is not worked out yet is, which needs weights.
    """
    studies = studies_of(study, names, compared)
    plain = [next(iter(s.model(PLAIN).runs.values())) for s in studies]
    told = compared.against
    chosen, judged = (
        _dialled((held_out.of_part(study, run, prior_tables.DIAL, there) for run in plain), told)
        for there in (False, compared.tested is not None)
    )
    right = [
        _corrected(study, run, compared).assign(model=s.model(name).title, **{TRAINING: number})
        for number, s in enumerate(studies)
        for name in names
        for run in s.model(name).runs.values()
    ]
    right = pd.concat([r for r in right if len(r)] or right, ignore_index=True)
    return Moved(compared, study.model(PLAIN).title, chosen, judged, right)


def of_runs(compared: Compared, plain: str, runs: Sequence[StoredRun], test: str = "") -> Moved:
    """The dial alone, of what stored runs of the plain baseline bring.

    ``test`` : what the names of their evaluations of test foils end in, "" without test foils.
    """
    names = prior_tables.DIAL, f"{held_out.KIND}-{prior_tables.DIAL}-{test}"
    chosen, judged = (
        _dialled([t for run in runs if (t := run.evaluation(name)) is not None], compared.against)
        for name in (names if test else 2 * names[:1])
    )
    return Moved(compared, plain, chosen, judged, pd.DataFrame(columns=["model", *COUNTED]))


def _dialled(tables: Iterable[pd.DataFrame], against: str) -> pd.DataFrame:
    columns = ["tau", TRAINING, *COUNTED]
    each = [t[t["against"] == against].assign(**{TRAINING: k}) for k, t in enumerate(tables)]
    none = pd.DataFrame(columns=columns)
    return pd.concat(each, ignore_index=True)[columns] if each else none


def _corrected(study: Study, run: StoredRun, compared: Compared) -> pd.DataFrame:
    """Counts of a network with its priors put right; no row of one without.

    A network that saw the data's own priors is left as it is.
    """
    row, test = rows.row_of(run.determines), compared.tested is not None
    if not prior_tables.has_priors(row):
        return pd.DataFrame(columns=COUNTED)
    if prior_tables.COUNTS in prior_tables.kinds(run):
        table = held_out.of_part(study, run, prior_tables.COUNTS, test)
    elif prior_tables.is_plain(row):
        table = held_out.examine(study, run, held_out.COUNTS) if test else run.counts()
    else:
        return _shifted(study, run, test, compared.against)
    own = (table["against"] == compared.against) & table["defect"].isin(compared.defects)
    return table[own][COUNTED]


def _shifted(study: Study, run: StoredRun, test: bool, against: str) -> pd.DataFrame:
    """Counts of a One-vs-Rest network at the threshold that puts its priors right."""
    histograms = read_histograms(held_out.examine(study, run)) if test else run.histograms()
    defect = next(c.name for c in study.dataset.defects if c.index == run.config["label"])
    try:
        place = place_of_logit(-prior_tables.shift(study.dataset, run))
    except ValueError:  # a class was never shown
        return pd.DataFrame(columns=COUNTED)
    return counts_at(histograms, defect, place, against).assign(defect=defect)[COUNTED]


def place_of_logit(logit: float) -> float:
    """The place (:mod:`foilseg.evaluation.operating_points`) where larger logits are reported."""
    return float(np.clip((LARGEST - logit) / STEP, 0, BINS))


Shifted = tuple[Histograms, float]  # of a training, and what is added to all its logits


def calibration(
    study: Study, names: Sequence[str | Experiment], compared: Compared
) -> pd.DataFrame:
    """Expected calibration error of every model and defect, as it is and with priors put right.

    Of the pixels that get a probability of at least :data:`SAID`, in 15 bins of equally many
    pixels, where settings are judged; the mean of the trainings. Without that bound nearly all
    pixels are background that is rightly called so, and the error is that of the mean probability
    alone. Columns model, defect, ``as trained``, ``priors put right``; the last is NaN where there
    are no priors to put right, and what is plain keeps its own.
    """
    table = []
    for title, defect, *both in _each(study, names, compared):
        errors = ([_error(*each, defect, compared.against) for each in part] for part in both)
        table.append((title, defect, *(float(_known_mean(each)) for each in errors)))
    return pd.DataFrame(table, columns=["model", "defect", AS_IS, RIGHT])


def reliability(
    study: Study, names: Sequence[str | Experiment], compared: Compared
) -> pd.DataFrame:
    """What share of the pixels that get a probability is of the class, before and after.

    The bins are those of :func:`calibration`; a row a model with priors to put right, defect,
    ``kind`` (:data:`AS_IS`, :data:`RIGHT`) and bin. Columns model, defect, kind, ``said`` (mean
    probability) and ``true`` (share of the class), means of the trainings.
    """
    rows = []
    for title, defect, *both in _each(study, names, compared):
        for kind, part in zip((AS_IS, RIGHT), both if both[1] else ()):
            binned = [_binned(*each, defect, compared.against) for each in part]
            rows += [(title, defect, kind, *pair) for pair in zip(*_known_mean(binned))]
    return pd.DataFrame(rows, columns=["model", "defect", "kind", "said", "true"])


def _each(study: Study, names, compared: Compared):
    """Title, defect, and the trainings as they are and with priors put right."""
    studies = studies_of(study, names, compared)
    for name in names:
        title = study.model(name).title
        runs = [run for s in studies for run in s.model(name).runs.values()]
        own = [(histograms, 0.0) for histograms in compared.parts[title].judged_on]
        for defect in compared.defects:
            right = [each for run in runs for each in _right(study, run, compared, defect, own)]
            yield title, defect, own, right[: len(own)]


def _right(
    study: Study, run: StoredRun, compared: Compared, defect: str, own: Sequence[Shifted]
) -> list[Shifted]:
    """A network with its priors put right; none if it has none or not this defect."""
    row, test = rows.row_of(run.determines), compared.tested is not None
    if not prior_tables.has_priors(row):
        return []
    if prior_tables.is_plain(row):
        return list(own)
    if prior_tables.CORRECTED in prior_tables.kinds(run):
        table = held_out.of_part(study, run, prior_tables.CORRECTED, test)
        return [(read_histograms(table), 0.0)] if len(table) else []
    label = next(c.index for c in study.dataset.defects if c.name == defect)
    if run.config["label"] != label:
        return []
    histograms = read_histograms(held_out.examine(study, run)) if test else run.histograms()
    return [(histograms, prior_tables.shift(study.dataset, run))]


def _counted(histograms: Histograms, by: float, defect: str, against: str):
    """Counts of the pixels that get at least :data:`SAID`, and the probability of every bin."""
    middle = 1 / (1 + np.exp(-((np.arange(BINS) + 0.5) * STEP - LARGEST + by)))
    return histograms.total(defect, against) * (middle >= SAID)[:, None], middle


def _known_mean(parts: Sequence[np.ndarray | float]) -> np.ndarray:
    """The mean of numbers or arrays where they are known, NaN where none is."""
    stacked = np.array(parts, float)
    number = (~np.isnan(stacked)).sum(axis=0)
    unknown = np.full(number.shape, np.nan)
    return np.divide(np.nansum(stacked, axis=0), number, out=unknown, where=number > 0)


def _error(histograms: Histograms, by: float, defect: str, against: str) -> float:
    """The error after adding a number to all logits; NaN if no pixel is called so probable."""
    return prior_correction.expected_calibration_error(*_counted(histograms, by, defect, against))


def _binned(histograms: Histograms, by: float, defect: str, against: str) -> np.ndarray:
    """Mean probability and true share of every bin: (2, bins), NaN in an empty one."""
    said, true, mass = prior_correction.equal_mass(*_counted(histograms, by, defect, against))
    return np.divide([said, true], mass, out=np.full((2, len(mass)), np.nan), where=mass > 0)
