from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.commands.conftest import Call

PORT = Path(__file__).resolve().parent.parent / "crosscheck" / "ports" / "clara_plain.py"
CLARA = ["--method", "clara_sgd", "--set", "lr=0.05", "--set", "d=0.01"]
OWN = """
SIZE = 3

class SGD:
    def __init__(self, tensors, step_size, factor=1.0):
        self.x, self.step_size = tensors, step_size * factor

    def step(self, gradients):
        self.x = [x if g is None else x - self.step_size * g for x, g in zip(self.x, gradients)]
        return self.x
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path) -> None:
    (tmp_path / "own_ports.py").write_text(OWN)
    rng = np.random.default_rng(0)
    np.save(tmp_path / "g.npy", rng.normal(size=(6, 4)))


def test_a_port_that_agrees(call: Call) -> None:
    code, out, err = call("crosscheck", f"{PORT}:Clara", *CLARA, "--steps", 20, "--state", "path=p", "--state", "eta=lr@before")
    assert (code, err) == (0, "")
    assert out.startswith(f"{PORT}:Clara (callable, float64) against clara_sgd\n  vector   normal           agrees over 20 steps, ")
    assert out.count("agrees over") == 13
    assert "verdict: agrees over 240 steps; largest difference, and its share of what may be rounding: x " in out


def test_a_port_that_differs_is_diagnosed(call: Call) -> None:
    code, out, err = call("crosscheck", f"{PORT}:Clara", *CLARA, "--port-set", "bug=early", "--steps", 20)
    assert (code, err) == (1, "")
    assert "first difference: step 0, x of tensor 0 at index" in out
    assert "diagnosis: the port agrees with the reference (to " in out
    assert "if it updates the rate before the step" in out
    assert out.endswith("verdict: differs\n")


def test_json(call: Call) -> None:
    words = ["--port-set", "bug=lengths", "--layout", "vector", "--layout", "3x2,2", "--steps", 20, "--json"]
    code, out, _ = call("crosscheck", f"{PORT}:Clara", *CLARA, *words)
    found = json.loads(out)
    assert code == 1
    assert (found["schema"], found["agrees"], found["method"], found["precision"]) == (1, False, "clara_sgd", "float64")
    assert [run["layout"] for run in found["runs"]] == ["vector", "3x2,2"]
    assert found["first"]["step"] == 1
    assert found["runs"][found["first"]["run"]]["first"]["step"] == 1
    (best,) = found["diagnosis"]["found"]
    assert best["deviations"] == [{"name": "reference of the path", "detail": "lengths, not their squares"}]
    assert call("crosscheck", f"{PORT}:Clara", *CLARA, *words[2:], "--port-set", "bug=lengths", "--no-diagnosis")[0] == 1


@pytest.mark.parametrize("place", ["own_ports", "own_ports.py"])
def test_names_of_parameters_are_mapped(call: Call, place: str) -> None:
    words = ["--method", "sgd", "--set", "lr=0.5", "--map", "lr=step_size", "--steps", 5]
    assert call("crosscheck", f"{place}:SGD", *words)[0] == 0
    code, out, _ = call("crosscheck", f"{place}:SGD", *words, "--port-set", "factor=3", "--sequence", "normal", "--sequence", "jump")
    assert code == 1
    assert "it multiplies every step (the learning rate scaled, or a mean in place of a sum) by 3" in out
    dropped = ["--method", "sgd", "--set", "lr=0.5", "--map", "lr=", "--port-set", "step_size=0.5", "--steps", 5]
    assert call("crosscheck", f"{place}:SGD", *dropped)[0] == 0


def test_recorded_gradients_and_problems(call: Call) -> None:
    words = ["own_ports.py:SGD", "--method", "sgd", "--set", "lr=0.001", "--map", "lr=step_size"]
    code, out, _ = call("crosscheck", *words, "--gradients", "g.npy")
    assert code == 0
    assert "own      recorded         agrees over 6 steps" in out
    code, out, _ = call("crosscheck", *words, "--problem", "rosenbrock", "--steps", 20)
    assert code == 0
    assert "rosenbrock, recorded agrees over 20 steps, " in out
    code, out, _ = call("crosscheck", *words, "--problem", "logistic", "--data", "iris", "--batch", 8, "--feedback", "--steps", 20)
    assert code == 0
    assert "each side at its own point" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("own_ports.py:SGD", "the following arguments are required: --method"),
        ("own_ports.py:SGD --method sgdd", "unknown method 'sgdd'; did you mean sgd"),
        ("own_ports.py:SGD --method sgd --set c=1", "unknown parameter of sgd 'c'"),
        ("own_ports.py:SGD --method sgd --map lr=step_size", "parameter to rename: it is not set: 'lr'"),
        ("own_ports.py:SGD --method sgd --set lr=1 --port-set lr=2", "the port's parameter lr is given twice"),
        ("own_ports.py:SGD --method sgd --map lr", "--map must look like name=value, got 'lr'"),
        ("own_ports.py:SGD --method sgd --framework tochr", "unknown framework 'tochr'; did you mean torch"),
        ("own_ports.py:SGD --method sgd --precision half", "unknown precision 'half'"),
        ("own_ports.py:SGD --method sgd --ulps 0", "ulps must be above 0, got 0"),
        ("own_ports.py:SGD --method sgd --steps 0", "--steps must be a whole number of at least 1, got 0"),
        ("own_ports.py:SGD --method sgd --layout 3y", "unknown layout '3y'"),
        ("own_ports.py:SGD --method sgd --sequence jmp", "unknown sequence 'jmp'; did you mean jump"),
        ("own_ports.py:SGD --method sgd --state eta=lr", "unknown quantity of sgd 'eta'"),
        ("own_ports.py:SGD --method sgd --gradients none.npy", "cannot read gradients from none.npy"),
        ("own_ports.py:SGD --method sgd --batch 3", "--problem-set, --data, --batch and --feedback belong to --problem"),
        ("own_ports.py:SGD --method sgd --problem sphere --layout model", "--problem exclude each other"),
        ("own_ports.py:SDG --method sgd", "unknown name in own_ports.py 'SDG'; did you mean SGD"),
        ("own_ports.py:SIZE --method sgd", "own_ports.py:SIZE is not a class or function but int"),
        ("no_such_module:f --method sgd", "cannot import no_such_module: ModuleNotFoundError"),
        ("SGD --method sgd", "expected MODULE:OBJECT, got 'SGD'"),
    ],
)
def test_usage_errors(call: Call, words: str, message: str) -> None:
    code, out, err = call("crosscheck", *words.split())
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert message in line
