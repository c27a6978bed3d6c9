"""What the proof steps of AutoGD and AutoSGD found."""

from __future__ import annotations

from proofs_check.autogd import THEOREMS
from proofs_check.autogd_steps import descent, noise, selection
from proofs_check.runner import chain
from proofs_check.steps import Result
from proofs_check.worst_case import at_most


def test_the_core_theorems_are_stated() -> None:
    assert {"autogd.A1", "autogd.A2", "autogd.A3", "autogd.A4"} <= set(THEOREMS)


def test_the_chain_of_the_simple_bound_reaches_the_selection() -> None:
    assert {"autogd.A1", "autogd.A2s", "autogd.A2"} <= set(chain("autogd.A2"))


def test_the_counterexamples_are_read_exactly() -> None:
    assert [str(v) for v in descent.stored("A2lowest")] == ["5/8", "5/16", "1/2", "1/2"]
    before, after, first, second = descent.stored("A4largest")
    assert (str(before), str(after), str(first)) == ("63/64", "63/32", "1/2")
    assert second == (1 - after) ** 2 / 2


def test_the_edge_of_the_sharp_bound_is_where_the_program_says() -> None:
    assert at_most(descent.at_edge(1.34), 0.0).result is Result.REFUTED
    assert at_most(descent.at_edge(1.30), 0.0).result is Result.PROVED


def test_every_order_of_the_losses_is_run() -> None:
    assert selection.order_types().detail == f"{15**3} cases"


def test_the_run_that_gets_away_is_exact_at_every_look() -> None:
    assert noise.unnoticed().detail == f"{191 + 2 * 200} cases"
