"""The code version of a run: all that it is computed with, and nothing else."""

import sys
import threading
from dataclasses import replace
from pathlib import Path

import copies
import pytest
import toy

from foilseg import code_version
from foilseg.studies.study import Study
from foilseg.training import experiments

PACKAGE = Path(code_version.__file__).parent
ALL = set(experiments.EXPERIMENTS)
BINARY = {name for name, row in experiments.EXPERIMENTS.items() if row.is_one_vs_rest}
ISCF = {name for name, row in experiments.EXPERIMENTS.items() if row.weights == "iscf"}
TELL = """
from foilseg.training import experiments
from foilseg.twin.render import TwinConfig, recipe
rows = experiments.EXPERIMENTS.items()
codes = {name: [row.code, row.determining] for name, row in rows}
return codes | {"twin": recipe(TwinConfig())}
"""
# module, text there, what it becomes -> the models, and the twin, that this makes stale
CHANGES = [
    ("sampling/equal_frontier", "def explore(", "AGAIN = 1\n\n\ndef explore(", set()),
    (
        "sampling/equal_frontier",
        "return float(pixels",
        "return 1.0 * float(pixels",
        {"equal-pixels"},
    ),
    (
        "sampling/resampling",
        "return proportions(index, n, generator, {label: 1.0}, choice)",
        "return proportions(index, n, generator, {label: 2.0}, choice)",
        {"oversampled-cavities"},
    ),
    ("networks/losses", "def binary_focal(", "@staticmethod\ndef binary_focal(", BINARY),
    ("networks/losses", "def focal(", "@staticmethod\ndef focal(", ALL - BINARY),
    ("networks/weighting", '"iscf", total)', '"icf", total)', ISCF),
    ("networks/unet", "DEPTH = 4", "DEPTH = 2 + 2", ALL),
    ("training/settings", "learning_rate: float = 1e-3", "learning_rate: float = 2e-3", ALL),
    ("training/one_vs_rest", "each = np.broadcast_to(", "each = +np.broadcast_to(", BINARY),
    ("networks/registry", "LOSSES = {", 'LOSSES = {\n    "other": None,', set()),
    ("training/experiments", '"wCE ICF"', '"Weighted"', set()),
    (
        "training/rows",
        '    network: str = "unet"\n',
        '    network: str = "unet"\n    later: int = 0\n',
        set(),
    ),
    ("networks/unet", '"""', '"""Other prose. ', set()),
    ("networks/unet", "\nDEPTH = 4", "\n# a comment\nDEPTH  =  (4)", set()),
    ("twin/kinds", "#cc79a7", "#000000", set()),
    ("twin/surface", "grain: float = 0.04", "grain: float = 0.05", {"twin"}),
    ("twin/shapes", "0.16 * field.max()", "0.17 * field.max()", {"twin"}),
    ("drawing/style", "import", "import", set()),
]


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """Code and determinants of every model, and the twin's recipe: as they are, then changed."""
    return copies.ask([PACKAGE.parent, *copies.changed(CHANGES, tmp_path_factory.mktemp)], TELL)


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=[change[0] for change in CHANGES])
def test_a_change_makes_just_the_runs_stale_that_it_concerns(versions, number):
    now, then = versions[0], versions[1 + number]
    assert {name for name, found in then.items() if found != now[name]} == CHANGES[number][3]


def executed(work):
    """(module, top-level name) of every definition of the package that is called meanwhile."""
    found = set()

    def note(frame, event, _):
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
            found.add((module, frame.f_code.co_qualname.split(".")[0]))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return found


@pytest.mark.parametrize("name", ["baseline", "equal-pixels", "binary-focal-iscf"])
def test_nothing_that_a_training_calls_is_missing(toy_data, tmp_path, name):
    short = replace(toy.PROFILE, iterations=8, refresh=4)  # every call is seen twice
    study = Study(str(toy_data), short, 0, tmp_path)
    model = study.model(name)
    study.index, model.determines(model.networks[0])
    called = executed(lambda: model.train(progress=False))
    counted = {(d.module, d.name) for d in code_version.reached(*model.row.roots)}
    missing = {
        (module, one)
        for module, one in called - counted
        if module not in code_version.APART | {"registry"}
        and one not in code_version.REGISTRIES
        and one not in ("<module>", "<lambda>", "<genexpr>")
    }
    begin = {m for m in missing if m[0].startswith(("studies.", "book."))}
    assert missing - begin == set()
    assert ("training.training", "step") in counted and ("networks.unet", "UNet") in called


def test_a_root_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"networks\.losses defines no 'hinge'"):
        code_version.code_version(("networks.losses", "hinge"))
