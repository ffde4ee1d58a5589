"""Reading pictures: large ones too, without a mark left on the process."""

import threading
import time

import numpy as np
import pytest
from PIL import Image

from foilseg.data import images


@pytest.fixture
def strict(monkeypatch):
    """Pillow refuses what has more than 200 pixels."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    return monkeypatch


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
def test_a_large_picture_is_read_and_the_limit_is_what_it_was(tmp_path, strict, name):
    pixels = np.arange(600, dtype=np.uint8).reshape(20, 30)
    Image.fromarray(pixels).save(tmp_path / name)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / name)
    np.testing.assert_array_equal(images.read(tmp_path / name), pixels)
    np.testing.assert_array_equal(images.read_indexed(tmp_path / name), pixels)
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_file_that_cannot_be_read_leaves_the_limit_as_it_was(tmp_path, strict):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(images.ImageFileError, match=r"a\.png: cannot be read"):
        images.read(tmp_path / "a.png")
    assert Image.MAX_IMAGE_PIXELS == 100


def test_what_is_larger_still_is_refused_by_name(tmp_path, strict):
    images.write(tmp_path / "a.png", np.zeros((20, 30), np.uint8))
    strict.setattr(images, "_MAX_PIXELS", 200)
    for read in (images.read, images.read_indexed):
        with pytest.raises(images.ImageFileError, match=r"a\.png: cannot be read.*exceeds limit"):
            read(tmp_path / "a.png")


def test_threads_that_read_at_one_time_do_not_take_the_limit_from_each_other(tmp_path, strict):
    images.write(tmp_path / "a.png", np.zeros((20, 30), np.uint8))
    real, started, seen = Image.open, threading.Barrier(2), []

    def slow(path, *rest):
        number = started.wait(10)
        time.sleep(0.2 * number)  # one thread is through while the other still opens
        return real(path, *rest)

    def read():
        try:
            seen.append(images.read(tmp_path / "a.png").shape)
        except images.ImageFileError as error:
            seen.append(str(error))

    strict.setattr(Image, "open", slow)
    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [(20, 30)] * 2
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("Thumbs.db", True),
        (".DS_Store", True),
        ("._foil_01.png", True),
        (".foil_01.png", False),
        ("thumbs.png", False),
        ("desktop.ini.png", False),
    ],
)
def test_only_what_systems_leave_behind_counts_as_such(name, left):
    assert images.is_left_behind(name) == left
