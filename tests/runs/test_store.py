"""The run directory: atomic lines, torn lines, flipped bits, older schemas, other settings, another run, no rights, no room."""

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

SETTINGS = {"preset": "quick", "seed": 0, "alpha": 1e-3}


def opened(path, kind="verify", **changed):
    return RunDirectory(path, SETTINGS | changed, "2024-01-01T00:00:00+00:00", kind)


def filled(path, count=3):
    with opened(path) as run:
        for number in range(count):
            run.add(f"k{number}", {"value": number + 0.25, "text": "é"})
    return (path / CELLS).read_bytes()


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


def test_a_line_torn_at_any_byte_is_cut_off_and_written_anew(tmp_path):
    content = filled(tmp_path)
    start = content[:-1].rindex(b"\n") + 1
    for length in range(start, len(content)):
        (tmp_path / CELLS).write_bytes(content[:length])
        assert sorted(load(tmp_path).cells) == ["k0", "k1"]
        assert (tmp_path / CELLS).read_bytes() == content[:length]  # load changes nothing
        with opened(tmp_path) as run:
            assert sorted(run.cells) == ["k0", "k1"]
            run.add("k2", {"value": 2.25, "text": "é"})
        assert (tmp_path / CELLS).read_bytes() == content


def test_no_flipped_bit_passes_for_a_result(tmp_path):
    content = filled(tmp_path)
    known, first_of_last = load(tmp_path).cells, content[:-1].rindex(b"\n")
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        if bit // 8 < first_of_last:
            with pytest.raises(RunDirectoryError, match=r"line [123]: not a finished cell"):
                store.cells_in(bytes(flipped), store.SCHEMA, tmp_path)
        else:
            # a damaged last line cannot be told from a torn one: its cell is computed again
            cells, whole = store.cells_in(bytes(flipped), store.SCHEMA, tmp_path)
            assert all(known[key] == record for key, record in cells.items())
            assert len(cells) < len(known)
            assert whole <= first_of_last + 1


@pytest.mark.parametrize("damage", [b"rubbish", b"", b'{"key": "k1", "record": {"value": 7}}', b"\xff\x00"])
def test_a_bad_line_before_the_last_is_named_and_nothing_is_changed(tmp_path, damage):
    lines = filled(tmp_path).splitlines(keepends=True)
    content = lines[0] + damage + b"\n" + lines[2]
    (tmp_path / CELLS).write_bytes(content)
    with pytest.raises(
        RunDirectoryError, match=r"cells.jsonl, line 2: not a finished cell \(.*\); nothing was changed: delete that line"
    ) as caught:
        opened(tmp_path)
    assert "\n" not in str(caught.value)
    assert (tmp_path / CELLS).read_bytes() == content
    # what the message advises
    (tmp_path / CELLS).write_bytes(lines[0] + lines[2])
    with opened(tmp_path) as run:
        assert sorted(run.cells) == ["k0", "k2"]


def test_a_directory_of_schema_1_is_read_and_continued(tmp_path):
    run_json = json.dumps({"schema": 1, "started": "2023-05-05T00:00:00+00:00", "settings": SETTINGS})
    old = '{"key": "a", "record": {"value": 1.5}}\n'
    (tmp_path / RUN).write_text(run_json)
    (tmp_path / CELLS).write_text(old + '{"key": "b", "rec')
    contents = load(tmp_path)
    assert (contents.kind, contents.schema, contents.cells) == ("verify", 1, {"a": {"value": 1.5}})
    with opened(tmp_path) as run:
        assert run.started == "2023-05-05T00:00:00+00:00"
        run.add("b", {"value": 2})
    assert (tmp_path / RUN).read_text() == run_json
    assert (tmp_path / CELLS).read_bytes() == old.encode() + line_of("b", {"value": 2})
    assert load(tmp_path).cells == {"a": {"value": 1.5}, "b": {"value": 2}}
    # a version that knows no checksum reads the new lines too
    assert [json.loads(line)["key"] for line in (tmp_path / CELLS).read_text().splitlines()] == ["a", "b"]
    with pytest.raises(RunDirectoryError, match="was made by lra-ref verify, not by lra-ref sweep"):
        opened(tmp_path, kind="sweep")


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


def test_a_start_that_was_killed_before_its_first_line_resumes(tmp_path):
    (tmp_path / CELLS).touch()
    with opened(tmp_path) as run:
        run.add("a", {})
    assert load(tmp_path).cells == {"a": {}}


def test_load_says_what_is_no_run_directory(tmp_path):
    with pytest.raises(RunDirectoryError, match="is not a folder"):
        load(tmp_path / "none")
    with pytest.raises(RunDirectoryError, match=r"is not a run directory: it has no run\.json"):
        load(tmp_path)


def test_load_reads_a_directory_that_a_run_is_writing_to(tmp_path):
    with opened(tmp_path) as run:
        run.add("a", {"value": 1})
        assert load(tmp_path).cells == {"a": {"value": 1}}


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
