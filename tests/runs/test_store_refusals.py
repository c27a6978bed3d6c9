"""Directories that a run does not take: other settings, another run in it, no run directory, no rights."""

import errno
import os

import pytest

from lra_ref.runs import store
from lra_ref.runs.store import CELLS, RUN, RunDirectoryError, load
from tests.runs.directories import opened


def test_a_directory_belongs_to_one_command(tmp_path):
    opened(tmp_path, kind="sweep").close()
    assert load(tmp_path).kind == "sweep"
    with pytest.raises(RunDirectoryError, match="was made by lra-ref sweep, not by lra-ref verify; use another directory"):
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
    [
        (RUN, "{", "not a record"),
        (RUN, "[]", "not a record"),
        (RUN, '{"schema": 2, "settings": {}, "started": ""}', "not a record of a run: 'kind'"),
        (RUN, '{"schema": 2, "kind": "cake", "settings": {}, "started": ""}', "kind must be one of verify, sweep, got 'cake'"),
        (RUN, '{"schema": 99, "settings": {}, "started": ""}', "schema 99, this version reads 1 and 2; use the version that wrote it"),
        (CELLS, "{", "not a run directory that resumes"),
    ],
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


def test_a_directory_that_is_refused_is_left_as_it_was(tmp_path):
    opened(tmp_path, kind="sweep").close()
    (tmp_path / CELLS).unlink()
    with pytest.raises(RunDirectoryError, match="was made by lra-ref sweep"):
        opened(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [RUN]


def test_load_says_what_is_no_run_directory(tmp_path):
    with pytest.raises(RunDirectoryError, match="is not a folder"):
        load(tmp_path / "none")
    with pytest.raises(RunDirectoryError, match=r"is not a run directory: it has no run\.json"):
        load(tmp_path)


def test_a_lock_that_cannot_be_had_is_one_line(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(store.fcntl, "flock", refused)
    with pytest.raises(RunDirectoryError, match=r"cannot lock .*No locks available"):
        opened(tmp_path)


def test_read_only_places_are_one_line(tmp_path, monkeypatch):
    with pytest.raises(RunDirectoryError, match="cannot use the run directory /proc/lra_ref: "):
        opened("/proc/lra_ref")
    opened(tmp_path).close()

    def read_only(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(store, "open", read_only, raising=False)
    with pytest.raises(RunDirectoryError, match=r"cannot write .*cells\.jsonl: Read-only file system"):
        opened(tmp_path)
