"""``lra-ref vectors`` as a user gives it: exit codes, stdout and stderr."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.commands.conftest import Call


def results(tmp_path: Path, change: Any = None) -> Path:
    """What a perfect port of everything in the folder ``set`` would write, changed by the caller."""
    found = {}
    for path in sorted((tmp_path / "set").glob("*.*.json")):
        vector = json.loads(path.read_text())
        found[vector["name"]] = dict(vector["quantities"])
    if change is not None:
        change(found)
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"format": "lra_ref results", "schema": 1, "results": found}))
    return path


def test_export_and_check(call: Call, tmp_path: Path) -> None:
    code, out, err = call("vectors", "export", "set", "--method", "sgd", "--method", "gala_adam")
    assert (code, out, err) == (0, "set: 8 vectors of 2 methods\n", "")
    results(tmp_path)
    code, out, err = call("vectors", "check", "set", "--results", "results.json")
    assert (code, err) == (0, "")
    assert out.endswith("8 of 8 vectors compared are the same within 0 ulps of float64\n")
    assert "state.rate.alignment" in out
    code, out, _ = call("vectors", "check", "set", "--results", "results.json", "--json", "--complete")
    found = json.loads(out)
    assert (code, found["verdict"], found["complete"], found["first_difference"]) == (0, "same", True, None)
    assert found["rows"][0]["compared"]["x"] == {"elements": 54, "differing": 0, "max_ulps": 0, "max_absolute": 0, "shapes": None}


def test_export_as_json(call: Call) -> None:
    code, out, _ = call("vectors", "export", "set", "--method", "sign", "--json")
    assert code == 0
    assert json.loads(out)["vectors"] == [f"sign.{label}.{scenario}" for label in ("default", "decay") for scenario in ("bowl", "edges")]


def test_a_difference(call: Call, tmp_path: Path) -> None:
    call("vectors", "export", "set", "--method", "sgd")
    results(tmp_path, lambda found: found["sgd.decay.edges"]["x"][4].__setitem__(7, "nan"))
    code, out, err = call("vectors", "check", "set", "--results", "results.json", "--ulps", "1e9", "--absolute", "0.5")
    assert (code, err) == (1, "")
    assert out.startswith("DIFFERENT  sgd.decay.edges, step 4, x[7]: expected ")
    assert "got nan (nan), inf ulps apart" in out
    assert out.endswith("5 of 6 vectors compared are the same within 1e+09 ulps of float64 or 0.5\n")
    code, out, _ = call("vectors", "check", "set", "--results", "results.json", "--json")
    found = json.loads(out)
    assert (code, found["verdict"]) == (1, "different")
    assert found["first_difference"]["index"] == [7]
    assert found["first_difference"]["ulps"] is None
    results(tmp_path, lambda found: found["sgd.decay.edges"]["x"].pop())
    code, out, _ = call("vectors", "check", "set", "--results", "results.json")
    assert code == 1
    assert "DIFFERENT  sgd.decay.edges: x has shape (9, 9), expected (10, 9)" in out


def test_missing_vectors(call: Call, tmp_path: Path) -> None:
    call("vectors", "export", "set", "--method", "sgd")
    results(tmp_path, lambda found: found.pop("sgd.decay.edges"))
    code, _, err = call("vectors", "check", "set", "--results", "results.json")
    assert (code, err) == (0, "of the 6 vectors of the folder 5 are in the results and were compared\n")
    code, out, err = call("vectors", "check", "set", "--results", "results.json", "--complete")
    assert (code, err) == (1, "")
    assert "MISSING    1 vectors: sgd.decay.edges\n" in out
    code, out, _ = call("vectors", "check", "set", "--results", "results.json", "--complete", "--json")
    assert (code, json.loads(out)["verdict"], json.loads(out)["missing"]) == (1, "different", ["sgd.decay.edges"])


def test_usage_errors_are_one_line(call: Call, tmp_path: Path) -> None:
    call("vectors", "export", "set", "--method", "sgd")
    (tmp_path / "file").write_text("{")
    results(tmp_path)
    for words, message in (
        ("", "the following arguments are required: export|check"),
        ("exprt set", "invalid choice: 'exprt'"),
        ("export set --method adamm", "unknown method 'adamm'; did you mean adam"),
        ("export file", "could not write the vectors"),
        ("check set", "the following arguments are required: --results"),
        ("check none --results results.json", "none: no such folder"),
        ("check file --results results.json", "file: not a folder"),
        ("check set --results none.json", "No such file or directory"),
        ("check set --results set", "Is a directory"),
        ("check set --results file", "file: damaged, not JSON"),
        ("check set --results set/index.json", "its format must be 'lra_ref results', got 'lra_ref vectors'"),
        ("check set --results results.json --ulps -1", "ulps must be in [0, inf), got -1.0"),
        ("check set --results results.json --ulps many", "invalid float value: 'many'"),
    ):
        code, out, err = call("vectors", *words.split())
        assert (code, out) == (2, ""), words
        assert message in err
        assert err.count("\n") == 1, words
