"""Reading never works for hours: only verbs train, join and render, and readers say which."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy

from foilseg.data.dataset import write_mask
from foilseg.data.scan import DatasetError
from foilseg.studies import network
from foilseg.studies.model import Model, NotTrainedError
from foilseg.studies.source import NotRenderedError, Source
from foilseg.studies.study import Study
from foilseg.training import fit, one_vs_rest
from foilseg.training.rows import Experiment
from foilseg.twin import render

VERBS = {"train", "join", "render"}
NAMES = ["baseline", "binary"]
# reader -> its arguments, and whether it needs runs
OF_STUDY = {
    "command": ([NAMES], False),
    "costs": ([NAMES], True),
    "counts": ([NAMES], True),
    "dataset": (None, False),
    "find": ([{"experiment": "baseline", "profile": "toy"}], False),
    "index": (None, False),
    "is_twin": (None, False),
    "left_out": ([NAMES], False),
    "missing": ([NAMES], False),
    "model": (["binary"], False),
    "name": (None, False),
    "predictions": ([NAMES, "f0"], True),
    "provenance": ([NAMES], False),
    "rendering": (None, False),
    "root": (None, False),
    "run": (["baseline"], True),
    "select": (["all"], False),
    "shipped": (None, False),
    "source": (None, False),
    "validation": (["f0"], False),
    "with_seed": ([1], False),
    "divided": (None, False),
    "moved": ([], False),
}
OF_MODEL = {
    "counts": ([], True),
    "determines": (["scratch"], False),
    "each": (None, False),
    "found": (["scratch"], False),
    "histograms": ([], True),
    "history": ([], True),
    "joined": ([], True),
    "joined_counts": ([], True),
    "made": ([], False),
    "missing": ([], False),
    "network": (["scratch"], False),
    "network_predictions": (["f0"], True),
    "networks": (None, False),
    "path": (["scratch"], False),
    "prediction": (["f0"], True),
    "run": (["scratch"], True),
    "runs": (None, True),
    "title": (None, False),
}


def readers(kind):
    """Everything public of a class but its fields and verbs."""
    return {n for n in vars(kind) if n[0] != "_"} - VERBS - set(kind.__dataclass_fields__)


@pytest.fixture
def idle(monkeypatch):
    """Whoever trains, joins or renders is caught."""

    def works(*arguments, **more):
        raise AssertionError("a reader works")

    for place, name in ((fit, "fit"), (one_vs_rest, "join"), (render, "write")):
        monkeypatch.setattr(place, name, works)


@pytest.fixture
def empty(toy_data, tmp_path):
    return Study(str(toy_data), toy.PROFILE, 0, tmp_path / "none")


def test_every_reader_is_tried():
    assert readers(Study) == set(OF_STUDY)
    assert readers(Model) == set(OF_MODEL)


def read(holder, name, arguments):
    found = getattr(holder, name)
    return found if arguments is None else found(*arguments)


@pytest.mark.parametrize("name", OF_STUDY)
def test_no_reader_of_a_study_works(empty, idle, name):
    check(empty, empty, name, *OF_STUDY[name], "baseline")


@pytest.mark.parametrize("name", OF_MODEL)
def test_no_reader_of_a_model_works(empty, idle, name):
    check(empty, empty.model("binary"), name, *OF_MODEL[name], r"binary \(scratch\)")


def check(study, holder, name, arguments, needs_runs, named):
    if needs_runs:
        with pytest.raises(NotTrainedError, match=named) as caught:
            read(holder, name, arguments)
        assert "study.train(['" in str(caught.value)
        assert "`foilseg train b" in str(caught.value) and str(study.root) in str(caught.value)
    else:
        read(holder, name, arguments)
    assert not study.runs.exists()


@pytest.mark.parametrize("name", ["dataset", "index", "_repr_html_", "validation", "counts"])
def test_no_reader_renders_the_twin(tmp_path, monkeypatch, idle, name):
    monkeypatch.chdir(tmp_path)
    study = Study("twin", toy.PROFILE, 0, Path("none"))
    arguments = {"_repr_html_": [], **{n: a for n, (a, _) in OF_STUDY.items()}}[name]
    with pytest.raises(NotRenderedError, match=r"study\.render\(\).*foilseg train baseline"):
        read(study, name, arguments)
    assert study.root.name.startswith("twin-toy-") and not list(tmp_path.iterdir())
    with pytest.raises(AssertionError, match="a reader works"):
        study.render()


def test_verbs_make_what_readers_then_read(empty):
    model = empty.model("binary")
    assert set(model.train(progress=False)) == {"scratch", "pit hole"}
    assert set(model.counts()["defect"]) == {"scratch", "pit hole"}
    assert model.joined().path.is_dir()
    with pytest.raises(NotTrainedError, match=r"model\('binary'\)\.join\(0\.3\)"):
        model.joined(0.3)
    assert model.join(0.3).path == model.joined(0.3).path
    with pytest.raises(NotTrainedError, match=r"^baseline: not trained with seed 0"):
        empty.counts(NAMES)


def test_rows_of_ones_own_are_in_no_command(empty):
    mine = Experiment("mine", "Mine", gamma=0.5)
    with pytest.raises(NotTrainedError, match=r"mine: not trained .* your own rows") as caught:
        empty.counts([mine])
    assert "foilseg train" not in str(caught.value)


def test_a_message_names_few_of_many_networks(empty):
    networks = [empty.model(name).network() for name in NAMES * 5]
    with pytest.raises(NotTrainedError, match=r"and 4 more: not trained"):
        network.require(networks)


def test_what_was_read_is_shared_by_seeds_and_stays_behind_in_another_process(empty):
    again = empty.with_seed(3)
    assert again.dataset is empty.dataset and again.index is empty.index
    one, two = pickle.loads(pickle.dumps([empty, again]))
    assert one == empty and two == again and one.source is two.source
    assert set(vars(one.source)) == {"data", "profile", "shipped_as", "numbers", "test"}
    assert len(pickle.dumps(empty)) < 2000
    assert replace(empty, runs=Path("x")).source == Source(empty.data, toy.PROFILE)


def test_a_folder_is_read_once_for_several_studies_until_a_file_in_it_is_written_anew(tmp_path):
    root = toy.write(tmp_path / "data")
    first, second = (Source(str(root), toy.PROFILE) for _ in range(2))
    assert first.dataset is second.dataset
    mask = np.zeros(first.dataset.foils[0].shape, np.uint8)
    write_mask(root / "labels" / "f0.png", mask, first.dataset.classes)
    third = Source(str(root), toy.PROFILE).dataset
    assert (third.foils[0].mask == 0).all() and first.dataset is second.dataset is not third
    (root / "labels" / "f1.png").unlink()
    with pytest.raises(DatasetError, match="f1"):
        Source(str(root), toy.PROFILE).dataset  # noqa: B018  which reads it
