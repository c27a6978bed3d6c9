"""Resident memory of a fresh process while it repeats something, and whether it grows: ``python -m tests.soak.memory JOB``.

A job is a generator that does a share of its work between two ``yield``.  The first half of the samples is warming up: compilation, caches,
pools of the allocator.  Of the second half a straight line is fitted; it may rise by no more than :data:`ALLOWED` over all samples.
"""

from __future__ import annotations

import gc
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psutil

#: bytes that the line may rise from the first sample of the second half to the last: a page here and there, but less than a number
#: (24 bytes) kept in each of 50 000 steps, or than three kilobytes kept by each of 250 runs
ALLOWED = 2**19
Job = Callable[[], Iterator[None]]


def sampled(job: Job) -> list[int]:
    """Resident memory after every share of the work."""
    process, found = psutil.Process(), []
    for _ in job():
        gc.collect()
        found.append(process.memory_info().rss)
    return found


def rise(samples: list[int]) -> float:
    """How much the line through the second half of the samples rises, in bytes."""
    half = np.asarray(samples[len(samples) // 2 :], dtype=float)
    if len(samples) < 8:
        raise ValueError(f"a line needs at least 8 samples, got {len(samples)}")
    return float(np.polyfit(np.arange(half.size), half, 1)[0] * (half.size - 1))


def measured(name: str, **environment: str) -> dict[str, Any]:
    """What a fresh process finds for a job of ``tests.soak.jobs``: its samples and how much they rise."""
    command = [sys.executable, "-m", "tests.soak.memory", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr}")
    return dict(json.loads(done.stdout))


def main() -> None:
    """Run the job named on the command line and print what was found."""
    samples = sampled(getattr(importlib.import_module("tests.soak.jobs"), sys.argv[1]))
    print(json.dumps({"samples": samples, "rise": rise(samples)}))


if __name__ == "__main__":
    main()
