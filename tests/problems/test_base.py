"""The face of the problems: names, parameters, and the decorator that makes a factory out of a family."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from lra_ref.parameters import Parameters, Range, Several, parameter
from lra_ref.problems import PROBLEMS, Problem, make_problem
from lra_ref.problems.base import family
from lra_ref.problems.quadratic import from_spectrum
from tests.problems.harness import refused


def test_names_and_parameters_are_checked_with_the_nearest_valid_ones() -> None:
    refused("unknown problem 'rosenbrok'; did you mean rosenbrock", lambda: make_problem("rosenbrok"))
    refused("unknown parameter of rosenbrock 'dims'; did you mean dim", lambda: make_problem("rosenbrock", dims=3))
    refused("dim must be a whole number in", lambda: make_problem("rosenbrock", dim=1))
    assert make_problem("rosenbrock", dim=4).dim == 4


def test_a_family_becomes_a_documented_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROBLEMS, "entries", dict(PROBLEMS.entries))

    @dataclass(frozen=True, kw_only=True)
    class BowlParameters(Parameters):
        weight: float = parameter(3, Range(0, ends="()"), "curvature")

    @family("bowl", BowlParameters)
    def bowl(p: BowlParameters) -> Problem:
        """A bowl."""
        return from_spectrum("bowl", np.array([p.weight]), np.zeros(1))

    assert bowl is PROBLEMS["bowl"]
    assert bowl.__doc__ == "A bowl."
    assert bowl.parameters is BowlParameters  # type: ignore[attr-defined]
    assert make_problem("bowl", weight=2).value([3.0]) == 9
    refused("weight must be in", lambda: make_problem("bowl", weight=0))
    with pytest.raises(ValueError, match="registered twice"):
        family("bowl", BowlParameters)(lambda p: bowl())


def test_read_only_points_are_accepted() -> None:
    x = np.ones(3)
    x.flags.writeable = False
    problem = make_problem("sphere", dim=3)
    assert problem.value(x) == 3
    assert np.array_equal(problem.hvp(x, x), [2, 2, 2])


def test_rows_are_for_finite_sums() -> None:
    refused("sphere is not a finite sum", lambda: make_problem("sphere").value(np.zeros(10), [0]))


def test_list_parameters() -> None:
    several = Several(Range(0, 1))
    assert several.accepts((0, 1))
    assert several.accepts(np.array([0.5]))
    assert several.convert([1, 0]) == (1.0, 0.0)
    assert str(several) == "a list of numbers, each in [0, 1]"
    for bad in [*several.invalid(), {0.5: 1}, (x for x in [0.5]), np.array(0.5), [0.5, 2]]:
        assert not several.accepts(bad)
