"""Where cells are computed: in this process, over processes, on any ``concurrent.futures`` executor, or on a dask scheduler.

What is computed does not depend on where: a cell is a pure function of its task. A worker that dies takes nothing with it: the
tasks that were under way are computed again, each alone in a process of its own, so that the one that kills its worker is known. It is
reported as lost, by name, when its worker has died twice; all the others are finished.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import importlib
import importlib.util
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from lra_ref.runs.environment import determining

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
#: seconds that a scheduler has to answer, and a pool to end
PATIENCE = 10.0


class OtherCode(ValueError):
    """A worker computes with another version than this process: its results would be filed under the wrong key."""


def _settle_in() -> None:
    """In a worker: end without a traceback at an interrupt from the terminal, also one that came while it started, and with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that was killed cannot tell its workers to end: they would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold an interrupt back until the body is done; processes started in it begin with the interrupt held back too."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def workers(jobs: int) -> Iterator[concurrent.futures.Executor]:
    """A pool of spawned processes (never forked: threads of numerical libraries do not survive it), ended at once if interrupted."""
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context, initializer=_settle_in)
    try:
        yield pool
    except BaseException:
        with _interrupts_held():
            pool.shutdown(wait=False, cancel_futures=True)
            ended = set(multiprocessing.active_children()) - before
            for process in ended:
                process.terminate()
            # else the interpreter waits for them on its way out, where a second interrupt would end in a traceback
            for process in ended:
                process.join(PATIENCE)
        raise
    pool.shutdown()


@contextlib.contextmanager
def scheduler(address: str) -> Iterator[concurrent.futures.Executor]:
    """An executor on the dask scheduler at ``address`` (``tcp://host:port``).

    Raises ``ImportError`` without the package, ``ValueError`` if no scheduler answers; one line each.
    """
    if importlib.util.find_spec("distributed") is None:
        raise ImportError("--scheduler needs dask.distributed: pip install 'lra_ref[distributed]'")
    distributed: Any = importlib.import_module("distributed")
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as problem:
        raise ValueError(f"no dask scheduler answers at {address}: {' '.join(str(problem).split())}") from None
    try:
        executor: concurrent.futures.Executor = client.get_executor(pure=False)
        yield executor
    finally:
        client.close()


@contextlib.contextmanager
def executor_of(address: str | None, executor: concurrent.futures.Executor | None) -> Iterator[concurrent.futures.Executor | None]:
    """The executor given, the one on the scheduler at ``address``, or None; both at once are refused."""
    if address is None:
        yield executor
    elif executor is not None:
        raise ValueError("scheduler and executor are two places to compute in; give one of them")
    else:
        with scheduler(address) as found:
            yield found


def elsewhere(function: Callable[[Task], Outcome], asked: dict[str, Any], task: Task) -> Outcome:
    """In a worker: ``function(task)``, if code and libraries are those of the process that asked."""
    own = determining()
    for name, value in asked.items():
        if own.get(name) != value:
            raise OtherCode(
                f"a worker has {name} {own.get(name)}, this process {value}: its results would be filed as those of this one; "
                "install the same versions, and do not change the source while a run is on"
            )
    return function(task)


def computed(
    function: Callable[[Task], Outcome],
    tasks: Sequence[Task],
    lost: Callable[[Task, str], Outcome],
    jobs: int = 1,
    executor: concurrent.futures.Executor | None = None,
) -> Generator[tuple[Task, Outcome], None, None]:
    """Tasks with their outcomes, as they are finished.

    function   what computes a task; for other processes a function of a module. Whatever it raises is raised here
    lost       ``lost(task, reason)``: the outcome of a task whose worker has died twice
    jobs       number of processes; 1 without an executor computes here, one task after the other

    Raises :class:`OtherCode` for a worker of another version, ``ValueError`` with one line if an executor is lost.
    """
    if executor is None and jobs == 1:
        for task in tasks:
            yield task, function(task)
        return
    call = functools.partial(elsewhere, function, determining())
    if executor is not None:
        yield from _on_executor(call, tasks, lost, executor)
        return
    left = dict(enumerate(tasks))
    while left:
        suspects: list[int] = []
        for place, outcome in _in_pool(call, left, min(jobs, len(left)), suspects):
            yield left.pop(place), outcome
        for place, outcome in _one_by_one(call, {place: left[place] for place in suspects}, lost):
            yield left.pop(place), outcome


def _in_pool(call: Callable[[Any], Any], left: dict[int, Any], jobs: int, suspects: list[int]) -> Iterator[tuple[int, Any]]:
    """Outcomes from a pool, until all are done or a worker dies; ``suspects`` then holds what was being computed."""
    unfinished: list[int] = []
    with workers(jobs) as pool:
        with _interrupts_held():
            futures = {pool.submit(call, task): place for place, task in left.items()}
        # the pool cancels what it still has itself: one that meets a cancelled task after its workers have gone is lost in its own thread
        for future in concurrent.futures.as_completed(futures):
            try:
                outcome = future.result()
            except BrokenProcessPool:
                unfinished.append(futures[future])
                continue
            yield futures[future], outcome
    # the pool hands out tasks in order: the first of the unfinished, one per process and one waiting, were with the workers
    suspects += sorted(unfinished)[: jobs + 1]


def _one_by_one(call: Callable[[Any], Any], suspects: dict[int, Any], lost: Callable[[Any, str], Any]) -> Iterator[tuple[int, Any]]:
    """Outcomes of tasks that have a process to themselves while they are computed: if it dies twice, it is the task.

    A suspect may not even have begun when the pool went down, so what happened there does not count.
    """
    waiting, died = list(suspects), set[int]()
    while waiting:
        with workers(1) as pool:
            while waiting:
                place = waiting.pop(0)
                try:
                    outcome = pool.submit(call, suspects[place]).result()
                except BrokenProcessPool:
                    if place in died:
                        yield place, lost(suspects[place], "the process that computed it died twice (killed, out of memory, or crashed)")
                    else:
                        died.add(place)
                        waiting.insert(0, place)
                    break
                yield place, outcome


def _on_executor(
    call: Callable[[Any], Any], tasks: Sequence[Any], lost: Callable[[Any, str], Any], executor: concurrent.futures.Executor
) -> Iterator[tuple[Any, Any]]:
    with _interrupts_held():
        futures = {executor.submit(call, task): task for task in tasks}
    try:
        for future in concurrent.futures.as_completed(futures):
            try:
                outcome = future.result()
            except (concurrent.futures.BrokenExecutor, concurrent.futures.CancelledError) as problem:
                reason = " ".join(str(problem).split()) or type(problem).__name__
                raise ValueError(f"the executor was lost ({reason}); run again to resume") from None
            except Exception as problem:
                # dask gives up on a task after several workers have died over it, and says so by this name
                if type(problem).__name__ != "KilledWorker":
                    raise
                outcome = lost(futures[future], f"its workers died: {' '.join(str(problem).split())}")
            yield futures[future], outcome
    finally:
        for future in futures:
            future.cancel()
