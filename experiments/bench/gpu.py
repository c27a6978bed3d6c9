"""P11: parity and bandwidth on a GPU: ``python -m experiments.bench.gpu --out experiments/bench/results/`` writes ``gpu.json`` there.

Parity first: steps on a vector of 1e6 elements and a batch of trajectories must have the bits of the CPU, in both number types. Then the
time of a step on 1e8 elements (all launches of a step, scalars decided on the host between them, ``check=False``): the fewest words per
element over it are the bytes per second, and the limit is a copy on the device of the same number of bytes. Without a device: one line,
exit 2.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Results, Row, table
from lra_ref.bench.words import words
from lra_ref.engine.device import DeviceInPlace
from lra_ref.engine.device_run import device_run
from lra_ref.engine.inplace import InPlace
from lra_ref.engine.run import run
from lra_ref.methods import Method, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.runs.environment import environment

#: methods and their parameters: no direction, a stateful one, a norm, feedback, a stored direction with feedback
METHODS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sgd", {}), ("adam", {}), ("normalized_momentum", {}), ("clara_sgd", {"d": 1e-3}), ("clara_adam", {"d": 1e-3}),
    ("gala_sgd_practical", {}),
)  # fmt: skip
PARITY, LONG = 1_000_003, {"quick": 10_000_000, "normal": 100_000_000, "full": 100_000_000}
STEPS, TURNS = 4, 7


def missing() -> str:
    """Why nothing can be measured, "" if a device answers."""
    from lra_ref.backends.gpu import NoDevice, device

    try:
        device()
    except (ImportError, NoDevice) as problem:
        return f"no GPU ({problem})"
    return ""


def measure(plan: Plan) -> Iterator[Row]:
    """Rows of parity, then of bandwidth."""
    reason = missing()
    if reason:
        yield Row("P11", "fused step on a GPU", "D = 1e8", note=f"not measured: {reason}")
        return
    from lra_ref.backends.gpu import device

    yield from rows(device(), PARITY, LONG[plan.preset], synchronized())


def synchronized() -> Callable[[], None]:
    """What waits for all that was launched."""
    from lra_ref.backends.gpu import cupy

    wait: Callable[[], None] = cupy().cuda.Device().synchronize
    return wait


def rows(device: Any, short: int, size: int, wait: Callable[[], None]) -> Iterator[Row]:
    """Every row, on vectors of these lengths."""
    for name, parameters in METHODS:
        method = make_method(name, **parameters)
        for dtype in ("float64", "float32"):
            yield steps_agree(device, method, dtype, short)
    yield trajectories_agree(device)
    for dtype in ("float64", "float32"):
        limit = copy_speed(device, dtype, size, wait)
        for name, parameters in METHODS:
            yield speed(device, make_method(name, **parameters), dtype, size, limit, wait)


def steps_agree(device: Any, method: Method, dtype: str, size: int) -> Row:
    """Steps on a vector, and on the CPU: the number of elements whose bits differ; the goal is none."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=size).astype(dtype)
    offsets = [0, 5, size // 3, size]
    ours = DeviceInPlace(method, device.put(x), offsets, device=device)
    theirs = InPlace(method, x, offsets)
    for _ in range(STEPS):
        answers = [(1.5, rng.normal(size=size).astype(dtype)) for _ in range(1 + len(theirs.wanted()))]
        there = [(f, device.put(g)) for f, g in answers]
        theirs(answers[0][1], 1.5, answers[1:])
        ours(there[0][1], 1.5, there[1:])
    differ = int(np.sum(device.get(ours.x) != x)) + int(ours.rate != theirs.rate)
    return verdict(f"{method.name}: {STEPS} steps", f"D = {size:.0e}".replace("+0", ""), dtype, differ)


def trajectories_agree(device: Any) -> Row:
    """A batch with noise: numbers of the records and points whose bits differ."""
    oracle = make_oracle("gaussian", make_problem("ellipsoid", dim=9, condition=30.0), sigma=0.5)
    case: dict[str, Any] = {"steps": 50, "trajectories": 256, "seed": 3}
    ours, theirs = device_run(make_method("gala_sgd"), oracle, device=device, **case), run(make_method("gala_sgd"), oracle, **case)
    differ = int(np.sum(ours.x != theirs.x))
    differ += sum(int(np.sum(~((ours.records[k] == v) | (np.isnan(ours.records[k]) & np.isnan(v))))) for k, v in theirs.records.items())
    return verdict("gala_sgd: 256 trajectories, 50 steps", "D = 9", "float64", differ)


def verdict(what: str, size: str, dtype: str, differ: int) -> Row:
    """A row of parity."""
    return Row("P11", what, size, dtype, value=float(differ), unit="numbers differ", goal="value <= 0", met=differ == 0)


def timed(call: Callable[[], object], wait: Callable[[], None]) -> float:
    """Seconds of a call, least of several turns, with all that it launched."""
    call()
    wait()
    best = np.inf
    for _ in range(TURNS):
        start = time.perf_counter()
        for _ in range(STEPS):
            call()
        wait()
        best = min(best, (time.perf_counter() - start) / STEPS)
    return float(best)


def copy_speed(device: Any, dtype: str, size: int, wait: Callable[[], None]) -> float:
    """Bytes per second of a copy on the device, read and written."""
    source, target = device.put(np.ones(size, dtype)), device.put(np.zeros(size, dtype))

    def copy() -> None:
        target[...] = source

    return 2 * size * np.dtype(dtype).itemsize / timed(copy, wait)


def speed(device: Any, method: Method, dtype: str, size: int, limit: float, wait: Callable[[], None]) -> Row:
    """One step on a long vector."""
    rng, counted = np.random.default_rng(0), words(method)
    noise = rng.normal(size=min(size, 1 << 20)).astype(dtype)
    g = device.put(np.resize(noise, size))
    x = device.put(np.resize(noise[::-1], size))
    step = DeviceInPlace(method, x, check=False, device=device)

    def call() -> None:
        step(g, 1.0, [(1.0, g) for _ in step.wanted()])

    seconds = timed(call, wait)
    moved = counted.fewest * np.dtype(dtype).itemsize * size / seconds
    made = Row(
        "P11", method.name, f"D = {size:.0e}".replace("+0", ""), dtype, value=seconds, unit="s per step", peer="copy on the device",
        ratio=moved / limit, bytes_per_second=moved, share_of_limit=moved / limit, words=counted.fewest, words_moved=counted.moved,
        note=device.name if not step.status else f"stopped: {step.status.message}",
    )  # fmt: skip
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m experiments.bench.gpu", description="parity and bandwidth on a GPU")
    parser.add_argument("--out", type=Path, required=True, help="folder for gpu.json")
    parser.add_argument("--preset", choices=tuple(LONG), default="normal", help="quick: 1e7 elements, else 1e8")
    given = parser.parse_args(arguments)
    reason = missing()
    if reason:
        print(f"not measured: {reason}", file=sys.stderr)
        return 2
    results = Results(environment(), list(measure(Plan(preset=given.preset))))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "gpu.json").write_text(json.dumps(results.as_dict(), indent=1) + "\n", encoding="utf-8")
    print(table(results.rows))
    return 1 if any(row.met is False for row in results.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
