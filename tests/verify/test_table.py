"""The table of a verification on the terminal."""

import io
import re
from pathlib import Path

import pytest

from lra_ref.verify import verify
from lra_ref.verify.table import show, summary
from tests.verify import zoo

ZOO = Path(zoo.__file__)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    (folder := tmp_path_factory.mktemp("claims")).joinpath("broken.py").write_text("1 / 0\n")
    return verify([ZOO, folder / "broken.py"], out=folder / "run")


def test_the_table_off_a_terminal_is_plain_aligned_text(result):
    stream = io.StringIO()
    show(result, stream)
    lines = stream.getvalue().splitlines()
    assert "\x1b" not in stream.getvalue()
    assert lines[0].split() == ["claim", "kind", "label", "verdict", "lhs", "rhs", "tightness", "control", "seeds", "seconds"]
    starts = {
        line.index(word) for line in lines[1:14] for word in ("HOLDS", "VIOLATED", "UNDECIDED", "NOT APPLICABLE", "FAILED") if word in line
    }
    assert starts == {lines[0].index("verdict")}
    assert lines[-1] == summary(result)
    assert "NOT as claimed: zoo.violated, zoo.raises, zoo.silent, broken" in lines[-1]
    assert any(line.startswith("zoo.silent HOLDS") and "did not fire" in line for line in lines)


@pytest.mark.parametrize(("width", "shown"), [("200", ["kind", "lhs", "seconds"]), ("80", ["lhs", "rhs"]), ("50", ["verdict"])])
def test_the_table_on_a_terminal_has_the_columns_that_fit(result, monkeypatch, width, shown):
    monkeypatch.setenv("COLUMNS", width)

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    show(result, stream)
    assert "zoo.bound" in stream.getvalue()
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in stream.getvalue().splitlines()]
    framed = [line for line in lines if line[0] in "┏┃┡│└"]
    assert all(len(line) <= int(width) for line in framed)
    header = framed[1].split()
    assert {"claim", "verdict", "control", *shown} <= set(header)
    assert ("kind" in header) == (width == "200")
