"""Run directories of the tests."""

from lra_ref.runs.store import CELLS, RunDirectory

SETTINGS = {"preset": "quick", "seed": 0, "alpha": 1e-3}


def opened(path, kind="verify", **changed):
    return RunDirectory(path, SETTINGS | changed, "2024-01-01T00:00:00+00:00", kind)


def filled(path, count=3):
    with opened(path) as run:
        for number in range(count):
            run.add(f"k{number}", {"value": number + 0.25, "text": "é"})
    return (path / CELLS).read_bytes()
