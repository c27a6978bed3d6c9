"""Goals, the JSON of the results, the table."""

from __future__ import annotations

import json

import pytest

from lra_ref.bench.rows import SCHEMA, Curve, Goal, Results, Row, order, quantity, table
from lra_ref.commands.output import finite

#: what the JSON of a row promises
PROMISED = {
    "id", "what", "size", "dtype", "threads", "value", "unit", "peer", "peer_version", "ratio", "goal", "met", "bytes_per_second",
    "share_of_limit",
}  # fmt: skip
CURVE = Curve("step", "D", "time", "s", (1.0, 10.0, 100.0), (1.0, 9.0, 100.0), 1.0, None, None, 1.0)


@pytest.mark.parametrize(
    ("goal", "row", "met", "text"),
    [
        (Goal("ratio", least=2), Row("P2", "a", ratio=2.0), True, "ratio >= 2"),
        (Goal("ratio", least=2), Row("P2", "a", ratio=1.99), False, "ratio >= 2"),
        (Goal("value", most=0.05), Row("P6", "a", value=0.05), True, "value <= 0.05"),
        (Goal("value", most=0.05), Row("P6", "a", value=0.051), False, "value <= 0.05"),
        (Goal("share_of_limit", least=0.9), Row("P1", "a", share_of_limit=0.8), False, "share of limit >= 0.9"),
        (Goal("ratio", least=2), Row("P2", "a"), None, "ratio >= 2"),
        (Goal("ratio", least=2), Row("P2", "a", ratio=float("nan")), None, "ratio >= 2"),
    ],
)
def test_a_goal_is_met_or_not_or_unknown(goal: Goal, row: Row, met: bool | None, text: str) -> None:
    judged = row.judged(goal)
    assert judged.met is met
    assert judged.goal == text
    assert row.judged(None) == row


@pytest.mark.parametrize("wrong", [{"of": "speed", "least": 1}, {"of": "ratio"}, {"of": "ratio", "least": 1, "most": 2}])
def test_goals_that_say_nothing(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a goal is one limit"):
        Goal(**wrong)  # type: ignore[arg-type]


def test_results_survive_json_and_have_the_promised_fields() -> None:
    results = Results({"code": "abc"}, [Row("P1", "sgd", value=1e-3, unit="s").judged(Goal("value", most=1))], [CURVE])
    data = json.loads(json.dumps(finite(results.as_dict()), allow_nan=False))
    assert data["schema"] == SCHEMA
    assert set(data) == {"schema", "environment", "rows", "curves"}
    assert set(data["rows"][0]) >= PROMISED
    assert Results.from_dict(data) == results


@pytest.mark.parametrize(
    "wrong",
    [{}, {"schema": SCHEMA + 1}, {"schema": SCHEMA}, {"schema": SCHEMA, "environment": {}, "rows": [{"speed": 1}], "curves": []}],
)
def test_other_json_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"schema must be|no results of lra-ref bench"):
        Results.from_dict(wrong)


def test_a_new_measurement_takes_the_place_of_its_benchmark_alone() -> None:
    old = Results({"code": "old"}, [Row("P2", "a"), Row("P2", "b"), Row("P10", "c"), Row("scaling", "d")], [CURVE])
    new = Results({"code": "new"}, [Row("P8b", "e"), Row("P2", "a2")])
    merged = old.merged(new)
    assert [row.what for row in merged.rows] == ["a2", "e", "c", "d"]
    assert merged.curves == [CURVE]
    assert merged.environment == {"code": "new"}
    assert sorted(["P10", "P8b", "P8", "P2"], key=order) == ["P2", "P8", "P8b", "P10"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "s", ""),
        (2.5, "s", "2.5 s"), (0.0025, "s per step", "2.5 ms per step"),
        (3.1e-6, "s", "3.1 us"), (1.2e-9, "s each", "1.2 ns each"),
        (4e-10, "s", "0.4 ns"), (3.0, "ulp", "3 ulp"), (0.0, "s", "0 ns"), (1500.0, "seeds", "1.5e+03 seeds"),
    ],
)  # fmt: skip
def test_numbers_with_units(value: float | None, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_the_table_is_aligned_and_leaves_out_empty_columns() -> None:
    lines = table([Row("P2", "adam", ratio=2.0).judged(Goal("ratio", least=3)), Row("P11", "gpu", note="no GPU")]).splitlines()
    assert lines[0].split() == ["id", "what", "ratio", "goal", "met", "note"]
    assert lines[1].split() == ["P2", "adam", "2.00", "ratio", ">=", "3", "NO"]
    assert lines[2].split() == ["P11", "gpu", "no", "GPU"]
    assert lines[1].index("adam") == lines[2].index("gpu") == lines[0].index("what")
