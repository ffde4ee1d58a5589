"""A trained model -> ONNX: it runs where neither this library nor torch is.

The exported network takes ``image``, float32 (1, C, H, W) with sides that are multiples of the
grid, at least two of them, in the scale of :func:`foilseg.data.dataset.as_float`. It gives
``logits``, float32 (1, K, H, W), and ``mask``, uint8 (1, H, W) of class indices, decided as
:class:`foilseg.networks.inference.Predictor` does. What a program has to know beyond that, the
classes, the grid and the margin that makes tiles exact, is in the file's metadata under the key
``foilseg``, as JSON.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from foilseg.data.dataset import LabelClass
from foilseg.data.files import write_bytes
from foilseg.networks.inference import Predictor

METADATA = "foilseg"
OPSET = 18
LARGEST = 4096  # times the grid, the longest side
SIDE = 4  # times the grid, of the picture that is followed through the network


class ExportError(RuntimeError):
    """An export that cannot be made; the message says what to install."""


class Whole(nn.Module):
    """All networks of a predictor as one, with the decision."""

    def __init__(self, predictor: Predictor):
        super().__init__()
        self.networks = nn.ModuleList(predictor.networks)
        self.labels = predictor.labels
        each = np.asarray(predictor.thresholds, float)
        self.bounds = np.log(each / (1 - each)).tolist()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        logits = torch.cat([network(image) for network in self.networks], dim=1)
        if not self.labels:
            return logits, logits.argmax(dim=1).to(torch.uint8)
        bounds = torch.tensor(self.bounds, dtype=logits.dtype)[None, :, None, None]
        claimed = logits > bounds
        best = logits.masked_fill(~claimed, -torch.inf).argmax(dim=1)
        mask = torch.tensor(self.labels, dtype=torch.uint8)[best]
        return logits, mask * claimed.any(dim=1).to(torch.uint8)


def write(predictor: Predictor, classes: Sequence[LabelClass], path: Path) -> dict:
    """Write an ONNX file; what its metadata say.

    Parameters
    ----------
    predictor : on the CPU.
    classes : of the run, the background included.
    path : of the file; its folder is made.

    Raises
    ------
    ExportError
        If the packages that write ONNX are not installed.
    OSError
        If the file cannot be written.
    """
    first = predictor.networks[0]
    told = {
        "classes": [vars(c) for c in classes],
        "labels": list(predictor.labels),
        "thresholds": [float(t) for t in predictor.thresholds],
        "channels": predictor.channels,
        "grid": first.grid,
        "halo": first.halo,
    }
    side = SIDE * first.grid
    sides = {
        2 + k: first.grid * torch.export.Dim(name, min=2, max=LARGEST)
        for k, name in enumerate("hw")
    }
    _require()
    with _quiet():
        program = torch.onnx.export(
            Whole(predictor).eval(),
            (torch.zeros(1, predictor.channels, side, side),),
            dynamo=True,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["logits", "mask"],
            dynamic_shapes={"image": sides},
            verbose=False,
        )
    program.model.metadata_props[METADATA] = json.dumps(told)
    write_bytes(program.model_proto.SerializeToString(), Path(path))
    return told


def _require() -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(f"{error}; pip install 'foilseg[export]'") from error


@contextmanager
def _quiet():
    """Without what the exporter says about other packages and about itself."""
    heard = logging.getLogger("torch.onnx")
    level = heard.level
    heard.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        heard.setLevel(level)
