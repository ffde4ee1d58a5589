"""The command line says what it can do, refuses what it cannot, and names the choices."""

import pytest
from conftest import write_toy

from foilseg import cli
from foilseg.training import experiments
from foilseg.training.rows import Profile


def test_help_shows_a_newcomer_the_first_steps(capsys):
    with pytest.raises(SystemExit) as done:
        cli.main(["--help"])
    assert done.value.code == 0
    printed = capsys.readouterr().out
    for word in ("check", "import", "twin", "train", "chapter", "first steps"):
        assert word in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "bogus"], ["'bogus'", "baseline", "focal-iscf"]),
        (["train", "baseline", "--profile", "huge"], ["huge", "smoke", "desk", "thesis"]),
        (["twin", "x", "--profile", "huge"], ["huge", "smoke", "desk", "thesis"]),
        (["chapter", "poems"], ["'poems'", "01_dataset", "08_qualitative"]),
        (["chapter", "losses", "-p", "sead", "3"], ["'sead'", "seed", "profile", "data"]),
        (["chapter", "losses", "-p", "profile", "huge"], ["huge", "smoke", "desk", "thesis"]),
        (["train", "baseline", "--data", "nowhere"], ["nowhere", "no such folder"]),
        (["train", "baseline", "--seed", "-1"], ["seed", "negative"]),
    ],
)
def test_what_does_not_exist_is_refused_with_the_list_of_what_does(arguments, words, capsys):
    try:
        code = cli.main(arguments)
    except SystemExit as stopped:
        code = stopped.code
    printed = capsys.readouterr().err
    assert code in (1, 2)
    for word in words:
        assert word in printed
    assert "Traceback" not in printed


def test_train_trains_once_and_says_so(tmp_path, monkeypatch, capsys):
    tiny = Profile("smoke", base=2, patch=16, batch=2, iterations=4, refresh=2)
    monkeypatch.setitem(experiments.PROFILES, "smoke", tiny)
    data = write_toy(tmp_path / "d")
    arguments = ["train", "baseline", "--data", str(data), "--runs", str(tmp_path / "runs")]
    assert cli.main(arguments) == 0
    first = capsys.readouterr()
    assert "baseline-smoke-0-" in first.out and "it/s" in first.err
    assert cli.main(arguments) == 0
    assert "nothing to train" in capsys.readouterr().out


def test_photographs_under_known_lights_become_a_dataset_folder(tmp_path, capsys):
    import json
    import shutil

    import numpy as np

    from foilseg.data import folder, images, photometric

    lit, lights = tmp_path / "lit", photometric.line_lights()
    shutil.copytree(write_toy(tmp_path / "toy"), lit)
    shutil.rmtree(lit / "images")
    normals = np.zeros((3, 48, 64))
    normals[0], normals[2] = 0.28, 0.96
    for name in "ab":
        pictures = photometric.render(normals, np.full((48, 64), 0.8), lights)
        for k, picture in enumerate(pictures, 1):
            images.write(lit / "lights" / f"{name}_{k}.png", np.rint(60000 * picture).astype("u2"))
    (lit / "lights.json").write_text(json.dumps({"directions": lights.tolist()}))
    assert cli.main(["import", "lights", str(lit), str(tmp_path / "out")]) == 0
    assert "2 foils" in capsys.readouterr().out
    image = folder.load(tmp_path / "out").foils[0].image
    np.testing.assert_allclose(image, np.broadcast_to(normals, image.shape), atol=1.01 / 255)
