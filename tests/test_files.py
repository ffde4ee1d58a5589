"""What is written is whole or not there, and what was there before stays until then."""

from hashlib import sha256

import pytest

from foilseg.data import files


def test_a_file_is_written_with_its_folder_and_nothing_else(tmp_path):
    path = tmp_path / "a" / "b.txt"
    for shared in (False, True):
        files.write_text("äbc", path, shared)
        assert [p.name for p in path.parent.iterdir()] == ["b.txt"]
    assert path.read_bytes() == "äbc".encode()
    assert files.digest(path) == sha256("äbc".encode()).hexdigest()


def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match=r"a\.txt: cannot be written \(No space left on device\)"):
        files.write_bytes(b"new", path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_when_it_is_complete_and_not_before(tmp_path):
    root = tmp_path / "new"
    with files.new_folder(root) as part:
        (part / "x").write_text("1")
        assert not root.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["new"]
    with pytest.raises(OSError), files.new_folder(root) as part:
        (part / "y").touch()
    assert [p.name for p in root.iterdir()] == ["x"]


def test_a_folder_takes_the_place_of_another_one_only_if_it_is_complete(tmp_path):
    root = tmp_path / "new"
    root.mkdir()
    (root / "old").touch()
    with pytest.raises(ValueError, match="too large"), files.new_folder(root, over=True):
        raise ValueError("too large")
    assert [p.name for p in root.iterdir()] == ["old"]
    with files.new_folder(root, over=True) as part:
        (part / "x").touch()
    assert [p.name for p in root.iterdir()] == ["x"]
    assert [p.name for p in tmp_path.iterdir()] == ["new"]
