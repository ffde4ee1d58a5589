"""Trained runs under another code version keep all they hold, and get names that are found."""

import pandas as pd
import toy

from benchmarks import migrate
from foilseg.studies.study import Study
from foilseg.training import evaluations, runs
from foilseg.training.rows import Experiment


def test_runs_are_found_under_the_new_code_version_with_all_they_hold(
    toy_data, tmp_path, monkeypatch
):
    study = Study(str(toy_data), toy.PROFILE, 0, tmp_path / "runs")
    names = ("baseline", "binary")
    for name in names:
        study.model(name).train()
    evaluations.stored(
        study.model("baseline").runs[""], "kind", lambda: pd.DataFrame({"foil": ["a"]})
    )
    masks = {name: study.model(name).joined().prediction("f1") for name in names}
    folders = sorted(p.name for p in (tmp_path / "runs").glob(f"*/{runs.CHECKSUMS}"))
    monkeypatch.setattr(Experiment, "code_with", lambda row, sizes: "0" * 16)
    assert len(study.missing(names)) == 3
    assert migrate.migrate_runs(tmp_path / "runs") == len(folders) == 4
    assert study.missing(names) == []
    for name in names:
        assert (study.model(name).joined().prediction("f1") == masks[name]).all()
    assert study.model("baseline").runs[""].evaluation("kind")["foil"].tolist() == ["a"]
    after = [runs.open_run(path.parent) for path in (tmp_path / "runs").glob("*/checksums.json")]
    assert [run.problems() for run in after] == [[]] * 4
    assert not {run.name for run in after} & set(folders)
    assert migrate.migrate_runs(tmp_path / "runs") == 0
