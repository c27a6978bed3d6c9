"""Runs that are killed at random moments, interrupted, started twice, or meet another clock end with the result of an undisturbed run."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from lra_ref import cli
from lra_ref.runs.store import CELLS, RUN, RunDirectory
from lra_ref.sweep import load, sweep
from lra_ref.verify import verify
from tests.verify import zoo

GRID = {"methods": "sgd,adam", "problems": "sphere,rosenbrock", "lr": "1e-3:10:5", "steps": 200, "seeds": 2, "oracle": "gaussian"}
#: steps of a cell that takes about a tenth of a second
LONG = 1_000_000
WORDS = ["sweep", "sgd,adam", "sphere,rosenbrock", "--lr", "1e-3:10:5", "--seeds", "2", "--oracle", "gaussian"]


def without_seconds(records):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in records]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "kills", "seed"), [("sweep", 60, 1), ("verify", 40, 2)])
def test_killed_at_random_moments_it_ends_with_the_same_result(tmp_path, kind, kills, seed):
    words = [sys.executable, "-m", "tests.runs.killing", kind, str(tmp_path), str(kills), str(seed)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    counts = json.loads(done.stdout)
    assert counts["kills"] == kills
    # the test would show nothing if no kill came inside a write, or all came before the first cell
    assert counts["torn"] >= 1
    assert counts["before the end"] >= kills // 4


def process(folder, *more):
    """``lra-ref sweep`` of cells of about a tenth of a second, in its own process."""
    words = [sys.executable, "-m", "lra_ref.cli", *WORDS, "--steps", str(LONG), "--out", str(folder), *more]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_cells(folder, count, running):
    deadline = time.monotonic() + 120
    while not (folder / CELLS).exists() or (folder / CELLS).read_bytes().count(b"\n") < count:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [(), ("--jobs", "2")], ids=["here", "processes"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM], ids=["interrupt", "kill", "terminate"])
def test_a_command_that_is_ended_resumes(tmp_path, how, jobs):
    folder = tmp_path / "run"
    running = process(folder, *jobs)
    wait_for_cells(folder, 2, running)
    running.send_signal(how)
    out, err = running.communicate(timeout=60)
    assert out == ""
    if how == signal.SIGINT:
        assert running.returncode == cli.INTERRUPTED
        line = err.strip().splitlines()[-1]
        assert "cells are finished; resume with: lra-ref sweep sgd,adam sphere,rosenbrock --lr 1e-3:10:5" in line
        assert line.endswith(f"--out {folder}")
        assert "Traceback" not in err
    kept = len(load(folder).records)
    assert 2 <= kept < 20
    resumed = process(folder)
    out, err = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, err
    assert without_seconds(load(folder).records) == without_seconds(sweep(**{**GRID, "steps": LONG}).records)


@pytest.mark.slow
def test_workers_that_are_killed_lose_nothing(tmp_path):
    killed = []

    def show(done, *_):
        """Kill a worker after the third and the ninth cell."""
        alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
        own = [child for child in alive if "spawn_main" in " ".join(child.cmdline())]
        if done in (3, 9) and own:
            killed.append(own[0].pid)
            own[0].kill()

    long = {**GRID, "steps": 20_000}
    result = sweep(**long, jobs=2, out=tmp_path, progress=show)
    assert len(killed) == 2
    assert result.ok
    assert without_seconds(result.records) == without_seconds(sweep(**long).records) == without_seconds(load(tmp_path).records)


def test_two_runs_in_one_folder_at_once_are_refused_with_its_name(tmp_path, capsys):
    folder = tmp_path / "run"
    words = [*WORDS, "--steps", "5", "--out", str(folder)]
    assert cli.main(words) == 0
    settings = json.loads((folder / RUN).read_text())["settings"]
    with RunDirectory(folder, settings, "now", "sweep"):
        assert cli.main(words) == 2
    assert f"lra-ref sweep: error: {folder} is in use by another run" in capsys.readouterr().err
    assert cli.main(words) == 0


def test_a_clock_that_goes_backwards_changes_nothing(tmp_path, monkeypatch):
    first = sweep(**GRID, out=tmp_path / "a")
    now = iter(range(10**9, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(0))
    assert sweep(**GRID, out=tmp_path / "a").started == first.started
    again = sweep(**GRID, out=tmp_path / "b")
    assert without_seconds(again.records) == without_seconds(first.records)
    assert all(record["seconds"] >= 0 for record in again.records)
    verified = verify(f"{zoo.__file__}::zoo.bound", out=tmp_path / "c")
    assert all(row["seconds"] >= 0 for row in verified.rows)


@pytest.mark.parametrize("command", ["sweep", "verify"])
def test_a_disk_that_is_full_ends_the_run_in_one_line_and_it_resumes(tmp_path, command):
    words = [*WORDS, "--steps", "200"] if command == "sweep" else ["verify", zoo.__file__, "--json"]
    limit = 60_000 if command == "sweep" else 15_000
    limited = f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, -1))"
    script = f"{limited}; from lra_ref import cli; sys.exit(cli.main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, *words, "--out", str(tmp_path / "run")], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "LRA_REF_INTERPRET": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().splitlines()[-1] == f"lra-ref {command}: error: cannot write {tmp_path / 'run' / CELLS}: File too large"
    assert "Traceback" not in done.stderr
    if command == "sweep":
        assert 0 < len(load(tmp_path / "run").records) < 20
        assert without_seconds(sweep(**GRID, out=tmp_path / "run").records) == without_seconds(sweep(**GRID).records)
    else:
        assert verify(zoo.__file__, out=tmp_path / "run").rows[0]["verdict"] == "HOLDS"
