"""P10: wall time of all claims at the quick preset with a warm compile cache, as ``make verify`` runs them. Only with ``--full``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from experiments.bench.processes import ROOT
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row


def measure(plan: Plan) -> Iterator[Row]:
    """The second of two runs; the first fills the cache."""
    cores = os.cpu_count() or 1
    made = Row("P10", "lra-ref verify, quick", threads=cores, unit="s")
    if not plan.full:
        yield Row(**{**vars(made), "note": "not measured: takes minutes, say --full"})
        return
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            command = [sys.executable, "-m", "lra_ref.cli", "verify", "--preset", "quick", "--json", "--jobs", str(cores), "--out", folder]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    rows = json.loads(done.stdout)["rows"]
    yield Row(**{**vars(made), "value": seconds, "note": f"{len(rows)} claims"}).judged(Goal("value", most=60))
