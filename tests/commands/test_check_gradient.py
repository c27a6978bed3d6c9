from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Call

OWN = """
import numpy as np

CONSTANT = 3

def good(x):
    return np.sum(np.exp(x)), np.exp(x)

def bad(x):
    return np.sum(np.exp(x)), 1 + x

class Model:
    @staticmethod
    def loss(x):
        return float(x @ x), 2 * x
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path) -> None:
    (tmp_path / "own_functions.py").write_text(OWN)


def test_a_problem_with_data(call: Call) -> None:
    code, out, err = call("check-gradient", "logistic", "--data", "iris", "--problem-set", "l2=0.1", "--points", 3)
    assert (code, err) == (0, "")
    assert out.startswith("logistic (D = 5), 3 points\ngradient: ok; 15 numbers against extrapolated central differences of F\n")
    assert "Hessian-vector product: ok" in out
    assert out.endswith("verdict: ok\n")


@pytest.mark.parametrize("place", ["own_functions", "own_functions.py", "./own_functions.py"])
def test_own_functions_from_modules_and_files(call: Call, place: str) -> None:
    assert call("check-gradient", f"{place}:good", "--dim", 4)[0] == 0
    assert call("check-gradient", f"{place}:Model.loss", "--dim", 2)[0] == 0
    code, out, err = call("check-gradient", f"{place}:bad", "--dim", 4)
    assert (code, err) == (1, "")
    assert "gradient: wrong; 40 numbers against complex steps" in out
    assert "given " in out
    assert out.endswith("verdict: wrong\n")


def test_json(call: Call) -> None:
    code, out, _ = call("check-gradient", "own_functions.py:bad", "--dim", 4, "--json", "--seed", 3)
    found = json.loads(out)
    assert code == 1
    assert (found["schema"], found["verdict"], found["seed"]) == (1, "wrong", 3)
    (report,) = found["reports"]
    assert report["failed"] > 0
    assert report["worst"]["relative_error"] > report["worst"]["expected_error"]
    assert len(report["worst"]["x"]) == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("spere", "unknown problem 'spere'; did you mean sphere"),
        ("sphere --dim 3", "--dim belongs to MODULE:FUNCTION; the dimension of a problem is --problem-set dim=D"),
        ("sphere --scale 3", "--scale belongs to MODULE:FUNCTION"),
        ("sphere --points 0", "--points must be a whole number of at least 1, got 0"),
        ("sphere --seed -1", "--seed must be a whole number of at least 0, got -1"),
        ("own_functions:good", "MODULE:FUNCTION needs --dim D"),
        ("own_functions:good --dim 0", "--dim must be a whole number of at least 1"),
        ("own_functions:good --dim 3 --scale -1", "--scale must be in (0, inf), got -1.0"),
        ("own_functions:good --dim 3 --data iris", "--data and --problem-set belong to a problem"),
        ("own_functions:god --dim 3", "unknown name in own_functions 'god'; did you mean good"),
        ("own_functions:CONSTANT --dim 3", "own_functions:CONSTANT is not a function but int"),
        ("no_such_module:f --dim 3", "cannot import no_such_module: ModuleNotFoundError"),
        ("none.py:f --dim 3", "cannot import none.py: FileNotFoundError"),
        (":f --dim 3", "expected MODULE:FUNCTION, got ':f'"),
    ],
)
def test_usage_errors(call: Call, words: str, message: str) -> None:
    code, out, err = call("check-gradient", *words.split())
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert message in line
