"""Choosing benchmarks and peers, and going on after one that fails."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from lra_ref.bench import plan as planning
from lra_ref.bench.plan import Plan, benches, chosen, failed, measure, processor
from lra_ref.bench.rows import NOT_ASKED, NOT_INSTALLED, Curve, Row

CURVE = Curve("step", "D", "time", "s", (1.0,), (1.0,), 1.0, None, None, 1.0)


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three benchmarks; the second raises after its first row."""

    def sound(plan: Plan) -> Iterator[Row | Curve]:
        yield Row("A1", f"preset {plan.preset}", value=1.0)
        yield CURVE

    def broken(plan: Plan) -> Iterator[Row]:
        yield Row("A2", "before", value=1.0)
        raise RuntimeError("no\nluck")

    for name, function in (("sound", sound), ("broken", broken)):
        module = types.ModuleType(f"bench_{name}")
        module.measure = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    known = {"A1": ("bench_sound", "one"), "A2": ("bench_broken", "two"), "A10": ("bench_missing", "three")}
    monkeypatch.setattr(planning, "benches", lambda: known)


@pytest.mark.usefixtures("three")
def test_a_benchmark_that_raises_is_a_failed_row_and_the_others_run() -> None:
    said: list[str] = []
    results = measure([], Plan("quick", say=said.append))
    assert [(row.id, row.what) for row in results.rows] == [("A1", "preset quick"), ("A2", "before"), ("A2", "two"), ("A10", "three")]
    assert results.curves == [CURVE]
    assert [row.note for row in failed(results)] == [
        "failed: RuntimeError: no luck",
        "failed: ModuleNotFoundError: No module named 'bench_missing'",
    ]
    assert all(row.met is False for row in failed(results))
    assert said[0] == "A1: one"
    assert {row.measured for row in results.rows} == {f"quick, code {results.environment['code']}"}


@pytest.mark.usefixtures("three")
def test_only_what_is_named_runs() -> None:
    assert [row.id for row in measure(["a1"], Plan()).rows] == ["A1"]


def test_the_benchmarks_of_the_checkout() -> None:
    known = benches()
    assert list(known) == ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P8b", "P9", "P10", "P11", "scaling"]
    assert chosen([], known) == list(known)
    assert chosen(["p8B", "P1"], known) == ["P1", "P8b"]
    with pytest.raises(ValueError, match=r"unknown benchmark 'P12'; did you mean"):
        chosen(["P12"], known)


def test_outside_a_checkout_it_says_where_the_benchmarks_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(planning.lra_ref, "__file__", str(tmp_path / "site" / "lra_ref" / "__init__.py"))
    with pytest.raises(ValueError, match="no benchmarks: experiments/bench is neither in"):
        benches()


def test_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "version", lambda package: None if package == "torch" else "1.0")
    plan = Plan(peers=("torch", "optax"))
    assert plan.lacks("torch") == NOT_INSTALLED
    assert plan.lacks("jax") == NOT_ASKED
    assert plan.lacks("optax") == ""
    with pytest.raises(ValueError, match="unknown peer 'toch'; did you mean torch"):
        Plan(peers=("toch",))
    with pytest.raises(ValueError, match="unknown preset 'fast'"):
        Plan("fast")


def test_the_processor_has_a_name(tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text("vendor_id : X\nmodel name\t: Some Chip 9000\nmodel name\t: Some Chip 9000\n")
    assert processor(str(listing)) == "Some Chip 9000"
    assert processor(str(tmp_path / "missing"))
