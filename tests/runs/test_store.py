"""The lines of a run directory: torn ones, flipped bits, damage, older schemas, reading while another writes."""

import json

import pytest

from lra_ref.runs import store
from lra_ref.runs.store import CELLS, RUN, RunDirectoryError, line_of, load
from tests.runs.directories import SETTINGS, filled, opened


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


def test_a_start_that_was_killed_before_its_first_line_resumes(tmp_path):
    (tmp_path / CELLS).touch()
    with opened(tmp_path) as run:
        run.add("a", {})
    assert load(tmp_path).cells == {"a": {}}


def test_load_reads_a_directory_that_a_run_is_writing_to(tmp_path):
    with opened(tmp_path) as run:
        run.add("a", {"value": 1})
        assert load(tmp_path).cells == {"a": {"value": 1}}
