"""`lra-ref falsify`: lines, witnesses, JSON, errors in one line, processes."""

from __future__ import annotations

import json

import pytest

from lra_ref.cli import main


def test_the_command_writes_lines_witnesses_and_json(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["falsify", "learners.O2", "--budget", "60", "--out", out]) == 0
    printed = capsys.readouterr()
    assert "learners.O2: not falsified" in printed.out
    assert "1 of 1 searches as expected" in printed.out
    assert "evaluations" in printed.err
    assert len(list((tmp_path / "out" / "witnesses").glob("learners.O2*.json"))) == 1
    assert main(["falsify", "learners.O2", "--control", "--budget", "60", "--out", out, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"]
    assert found["outcomes"][0]["role"] == "control"
    assert found["outcomes"][0]["found"]
    (path,) = (tmp_path / "out" / "controls").glob("*.json")
    assert main(["verify", "--replay", str(path)]) == 0


def test_the_command_refuses_in_one_line(tmp_path, capsys):
    assert main(["falsify"]) == 2
    assert "name a claim" in capsys.readouterr().err
    assert main(["falsify", "gala.G1x"]) == 2
    assert "did you mean gala.G1" in capsys.readouterr().err
    broken = tmp_path / "broken.py"
    broken.write_text("1/0\n")
    assert main(["falsify", str(broken)]) == 2
    assert "ZeroDivisionError" in capsys.readouterr().err


# that every control and every refutation is found from a random start is checked by `lra-ref falsify --all-controls`, which CI runs
@pytest.mark.slow
def test_several_searches_share_the_processes(tmp_path, capsys):
    said = []
    for jobs in ("1", "2"):
        out = str(tmp_path / jobs)
        assert main(["falsify", "learners.O1", "learners.O2", "--control", "--budget", "40", "--jobs", jobs, "--out", out]) == 0
        said.append([line for line in capsys.readouterr().out.splitlines() if line.startswith("learners.")])
    assert said[0] == said[1]
    assert len(said[0]) == 2
