"""``lra-ref bench`` as it is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lra_ref import cli
from lra_ref.bench import plan as planning
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import SCHEMA, Curve, Goal, Results, Row

CURVE = Curve("step", "D", "time", "s", (1.0, 10.0), (1.0, 10.0), 1.0, 0.9, 1.1, 1.0)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two benchmarks that take no time; P2 compares with torch."""

    def entries(name: str, known: object, plan: Plan) -> Iterator[Row | Curve]:
        if name == "P1":
            yield Row("P1", "sgd", value=float("nan"), ratio=0.5).judged(Goal("ratio", least=1))
        elif name == "P2":
            yield Row("P2", f"{plan.preset} {plan.effort.turns}", peer="torch", note=plan.lacks("torch"))
        else:
            yield CURVE
            yield Row(name, "broken", met=False, note="failed: RuntimeError: no luck")

    monkeypatch.setattr(planning, "benches", lambda: {name: ("m", "w") for name in ("P1", "P2", "P3")})
    monkeypatch.setattr(planning, "guarded", entries)
    monkeypatch.chdir(tmp_path)


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(["bench", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_goal_that_is_not_met_is_marked_and_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "P1")
    assert code == 0
    assert out.splitlines()[1].split() == ["P1", "sgd", "nan", "0.50", "ratio", ">=", "1", "NO"]
    assert err.startswith("P1: w")


def test_a_benchmark_that_fails_is(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys)
    assert code == 1
    assert "step: time grows like D^1.00 from 1 on" in out
    assert "P3 failed: RuntimeError: no luck" in err


def test_json_is_one_object_with_null_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "P1", "P2", "--json", "--quick")
    data = json.loads(out)
    assert code == 0
    assert data["schema"] == SCHEMA
    assert data["environment"]["preset"] == "quick"
    assert data["rows"][0]["value"] is None
    assert data["rows"][1]["what"] == "quick 5"


def test_presets_and_peers(capsys: pytest.CaptureFixture[str]) -> None:
    assert "full 11" in call(capsys, "P2", "--full")[1]
    assert "normal 7" in call(capsys, "P2")[1]
    assert "peer not asked for" in call(capsys, "P2", "--peers", "jax, optax")[1]


def test_a_file_keeps_what_is_not_measured_again(capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "P2", "--out", "b.json")
    call(capsys, "P1", "--full", "--out", "b.json")
    kept = Results.from_dict(json.loads(Path("b.json").read_text()))
    assert [(row.id, row.measured.split(",")[0]) for row in kept.rows] == [("P1", "full"), ("P2", "normal")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["P7x"], "unknown benchmark 'P7x'"),
        (["--peers", "toch"], "unknown peer 'toch'; did you mean torch"),
        (["--quick", "--full"], "not allowed with argument"),
        (["--out", "no/such/folder/b.json"], "--out must name a file in an existing folder"),
        (["--out", "other.json"], "--out other.json holds something else: schema must be"),
        (["--out", "text.json"], "--out text.json holds something else"),
    ],
)
def test_usage_errors_are_one_line(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    Path("other.json").write_text('{"schema": 99}')
    Path("text.json").write_text("text")
    code, out, err = call(capsys, *words)
    assert code == 2
    assert out == ""
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert Path("other.json").read_text() == '{"schema": 99}'
