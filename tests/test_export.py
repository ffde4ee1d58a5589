"""An exported model gives what the library gives, in a program that knows neither it nor torch."""

import json
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import torch
import toy

from foilseg import cli
from foilseg.data import images
from foilseg.data.dataset import LabelClass
from foilseg.networks import export, inference, together
from foilseg.studies.predict import read_image
from foilseg.training import restore


@pytest.fixture(scope="module")
def study(trained_toy):
    return trained_toy


def exported(run, place):
    """A predictor, and a session of what was exported of it."""
    predictor = restore.load(run, "cpu")
    export.write(predictor, restore.classes(run), place)
    options = {"providers": ["CPUExecutionProvider"]}
    return predictor, onnxruntime.InferenceSession(place, **options)


@pytest.mark.parametrize("kind", ["multi-class", "one network", "joined"])
def test_masks_are_those_of_the_library_whole_and_in_tiles(study, tmp_path, kind):
    run = {
        "multi-class": lambda: study.run("baseline"),
        "one network": lambda: study.model("binary").run("pit hole"),
        "joined": lambda: study.model("binary").joined(),
    }[kind]()
    predictor, session = exported(run, tmp_path / "m.onnx")
    told = json.loads(session.get_modelmeta().custom_metadata_map[export.METADATA])
    assert [c["name"] for c in told["classes"]] == [c.name for c in restore.classes(run)]
    assert told["channels"] == 1 and told["labels"] == list(predictor.labels)
    for height, width in ((96, 80), (320, 288)):
        image = (toy.picture(height, width, 3)[0] / 255).astype(np.float32)[None]
        logits, mask = session.run(None, {"image": image[None]})
        expected = np.concatenate([inference.predict_logits(n, image) for n in predictor.networks])
        np.testing.assert_allclose(logits[0], expected, atol=1e-4)
        assert mask.dtype == np.uint8 and (mask[0] != predictor.mask(image)).mean() < 1e-4
        tiled = np.zeros((height, width), np.uint8)
        for w in inference.windows(height, width, 64, told["halo"], told["grid"]):
            part = session.run(["mask"], {"image": image[None, :, w.from_rows, w.from_columns]})[0]
            top, left = w.rows.start - w.from_rows.start, w.columns.start - w.from_columns.start
            shape = w.rows.stop - w.rows.start, w.columns.stop - w.columns.start
            tiled[w.rows, w.columns] = part[0, top : top + shape[0], left : left + shape[1]]
        assert (tiled != mask[0]).mean() < 1e-4


@pytest.mark.parametrize("kind", [together.Mirrored, together.Committee])
def test_several_opinions_are_exported_as_one_network(tmp_path, kind):
    torch.manual_seed(0)
    image = np.stack([toy.picture(96, 80, k)[0] for k in range(3)]).astype(np.float32)
    image /= np.linalg.norm(image, axis=0)
    network = kind(3, 5, 2)
    for _ in range(8):
        network(torch.from_numpy(image)[None])
    classes = [LabelClass(k, f"class {k}", "#000000") for k in range(5)]
    predictor = inference.Predictor((network.eval(),))
    export.write(predictor, classes, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    logits, mask = session.run(None, {"image": image[None]})
    np.testing.assert_allclose(logits[0], inference.predict_logits(network, image), atol=1e-4)
    assert (mask[0] != predictor.mask(image)).mean() < 1e-4


PROGRAM = """
import sys, numpy, onnxruntime, PIL.Image
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
image = numpy.asarray(PIL.Image.open(sys.argv[2]), numpy.float32) / 255
numpy.save(sys.argv[3], session.run(["mask"], {"image": image[None, None]})[0][0])
assert "torch" not in sys.modules and "foilseg" not in sys.modules
"""


def test_the_command_writes_what_another_program_reads(study, tmp_path, capsys):
    run = study.run("baseline")
    target = tmp_path / "folder" / "model.onnx"
    assert cli.main(["export", "onnx", str(run.path), str(target)]) == 0
    assert "multiples of 16" in capsys.readouterr().out
    images.write(tmp_path / "p.png", toy.picture(96, 80, 5)[0])
    arguments = [str(target), str(tmp_path / "p.png"), str(tmp_path / "mask.npy")]
    subprocess.run([sys.executable, "-c", PROGRAM, *arguments], check=True)
    predictor = restore.load(run, "cpu")
    expected = predictor.mask(read_image(tmp_path / "p.png", predictor))
    assert (np.load(tmp_path / "mask.npy") != expected).mean() < 1e-3


def test_without_the_packages_it_says_what_to_install(study, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(export.ExportError, match=r"pip install 'foilseg\[export\]'"):
        exported(study.run("baseline"), tmp_path / "m.onnx")
