"""The methods of proof are sound: what is false is never proved, what is true and in their reach is, and traps are refused."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sympy as sp
import z3
from flint import arb
from PEPit import PEP
from PEPit.functions import SmoothConvexFunction

from lra_ref.formulas import clip, where
from proofs_check import decision, worst_case
from proofs_check.algebra import holds_at, identities, identity, point, reals, same, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.evidence import no_counterexample, sampled
from proofs_check.intervals import ARB, ball, encloses, even_zero, increasing, positive, single_root, taylor
from proofs_check.runner import check
from proofs_check.steps import Control, Outcome, Result, Step, both, counted, opposite

PROVED, REFUTED, UNKNOWN = Result.PROVED, Result.REFUTED, Result.UNKNOWN
X, Y = reals("x y")
P, Q = reals("p q", positive=True)
N = sp.Symbol("n", integer=True, positive=True)
M = sp.Symbol("m", nonpositive=True)


# --- algebra -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [
        ((X + Y) ** 2, X**2 + 2 * X * Y + Y**2),
        (sp.sqrt(X**2), sp.Abs(X)),
        (sp.log(P * Q), sp.log(P) + sp.log(Q)),
        (1 / (1 + sp.sqrt(P)), (1 - sp.sqrt(P)) / (1 - P)),
        (sp.gamma(P + 1), P * sp.gamma(P)),
        (sp.exp(X) * sp.exp(Y), sp.exp(X + Y)),
        (sp.Abs(M), -M),
        (0.5 * X, X / 2),
    ],
)
def test_true_identities_are_proved(lhs: Any, rhs: Any) -> None:
    assert identity(lhs, rhs).result is PROVED


@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [
        (sp.sqrt(X**2), X),
        (sp.log(X**2), 2 * sp.log(X)),
        (sp.sqrt(X * Y), sp.sqrt(X) * sp.sqrt(Y)),
        ((X**2) ** sp.Rational(1, 2), X),
        (sp.sign(X) ** 2, 1),  # not at 0
        (sp.Max(X, Y), X),
        (sp.floor(N / 2), N / 2),
        ((-1) ** N, 1),
        (X * (1 + sp.Rational(1, 10**25)), X),
        (sp.exp(P) - 1 - P, P**2 / 2),
        (sp.Piecewise((0, X < -3), (1, True)), 1),
        (sp.nan, 1),
        (sp.oo - sp.oo, 0),
    ],
)
def test_false_identities_are_not_proved(lhs: Any, rhs: Any) -> None:
    assert identity(lhs, rhs).result is not PROVED


@pytest.mark.parametrize("assumption", ["positive", "nonnegative", "nonpositive", "negative", "nonzero", "integer", "even", "odd", "prime"])
def test_exact_points_respect_the_assumptions(assumption: str) -> None:
    symbol = sp.Symbol("s", **{assumption: True})
    generator = random.Random(1)
    found = [point([symbol], generator) for _ in range(40)]
    assert all(getattr(at[symbol], f"is_{assumption}") for at in found if at)
    assert sum(bool(at) for at in found) >= 30


def test_rounded_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="needs exact numbers"):
        identity(0.1 * X, X / 10)
    with pytest.raises(ValueError, match="needs exact numbers"):
        identity(sp.Float(1e17) + 1, sp.Float(1e17))


def test_statements_about_nothing_are_refused() -> None:
    for nothing in (lambda: identities([]), lambda: same([]), both, lambda: counted([]), lambda: no_counterexample([], "cases")):
        with pytest.raises(ValueError, match="no case"):
            nothing()


def test_telescoping_needs_the_base_and_the_increment() -> None:
    s = N * (N + 1) / 2
    step = (N + 1, s.subs(N, N + 1) - s)
    assert telescopes((0, s.subs(N, 0)), step).result is PROVED
    assert telescopes((1, s.subs(N, 0)), step).result is REFUTED
    assert telescopes((0, s.subs(N, 0)), (N, step[1])).result is REFUTED


@pytest.mark.parametrize(
    ("statement", "result"),
    [
        (sp.sqrt(2) + sp.sqrt(3) > sp.Rational(314, 100), PROVED),
        (sp.sqrt(10**40 + 1) > 10**20, PROVED),
        (sp.sqrt(10**40 + 1) <= 10**20, REFUTED),
        (sp.Eq(sp.sqrt(6), sp.sqrt(2) * sp.sqrt(3)), PROVED),
        (X > 0, UNKNOWN),
    ],
)
def test_relations_of_exact_numbers(statement: Any, result: Result) -> None:
    assert holds_at(statement).result is result


def test_equal_as_they_stand_is_not_equal_to_nan() -> None:
    assert same([(sp.Max(X, 1.0), sp.Max(X, 1))]).result is PROVED
    assert same([(sp.nan, sp.nan)]).result is REFUTED
    assert same([(sp.Max(X, 0), sp.Min(X, 0))]).result is REFUTED


def test_a_case_distinction_stays_one() -> None:
    relu = symbolic(_relu)(X)
    assert identity(relu, X).result is REFUTED
    assert identity(symbolic(_relu)(P), P).result is PROVED


def _relu(x: Any) -> Any:
    return where(x > 0, x, 0)


# --- decision ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("claim", "given", "result"),
    [
        (lambda r, x, y: x * x + y * y >= 2 * x * y, lambda x, y: [], PROVED),
        (lambda r, x, y: x * x + y * y > 2 * x * y, lambda x, y: [], REFUTED),
        (lambda r, x, y: x * x > 0, lambda x, y: [], REFUTED),
        (lambda r, x, y: 2 * r.sqrt(x * y) <= x + y, lambda x, y: [x >= 0, y >= 0], PROVED),
        (lambda r, x, y: 2 * r.sqrt(x * y) <= x + y, lambda x, y: [x * y >= 0], REFUTED),
        (lambda r, x, y: x / x == 1, lambda x, y: [x != 0], PROVED),
        (lambda r, x, y: x / x == 1, lambda x, y: [], REFUTED),
        (lambda r, x, y: 1 / x > 0, lambda x, y: [x >= 0], REFUTED),
        (lambda r, x, y: r.abs(x + y) <= r.abs(x) + r.abs(y), lambda x, y: [], PROVED),
        (lambda r, x, y: r.abs(x - y) <= r.abs(x) - r.abs(y), lambda x, y: [], REFUTED),
        (lambda r, x, y: r.sign(x) * x == r.abs(x), lambda x, y: [], PROVED),
        (lambda r, x, y: r.sign(x) * r.sign(x) == 1, lambda x, y: [], REFUTED),
        (lambda r, x, y: r.reading(clip)(x, 0, 1) <= r.maximum(y, 1), lambda x, y: [], PROVED),
        (lambda r, x, y: r.reading(clip)(x, 0, 1) <= y, lambda x, y: [y >= x], REFUTED),
    ],
)
def test_decisions(claim: Any, given: Any, result: Result) -> None:
    real = Reals()
    x, y = real("x y")
    assert real.always(claim(real, x, y), given(x, y)).result is result


def test_a_root_gives_nothing_about_its_argument() -> None:
    real = Reals()
    x = real("x")
    root = real.sqrt(x)
    assert real.always(x >= 0).result is REFUTED
    assert real.always(root >= 0).result is REFUTED
    assert real.always(root >= 0, given=[x >= 0]).result is PROVED
    assert real.always(real.where(x > 0, root, 0) >= x, given=[x <= 1]).result is PROVED


def test_whole_numbers_of_python_divide_as_reals() -> None:
    real = Reals()
    x = real("x")
    for half in (real.where(x > 0, 1, 1) / 2, real.maximum(1, 1) / 2, real.minimum(1, 1) / 2, real.abs(-1) / 2, real.sign(3) / 2):
        assert real.always(half == z3.RealVal("1/2")).result is PROVED
        assert real.always(half == 0).result is REFUTED


def test_what_is_given_must_be_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Reals()
    x = real("x")
    with pytest.raises(ValueError, match="contradicts itself"):
        real.always(x == 5, given=[x > 1, x * x < 1])
    answers = iter([(z3.unknown, None), (z3.unsat, None)])
    monkeypatch.setattr(decision, "_solve", lambda statements: next(answers))
    assert real.always(x == 5, given=[x > 1]).result is UNKNOWN


# --- intervals ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "box", "result"),
    [
        (lambda x: x.exp() - 1 - x, ("0.1", 5), PROVED),
        (lambda x: x.exp() - 1 - 2 * x, ("0.1", 5), REFUTED),
        (lambda x: x * x, (-1, 1), REFUTED),
        (lambda x: x.sin() + 1 - ball("1e-6"), (0, 7), REFUTED),
    ],
)
def test_positive_functions(f: Any, box: tuple[Any, Any], result: Result) -> None:
    assert positive(f, box).result is result


@pytest.mark.parametrize(
    ("f", "box"),
    [
        (lambda x: x.log() + 10, (0, 1)),  # minus infinity at 0
        (lambda x: 1 / x, (-1, 1)),
        (lambda x: x.sqrt() + 1, (-1, 1)),  # not defined below 0
        (lambda x: 1 / (x - 3) ** 2, (0, 7)),  # a pole inside, never a middle
        (lambda x: (x - ball("1/3")) ** 2, (0, 1)),  # a zero that is never a middle
        (lambda x: arb("nan") * x, (0, 1)),
    ],
)
def test_where_a_function_is_not_finite_or_0_nothing_is_proved(f: Any, box: tuple[Any, Any]) -> None:
    assert positive(f, box).result is not PROVED


def test_zeros_of_even_order() -> None:
    assert even_zero(lambda x: x.exp() - 1 - x, 0, -1, 1).result is PROVED
    assert even_zero(lambda x: 1 - x.cos() - x * x / 3, 0, -1, 1).result is not PROVED
    assert even_zero(lambda x: x * x - 100 * x * x * x, 0, -1, 1).result is not PROVED
    assert even_zero(lambda x: x.exp() - 1, 0, -1, 1).result is not PROVED  # the first derivative does not vanish
    quartic = lambda x: x**4 - 10 * x * x  # noqa: E731
    assert positive(lambda x: -quartic(x), (2, 3)).result is PROVED
    with pytest.raises(ValueError, match="zero must lie in"):
        even_zero(quartic, 0, 2, 3)


def test_taylor_coefficients_are_those_asked_for() -> None:
    found = taylor(lambda x: x.exp(), ball(0), 14)
    assert all(c.overlaps(1 / arb(k).gamma() / k) for k, c in enumerate(found) if k > 0)
    assert found[14] > 0
    with pytest.raises(ValueError, match="only 3 are known"):
        taylor(lambda x: x * x * x / x, ball(0), 3)
    assert [c.str(3) for c in taylor(lambda x: ball(2), ball(0), 2)] == ["2.00", "0", "0"]


def test_monotone_functions_and_roots() -> None:
    assert increasing(lambda x: x * x, "0.1", 2).result is PROVED
    assert increasing(lambda x: x * x, -1, 2).result is REFUTED
    assert single_root(lambda x: x * x - 2, 1, 2).detail.startswith("root [1.41421356")
    assert single_root(lambda x: x * x + 1, 1, 2).result is REFUTED
    assert single_root(lambda x: x * x * x - x, -2, 2).result is not PROVED


@pytest.mark.parametrize(
    ("value", "low", "high", "result"),
    [
        (arb.pi, "3.14", "3.15", PROVED),
        (arb.pi, "3.15", "3.2", REFUTED),
        (lambda: ball(1).union(ball(2)), 0, "1.5", UNKNOWN),
        (lambda: arb("nan"), 0, 1, UNKNOWN),
        (lambda: ball("1/3"), "1/3", "1/3", UNKNOWN),  # a ball does not know that it is its middle
    ],
)
def test_enclosures(value: Any, low: Any, high: Any, result: Result) -> None:
    assert encloses(value, low, high).result is result


@pytest.mark.parametrize("name", ["maximum", "minimum", "where", "abs", "sign", "floor", "isfinite"])
def test_balls_refuse_what_is_no_enclosure(name: str) -> None:
    with pytest.raises(TypeError, match="no enclosure"):
        getattr(ARB, name)


# --- worst case --------------------------------------------------------------------------------------------------------------------
def _gradient_step(*, constraint: float | None = None, bounded: bool = True) -> PEP:
    """F(x_1) - F* after one step of length 1/L: L |x_0 - x*|^2 / 6 at worst."""
    problem = PEP()
    f = problem.declare_function(SmoothConvexFunction, L=1.0)
    best, start = f.stationary_point(), problem.set_initial_point()
    if bounded:
        problem.set_initial_condition((start - best) ** 2 <= 1)
    if constraint is not None:
        problem.add_constraint((start - best) ** 2 >= constraint)
    problem.set_performance_metric(f(start - f.gradient(start)) - f(best))
    return problem


@pytest.mark.parametrize(("bound", "result"), [(1 / 6, PROVED), (0.2, PROVED), (0.166, REFUTED), (0.0, REFUTED)])
def test_worst_cases(bound: float, result: Result) -> None:
    assert worst_case.at_most(_gradient_step, bound).result is result


def test_no_class_and_no_bound_prove_nothing() -> None:
    assert worst_case.at_most(lambda: _gradient_step(constraint=2.0), 10.0).result is UNKNOWN
    assert worst_case.at_most(lambda: _gradient_step(bounded=False), 10.0).result is UNKNOWN


@pytest.mark.parametrize("values", [(0.0, -5.0), (0.0, float("nan")), (float("nan"), 0.0), (0.0, 1.0), (float("-inf"), float("-inf"))])
def test_a_solver_that_failed_proves_nothing(values: tuple[float, float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst_case, "solve", lambda build: values)
    assert worst_case.at_most(_gradient_step, 0.5).result is UNKNOWN


# --- evidence, and what is made of answers -----------------------------------------------------------------------------------------
def test_evidence_never_proves() -> None:
    assert sampled(lambda generator: ({}, True), 10, "cases").result is UNKNOWN
    assert sampled(lambda generator: ({"x": 1}, float("nan") > 0), 10, "cases").result is REFUTED
    no, yes = Outcome(REFUTED), Outcome(PROVED)
    claimed = Step(
        id="toy.T.1", says="one", method="evidence", check=lambda: yes, control=Control("broken", lambda: no), reason="none stronger"
    )
    assert not check(claimed).fine


def test_opposites() -> None:
    assert opposite(Outcome(REFUTED, {"x": "1"})).result is PROVED
    assert opposite(Outcome(PROVED)).result is REFUTED
    assert opposite(Outcome(UNKNOWN)).result is UNKNOWN
