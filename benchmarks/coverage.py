"""Is the promise kept? Thresholds of many draws of rendered foils, judged on the foils left out.

    python -m benchmarks.coverage RUN [--foils 60] [--known 20] [--splits 500]

RUN is a trained run of a profile of the twin. As many foils are rendered from a seed that no study
uses. In every split some are known, with which thresholds are chosen, and the others judge them:
the mean share of missed objects, or pixels, has to be at most what was promised, plus three
standard errors. Beside it stands a version that is deliberately wrong: it leaves out the
1 / (n + 1) that pays for the new foil, and the same comparison has to catch it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from tqdm import tqdm

from foilseg.data import folder
from foilseg.decisions import calibration, conformal, decision
from foilseg.decisions.scores import class_scores
from foilseg.studies import variants
from foilseg.training import restore, runs
from foilseg.twin import render
from foilseg.twin.config import TwinConfig

SEED, ALPHAS = 900_000, (0.05, 0.1, 0.2)
Chooser = Callable[[np.ndarray, float], int | None]


def right(missed: np.ndarray, alpha: float) -> int | None:
    """The place of the threshold that is promised; None where it is refused."""
    try:
        return conformal.choose(missed, alpha).place
    except conformal.PromiseError:
        return None


def wrong(missed: np.ndarray, alpha: float) -> int | None:
    """As :func:`right`, but without the 1 / (n + 1) for the foil that nobody has seen."""
    kept = np.flatnonzero(conformal.monotone(missed).sum(axis=0) / (len(missed) + 1) <= alpha)
    return int(kept[0]) if len(kept) else None


def realised(
    each: Sequence[np.ndarray], number: int, splits: int, alpha: float, choose: Chooser, seed: int
) -> np.ndarray:
    """Mean share that is missed on the foils left out, one number a split; refused splits go.

    ``each`` : of every foil that shows the class, the scores up to which things are found.
    """
    rng, found = np.random.default_rng(seed), []
    for _ in range(splits):
        order = rng.permutation(len(each))
        inside, outside = ([each[k] for k in part] for part in (order[:number], order[number:]))
        thresholds, missed = calibration.losses(inside)
        place = choose(missed, alpha)
        if place is not None:
            found.append(np.mean([(one < thresholds[place]).mean() for one in outside]))
    return np.array(found)


def scores_of(run: runs.Run, foils: int) -> dict[tuple[str, str], list[np.ndarray]]:
    """(class, level) -> of every rendered foil with the class, rising scores."""
    config = TwinConfig(
        **variants.profile(run.determines["profile"]).twin | {"foils": foils}, seed=SEED
    )
    predictor, classes = restore.load(run), decision.classes_of(run)
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    with TemporaryDirectory() as place:
        data = folder.load(render.write(Path(place) / "twin", config))
        for foil in tqdm(data.foils, "predict", unit="foil"):
            score = class_scores(predictor, foil.image)
            for c in classes:
                both = calibration.scores_in(score[c.index], foil.mask == c.index)
                for level, values in both.items():
                    if len(values):
                        found.setdefault((c.name, level), []).append(values)
    return found


def table(found: dict[tuple[str, str], list[np.ndarray]], number: int, splits: int) -> pd.DataFrame:
    """A row a class, level and alpha: what is realised, its error, and what the wrong one gives."""
    rows = []
    for (name, level), each in found.items():
        for alpha in ALPHAS:
            both = [realised(each, number, splits, alpha, f, 0) for f in (right, wrong)]
            means = [one.mean() if len(one) else np.nan for one in both]
            errors = [3 * one.std() / np.sqrt(max(len(one), 1)) for one in both]
            kept, caught = (m <= alpha + e for m, e in zip(means, errors))
            rows.append(
                (
                    name,
                    level,
                    alpha,
                    len(each),
                    len(both[0]),
                    means[0],
                    errors[0],
                    kept,
                    means[1],
                    not caught,
                )
            )
    columns = ["class", "level", "alpha", "foils", "splits", "realised", "3 errors", "kept"]
    return pd.DataFrame(rows, columns=[*columns, "wrong version", "caught"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--foils", type=int, default=60)
    parser.add_argument(
        "--known", type=int, default=20, help="foils that thresholds are chosen with"
    )
    parser.add_argument("--splits", type=int, default=500)
    options = parser.parse_args()
    run = runs.open_run(options.run)
    found = scores_of(run, options.foils)
    print(f"{run.name}; {options.foils} foils from seed {SEED}, {options.known} known in a split")
    print(table(found, options.known, options.splits).round(4).to_string(index=False))


if __name__ == "__main__":
    main()
