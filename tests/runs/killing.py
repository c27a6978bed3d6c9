"""Kill runs at random moments and let them go on: ``python -m tests.runs.killing KIND FOLDER KILLS SEED``; prints what happened as JSON.

Runs are forked from this one process, which has everything loaded and compiled: so that many kills fit into a test. Lines are
written a few bytes at a time, so that kills land inside them too.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from lra_ref.runs import store
from lra_ref.sweep import load, sweep
from lra_ref.verify import verify
from tests.verify import zoo

SWEEP = {"methods": "sgd,adam,gala_sgd", "problems": "sphere,rosenbrock", "lr": "1e-3:10:5", "steps": 300, "seeds": 3, "oracle": "gaussian"}


class Dribbling(io.FileIO):
    """A file that takes a few bytes at a time, and its time over it."""

    def write(self, data):
        time.sleep(2e-5)
        return super().write(bytes(data[:150]))


def compute(kind, folder):
    """One uninterrupted run, or what is left of one; returns all that it found but seconds."""
    if kind == "sweep":
        result = sweep(**SWEEP, out=folder)
        data = {"rows": result.rows, "records": [dict(record) for record in result.records]}
        for record in data["records"]:
            del record["seconds"]
    else:
        data = {"rows": json.loads(verify(zoo.__file__, out=folder).to_json())["rows"]}
        for row in data["rows"]:
            del row["seconds"]
    return data


def stored(kind, folder):
    """What the files of a finished directory say."""
    if kind == "sweep":
        rows = json.loads((folder / "result.json").read_text())["rows"]
        assert load(folder).rows == rows
    else:
        rows = json.loads((folder / "result.json").read_text())["rows"]
        for row in rows:
            del row["seconds"]
    return rows


def spawned(kind, folder):
    """A child that computes; it tells nobody what it found."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            store.open = lambda path, *_, **__: Dribbling(path, "a+")
            compute(kind, folder)
            code = 0
        finally:
            os._exit(code)
    return pid


def ended(pid):
    """Whether a child has ended; ``AssertionError`` if it failed."""
    found, status = os.waitpid(pid, os.WNOHANG)
    assert not found or os.waitstatus_to_exitcode(status) == 0, f"a run that went on failed with {status}"
    return bool(found)


def main(kind, folder, kills, seed):
    draw, folder, expected = random.Random(seed), Path(folder), None
    expected = compute(kind, folder / "whole")
    started = time.monotonic()
    pid = spawned(kind, folder / "timed")
    os.waitpid(pid, 0)
    lasts = time.monotonic() - started
    counts = {"kills": 0, "rounds": 0, "torn": 0, "before the end": 0}
    while counts["kills"] < kills:
        counts["rounds"] += 1
        path = folder / f"round{counts['rounds']}"
        done = False
        while not done and counts["kills"] < kills:
            pid = spawned(kind, path)
            time.sleep(draw.uniform(0, 0.5 * lasts))
            done = ended(pid)
            if not done:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                counts["kills"] += 1
                content = (path / store.CELLS).read_bytes() if (path / store.CELLS).exists() else b""
                counts["torn"] += bool(content) and not content.endswith(b"\n")
                counts["before the end"] += 0 < content.count(b"\n")
        assert compute(kind, path) == expected, f"round {counts['rounds']} ended with another result"
        assert stored(kind, path) == expected["rows"]
        shutil.rmtree(path)
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
