"""Gradient-variation rates: a tiny part is computed again, and the conclusions follow from the table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.reproductions import gradient_variation_rates as script
from experiments.reproductions import gradient_variation_rates_page as shown
from experiments.reproductions.frame import Row, computed, differences
from lra_ref.methods import compose
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem

MADE = script.REPRODUCTION


def table(losses: dict[str, float], obeys: str = "1.000", per_step: str = "1") -> list[Row]:
    """Rows of one problem: rate -> final loss on every base, members with both caps."""
    rows = []
    for base in shown.BASES:
        for rate, loss in losses.items():
            for cap in shown.CAPS if rate in shown.MEMBERS else ("-",):
                rows.append({
                    "problem": "p", "base": base, "rate": rate, "cap": cap, "seed": "0", "start": "1", "loss": str(loss), "obeys": obeys,
                    "per_step": per_step,
                })  # fmt: skip
    return rows


@pytest.mark.parametrize("preset", ["quick", "full"])
def test_committed_rows_are_complete(preset: str) -> None:
    problems, budget, seeds, _ = script.PRESETS[preset]
    rows = MADE.stored(preset)
    per_problem = 3 * (len(script.RATES) + 1 + 2 * len(shown.MEMBERS)) + len(script.OTHERS)
    assert len(rows) == len(problems) * seeds * per_problem
    assert {row["evaluations"] for row in rows} == {str(budget)}


def test_a_part_is_as_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "RATES", script.RATES[:1])
    monkeypatch.setattr(script, "MEMBERS", ("fisher", "random_bb2"))
    piece = next(p for p in script.tasks("quick") if p.problem.startswith("logistic") and p.base == "SGDM")
    own = replace(MADE, judge=lambda rows: [])
    rows = list(computed(own, [piece]))
    assert len(rows) == 2 * (2 + 2 * 2)
    keys = {own.key(row) for row in rows}
    committed = [row for row in MADE.stored("quick") if own.key(row) in keys]
    assert differences(own, rows, committed)[0] == []
    broken = [{**row, "loss": "7"} if k == 0 else row for k, row in enumerate(rows)]
    assert "loss is 7, committed" in differences(own, broken, committed)[0][0]


def test_the_identity_of_fisher_along_sgd_is_seen_on_every_step() -> None:
    oracle = make_oracle("minibatch", make_problem("logistic", n=50, dim=3), batch=4)
    fisher, averaged = (compose("sgd", "gradient_variation", member=member, eta_max=None) for member in ("fisher", "fisher_ema"))
    assert script.obeying(fisher, oracle, 2, 40) == "1.000"
    assert float(script.obeying(averaged, oracle, 2, 40)) < 1


def test_conclusions_can_go_either_way() -> None:
    members = dict.fromkeys(shown.MEMBERS, 1.05)
    good = shown.judge(table({"constant 0.1": 1.0, "constant 1": 9.0, **members}))
    assert {judged.agrees for judged in good} == {"yes"}
    bad = shown.judge(table({"constant 0.1": 1.0, **dict.fromkeys(shown.MEMBERS, 1.2)}, obeys="0.5", per_step="2"))
    assert {judged.agrees for judged in bad} == {"no"}
    assert "final loss 1.2 times that of the tuned constant; at most 1.1 times in 0 of 3 cases" in bad[0].measured


def test_the_tuned_constant_is_the_best_of_its_base() -> None:
    rows = table({"constant 0.1": 1.0, "constant 1": 0.5})
    assert shown.best_constant(shown.grouped(rows), "p", "SGDM") == ("constant 1", 0.5)


def test_diverged_runs_are_in_words() -> None:
    assert [shown.shown(v, 1.0) for v in (0.12345, 5e5, float("inf"))] == ["0.123", "5.0e+05", "failed"]


def test_other_data_files_are_taken() -> None:
    assert [(p.data, p.base) for p in script.files(["a.txt"])][:2] == [("a.txt", "SGD"), ("a.txt", "SGDM")]
    assert len(script.files(["a", "b"])) == 12
