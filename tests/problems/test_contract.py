"""The contract of every registered problem: see tests/problems/checks.py for what is checked and how the tolerances come about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lra_ref.problems import PROBLEMS
from tests.problems import checks
from tests.problems.cases import CASES
from tests.problems.harness import Case

CHECKS: list[Callable[[Case], None]] = [
    checks.check_derivatives,
    checks.check_rounding,
    checks.check_interpreted,
    checks.check_symmetry,
    checks.check_smoothness,
    checks.check_curvature,
    checks.check_l0_l1,
    checks.check_minimum,
    checks.check_rows,
    checks.check_face,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("case", CASES, ids=str)
def test_problem(case: Case, check: Callable[[Case], None]) -> None:
    check(case)


@pytest.mark.parametrize("name", PROBLEMS)
def test_bad_parameters_are_refused(name: str) -> None:
    checks.check_parameters(name, next(case.parameters for case in CASES if case.name == name))


def test_every_registered_problem_has_a_case() -> None:
    assert {case.name for case in CASES} == set(PROBLEMS)
