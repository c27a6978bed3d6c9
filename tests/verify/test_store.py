"""The run directory: atomic lines, torn lines, other settings, another run, no rights, no room."""

import errno
import json
import os

import pytest

from lra_ref.verify.store import CELLS, RUN, RunDirectory, RunDirectoryError, write_atomically

SETTINGS = {"preset": "quick", "seed": 0, "alpha": 1e-3}


def opened(path, **changed):
    return RunDirectory(path, SETTINGS | changed, "2024-01-01T00:00:00+00:00")


def test_cells_survive_and_the_last_of_a_key_counts(tmp_path):
    with opened(tmp_path / "run") as run:
        for key, value in (("a", 1), ("b", 2), ("a", 3)):
            run.add(key, {"value": value})
    with opened(tmp_path / "run") as run:
        assert run.cells == {"a": {"value": 3}, "b": {"value": 2}}
        assert run.started == "2024-01-01T00:00:00+00:00"


@pytest.mark.parametrize("torn", [b'{"key": "c", "rec', b'{"key": "c", "record": {}}', b"\xff\xfe", b"\n"])
def test_a_torn_last_line_is_cut_off(tmp_path, torn):
    with opened(tmp_path) as run:
        run.add("a", {})
    whole = (tmp_path / CELLS).read_bytes()
    (tmp_path / CELLS).write_bytes(whole + torn)
    with opened(tmp_path) as run:
        assert list(run.cells) == ["a"]
        run.add("b", {})
    with opened(tmp_path) as run:
        assert list(run.cells) == ["a", "b"]
    assert (tmp_path / CELLS).read_bytes().startswith(whole)


def test_rubbish_before_the_last_line_is_refused(tmp_path):
    with opened(tmp_path) as run:
        run.add("a", {})
    (tmp_path / CELLS).write_text("rubbish\n" + (tmp_path / CELLS).read_text())
    with pytest.raises(RunDirectoryError, match="line 1: not a finished cell"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"preset": "full"}, "was made with preset = 'quick', asked for 'full'"),
        ({"seed": 5}, "was made with seed = 0, asked for 5"),
        ({"alpha": 0.01}, "was made with alpha = 0.001, asked for 0.01"),
    ],
)
def test_other_settings_are_refused_by_name(tmp_path, changed, message):
    opened(tmp_path).close()
    before = (tmp_path / RUN).read_bytes()
    with pytest.raises(RunDirectoryError, match=message):
        opened(tmp_path, **changed)
    assert (tmp_path / RUN).read_bytes() == before


def test_a_second_run_at_the_same_time_is_refused(tmp_path):
    with opened(tmp_path), pytest.raises(RunDirectoryError, match="in use by another run"):
        opened(tmp_path)
    opened(tmp_path).close()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [(RUN, "{", "not a record"), (RUN, '{"schema": 99, "settings": {}, "started": ""}', "schema 99"), (CELLS, "", "not a run directory")],
)
def test_a_folder_that_is_no_run_directory_is_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(RunDirectoryError, match=message):
        opened(tmp_path)


def test_paths_that_cannot_be_used_are_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(RunDirectoryError, match="cannot use the run directory") as caught:
            opened(path)
        assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_line_and_the_directory_resumes(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with opened(tmp_path) as run:
        run.add("a", {})
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(RunDirectoryError, match="No space left on device"):
                run.add("b", {})
            with pytest.raises(RunDirectoryError, match="No space left on device"):
                write_atomically(tmp_path / "report.html", "text")
    assert not (tmp_path / "report.html").exists()
    assert [path.name for path in tmp_path.glob(".*")] == []
    with opened(tmp_path) as run:
        assert "a" in run.cells


def test_writing_replaces_whole_files(tmp_path):
    path = tmp_path / "new" / "file.json"
    write_atomically(path, json.dumps([1]))
    write_atomically(path, "ü".encode())
    assert path.read_text(encoding="utf-8") == "ü"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]
