"""GALA over initial rates: a tiny part is computed again, and the conclusions follow from the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.reproductions import gala_robustness as script
from experiments.reproductions import gala_robustness_page as shown
from experiments.reproductions.frame import Row, computed, differences

MADE = script.REPRODUCTION


def table(values: dict[str, dict[str, list[float]]], start: float = 1.0) -> list[Row]:
    """Rows of one problem: method -> the final loss at the six initial rates."""
    rows = []
    for methods in values.values():
        for method, losses in methods.items():
            for rate, loss in zip(script.RATES, losses, strict=True):
                rows.append({"problem": "p", "method": method, "rate": rate, "seed": "0", "start": str(start), "loss": str(loss)})
    return rows


def test_a_piece_is_as_committed() -> None:
    piece = next(p for p in script.tasks("quick") if p.method == "gala_sgd_practical" and p.problem == "phase retrieval")
    committed = [row for row in MADE.stored("quick") if (row["problem"], row["method"]) == (piece.problem, piece.method)]
    own = replace(MADE, judge=lambda rows: [])
    rows = list(computed(own, [piece]))
    assert len(rows) == len(script.RATES) * 2
    assert differences(own, rows, committed)[0] == []
    broken = [{**row, "loss": "1"} if k == 3 else row for k, row in enumerate(rows)]
    assert "loss is 1, committed" in differences(own, broken, committed)[0][0]


@pytest.mark.parametrize("preset", ["quick", "full"])
def test_committed_rows_are_complete(preset: str) -> None:
    problems, budget, seeds = script.PRESETS[preset]
    rows = MADE.stored(preset)
    runs = sum(seeds if script.PROBLEMS[problem][2] else 1 for problem in problems)
    assert len(rows) == runs * sum(len(script.rates_of(method)) for method in script.METHODS)
    assert {row["evaluations"] for row in rows} == {str(budget)}
    assert {row["problem"] for row in rows} == set(problems)


def test_every_form_of_gala_augments_a_method_of_the_table() -> None:
    assert set(shown.AUGMENTS) | set(shown.AUGMENTS.values()) | set(shown.ALONE) == set(script.METHODS)
    assert shown.INITIAL == script.RATES
    assert set(shown.FORMS) == set(shown.AUGMENTS)


def test_good_rates_keep_nine_tenths_of_the_decrease_of_the_tuned_constant() -> None:
    # the tuned constant brings F from 1 to 0.1: up to 0.19 a loss is good
    assert shown.good(np.array([0.1, 0.1899, 0.1901, 2.0, np.inf, 0.05]), 1.0, 0.1) == 3


def test_conclusions_can_go_either_way() -> None:
    flat, narrow = [0.1] * 6, [1.0, 1.0, 1.0, 0.5, 0.1, 1.0]
    robust = shown._robust(shown.grouped(table({"p": {"sgd": narrow, "gala_sgd": flat}})), {"p": 1.0}, "gala_sgd")
    assert (robust.agrees, robust.measured.split(";")[0]) == ("yes", "good initial rates of 6: 6, a constant 1")
    some = shown._robust(shown.grouped(table({"p": {"sgd": narrow, "gala_sgd": [*flat[1:], np.inf]}})), {"p": 1.0}, "gala_sgd")
    assert some.agrees == "partly"
    none = shown._robust(shown.grouped(table({"p": {"sgd": flat, "gala_sgd": narrow}})), {"p": 1.0}, "gala_sgd")
    assert none.agrees == "no"
    for factor, agrees in ((1.05, "yes"), (1.2, "no")):
        rows = table({"p": {"sgd": narrow, "gala_sgd": [factor * 0.1] * 6}})
        assert shown._competitive(shown.grouped(rows), "gala_sgd").agrees == agrees


def test_half_of_the_seeds_failing_is_a_failure() -> None:
    assert shown.median(np.array([0.1, 0.2, np.inf])) == 0.2
    assert shown.median(np.array([0.1, np.inf])) == np.inf
    assert shown.median(np.array([0.1, 0.3])) == pytest.approx(0.2)
    assert shown.cell(np.array([0.5, np.inf, 0.25])) == "0.25 / failed"
    assert [shown.last_rate(np.array(v)) for v in ([0.1, np.nan, 0.3], [np.nan])] == ["0.2", "failed"]
