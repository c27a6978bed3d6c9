"""Executors: the same outcomes everywhere, workers that die, other versions, schedulers that are not there."""

import concurrent.futures
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

from lra_ref.runs import executors
from lra_ref.runs.environment import determining
from lra_ref.runs.executors import OtherCode, computed, elsewhere, executor_of, workers
from tests.runs import work


def outcomes(function, tasks, **where):
    return dict(computed(function, tasks, work.lost, **where))


def test_outcomes_are_the_same_everywhere():
    expected = {number: number * number for number in range(20)}
    assert outcomes(work.square, range(20)) == expected
    assert outcomes(work.square, range(20), jobs=2) == expected
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert outcomes(work.square, range(20), executor=pool) == expected
    assert outcomes(work.square, [], jobs=2) == {}


def test_one_job_without_an_executor_computes_here_and_several_do_not():
    assert set(outcomes(work.here, range(3)).values()) == {os.getpid()}
    assert os.getpid() not in outcomes(work.here, range(3), jobs=2).values()


@pytest.mark.parametrize("where", ["here", "pool", "executor"])
def test_what_a_task_raises_is_raised(where):
    with concurrent.futures.ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="task 0 raised"):
        outcomes(work.fail, [0], jobs=2 if where == "pool" else 1, executor=pool if where == "executor" else None)


def test_a_worker_that_is_killed_loses_nothing(tmp_path):
    tasks = [(number, "once" if number in (0, 3) else "never", str(tmp_path)) for number in range(8)]
    assert outcomes(work.deadly, tasks, jobs=2) == {task: task[0] ** 2 for task in tasks}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["died-0", "died-3"]


def test_a_suspect_that_had_not_begun_still_has_two_tries(tmp_path):
    suspects = {4: (4, "once", str(tmp_path)), 5: (5, "always", str(tmp_path)), 6: (6, "never", str(tmp_path))}
    found = dict(executors._one_by_one(work.deadly, suspects, work.lost))
    assert found == {4: 16, 5: work.lost(suspects[5], "the process that computed it died twice (killed, out of memory, or crashed)"), 6: 36}


def test_tasks_that_always_kill_their_worker_are_lost_by_name_and_the_others_are_not(tmp_path):
    tasks = [(number, "always" if number in (1, 2) else "never", str(tmp_path)) for number in range(6)]
    found = outcomes(work.deadly, tasks, jobs=2)
    for task in tasks[1:3]:
        assert found.pop(task) == f"lost {task}: the process that computed it died twice (killed, out of memory, or crashed)"
    assert found == {task: task[0] ** 2 for task in tasks if task[1] == "never"}


def spawned():
    """The processes that a pool of this process has started."""
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def interrupted_pool():
    """A pool that is interrupted while its two processes work; they are returned."""
    try:
        with workers(2) as pool:
            futures = [pool.submit(work.slow, number) for number in range(4)]
            # a process that has only just been made does not have its own command line yet
            while len(own := spawned()) < 2 or not futures[1].running():
                time.sleep(0.01)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        return own, [child.is_running() for child in own]


def test_an_interrupted_pool_has_ended_when_the_interrupt_goes_on():
    # one that were still ending would meet a second interrupt while the interpreter shuts down
    own, alive = interrupted_pool()
    assert (len(own), alive) == (2, [False, False])


def test_a_broken_executor_of_the_caller_is_one_line(tmp_path):
    with workers(1) as pool, pytest.raises(ValueError, match=r"the executor was lost \(.*\); run again to resume"):
        outcomes(work.deadly, [(0, "always", str(tmp_path))], executor=pool)


def test_a_task_that_kills_dask_workers_is_lost_by_name():
    class KilledWorker(Exception):  # the name that dask.distributed gives it
        pass

    class Pool(concurrent.futures.Executor):
        def submit(self, call, task):
            future = concurrent.futures.Future()
            if task == 1:
                future.set_exception(KilledWorker("tried on 4 workers"))
            else:
                future.set_result(call(task))
            return future

    assert outcomes(work.square, [0, 1, 2], executor=Pool()) == {0: 0, 1: "lost 1: its workers died: tried on 4 workers", 2: 4}


@pytest.mark.parametrize("name", ["code", "numpy", "python"])
def test_a_worker_of_another_version_is_refused(name):
    assert elsewhere(work.square, determining(), 3) == 9
    with pytest.raises(OtherCode, match=f"a worker has {name} .*, this process other: .*install the same versions"):
        elsewhere(work.square, {**determining(), name: "other"}, 3)


def test_a_scheduler_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(executors, "PATIENCE", 0.5)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(ValueError, match=f"no dask scheduler answers at {address}: ") as caught, executor_of(address, None):
            pass
        assert "\n" not in str(caught.value)
    with (
        concurrent.futures.ThreadPoolExecutor(1) as pool,
        pytest.raises(ValueError, match="give one of them"),
        executor_of("tcp://x", pool),
    ):
        pass


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with (
        pytest.raises(ImportError, match=r"--scheduler needs dask.distributed: pip install 'lra_ref\[distributed\]'"),
        executor_of("tcp://x", None),
    ):
        pass


PARENT = """
    from lra_ref.runs.executors import computed
    from tests.runs import work
    if __name__ == "__main__":
        print("started", flush=True)
        for _ in computed(work.slow, range(4), work.lost, jobs=2):
            pass
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert parent.stdout.readline() == b"started\n"

    def children():
        return [child for child in psutil.Process(parent.pid).children(recursive=True) if "spawn_main" in " ".join(child.cmdline())]

    deadline = time.monotonic() + 60
    while len(children()) < 2:
        assert time.monotonic() < deadline, "no workers were started"
        time.sleep(0.05)
    left = children()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs(left, timeout=30)
    for process in alive:
        process.kill()
    assert alive == []
