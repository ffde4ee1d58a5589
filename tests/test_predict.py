"""Prediction of image files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foilseg.data import images
from foilseg.studies import predict
from foilseg.training import restore, runs


@pytest.fixture(scope="module")
def study(trained_toy):
    return trained_toy


@pytest.mark.parametrize("kind", ["whole", "network", "joined"])
def test_prediction_of_files(study, tmp_path, kind):
    model = study.model("baseline" if kind == "whole" else "binary")
    run = {
        "whole": lambda: model.run(),
        "network": lambda: model.run("pit hole"),
        "joined": model.joined,
    }[kind]()
    source = Path(study.data) / "images"
    table = predict.predict_files(run, [source], tmp_path / "out")
    predictor = restore.load(run, "cpu")
    for path in sorted(source.iterdir()):
        expected = predictor.mask(predict.read_image(path, predictor))
        assert np.array_equal(images.read_indexed(tmp_path / "out" / path.name), expected)
        colours = images.read(tmp_path / "out" / path.name)
        shown = images.read(tmp_path / "out" / f"{path.stem}_overlay.png")
        grey = images.read(path)
        for c in study.dataset.classes:
            hit = expected == c.index
            row = table[(table["file"] == path.name) & (table["class"] == c.name)].iloc[0]
            assert row["pixels"] == hit.sum()
            assert (colours[hit] == images.rgb(c.colour)).all()
            if c.index == 0:
                assert (shown[hit] == grey[hit][:, None]).all()
    written = pd.read_csv(tmp_path / "out" / "predictions.csv", dtype=str, keep_default_na=False)
    assert set(written["objects"][table["class"] == study.dataset.classes[0].name]) == {""}
    assert written["objects"][table["objects"].notna()].str.fullmatch(r"\d+").all()


def test_objects_are_eight_connected():
    from toy import CLASSES

    mask = np.array([[1, 0, 0, 2], [0, 1, 0, 0], [0, 0, 0, 2]], np.uint8)
    rows = list(predict.measure(mask, CLASSES))
    assert [row["pixels"] for row in rows] == [8, 2, 2]
    assert rows[1]["objects"] == 1 and rows[2]["objects"] == 2
    assert np.isnan(rows[0]["objects"])


def test_prediction_refuses_what_it_cannot_do(study, tmp_path, toy_data):
    run, out = study.run("baseline"), tmp_path / "out"
    colour = tmp_path / "colour.png"
    images.write(colour, np.zeros((8, 8, 3), np.uint8))
    broken = tmp_path / "broken.png"
    broken.write_bytes(colour.read_bytes()[:40])
    cases = [
        ([colour], r"colour\.png: has three channels.*trained on images with one channel"),
        ([broken], r"broken\.png: cannot be read"),
        ([tmp_path / "none.png"], "no such file or folder; give pictures"),
        ([toy_data], "holds no image"),
        ([colour, colour], "would both be written"),
    ]
    for places, message in cases:
        with pytest.raises(ValueError, match=message):
            predict.predict_files(run, places, out)
    out.mkdir(exist_ok=True)
    (out / "something").write_text("")
    with pytest.raises(ValueError, match="not empty"):
        predict.predict_files(run, [toy_data / "images"], out)
    with pytest.raises(runs.RunError, match="no such folder"):
        runs.open_run(tmp_path / "nowhere")
