from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lra_ref.cli import INTERRUPTED, parser_of
from lra_ref.runs.progress import Progress
from lra_ref.sweep import load, sweep
from tests.commands.conftest import Call

WORDS = "sweep sgd,adam sphere --lr 0.01:1:3 --steps 50 --seeds 2 --oracle gaussian --oracle-set sigma=0.5".split()


def test_the_table_goes_to_stdout_and_the_records_to_the_directory(call: Call, tmp_path: Path) -> None:
    code, out, err = call(*WORDS, "--out", tmp_path / "run")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["method", "problem", "best", "rate"]
    assert [line.split()[0] for line in lines[1:3]] == ["sgd", "adam"]
    assert err.splitlines()[-1].startswith(f"records: {tmp_path / 'run'}; lra-ref report")
    assert len(load(tmp_path / "run").records) == 6


def test_help_loads_nothing_heavy() -> None:
    heavy = ("numba", "numpy", "scipy", "matplotlib", "distributed")
    found = f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    code = f"import sys; from lra_ref.cli import main; main(['sweep', '--help']); {found}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert done.stdout.startswith("usage: lra-ref sweep")


def test_json_is_the_sweep_itself(call: Call, tmp_path: Path) -> None:
    code, out, _ = call(*WORDS, "--out", "run", "--json")
    found = json.loads(out)
    same = sweep("sgd,adam", "sphere", lr="0.01:1:3", steps=50, seeds=2, oracle="gaussian", oracle_set={"sigma": 0.5})
    assert (code, found["ok"], found["rows"]) == (0, True, same.rows)
    assert [{**record, "seconds": 0} for record in found["records"]] == [{**record, "seconds": 0} for record in same.records]
    assert json.loads((tmp_path / "run" / "result.json").read_text()) == found


def test_names_may_be_repeated_and_parameters_given_to_one(call: Call) -> None:
    words = "sweep sgd sphere --method adam,amsgrad --problem rosenbrock --lr 0.1 --steps 5 --set eps=1e-6 --set adam.eps=1e-5"
    code, out, _ = call(*words.split(), "--problem-set", "sphere.dim=3", "--out", "run", "--json")
    records = json.loads(out)["records"]
    assert code == 0
    assert [(record["problem"], record["method"], record["dim"]) for record in records] == [
        (problem, method, dim) for problem, dim in (("sphere", 3), ("rosenbrock", 2)) for method in ("sgd", "adam", "amsgrad")
    ]
    assert [record["settings"]["direction"].get("eps") for record in records] == [None, 1e-5, 1e-6] * 2


def test_without_out_a_directory_is_made_in_runs(call: Call, tmp_path: Path) -> None:
    assert call("sweep", "dog_sgd", "sphere", "--steps", 5)[0] == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("sweep-")
    assert load(folder).records[0]["lr"] is None


def test_a_dry_run_computes_nothing_and_says_what_is_left(call: Call, tmp_path: Path) -> None:
    code, out, err = call(*WORDS, "--out", "run", "--dry-run", "--jobs", 2)
    assert (code, (tmp_path / "run").exists()) == (0, False)
    lines = out.splitlines()
    assert lines[0] == "2 methods x 1 problem x 3 initial rates: 6 cells"
    assert lines[1] == "finished in run: 0; to do: 6 cells, 12 trajectories of 50 steps"
    one = call("sweep", "dog_sgd", "sphere", "--steps", 1, "--dry-run")[1].splitlines()
    assert one[1] == "finished: 0; to do: 1 cell, 1 trajectory of 1 step"
    assert lines[2].startswith("about 600 gradient evaluations, about ")
    assert lines[2].endswith(" in 2 processes, without compiling")
    assert err.splitlines() == ["timing sgd on sphere", "timing adam on sphere"]
    call(*WORDS[:1], "sgd", *WORDS[2:], "--out", "run")
    code, out, _ = call(*WORDS, "--out", "run", "--dry-run", "--json")
    found = json.loads(out)
    assert (code, found["cells"], found["done"], found["trajectories"], found["gradient_evaluations"]) == (0, 6, 3, 6, 300)
    assert found["grid"]["lr"] == [0.01, 0.1, 1.0]


def test_a_cell_that_raises_is_named_and_the_exit_code_is_one(call: Call) -> None:
    words = "sweep clara_adam sphere --lr 0.5,2 --set lr_max=1 --steps 5 --out run"
    code, out, _ = call(*words.split())
    assert code == 1
    assert out.splitlines()[-1] == "FAILED clara_adam on sphere, lr 2: lr must be between lr_min = 0 and lr_max = 1.0, got 2"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sgdd sphere --lr 1 --steps 5", "unknown method 'sgdd'; did you mean sgd"),
        ("sgd spheer --lr 1 --steps 5", "unknown problem 'spheer'; did you mean sphere"),
        ("sgd sphere --lr 1 --steps 5 --oracle gausian", "unknown oracle 'gausian'; did you mean gaussian"),
        ("sgd sphere --lr 1:2 --steps 5", "lr must look like LOW:HIGH:N"),
        ("sgd sphere --lr -1 --steps 5", "lr must be a finite rate above 0, got -1"),
        ("sgd sphere --steps 5", "sgd has an initial rate, lr: give at least one by lr, as in lr=1e-3:1:4"),
        ("sgd sphere --lr 1", "the following arguments are required: --steps"),
        ("sgd sphere --lr 1 --steps 0", "steps must be a whole number of at least 1, got 0"),
        ("sgd sphere --lr 1 --steps 5 --seeds 0", "seeds must be a whole number of at least 1, got 0"),
        ("sgd sphere --lr 1 --steps 5 --jobs 0", "--jobs must be a whole number >= 1, got 0"),
        ("sgd sphere --lr 1 --steps 5 --set beta1", "--set must look like name=value, got 'beta1'"),
        ("sgd sphere --lr 1 --steps 5 --set bet=1", "unknown parameter of these methods 'bet'"),
        ("sgd sphere --lr 1 --steps 5 --out /proc/none", "cannot use the run directory /proc/none"),
        ("sgd sphere --lr 1 --steps 5 --out file", "cannot use the run directory file"),
        ("sgd sphere --lr 1 --steps 5 --out run", "run was made with steps = 6, asked for 5; use another directory"),
        ("sgd sphere --lr 1 --steps 5 --out run --dry-run", "run was made with steps = 6, asked for 5; use another directory"),
        ("sgd sphere --lr 1 --steps 5 --scheduler nonsense://x", "no dask scheduler answers at nonsense://x"),
    ],
)
def test_usage_errors_are_one_line_and_exit_two(call: Call, tmp_path: Path, words: str, message: str) -> None:
    (tmp_path / "file").touch()
    if "run" in words:
        call("sweep", "sgd", "sphere", "--lr", 1, "--steps", 6, "--out", "run")
    code, out, err = call("sweep", *words.split())
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_an_interrupt_says_how_to_go_on(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: Progress, done: int, total: int, what: str) -> None:
        self.done = done
        if done == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "__call__", stop)
        code, out, err = call(*WORDS, "--out", "run")
    assert (code, out) == (INTERRUPTED, "")
    head, _, resume = err.strip().partition("resume with: ")
    assert head == "lra-ref sweep: interrupted; 4 of 6 cells are finished; "
    arguments = parser_of("sweep").parse_args(resume.split()[2:])
    assert (arguments.methods, arguments.lr, arguments.oracle_set, arguments.out) == ("sgd,adam", "0.01:1:3", ["sigma=0.5"], "run")
    assert load(tmp_path / "run").missing == 2
    assert call(*resume.split()[1:])[0] == 0
    assert load(tmp_path / "run").missing == 0
