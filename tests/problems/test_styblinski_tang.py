"""The double well: definition, minimiser, and the other wells."""

from __future__ import annotations

from mpmath import findroot, mp

from lra_ref.problems import make_problem
from lra_ref.problems.styblinski_tang import MINIMISER, MINIMUM
from tests.problems.harness import agrees_with


def well(x: object) -> object:
    return (x**4 - 16 * x**2 + 5 * x) / 2  # type: ignore[operator]


def test_definition() -> None:
    agrees_with(make_problem("styblinski_tang", dim=2), lambda x, y: well(x) + well(y), (0, 0), (-3, 2.75), (1.5, 1e4))  # type: ignore[operator]


def test_constants_are_correctly_rounded() -> None:
    with mp.workdps(50):
        root = findroot(lambda x: 4 * x**3 - 32 * x + 5, -2.9)
        assert float(root) == MINIMISER
        assert float(well(root)) == MINIMUM
        other = findroot(lambda x: 4 * x**3 - 32 * x + 5, 2.7)
        assert mp.nstr(other, 5) == "2.7468"
        assert mp.nstr(well(other) - well(root), 4) == "14.14"
