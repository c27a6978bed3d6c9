"""The command line: exit codes, what goes to stdout and what to stderr, and the verify command."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lra_ref import cli
from tests.verify import zoo

ZOO = str(zoo.__file__)
ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = str(ROOT / "docs" / "examples" / "own_claim.py")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Run in a folder of its own, for a run directory is made in the current one."""
    monkeypatch.chdir(tmp_path)


def run(capsys, *words):
    code = cli.main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_and_version(capsys):
    code, out, err = run(capsys, "--help")
    assert (code, err) == (0, "")
    assert all(name in out for name in cli.COMMANDS)
    assert run(capsys, "--version")[1].startswith("lra_ref ")
    assert run(capsys)[0] == 2
    code, out, _ = run(capsys, "verify", "--help")
    assert code == 0
    assert "--preset" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["verfy"], "unknown command 'verfy'; did you mean verify?"),
        (["nosuch"], "unknown command 'nosuch'; valid: bench, check-gradient, crosscheck, "),
        (["verify", "--preset", "quikc"], "--preset: invalid choice: 'quikc'"),
        (["verify", "--jobs", "x"], "--jobs: invalid int value: 'x'"),
        (["verify", ZOO, "--jobs", "0"], "jobs must be a whole number >= 1, got 0"),
        (["verify", ZOO, "--seed", "-1"], "seed must be a whole number in [0, 2^64), got -1"),
        (["verify", ZOO, "--alpha", "2"], "alpha must be in (0, 1), got 2.0"),
        (["verify", "none.py"], "no such claim file or folder: none.py"),
        (["verify", f"{ZOO}::zoo.bond"], "unknown claim 'zoo.bond'; did you mean zoo.bound"),
        (["verify", "--replay", "none.json"], "cannot read the witness none.json"),
        (["verify", ZOO, "--report", "no/such/folder.html"], "--report must name a file in an existing folder"),
        (["verify", ZOO, "--out", "/dev/null/x"], "cannot use the run directory"),
    ],
)
def test_usage_errors_are_one_line_exit_two_and_leave_nothing(capsys, tmp_path, words, message):
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_json_alone_draws_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "verify", f"{ZOO}::zoo.violated", "--json")
    assert (code, json.loads(out)["rows"][0]["verdict"]) == (1, "VIOLATED")
    assert "report:" not in err
    assert not list(tmp_path.rglob("report.html"))


def test_verify_prints_a_table_and_writes_the_report(capsys, tmp_path):
    code, out, err = run(capsys, "verify", EXAMPLE)
    assert code == 0
    assert "own.floor" in out
    assert out.endswith("all as claimed\n")
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "report.html").exists()
    assert list((folder / "plots").glob("*.svg"))
    assert "\x1b" not in out + err


def test_verify_shows_progress_and_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr("lra_ref.runs.progress.PAUSE", 0.0)
    code, _, err = run(capsys, "verify", EXAMPLE, "--preset", "smoke", "--json")
    lines = [line for line in err.splitlines() if line.startswith("[")]
    assert code == 0
    assert re.fullmatch(r"\[1/4\] verify: own\.halving, L = 1: HOLDS; [\d.]+ s, about [\d.]+ s left", lines[0])
    assert "own.halving control, " in err
    assert re.fullmatch(r"\[4/4\] verify: .*; [\d.]+ s", lines[-1])


def test_json_is_one_object_on_stdout(capsys):
    code, out, err = run(capsys, "verify", f"{ZOO}::zoo.violated", "--json", "--out", "run", "--report", "r.html", "--seed", "7")
    assert code == 1
    data = json.loads(out)
    assert data["settings"] == {"preset": "quick", "seed": 7, "alpha": 1e-3}
    assert [row["verdict"] for row in data["rows"]] == ["VIOLATED"]
    assert "report: r.html" in err
    assert Path("r.html").exists()


def test_a_broken_file_fails_and_the_others_run(capsys, tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "good.py").write_text(Path(EXAMPLE).read_text())
    (tmp_path / "experiments" / "broken.py").write_text("import no_such_module\n")
    code, out, _ = run(capsys, "verify", "--preset", "smoke")
    assert code == 1
    assert "No module named 'no_such_module'" in out
    assert "NOT as claimed: broken" in out
    assert run(capsys, "verify", "own.halving", "--preset", "smoke")[0] == 0


def test_replay(capsys):
    run(capsys, "verify", f"{ZOO}::zoo.violated", "--out", "run")
    (path,) = Path("run/witnesses").iterdir()
    code, out, _ = run(capsys, "verify", "--replay", str(path))
    assert code == 0
    assert "zoo.violated, case walk: reproduced" in out
    code, out, _ = run(capsys, "verify", "--replay", str(path), "--json")
    assert json.loads(out)["exact"] is True


def test_the_help_does_not_import_the_commands():
    code = "import sys; from lra_ref import cli; cli.main(['--help']); print({'numba', 'scipy', 'matplotlib'} & set(sys.modules))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert out.stdout.splitlines()[-1] == "set()"


SLOW = """
import time
import numpy as np
from lra_ref.verify import Bound, Case, Claim, Control, bound_times
def run(case, seeds, settings):
    if case["wait"] and not __import__("os").path.exists("go"):
        time.sleep(60)
    return np.ones((len(seeds), 3))
def sides(x):
    return Bound(lhs=x, rhs=1.0, scale=2.0, operations=1)
CLAIMS = [Claim(id="slow.a", kind="pathwise bound", provenance="derived", statement="$1 = 1$", run=run, sides=sides,
                cases=(Case.everywhere("fast", wait=False), Case.everywhere("waits", wait=True)),
                control=Control("half", sides=bound_times(0.5, sides)))]
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_a_directory_that_resumes(tmp_path, jobs):
    (tmp_path / "slow.py").write_text(SLOW)
    # a test run in the background inherits an ignored SIGINT
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from lra_ref.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "verify", "slow.py", "--out", "run", "--jobs", jobs]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, start_new_session=True) as process:
        cells, deadline = tmp_path / "run" / "cells.jsonl", time.monotonic() + 60
        while not (cells.exists() and cells.read_bytes().count(b"\n") == 2):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # as a terminal does: to the whole group
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    resume = f"lra-ref verify slow.py --preset quick --out run{' --jobs 2' if jobs == '2' else ''}"
    # the interrupt may come between the second cell and the count of it
    told = [f"lra-ref verify: interrupted; {count} of 3 cells are finished; resume with: {resume}" for count in (1, 2)]
    assert err.splitlines()[-1] in told
    before = cells.read_bytes()
    (tmp_path / "go").write_text("")
    command = [sys.executable, "-m", "lra_ref.cli", *resume.split()[1:]]
    subprocess.run(command, capture_output=True, env=environment, check=True)
    assert cells.read_bytes().startswith(before)
    assert cells.read_bytes().count(b"\n") == 3
