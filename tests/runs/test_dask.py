"""Sweeps and verifications on a dask cluster: the same results as here, also when workers are killed or the scheduler goes away."""

import json
import os
import signal

import pytest

from lra_ref import cli
from lra_ref.sweep import load, sweep
from lra_ref.verify import verify
from tests.verify import zoo

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow
GRID = {"methods": "sgd,adam", "problems": "sphere,rosenbrock", "lr": "1e-3:10:5", "steps": 20_000, "seeds": 5, "oracle": "gaussian"}
CLAIMS = [f"{zoo.__file__}::zoo.{name}" for name in ("bound", "mean", "law", "violated")]


@pytest.fixture
def cluster():
    """Two worker processes with two threads each, reached over TCP on this machine alone."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address=None, protocol="tcp", silence_logs=50
    ) as found:
        yield found


@pytest.fixture(scope="module")
def expected():
    return records(sweep(**GRID))


def records(result):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in result.records]


def rows(result):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in result.rows]


def kill_one_worker(cluster):
    """A progress function that kills a worker after the first cell."""
    killed = []

    def show(*_):
        if not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    return killed, show


def test_a_sweep_is_the_same_also_when_a_worker_is_killed(cluster, expected, tmp_path):
    killed, show = kill_one_worker(cluster)
    spread = sweep(**GRID, scheduler=cluster.scheduler_address, progress=show, out=tmp_path)
    assert killed
    assert spread.ok
    assert records(spread) == expected == records(load(tmp_path))


def test_a_verification_is_the_same_also_when_a_worker_is_killed(cluster, tmp_path):
    killed, show = kill_one_worker(cluster)
    spread = verify(CLAIMS, scheduler=cluster.scheduler_address, progress=show, out=tmp_path)
    assert killed
    assert rows(spread) == rows(verify(CLAIMS))


def test_the_commands_take_the_address(cluster, capsys, tmp_path):
    address = cluster.scheduler_address
    assert cli.main(["verify", *CLAIMS[:2], "--json", "--scheduler", address, "--out", str(tmp_path / "v"), "--preset", "quick"]) == 0
    assert [row["verdict"] for row in json.loads(capsys.readouterr().out)["rows"]] == ["HOLDS", "HOLDS"]
    words = ["sweep", "sgd", "sphere", "--lr", "0.1,1", "--steps", "50", "--json", "--scheduler", address, "--out", str(tmp_path / "s")]
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out)["ok"]


def test_a_scheduler_that_goes_away_is_one_line_and_the_sweep_resumes(expected, tmp_path):
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, protocol="tcp", silence_logs=50
    ) as cluster:
        with pytest.raises(ValueError, match="the executor was lost") as caught:
            sweep(**GRID, scheduler=cluster.scheduler_address, out=tmp_path, progress=lambda *_: cluster.close())
        assert "\n" not in str(caught.value)
    assert 0 < len(load(tmp_path).records) < len(expected)
    assert records(sweep(**GRID, out=tmp_path)) == expected
