from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref import make_method, make_oracle, make_problem, run
from lra_ref.commands import drive as driving
from lra_ref.engine.checkpoint import load
from tests.commands.conftest import Call


def test_the_first_command_of_a_newcomer(tmp_path: Path) -> None:
    words = "run gala_sgd logistic --data breast_cancer --steps 2000 --seeds 8 --plot out.png".split()
    done = subprocess.run([sys.executable, "-m", "lra_ref.cli", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
    assert done.stderr.splitlines() == ["oracle: minibatch (batch 32, replacement with)", "plot: out.png"]
    assert done.stdout.startswith(
        "gala_sgd on logistic (D = 31, n = 569), oracle minibatch (batch 32, replacement with)\n2000 steps, 8 traj"
    )
    assert "every trajectory ran to the end" in done.stdout


def test_json_is_the_run_itself(call: Call) -> None:
    words = "run sgd quadratic --problem-set dim=3 --problem-set condition=4 --sigma 0.5 --set lr=0.25 --steps 70 --seeds 3 --seed 9 --json"
    code, out, err = call(*words.split())
    assert (code, err) == (0, "oracle: gaussian (sigma 0.5)\n")
    found = json.loads(out)
    problem = make_problem("quadratic", dim=3, condition=4)
    same = run(make_method("sgd", lr=0.25), make_oracle("gaussian", problem, sigma=0.5), steps=70, trajectories=3, seed=9)
    losses = same.records["loss"][:, -1]
    assert [row["loss"] for row in found["trajectories"]] == list(losses)
    assert found["final"]["loss"] == {"median": np.median(losses), "low": losses.min(), "high": losses.max()}
    assert found["final"]["gap"] == found["final"]["loss"]  # F* = 0
    assert found["start"]["loss"]["median"] == same.records["loss"][0, 0]
    assert found["status"] == {"running": 3}
    assert (found["steps"], found["every"], found["seed"], found["seeds"]) == (70, 1, 9, 3)
    assert found["oracle"] == {"name": "gaussian", "sigma": 0.5}
    assert found["files"] == {}


@pytest.mark.parametrize(
    ("words", "oracle"),
    [
        ("sphere", {"name": "exact"}),
        ("logistic", {"name": "minibatch", "batch": 32, "replacement": "with"}),
        ("logistic --batch 4", {"name": "minibatch", "batch": 4, "replacement": "with"}),
        ("logistic --oracle-set replacement=reshuffle", {"name": "minibatch", "batch": 32, "replacement": "reshuffle"}),
        ("logistic --oracle exact", {"name": "exact"}),
        ("logistic --sigma 2", {"name": "gaussian", "sigma": 2.0}),
        ("sphere --oracle student --sigma 2", {"name": "student", "df": 3.0, "sigma": 2.0, "scale": None}),
        ("sphere --oracle multiplicative --oracle-set ratio=0.25", {"name": "multiplicative", "ratio": 0.25}),
    ],
)
def test_the_oracle_that_options_mean_is_chosen_and_said(call: Call, words: str, oracle: dict[str, Any]) -> None:
    code, out, err = call("run", "sgd", *words.split(), "--steps", 2, "--json")
    assert code == 0
    assert json.loads(out)["oracle"] == oracle
    assert err.startswith(f"oracle: {oracle['name']}") != ("--oracle " in words)


def test_rows_default_to_about_a_thousand(call: Call) -> None:
    assert json.loads(call("run", "sgd", "sphere", "--steps", 5000, "--json")[1])["every"] == 5
    assert json.loads(call("run", "sgd", "sphere", "--steps", 10, "--json")[1])["every"] == 1


def _same_file(one: str, other: str) -> None:
    a, b = load(one), load(other)
    assert np.array_equal(a.steps, b.steps)
    assert np.array_equal(a.x, b.x)
    for name, column in a.records.items():
        assert np.array_equal(column, b.records[name], equal_nan=True), name


NOISY = "gala_sgd rosenbrock --sigma 0.1 --set eta_0=0.001 --seeds 2 --every 7"


def test_a_resumed_run_is_the_uninterrupted_one(call: Call) -> None:
    assert call("run", *NOISY.split(), "--steps", 500, "--out", "whole.npz")[0] == 0
    assert call("run", *NOISY.split(), "--steps", 123, "--out", "part.npz")[0] == 0
    code, out, err = call("run", "--resume", "part.npz", "--steps", 377, "--out", "part.npz")
    assert (code, err) == (0, "run kept in part.npz\n")
    assert "\n500 steps, 2 trajectories (0 to 1) of seed 0\n" in out
    _same_file("whole.npz", "part.npz")
    # without --steps what the file holds is shown, and nothing is written
    before = Path("part.npz").read_bytes()
    assert call("run", "--resume", "part.npz")[1] == out
    assert Path("part.npz").read_bytes() == before
    words = NOISY.split()[:4]
    assert call("run", *words, "--resume", "part.npz", "--steps", 1)[0] == 0


class Impatient(driving.Progress):
    """Ctrl-C after the third slice."""

    slices = 0

    def __call__(self, done: int) -> None:
        self.slices += 1
        if self.slices == 3:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_what_was_done_and_says_how_to_go_on(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    # slices of 63, then 126 steps, whatever the speed of the machine
    monkeypatch.setattr(driving, "LONGEST", float("inf"))
    assert call("run", *NOISY.split(), "--steps", 2000, "--out", "whole.npz")[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr(driving, "Progress", Impatient)
        code, out, err = call("run", *NOISY.split(), "--steps", 2000, "--out", "run.npz")
        assert (code, out) == (130, "")
        assert err.splitlines()[-1] == (
            "lra-ref run: interrupted at step 441; kept in run.npz; go on with: lra-ref run --resume run.npz --steps 1559 --out run.npz"
        )
        code, out, err = call("run", *NOISY.split(), "--steps", 2000)
        assert code == 130
        assert err.splitlines()[-1] == "lra-ref run: interrupted at step 441; nothing kept (--out FILE keeps a run)"
        code, _, err = call("run", "--resume", "run.npz", "--steps", 1559, "--out", "run.npz")
        assert code == 130
        assert "--steps 1118 --out run.npz" in err
    assert call("run", "--resume", "run.npz", "--steps", 1118, "--out", "run.npz")[0] == 0
    _same_file("whole.npz", "run.npz")


def test_ctrl_c_before_the_first_slice(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lra_ref.engine.run.run", interrupted)
    code, out, err = call("run", "sgd", "sphere", "--out", "run.npz")
    assert (code, out, err) == (130, "", "oracle: exact\nlra-ref run: interrupted before the first step\n")
    assert not Path("run.npz").exists()


def test_stopped_trajectories_are_named_with_the_reason(call: Call) -> None:
    code, out, _ = call("run", "sgd", "quartic", "--set", "lr=0.25", "--sigma", 2, "--steps", 100, "--seeds", 8)
    assert code == 0
    lines = out.splitlines()[-2:]
    counts = [int(line.split()[0]) for line in lines]
    assert sum(counts) == 8
    assert "ran to the end" in lines[0]
    assert "stopped: the gradient or the loss at the point is not finite" in lines[1]
    code, out, _ = call("run", "sgd", "quartic", "--set", "lr=0.25", "--sigma", 2, "--steps", 100, "--seeds", 8, "--json")
    status = json.loads(out)["status"]
    assert [status["running"], status["nonfinite_gradient"]] == counts
    assert all(np.isfinite(row["loss"]) for row in json.loads(out)["trajectories"])


ERRORS = [
    ("", "name a METHOD and a PROBLEM"),
    ("sgd", "name a METHOD and a PROBLEM"),
    ("sdg sphere", "unknown method 'sdg'; did you mean sgd?"),
    ("sgd spere", "unknown problem 'spere'; did you mean sphere"),
    ("sgd sphere --oracle gausian", "unknown oracle 'gausian'; did you mean gaussian?"),
    ("sgd sphere --set l=1", "unknown parameter of sgd 'l'"),
    ("sgd sphere --set lr", "--set must look like name=value, got 'lr'"),
    ("sgd sphere --set lr=fast", "lr must be in (-inf, inf), got 'fast'"),
    ("sgd sphere --problem-set dim=0", "dim must be a whole number in [1, inf), got 0"),
    ("sgd sphere --data iris", "unknown parameter of sphere 'data'"),
    ("sgd sphere --batch 3", "minibatch needs a finite sum"),
    ("sgd logistic --data irs", "data names neither a bundled set nor a file, got 'irs'; did you mean iris?"),
    ("sgd logistic --data iris --problem-set data=wine", "data is given twice"),
    ("sgd logistic --batch 3 --sigma 1", "--batch and --sigma belong to different oracles"),
    ("sgd logistic --batch 3 --oracle-set batch=4", "batch is given twice"),
    ("sgd logistic --oracle exact --batch 3", "unknown parameter of exact 'batch'"),
    ("sgd sphere --steps -1", "--steps must be a whole number of at least 0, got -1"),
    ("sgd sphere --steps many", "--steps: invalid int value: 'many'"),
    ("sgd sphere --seeds 0", "--seeds must be a whole number of at least 1, got 0"),
    ("sgd sphere --seed -1", "--seed must be a whole number of at least 0, got -1"),
    (f"sgd sphere --seed {2**64}", "--seed must be below 2^64"),
    ("sgd sphere --every 0", "--every must be a whole number of at least 1, got 0"),
    ("sgd sphere --threads 0", "--threads must be a whole number of at least 1, got 0"),
    ("sgd sphere --out run.txt", "--out must be a .npz file in an existing, writable folder, got run.txt"),
    ("sgd sphere --out no/run.npz", "--out must be a .npz file in an existing, writable folder"),
    ("sgd sphere --plot run.gif", "a plot must end in .png, .svg, .pdf, got run.gif"),
    ("sgd sphere --plot no/run.png", "a plot must be a file in an existing folder"),
    ("--resume none.npz", "none.npz"),
    ("--resume none.npz --seeds 3", "--seeds does not go with --resume"),
    ("--resume none.npz --set lr=1", "--set does not go with --resume"),
    ("--resume none.npz --data iris", "options of the problem and the oracle go with METHOD PROBLEM"),
    ("sgd sphere --frobnicate", "unrecognized arguments: --frobnicate"),
]


@pytest.mark.parametrize(("words", "message"), ERRORS, ids=[words or "nothing" for words, _ in ERRORS])
def test_usage_errors_are_one_line_and_leave_nothing(call: Call, tmp_path: Path, words: str, message: str) -> None:
    code, out, err = call("run", *words.split())
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("lra-ref run: error: ")
    assert message in line
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_run_is_refused(call: Call) -> None:
    call("run", "sgd", "sphere", "--steps", 3, "--out", "run.npz")
    assert "holds a run of sgd, not of adam" in call("run", "adam", "sphere", "--resume", "run.npz")[2]
    code, _, err = call("run", "sgd", "ellipsoid", "--resume", "run.npz")
    assert code == 2
    assert "run.npz: the run belongs to another problem" in err
