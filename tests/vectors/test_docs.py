"""The example of docs/vectors.md: a port without any package, checked by itself and by the command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lra_ref.methods import make_method
from lra_ref.vectors import check

PAGE = Path(__file__).resolve().parents[2] / "docs" / "vectors.md"
(PORT,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def run(code: str, exported: Path, folder: Path) -> tuple[str, Path]:
    (folder / "port.py").write_text(code)
    # isolated, without site-packages: the standard library alone
    words = [sys.executable, "-I", "-S", "port.py", str(exported), "results.json"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout, folder / "results.json"


def test_the_port_of_the_page_is_the_method(exported: Path, tmp_path: Path) -> None:
    assert len(PORT.splitlines()) <= 30
    assert set(re.findall(r"^(?:import|from) (.*)", PORT, re.M)) == {"json, struct, sys", "pathlib import Path"}
    out, results = run(PORT, exported, tmp_path)
    assert out == "4 vectors, largest distance 0 ulps\n"
    report = check(exported, results)
    assert report.same
    assert [row.vector for row in report.rows] == [f"momentum.{c}.{s}" for c in ("default", "dampened") for s in ("bowl", "edges")]


@pytest.mark.parametrize(
    ("right", "wrong", "step"),
    [("(1 - p[\"dampening\"]) * gi", "gi", 1), ("buffer = g\n", "buffer = [0.0] * 9\n", 0), ("xi - lr * b", "xi - lr * (b * 3 / 3)", 0)],
)  # fmt: skip
def test_another_method_is_not(exported: Path, tmp_path: Path, right: str, wrong: str, step: int) -> None:
    assert right in PORT
    out, results = run(PORT.replace(right, wrong), exported, tmp_path)
    assert " 0 ulps" not in out
    report = check(exported, results)
    assert not report.same
    assert report.first is not None
    assert report.first.step >= step
    # the page's own count of ulps is that of the comparator
    apart = report.largest()["x"]
    assert apart >= 2**53 or f"largest distance {apart:.0f} ulps" in out


def test_the_page_names_what_there_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in ("bowl", "edges", "status", "uniforms", "constants", "not_compared", "evaluation.index", "scenario_text", "max_ulps"):
        assert f"`{name}`" in page
    assert make_method("egdd_momentum", form="paper").name in page
