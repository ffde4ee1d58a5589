"""What chapters share is made ahead of them, and is what each would have made."""

from dataclasses import replace

import pytest
import toy
from test_workers import contents

from foilseg.analysis import stability
from foilseg.book import ahead, chapters
from foilseg.measured import confidence
from foilseg.studies.study import Study

NAMES = ["baseline", "binary"]
KINDS = {ahead.SEEN, ahead.LATE, ahead.OBJECTS}


def lazily(study):
    """What chapters would make, one after the other."""
    study.train(NAMES, progress=False)
    confidence.maps(study, NAMES)
    stability.late_counts(study, NAMES)
    for name in NAMES:
        for run in study.model(name).made():
            stability.training_counts(study.dataset, run)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_made_ahead_is_what_chapters_would_make(toy_data, tmp_path, workers):
    profile = replace(toy.PROFILE, threads=1, iterations=12, refresh=4)
    one, two = (Study(str(toy_data), profile, 0, tmp_path / name) for name in ("one", "two"))
    lazily(one)
    ahead.make(two, NAMES, KINDS, workers)
    assert two.missing(NAMES) == [] and ahead.tasks(two, NAMES, KINDS) == []
    made = contents(two.runs)
    assert made and made == contents(one.runs)
    lazily(two)
    assert contents(two.runs) == made, "nothing was left to make"


def test_the_code_of_the_chapters_says_what_they_need():
    needed = {s.stem: ahead.kinds([s]) for s in chapters.sources()}
    assert needed["09_stability"] == {ahead.LATE}
    assert needed["10_audit"] == {ahead.LATE, ahead.SEEN}
    assert needed["11_label_audit"] == {ahead.OBJECTS}
    assert needed["01_dataset"] == set()
