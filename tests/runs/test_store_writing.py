"""Writing that fails or is interrupted: no room, a limit on the size, an interrupt in the middle of a line."""

import errno
import io
import json
import os
import subprocess
import sys
import textwrap

import pytest

from lra_ref.runs import store
from lra_ref.runs.store import CELLS, RUN, RunDirectory, RunDirectoryError, line_of, load, write_atomically
from tests.runs.directories import filled, opened


def test_a_failed_write_leaves_no_torn_line_behind(tmp_path, monkeypatch):
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
        assert "b" not in run.cells
        run.add("c", {})
    assert not (tmp_path / "report.html").exists()
    assert [path.name for path in tmp_path.glob(".*")] == []
    assert sorted(load(tmp_path).cells) == ["a", "c"]


@pytest.mark.parametrize("written", [0, 1, 10, None])
def test_an_interrupt_while_a_line_is_written_leaves_a_whole_line_or_none(tmp_path, monkeypatch, written):
    class Interrupted(io.FileIO):
        def write(self, data):
            done = super().write(bytes(data[: len(data) if written is None else written]))
            if written is not None:
                raise KeyboardInterrupt
            return done

    def interrupted(_):
        raise KeyboardInterrupt

    before = filled(tmp_path, 1)
    with monkeypatch.context() as patch:
        patch.setattr(store, "open", lambda path, *_, **__: Interrupted(path, "a+"), raising=False)
        patch.setattr(os, "fsync", interrupted)
        with opened(tmp_path) as run, pytest.raises(KeyboardInterrupt):
            run.add("k", {})
    assert (tmp_path / CELLS).read_bytes() == before + (line_of("k", {}) if written is None else b"")


FULL = """
    import resource, sys
    from lra_ref.runs.store import RunDirectory, RunDirectoryError
    with RunDirectory(sys.argv[1], {}, "now") as run:
        if sys.argv[2] != "0":
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
        try:
            for number in range(10**4):
                run.add(f"k{number}", {"text": "x" * 100})
        except RunDirectoryError as problem:
            print(len(run.cells), problem)
"""


def fill_up(path, limit):
    """Write cells until the system refuses; returns how many were finished and the message."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(path), str(limit)], capture_output=True, text=True, timeout=60, check=True
    )
    count, _, message = done.stdout.partition(" ")
    return int(count), message


@pytest.mark.parametrize("limit", [1, 500, 1234])
def test_a_file_that_may_grow_no_further_keeps_what_is_finished(tmp_path, limit):
    count, message = fill_up(tmp_path, limit)
    assert "cannot write" in message
    assert "File too large" in message
    assert len(message.strip().splitlines()) == 1
    assert len(load(tmp_path).cells) == count == limit // len(line_of("k0", {"text": "x" * 100}))
    with RunDirectory(tmp_path, {}, "later") as run:
        run.add("last", {})
        assert len(run.cells) == count + 1


def test_a_disk_that_is_really_full(tmp_path):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system; the limit on the size of a file is tested everywhere")
    try:
        count, message = fill_up(tmp_path / "run", 0)
        assert count > 100
        assert "No space left on device" in message
        assert len(load(tmp_path / "run").cells) == count
        with pytest.raises(RunDirectoryError, match="No space left on device"):
            write_atomically(tmp_path / "run" / "result.json", "x" * 100_000)
        assert sorted(entry.name for entry in (tmp_path / "run").iterdir()) == [CELLS, RUN]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_writing_replaces_whole_files(tmp_path):
    path = tmp_path / "new" / "file.json"
    write_atomically(path, json.dumps([1]))
    write_atomically(path, "ü".encode())
    assert path.read_text(encoding="utf-8") == "ü"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]
